//! Which signatures stand, whatever the secrets, the body and the moment.

use hmac::{Hmac, KeyInit, Mac};
use model::SigningSecretId;
use proptest::{collection::vec, prelude::*};
use sha2::Sha256;
use uuid::Uuid;

use super::*;

const NOW: i64 = 1_800_000_000;

fn secret(text: &str, expires_at: Option<Timestamp>) -> SecretFact {
    SecretFact { id: SigningSecretId(Uuid::nil()), text: text.to_owned(), expires_at }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp(seconds * SECOND)
}

fn signed(secret: &str, t: &str, body: &[u8]) -> String {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(t.as_bytes());
    mac.update(b".");
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

fn header(secret: &str, t: i64, body: &[u8]) -> String {
    format!("t={t},v1={}", signed(secret, &t.to_string(), body))
}

proptest! {
    #[test]
    fn no_header_that_was_not_signed_stands(
        header in prop_oneof![".{0,200}", "(t=[0-9]{0,20},?|v1=[0-9a-f]{0,70},?|,|=| ){0,12}"],
        body in vec(any::<u8>(), 0..40)
    ) {
        prop_assert!(check(&header, &body, &[secret("a", None)], at(NOW)).is_err());
        prop_assert!(check(&header, &body, &[], at(NOW)).is_err());
    }

    #[test]
    fn what_either_live_secret_signed_stands_in_whatever_order_its_parts_come(
        secrets in vec("[ -~]{1,40}", 1..=2), which in any::<prop::sample::Index>(), body in vec(any::<u8>(), 0..200),
        others in vec("[0-9a-f]{64}", 0..7), newer in vec("v2=[a-z]{0,9}", 0..2),
        order in any::<u64>(), gap in " {0,2}"
    ) {
        let t = NOW.to_string();
        let mut parts = vec![format!("t={t}"), format!("v1={}", signed(&secrets[which.index(secrets.len())], &t, &body))];
        parts.extend(others.iter().map(|other| format!("v1={other}")));
        parts.extend(newer);
        let turn = (order % parts.len() as u64) as usize;
        parts.rotate_left(turn);
        let facts: Vec<_> = secrets.iter().map(|text| secret(text, Some(at(NOW + 1)))).collect();
        prop_assert_eq!(check(&parts.join(&format!(",{gap}")), &body, &facts, at(NOW)), Ok(()));
    }

    #[test]
    fn a_body_of_which_one_byte_was_changed_left_out_or_added_does_not_stand(
        body in vec(any::<u8>(), 1..200), place in any::<prop::sample::Index>(), by in 1..=255_u8
    ) {
        let header = header("a", NOW, &body);
        let place = place.index(body.len());
        let (mut changed, mut shorter, mut longer) = (body.clone(), body.clone(), body.clone());
        changed[place] ^= by;
        shorter.remove(place);
        longer.push(by);
        for other in [changed, shorter, longer] {
            prop_assert_eq!(check(&header, &other, &[secret("a", None)], at(NOW)), Err(SignatureFault::Wrong));
        }
    }

    #[test]
    fn another_time_than_the_signed_one_does_not_stand(body in vec(any::<u8>(), 0..40), by in 1..=60_i64) {
        let v1 = signed("a", &NOW.to_string(), &body);
        for t in [(NOW + by).to_string(), (NOW - by).to_string(), format!("0{NOW}")] {
            let header = format!("t={t},v1={v1}");
            prop_assert_eq!(check(&header, &body, &[secret("a", None)], at(NOW)), Err(SignatureFault::Wrong));
        }
    }

    #[test]
    fn a_signature_of_which_one_digit_was_changed_or_cut_does_not_stand(
        body in vec(any::<u8>(), 0..40), place in 0..64_usize, by in 1..16_u32
    ) {
        let v1 = signed("a", &NOW.to_string(), &body);
        let digit = v1[place..=place].parse::<char>().unwrap().to_digit(16).unwrap();
        let changed = format!("{}{:x}{}", &v1[..place], (digit + by) % 16, &v1[place + 1..]);
        for v1 in [&changed[..], &v1[..64 - 2 * (place / 2 + 1)]] {
            let header = format!("t={NOW},v1={v1}");
            prop_assert_eq!(check(&header, &body, &[secret("a", None)], at(NOW)), Err(SignatureFault::Wrong));
        }
    }

    #[test]
    fn another_secret_than_the_live_ones_does_not_stand(
        used in "[a-z]{1,40}", known in "[A-Z]{1,40}", body in vec(any::<u8>(), 0..40), ended in 0..5_i64
    ) {
        let header = header(&used, NOW, &body);
        let ended = secret(&used, Some(at(NOW - ended)));
        let other = secret(&known, None);
        prop_assert_eq!(check(&header, &body, &[ended.clone(), other], at(NOW)), Err(SignatureFault::Wrong));
        prop_assert_eq!(check(&header, &body, &[ended], at(NOW)), Err(SignatureFault::NoSecret));
    }

    #[test]
    fn a_signature_stands_from_sixty_seconds_ahead_to_three_hundred_past(age in -400..700_i64, ms in 0..SECOND) {
        let now = Timestamp((NOW + age) * SECOND + ms);
        let expected = if (-60..=300).contains(&age) { Ok(()) } else { Err(SignatureFault::Stale) };
        prop_assert_eq!(check(&header("a", NOW, b"{}"), b"{}", &[secret("a", None)], now), expected);
    }

    #[test]
    fn more_than_eight_signatures_are_no_header(count in 1..20_usize) {
        let header = format!("t={NOW}{}", format!(",v1={}", signed("a", &NOW.to_string(), b"{}")).repeat(count));
        let expected = if count <= 8 { Ok(()) } else { Err(SignatureFault::Malformed) };
        prop_assert_eq!(check(&header, b"{}", &[secret("a", None)], at(NOW)), expected);
    }
}

#[test]
fn both_ends_of_the_time_a_signature_stands_are_inside() {
    for (age, expected) in
        [(-61, Err(SignatureFault::Stale)), (-60, Ok(())), (300, Ok(())), (301, Err(SignatureFault::Stale))]
    {
        assert_eq!(check(&header("a", NOW, b"{}"), b"{}", &[secret("a", None)], at(NOW + age)), expected, "{age}");
    }
}
