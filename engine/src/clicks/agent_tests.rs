//! Agents by hand, and by the thousand where `TEST_AGENTS` names a folder of them (`make agents`).

use std::{fs, path::Path, time::Instant};

use super::*;

#[test]
fn browsers_are_told_by_device_and_family() {
    for (user_agent, device, browser, os) in [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
            "desktop",
            "Chrome",
            "Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
            "desktop",
            "Edge",
            "Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
            "mobile",
            "Safari",
            "iOS",
        ),
        (
            "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
            "tablet",
            "Safari",
            "iOS",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
            "tablet",
            "Chrome",
            "Android",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; SM-S918B Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/131.0.6778.135 Mobile Safari/537.36 Instagram 359.0.0.59.89 Android (34/14; 450dpi; 1080x2115; samsung; SM-S918B; dm3q; qcom; de_DE; 671551968)",
            "mobile",
            "Instagram",
            "Android",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/21G93 [FBAN/FBIOS;FBAV/485.1.0.45.110;FBBV/659418920;FBDV/iPhone14,7;FBMD/iPhone;FBSN/iOS;FBSV/17.6.1;FBSS/3;FBID/phone;FBLC/en_US;FBOP/80]",
            "mobile",
            "Facebook",
            "iOS",
        ),
        (
            "Mozilla/5.0 (Linux; Android 13; CPH2211 Build/TP1A.220905.001; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/130.0.6723.102 Mobile Safari/537.36 musical_ly_2023708040 AppName/musical_ly ByteLocale/en",
            "mobile",
            "TikTok",
            "Android",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Snapchat/12.92.0.42 (like Safari/8618.2.12.10.9, panda)",
            "mobile",
            "Snapchat",
            "iOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Twitter for iPhone/10.48",
            "mobile",
            "X",
            "iOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Safari Line/14.16.0",
            "mobile",
            "LINE",
            "iOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [Pinterest/iOS]",
            "mobile",
            "Pinterest",
            "iOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) GSA/325.0.649662453 Mobile/15E148 Safari/604.1",
            "mobile",
            "Google app",
            "iOS",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; SM-A546B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36",
            "mobile",
            "Samsung Internet",
            "Android",
        ),
        (
            "Opera/9.80 (J2ME/MIDP; Opera Mini/9.80/190; U; en) Presto/2.12.423 Version/12.16",
            "mobile",
            "Opera Mini",
            "Java ME",
        ),
        ("Nokia6300/2.0 (07.21) Profile/MIDP-2.0 Configuration/CLDC-1.1 UCWEB/2.0", "mobile", "UC Browser", "Java ME"),
        (
            "Mozilla/5.0 (PlayStation; PlayStation 5/2.26) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari/605.1.15",
            "other",
            "Safari",
            "PlayStation",
        ),
        (
            "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0.4606.128 Safari/537.36 WebAppManager",
            "other",
            "Chrome",
            "webOS",
        ),
        (
            "Mozilla/5.0 (Linux; Android 6.0; CUBOT DINOSAUR Build/MRA58K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/55.0.2883.91 Mobile Safari/537.36",
            "mobile",
            "Chrome",
            "Android",
        ),
    ] {
        let agent = classify(user_agent);
        assert_eq!(
            (agent.device, agent.browser, agent.os, agent.is_bot),
            (device, Some(browser), Some(os), false),
            "{user_agent}"
        );
    }
}

#[test]
fn machines_are_bots() {
    for user_agent in [
        "",
        " ",
        "curl/8.5.0",
        "python-requests/2.32",
        "okhttp/4.12.0",
        "axios/1.7.2",
        "Go-http-client/2.0",
        "Some-Tool-Nobody-Listed/1.0",
        // Link previews.
        "WhatsApp/2.23.20.0",
        "WhatsApp/2.2423.9 W",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Slack-ImgProxy (+https://api.slack.com/robots)",
        "Twitterbot/1.0",
        "facebookexternalhit/1.1",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
        "TelegramBot (like TwitterBot)",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
        "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
        "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
        "facebookexternalhit/1.1;line-poker/1.0",
        "Pinterest/0.2 (+https://www.pinterest.com/bot.html)",
        "Mozilla/5.0 (compatible; Snap URL Preview Service; bot; snapchat; https://developers.snap.com/robots)",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36 Teams/1.0 SkypeUriPreview",
        "Mastodon/4.3.0 (http.rb/5.2.0; +https://mastodon.social/)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app) Chrome/W.X.Y.Z Safari/537.36",
        "Iframely/1.3.1 (+https://iframely.com/docs/about)",
        "Embedly/0.2 (http://support.embed.ly/)",
        "redditbot/1.0 (+http://www.reddit.com/feedback)",
        // Crawlers, of the new kind too.
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/W.X.Y.Z Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; +https://openai.com/bot",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
        "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 (compatible; Bytespider; spider-feedback@bytedance.com)",
        // Monitors, headless browsers, feed readers, scanners.
        "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
        "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0 Safari/537.36",
        "Feedly/1.0 (+http://www.feedly.com/fetcher.html; like FeedFetcher-Google)",
        "sqlmap/1.8#stable (https://sqlmap.org)",
        "Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)",
    ] {
        assert!(classify(user_agent).is_bot, "{user_agent:?}");
    }
}

#[test]
fn of_a_sample_of_real_agents_nearly_all_are_told_right() {
    let share = |list: &str| {
        let agents: Vec<_> = list.lines().filter(|line| !line.starts_with('#')).collect();
        (agents.iter().filter(|agent| classify(agent).is_bot).count(), agents.len())
    };
    let (flagged, all) = share(include_str!("../../tests/agents/bots.txt"));
    assert!(flagged * 1000 >= all * 995, "{flagged} of {all} bots are flagged");
    let (flagged, all) = share(include_str!("../../tests/agents/browsers.txt"));
    assert!(flagged * 1000 <= all, "{flagged} of {all} browsers are flagged");
}

fn agents(folder: &Path) -> Vec<(String, Vec<String>)> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let lines = |path: &Path| fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect();
    files.iter().map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), lines(path))).collect()
}

#[test]
#[ignore = "needs the agents that `make agents` fetches"]
fn public_agents_by_the_thousand() {
    let folder = std::env::var("TEST_AGENTS").expect("TEST_AGENTS names a folder with bots/ and browsers/");
    let folder = Path::new(&folder);
    let out = std::env::var("TEST_AGENTS_OUT").ok();
    for kind in ["bots", "browsers"] {
        let mut wrong = String::new();
        for (name, agents) in agents(&folder.join(kind)) {
            let flagged = agents.iter().filter(|agent| classify(agent).is_bot).count();
            for agent in agents.iter().filter(|agent| classify(agent).is_bot != (kind == "bots")) {
                wrong += &format!("{name}\t{agent}\n");
            }
            #[expect(clippy::cast_precision_loss, reason = "some thousands")]
            let share = 100.0 * flagged as f64 / agents.len() as f64;
            eprintln!("{kind:9} {name:28} {:7} agents, {share:7.3} % flagged", agents.len());
        }
        if let Some(out) = &out {
            fs::write(Path::new(out).join(format!("wrong-{kind}.tsv")), wrong).unwrap();
        }
    }
    let some: Vec<_> =
        agents(&folder.join("browsers")).into_iter().flat_map(|(_, agents)| agents).take(20_000).collect();
    let begun = Instant::now();
    let bots = some.iter().filter(|agent| classify(agent).is_bot).count();
    eprintln!("{:?} an agent ({bots} bots)", begun.elapsed() / u32::try_from(some.len()).unwrap());
}
