//! Coupon codes: drawn uniformly, each free, and refused before anything is written where there are too few.

use std::collections::HashSet;

use model::{
    AdvertiserId,
    coupon::{Charset, CodeRules},
    text::normal_code,
};
use rand::{CryptoRng, RngExt};

use super::codes::pick;
use crate::{
    db::{self, Conn, coupons::Making},
    error::{Error, Result},
};

/// Up to so many possible codes, the free ones are listed and drawn from; beyond, codes are drawn and taken ones drawn
/// again, while most are free.
const LISTED: u128 = 200_000;
/// Of so many possible codes no advertiser has issued half.
const SURELY_FREE: u128 = 1_000_000_000;
/// Each round draws again what was taken, at most every second: past these, chance has failed us.
const ROUNDS: usize = 64;
/// The random part that is added to a chosen code when it is replaced.
const SUFFIX: usize = 4;

/// What is drawn, for whom. The transaction it is drawn in holds off every other change of the catalog.
pub struct Draw<'a> {
    pub advertiser: AdvertiserId,
    pub rules: &'a CodeRules,
    pub count: usize,
}

/// One code by these rules, free or not.
pub fn one(rules: &CodeRules, random: &mut impl CryptoRng) -> String {
    format!("{}{}", rules.prefix, pick(rules.charset.characters().as_bytes(), rules.length, random))
}

pub async fn draw(conn: &mut Conn, draw: &Draw<'_>, random: &mut impl CryptoRng) -> Result<Vec<String>> {
    let capacity = draw.rules.capacity();
    let issued = if (LISTED..SURELY_FREE).contains(&capacity) {
        let CodeRules { prefix, length, .. } = draw.rules;
        db::coupons::count_like(conn, draw.advertiser, &normal_code(prefix), prefix.len() + length).await?
    } else {
        0
    };
    if is_listed(capacity, issued, draw.count) {
        from_list(conn, draw, random).await
    } else {
        by_chance(conn, draw, random).await
    }
}

/// Few codes are listed, and many of which most are issued: chance would find the free ones late, or never. The list
/// is then at most twice as long as what was issued and is wanted.
fn is_listed(capacity: u128, issued: u64, wanted: usize) -> bool {
    capacity <= LISTED || 2 * (u128::from(issued) + wanted as u128) > capacity
}

async fn from_list(conn: &mut Conn, draw: &Draw<'_>, random: &mut impl CryptoRng) -> Result<Vec<String>> {
    let CodeRules { prefix, length, .. } = draw.rules;
    let issued = db::coupons::issued_like(conn, draw.advertiser, &normal_code(prefix), prefix.len() + length).await?;
    let issued: HashSet<String> = issued.into_iter().collect();
    let mut free: Vec<String> = every(draw.rules).filter(|code| !issued.contains(&normal_code(code))).collect();
    if free.len() < draw.count {
        return Err(too_few(draw, free.len() as u128));
    }
    // The first steps of a Fisher-Yates shuffle: each choice of codes is as likely as any other.
    for place in 0..draw.count {
        let other = random.random_range(place..free.len());
        free.swap(place, other);
    }
    free.truncate(draw.count);
    Ok(free)
}

async fn by_chance(conn: &mut Conn, draw: &Draw<'_>, random: &mut impl CryptoRng) -> Result<Vec<String>> {
    let mut codes = Vec::with_capacity(draw.count);
    let mut drawn = HashSet::with_capacity(draw.count);
    for _ in 0..ROUNDS {
        let mut fresh = Vec::new();
        while codes.len() + fresh.len() < draw.count {
            let code = one(draw.rules, random);
            if drawn.insert(normal_code(&code)) {
                fresh.push(code);
            }
        }
        let normal: Vec<String> = fresh.iter().map(|code| normal_code(code)).collect();
        let issued: HashSet<String> = db::coupons::issued(conn, draw.advertiser, &normal).await?.into_iter().collect();
        codes
            .extend(fresh.into_iter().zip(normal).filter(|(_, normal)| !issued.contains(normal)).map(|(code, _)| code));
        if codes.len() == draw.count {
            return Ok(codes);
        }
    }
    Err(Error::Internal("most codes are free, and chance found too few of them".into()))
}

fn too_few(draw: &Draw<'_>, free: u128) -> Error {
    let message = format!(
        "these rules leave {free} free codes, and {} are wanted; make codes longer or choose another prefix",
        draw.count
    );
    Error::invalid("length", message)
}

/// Every code of few enough rules.
fn every(rules: &CodeRules) -> impl Iterator<Item = String> + '_ {
    let characters = rules.charset.characters().as_bytes();
    let capacity = usize::try_from(rules.capacity()).unwrap_or(usize::MAX);
    (0..capacity).map(move |mut number| {
        let mut code = rules.prefix.clone();
        for _ in 0..rules.length {
            code.push(char::from(characters[number % characters.len()]));
            number /= characters.len();
        }
        code
    })
}

/// A generated code's successor is drawn by the same rules; a chosen one keeps its name and gets an ending.
pub fn rules_of_successor(code: &str, making: Option<Making>) -> CodeRules {
    if let Some(Making { prefix_length, charset }) = making
        && let Some((prefix, random)) = code.split_at_checked(prefix_length)
        && !random.is_empty()
    {
        return CodeRules { prefix: prefix.to_owned(), length: random.len(), charset };
    }
    // Codes have at most 64 characters, all ASCII.
    let kept = &code[..code.len().min(64 - SUFFIX - 1)];
    CodeRules { prefix: format!("{kept}-"), length: SUFFIX, charset: Charset::Unambiguous }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_successor_is_made_like_what_it_replaces() {
        let rules = rules_of_successor("ANNA10", None);
        assert_eq!((rules.prefix.as_str(), rules.length), ("ANNA10-", 4));
        let making = Making { prefix_length: rules.prefix.len(), charset: rules.charset };
        assert_eq!(rules_of_successor("ANNA10-7KQM", Some(making)), rules);
        assert_eq!(rules_of_successor(&"x".repeat(64), None).prefix.len(), 60);
    }

    #[test]
    fn every_code_is_listed_once() {
        let rules = CodeRules { prefix: "P".into(), length: 2, charset: Charset::Digits };
        let codes: HashSet<String> = every(&rules).collect();
        assert_eq!(codes.len(), 100);
        assert!(codes.iter().all(|code| code.len() == 3 && code.starts_with('P')));
    }

    #[test]
    fn chance_is_left_out_where_it_would_find_most_codes_taken() {
        for (capacity, issued, wanted, listed) in [
            (100, 0, 1, true),
            (200_000, 0, 1, true),
            (456_976, 0, 10_000, false),
            (456_976, 200_000, 10_000, false),
            (456_976, 228_488, 1, true),
            (456_976, 456_970, 6, true),
            (u128::MAX, 0, 10_000, false),
        ] {
            assert_eq!(is_listed(capacity, issued, wanted), listed, "{issued} of {capacity}");
        }
    }

    /// Chi-squared over 100,000 characters: far from what an uneven draw (a byte modulo 30, say) would give.
    #[test]
    fn characters_are_drawn_evenly() {
        use rand::SeedableRng;
        let rules = CodeRules { prefix: String::new(), length: 10, charset: Charset::Unambiguous };
        let mut random = rand::rngs::StdRng::seed_from_u64(7);
        let mut counts = [0_u32; 128];
        for _ in 0..10_000 {
            for b in one(&rules, &mut random).bytes() {
                counts[usize::from(b)] += 1;
            }
        }
        let kinds = rules.charset.characters().len();
        let expected = 100_000.0 / kinds as f64;
        let of_charset = rules.charset.characters().bytes().map(|b| f64::from(counts[usize::from(b)]));
        let chi: f64 = of_charset.map(|count| (count - expected).powi(2) / expected).sum();
        // 29 degrees of freedom: 99.9 % of even draws stay below 58.3.
        assert!(chi < 58.3, "{chi}");
    }
}
