//! `docs/configuration.md` says what the command line takes; the other documents, and what stands in `deploy/`, name
//! nothing that it does not.
//!
//! `make configuration` writes the document anew.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::{
    collections::BTreeSet,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use clap::{Arg, Command, CommandFactory};
use server::cli::Cli;

const DOCUMENT: &str = "docs/configuration.md";
const INTRODUCTION: &str = "# Configuration

Every flag of `tributary`, from its code (`make configuration` writes this page; a test fails where it is behind).
Where a flag has a variable, the environment serves as well; the command line wins where both are set. `tributary help
COMMAND` tells the same. What is secret belongs into the environment or a file: other users of the machine can read
command lines.
";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn command() -> Command {
    let mut command = Cli::command();
    // Else what holds for every command is not known to each.
    command.build();
    command
}

/// What is not there because clap adds it.
fn own_flags(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|arg| !["help", "version"].contains(&arg.get_id().as_str()) && !arg.is_hide_set())
}

fn subcommands(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|command| command.get_name() != "help" && !command.is_hide_set())
}

#[test]
fn the_document_says_what_the_code_takes() {
    let written = document(&command());
    let path = root().join(DOCUMENT);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &written).unwrap();
    }
    let stands = fs::read_to_string(&path).unwrap_or_default();
    assert!(stands == written, "{DOCUMENT} is behind the code: `make configuration` writes it anew");
}

fn document(command: &Command) -> String {
    let mut text = INTRODUCTION.to_owned();
    let everywhere: Vec<&Arg> = own_flags(command).filter(|arg| arg.is_global_set()).collect();
    text += "\n## Every command\n";
    table(&mut text, &everywhere);
    let commands: Vec<&Command> = subcommands(command).collect();
    let serve = commands.iter().find(|command| command.get_name() == "serve").unwrap();
    for command in &commands {
        describe(&mut text, command, "tributary", serve);
    }
    text
}

/// One command and those below it. What it takes as `serve` does is only named.
fn describe(text: &mut String, command: &Command, parents: &str, serve: &Command) {
    let name = format!("{parents} {}", command.get_name());
    if command.has_subcommands() {
        for command in subcommands(command) {
            describe(text, command, &name, serve);
        }
        return;
    }
    let about = command.get_long_about().or(command.get_about()).unwrap().to_string();
    let flags = own_flags(command).filter(|arg| !arg.is_global_set());
    let is_serve = command.get_name() == serve.get_name();
    let (shared, own): (Vec<&Arg>, Vec<&Arg>) = flags.partition(|arg| !is_serve && is_of(serve, arg));
    let places: Vec<String> =
        own.iter().filter(|arg| arg.is_positional()).map(|arg| format!(" {}", value(arg))).collect();
    write!(text, "\n## `{name}{}`\n\n{}\n", places.concat(), wrapped(&about)).unwrap();
    if !own.is_empty() {
        table(text, &own);
    }
    if !shared.is_empty() {
        let names: Vec<String> = shared.iter().map(|arg| format!("`--{}`", arg.get_long().unwrap())).collect();
        write!(text, "\n{}\n", wrapped(&format!("As `serve` takes them: {}.", names.join(", ")))).unwrap();
    }
}

fn is_of(serve: &Command, arg: &Arg) -> bool {
    let same = |other: &Arg| other.get_long() == arg.get_long() && help(other) == help(arg);
    arg.get_long().is_some() && serve.get_arguments().any(same)
}

fn table(text: &mut String, args: &[&Arg]) {
    *text += "\n| flag | variable | default | what it does |\n| --- | --- | --- | --- |\n";
    for arg in args {
        let flag = match arg.get_long() {
            Some(long) if arg.get_action().takes_values() => format!("`--{long} {}`", value(arg)),
            Some(long) => format!("`--{long}`"),
            None => format!("`{}`", value(arg)),
        };
        let variable = arg.get_env().map(|name| format!("`{}`", name.to_string_lossy())).unwrap_or_default();
        let defaults = arg.get_default_values().iter().map(|value| value.to_string_lossy());
        let default = defaults.filter(|value| !value.is_empty() && arg.get_action().takes_values());
        let default = default.map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" ");
        let default = if arg.is_required_set() { "required".to_owned() } else { default };
        writeln!(text, "| {flag} | {variable} | {default} | {} |", meaning(arg)).unwrap();
    }
}

fn value(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    names.first().map_or_else(|| arg.get_id().as_str().to_uppercase(), ToString::to_string)
}

fn help(arg: &Arg) -> String {
    arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default()
}

/// Its help, and what each of its words means, as a table's cell.
fn meaning(arg: &Arg) -> String {
    let mut text = help(arg);
    for word in arg.get_possible_values().iter().filter(|_| arg.get_action().takes_values()) {
        let meaning = word.get_help().map(|help| format!(": {help}")).unwrap_or_default();
        write!(text, " · `{}`{meaning}", word.get_name()).unwrap();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// Lines of at most 120 characters; paragraphs stay.
fn wrapped(text: &str) -> String {
    let paragraph = |text: &str| {
        let (mut lines, mut line) = (Vec::new(), String::new());
        for word in text.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > 120 {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line += word;
        }
        lines.push(line);
        lines.join("\n")
    };
    text.split("\n\n").map(paragraph).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn what_documents_name_is_there() {
    let command = command();
    let (mut flags, mut variables) = (BTreeSet::new(), BTreeSet::new());
    walk(&command, &mut |command| {
        for arg in command.get_arguments() {
            flags.extend(arg.get_long().map(str::to_owned));
            variables.extend(arg.get_env().map(|name| name.to_string_lossy().into_owned()));
        }
    });
    let mut paths = files(&root().join("docs"), false);
    paths.extend(files(&root().join("deploy"), true));
    paths.push(root().join("README.md"));
    let mut named = 0;
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        for variable in words(&text, "TRIBUTARY_", |c| c.is_ascii_uppercase() || c == '_') {
            assert!(variable.ends_with('_') || variables.contains(variable), "{} names {variable}", path.display());
            named += 1;
        }
        // Elsewhere every word of a file is code, of other programs mostly.
        let is_document = path.extension().is_some_and(|extension| extension == "md");
        for code in if is_document { code(&text) } else { Vec::new() } {
            let of = Said::of(&code, &command);
            for flag in of.flags {
                let known = of.command.map_or(flags.contains(flag), |command| takes(command, flag));
                assert!(known || flag == "help" || flag == "version", "{} names --{flag}: {code}", path.display());
                named += 1;
            }
        }
    }
    assert!(named > 80, "{named} names were looked at");
}

/// The documents of a folder, and with `all` every file of it and of those below.
fn files(folder: &Path, all: bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && all {
            found.extend(files(&path, all));
        } else if path.is_file() && (all || path.extension().is_some_and(|extension| extension == "md")) {
            found.push(path);
        }
    }
    found
}

fn walk(command: &Command, look: &mut impl FnMut(&Command)) {
    look(command);
    for command in command.get_subcommands() {
        walk(command, look);
    }
}

fn takes(command: &Command, flag: &str) -> bool {
    command.get_arguments().any(|arg| arg.get_long() == Some(flag))
}

/// The flags in a piece of code that are ours: of a command that it spells out, or by themselves.
struct Said<'a> {
    command: Option<&'a Command>,
    flags: Vec<&'a str>,
}

impl<'a> Said<'a> {
    fn of(code: &'a str, tributary: &'a Command) -> Self {
        let called = code.split([' ', '\n']).scan(0, |at, word| {
            let begin = *at;
            *at += word.len() + 1;
            Some((begin, word))
        });
        let called = called.filter(|(_, word)| *word == "tributary" || word.ends_with("/tributary")).last();
        let Some((at, word)) = called else {
            let alone = code.starts_with("--");
            return Self { command: None, flags: if alone { words_of_flags(code).collect() } else { Vec::new() } };
        };
        let rest = code[at + word.len()..].split(['|', ';', '&', '>', '#']).next().unwrap_or_default();
        let mut command = tributary;
        for word in rest.split_whitespace() {
            match command.find_subcommand(word) {
                Some(below) => command = below,
                None => break,
            }
        }
        // Where none is named, it may be any.
        let named = (command.get_name() != tributary.get_name()).then_some(command);
        Self { command: named, flags: words_of_flags(rest).collect() }
    }
}

fn words_of_flags(code: &str) -> impl Iterator<Item = &str> {
    words(code, "--", |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        .map(|flag| &flag[2..])
        .filter(|flag| !flag.is_empty())
}

/// Every word that begins so and goes on with such characters.
fn words<'t>(text: &'t str, begins: &'t str, goes_on: impl Fn(char) -> bool + 't) -> impl Iterator<Item = &'t str> {
    text.match_indices(begins).filter_map(move |(at, _)| {
        let before = text[..at].chars().next_back();
        let end = text[at + begins.len()..].find(|c| !goes_on(c)).map_or(text.len(), |end| at + begins.len() + end);
        before.is_none_or(|c| !c.is_alphanumeric() && c != '-' && c != '_').then(|| &text[at..end])
    })
}

/// What stands in backticks, and each command of a block between fences.
fn code(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (place, part) in text.split("```").enumerate() {
        if place % 2 == 1 {
            found.extend(part.replace("\\\n", " ").lines().skip(1).map(str::to_owned));
        } else {
            found.extend(part.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found
}

#[test]
fn flags_are_found_where_they_are_ours() {
    let command = command();
    for (code, named, flags) in [
        ("--addr", None, vec!["addr"]),
        ("tributary serve --addr 1 --log x", Some("serve"), vec!["addr", "log"]),
        (
            "sudo -u t target/release/tributary spool import /x --incomplete | tee --append y",
            Some("import"),
            vec!["incomplete"],
        ),
        ("docker run --rm image tributary check --figures", Some("check"), vec!["figures"]),
        ("cargo build --release", None, vec![]),
        ("tributary --help", None, vec!["help"]),
    ] {
        let said = Said::of(code, &command);
        assert_eq!((said.command.map(Command::get_name), said.flags), (named, flags), "{code}");
    }
    assert_eq!(code("a `b c` d\n```sh\ne \\\n f\n```\n`g`"), ["b c", "e   f", "g"]);
}
