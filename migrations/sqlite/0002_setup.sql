-- What lists search and sort by, secrets, one-time links, and what events got wrong.

-- Names in lower case. Rows without are filled in at start: SQLite knows the lower case of ASCII alone.
ALTER TABLE advertisers ADD COLUMN name_lower TEXT NOT NULL DEFAULT '';
CREATE INDEX advertisers_name ON advertisers (name_lower, id);
ALTER TABLE campaigns ADD COLUMN name_lower TEXT NOT NULL DEFAULT '';
CREATE INDEX campaigns_name ON campaigns (name_lower, id);
ALTER TABLE influencers ADD COLUMN name_lower TEXT NOT NULL DEFAULT '';
CREATE INDEX influencers_name ON influencers (name_lower, id);
-- Name, handle and e-mail in lower case, a line each: for those alone who may see them all.
ALTER TABLE influencers ADD COLUMN search TEXT NOT NULL DEFAULT '';

-- How the code was made, so that its successor is made alike: so many characters stay, the rest is drawn anew.
ALTER TABLE coupons ADD COLUMN prefix_length INTEGER;
ALTER TABLE coupons ADD COLUMN charset TEXT;
CREATE INDEX coupons_code ON coupons (code_normal, id);
CREATE INDEX coupons_advertiser_status ON coupons (advertiser_id, status, id);
CREATE INDEX links_advertiser_status ON links (advertiser_id, status, id);

CREATE INDEX accounts_advertiser ON accounts (advertiser_id, id);
CREATE INDEX accounts_influencer ON accounts (influencer_id, id);

-- One-time links to set a password: hashed, as they are as good as one.
CREATE TABLE password_links (
    token_hash BLOB NOT NULL PRIMARY KEY,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX password_links_account ON password_links (account_id);

-- What shops sign their events with, encrypted: to check a signature the secret itself is needed.
CREATE TABLE signing_secrets (
    id BLOB NOT NULL PRIMARY KEY,
    advertiser_id BLOB NOT NULL REFERENCES advertisers (id),
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    -- NULL: the newest, which does not end by itself.
    expires_at INTEGER,
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX signing_secrets_advertiser ON signing_secrets (advertiser_id, id);
CREATE INDEX signing_secrets_version ON signing_secrets (version);

-- What authenticated calls got wrong: the newest of each advertiser.
CREATE TABLE ingest_failures (
    id BLOB NOT NULL PRIMARY KEY,
    advertiser_id BLOB NOT NULL REFERENCES advertisers (id),
    api_key_id BLOB NOT NULL REFERENCES api_keys (id),
    -- The kind of error, and the fields it names.
    code TEXT NOT NULL,
    status INTEGER NOT NULL,
    detail TEXT NOT NULL,
    errors TEXT NOT NULL,
    -- The action of the path, where the path names one.
    action TEXT,
    idempotency_key TEXT,
    body TEXT NOT NULL,
    -- Whether `body` is all of it, and its key and signature had passed: then it can be tried again.
    is_whole INTEGER NOT NULL,
    request_id TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    retried_at INTEGER,
    -- The event it became.
    event_id BLOB
) STRICT;
CREATE INDEX ingest_failures_advertiser ON ingest_failures (advertiser_id, id);
CREATE INDEX ingest_failures_request ON ingest_failures (request_id);

-- Lists without an advertiser read the newest rows of all.
CREATE INDEX clicks_time ON clicks (clicked_at);
CREATE INDEX events_time ON events (occurred_at);

-- When a link was last followed, or a coupon last credited: asked before either is replaced.
CREATE TABLE last_uses (
    id BLOB NOT NULL PRIMARY KEY,
    used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO last_uses (id, used_at) SELECT link_id, MAX(clicked_at) FROM clicks GROUP BY link_id;
INSERT INTO last_uses (id, used_at)
    SELECT coupon_id, MAX(occurred_at) FROM events WHERE coupon_id IS NOT NULL GROUP BY coupon_id;
