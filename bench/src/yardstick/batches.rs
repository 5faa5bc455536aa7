//! `bench bare-batches DATABASE BATCH SECONDS`: inserts bare rows into our table, a batch in one transaction, in a loop.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use anyhow::Result;

use super::our_table;

/// Prints how many rows it stored a second.
pub async fn run(database: &str, batch: usize, seconds: u64) -> Result<()> {
    let mut table = our_table::open(database).await?;
    let begun = Instant::now();
    let mut rows = 0_i64;
    let first = i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos() >> 10)?;
    while begun.elapsed() < Duration::from_secs(seconds) {
        let ids: Vec<String> =
            (0..batch).map(|n| format!("order-{first}-{}", rows + i64::try_from(n).unwrap_or(0))).collect();
        our_table::insert(&mut table, &ids, first + rows).await?;
        rows += i64::try_from(batch)?;
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let per_second = rows as f64 / begun.elapsed().as_secs_f64();
    writeln!(std::io::stdout(), "{per_second:.0}")?;
    Ok(())
}
