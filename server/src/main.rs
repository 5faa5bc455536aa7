//! `tributary`: reads what was asked for, then runs it.

use clap::Parser;
use server::{
    cli::{Cli, Command},
    listeners::{HandedOver, Listeners},
    operate,
};

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    server::logging::start(&cli.log);
    engine::before_threads();
    let handed_over = HandedOver::take()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Serve(config) => {
                let listeners = Listeners::open(&config, handed_over).await?;
                server::run(*config, listeners, server::shutdown::signal()).await
            }
            Command::Reattribute(config) => server::reattribute::run(config).await,
            Command::Check(config) => operate::check::run(config).await,
            Command::Migrate(config) => operate::migrate::run(config).await,
            Command::Backup(config) => operate::backup::backup(config).await,
            Command::Restore(config) => operate::backup::restore(config).await,
            Command::Archive(config) => operate::archive::run(config).await,
            Command::EraseCustomer(config) => operate::erase::run(config).await,
            Command::Admin { command } => operate::admin::run(command).await,
            Command::Healthcheck(config) => server::healthcheck::run(&config).await,
            Command::Demo(config) => server::demo::fill(config).await,
            Command::Spool { command } => server::spool::run(command).await,
        }
    })
}
