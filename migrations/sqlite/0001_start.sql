-- Ids are 16 bytes (UUID), times epoch milliseconds, money whole minor units beside its currency.
-- `version` is the catalog version that last changed the row: the nodes' maps in memory follow it.

-- One row. Every change of the catalog raises `version` in its own transaction, so commit order is number order.
CREATE TABLE installation (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL,
    -- Tells whether a node's secret key is the one this database was made with; NULL until the first start.
    secret_fingerprint BLOB
) STRICT;
INSERT INTO installation (id, version, secret_fingerprint) VALUES (1, 0, NULL);

CREATE TABLE advertisers (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    require_signature INTEGER NOT NULL,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX advertisers_version ON advertisers (version);

CREATE TABLE campaigns (
    id BLOB NOT NULL PRIMARY KEY,
    advertiser_id BLOB NOT NULL REFERENCES advertisers (id),
    name TEXT NOT NULL,
    destination_url TEXT NOT NULL,
    starts_at INTEGER,
    ends_at INTEGER,
    attribution_source TEXT NOT NULL,
    currency TEXT NOT NULL,
    commission_basis_points INTEGER,
    append_click_id INTEGER NOT NULL,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX campaigns_advertiser ON campaigns (advertiser_id, id);
CREATE INDEX campaigns_version ON campaigns (version);

CREATE TABLE influencers (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT,
    handle TEXT,
    platform TEXT,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX influencers_version ON influencers (version);

CREATE TABLE assignments (
    campaign_id BLOB NOT NULL REFERENCES campaigns (id),
    influencer_id BLOB NOT NULL REFERENCES influencers (id),
    assigned_at INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, influencer_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX assignments_influencer ON assignments (influencer_id, campaign_id);

CREATE TABLE coupons (
    id BLOB NOT NULL PRIMARY KEY,
    advertiser_id BLOB NOT NULL REFERENCES advertisers (id),
    campaign_id BLOB NOT NULL REFERENCES campaigns (id),
    influencer_id BLOB REFERENCES influencers (id),
    code TEXT NOT NULL,
    -- Trimmed and in capitals: how codes are compared. A code is never issued twice, whatever became of it.
    code_normal TEXT NOT NULL,
    status TEXT NOT NULL,
    replaced_by BLOB REFERENCES coupons (id),
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (advertiser_id, code_normal)
) STRICT;
CREATE INDEX coupons_advertiser ON coupons (advertiser_id, id);
CREATE INDEX coupons_campaign ON coupons (campaign_id, id);
CREATE INDEX coupons_influencer ON coupons (influencer_id, id);
CREATE INDEX coupons_version ON coupons (version);

CREATE TABLE links (
    id BLOB NOT NULL PRIMARY KEY,
    advertiser_id BLOB NOT NULL REFERENCES advertisers (id),
    campaign_id BLOB NOT NULL REFERENCES campaigns (id),
    influencer_id BLOB REFERENCES influencers (id),
    code TEXT NOT NULL UNIQUE,
    -- NULL: the campaign's.
    destination_url TEXT,
    status TEXT NOT NULL,
    replaced_by BLOB REFERENCES links (id),
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX links_advertiser ON links (advertiser_id, id);
CREATE INDEX links_campaign ON links (campaign_id, id);
CREATE INDEX links_influencer ON links (influencer_id, id);
CREATE INDEX links_version ON links (version);

CREATE TABLE accounts (
    id BLOB NOT NULL PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    -- NULL until the first password is set.
    password_hash TEXT,
    role TEXT NOT NULL,
    advertiser_id BLOB REFERENCES advertisers (id),
    influencer_id BLOB REFERENCES influencers (id),
    status TEXT NOT NULL,
    -- Tokens carry it; raising it makes all earlier ones void.
    session_version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX accounts_version ON accounts (version);

CREATE TABLE api_keys (
    id BLOB NOT NULL PRIMARY KEY,
    advertiser_id BLOB NOT NULL REFERENCES advertisers (id),
    name TEXT NOT NULL,
    -- SHA-256 of the key.
    key_hash BLOB NOT NULL UNIQUE,
    prefix TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    last_used_at INTEGER,
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX api_keys_advertiser ON api_keys (advertiser_id, id);
CREATE INDEX api_keys_version ON api_keys (version);

-- How far each node's click log has been read into `clicks`. Moves in the transaction that writes the rows.
CREATE TABLE spools (
    id BLOB NOT NULL PRIMARY KEY,
    -- Names the process that may drain: a lingering one finds another's nonce and stops.
    nonce BLOB NOT NULL,
    segment INTEGER NOT NULL,
    position INTEGER NOT NULL,
    moved_at INTEGER NOT NULL
) STRICT;

CREATE TABLE clicks (
    id BLOB NOT NULL PRIMARY KEY,
    advertiser_id BLOB NOT NULL,
    campaign_id BLOB NOT NULL,
    link_id BLOB NOT NULL,
    influencer_id BLOB,
    clicked_at INTEGER NOT NULL,
    -- clicked_at in whole quarter hours: every zone's hours and days are made of these.
    quarter INTEGER NOT NULL,
    user_agent TEXT,
    device TEXT NOT NULL,
    browser TEXT,
    os TEXT,
    referrer TEXT,
    referrer_host TEXT,
    ip TEXT,
    country TEXT,
    is_bot INTEGER NOT NULL,
    -- The first of its visitor on its link that UTC day.
    is_first INTEGER NOT NULL
) STRICT;
CREATE INDEX clicks_advertiser ON clicks (advertiser_id, clicked_at);
CREATE INDEX clicks_influencer ON clicks (influencer_id, clicked_at);

-- Who was on a link on a UTC day: a hash keyed anew each day. Rows of past days may be deleted.
CREATE TABLE visitors (
    utc_day INTEGER NOT NULL,
    link_id BLOB NOT NULL,
    visitor BLOB NOT NULL,
    click_id BLOB NOT NULL,
    PRIMARY KEY (utc_day, link_id, visitor)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    -- Made for each submission: whose it is tells a recorded event from a duplicate.
    receipt_id BLOB NOT NULL,
    -- Derived from advertiser and event_id where the shop gave one: this is what makes it idempotent.
    id BLOB NOT NULL UNIQUE,
    advertiser_id BLOB NOT NULL,
    event_id TEXT,
    -- SHA-256 of the validated fields, occurred_at aside: tells a repeated event from a changed one.
    fingerprint BLOB NOT NULL,
    action TEXT NOT NULL,
    name TEXT,
    value_minor INTEGER,
    currency TEXT NOT NULL,
    properties TEXT,
    occurred_at INTEGER NOT NULL,
    -- Whether the shop sent occurred_at; else it is the moment of arrival.
    occurred_at_sent INTEGER NOT NULL,
    quarter INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    customer BLOB,
    -- JSON: the attribution keys as sent, so that a credit can be worked out again.
    attribution_keys TEXT NOT NULL,
    method TEXT NOT NULL,
    influencer_id BLOB,
    campaign_id BLOB,
    link_id BLOB,
    coupon_id BLOB,
    click_id BLOB,
    -- JSON: every candidate with its outcome and reason.
    trace TEXT NOT NULL
) STRICT;
CREATE INDEX events_advertiser ON events (advertiser_id, occurred_at);
CREATE INDEX events_influencer ON events (influencer_id, occurred_at);
CREATE INDEX events_customer ON events (advertiser_id, customer, occurred_at) WHERE customer IS NOT NULL;
