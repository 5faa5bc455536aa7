//! The first start on an empty database makes an admin.

use std::{io::Write, time::Duration};

use engine::{Engine, random_password};
use model::text::{Email, NewPassword};

use crate::{cli::ServeConfig, secret_file::SecretText};

const BETWEEN_TRIES: Duration = Duration::from_secs(1);

/// Once the database is ready.
pub async fn ensure_admin(engine: &Engine, config: &ServeConfig) -> anyhow::Result<()> {
    if engine.ready().await.is_err() {
        // Whoever ended the start says why.
        return std::future::pending().await;
    }
    loop {
        let made = tokio::select! {
            made = make_admin(engine, config) => made,
            // Its answer may never come.
            () = engine.database_lost() => Err(engine::Error::unavailable("it was lost meanwhile").into()),
        };
        let Err(error) = made else { return Ok(()) };
        match error.downcast_ref() {
            // Links redirect meanwhile.
            Some(engine::Error::Unavailable(_)) => tracing::warn!(%error, "whether there is an admin is asked again"),
            _ => return Err(error),
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
    }
}

async fn make_admin(engine: &Engine, config: &ServeConfig) -> anyhow::Result<()> {
    if engine.has_admin().await? {
        return Ok(());
    }
    let email: Email = config
        .admin_email
        .parse()
        .map_err(|rule| anyhow::anyhow!("the admin's e-mail (TRIBUTARY_ADMIN_EMAIL) {rule}"))?;
    let in_file = || config.admin_password_file.as_ref().map(SecretText::text);
    let chosen = config.admin_password.as_ref().or_else(in_file).cloned();
    let is_random = chosen.is_none();
    let text = chosen.unwrap_or_else(|| random_password(&mut rand::rng()));
    let password: NewPassword =
        text.parse().map_err(|rule| anyhow::anyhow!("the admin's password (TRIBUTARY_ADMIN_PASSWORD) {rule}"))?;
    // Another node may have been first: then its password holds, and ours must not be printed.
    let made = engine.ensure_admin(email.clone(), password).await?.is_some();
    if made && is_random {
        // To the terminal, not to the log: logs are kept.
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n  First login (shown this once):\n    e-mail    {email}\n    password  {text}\n")?;
        out.flush()?;
    }
    Ok(())
}
