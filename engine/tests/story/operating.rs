//! What operators do beside a running server: the schema, admins who are locked out, what a look at it all finds.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::{Duration, Instant},
};

use engine::{Checkup, Error, Finding, Options, State};
use model::FromFields;
use serde_json::json;
use tempfile::TempDir;

use crate::{
    databases::Database,
    world::{self, World, credentials},
};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const EMAIL: &str = "admin@example.com";
const PASSWORD: &str = "correct horse battery";
const NEWER: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
    VALUES (9999, 'of a later version', 1, x'00', 0)";

/// A database that nothing has been done to.
struct Fresh {
    folder: TempDir,
    database: Database,
}

impl Fresh {
    async fn start(database: Database) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), database }
    }

    fn options(&self) -> Options {
        world::options(&self.folder, &self.database, &Arc::new(world::NOON.0.into()))
    }
}

fn of<'f>(findings: &'f [Finding], what: &str) -> &'f Finding {
    findings.iter().find(|finding| finding.of == what).unwrap_or_else(|| panic!("{what}: {findings:?}"))
}

mod schemas {
    use super::*;

    crate::on_both! {
        async fn nodes_that_migrate_at_once_wait_for_each_other_and_both_succeed(fresh: Fresh) {
            let options = fresh.options();
            let (one, other, third) =
                tokio::join!(engine::migrate(&options), engine::migrate(&options), engine::migrate(&options));
            let ends: Vec<i64> = [one, other, third].into_iter().map(|done| done.unwrap().1.version).collect();
            let schema = engine::schema(&options).await.unwrap();
            assert_eq!(ends, [schema.known; 3]);
            assert!(schema.pending.is_empty() && schema.version >= 4, "{schema:?}");
            fresh.database.remove().await;
        }
    }
}

crate::on_both! {
    async fn a_database_of_a_newer_version_is_refused_by_all_that_would_read_or_write_it(world: World) {
        let stopped = world.stop().await;
        stopped.execute(NEWER).await;
        let options = stopped.options();
        let refused = |error: Option<Error>| {
            let text = error.expect("it is refused").to_string();
            assert!(text.contains("newer version of Tributary"), "{text}");
        };
        refused(engine::migrate(&options).await.err());
        refused(engine::check_figures(&options, 1, |_, _| {}).await.err());
        refused(engine::Reattribution::open(&options).await.err());
        refused(engine::create_admin(&options, EMAIL.parse().unwrap(), PASSWORD.parse().unwrap()).await.err());
        let findings = Checkup::of(&options).await;
        assert_eq!(of(&findings, "database").state, State::Failed);
        assert!(of(&findings, "database").text.contains("newer version"), "{findings:?}");
        stopped.execute("DELETE FROM _sqlx_migrations WHERE version = 9999").await;
        stopped.open().await.end().await;
    }

    async fn an_admin_who_is_locked_out_gets_another_password_and_every_session_ends_within_two_seconds(world: World) {
        let options = world.options();
        let made = engine::create_admin(&options, EMAIL.parse().unwrap(), PASSWORD.parse().unwrap()).await;
        let again = engine::create_admin(&options, EMAIL.parse().unwrap(), PASSWORD.parse().unwrap()).await;
        assert!(made.is_ok() && matches!(again, Err(Error::Conflict(_))), "{again:?}");
        let login = world.engine.log_in(credentials(EMAIL, PASSWORD), HERE).await.unwrap();
        let begun = Instant::now();
        while world.engine.session(&login.token).is_none() {
            assert!(begun.elapsed() < Duration::from_secs(2));
            tokio::task::yield_now().await;
        }
        engine::reset_admin_password(&options, &EMAIL.parse().unwrap(), "another good one".parse().unwrap()).await.unwrap();
        let begun = Instant::now();
        while world.engine.session(&login.token).is_some() {
            assert!(begun.elapsed() < Duration::from_secs(2), "the session still stands");
            tokio::task::yield_now().await;
        }
        assert!(matches!(world.engine.log_in(credentials(EMAIL, PASSWORD), HERE).await, Err(Error::WrongCredentials)));
        assert!(world.engine.log_in(credentials(EMAIL, "another good one"), HERE).await.is_ok());
        world.end().await;
    }

    async fn only_admins_passwords_are_reset(world: World) {
        let shop = world.advertiser("Shop").await;
        let body = json!({ "email": "shop@example.com", "role": "advertiser", "advertiser_id": shop.id });
        let new = world::read(body, model::account::NewAccount::read);
        world.engine.create_account(&world::admin(), new).await.unwrap();
        for (email, is_there) in [("shop@example.com", true), ("nobody@example.com", false)] {
            let reset =
                engine::reset_admin_password(&world.options(), &email.parse().unwrap(), PASSWORD.parse().unwrap()).await;
            match reset {
                Err(Error::Conflict(_)) => assert!(is_there),
                Err(Error::NotFound) => assert!(!is_there),
                other => panic!("{email}: {other:?}"),
            }
        }
        assert!(world.engine.log_in(credentials("shop@example.com", PASSWORD), HERE).await.is_err());
        world.end().await;
    }

    async fn a_look_finds_what_is_right_and_names_what_is_not(world: World) {
        let running = world.running().await;
        world.click(&running.link, "203.0.113.7", world::CHROME);
        world.engine.drained().await.unwrap();
        let findings = Checkup::of(&world.options()).await;
        let wrong: Vec<_> = findings.iter().filter(|finding| finding.state == State::Failed && finding.of != "clock").collect();
        assert!(wrong.is_empty(), "{findings:?}");
        assert!(of(&findings, "database").text.contains("1 clicks, 0 events"), "{findings:?}");
        assert!(of(&findings, "spool").text.contains("a server has it; 0 clicks wait"), "{findings:?}");
        // The tests' clock is not the database's.
        assert_eq!(of(&findings, "clock").state, State::Failed);
        let stopped = world.stop().await;
        let options = stopped.options();
        std::fs::write(&options.secret_key_file, "00".repeat(32)).unwrap();
        let findings = Checkup::of(&options).await;
        assert_eq!(of(&findings, "database").state, State::Failed);
        assert!(of(&findings, "database").text.contains("another secret key"), "{findings:?}");
        std::fs::remove_file(&options.secret_key_file).unwrap();
        let findings = Checkup::of(&options).await;
        assert!(of(&findings, "database").text.contains("missing"), "{findings:?}");
        assert!(!options.secret_key_file.exists(), "nothing was made");
        stopped.remove().await;
    }
}
