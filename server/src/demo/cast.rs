//! Who plays: shops, what they run, and who posts for them. All invented.

/// A shop, and when its customers are about.
pub struct Shop {
    pub name: &'static str,
    pub zone: &'static str,
    /// Hours ahead of UTC where its customers live, near enough.
    pub offset: i64,
    pub currency: &'static str,
    /// Another that some pay in.
    pub other_currency: Option<&'static str>,
    pub host: &'static str,
    /// Begins its order numbers.
    pub orders: &'static str,
    /// The day of the year, from 0, when most is sold, and how much more than half a year later: 0.5 is three times.
    pub peak: f64,
    pub swing: f64,
    /// Weekends by weekdays.
    pub weekend: f64,
    /// Orders a day that no influencer brought, for each million clicks of the year.
    pub organic: f64,
    /// What an order comes to, least and most, in whole units.
    pub prices: (i64, i64),
    /// The first bytes of its customers' addresses.
    pub networks: [(u8, u8); 3],
    /// Its login, and how many days ago that was made.
    pub login: (&'static str, i64),
}

pub const SHOPS: [Shop; 4] = [
    Shop {
        name: "Fjord Outdoor",
        zone: "Europe/Berlin",
        offset: 1,
        currency: "EUR",
        other_currency: Some("CHF"),
        host: "fjord-outdoor.example",
        orders: "FO",
        peak: 320.0,
        swing: 0.45,
        weekend: 1.5,
        organic: 9.0,
        prices: (19, 340),
        networks: [(91, 10), (84, 150), (79, 200)],
        login: ("fjord@demo.example", 364),
    },
    Shop {
        name: "Lumen Skin",
        zone: "America/New_York",
        offset: -5,
        currency: "USD",
        other_currency: Some("CAD"),
        host: "lumenskin.example",
        orders: "LS",
        peak: 110.0,
        swing: 0.3,
        weekend: 1.2,
        organic: 14.0,
        prices: (14, 120),
        networks: [(73, 20), (24, 60), (99, 230)],
        login: ("lumen@demo.example", 364),
    },
    Shop {
        name: "Kumo Tea",
        zone: "Asia/Tokyo",
        offset: 9,
        currency: "JPY",
        other_currency: None,
        host: "kumo-tea.example",
        orders: "KT",
        peak: 15.0,
        swing: 0.35,
        weekend: 1.35,
        organic: 5.0,
        prices: (1200, 9800),
        networks: [(126, 40), (60, 100), (219, 110)],
        login: ("kumo@demo.example", 330),
    },
    Shop {
        name: "Volt Cycles",
        zone: "Europe/London",
        offset: 0,
        currency: "GBP",
        other_currency: Some("EUR"),
        host: "voltcycles.example",
        orders: "VC",
        peak: 180.0,
        swing: 0.55,
        weekend: 1.7,
        organic: 3.0,
        prices: (25, 890),
        networks: [(86, 140), (81, 130), (90, 200)],
        login: ("volt@demo.example", 207),
    },
];

/// Somebody who posts.
pub struct Person {
    pub name: &'static str,
    pub handle: &'static str,
    pub platform: &'static str,
    /// Followers that click, by those of others.
    pub reach: f64,
    /// How many of them buy, by those of others.
    pub trust: f64,
    pub login: Option<(&'static str, i64)>,
}

const fn person(
    name: &'static str,
    handle: &'static str,
    platform: &'static str,
    reach: f64,
    trust: f64,
    login: Option<(&'static str, i64)>,
) -> Person {
    Person { name, handle, platform, reach, trust, login }
}

pub const PEOPLE: [Person; 16] = [
    person("Mina Okafor", "@minaokafor", "Instagram", 10.0, 1.1, Some(("mina@demo.example", 61))),
    person("Jonas Reuter", "@jonasruns", "YouTube", 6.0, 1.5, Some(("jonas@demo.example", 19))),
    person("Sofia Lindqvist", "@sofialind", "TikTok", 8.0, 0.6, None),
    person("Kenji Watanabe", "@kenjicooks", "YouTube", 4.5, 1.3, Some(("kenji@demo.example", 2))),
    person("Camille Roche", "@camilleroche", "Instagram", 5.0, 1.0, None),
    person("Tom Hale", "@tomhaleoutdoors", "YouTube", 2.2, 1.8, None),
    person("Priya Nair", "@priyaglows", "TikTok", 9.0, 0.8, None),
    person("Marcus Bell", "@marcusbell", "Instagram", 3.0, 0.9, None),
    person("Yuki Tanaka", "@yukisteeps", "Instagram", 3.2, 1.2, None),
    person("Lena Vogt", "@lenaontrails", "Blog", 1.2, 2.2, None),
    person("Diego Marín", "@diegorides", "YouTube", 2.8, 1.4, None),
    person("Aisha Rahman", "@aishabeauty", "TikTok", 6.5, 0.7, None),
    person("Oskar Nowak", "@oskarunterwegs", "Podcast", 0.8, 2.6, None),
    person("Harriet Cole", "@harrietcole", "Instagram", 2.0, 1.0, None),
    person("Noor de Vries", "@noorfietst", "TikTok", 1.6, 0.9, None),
    person("Emil Sørensen", "@emilsorensen", "Newsletter", 0.5, 3.0, None),
];

/// A campaign: days are counted back from now.
pub struct Plan {
    pub shop: usize,
    pub name: &'static str,
    pub path: &'static str,
    pub starts: i64,
    pub ends: Option<i64>,
    /// By others.
    pub weight: f64,
    pub percent: Option<f64>,
    pub source: &'static str,
    pub append_click_id: bool,
    /// Ends each influencer's code; none where there are no codes.
    pub code: Option<&'static str>,
    /// A code of nobody's.
    pub generic: Option<&'static str>,
    pub people: &'static [usize],
    pub status: &'static str,
}

const USUAL: Plan = Plan {
    shop: 0,
    name: "",
    path: "/",
    starts: 365,
    ends: None,
    weight: 1.0,
    percent: Some(10.0),
    source: "coupon_and_link",
    append_click_id: false,
    code: None,
    generic: None,
    people: &[],
    status: "active",
};

pub const PLANS: [Plan; 11] = [
    Plan {
        name: "Always outdoors",
        path: "/collections/all",
        weight: 1.4,
        percent: Some(8.0),
        code: Some("10"),
        generic: Some("FJORD5"),
        people: &[1, 5, 9, 12],
        ..USUAL
    },
    Plan {
        name: "Spring hiking",
        path: "/collections/hiking?season=spring",
        starts: 250,
        ends: Some(160),
        weight: 1.2,
        percent: Some(10.0),
        code: Some("HIKE"),
        people: &[0, 1, 4, 5, 9],
        ..USUAL
    },
    Plan {
        name: "Winter launch",
        path: "/collections/winter",
        starts: 62,
        weight: 2.2,
        percent: Some(12.0),
        code: Some("SNOW"),
        generic: Some("WINTER24"),
        people: &[0, 1, 2, 4, 5, 12],
        ..USUAL
    },
    Plan {
        shop: 1,
        name: "Glow routine",
        path: "/routine",
        weight: 2.0,
        percent: Some(15.0),
        code: Some("GLOW"),
        generic: Some("WELCOME10"),
        people: &[0, 4, 6, 11, 13],
        ..USUAL
    },
    Plan {
        shop: 1,
        name: "SPF launch",
        path: "/products/daily-spf-50",
        starts: 215,
        ends: Some(95),
        weight: 2.4,
        percent: Some(18.0),
        append_click_id: true,
        code: Some("SUN"),
        people: &[2, 6, 7, 11],
        ..USUAL
    },
    Plan {
        shop: 1,
        name: "Codes only: podcast test",
        path: "/podcast",
        starts: 120,
        weight: 0.3,
        percent: None,
        source: "coupon",
        code: Some("POD20"),
        people: &[7, 12, 15],
        ..USUAL
    },
    Plan {
        shop: 2,
        name: "First flush",
        path: "/first-flush",
        starts: 330,
        ends: Some(230),
        weight: 1.0,
        code: Some("CHA"),
        people: &[3, 8],
        ..USUAL
    },
    Plan {
        shop: 2,
        name: "Gift sets",
        path: "/gifts",
        starts: 80,
        weight: 1.3,
        percent: Some(9.0),
        source: "link",
        people: &[3, 8, 2],
        ..USUAL
    },
    Plan {
        shop: 3,
        name: "City commuters",
        path: "/commute",
        weight: 1.0,
        percent: Some(5.0),
        append_click_id: true,
        code: Some("RIDE"),
        people: &[10, 13, 14],
        ..USUAL
    },
    Plan {
        shop: 3,
        name: "Summer e-bikes",
        path: "/e-bikes",
        starts: 200,
        ends: Some(70),
        weight: 1.6,
        percent: Some(4.0),
        append_click_id: true,
        code: Some("VOLT"),
        generic: Some("SUMMER"),
        people: &[1, 10, 14, 15],
        status: "archived",
        ..USUAL
    },
    Plan {
        shop: 3,
        name: "Cargo bikes",
        path: "/cargo",
        starts: 45,
        weight: 0.5,
        percent: Some(5.0),
        code: Some("CARGO"),
        people: &[10, 13],
        status: "paused",
        ..USUAL
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_named_is_there() {
        for plan in &PLANS {
            assert!(plan.shop < SHOPS.len() && plan.people.iter().all(|at| *at < PEOPLE.len()), "{}", plan.name);
            assert!(
                (1..=365).contains(&plan.starts) && plan.ends.is_none_or(|ends| ends < plan.starts),
                "{}",
                plan.name
            );
        }
        assert!((0..SHOPS.len()).all(|shop| PLANS.iter().any(|plan| plan.shop == shop)));
    }
}
