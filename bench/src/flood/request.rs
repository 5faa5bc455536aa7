//! What is sent: a GET as a browser sends it, with code, `User-Agent` and `Referer` drawn from lists.

use rand::{RngExt, SeedableRng, rngs::SmallRng};

use super::Plan;
use crate::ledger;

/// What requests are drawn from. An empty list: without that header, or with `{code}` left as it stands.
#[derive(Clone, Debug)]
pub struct Lists {
    pub codes: Vec<String>,
    pub agents: Vec<String>,
    pub referers: Vec<String>,
}

impl Default for Lists {
    fn default() -> Self {
        let all = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Self { codes: Vec::new(), agents: all(AGENTS), referers: all(REFERERS) }
    }
}

/// Browsers in shoppers' hands: phones mostly, apps' built-in browsers among them.
const AGENTS: &[&str] = &[
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/21G93 Instagram 350.0.0.25.85 (iPhone14,5; iOS 17_6_1; en_US; scale=3.00; 1170x2532)",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
    "Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
];
const REFERERS: &[&str] = &[
    "https://www.instagram.com/p/C9xYzAbCdEf/",
    "https://l.instagram.com/",
    "https://www.tiktok.com/@summer.dresses/video/7412345678901234567",
    "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
    "https://t.co/AbCdEfGhIj",
    "https://www.facebook.com/",
];

/// Puts requests together.
pub struct Composer {
    /// What stands before and after the code; without a code all is before.
    before_code: String,
    after_code: String,
    lists: Lists,
    run: Option<String>,
    rng: SmallRng,
}

impl Composer {
    /// `run` names the ledger's run, where one is kept.
    pub fn new(plan: &Plan, run: Option<&str>) -> Self {
        let connection = if plan.close { "Connection: close\r\n" } else { "" };
        let tail = format!(" HTTP/1.1\r\nHost: {}\r\n{connection}", plan.target.host);
        let mut lists = plan.lists.clone();
        let (before_code, after_code) = match plan.target.path.split_once("{code}") {
            Some((before, after)) if !lists.codes.is_empty() => (format!("GET {before}"), format!("{after}{tail}")),
            _ => {
                lists.codes.clear();
                (format!("GET {}{tail}", plan.target.path), String::new())
            }
        };
        let run = run.map(str::to_owned);
        Self { before_code, after_code, lists, run, rng: SmallRng::seed_from_u64(plan.seed) }
    }

    /// Writes the request of this number.
    pub fn compose(&mut self, number: u64, request: &mut Vec<u8>) {
        request.clear();
        request.extend_from_slice(self.before_code.as_bytes());
        if let Some(code) = one_of(&self.lists.codes, &mut self.rng) {
            request.extend_from_slice(code);
            request.extend_from_slice(self.after_code.as_bytes());
        }
        if let Some(agent) = one_of(&self.lists.agents, &mut self.rng) {
            header(request, "User-Agent", agent);
        }
        if let Some(run) = &self.run {
            request.extend_from_slice(b"Referer: ");
            ledger::write_referer(run, number, request);
            request.extend_from_slice(b"\r\n");
        } else if let Some(referer) = one_of(&self.lists.referers, &mut self.rng) {
            header(request, "Referer", referer);
        }
        request.extend_from_slice(b"\r\n");
    }
}

fn header(request: &mut Vec<u8>, name: &str, value: &[u8]) {
    for part in [name.as_bytes(), b": ", value, b"\r\n"] {
        request.extend_from_slice(part);
    }
}

fn one_of<'a>(list: &'a [String], rng: &mut SmallRng) -> Option<&'a [u8]> {
    match list {
        [] => None,
        [only] => Some(only.as_bytes()),
        _ => Some(list[rng.random_range(0..list.len())].as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flood::Target;

    fn composed(change: impl FnOnce(&mut Plan), run: Option<&str>) -> String {
        let mut plan = Plan::new(Target::parse("http://127.0.0.1:3000/r/{code}?a=1").unwrap());
        plan.lists.agents = vec!["Agent".into()];
        plan.lists.referers = vec!["https://page.example/".into()];
        change(&mut plan);
        let mut request = b"what was there before".to_vec();
        Composer::new(&plan, run).compose(12, &mut request);
        String::from_utf8(request).unwrap()
    }

    #[test]
    fn a_request_has_a_code_an_agent_and_a_referer_of_the_lists() {
        assert_eq!(
            composed(|plan| plan.lists.codes = vec!["abc".into()], None),
            "GET /r/abc?a=1 HTTP/1.1\r\nHost: 127.0.0.1:3000\r\nUser-Agent: Agent\r\nReferer: https://page.example/\r\n\r\n"
        );
    }

    #[test]
    fn with_a_ledger_the_referer_is_the_requests_own() {
        let request = composed(|plan| plan.close = true, Some("00ff"));
        assert!(request.contains("\r\nConnection: close\r\n"), "{request}");
        assert!(request.contains("\r\nReferer: https://bench.example/00ff/12\r\n"), "{request}");
        assert!(request.starts_with("GET /r/{code}?a=1 HTTP/1.1\r\n"), "no list, no code: {request}");
    }
}
