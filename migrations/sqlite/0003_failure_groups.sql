-- What goes wrong how often: counted on, also once the failures themselves are forgotten.
CREATE TABLE failure_groups (
    advertiser_id BLOB NOT NULL REFERENCES advertisers (id),
    api_key_id BLOB NOT NULL REFERENCES api_keys (id),
    code TEXT NOT NULL,
    -- The field that is wrong; empty where none is named.
    field TEXT NOT NULL,
    failures INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (advertiser_id, api_key_id, code, field)
) STRICT, WITHOUT ROWID;
CREATE INDEX failure_groups_last ON failure_groups (last_at);
