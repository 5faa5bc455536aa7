//! `tributary reattribute`: works credits out again, shows what would change, and changes it once that is confirmed.

use std::{
    collections::{BTreeMap, HashMap},
    io::{self, BufRead, IsTerminal, Write},
};

use anyhow::{Context, ensure};
use engine::{Change, Reattribution};
use model::attribution::Attribution;
use uuid::Uuid;

use crate::cli::ReattributeConfig;

/// Changes that are shown one by one; the sums show them all.
const MOST_SHOWN: usize = 100;

pub async fn run(config: ReattributeConfig) -> anyhow::Result<()> {
    let reattribution = Reattribution::open(&config.data.options()).await?;
    let changes = reattribution
        .changes(config.since, config.advertiser, |events| {
            if io::stderr().is_terminal() {
                eprint!("\r{events} events looked at");
            }
        })
        .await
        .context("the credits could not be worked out")?;
    if io::stderr().is_terminal() {
        eprintln!();
    }
    let names = reattribution.names(changes.iter().flat_map(named).collect()).await?;
    show(&mut io::stdout().lock(), &changes, &names)?;
    if !changes.is_empty() && !config.dry_run {
        if config.yes || confirmed(changes.len())? {
            reattribution.apply(&changes).await?;
            writeln!(io::stdout(), "{} credits are changed.", changes.len())?;
        } else {
            writeln!(io::stdout(), "Nothing is changed.")?;
        }
    }
    reattribution.close().await;
    Ok(())
}

fn confirmed(changes: usize) -> anyhow::Result<bool> {
    ensure!(io::stdin().is_terminal(), "nobody is there to confirm: give --yes to change, or --dry-run to look");
    write!(io::stdout(), "Change {changes} credits? [y/N] ")?;
    io::stdout().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// What is shown by its name.
fn named(change: &Change) -> impl Iterator<Item = Uuid> + use<> {
    [&change.before, &change.after]
        .map(|credit| [credit.influencer_id.map(|id| id.0), credit.campaign_id.map(|id| id.0)])
        .into_iter()
        .flatten()
        .flatten()
}

fn show(to: &mut impl Write, changes: &[Change], names: &HashMap<Uuid, String>) -> io::Result<()> {
    if changes.is_empty() {
        return writeln!(to, "No credit would change.");
    }
    for Change { id, event_id, action, occurred_at, before, after } in changes.iter().take(MOST_SHOWN) {
        let order = event_id.as_deref().map(|id| format!(" {id}")).unwrap_or_default();
        writeln!(to, "{occurred_at}  {action}{order}  ({id})")?;
        writeln!(to, "  - {}", credited(before, names))?;
        writeln!(to, "  + {}", credited(after, names))?;
    }
    if changes.len() > MOST_SHOWN {
        writeln!(to, "… and {} more", changes.len() - MOST_SHOWN)?;
    }
    let mut sums: BTreeMap<(String, &str), i64> = BTreeMap::new();
    for change in changes {
        *sums.entry((influencer(&change.before, names), &change.action)).or_default() -= 1;
        *sums.entry((influencer(&change.after, names), &change.action)).or_default() += 1;
    }
    writeln!(to, "\n{} of the events looked at would be credited otherwise:", changes.len())?;
    for ((name, action), sum) in sums.into_iter().filter(|(_, sum)| *sum != 0) {
        writeln!(to, "  {name}: {sum:+} {action}")?;
    }
    Ok(())
}

fn credited(credit: &Attribution, names: &HashMap<Uuid, String>) -> String {
    let campaign = credit.campaign_id.map(|id| name(id.0, names));
    let campaign = campaign.map(|name| format!(", {name}")).unwrap_or_default();
    format!("{}: {}{campaign}", credit.method, influencer(credit, names))
}

fn influencer(credit: &Attribution, names: &HashMap<Uuid, String>) -> String {
    credit.influencer_id.map_or_else(|| "nobody".to_owned(), |id| name(id.0, names))
}

fn name(id: Uuid, names: &HashMap<Uuid, String>) -> String {
    names.get(&id).cloned().unwrap_or_else(|| id.to_string())
}
