//! `tributary admin`: lets in who is locked out. A server may be running: it knows of it within two seconds.

use std::io::{self, Write};

use clap::{Args, Subcommand};
use engine::random_password;
use model::text::{Email, NewPassword};

use super::line_of_input;
use crate::cli::DataConfig;

#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Makes another admin.
    Create(AdminConfig),
    /// Gives an admin another password. All sessions of that account end.
    ResetPassword(AdminConfig),
}

#[derive(Args, Clone, Debug)]
pub struct AdminConfig {
    /// The admin's e-mail.
    #[arg(long)]
    pub email: Email,
    /// Reads the password from the first line of standard input. Else a random one is made, and printed once.
    #[arg(long)]
    pub password_stdin: bool,
    #[command(flatten)]
    pub data: DataConfig,
}

pub async fn run(command: AdminCommand) -> anyhow::Result<()> {
    let (AdminCommand::Create(config) | AdminCommand::ResetPassword(config)) = &command;
    let email = config.email.clone();
    let options = config.data.options();
    let text = if config.password_stdin { line_of_input()? } else { random_password(&mut rand::rng()) };
    let password: NewPassword = text.parse().map_err(|rule| anyhow::anyhow!("the password {rule}"))?;
    let done = match &command {
        AdminCommand::Create(_) => {
            engine::create_admin(&options, email.clone(), password).await?;
            format!("{email} is an admin now.")
        }
        AdminCommand::ResetPassword(_) => {
            engine::reset_admin_password(&options, &email, password).await.map_err(|error| match error {
                engine::Error::NotFound => anyhow::anyhow!("there is no account {email}"),
                error => error.into(),
            })?;
            format!("{email} has a new password; all of its sessions are over.")
        }
    };
    // To the terminal, not to the log: logs are kept.
    let mut out = io::stdout().lock();
    writeln!(out, "{done}")?;
    if !config.password_stdin {
        writeln!(out, "\n  Password (shown this once): {text}\n")?;
    }
    Ok(())
}
