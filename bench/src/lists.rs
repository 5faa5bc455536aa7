//! Lists of what was set up: a page of 100,000 coupons beside one read by primary key, through the same functions of the
//! engine, on SQLite always and on MySQL or MariaDB where `TEST_MYSQL_URL` is set. And how long 10,000 codes take to make.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use engine::{Clock, CountryFile, Engine, IpStorage, Options, Session};
use model::{
    AccountId, CouponId, Fields, FromFields, Timestamp,
    account::{Account, AccountStatus, Role},
    advertiser::NewAdvertiser,
    campaign::NewCampaign,
    coupon::{CodeRules, GenerateCoupons, Target},
    page::ListQuery,
};
use serde_json::{Value, json};

use crate::{Scale, contest::median, mariadb::MariaDb, report::Report};

/// Codes of one request, and how many requests.
const CODES: usize = 10_000;
const MAKINGS: usize = 10;
/// Reads of each kind in a round.
const READS: u32 = 200;

pub async fn measure(folder: &Path, scale: Scale, report: &mut Report) -> Result<()> {
    eprintln!("lists:");
    let file = folder.join("lists.db");
    measure_on("SQLite", &format!("sqlite://{}", file.display()), folder, scale, report).await?;
    let Some(mariadb) = MariaDb::take("lists").await? else {
        report.detail("lists on MySQL: not measured, TEST_MYSQL_URL is not set (make bench sets it)");
        return Ok(());
    };
    let measured = measure_on("MariaDB", &mariadb.url, &folder.join("mysql"), scale, report).await;
    mariadb.drop().await?;
    measured
}

async fn measure_on(name: &str, url: &str, folder: &Path, scale: Scale, report: &mut Report) -> Result<()> {
    let options = Options {
        database_url: url.to_owned(),
        data_dir: folder.to_owned(),
        secret_key_file: folder.join("secret.key"),
        public_url: "http://127.0.0.1:3000".into(),
        spool: engine::SpoolOptions::default(),
        ip_storage: IpStorage::Truncated,
        country_file: CountryFile::None,
        retention: engine::Retention::default(),
        clock: Clock::System,
        login_limits: engine::LoginLimits::default(),
    };
    let (engine, workers) = Engine::open(options).await?;
    let session = admin();
    let (wanted, makings) = fill(&engine, &session).await?;

    let first_page = ListQuery::default();
    let first = engine.list_coupons(&session, &first_page).await?;
    let next_page = ListQuery { cursor: first.next_cursor.clone(), ..ListQuery::default() };
    let code = engine.coupon(&session, wanted).await?.code;
    let rare = ListQuery { q: Some(code[..6].to_owned()), ..ListQuery::default() };
    // Every code begins so: the index is walked from its beginning, not read whole.
    let common = ListQuery { q: Some("c".to_owned()), ..ListQuery::default() };
    let kinds =
        [("first page", &first_page), ("next page", &next_page), ("rare prefix", &rare), ("common prefix", &common)];
    let mut key_reads = Vec::new();
    let mut page_reads = vec![Vec::new(); kinds.len()];
    for _ in 0..scale.rounds {
        key_reads.push(each(async || engine.coupon(&session, wanted).await.map(drop)).await?);
        for (kind, reads) in kinds.iter().zip(&mut page_reads) {
            reads.push(each(async || engine.list_coupons(&session, kind.1).await.map(drop)).await?);
        }
    }
    let key_read = median(key_reads);
    report.detail(format!("{name}: a coupon by primary key takes {:.0} µs (median of rounds)", key_read * 1e6));
    for ((kind, _), reads) in kinds.iter().zip(page_reads) {
        let page = median(reads);
        report.ratio(
            format!("{name}, 100,000 coupons, {kind} of 50: to a primary-key read"),
            format!("{:.1} × ({:.0} µs)", page / key_read, page * 1e6),
            "≤ 20",
        );
    }
    report.ratio(
        format!("{name}, {CODES} codes at once, durable and known: to 1 s"),
        format!("{:.2} ×", median(makings)),
        "≤ 1.0",
    );
    workers.stop(engine).await?;
    Ok(())
}

/// Seconds of one read, on average.
async fn each(mut read: impl AsyncFnMut() -> engine::Result<()>) -> Result<f64> {
    let begin = Instant::now();
    for _ in 0..READS {
        read().await?;
    }
    Ok(begin.elapsed().as_secs_f64() / f64::from(READS))
}

/// 100,000 coupons of one campaign. Returns one from the middle, and how long each making took.
async fn fill(engine: &Engine, session: &Session) -> Result<(CouponId, Vec<f64>)> {
    let advertiser = engine.create_advertiser(session, read(&json!({ "name": "Shop" }), NewAdvertiser::read)?).await?;
    let campaign =
        json!({ "advertiser_id": advertiser.id, "name": "Spring", "destination_url": "https://shop.example/" });
    let campaign = engine.create_campaign(session, read(&campaign, NewCampaign::read)?).await?;
    let rules = json!({ "prefix": "C", "length": 9 });
    let mut seconds = Vec::new();
    let mut middle = None;
    for _ in 0..MAKINGS {
        let wanted = GenerateCoupons {
            campaign_id: campaign.id,
            target: Target::Nobody,
            count: CODES,
            rules: read(&rules, CodeRules::read)?,
        };
        let begin = Instant::now();
        let made = engine.generate_coupons(session, wanted).await?;
        seconds.push(begin.elapsed().as_secs_f64());
        middle = made.get(CODES / 2).map(|coupon| coupon.id);
        // The catalog's poll has its turn.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok((middle.context("coupons were made")?, seconds))
}

fn read<T>(body: &Value, read: impl FnOnce(&mut Fields) -> Option<T>) -> Result<T> {
    let mut fields = Fields::parse(body.to_string().as_bytes()).ok().context("an object")?;
    let whole = read(&mut fields);
    fields.finish(whole).map_err(|errors| anyhow::anyhow!("{errors:?}"))
}

fn admin() -> Session {
    Session {
        account: Account {
            id: AccountId(uuid::Uuid::nil()),
            email: "bench@example.com".into(),
            role: Role::Admin,
            advertiser_id: None,
            influencer_id: None,
            status: AccountStatus::Active,
            has_password: true,
            created_at: Timestamp(0),
            version: 0,
        },
        expires_at: Timestamp(i64::MAX),
    }
}
