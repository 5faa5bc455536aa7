//! What a user agent is: device, browser, operating system, and whether a person sits behind it.

use super::{bots, families};

/// Told from the `User-Agent` alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agent {
    /// `desktop | mobile | tablet | bot | other`.
    pub device: &'static str,
    pub browser: Option<&'static str>,
    pub os: Option<&'static str>,
    pub is_bot: bool,
}

pub fn classify(user_agent: &str) -> Agent {
    if bots::is_bot(user_agent) {
        return Agent { device: "bot", browser: None, os: None, is_bot: true };
    }
    Agent {
        device: families::device(user_agent),
        browser: families::browser(user_agent),
        os: families::os(user_agent),
        is_bot: false,
    }
}

#[cfg(test)]
#[path = "agent_tests.rs"]
mod tests;
