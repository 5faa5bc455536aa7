//! Prometheus's text format 0.0.4, read strictly: whatever a scraper could stumble over ends the test.
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::collections::{BTreeMap, BTreeSet};

/// All that was told, by name and labels.
#[derive(Clone, Debug, Default)]
pub struct Exposition {
    /// Of each family its type.
    pub types: BTreeMap<String, String>,
    /// Of each series its value, under its name and its labels in order.
    series: BTreeMap<(String, BTreeMap<String, String>), f64>,
}

impl Exposition {
    pub fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line ends");
        let mut told = Self::default();
        let (mut family, mut helped) = (String::new(), String::new());
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').unwrap_or_else(|| panic!("no help: {line}"));
                assert!(help.ends_with('.') && help.len() > 5, "help is a sentence: {line}");
                name.clone_into(&mut helped);
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap_or_else(|| panic!("no type: {line}"));
                assert_eq!(name, helped, "HELP stands before TYPE");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert!(is_name(name, true), "{line}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "counters, and they alone, are totals: {line}");
                assert!(told.types.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} is there once");
                name.clone_into(&mut family);
            } else {
                told.sample(line, &family);
            }
        }
        told.check_histograms();
        told
    }

    fn sample(&mut self, line: &str, family: &str) {
        let (name, labels, value) = split(line);
        let suffixes: &[&str] = if self.types[family] == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
        let suffix = name.strip_prefix(family);
        assert!(suffix.is_some_and(|suffix| suffixes.contains(&suffix)), "{line} stands under {family}");
        let value: f64 = value.parse().unwrap_or_else(|_| panic!("no value: {line}"));
        assert!(value.is_finite() && value >= 0.0, "{line}");
        assert!(self.series.insert((name, labels), value).is_none(), "once only: {line}");
    }

    fn check_histograms(&self) {
        for ((name, labels), count) in &self.series {
            let Some(family) = name.strip_suffix("_count").filter(|name| self.kind(name) == Some("histogram")) else {
                continue;
            };
            let mut buckets: Vec<(f64, f64)> = Vec::new();
            for ((_, other), value) in self.series.iter().filter(|((name, _), _)| *name == format!("{family}_bucket")) {
                let mut other = other.clone();
                let bound = other.remove("le").expect("a bucket has its bound");
                if other == *labels {
                    buckets.push((bound.parse().expect("a bound is a number"), *value));
                }
            }
            buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
            assert!(buckets.is_sorted_by_key(|bucket| bucket.1), "buckets hold those below: {family} {buckets:?}");
            assert_eq!(buckets.last(), Some(&(f64::INFINITY, *count)), "{family}");
            assert!(self.series.contains_key(&(format!("{family}_sum"), labels.clone())), "{family}");
        }
    }

    fn kind(&self, family: &str) -> Option<&str> {
        self.types.get(family).map(String::as_str)
    }

    /// The value of one series; None where there is none.
    pub fn find(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.series.get(&(name.to_owned(), labels)).copied()
    }

    /// A series that counts, from nothing where it is not there yet.
    pub fn get(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.find(name, labels).unwrap_or_default()
    }

    /// Names of series, as expressions use them.
    pub fn names(&self) -> BTreeSet<&str> {
        self.series.keys().map(|(name, _)| name.as_str()).collect()
    }

    /// Every label's value that occurs.
    pub fn label_values(&self) -> BTreeSet<&str> {
        self.series.keys().flat_map(|(_, labels)| labels.values()).map(String::as_str).collect()
    }
}

/// A sample's name, labels and value.
fn split(line: &str) -> (String, BTreeMap<String, String>, &str) {
    let end = line.find(['{', ' ']).unwrap_or_else(|| panic!("no value: {line}"));
    let (name, rest) = line.split_at(end);
    assert!(is_name(name, true), "{line}");
    let mut labels = BTreeMap::new();
    let Some(mut rest) = rest.strip_prefix('{') else {
        return (name.to_owned(), labels, rest.strip_prefix(' ').unwrap());
    };
    loop {
        let (label, value) = rest.split_once("=\"").unwrap_or_else(|| panic!("no label: {line}"));
        assert!(is_name(label, false), "{line}");
        let (value, after) = unquoted(value).unwrap_or_else(|| panic!("no label's value: {line}"));
        assert!(labels.insert(label.to_owned(), value).is_none(), "a label is there once: {line}");
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return (name.to_owned(), labels, after.strip_prefix("} ").unwrap_or_else(|| panic!("{line}"))),
        }
    }
}

/// Up to the quote that ends it, and what follows.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(match chars.next()?.1 {
                'n' => '\n',
                other @ ('\\' | '"') => other,
                _ => return None,
            }),
            other => value.push(other),
        }
    }
    None
}

fn is_name(name: &str, with_colon: bool) -> bool {
    let begins = name.starts_with(|char: char| char.is_ascii_lowercase());
    begins && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || (with_colon && byte == b':'))
}
