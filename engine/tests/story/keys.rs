//! API keys and signing secrets: rotated with an overlap, dead when they should be.

use engine::{PageAt, SignatureFault};
use hmac::{Hmac, KeyInit, Mac};
use model::{
    FromFields, Timestamp,
    api_key::{ApiKey, NewApiKey, Rotation},
    time::{HOUR, SECOND},
};
use serde_json::json;
use sha2::Sha256;

use crate::world::{NOON, World, admin, read};

fn signed(secret: &str, at: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{at}.").as_bytes());
    mac.update(body);
    format!("t={at},v1={}", hex::encode(mac.finalize().into_bytes()))
}

fn last_used(keys: &[ApiKey]) -> Option<Timestamp> {
    keys.iter().filter_map(|key| key.last_used_at).max()
}

crate::on_both! {
    async fn a_rotated_key_lives_on_for_its_overlap(world: World) {
        let shop = world.advertiser("Shop").await;
        let old = world.engine.issue_api_key(&admin(), shop.id, read(json!({ "name": "Backend" }), NewApiKey::read)).await.unwrap();
        let new = world.engine.rotate_api_key(&admin(), old.id, Rotation { overlap: HOUR }).await.unwrap();
        assert_eq!(new.name, "Backend");
        for key in [&old.key, &new.key] {
            assert!(world.engine.advertiser_of_key(key).is_some());
        }
        world.set_clock(NOON.plus(HOUR));
        assert!(world.engine.advertiser_of_key(&old.key).is_none());
        assert!(world.engine.advertiser_of_key(&new.key).is_some());
        assert!(world.engine.rotate_api_key(&admin(), old.id, Rotation::USUAL).await.is_err(), "it has ended");
        let listed = world.engine.list_api_keys(&admin(), shop.id, PageAt::default()).await.unwrap().items;
        assert_eq!(last_used(&listed), Some(NOON.plus(HOUR)), "also before it is written down");
        let world = world.restart().await;
        let listed = world.engine.list_api_keys(&admin(), shop.id, PageAt::default()).await.unwrap().items;
        assert_eq!(last_used(&listed), Some(NOON.plus(HOUR)), "written down when it stopped");
        world.end().await;
    }

    async fn signatures_stand_with_either_of_two_secrets_and_in_their_time(world: World) {
        let shop = world.advertiser("Shop").await;
        let other = world.advertiser("Other").await;
        let body = br#"{"action":"purchase"}"#;
        let now = NOON.0 / SECOND;
        let check = |header: &str, body: &[u8]| world.engine.check_signature(shop.id, header, body);
        assert_eq!(check(&signed("x", now, body), body), Err(SignatureFault::NoSecret));
        let first = world.engine.make_signing_secret(&admin(), shop.id, Rotation::USUAL).await.unwrap().secret;
        world.set_clock(NOON.plus(1));
        let second = world.engine.make_signing_secret(&admin(), shop.id, Rotation { overlap: HOUR }).await.unwrap().secret;
        for secret in [&first, &second] {
            assert_eq!(check(&signed(secret, now, body), body), Ok(()));
            assert_eq!(check(&signed(secret, now, body), b"{}"), Err(SignatureFault::Wrong));
            assert_eq!(world.engine.check_signature(other.id, &signed(secret, now, body), body), Err(SignatureFault::NoSecret));
        }
        for (at, expected) in [(now - 300, Ok(())), (now - 301, Err(SignatureFault::Stale)), (now + 60, Ok(())), (now + 61, Err(SignatureFault::Stale))] {
            assert_eq!(check(&signed(&first, at, body), body), expected, "{}", at - now);
        }
        let several = format!("{},v1=00", signed(&second, now, body));
        assert_eq!(check(&several, body), Ok(()));
        assert_eq!(check("nonsense", body), Err(SignatureFault::Malformed));
        // A third ends the first at once; the second lives on beside it.
        world.set_clock(NOON.plus(2));
        let third = world.engine.make_signing_secret(&admin(), shop.id, Rotation { overlap: HOUR }).await.unwrap().secret;
        assert_eq!(check(&signed(&first, now, body), body), Err(SignatureFault::Wrong));
        assert_eq!(check(&signed(&second, now, body), body), Ok(()));
        assert_eq!(world.engine.signing_secrets(&admin(), shop.id).await.unwrap().len(), 2);
        let world = world.restart().await;
        assert_eq!(world.engine.check_signature(shop.id, &signed(&third, now, body), body), Ok(()), "opened again at start");
        world.end().await;
    }
}
