//! The command line. Every flag also stands in the environment, as `TRIBUTARY_…`.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use engine::{
    ClickDurability, Clock, CountryFile, IpStorage, LEAST_DAYS, LoginLimits, Options, Retention, SpoolMax, SpoolOptions,
};
use model::{AdvertiserId, Timestamp};

use crate::{
    bytes,
    client_ip::{ForwardedHeader, TrustedProxies},
    connections::ConnectionsConfig,
    healthcheck::HealthcheckConfig,
    https::Hsts,
    operate::{
        admin::AdminCommand,
        archive::ArchiveConfig,
        backup::{BackupConfig, RestoreConfig},
        check::CheckConfig,
        erase::EraseConfig,
        migrate::MigrateConfig,
    },
    secret_file::{self, SecretText},
    tls::TlsConfig,
};

/// Where set-up puts the country file.
const FETCHED_COUNTRIES: &str = "node_modules/@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb";

#[derive(Debug, Parser)]
#[command(
    name = "tributary",
    version,
    about = "Influencer and affiliate campaigns: coupons, tracking links, events, attribution"
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub log: LogConfig,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves pages, redirects and the API.
    Serve(Box<ServeConfig>),
    /// Works out again who is credited, under what stands now, shows what would change, and changes it.
    Reattribute(ReattributeConfig),
    /// Fills an empty database with a year of campaign history to look at, and prints its logins.
    Demo(DemoConfig),
    /// Says whether all is as it should be: configuration, database, click log, room, clock, and with `--figures` whether
    /// figures are what clicks and events come to. Ends with 1 where something is not. A server may be running.
    Check(CheckConfig),
    /// Brings the database to this version's schema, as the start of a server would.
    Migrate(MigrateConfig),
    /// Copies an SQLite database into a file, while servers work on it.
    Backup(BackupConfig),
    /// Puts a backup in the place of an SQLite database, or into an empty data folder. No server may be running on it.
    Restore(RestoreConfig),
    /// Puts clicks and events of closed days, as they are stored, into an S3-compatible storage or a folder.
    Archive(ArchiveConfig),
    /// Erases a shop's customer: events, what they come to in the figures, and what failed calls had sent.
    EraseCustomer(EraseConfig),
    /// Makes admins, and gives them new passwords.
    Admin {
        #[command(subcommand)]
        command: AdminCommand,
    },
    /// Asks a server on this machine whether it serves; ends with 1 where it does not. For containers, which have no curl.
    Healthcheck(HealthcheckConfig),
    /// Looks after click logs.
    Spool {
        #[command(subcommand)]
        command: SpoolCommand,
    },
}

#[derive(Debug, Subcommand)]
pub enum SpoolCommand {
    /// Takes the click log of a node that is no more into the database: every click once, however often it is run.
    ///
    /// The database, its secret key and what is stored of addresses are named by the same flags as for `serve`; a server
    /// may go on running on that database. Nothing of the dead node is needed but the folder.
    Import(ImportConfig),
}

#[derive(Args, Clone, Debug)]
pub struct ImportConfig {
    /// The dead node's click log, or the data folder that holds one: the original, mounted, or a copy of all of it.
    pub folder: PathBuf,
    /// Goes on where the folder lacks a part of the log, which then cannot be imported later.
    #[arg(long)]
    pub incomplete: bool,
    #[command(flatten)]
    pub data: DataConfig,
}

#[derive(Args, Clone, Debug)]
pub struct ServeConfig {
    /// Where to listen.
    #[arg(long, env = "TRIBUTARY_ADDR", default_value = "127.0.0.1:3000")]
    pub addr: SocketAddr,
    #[command(flatten)]
    pub tls: TlsConfig,
    #[command(flatten)]
    pub connections: ConnectionsConfig,
    #[command(flatten)]
    pub data: DataConfig,
    /// Proxies whose word on a client's address is believed: addresses, networks, `loopback`, `private`; commas between.
    #[arg(long, env = "TRIBUTARY_TRUSTED_PROXIES", default_value = "", hide_default_value = true)]
    pub trusted_proxies: TrustedProxies,
    /// Which header those proxies write. Name it where they write only one: clients can send the other.
    #[arg(long, env = "TRIBUTARY_FORWARDED_HEADER", value_enum, default_value_t)]
    pub forwarded_header: ForwardedHeader,
    /// Events a second that one API key may send; a batch counts its events. 0: as many as it likes.
    #[arg(long, env = "TRIBUTARY_EVENTS_PER_SECOND", default_value_t = 1000)]
    pub events_per_second: u32,
    /// Events that one API key may send at once after a pause. 0: as many as it likes.
    #[arg(long, env = "TRIBUTARY_EVENTS_BURST", default_value_t = 5000)]
    pub events_burst: u32,
    /// Deletes clicks and events themselves once they are so many days old; the sums that figures are read from stay.
    /// 0: never. At least 91, as events may be sent for 90 days.
    #[arg(long, env = "TRIBUTARY_RETENTION_DAYS", default_value_t = 0, value_parser = retention_days)]
    pub retention_days: u32,
    /// Deletes only what `tributary archive` has put into an archive.
    #[arg(long, env = "TRIBUTARY_RETENTION_AFTER_ARCHIVE")]
    pub retention_after_archive: bool,
    /// Where `/metrics` is, alone and open to whoever reaches it, such as `127.0.0.1:9090`. Default: on `--addr`, told to
    /// whoever asks from this machine without a proxy.
    #[arg(long, env = "TRIBUTARY_METRICS_ADDR")]
    pub metrics_addr: Option<SocketAddr>,
    #[command(flatten)]
    pub limits: LimitConfig,
    /// For how many hosts browsers are told that there is nothing but https. Only with an https --public-url.
    #[arg(long, env = "TRIBUTARY_HSTS", value_enum, default_value_t)]
    pub hsts: Hsts,
    /// The built pages' folder. Default: what the binary carries, else target/site.
    #[arg(long, env = "TRIBUTARY_SITE_DIR")]
    pub site_dir: Option<PathBuf>,
    /// The first admin's e-mail, used only while there is no admin.
    #[arg(long, env = "TRIBUTARY_ADMIN_EMAIL", default_value = "admin@example.com")]
    pub admin_email: String,
    /// The first admin's password; without one a random one is made and printed once.
    #[arg(long, env = "TRIBUTARY_ADMIN_PASSWORD", hide_env_values = true)]
    pub admin_password: Option<String>,
    /// A file that holds it.
    #[arg(long, env = "TRIBUTARY_ADMIN_PASSWORD_FILE", conflicts_with = "admin_password", value_parser = secret_file::read)]
    pub admin_password_file: Option<SecretText>,
}

/// What one client or account may ask for. Each node counts for itself.
#[derive(Args, Clone, Debug)]
pub struct LimitConfig {
    /// Failed logins of one account from one address in 15 minutes; wrong current passwords count too. 0: any number.
    #[arg(long, env = "TRIBUTARY_FAILED_LOGINS_PER_ACCOUNT", default_value_t = 10)]
    pub failed_logins_per_account: u32,
    /// Failed logins from one address (of IPv6: a /64) in 15 minutes, whatever the account; as many guessed set-password
    /// links, counted apart. 0: any number.
    #[arg(long, env = "TRIBUTARY_FAILED_LOGINS_PER_ADDRESS", default_value_t = 25)]
    pub failed_logins_per_address: u32,
    /// Requests a minute of one account: API calls, pages, and what pages ask for. 0: as many as it likes.
    #[arg(long, env = "TRIBUTARY_REQUESTS_PER_MINUTE", default_value_t = 6000)]
    pub requests_per_minute: u32,
}

impl Default for LimitConfig {
    fn default() -> Self {
        let LoginLimits { per_account, per_address } = LoginLimits::default();
        Self {
            failed_logins_per_account: per_account,
            failed_logins_per_address: per_address,
            requests_per_minute: 6000,
        }
    }
}

impl LimitConfig {
    pub fn logins(&self) -> LoginLimits {
        LoginLimits { per_account: self.failed_logins_per_account, per_address: self.failed_logins_per_address }
    }
}

#[derive(Args, Clone, Debug)]
pub struct ReattributeConfig {
    /// Events that occurred since: a day (UTC) or an RFC 3339 time.
    #[arg(long, value_parser = moment)]
    pub since: Timestamp,
    /// Only this advertiser's.
    #[arg(long, value_parser = id)]
    pub advertiser: Option<AdvertiserId>,
    /// Shows what would change, and changes nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Changes it without asking.
    #[arg(long, conflicts_with = "dry_run")]
    pub yes: bool,
    #[command(flatten)]
    pub data: DataConfig,
}

pub(crate) fn moment(text: &str) -> Result<Timestamp, String> {
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    whole.parse().map_err(|_| "must be a day such as 2026-01-31, or an RFC 3339 time".to_owned())
}

pub(crate) fn id(text: &str) -> Result<AdvertiserId, String> {
    text.parse().map_err(|_| "must be an advertiser's id".to_owned())
}

#[derive(Args, Clone, Debug)]
pub struct DataConfig {
    /// `sqlite://PATH` or `mysql://USER:PASSWORD@HOST/DATABASE`. Default: tributary.db in the data folder.
    #[arg(long, env = "TRIBUTARY_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// A file that holds the same, so that neither the environment nor the list of processes tells its password.
    #[arg(long, env = "TRIBUTARY_DATABASE_URL_FILE", conflicts_with = "database_url", value_parser = secret_file::read)]
    pub database_url_file: Option<SecretText>,
    /// Holds the click log, the secret key and the SQLite database. One process, one folder.
    #[arg(long, env = "TRIBUTARY_DATA_DIR", default_value = "./data")]
    pub data_dir: PathBuf,
    /// The installation's one secret; nodes of one database share it. Default: secret.key in the data folder, made once.
    #[arg(long, env = "TRIBUTARY_SECRET_KEY_FILE")]
    pub secret_key_file: Option<PathBuf>,
    /// The address shoppers and browsers reach this server at.
    #[arg(long, env = "TRIBUTARY_PUBLIC_URL", default_value = "http://127.0.0.1:3000")]
    pub public_url: String,
    /// How much of a visitor's address is stored with a click.
    #[arg(long, env = "TRIBUTARY_IP_STORAGE", value_enum, default_value_t = IpConfig::Truncated)]
    pub ip_storage: IpConfig,
    /// What an answered click has survived when its redirect leaves.
    #[arg(long, env = "TRIBUTARY_CLICK_DURABILITY", value_enum, default_value_t = DurabilityConfig::Interval)]
    pub click_durability: DurabilityConfig,
    /// Most that the click log may take of the disk, such as `20GiB`; 0 for no limit. Default: half of what is free.
    /// Beyond it clicks are answered but not counted.
    #[arg(long, env = "TRIBUTARY_SPOOL_MAX", value_parser = spool_max)]
    pub spool_max: Option<SpoolMax>,
    /// A GeoLite2-style country file. Default: country.mmdb in the data folder, else the one that set-up fetched.
    #[arg(long, env = "TRIBUTARY_COUNTRY_DB")]
    pub country_db: Option<PathBuf>,
}

#[derive(Args, Clone, Debug)]
pub struct DemoConfig {
    #[command(flatten)]
    pub data: DataConfig,
    /// Clicks of the year; a million are about a gigabyte.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1_000..=20_000_000))]
    pub clicks: u32,
    /// Another number, another history.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum DurabilityConfig {
    /// The end of the process, at any moment.
    Process,
    /// The same, and it is on the disk within 100 ms.
    Interval,
    /// The loss of power: clicks that arrive together wait for the disk together.
    Fsync,
}

impl From<DurabilityConfig> for ClickDurability {
    fn from(config: DurabilityConfig) -> Self {
        match config {
            DurabilityConfig::Process => Self::Process,
            DurabilityConfig::Interval => Self::Interval,
            DurabilityConfig::Fsync => Self::Fsync,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum IpConfig {
    /// IPv4 to /24, IPv6 to /48.
    Truncated,
    Full,
    None,
}

#[derive(Args, Clone, Debug)]
pub struct LogConfig {
    /// What to log: a level, or a filter such as `info,engine=debug`.
    #[arg(long, env = "TRIBUTARY_LOG", default_value = "info,sqlx=warn", global = true)]
    pub log: String,
    /// One JSON object a line, or lines for people.
    #[arg(long, env = "TRIBUTARY_LOG_FORMAT", value_enum, default_value_t = LogFormat::Pretty, global = true)]
    pub log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogFormat {
    Pretty,
    Json,
}

fn retention_days(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(days) if days == 0 || days >= LEAST_DAYS => Ok(days),
        _ => Err(format!(
            "must be 0 (all is kept) or at least {LEAST_DAYS} days: events are taken for 90 days, and one that is sent \
             again must be found as long"
        )),
    }
}

impl ServeConfig {
    pub fn options(&self) -> Options {
        let retention = Retention { days: self.retention_days, after_archive: self.retention_after_archive };
        Options { retention, login_limits: self.limits.logins(), ..self.data.options() }
    }
}

/// The click log is some segments at least.
const LEAST_SPOOL: u64 = 1 << 20;

fn spool_max(text: &str) -> Result<SpoolMax, String> {
    match bytes::parse(text)? {
        0 => Ok(SpoolMax::Unlimited),
        bytes if bytes < LEAST_SPOOL => Err("must be 0 (no limit) or at least 1MiB".into()),
        bytes => Ok(SpoolMax::Bytes(bytes)),
    }
}

impl DataConfig {
    pub fn options(&self) -> Options {
        let named = self.database_url.as_ref().or(self.database_url_file.as_ref().map(SecretText::text));
        let database_url =
            named.cloned().unwrap_or_else(|| format!("sqlite://{}", self.data_dir.join("tributary.db").display()));
        Options {
            database_url,
            data_dir: self.data_dir.clone(),
            secret_key_file: self.secret_key_file.clone().unwrap_or_else(|| self.data_dir.join("secret.key")),
            public_url: self.public_url.trim_end_matches('/').to_owned(),
            ip_storage: match self.ip_storage {
                IpConfig::Truncated => IpStorage::Truncated,
                IpConfig::Full => IpStorage::Full,
                IpConfig::None => IpStorage::None,
            },
            spool: SpoolOptions {
                durability: self.click_durability.into(),
                max: self.spool_max.unwrap_or_default(),
                ..SpoolOptions::default()
            },
            country_file: self.country_file(),
            login_limits: LoginLimits::default(),
            retention: Retention::default(),
            clock: Clock::System,
        }
    }

    fn country_file(&self) -> CountryFile {
        if let Some(named) = &self.country_db {
            return CountryFile::Named(named.clone());
        }
        let places = [self.data_dir.join("country.mmdb"), PathBuf::from(FETCHED_COUNTRIES)];
        places.into_iter().find(|path| path.exists()).map_or(CountryFile::None, CountryFile::Found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_click_logs_share_of_the_disk_is_read_with_its_unit() {
        assert_eq!(spool_max("20GiB"), Ok(SpoolMax::Bytes(20 << 30)));
        assert_eq!(spool_max("0"), Ok(SpoolMax::Unlimited));
        assert!(spool_max("1000").is_err());
        assert!(spool_max("much").is_err());
    }
}
