//! When each API key was last used: noted in memory with every event, written down now and then.

use model::{ApiKeyId, Timestamp};
use papaya::HashMap;

use crate::{
    db::{self, Db},
    error::Result,
};

#[derive(Default)]
pub struct KeyUses(HashMap<ApiKeyId, Use>);

#[derive(Clone, Copy)]
struct Use {
    at: Timestamp,
    is_written: bool,
}

impl KeyUses {
    pub fn note(&self, key: ApiKeyId, at: Timestamp) {
        let uses = self.0.pin();
        // Once a second is enough, and spares the map a write for each event.
        if uses.get(&key).is_none_or(|last| at.0.abs_diff(last.at.0) >= 1000) {
            uses.insert(key, Use { at, is_written: false });
        }
    }

    /// On this node, since the start.
    pub fn of(&self, key: ApiKeyId) -> Option<Timestamp> {
        self.0.pin().get(&key).map(|last| last.at)
    }

    /// Writes down what is new.
    pub async fn write(&self, db: &Db) -> Result<()> {
        let mut new: Vec<_> = {
            let uses = self.0.pin();
            uses.iter().filter(|(_, last)| !last.is_written).map(|(key, last)| (*key, last.at)).collect()
        };
        if new.is_empty() {
            return Ok(());
        }
        // In the order that failed events are kept in, too: see there.
        new.sort_by_key(|(key, _)| *key);
        let mut conn = db.begin().await?;
        db::api_keys::note_uses(&mut conn, &new).await?;
        conn.commit().await?;
        let uses = self.0.pin();
        for (key, at) in new {
            // Used again meanwhile: that is still to be written.
            uses.update(key, |last| Use { is_written: last.at == at, ..*last });
        }
        Ok(())
    }
}
