-- The MySQL twin of ../sqlite: codes and ids compare byte by byte (utf8mb4_bin).
-- Ids are 16 bytes (UUID), times epoch milliseconds, money whole minor units beside its currency.
-- `version` is the catalog version that last changed the row: the nodes' maps in memory follow it.

-- One row. Every change of the catalog raises `version` in its own transaction, so commit order is number order.
CREATE TABLE installation (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    version BIGINT NOT NULL,
    -- Tells whether a node's secret key is the one this database was made with; NULL until the first start.
    secret_fingerprint BINARY(32)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
INSERT INTO installation (id, version, secret_fingerprint) VALUES (1, 0, NULL);

CREATE TABLE advertisers (
    id BINARY(16) NOT NULL PRIMARY KEY,
    name VARCHAR(200) NOT NULL,
    time_zone VARCHAR(64) NOT NULL,
    require_signature BOOLEAN NOT NULL,
    status VARCHAR(16) NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
CREATE INDEX advertisers_version ON advertisers (version);

CREATE TABLE campaigns (
    id BINARY(16) NOT NULL PRIMARY KEY,
    advertiser_id BINARY(16) NOT NULL,
    name VARCHAR(200) NOT NULL,
    destination_url VARCHAR(2048) NOT NULL,
    starts_at BIGINT,
    ends_at BIGINT,
    attribution_source VARCHAR(16) NOT NULL,
    currency VARCHAR(3) NOT NULL,
    commission_basis_points BIGINT,
    append_click_id BOOLEAN NOT NULL,
    status VARCHAR(16) NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    FOREIGN KEY (advertiser_id) REFERENCES advertisers (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
CREATE INDEX campaigns_advertiser ON campaigns (advertiser_id, id);
CREATE INDEX campaigns_version ON campaigns (version);

CREATE TABLE influencers (
    id BINARY(16) NOT NULL PRIMARY KEY,
    name VARCHAR(200) NOT NULL,
    email VARCHAR(254),
    handle VARCHAR(100),
    platform VARCHAR(100),
    status VARCHAR(16) NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
CREATE INDEX influencers_version ON influencers (version);

CREATE TABLE assignments (
    campaign_id BINARY(16) NOT NULL,
    influencer_id BINARY(16) NOT NULL,
    assigned_at BIGINT NOT NULL,
    PRIMARY KEY (campaign_id, influencer_id),
    FOREIGN KEY (campaign_id) REFERENCES campaigns (id),
    FOREIGN KEY (influencer_id) REFERENCES influencers (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
CREATE INDEX assignments_influencer ON assignments (influencer_id, campaign_id);

CREATE TABLE coupons (
    id BINARY(16) NOT NULL PRIMARY KEY,
    advertiser_id BINARY(16) NOT NULL,
    campaign_id BINARY(16) NOT NULL,
    influencer_id BINARY(16),
    code VARCHAR(64) NOT NULL,
    -- Trimmed and in capitals: how codes are compared. A code is never issued twice, whatever became of it.
    code_normal VARCHAR(64) NOT NULL,
    status VARCHAR(16) NOT NULL,
    replaced_by BINARY(16),
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (advertiser_id, code_normal),
    FOREIGN KEY (advertiser_id) REFERENCES advertisers (id),
    FOREIGN KEY (campaign_id) REFERENCES campaigns (id),
    FOREIGN KEY (influencer_id) REFERENCES influencers (id),
    FOREIGN KEY (replaced_by) REFERENCES coupons (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
CREATE INDEX coupons_advertiser ON coupons (advertiser_id, id);
CREATE INDEX coupons_campaign ON coupons (campaign_id, id);
CREATE INDEX coupons_influencer ON coupons (influencer_id, id);
CREATE INDEX coupons_version ON coupons (version);

CREATE TABLE links (
    id BINARY(16) NOT NULL PRIMARY KEY,
    advertiser_id BINARY(16) NOT NULL,
    campaign_id BINARY(16) NOT NULL,
    influencer_id BINARY(16),
    code VARCHAR(64) NOT NULL UNIQUE,
    -- NULL: the campaign's.
    destination_url VARCHAR(2048),
    status VARCHAR(16) NOT NULL,
    replaced_by BINARY(16),
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    FOREIGN KEY (advertiser_id) REFERENCES advertisers (id),
    FOREIGN KEY (campaign_id) REFERENCES campaigns (id),
    FOREIGN KEY (influencer_id) REFERENCES influencers (id),
    FOREIGN KEY (replaced_by) REFERENCES links (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
CREATE INDEX links_advertiser ON links (advertiser_id, id);
CREATE INDEX links_campaign ON links (campaign_id, id);
CREATE INDEX links_influencer ON links (influencer_id, id);
CREATE INDEX links_version ON links (version);

CREATE TABLE accounts (
    id BINARY(16) NOT NULL PRIMARY KEY,
    email VARCHAR(254) NOT NULL UNIQUE,
    -- NULL until the first password is set.
    password_hash VARCHAR(255),
    role VARCHAR(16) NOT NULL,
    advertiser_id BINARY(16),
    influencer_id BINARY(16),
    status VARCHAR(16) NOT NULL,
    -- Tokens carry it; raising it makes all earlier ones void.
    session_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    FOREIGN KEY (advertiser_id) REFERENCES advertisers (id),
    FOREIGN KEY (influencer_id) REFERENCES influencers (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
CREATE INDEX accounts_version ON accounts (version);

CREATE TABLE api_keys (
    id BINARY(16) NOT NULL PRIMARY KEY,
    advertiser_id BINARY(16) NOT NULL,
    name VARCHAR(200) NOT NULL,
    -- SHA-256 of the key.
    key_hash BINARY(32) NOT NULL UNIQUE,
    prefix VARCHAR(32) NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    last_used_at BIGINT,
    version BIGINT NOT NULL,
    FOREIGN KEY (advertiser_id) REFERENCES advertisers (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
CREATE INDEX api_keys_advertiser ON api_keys (advertiser_id, id);
CREATE INDEX api_keys_version ON api_keys (version);

-- How far each node's click log has been read into `clicks`. Moves in the transaction that writes the rows.
CREATE TABLE spools (
    id BINARY(16) NOT NULL PRIMARY KEY,
    -- Names the process that may drain: a lingering one finds another's nonce and stops.
    nonce BINARY(16) NOT NULL,
    segment BIGINT NOT NULL,
    position BIGINT NOT NULL,
    moved_at BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE clicks (
    id BINARY(16) NOT NULL PRIMARY KEY,
    advertiser_id BINARY(16) NOT NULL,
    campaign_id BINARY(16) NOT NULL,
    link_id BINARY(16) NOT NULL,
    influencer_id BINARY(16),
    clicked_at BIGINT NOT NULL,
    -- clicked_at in whole quarter hours: every zone's hours and days are made of these.
    quarter BIGINT NOT NULL,
    user_agent VARCHAR(512),
    device VARCHAR(16) NOT NULL,
    browser VARCHAR(64),
    os VARCHAR(64),
    referrer VARCHAR(1024),
    referrer_host VARCHAR(255),
    ip VARCHAR(45),
    country VARCHAR(2),
    is_bot BOOLEAN NOT NULL,
    -- The first of its visitor on its link that UTC day.
    is_first BOOLEAN NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
CREATE INDEX clicks_advertiser ON clicks (advertiser_id, clicked_at);
CREATE INDEX clicks_influencer ON clicks (influencer_id, clicked_at);

-- Who was on a link on a UTC day: a hash keyed anew each day. Rows of past days may be deleted.
CREATE TABLE visitors (
    utc_day BIGINT NOT NULL,
    link_id BINARY(16) NOT NULL,
    visitor BINARY(16) NOT NULL,
    click_id BINARY(16) NOT NULL,
    PRIMARY KEY (utc_day, link_id, visitor)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE events (
    -- Made for each submission: whose it is tells a recorded event from a duplicate.
    receipt_id BINARY(16) NOT NULL PRIMARY KEY,
    -- Derived from advertiser and event_id where the shop gave one: this is what makes it idempotent.
    id BINARY(16) NOT NULL UNIQUE,
    advertiser_id BINARY(16) NOT NULL,
    event_id VARCHAR(255),
    -- SHA-256 of the validated fields, occurred_at aside: tells a repeated event from a changed one.
    fingerprint BINARY(32) NOT NULL,
    action VARCHAR(16) NOT NULL,
    name VARCHAR(200),
    value_minor BIGINT,
    currency VARCHAR(3) NOT NULL,
    properties TEXT,
    occurred_at BIGINT NOT NULL,
    -- Whether the shop sent occurred_at; else it is the moment of arrival.
    occurred_at_sent BOOLEAN NOT NULL,
    quarter BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    customer BINARY(16),
    -- JSON: the attribution keys as sent, so that a credit can be worked out again.
    attribution_keys MEDIUMTEXT NOT NULL,
    method VARCHAR(16) NOT NULL,
    influencer_id BINARY(16),
    campaign_id BINARY(16),
    link_id BINARY(16),
    coupon_id BINARY(16),
    click_id BINARY(16),
    -- JSON: every candidate with its outcome and reason.
    trace MEDIUMTEXT NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
CREATE INDEX events_advertiser ON events (advertiser_id, occurred_at);
CREATE INDEX events_influencer ON events (influencer_id, occurred_at);
CREATE INDEX events_customer ON events (advertiser_id, customer, occurred_at);
