//! Which agents are machines: names from public lists (`bots.txt`), and what a browser must at least say.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::bytes::{Regex, RegexBuilder};

/// Kept small: the names alone are many, and a server that has seen no click yet should not pay for them.
const MOST_SHAPES: usize = 512 << 10;

struct Names {
    /// Stand anywhere.
    words: AhoCorasick,
    /// Stand at the start; in lower case.
    starts: Vec<&'static str>,
    shapes: Regex,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| Names::read(include_str!("bots.txt")));

impl Names {
    fn read(text: &'static str) -> Self {
        let of = |kind| text.lines().filter_map(move |line| line.strip_prefix(kind));
        let shapes = of('~').map(|shape| format!("(?:{shape})")).collect::<Vec<_>>().join("|");
        Self {
            words: AhoCorasick::builder()
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .build(of('='))
                .expect("a test reads the file"),
            starts: of('^').collect(),
            shapes: RegexBuilder::new(&shapes)
                .case_insensitive(true)
                .unicode(false)
                .dfa_size_limit(MOST_SHAPES)
                .build()
                .expect("a test reads the file"),
        }
    }

    fn name(&self, agent: &str) -> bool {
        self.words.is_match(agent)
            || self.shapes.is_match(agent.as_bytes())
            || self.starts.iter().any(|start| agent.starts_with(start))
    }
}

pub fn is_bot(agent: &str) -> bool {
    let agent = agent.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')).to_ascii_lowercase();
    agent.is_empty() || is_named(&agent) || !(opens_as_browser(&agent) || speaks_of_a_device(&agent))
}

/// `agent` is in lower case.
fn is_named(agent: &str) -> bool {
    match device_names(agent) {
        // A phone may be called anything: CUBOT, Discovery, Fever.
        Some(names) => NAMES.name(&[&agent[..names.start], &agent[names.end..]].concat()),
        None => NAMES.name(agent),
    }
}

/// Nearly every browser opens so.
fn opens_as_browser(agent: &str) -> bool {
    agent.starts_with("mozilla/") || agent.starts_with("opera/")
}

/// Phones before the smartphone, apps' own browsers and televisions open with their own names, but say what
/// they run on, or what they are made of. Machines that are on no list say neither.
fn speaks_of_a_device(agent: &str) -> bool {
    static SIGNS: LazyLock<AhoCorasick> = LazyLock::new(|| {
        AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(DEVICE_SIGNS).expect("a few words")
    });
    SIGNS.is_match(agent) || DEVICE_STARTS.iter().any(|start| agent.starts_with(start))
}

/// Systems, browsers, engines and what phones say of themselves.
#[rustfmt::skip]
const DEVICE_SIGNS: &[&str] = &[
    "android", "iphone", "ipad", "ipod", "ios/", "(ios", "; ios", "ios;", "darwin/", "cfnetwork", "dalvik", "windows nt",
    "windows phone", "windows ce", "mac os", "macos", "symbian", "series60", "series40", "bada/", "tizen", "kaios",
    "amigaos", "morphos", "profile/midp", "midp", "cldc", "up.browser", "up.link", "ucweb", "ucbrowser", "netfront",
    "obigo", "teleca", "openwave", "browser/", "wap browser", "maui", "j2me", "mre/", "brew", "applewebkit", "gecko", "khtml", "msie ",
    "mozilla", "opera", "firefox/", "chrome/", "safari/", "konqueror", "links (", "elinks", "lynx/", "w3m/", "dillo",
    "netsurf", "midori", "sleipnir", "mosaic", "nintendo", "playstation", "smarttv", "smart-tv", "hbbtv", "nettv", "appletv", "roku",
    "brightsign", "webtv", "fban/", "fbav/", "instagram ", "x11;", "linux; u;", "cronet/", "mobile", "macintosh", "webkit", "iceweasel", "icecat", "icab/",
    "links/0", "links/1", "links/2", "itunes/",
];

/// Makers, whose phones open with their name.
#[rustfmt::skip]
const DEVICE_STARTS: &[&str] = &[
    "nokia", "samsung", "sec-", "sgh-", "sch-", "lg-", "lge", "lg/", "lg ", "mot-", "motorola", "blackberry", "sonyericsson",
    "sony", "htc", "sie-", "siemens", "alcatel", "docomo/", "kddi-", "softbank", "vodafone", "j-phone", "huawei", "zte", "lenovo",
    "panasonic", "philips", "sharp", "sagem", "pantech", "kyocera", "kwc", "sanyo", "palm", "karbonn", "micromax", "lava",
    "spice", "amoi", "bird", "haier", "konka", "tcl", "benq", "casio", "nec", "portalmmm", "mqqbrowser", "onebrowser", "ero", "asus",
    "xiaomi", "oppo", "vivo", "gionee", "coolpad", "sprd-", "mt6", "polaris", "puffin", "juc", "dv(", "nook ", "ps3", "avant browser",
];

/// Where an Android agent names its phone: between the system and the end of its brackets.
fn device_names(agent: &str) -> Option<std::ops::Range<usize>> {
    let system = agent.find("android")?;
    let start = system + agent[system..].find(';')?;
    let end = start + agent[start..].find(')')?;
    // Machines say what they are in the same brackets.
    let names = &agent[start..end];
    let says_more = ["compatible", "http", "@", "-google", "wpm", "generator"].iter().any(|sign| names.contains(sign));
    (!says_more && agent[end..].contains("applewebkit")).then_some(start..end)
}
