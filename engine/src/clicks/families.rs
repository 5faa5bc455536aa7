//! Browsers, systems and kinds of devices, told by what stands in a `User-Agent`.
//!
//! Two tables in order: the first that stands decides. Every browser also says the names of those it is built on or
//! wants to be taken for, so the particular come before the general, and apps before the browser inside them:
//! shoppers mostly arrive from those.

/// What stands in the text, and the browser it tells.
#[rustfmt::skip]
const BROWSERS: &[(&str, &str)] = &[
    ("Instagram", "Instagram"),
    ("Barcelona ", "Threads"),
    ("FBAN/Messenger", "Messenger"), ("FB_IAB/MESSENGER", "Messenger"), ("FB_IAB/Orca", "Messenger"),
    ("FBAN/", "Facebook"), ("FBAV/", "Facebook"), ("FB_IAB/", "Facebook"), ("FBIOS", "Facebook"),
    ("musical_ly", "TikTok"), ("TikTok", "TikTok"), ("BytedanceWebview", "TikTok"), ("trill_", "TikTok"),
    ("Snapchat", "Snapchat"), ("Pinterest", "Pinterest"), ("LinkedInApp", "LinkedIn"), ("Twitter", "X"),
    ("MicroMessenger", "WeChat"), ("KAKAOTALK", "KakaoTalk"), ("NAVER(", "Naver"), (" Line/", "LINE"),
    ("WhatsApp", "WhatsApp"), ("Telegram", "Telegram"), ("Reddit", "Reddit"), ("Discord", "Discord"), ("Viber", "Viber"),
    ("Slack", "Slack"), ("VKAndroidApp", "VK"), ("baiduboxapp", "Baidu"), ("baidubrowser", "Baidu"), ("BIDUBrowser", "Baidu"),
    ("GSA/", "Google app"), ("DuckDuckGo/", "DuckDuckGo"), ("Ddg/", "DuckDuckGo"),
    ("YaBrowser", "Yandex"), ("YaSearchBrowser", "Yandex"), ("YaApp_", "Yandex"),
    ("SamsungBrowser", "Samsung Internet"), ("HuaweiBrowser", "Huawei Browser"), ("MiuiBrowser", "Mi Browser"),
    ("VivoBrowser", "Vivo Browser"), ("HeyTapBrowser", "HeyTap Browser"), ("MQQBrowser", "QQ Browser"), ("QQBrowser", "QQ Browser"),
    ("Quark", "Quark"), ("UCBrowser", "UC Browser"), ("UCWEB", "UC Browser"), ("UC Browser", "UC Browser"), ("Sogou", "Sogou"),
    ("Puffin", "Puffin"), ("Silk", "Silk"), ("Vivaldi", "Vivaldi"), ("Brave", "Brave"), ("Whale/", "Whale"), ("Ecosia", "Ecosia"),
    ("coc_coc_browser", "Coc Coc"), ("Maxthon", "Maxthon"),
    ("Opera Mini", "Opera Mini"), ("OPR/", "Opera"), ("OPT/", "Opera"), ("OPiOS", "Opera"), ("OPX/", "Opera"), ("Opera", "Opera"),
    ("Edg/", "Edge"), ("EdgA/", "Edge"), ("EdgiOS/", "Edge"), ("Edge/", "Edge"),
    ("SeaMonkey", "SeaMonkey"), ("PaleMoon", "Pale Moon"), ("Focus/", "Firefox"), ("Klar/", "Firefox"), ("FxiOS", "Firefox"), ("Firefox", "Firefox"),
    ("IEMobile", "Internet Explorer"), ("MSIE", "Internet Explorer"), ("Trident/", "Internet Explorer"),
    ("CriOS", "Chrome"), ("Chromium", "Chromium"),
    ("; wv)", "Android WebView"), ("Chrome/", "Chrome"), ("BB10", "BlackBerry Browser"), ("BlackBerry", "BlackBerry Browser"),
    ("NokiaBrowser", "Nokia Browser"), ("BrowserNG", "Nokia Browser"), ("S40OviBrowser", "Nokia Browser"),
    ("NetFront", "NetFront"), ("UP.Browser", "Openwave"), ("Obigo", "Obigo"), ("Konqueror", "Konqueror"), ("Lynx", "Lynx"),
    ("Dalvik/", "Android app"), ("CFNetwork", "Apple app"),
];

/// What stands in the text, and the system it tells.
#[rustfmt::skip]
const SYSTEMS: &[(&str, &str)] = &[
    ("KAIOS", "KaiOS"), ("Windows Phone", "Windows Phone"), ("Windows Mobile", "Windows Phone"), ("Windows CE", "Windows Phone"),
    ("Xbox", "Xbox"), ("Windows", "Windows"), ("Win64", "Windows"), ("Win32", "Windows"), ("Win98", "Windows"), ("Win95", "Windows"),
    ("HarmonyOS", "HarmonyOS"), ("OpenHarmony", "HarmonyOS"), ("ArkWeb", "HarmonyOS"),
    ("Tizen", "Tizen"), ("Web0S", "webOS"), ("webOS", "webOS"), ("hpwOS", "webOS"),
    ("CrOS", "ChromeOS"), ("Android", "Android"), ("Dalvik/", "Android"), ("Adr ", "Android"),
    ("watchOS", "watchOS"), ("AppleTV", "tvOS"), ("Apple TV", "tvOS"), ("tvOS", "tvOS"),
    ("iPhone", "iOS"), ("iPad", "iOS"), ("iPod", "iOS"), ("iOS", "iOS"), ("iPh", "iOS"),
    ("Macintosh", "macOS"), ("Mac OS X", "macOS"), ("Mac_PowerPC", "macOS"), ("macOS", "macOS"),
    ("BB10", "BlackBerry"), ("BlackBerry", "BlackBerry"), ("PlayBook", "BlackBerry"),
    ("Symbian", "Symbian"), ("Series60", "Symbian"), ("SymbOS", "Symbian"), ("Bada", "Bada"),
    ("PlayStation", "PlayStation"), ("PLAYSTATION", "PlayStation"), ("Nintendo", "Nintendo"),
    ("J2ME", "Java ME"), ("MIDP", "Java ME"), ("FreeBSD", "BSD"), ("OpenBSD", "BSD"), ("NetBSD", "BSD"), ("SunOS", "Solaris"),
    ("Linux", "Linux"), ("Ubuntu", "Linux"), ("Fedora", "Linux"), ("X11", "Linux"),
];

/// Screens that one looks at from the sofa, and consoles.
#[rustfmt::skip]
const NEITHER: &[&str] = &[
    "SMART-TV", "SmartTV", "Smart TV", "smarttv", "HbbTV", "AppleTV", "Apple TV", "GoogleTV", "Google TV", "Android TV", "AndroidTV", "BRAVIA",
    "CrKey", "NetCast", "Web0S", "webOS.TV", "Roku", "NETTV", "OMI/", "VIDAA", "Viera", "NETRANGEMMH", "Opera TV", "OPR TV", "AFT",
    "DTV", "BrightSign", "PlayStation", "PLAYSTATION", "Nintendo", "Xbox", "TV Safari", " TV ", "TV;", "-TV", "MiTV", "Watch", "QtCarBrowser",
];

#[rustfmt::skip]
const PHONES: &[&str] = &[
    "iPhone", "iPod", "Windows Phone", "Windows Mobile", "Windows CE", "IEMobile", "MIDP", "CLDC", "BlackBerry", "BB10", "Opera Mini", "Opera Mobi",
    "UCWEB", "UP.Browser", "KAIOS", "Symbian", "Series60", "Series40", "SymbOS", "J2ME", "MAUI", "Obigo", "NetFront", "Phone",
];

#[rustfmt::skip]
const DESKTOPS: &[&str] = &["Windows", "Macintosh", "Mac OS X", "Mac_PowerPC", "X11", "CrOS", "Linux x86_64", "Linux i686", "Win98", "Win95", "BSD", "SunOS"];

pub fn browser(agent: &str) -> Option<&'static str> {
    first(agent, BROWSERS).or_else(|| {
        let is_webkit = agent.contains("AppleWebKit");
        match () {
            () if agent.contains("Android") && is_webkit => Some("Android Browser"),
            () if agent.contains("Safari/") => Some("Safari"),
            // An app's page on iOS names neither.
            () if is_webkit && agent.contains("Mobile/") => Some("iOS WebView"),
            () => None,
        }
    })
}

pub fn os(agent: &str) -> Option<&'static str> {
    first(agent, SYSTEMS)
}

/// `desktop | mobile | tablet | other`.
pub fn device(agent: &str) -> &'static str {
    let says = |words: &[&str]| words.iter().any(|word| agent.contains(word));
    if says(NEITHER) {
        return "other";
    }
    // Android says "Mobile" on phones and leaves it out on tablets.
    let is_android_tablet = agent.contains("Android") && !agent.contains("Mobile") && agent.contains("Safari/");
    if is_android_tablet || says(&["iPad", "Tablet", "PlayBook", "Kindle", "Silk/"]) && !says(&["Tablet PC"]) {
        return "tablet";
    }
    if says(PHONES) || says(&["Mobile", "Android", "Dalvik/"]) {
        return "mobile";
    }
    if says(DESKTOPS) { "desktop" } else { "other" }
}

fn first(agent: &str, table: &[(&str, &'static str)]) -> Option<&'static str> {
    table.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name)
}
