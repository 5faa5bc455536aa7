//! Accounts: one first admin, wrong logins that look alike, sessions that end everywhere.

use engine::Error;
use model::account::Role;

use crate::world::{World, credentials};

const EMAIL: &str = "admin@example.com";
const PASSWORD: &str = "correct horse battery";

async fn with_admin(world: &World) {
    let made = world.engine.ensure_admin(EMAIL.parse().unwrap(), PASSWORD.parse().unwrap()).await.unwrap();
    assert_eq!(made.unwrap().role, Role::Admin);
}

crate::on_both! {
    async fn the_first_admin_is_made_once(world: World) {
        assert!(!world.engine.has_admin().await.unwrap());
        with_admin(&world).await;
        let again = world.engine.ensure_admin("other@example.com".parse().unwrap(), PASSWORD.parse().unwrap()).await;
        assert!(again.unwrap().is_none());
        world.end().await;
    }

    async fn a_login_opens_a_session_and_a_wrong_one_says_nothing(world: World) {
        with_admin(&world).await;
        let logged_in = world.engine.log_in(credentials("Admin@Example.com", PASSWORD)).await.unwrap();
        let session = world.engine.session(&logged_in.token).unwrap();
        assert_eq!(session.account.email, EMAIL);
        for (email, password) in [(EMAIL, "wrong"), ("nobody@example.com", PASSWORD), ("not an address", PASSWORD), (EMAIL, "")] {
            let refused = world.engine.log_in(credentials(email, password)).await;
            assert!(matches!(refused, Err(Error::WrongCredentials)), "{email}");
        }
        world.end().await;
    }

    async fn logging_out_ends_every_session_of_the_account(world: World) {
        with_admin(&world).await;
        let first = world.engine.log_in(credentials(EMAIL, PASSWORD)).await.unwrap();
        let second = world.engine.log_in(credentials(EMAIL, PASSWORD)).await.unwrap();
        let session = world.engine.session(&first.token).unwrap();
        world.engine.log_out(&session).await.unwrap();
        assert!(world.engine.session(&first.token).is_none());
        assert!(world.engine.session(&second.token).is_none());
        let third = world.engine.log_in(credentials(EMAIL, PASSWORD)).await.unwrap();
        assert!(world.engine.session(&third.token).is_some());
        world.end().await;
    }

    async fn a_session_ends_with_its_time_and_a_forged_one_never_begins(world: World) {
        with_admin(&world).await;
        let logged_in = world.engine.log_in(credentials(EMAIL, PASSWORD)).await.unwrap();
        let mut forged = logged_in.token.clone();
        let last = if forged.pop() == Some('A') { 'B' } else { 'A' };
        forged.insert(forged.len() / 2, last);
        for bad in [forged.as_str(), "", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
            assert!(world.engine.session(bad).is_none(), "{bad}");
        }
        world.set_clock(logged_in.expires_at);
        assert!(world.engine.session(&logged_in.token).is_none());
        world.end().await;
    }
}
