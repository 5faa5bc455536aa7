//! The schema, brought up to date ahead of a start.

use crate::{
    Options,
    db::{Db, schema::Schema},
    error::Result,
};

/// What the database has and lacks. Nothing is changed, and no file is made.
pub async fn schema(options: &Options) -> Result<Schema> {
    let db = Db::open_existing(&options.database_url)?;
    let schema = db.schema().await?;
    db.close().await;
    Ok(schema)
}

/// Brings the schema to this version's, and says what it was before and what it is now. An SQLite file is made where
/// it is missing.
pub async fn migrate(options: &Options) -> Result<(Schema, Schema)> {
    let db = Db::open(&options.database_url)?;
    let before = db.schema().await?;
    before.check_not_newer()?;
    db.migrate().await?;
    let after = db.schema().await?;
    db.close().await;
    Ok((before, after))
}
