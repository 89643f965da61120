//! `tests/coverage.md`: every command and flag of kubectl v1.36, and what we do with it: built, refused plainly, or missing.
//! The page is made from `coverage.txt`, the true list (one command a line: `name/shorthand=default`), and the registry of
//! the kubectl crate. `UPDATE=1` rewrites it. Nothing may be missing, and nothing may be there that kubectl has not.

use crate::root;
use kubectl::command::{Command, Flag, FlagKind};

const TRUTH: &str = include_str!("coverage.txt");

#[test]
fn every_command_and_flag_is_built_or_refused_plainly() {
    let mut page = String::from(
        "# kubectl v1.36: commands and flags\n\nMade by `tests/native/coverage.rs` from the registry; `UPDATE=1` rewrites it. *Refused* says so in one plain line when used.\n\n| command | flags built | refused | missing |\n| --- | --- | --- | --- |\n",
    );
    let mut wrong = Vec::new();
    let (mut commands, mut flags) = (0, 0);
    for line in TRUTH.lines() {
        let (path, wanted) = line.split_once(':').expect("path: flags");
        commands += 1;
        let Some((way, command)) = find(path) else {
            wrong.push(format!("{path}: missing"));
            page.push_str(&format!("| {path} | | | the command |\n"));
            continue;
        };
        let ours: Vec<Flag> = match path {
            "options" => kubectl::flags::GLOBAL.to_vec(),
            _ => command.own_flags().copied().collect(),
        };
        let (mut built, mut refused, mut missing) = (0, Vec::new(), Vec::new());
        let mut known: Vec<&str> = Vec::new();
        for spec in wanted.split_whitespace() {
            flags += 1;
            let name = spec.split(['/', '=']).next().unwrap_or("");
            known.push(name);
            match ours.iter().find(|f| f.long == name) {
                None => missing.push(name),
                Some(f) if kubectl::refused(&way, f.long).is_some() => refused.push(f.long),
                Some(f) => {
                    built += 1;
                    let found = spelled(f);
                    if found != spec {
                        wrong.push(format!("{path}: --{name} is {spec}, ours {found}"));
                    }
                }
            }
        }
        for f in &ours {
            if !known.contains(&f.long) && f.deprecated.is_empty() {
                wrong.push(format!("{path}: kubectl has no --{}", f.long));
            }
        }
        if kubectl::refused(&way, "").is_some() {
            (built, refused) = (0, vec!["the command"]);
        }
        if !missing.is_empty() {
            wrong.push(format!("{path}: missing --{}", missing.join(" --")));
        }
        let (refused, missing) = (refused.join(", "), missing.join(", "));
        page.push_str(&format!("| {path} | {built} | {refused} | {missing} |\n"));
    }
    page.push_str(&format!("\n{commands} commands, {flags} flags.\n"));
    let path = root().join("tests/coverage.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &page).expect("writable");
    }
    if std::fs::read_to_string(&path).unwrap_or_default() != page {
        wrong.push("tests/coverage.md is out of date: UPDATE=1 rewrites it".into());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `name/shorthand=default`, as the list has it.
fn spelled(f: &Flag) -> String {
    let mut out = f.long.to_string();
    if f.short != '\0' {
        out.push_str(&format!("/{}", f.short));
    }
    let default = match f.kind {
        FlagKind::List | FlagKind::Array => format!("[{}]", f.default),
        _ => f.default.replace(' ', "_"),
    };
    if !default.is_empty() {
        out.push_str(&format!("={default}"));
    }
    out
}

fn find(path: &str) -> Option<(Vec<&'static Command>, &'static Command)> {
    let mut way = vec![&kubectl::ROOT];
    for word in path.split(' ') {
        let sub = way.last()?.sub(word)?;
        way.push(sub);
    }
    Some((way.clone(), way.last()?))
}
