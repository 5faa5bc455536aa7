//! Accounts: one first admin, wrong logins that look alike, sessions that end everywhere.

use std::net::{IpAddr, Ipv4Addr};

use engine::Error;
use model::{
    FromFields,
    account::{NewAccount, PasswordChange, Role},
    time::MINUTE,
};
use serde_json::json;

use crate::world::{NOON, World, admin, all, credentials, read};

const EMAIL: &str = "admin@example.com";
const PASSWORD: &str = "correct horse battery";
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

async fn with_admin(world: &World) {
    let made = world.engine.ensure_admin(EMAIL.parse().unwrap(), PASSWORD.parse().unwrap()).await.unwrap();
    assert_eq!(made.unwrap().role, Role::Admin);
}

async fn shop_account(world: &World, password: Option<&str>) -> model::account::CreatedAccount {
    let shop = world.advertiser("Shop").await;
    let body =
        json!({ "email": "shop@example.com", "role": "advertiser", "advertiser_id": shop.id, "password": password });
    world.engine.create_account(&admin(), read(body, NewAccount::read)).await.unwrap()
}

fn token_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
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
        let logged_in = world.engine.log_in(credentials("Admin@Example.com", PASSWORD), HERE).await.unwrap();
        let session = world.engine.session(&logged_in.token).unwrap();
        assert_eq!(session.account.email, EMAIL);
        for (email, password) in [(EMAIL, "wrong"), ("nobody@example.com", PASSWORD), ("not an address", PASSWORD), (EMAIL, "")] {
            let refused = world.engine.log_in(credentials(email, password), HERE).await;
            assert!(matches!(refused, Err(Error::WrongCredentials)), "{email}");
        }
        world.end().await;
    }

    async fn whoever_guesses_too_often_is_not_even_told_that_the_password_is_right(world: World) {
        with_admin(&world).await;
        let engine = &world.engine;
        for name in [EMAIL, "nobody@example.com"] {
            for _ in 0..10 {
                let refused = engine.log_in(credentials(name, "wrong"), HERE).await;
                assert!(matches!(refused, Err(Error::WrongCredentials)), "{name}");
            }
            for password in [PASSWORD, "wrong"] {
                let refused = engine.log_in(credentials(name, password), HERE).await;
                assert!(matches!(refused, Err(Error::TooManyFailures { wait: 900 })), "{name}");
            }
        }
        engine.log_in(credentials(EMAIL, PASSWORD), ELSEWHERE).await.unwrap();
        world.set_clock(NOON.plus(15 * MINUTE));
        engine.log_in(credentials(EMAIL, PASSWORD), HERE).await.unwrap();
        world.end().await;
    }

    async fn a_stolen_session_is_no_way_to_guess_the_password(world: World) {
        with_admin(&world).await;
        let engine = &world.engine;
        let entered = engine.log_in(credentials(EMAIL, PASSWORD), HERE).await.unwrap();
        let session = engine.session(&entered.token).unwrap();
        let change = |current: &str| {
            read(json!({ "current_password": current, "new_password": "another password" }), PasswordChange::read)
        };
        for _ in 0..10 {
            let refused = engine.change_password(&session, change("wrong"), HERE).await;
            assert!(matches!(refused, Err(Error::Invalid(_))));
        }
        let refused = engine.change_password(&session, change(PASSWORD), HERE).await;
        assert!(matches!(refused, Err(Error::TooManyFailures { .. })));
        engine.change_password(&session, change(PASSWORD), ELSEWHERE).await.unwrap();
        world.end().await;
    }

    async fn guessed_links_close_the_address_they_come_from(world: World) {
        with_admin(&world).await;
        let engine = &world.engine;
        let url = shop_account(&world, None).await.set_password_url.unwrap();
        for guess in 0..25 {
            let token = format!("guess-{guess}");
            if guess % 2 == 0 {
                assert!(engine.owner_of_link(&token, HERE).await.unwrap().is_none());
            } else {
                let refused = engine.set_password(&token, PASSWORD.parse().unwrap(), HERE).await;
                assert!(matches!(refused, Err(Error::NotFound)));
            }
        }
        for refused in [
            engine.owner_of_link(token_of(&url), HERE).await.map(drop),
            engine.set_password(token_of(&url), PASSWORD.parse().unwrap(), HERE).await,
        ] {
            assert!(matches!(refused, Err(Error::TooManyFailures { .. })));
        }
        // Any page can have its visitors ask for links: that keeps nobody from logging in.
        engine.log_in(credentials(EMAIL, PASSWORD), HERE).await.unwrap();
        assert!(engine.owner_of_link(token_of(&url), ELSEWHERE).await.unwrap().is_some());
        world.end().await;
    }

    async fn logging_out_ends_every_session_of_the_account(world: World) {
        with_admin(&world).await;
        let first = world.engine.log_in(credentials(EMAIL, PASSWORD), HERE).await.unwrap();
        let second = world.engine.log_in(credentials(EMAIL, PASSWORD), HERE).await.unwrap();
        let session = world.engine.session(&first.token).unwrap();
        world.engine.log_out(&session).await.unwrap();
        assert!(world.engine.session(&first.token).is_none());
        assert!(world.engine.session(&second.token).is_none());
        let third = world.engine.log_in(credentials(EMAIL, PASSWORD), HERE).await.unwrap();
        assert!(world.engine.session(&third.token).is_some());
        world.end().await;
    }

    async fn a_session_ends_with_its_time_and_a_forged_one_never_begins(world: World) {
        with_admin(&world).await;
        let logged_in = world.engine.log_in(credentials(EMAIL, PASSWORD), HERE).await.unwrap();
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

    async fn a_set_password_link_works_once_within_three_days(world: World) {
        let created = shop_account(&world, None).await;
        let url = created.set_password_url.unwrap();
        assert!(url.starts_with("http://127.0.0.1:3000/set-password/"));
        let engine = &world.engine;
        let refused = engine.log_in(credentials("shop@example.com", ""), HERE).await;
        assert!(matches!(refused, Err(Error::WrongCredentials)));
        for _ in 0..2 {
            let owner = engine.owner_of_link(token_of(&url), HERE).await.unwrap();
            assert_eq!(owner.unwrap().email, "shop@example.com", "looking does not use it up");
        }
        engine.set_password(token_of(&url), PASSWORD.parse().unwrap(), HERE).await.unwrap();
        engine.log_in(credentials("shop@example.com", PASSWORD), HERE).await.unwrap();
        let again = engine.set_password(token_of(&url), "another password".parse().unwrap(), HERE).await;
        assert!(matches!(again, Err(Error::NotFound)));
        let first = engine.new_password_link(&admin(), created.account.id).await.unwrap();
        let second = engine.new_password_link(&admin(), created.account.id).await.unwrap();
        assert!(engine.owner_of_link(token_of(&first.set_password_url), HERE).await.unwrap().is_none(), "a newer one ends it");
        world.set_clock(second.expires_at);
        assert!(engine.owner_of_link(token_of(&second.set_password_url), HERE).await.unwrap().is_none());
        world.end().await;
    }

    async fn of_two_uses_of_one_link_at_once_one_stands(world: World) {
        let created = shop_account(&world, None).await;
        let url = created.set_password_url.unwrap();
        let (first, second) = tokio::join!(
            world.engine.set_password(token_of(&url), "first password".parse().unwrap(), HERE),
            world.engine.set_password(token_of(&url), "second password".parse().unwrap(), HERE)
        );
        assert!(first.is_ok() != second.is_ok());
        world.end().await;
    }

    async fn a_deactivated_account_is_out_at_once_and_its_old_sessions_stay_void(world: World) {
        let created = shop_account(&world, Some(PASSWORD)).await;
        assert_eq!(created.set_password_url, None);
        let engine = &world.engine;
        let logged_in = engine.log_in(credentials("shop@example.com", PASSWORD), HERE).await.unwrap();
        let link = engine.new_password_link(&admin(), created.account.id).await.unwrap();
        engine.deactivate_account(&admin(), created.account.id, None).await.unwrap();
        assert!(engine.session(&logged_in.token).is_none());
        assert!(engine.owner_of_link(token_of(&link.set_password_url), HERE).await.unwrap().is_none());
        assert!(engine.log_in(credentials("shop@example.com", PASSWORD), HERE).await.is_err());
        let back = model::account::AccountChange { status: Some(model::account::AccountStatus::Active), email: None };
        engine.change_account(&admin(), created.account.id, back, None).await.unwrap();
        assert!(engine.session(&logged_in.token).is_none());
        engine.log_in(credentials("shop@example.com", PASSWORD), HERE).await.unwrap();
        world.end().await;
    }

    async fn the_last_admin_stays(world: World) {
        with_admin(&world).await;
        let engine = &world.engine;
        let first = engine.list_accounts(&admin(), &all()).await.unwrap().items.remove(0);
        assert!(matches!(engine.deactivate_account(&admin(), first.id, None).await, Err(Error::Conflict(_))));
        let second = read(json!({ "email": "second@example.com", "role": "admin" }), NewAccount::read);
        let second = engine.create_account(&admin(), second).await.unwrap();
        let refused = engine.deactivate_account(&admin(), first.id, None).await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "one who has no password yet lets nobody back in");
        let token = second.set_password_url.unwrap();
        engine.set_password(token_of(&token), PASSWORD.parse().unwrap(), HERE).await.unwrap();
        engine.deactivate_account(&admin(), first.id, None).await.unwrap();
        world.end().await;
    }

    async fn a_password_is_changed_by_who_knows_it_and_ends_every_session(world: World) {
        with_admin(&world).await;
        let engine = &world.engine;
        let first = engine.log_in(credentials(EMAIL, PASSWORD), HERE).await.unwrap();
        let session = engine.session(&first.token).unwrap();
        let change = |current: &str| PasswordChange {
            current_password: current.into(),
            new_password: "a better one still".parse().unwrap(),
        };
        assert!(matches!(engine.change_password(&session, change("wrong"), HERE).await, Err(Error::Invalid(errors)) if errors[0].field == "current_password"));
        // A link that is used while the old password is still being checked: one of the two stands, never both.
        let link = engine.new_password_link(&admin(), first.account.id).await.unwrap();
        let (changed, set) = tokio::join!(
            engine.change_password(&session, change(PASSWORD), HERE),
            engine.set_password(token_of(&link.set_password_url), PASSWORD.parse().unwrap(), HERE)
        );
        assert!(changed.is_ok() != set.is_ok(), "{changed:?} {set:?}");
        let stands = if set.is_ok() { PASSWORD } else { "a better one still" };
        let first = engine.log_in(credentials(EMAIL, stands), HERE).await.unwrap();
        let session = engine.session(&first.token).unwrap();
        let next = engine.change_password(&session, change(stands), HERE).await.unwrap();
        assert!(engine.session(&first.token).is_none());
        assert!(engine.session(&next.token).is_some());
        assert!(engine.log_in(credentials(EMAIL, PASSWORD), HERE).await.is_err());
        world.end().await;
    }
}
