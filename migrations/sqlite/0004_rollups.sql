-- What clicks and events come to, summed by whoever writes them, in the same transaction: figures read these, and rows
-- only where a day or a quarter hour is cut. All zeros stand for no id.

-- Of one advertiser or campaign. `span`: how many quarter hours a row is long, 1, 4 or 96; `start`: its number among its
-- like, so that times `span` it is the number of its first quarter hour.
CREATE TABLE click_totals (
    scope_id BLOB NOT NULL,
    span INTEGER NOT NULL,
    start INTEGER NOT NULL,
    human INTEGER NOT NULL,
    bots INTEGER NOT NULL,
    human_first INTEGER NOT NULL,
    bots_first INTEGER NOT NULL,
    PRIMARY KEY (scope_id, span, start)
) STRICT, WITHOUT ROWID;

-- The value of purchases is in millions and the remainders of them, so that no sum is longer than 64 bits.
CREATE TABLE event_totals (
    scope_id BLOB NOT NULL,
    span INTEGER NOT NULL,
    start INTEGER NOT NULL,
    attributed INTEGER NOT NULL,
    currency TEXT NOT NULL,
    add_to_cart INTEGER NOT NULL,
    signups INTEGER NOT NULL,
    drop_offs INTEGER NOT NULL,
    purchases INTEGER NOT NULL,
    valued INTEGER NOT NULL,
    millions INTEGER NOT NULL,
    remainder INTEGER NOT NULL,
    PRIMARY KEY (scope_id, span, start, attributed, currency)
) STRICT, WITHOUT ROWID;

-- By all that figures are told apart by and filtered by, for each UTC day and for 16 of them: a `span` of 96 or 1536.
CREATE TABLE click_shares (
    advertiser_id BLOB NOT NULL,
    span INTEGER NOT NULL,
    start INTEGER NOT NULL,
    campaign_id BLOB NOT NULL,
    influencer_id BLOB NOT NULL,
    link_id BLOB NOT NULL,
    human INTEGER NOT NULL,
    bots INTEGER NOT NULL,
    human_first INTEGER NOT NULL,
    bots_first INTEGER NOT NULL,
    PRIMARY KEY (advertiser_id, span, start, campaign_id, influencer_id, link_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX click_shares_influencer ON click_shares (influencer_id, span, start);

CREATE TABLE event_shares (
    advertiser_id BLOB NOT NULL,
    span INTEGER NOT NULL,
    start INTEGER NOT NULL,
    campaign_id BLOB NOT NULL,
    influencer_id BLOB NOT NULL,
    link_id BLOB NOT NULL,
    coupon_id BLOB NOT NULL,
    method TEXT NOT NULL,
    currency TEXT NOT NULL,
    add_to_cart INTEGER NOT NULL,
    signups INTEGER NOT NULL,
    drop_offs INTEGER NOT NULL,
    purchases INTEGER NOT NULL,
    valued INTEGER NOT NULL,
    millions INTEGER NOT NULL,
    remainder INTEGER NOT NULL,
    PRIMARY KEY (advertiser_id, span, start, campaign_id, influencer_id, link_id, coupon_id, method, currency)
) STRICT, WITHOUT ROWID;
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
        SUM(CASE WHEN action = 'purchase' THEN COALESCE(value_minor, 0) / 1000000 ELSE 0 END),
        SUM(CASE WHEN action = 'purchase' THEN COALESCE(value_minor, 0) % 1000000 ELSE 0 END)
    FROM events WHERE action <> 'custom'
    GROUP BY advertiser_id, quarter, CASE WHEN method = 'none' THEN 0 ELSE 1 END, currency;
INSERT INTO event_totals
    SELECT campaign_id, 1, quarter, CASE WHEN method = 'none' THEN 0 ELSE 1 END, currency,
        SUM(CASE WHEN action = 'add_to_cart' THEN 1 ELSE 0 END), SUM(CASE WHEN action = 'signup' THEN 1 ELSE 0 END),
        SUM(CASE WHEN action = 'drop_off' THEN 1 ELSE 0 END), SUM(CASE WHEN action = 'purchase' THEN 1 ELSE 0 END),
        SUM(CASE WHEN action = 'purchase' AND value_minor IS NOT NULL THEN 1 ELSE 0 END),
        SUM(CASE WHEN action = 'purchase' THEN COALESCE(value_minor, 0) / 1000000 ELSE 0 END),
        SUM(CASE WHEN action = 'purchase' THEN COALESCE(value_minor, 0) % 1000000 ELSE 0 END)
    FROM events WHERE action <> 'custom' AND campaign_id IS NOT NULL
    GROUP BY campaign_id, quarter, CASE WHEN method = 'none' THEN 0 ELSE 1 END, currency;
INSERT INTO click_totals
    SELECT scope_id, 4, start / 4, SUM(human), SUM(bots), SUM(human_first), SUM(bots_first)
    FROM click_totals WHERE span = 1 GROUP BY scope_id, start / 4;
INSERT INTO event_totals
    SELECT scope_id, 4, start / 4, attributed, currency, SUM(add_to_cart), SUM(signups), SUM(drop_offs),
        SUM(purchases), SUM(valued), SUM(millions), SUM(remainder)
    FROM event_totals WHERE span = 1 GROUP BY scope_id, start / 4, attributed, currency;
INSERT INTO click_totals
    SELECT scope_id, 96, start / 96, SUM(human), SUM(bots), SUM(human_first), SUM(bots_first)
    FROM click_totals WHERE span = 1 GROUP BY scope_id, start / 96;
INSERT INTO event_totals
    SELECT scope_id, 96, start / 96, attributed, currency, SUM(add_to_cart), SUM(signups), SUM(drop_offs),
        SUM(purchases), SUM(valued), SUM(millions), SUM(remainder)
    FROM event_totals WHERE span = 1 GROUP BY scope_id, start / 96, attributed, currency;
INSERT INTO click_shares
    SELECT advertiser_id, 96, quarter / 96, campaign_id, COALESCE(influencer_id, x'00000000000000000000000000000000'), link_id,
        SUM(CASE WHEN is_bot = 0 THEN 1 ELSE 0 END), SUM(CASE WHEN is_bot = 0 THEN 0 ELSE 1 END),
        SUM(CASE WHEN is_bot = 0 AND is_first = 1 THEN 1 ELSE 0 END),
        SUM(CASE WHEN is_bot = 1 AND is_first = 1 THEN 1 ELSE 0 END)
    FROM clicks GROUP BY advertiser_id, quarter / 96, campaign_id, influencer_id, link_id;
INSERT INTO event_shares
    SELECT advertiser_id, 96, quarter / 96, COALESCE(campaign_id, x'00000000000000000000000000000000'),
        COALESCE(influencer_id, x'00000000000000000000000000000000'), COALESCE(link_id, x'00000000000000000000000000000000'),
        COALESCE(coupon_id, x'00000000000000000000000000000000'), method, currency,
        SUM(CASE WHEN action = 'add_to_cart' THEN 1 ELSE 0 END), SUM(CASE WHEN action = 'signup' THEN 1 ELSE 0 END),
        SUM(CASE WHEN action = 'drop_off' THEN 1 ELSE 0 END), SUM(CASE WHEN action = 'purchase' THEN 1 ELSE 0 END),
        SUM(CASE WHEN action = 'purchase' AND value_minor IS NOT NULL THEN 1 ELSE 0 END),
        SUM(CASE WHEN action = 'purchase' THEN COALESCE(value_minor, 0) / 1000000 ELSE 0 END),
        SUM(CASE WHEN action = 'purchase' THEN COALESCE(value_minor, 0) % 1000000 ELSE 0 END)
    FROM events WHERE action <> 'custom'
    GROUP BY advertiser_id, quarter / 96, campaign_id, influencer_id, link_id, coupon_id, method, currency;
INSERT INTO click_shares
    SELECT advertiser_id, 1536, start / 16, campaign_id, influencer_id, link_id, SUM(human), SUM(bots),
        SUM(human_first), SUM(bots_first)
    FROM click_shares WHERE span = 96 GROUP BY advertiser_id, start / 16, campaign_id, influencer_id, link_id;
INSERT INTO event_shares
    SELECT advertiser_id, 1536, start / 16, campaign_id, influencer_id, link_id, coupon_id, method, currency,
        SUM(add_to_cart), SUM(signups), SUM(drop_offs), SUM(purchases), SUM(valued), SUM(millions), SUM(remainder)
    FROM event_shares WHERE span = 96
    GROUP BY advertiser_id, start / 16, campaign_id, influencer_id, link_id, coupon_id, method, currency;
