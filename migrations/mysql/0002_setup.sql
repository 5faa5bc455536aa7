-- The MySQL twin of ../sqlite.
-- What lists search and sort by, secrets, one-time links, and what events got wrong.

-- Names in lower case, which may take two characters for one. Rows without are filled in at start: the databases know
-- other lower cases than we do.
ALTER TABLE advertisers ADD COLUMN name_lower VARCHAR(400) NOT NULL DEFAULT '';
CREATE INDEX advertisers_name ON advertisers (name_lower, id);
ALTER TABLE campaigns ADD COLUMN name_lower VARCHAR(400) NOT NULL DEFAULT '';
CREATE INDEX campaigns_name ON campaigns (name_lower, id);
ALTER TABLE influencers ADD COLUMN name_lower VARCHAR(400) NOT NULL DEFAULT '';
CREATE INDEX influencers_name ON influencers (name_lower, id);
-- Name, handle and e-mail in lower case, a line each: for those alone who may see them all.
ALTER TABLE influencers ADD COLUMN search VARCHAR(900) NOT NULL DEFAULT '';

-- How the code was made, so that its successor is made alike: so many characters stay, the rest is drawn anew.
ALTER TABLE coupons ADD COLUMN prefix_length BIGINT;
ALTER TABLE coupons ADD COLUMN charset VARCHAR(16);
CREATE INDEX coupons_code ON coupons (code_normal, id);
CREATE INDEX coupons_advertiser_status ON coupons (advertiser_id, status, id);
CREATE INDEX links_advertiser_status ON links (advertiser_id, status, id);

CREATE INDEX accounts_advertiser ON accounts (advertiser_id, id);
CREATE INDEX accounts_influencer ON accounts (influencer_id, id);

-- One-time links to set a password: hashed, as they are as good as one.
CREATE TABLE password_links (
    token_hash BINARY(32) NOT NULL PRIMARY KEY,
    account_id BINARY(16) NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    FOREIGN KEY (account_id) REFERENCES accounts (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
CREATE INDEX password_links_account ON password_links (account_id);

-- What shops sign their events with, encrypted: to check a signature the secret itself is needed.
CREATE TABLE signing_secrets (
    id BINARY(16) NOT NULL PRIMARY KEY,
    advertiser_id BINARY(16) NOT NULL,
    sealed VARBINARY(255) NOT NULL,
    created_at BIGINT NOT NULL,
    -- NULL: the newest, which does not end by itself.
    expires_at BIGINT,
    version BIGINT NOT NULL,
    FOREIGN KEY (advertiser_id) REFERENCES advertisers (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
CREATE INDEX signing_secrets_advertiser ON signing_secrets (advertiser_id, id);
CREATE INDEX signing_secrets_version ON signing_secrets (version);

-- What authenticated calls got wrong: the newest of each advertiser.
CREATE TABLE ingest_failures (
    id BINARY(16) NOT NULL PRIMARY KEY,
    advertiser_id BINARY(16) NOT NULL,
    api_key_id BINARY(16) NOT NULL,
    -- The kind of error, and the fields it names.
    code VARCHAR(64) NOT NULL,
    status BIGINT NOT NULL,
    detail TEXT NOT NULL,
    errors MEDIUMTEXT NOT NULL,
    -- The action of the path, where the path names one.
    action VARCHAR(16),
    idempotency_key VARCHAR(255),
    body MEDIUMTEXT NOT NULL,
    -- Whether `body` is all of it, and its key and signature had passed: then it can be tried again.
    is_whole BOOLEAN NOT NULL,
    request_id VARCHAR(64) NOT NULL,
    received_at BIGINT NOT NULL,
    retried_at BIGINT,
    -- The event it became.
    event_id BINARY(16),
    FOREIGN KEY (advertiser_id) REFERENCES advertisers (id),
    FOREIGN KEY (api_key_id) REFERENCES api_keys (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
CREATE INDEX ingest_failures_advertiser ON ingest_failures (advertiser_id, id);
CREATE INDEX ingest_failures_request ON ingest_failures (request_id);

-- Lists without an advertiser read the newest rows of all.
CREATE INDEX clicks_time ON clicks (clicked_at);
CREATE INDEX events_time ON events (occurred_at);

-- When a link was last followed, or a coupon last credited: asked before either is replaced.
CREATE TABLE last_uses (
    id BINARY(16) NOT NULL PRIMARY KEY,
    used_at BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
INSERT INTO last_uses (id, used_at) SELECT link_id, MAX(clicked_at) FROM clicks GROUP BY link_id;
INSERT INTO last_uses (id, used_at)
    SELECT coupon_id, MAX(occurred_at) FROM events WHERE coupon_id IS NOT NULL GROUP BY coupon_id;
