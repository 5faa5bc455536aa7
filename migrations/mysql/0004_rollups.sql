-- What clicks and events come to, summed by whoever writes them, in the same transaction: figures read these, and rows
-- only where a day or a quarter hour is cut. All zeros stand for no id.

-- Of one advertiser or campaign. `span`: how many quarter hours a row is long, 1, 4 or 96; `start`: its number among its
-- like, so that times `span` it is the number of its first quarter hour.
CREATE TABLE click_totals (
    scope_id BINARY(16) NOT NULL,
    span BIGINT NOT NULL,
    start BIGINT NOT NULL,
    human BIGINT NOT NULL,
    bots BIGINT NOT NULL,
    human_first BIGINT NOT NULL,
    bots_first BIGINT NOT NULL,
    PRIMARY KEY (scope_id, span, start)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The value of purchases is in millions and the remainders of them, so that no sum is longer than 64 bits.
CREATE TABLE event_totals (
    scope_id BINARY(16) NOT NULL,
    span BIGINT NOT NULL,
    start BIGINT NOT NULL,
    attributed BIGINT NOT NULL,
    currency VARCHAR(3) NOT NULL,
    add_to_cart BIGINT NOT NULL,
    signups BIGINT NOT NULL,
    drop_offs BIGINT NOT NULL,
    purchases BIGINT NOT NULL,
    valued BIGINT NOT NULL,
    millions BIGINT NOT NULL,
    remainder BIGINT NOT NULL,
    PRIMARY KEY (scope_id, span, start, attributed, currency)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- By all that figures are told apart by and filtered by, for each UTC day and for 16 of them: a `span` of 96 or 1536.
CREATE TABLE click_shares (
    advertiser_id BINARY(16) NOT NULL,
    span BIGINT NOT NULL,
    start BIGINT NOT NULL,
    campaign_id BINARY(16) NOT NULL,
    influencer_id BINARY(16) NOT NULL,
    link_id BINARY(16) NOT NULL,
    human BIGINT NOT NULL,
    bots BIGINT NOT NULL,
    human_first BIGINT NOT NULL,
    bots_first BIGINT NOT NULL,
    PRIMARY KEY (advertiser_id, span, start, campaign_id, influencer_id, link_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
CREATE INDEX click_shares_influencer ON click_shares (influencer_id, span, start);

CREATE TABLE event_shares (
    advertiser_id BINARY(16) NOT NULL,
    span BIGINT NOT NULL,
    start BIGINT NOT NULL,
    campaign_id BINARY(16) NOT NULL,
    influencer_id BINARY(16) NOT NULL,
    link_id BINARY(16) NOT NULL,
    coupon_id BINARY(16) NOT NULL,
    method VARCHAR(16) NOT NULL,
    currency VARCHAR(3) NOT NULL,
    add_to_cart BIGINT NOT NULL,
    signups BIGINT NOT NULL,
    drop_offs BIGINT NOT NULL,
    purchases BIGINT NOT NULL,
    valued BIGINT NOT NULL,
    millions BIGINT NOT NULL,
    remainder BIGINT NOT NULL,
    PRIMARY KEY (advertiser_id, span, start, campaign_id, influencer_id, link_id, coupon_id, method, currency)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
CREATE INDEX event_shares_influencer ON event_shares (influencer_id, span, start);

-- What is there already. Longer sums are made of shorter ones.
INSERT INTO click_totals
    SELECT advertiser_id, 1, quarter,
        SUM(CASE WHEN is_bot = 0 THEN 1 ELSE 0 END), SUM(CASE WHEN is_bot = 0 THEN 0 ELSE 1 END),
        SUM(CASE WHEN is_bot = 0 AND is_first = 1 THEN 1 ELSE 0 END),
        SUM(CASE WHEN is_bot = 1 AND is_first = 1 THEN 1 ELSE 0 END)
    FROM clicks GROUP BY advertiser_id, quarter;
INSERT INTO click_totals
    SELECT campaign_id, 1, quarter,
        SUM(CASE WHEN is_bot = 0 THEN 1 ELSE 0 END), SUM(CASE WHEN is_bot = 0 THEN 0 ELSE 1 END),
        SUM(CASE WHEN is_bot = 0 AND is_first = 1 THEN 1 ELSE 0 END),
        SUM(CASE WHEN is_bot = 1 AND is_first = 1 THEN 1 ELSE 0 END)
    FROM clicks GROUP BY campaign_id, quarter;
INSERT INTO event_totals
    SELECT advertiser_id, 1, quarter, CASE WHEN method = 'none' THEN 0 ELSE 1 END, currency,
        SUM(CASE WHEN action = 'add_to_cart' THEN 1 ELSE 0 END), SUM(CASE WHEN action = 'signup' THEN 1 ELSE 0 END),
        SUM(CASE WHEN action = 'drop_off' THEN 1 ELSE 0 END), SUM(CASE WHEN action = 'purchase' THEN 1 ELSE 0 END),
        SUM(CASE WHEN action = 'purchase' AND value_minor IS NOT NULL THEN 1 ELSE 0 END),
        SUM(CASE WHEN action = 'purchase' THEN COALESCE(value_minor, 0) DIV 1000000 ELSE 0 END),
        SUM(CASE WHEN action = 'purchase' THEN COALESCE(value_minor, 0) % 1000000 ELSE 0 END)
    FROM events WHERE action <> 'custom'
    GROUP BY advertiser_id, quarter, CASE WHEN method = 'none' THEN 0 ELSE 1 END, currency;
INSERT INTO event_totals
    SELECT campaign_id, 1, quarter, CASE WHEN method = 'none' THEN 0 ELSE 1 END, currency,
        SUM(CASE WHEN action = 'add_to_cart' THEN 1 ELSE 0 END), SUM(CASE WHEN action = 'signup' THEN 1 ELSE 0 END),
        SUM(CASE WHEN action = 'drop_off' THEN 1 ELSE 0 END), SUM(CASE WHEN action = 'purchase' THEN 1 ELSE 0 END),
        SUM(CASE WHEN action = 'purchase' AND value_minor IS NOT NULL THEN 1 ELSE 0 END),
        SUM(CASE WHEN action = 'purchase' THEN COALESCE(value_minor, 0) DIV 1000000 ELSE 0 END),
        SUM(CASE WHEN action = 'purchase' THEN COALESCE(value_minor, 0) % 1000000 ELSE 0 END)
    FROM events WHERE action <> 'custom' AND campaign_id IS NOT NULL
    GROUP BY campaign_id, quarter, CASE WHEN method = 'none' THEN 0 ELSE 1 END, currency;
INSERT INTO click_totals
    SELECT scope_id, 4, start DIV 4, SUM(human), SUM(bots), SUM(human_first), SUM(bots_first)
    FROM click_totals WHERE span = 1 GROUP BY scope_id, start DIV 4;
INSERT INTO event_totals
    SELECT scope_id, 4, start DIV 4, attributed, currency, SUM(add_to_cart), SUM(signups), SUM(drop_offs),
        SUM(purchases), SUM(valued), SUM(millions), SUM(remainder)
    FROM event_totals WHERE span = 1 GROUP BY scope_id, start DIV 4, attributed, currency;
INSERT INTO click_totals
    SELECT scope_id, 96, start DIV 96, SUM(human), SUM(bots), SUM(human_first), SUM(bots_first)
    FROM click_totals WHERE span = 1 GROUP BY scope_id, start DIV 96;
INSERT INTO event_totals
    SELECT scope_id, 96, start DIV 96, attributed, currency, SUM(add_to_cart), SUM(signups), SUM(drop_offs),
        SUM(purchases), SUM(valued), SUM(millions), SUM(remainder)
    FROM event_totals WHERE span = 1 GROUP BY scope_id, start DIV 96, attributed, currency;
INSERT INTO click_shares
    SELECT advertiser_id, 96, quarter DIV 96, campaign_id, COALESCE(influencer_id, x'00000000000000000000000000000000'), link_id,
        SUM(CASE WHEN is_bot = 0 THEN 1 ELSE 0 END), SUM(CASE WHEN is_bot = 0 THEN 0 ELSE 1 END),
        SUM(CASE WHEN is_bot = 0 AND is_first = 1 THEN 1 ELSE 0 END),
        SUM(CASE WHEN is_bot = 1 AND is_first = 1 THEN 1 ELSE 0 END)
    FROM clicks GROUP BY advertiser_id, quarter DIV 96, campaign_id, influencer_id, link_id;
INSERT INTO event_shares
    SELECT advertiser_id, 96, quarter DIV 96, COALESCE(campaign_id, x'00000000000000000000000000000000'),
        COALESCE(influencer_id, x'00000000000000000000000000000000'), COALESCE(link_id, x'00000000000000000000000000000000'),
        COALESCE(coupon_id, x'00000000000000000000000000000000'), method, currency,
        SUM(CASE WHEN action = 'add_to_cart' THEN 1 ELSE 0 END), SUM(CASE WHEN action = 'signup' THEN 1 ELSE 0 END),
        SUM(CASE WHEN action = 'drop_off' THEN 1 ELSE 0 END), SUM(CASE WHEN action = 'purchase' THEN 1 ELSE 0 END),
        SUM(CASE WHEN action = 'purchase' AND value_minor IS NOT NULL THEN 1 ELSE 0 END),
        SUM(CASE WHEN action = 'purchase' THEN COALESCE(value_minor, 0) DIV 1000000 ELSE 0 END),
        SUM(CASE WHEN action = 'purchase' THEN COALESCE(value_minor, 0) % 1000000 ELSE 0 END)
    FROM events WHERE action <> 'custom'
    GROUP BY advertiser_id, quarter DIV 96, campaign_id, influencer_id, link_id, coupon_id, method, currency;
INSERT INTO click_shares
    SELECT advertiser_id, 1536, start DIV 16, campaign_id, influencer_id, link_id, SUM(human), SUM(bots),
        SUM(human_first), SUM(bots_first)
    FROM click_shares WHERE span = 96 GROUP BY advertiser_id, start DIV 16, campaign_id, influencer_id, link_id;
INSERT INTO event_shares
    SELECT advertiser_id, 1536, start DIV 16, campaign_id, influencer_id, link_id, coupon_id, method, currency,
        SUM(add_to_cart), SUM(signups), SUM(drop_offs), SUM(purchases), SUM(valued), SUM(millions), SUM(remainder)
    FROM event_shares WHERE span = 96
    GROUP BY advertiser_id, start DIV 16, campaign_id, influencer_id, link_id, coupon_id, method, currency;
