-- What goes wrong how often: counted on, also once the failures themselves are forgotten.
CREATE TABLE failure_groups (
    advertiser_id BINARY(16) NOT NULL,
    api_key_id BINARY(16) NOT NULL,
    code VARCHAR(64) NOT NULL,
    -- The field that is wrong; empty where none is named.
    field VARCHAR(64) NOT NULL,
    failures BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (advertiser_id, api_key_id, code, field),
    FOREIGN KEY (advertiser_id) REFERENCES advertisers (id),
    FOREIGN KEY (api_key_id) REFERENCES api_keys (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
CREATE INDEX failure_groups_last ON failure_groups (last_at);
