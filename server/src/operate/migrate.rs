//! `tributary migrate`: brings the database to this version's schema, ahead of the start that would do it too.

use std::io::{self, Write};

use anyhow::Context;
use clap::Args;
use engine::Schema;

use crate::cli::DataConfig;

#[derive(Args, Clone, Debug)]
pub struct MigrateConfig {
    /// Shows what is to be done, and does nothing.
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub data: DataConfig,
}

pub async fn run(config: MigrateConfig) -> anyhow::Result<()> {
    let options = config.data.options();
    let mut out = io::stdout().lock();
    if config.dry_run {
        let schema = engine::schema(&options).await.context("the database")?;
        schema.check_not_newer()?;
        writeln!(out, "database: {}", standing(&schema))?;
        steps(&mut out, &schema)?;
        return Ok(());
    }
    let (before, after) = engine::migrate(&options).await.context("the database")?;
    if before.pending.is_empty() {
        writeln!(out, "database: {}", standing(&after))?;
    } else {
        writeln!(out, "database: from schema {} to {}", before.version, after.version)?;
        steps(&mut out, &before)?;
    }
    Ok(())
}

fn standing(schema: &Schema) -> String {
    match schema.pending.len() {
        0 => format!("schema {}, nothing to do", schema.version),
        1 => format!("schema {}, one step to do", schema.version),
        steps => format!("schema {}, {steps} steps to do", schema.version),
    }
}

fn steps(out: &mut impl Write, schema: &Schema) -> io::Result<()> {
    schema.pending.iter().try_for_each(|step| writeln!(out, "  {} {}", step.number, step.name))
}
