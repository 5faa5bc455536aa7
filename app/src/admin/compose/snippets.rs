//! docs/examples, with an advertiser's own address and key in them.

/// What stands in the files for the address of a Tributary, and for a key.
const ADDRESS: &str = "https://tributary.example";
const KEY: &str = "trb_live_…";

const FIRST_EVENT: &str = include_str!("../../../../docs/examples/first-event.sh");

pub struct Program {
    pub language: &'static str,
    pub file: &'static str,
    text: &'static str,
}

pub const PROGRAMS: [Program; 4] = [
    Program { language: "curl", file: "post-order.sh", text: include_str!("../../../../docs/examples/post-order.sh") },
    Program {
        language: "Node",
        file: "post-order.mjs",
        text: include_str!("../../../../docs/examples/post-order.mjs"),
    },
    Program {
        language: "Python",
        file: "post-order.py",
        text: include_str!("../../../../docs/examples/post-order.py"),
    },
    Program { language: "PHP", file: "post-order.php", text: include_str!("../../../../docs/examples/post-order.php") },
];

impl Program {
    pub fn filled(&self, address: &str, key: &str) -> String {
        filled(self.text, address, key)
    }
}

/// The call alone, to be pasted into a terminal.
pub fn first_event(address: &str, key: &str) -> String {
    let lines: Vec<&str> = FIRST_EVENT.lines().skip_while(|line| line.starts_with('#')).collect();
    filled(&lines.join("\n"), address, key)
}

/// A key as far as it is known, in place of one.
pub fn begins(prefix: &str) -> String {
    format!("{prefix}…")
}

fn filled(text: &str, address: &str, key: &str) -> String {
    text.replace(ADDRESS, address).replace(KEY, key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_names_its_address_and_key_to_be_filled_in() {
        for program in PROGRAMS {
            for placeholder in [ADDRESS, KEY] {
                assert_eq!(program.text.matches(placeholder).count(), 1, "{placeholder} in {}", program.file);
            }
            let filled = program.filled("https://go.example", "trb_live_abcd…");
            assert!(filled.contains("TRIBUTARY_URL=https://go.example TRIBUTARY_API_KEY=trb_live_abcd…"), "{filled}");
        }
    }

    #[test]
    fn the_first_event_is_one_call() {
        let filled = first_event("https://go.example", "trb_live_x");
        assert!(filled.starts_with("curl -sS https://go.example/api/v1/events \\\n"), "{filled}");
        assert!(filled.contains("'X-API-KEY: trb_live_x'"), "{filled}");
    }
}
