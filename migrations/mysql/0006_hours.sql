-- Shares by the hour too, a `span` of 4: whatever figures are narrowed to, and in whichever zone of whole hours, they are
-- read from sums.

-- What is there already.
INSERT INTO click_shares
    SELECT advertiser_id, 4, quarter DIV 4, campaign_id, COALESCE(influencer_id, x'00000000000000000000000000000000'), link_id,
        SUM(CASE WHEN is_bot = 0 THEN 1 ELSE 0 END), SUM(CASE WHEN is_bot = 0 THEN 0 ELSE 1 END),
        SUM(CASE WHEN is_bot = 0 AND is_first = 1 THEN 1 ELSE 0 END),
        SUM(CASE WHEN is_bot = 1 AND is_first = 1 THEN 1 ELSE 0 END)
    FROM clicks GROUP BY advertiser_id, quarter DIV 4, campaign_id, influencer_id, link_id;
INSERT INTO event_shares
    SELECT advertiser_id, 4, quarter DIV 4, COALESCE(campaign_id, x'00000000000000000000000000000000'),
        COALESCE(influencer_id, x'00000000000000000000000000000000'), COALESCE(link_id, x'00000000000000000000000000000000'),
        COALESCE(coupon_id, x'00000000000000000000000000000000'), method, currency,
        SUM(CASE WHEN action = 'add_to_cart' THEN 1 ELSE 0 END), SUM(CASE WHEN action = 'signup' THEN 1 ELSE 0 END),
        SUM(CASE WHEN action = 'drop_off' THEN 1 ELSE 0 END), SUM(CASE WHEN action = 'purchase' THEN 1 ELSE 0 END),
        SUM(CASE WHEN action = 'purchase' AND value_minor IS NOT NULL THEN 1 ELSE 0 END),
        SUM(CASE WHEN action = 'purchase' THEN COALESCE(value_minor, 0) DIV 1000000 ELSE 0 END),
        SUM(CASE WHEN action = 'purchase' THEN COALESCE(value_minor, 0) % 1000000 ELSE 0 END)
    FROM events WHERE action <> 'custom'
    GROUP BY advertiser_id, quarter DIV 4, campaign_id, influencer_id, link_id, coupon_id, method, currency;
