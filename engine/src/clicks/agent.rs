//! What a user agent is: device, browser, operating system, and whether a person sits behind it.

use std::sync::LazyLock;

use isbot::Bots;
use woothee::parser::Parser;

/// Told from the `User-Agent` alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// `desktop | mobile | tablet | bot | other`.
    pub device: &'static str,
    pub browser: Option<String>,
    pub os: Option<String>,
    pub is_bot: bool,
}

static BOTS: LazyLock<Bots> = LazyLock::new(Bots::default);
static PARSER: LazyLock<Parser> = LazyLock::new(Parser::new);

pub fn classify(user_agent: &str) -> Agent {
    let parsed = PARSER.parse(user_agent);
    let category = parsed.as_ref().map_or("", |parsed| parsed.category);
    // Every browser opens with one of these two; link previews and HTTP libraries often do not.
    let opens_as_browser = user_agent.starts_with("Mozilla/") || user_agent.starts_with("Opera/");
    let is_bot = !opens_as_browser || category == "crawler" || BOTS.is_bot(user_agent);
    if is_bot {
        return Agent { device: "bot", browser: None, os: None, is_bot };
    }
    let known = |text: &str| (!text.is_empty() && text != "UNKNOWN").then(|| text.to_owned());
    let device = match category {
        _ if is_tablet(user_agent) => "tablet",
        "pc" => "desktop",
        "smartphone" | "mobilephone" => "mobile",
        _ => "other",
    };
    Agent {
        device,
        browser: parsed.as_ref().and_then(|parsed| known(parsed.name)),
        os: parsed.as_ref().and_then(|parsed| known(parsed.os)),
        is_bot,
    }
}

/// Android says "Mobile" on phones and leaves it out on tablets.
fn is_tablet(user_agent: &str) -> bool {
    user_agent.contains("iPad") || (user_agent.contains("Android") && !user_agent.contains("Mobile"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_by_device_and_family() {
        for (user_agent, device, browser, os) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
                "desktop",
                "Chrome",
                "Windows 10",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
                "mobile",
                "Safari",
                "iPhone",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                "tablet",
                "Safari",
                "iPad",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
                "tablet",
                "Chrome",
                "Android",
            ),
        ] {
            let agent = classify(user_agent);
            assert_eq!(
                (agent.device, agent.browser.as_deref(), agent.os.as_deref(), agent.is_bot),
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
            "WhatsApp/2.23.20.0",
            "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
            "facebookexternalhit/1.1",
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "python-requests/2.32",
        ] {
            assert!(classify(user_agent).is_bot, "{user_agent:?}");
        }
    }
}
