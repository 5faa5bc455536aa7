//! `docs/security.md` answers every requirement of OWASP ASVS 5.0, levels 1 and 2, and the tests it names are there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Each section, and its requirements of levels 1 and 2 (5.0.0; those of level 3 stand behind them, by number).
const SECTIONS: [(&str, u32); 75] = [
    ("1.1", 2),
    ("1.2", 9),
    ("1.3", 11),
    ("1.4", 3),
    ("1.5", 2),
    ("2.1", 3),
    ("2.2", 3),
    ("2.3", 4),
    ("2.4", 1),
    ("3.2", 2),
    ("3.3", 4),
    ("3.4", 6),
    ("3.5", 5),
    ("3.7", 2),
    ("4.1", 3),
    ("4.2", 1),
    ("4.3", 2),
    ("4.4", 4),
    ("5.1", 1),
    ("5.2", 3),
    ("5.3", 2),
    ("5.4", 3),
    ("6.1", 3),
    ("6.2", 12),
    ("6.3", 4),
    ("6.4", 4),
    ("6.5", 5),
    ("6.6", 3),
    ("6.8", 4),
    ("7.1", 3),
    ("7.2", 4),
    ("7.3", 2),
    ("7.4", 5),
    ("7.5", 2),
    ("7.6", 2),
    ("8.1", 2),
    ("8.2", 3),
    ("8.3", 1),
    ("8.4", 1),
    ("9.1", 3),
    ("9.2", 4),
    ("10.1", 2),
    ("10.2", 2),
    ("10.3", 4),
    ("10.4", 11),
    ("10.5", 5),
    ("10.6", 2),
    ("10.7", 3),
    ("11.1", 2),
    ("11.2", 3),
    ("11.3", 3),
    ("11.4", 4),
    ("11.5", 1),
    ("11.6", 1),
    ("12.1", 3),
    ("12.2", 2),
    ("12.3", 4),
    ("13.1", 1),
    ("13.2", 5),
    ("13.3", 2),
    ("13.4", 5),
    ("14.1", 2),
    ("14.2", 4),
    ("14.3", 3),
    ("15.1", 3),
    ("15.2", 3),
    ("15.3", 7),
    ("16.1", 1),
    ("16.2", 5),
    ("16.3", 4),
    ("16.4", 3),
    ("16.5", 3),
    ("17.1", 1),
    ("17.2", 4),
    ("17.3", 2),
];

/// How a row begins that no test can show.
const REASONS: [&str; 5] = ["Not applicable:", "By design:", "Document:", "Operator:", "Not met:"];

struct Row {
    number: String,
    how: String,
    tests: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn document() -> String {
    fs::read_to_string(root().join("docs/security.md")).unwrap()
}

fn rows(document: &str) -> Vec<Row> {
    let lines = document.lines().filter_map(|line| line.strip_prefix("| v5.0.0-"));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.trim_end_matches('|').split(" | ").map(str::trim).collect();
            let [number, requirement, how, tests] = cells[..] else { panic!("four cells: {line}") };
            assert!(!requirement.is_empty(), "{line}");
            let tests = tests.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            Row { number: number.to_owned(), how: how.to_owned(), tests }
        })
        .collect()
}

/// Every test of the tree by its name: functions of Rust, titles of the browser's.
fn tests_of_the_tree() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders: Vec<PathBuf> =
        ["model", "engine", "app", "server", "end2end/tests"].map(|folder| root().join(folder)).into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "target" && name != "node_modules" {
                    folders.push(path);
                }
            } else if name.ends_with(".rs") {
                collect_rust(&fs::read_to_string(path).unwrap(), &mut found);
            } else if name.ends_with(".ts") {
                let text = fs::read_to_string(path).unwrap();
                let titles = text.split("test('").skip(1).filter_map(|rest| rest.split('\'').next());
                found.extend(titles.map(str::to_owned));
            }
        }
    }
    found
}

/// What stands below a test's attribute, or within a macro that makes tests of its functions.
fn collect_rust(text: &str, found: &mut BTreeSet<String>) {
    let mut is_next = false;
    let mut makes_tests = false;
    for line in text.lines() {
        let line_is_item = !line.starts_with(' ');
        makes_tests =
            if line_is_item { line.contains("on_both! {") || line.contains("proptest! {") } else { makes_tests };
        let line = line.trim();
        is_next |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        let name = line.split("fn ").nth(1).and_then(|rest| rest.split(['(', '<']).next());
        if let Some(name) = name.filter(|_| is_next || makes_tests) {
            found.insert(name.trim().to_owned());
            is_next = false;
        }
    }
}

#[test]
fn every_requirement_of_both_levels_has_its_row() {
    let mut expected = BTreeSet::new();
    for (section, count) in &SECTIONS {
        expected.extend((1..=*count).map(|number| format!("{section}.{number}")));
    }
    assert_eq!(expected.len(), 253, "70 of level 1 and 183 of level 2");
    let mut seen = BTreeMap::new();
    for row in rows(&document()) {
        *seen.entry(row.number).or_insert(0) += 1;
    }
    let twice: Vec<_> = seen.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    let seen: BTreeSet<String> = seen.into_keys().collect();
    assert_eq!(expected.difference(&seen).collect::<Vec<_>>(), Vec::<&String>::new(), "missing");
    assert_eq!(seen.difference(&expected).collect::<Vec<_>>(), Vec::<&String>::new(), "unknown");
}

#[test]
fn every_row_names_tests_that_are_there_or_says_why_none_is() {
    let known = tests_of_the_tree();
    assert!(known.len() > 400, "{}", known.len());
    for Row { number, how, tests } in rows(&document()) {
        assert!(how.len() > 10, "{number} says how");
        for test in &tests {
            assert!(known.contains(test), "{number} names {test}, which is no test");
        }
        let has_reason = REASONS.iter().any(|reason| how.starts_with(reason));
        assert!(!tests.is_empty() || has_reason, "{number} has neither a test nor a reason");
    }
}

#[test]
fn what_is_not_met_is_said_at_the_top() {
    let document = document();
    let (head, _) = document.split_once("\n## Requirement by requirement").unwrap();
    let section = head.split("\n## What is not met").nth(1).unwrap().split("\n## ").next().unwrap();
    let number = |rest: &str| rest.split(|c: char| !c.is_ascii_digit() && c != '.').next().map(str::to_owned);
    let told: BTreeSet<String> = section.split("v5.0.0-").skip(1).filter_map(number).collect();
    let unmet: BTreeSet<String> =
        rows(&document).into_iter().filter(|row| row.how.starts_with("Not met:")).map(|row| row.number).collect();
    assert_eq!(told, unmet);
}
