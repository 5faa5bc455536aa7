//! What things are called, of whatever table: for showing names where rows hold ids.

use std::collections::HashMap;

use model::{AdvertiserId, InfluencerId};
use uuid::Uuid;

use super::{
    Conn,
    list::{Arg, Select},
};
use crate::error::Result;

/// Whose names may be told.
#[derive(Clone, Copy, Debug)]
pub enum Within {
    All,
    /// Its own, and those of influencers who take part.
    Advertiser(AdvertiserId),
    /// Their own, and those of campaigns they take part in.
    Influencer(InfluencerId),
}

/// A table, what things in it are called by, and which rows an advertiser and an influencer may know of.
const TABLES: [(&str, &str, &str, &str); 5] = [
    (
        "advertisers",
        "name",
        "id = ?",
        "id IN (SELECT k.advertiser_id FROM campaigns k JOIN assignments a
        ON a.campaign_id = k.id WHERE a.influencer_id = ?)",
    ),
    (
        "campaigns",
        "name",
        "advertiser_id = ?",
        "(id IN (SELECT campaign_id FROM assignments WHERE influencer_id = ?)
        OR id IN (SELECT campaign_id FROM links WHERE influencer_id = ?)
        OR id IN (SELECT campaign_id FROM coupons WHERE influencer_id = ?))",
    ),
    (
        "influencers",
        "name",
        "(id IN (SELECT a.influencer_id FROM assignments a
            JOIN campaigns k ON k.id = a.campaign_id WHERE k.advertiser_id = ?)
        OR id IN (SELECT influencer_id FROM links WHERE advertiser_id = ? AND influencer_id IS NOT NULL)
        OR id IN (SELECT influencer_id FROM coupons WHERE advertiser_id = ? AND influencer_id IS NOT NULL))",
        "id = ?",
    ),
    ("links", "code", "advertiser_id = ?", "influencer_id = ?"),
    ("coupons", "code", "advertiser_id = ?", "influencer_id = ?"),
];
/// Ids of one statement.
const MOST: usize = 500;

pub async fn within(conn: &mut Conn, within: Within, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    let mut names = HashMap::new();
    for some in ids.chunks(MOST) {
        for (table, column, of_advertiser, of_influencer) in TABLES {
            let marks = vec!["?"; some.len()].join(", ");
            let mut select = Select::new(&format!("SELECT id, {column} FROM {table}"));
            select.and(&format!("id IN ({marks})"), some.iter().copied().map(Arg::Id));
            let scope = match within {
                Within::All => None,
                Within::Advertiser(id) => Some((of_advertiser, id.0)),
                Within::Influencer(id) => Some((of_influencer, id.0)),
            };
            if let Some((condition, id)) = scope {
                select.and(condition, vec![id; condition.matches('?').count()].into_iter().map(Arg::Id));
            }
            let rows: Vec<(Uuid, String)> = select.fetch(conn).await?;
            names.extend(rows);
        }
    }
    Ok(names)
}
