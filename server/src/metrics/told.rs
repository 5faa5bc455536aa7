//! The engine's numbers, under the names that Prometheus knows them by.

use std::fmt;

use engine::{EventOutcomes, Numbers, Spread};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeMetric, MetricEncoder, NoLabelSet},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};

use super::{
    follows::FollowNumbers,
    limits::{Limit, refused},
};

/// What was found when somebody asked.
#[derive(Debug)]
pub struct Told {
    pub numbers: Numbers,
    pub follows: FollowNumbers,
    pub connections: Option<ConnectionNumbers>,
    /// Seconds since 1970.
    pub certificate_until: Option<u64>,
}

/// Connections of the whole server.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionNumbers {
    pub open: u64,
    pub most: u64,
    /// For want of a place.
    pub refused: u64,
    /// What requests' bodies take, small ones aside.
    pub body_bytes: u64,
}

impl Collector for Told {
    fn encode(&self, mut to: DescriptorEncoder) -> fmt::Result {
        let to = &mut to;
        self.redirects(to)?;
        self.connections(to)?;
        self.clicks(to)?;
        self.drain(to)?;
        self.events(to)?;
        self.database(to)?;
        self.rest(to)
    }
}

impl Told {
    fn redirects(&self, to: &mut DescriptorEncoder) -> fmt::Result {
        let FollowNumbers { redirected, not_found, gone, handed_over, accepted, open } = self.follows;
        counters(
            to,
            "tributary_redirects",
            "Followed links, by how that ended.",
            "outcome",
            &[("redirected", redirected), ("not_found", not_found), ("gone", gone)],
        )?;
        counter(to, "tributary_front_connections_accepted", "Connections accepted.", accepted)?;
        let help = "Connections that the front has passed on to the router.";
        counter(to, "tributary_front_connections_handed_over", help, handed_over)?;
        gauge(to, "tributary_front_connections", "Connections that the front holds.", open)
    }

    fn connections(&self, to: &mut DescriptorEncoder) -> fmt::Result {
        if let Some(ConnectionNumbers { open, most, body_bytes, .. }) = self.connections {
            gauge(to, "tributary_connections", "Open connections.", open)?;
            gauge(to, "tributary_connections_max", "Connections that there may be.", most)?;
            let help = "Bytes of requests' bodies in memory, small ones aside.";
            gauge(to, "tributary_connections_body_bytes", help, body_bytes)?;
        }
        if let Some(until) = self.certificate_until {
            let help = "When the server's own TLS certificate ends, since the Unix epoch.";
            gauge(to, "tributary_tls_certificate_expiry_timestamp_seconds", help, until)?;
        }
        Ok(())
    }

    fn clicks(&self, to: &mut DescriptorEncoder) -> fmt::Result {
        let clicks = &self.numbers.clicks;
        counter(to, "tributary_clicks_recorded", "Clicks written into the click log.", clicks.recorded)?;
        let help = "Clicks that were answered but could not be written into the click log.";
        counter(to, "tributary_clicks_lost", help, clicks.lost)?;
        let help = "Bytes of the click log that are not in the database.";
        gauge(to, "tributary_spool_waiting_bytes", help, clicks.waiting_bytes)?;
        let help = "Bytes of the click log on disk, what was read among them.";
        gauge(to, "tributary_spool_used_bytes", help, clicks.used_bytes)?;
        if let Some(most) = clicks.max_bytes {
            gauge(to, "tributary_spool_max_bytes", "Most bytes that the click log may take.", most)?;
        }
        if let Some(age) = clicks.oldest_age {
            let help = "How long the oldest click has waited that is not in the database; 0 where none waits.";
            gauge(to, "tributary_spool_oldest_click_age_seconds", help, age.as_secs_f64())?;
        }
        let help = "1 where another process has taken this click log over.";
        gauge(to, "tributary_spool_displaced", help, u64::from(clicks.is_displaced))
    }

    fn drain(&self, to: &mut DescriptorEncoder) -> fmt::Result {
        let drain = &self.numbers.drain;
        let help = "Clicks moved from the click log into the database, by who followed the link.";
        let kinds = [("human", drain.humans), ("bot", drain.bots)];
        counters(to, "tributary_drain_clicks", help, "visitor", &kinds)?;
        counter(to, "tributary_drain_clicks_refused", "Clicks that the database did not take.", drain.refused)?;
        let help = "Bytes of the click log that were damaged and skipped.";
        counter(to, "tributary_drain_damaged_bytes", help, drain.damaged_bytes)?;
        spread(to, "tributary_drain_batch_clicks", "Clicks in a transaction.", &drain.batches)?;
        spread(to, "tributary_drain_commit_duration_seconds", "Time that a transaction of clicks took.", &drain.took)
    }

    fn events(&self, to: &mut DescriptorEncoder) -> fmt::Result {
        let events = &self.numbers.events;
        let outcomes = |of: &EventOutcomes| {
            [("recorded", of.recorded), ("duplicate", of.duplicate), ("conflict", of.conflict), ("failed", of.failed)]
        };
        let mut answered = outcomes(&events.answered).to_vec();
        answered.push(("queued", events.queued));
        let help = "Valid events, by what they were answered; queued ones are put aside until the database takes them.";
        counters(to, "tributary_events", help, "outcome", &answered)?;
        let help = "Events that were put aside, by what came of them once the database was back.";
        counters(to, "tributary_events_replayed", help, "outcome", &outcomes(&events.replayed))?;
        gauge(to, "tributary_events_aside", "Events on disk that wait for the database.", events.aside)?;
        let help = "How long the oldest of them has waited; 0 where none waits.";
        gauge(to, "tributary_events_aside_oldest_age_seconds", help, events.oldest_aside_age.as_secs_f64())?;
        gauge(to, "tributary_event_queue_requests", "Requests that wait for the writer of events.", events.queue)?;
        let help = "Requests that may wait for it; beyond, senders are kept waiting.";
        gauge(to, "tributary_event_queue_capacity_requests", help, events.queue_capacity)?;
        spread(to, "tributary_event_batch_events", "Events in a transaction.", &events.batches)?;
        spread(to, "tributary_event_commit_duration_seconds", "Time that a transaction of events took.", &events.took)
    }

    fn database(&self, to: &mut DescriptorEncoder) -> fmt::Result {
        let database = &self.numbers.database;
        gauge(to, "tributary_database_up", "1 where the database answers.", u64::from(database.answers))?;
        if let Some(latency) = database.latency {
            let help = "How long the smallest question took just now.";
            gauge(to, "tributary_database_latency_seconds", help, latency.as_secs_f64())?;
        }
        let kind = MetricType::Gauge;
        let help = "Open connections to the database, by pool and whether they are in use.";
        let mut family = to.encode_descriptor("tributary_database_connections", help, None, kind)?;
        for pool in &database.connections {
            for (state, count) in [("used", pool.open - pool.idle), ("idle", pool.idle)] {
                let labels = [("pool", pool.pool), ("state", state)];
                ConstGauge::new(count).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }

    fn rest(&self, to: &mut DescriptorEncoder) -> fmt::Result {
        let catalog = &self.numbers.catalog;
        gauge(to, "tributary_catalog_version", "The change of the set-up that memory holds.", catalog.version)?;
        gauges(
            to,
            "tributary_catalog_entries",
            "What memory holds, by kind, ended ones among them.",
            "kind",
            &[
                ("advertiser", catalog.advertisers),
                ("campaign", catalog.campaigns),
                ("influencer", catalog.influencers),
                ("link", catalog.links),
                ("coupon", catalog.coupons),
                ("api_key", catalog.keys),
                ("account", catalog.accounts),
            ],
        )?;
        let exports = self.numbers.exports;
        gauge(to, "tributary_exports_running", "Exports under way.", exports.running)?;
        counter(to, "tributary_exports_begun", "Exports that were begun.", exports.begun)?;
        let help = "Exports that were refused because too many were under way.";
        counter(to, "tributary_exports_refused", help, exports.refused)?;
        let logins = [("succeeded", self.numbers.logins_succeeded), ("failed", self.numbers.logins_failed)];
        counters(to, "tributary_logins", "Logins by e-mail and password.", "outcome", &logins)?;
        let closed = self.numbers.logins_closed;
        let mut limits = Limit::ALL.map(|limit| (limit.as_str(), refused(limit))).to_vec();
        // Whoever logs in, by whatever way, asks the engine.
        limits.extend([("logins_of_account", closed.of_account), ("logins_of_address", closed.of_address)]);
        limits.extend(self.connections.map(|connections| ("connections", connections.refused)));
        counters(to, "tributary_rate_limited", "Requests, and connections, refused for a limit.", "limit", &limits)?;
        let help = "1; the version is in the label.";
        gauges(to, "tributary_build_info", help, "version", &[(env!("CARGO_PKG_VERSION"), 1)])
    }
}

/// Without `_total`, which the encoder adds.
pub fn counter(to: &mut DescriptorEncoder, name: &str, help: &str, value: impl EncodeCounterValue) -> fmt::Result {
    let value = ConstCounter::new(value);
    value.encode(to.encode_descriptor(name, help, None, MetricType::Counter)?)
}

pub fn gauge(to: &mut DescriptorEncoder, name: &str, help: &str, value: impl EncodeGaugeValue) -> fmt::Result {
    let value = ConstGauge::new(value);
    value.encode(to.encode_descriptor(name, help, None, MetricType::Gauge)?)
}

fn counters(
    to: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    label: &'static str,
    values: &[(&'static str, u64)],
) -> fmt::Result {
    let mut family = to.encode_descriptor(name, help, None, MetricType::Counter)?;
    each(&mut family, label, values, |value, to| ConstCounter::new(value).encode(to))
}

fn gauges(
    to: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    label: &'static str,
    values: &[(&'static str, u64)],
) -> fmt::Result {
    let mut family = to.encode_descriptor(name, help, None, MetricType::Gauge)?;
    each(&mut family, label, values, |value, to| ConstGauge::new(value).encode(to))
}

fn each(
    family: &mut MetricEncoder,
    label: &'static str,
    values: &[(&'static str, u64)],
    encode: impl Fn(u64, MetricEncoder) -> fmt::Result,
) -> fmt::Result {
    for (name, value) in values {
        encode(*value, family.encode_family(&[(label, *name)])?)?;
    }
    Ok(())
}

fn spread(to: &mut DescriptorEncoder, name: &str, help: &str, spread: &Spread) -> fmt::Result {
    let mut encoder = to.encode_descriptor(name, help, None, MetricType::Histogram)?;
    encoder.encode_histogram::<NoLabelSet>(spread.sum, spread.count, &spread.buckets, None)
}
