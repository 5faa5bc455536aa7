//! `tributary erase-customer`: a shop's customer, as if there never had been one.

use std::io::{self, Write};

use anyhow::ensure;
use clap::Args;
use engine::Erasure;
use model::{AdvertiserId, erasure::Erased, text::CustomerId};

use super::{confirmed, line_of_input};
use crate::cli::{self, DataConfig};

#[derive(Args, Clone, Debug)]
pub struct EraseConfig {
    /// The shop, by its id.
    #[arg(long, value_parser = cli::id)]
    pub advertiser: AdvertiserId,
    /// The customer, by the shop's own id, as its events name it. `-`: the first line of standard input, as others on this
    /// machine can read a process's arguments.
    #[arg(long)]
    pub customer: String,
    /// Shows how much there is, and changes nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Erases without asking.
    #[arg(long, conflicts_with = "dry_run")]
    pub yes: bool,
    #[command(flatten)]
    pub data: DataConfig,
}

pub async fn run(config: EraseConfig) -> anyhow::Result<()> {
    let from_input = config.customer == "-";
    let text = if from_input { line_of_input()? } else { config.customer };
    let customer: CustomerId = text.parse().map_err(|rule| anyhow::anyhow!("the customer's id {rule}"))?;
    let erasure = Erasure::open(&config.data.options()).await?;
    let unknown = |error| match error {
        engine::Error::NotFound => anyhow::anyhow!("there is no advertiser {}", config.advertiser),
        error => error.into(),
    };
    let there = erasure.count(config.advertiser, &customer).await.map_err(unknown)?;
    if config.dry_run {
        writeln!(io::stdout(), "There are {}.", told(there))?;
    } else {
        ensure!(config.yes || !from_input, "whoever gives the id by standard input cannot be asked there: give --yes");
        let question = format!("Erase {}? Nothing brings them back.", told(there));
        if config.yes || confirmed(&question, "--yes")? {
            let erased = erasure.erase(config.advertiser, &customer).await.map_err(unknown)?;
            writeln!(io::stdout(), "Erased: {}. Backups and archives still have them.", told(erased))?;
        } else {
            writeln!(io::stdout(), "Nothing is erased.")?;
        }
    }
    erasure.close().await;
    Ok(())
}

fn told(of: Erased) -> String {
    format!("{} events of this customer, and what {} failed calls had sent", of.events, of.failures)
}
