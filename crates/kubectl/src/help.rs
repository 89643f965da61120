//! `--help`, the list of commands, and suggestions: all derived from the list of commands.

use crate::ROOT;
use crate::command::{Command, Flag, FlagKind};
use crate::commands::GROUPS;
use machinery::Arrange;

/// What `kubectl` alone prints.
pub fn root() -> String {
    let mut out = String::from(
        "kubectl controls the Kubernetes cluster manager.\n\n Find more information at: https://kubernetes.io/docs/reference/kubectl/\n",
    );
    for group in GROUPS {
        let members: Vec<&&Command> = ROOT.subs.iter().filter(|c| c.group == *group).collect();
        if members.is_empty() {
            continue;
        }
        out.push_str(&format!("\n{group}\n"));
        for c in members {
            out.push_str(&format!("  {:<15} {}\n", c.name, c.short));
        }
    }
    out.push_str(
        "\nUsage:\n  kubectl [flags] [options]\n\nUse \"kubectl <command> --help\" for more information about a given command.\nUse \"kubectl options\" for a list of global command-line options (applies to all commands).\n",
    );
    out
}

/// The help of one command or group.
pub fn command(way: &[&'static Command]) -> String {
    let path = crate::cx::path(way);
    let Some(c) = way.last() else {
        return String::new();
    };
    let mut out = String::new();
    let long = if c.long.is_empty() { c.short } else { c.long };
    out.push_str(&format!("{}\n", wrap(long, 78).trim_end_matches('\n')));
    if !c.long.is_empty() || long.ends_with('.') {
    } else {
        out.truncate(out.trim_end().len());
        out.push_str(".\n");
    }
    if !c.aliases.is_empty() {
        out.push_str(&format!(
            "\nAliases:\n{}, {}\n",
            c.name,
            c.aliases.join(", ")
        ));
    }
    if !c.examples.is_empty() {
        let parts: Vec<String> = c
            .examples
            .iter()
            .map(|e| format!("  # {}\n  {}", e.0, e.1))
            .collect();
        out.push_str(&format!("\nExamples:\n{}\n", parts.join("\n  \n")));
    }
    if !c.subs.is_empty() {
        out.push_str("\nAvailable Commands:\n");
        let wide = c
            .subs
            .iter()
            .map(|s| s.name.len())
            .max()
            .unwrap_or(0)
            .max(11);
        for s in c.subs {
            out.push_str(&format!("  {:<wide$}   {}\n", s.name, s.short));
        }
    }
    let mut flags: Vec<&Flag> = c.own_flags().collect();
    flags.retain(|f| f.deprecated.is_empty());
    flags.arrange_by_key(|f| f.long);
    flags.dedup_by_key(|f| f.long);
    if !flags.is_empty() {
        out.push_str("\nOptions:\n");
        let parts: Vec<String> = flags.iter().map(|f| flag(f)).collect();
        out.push_str(&parts.join("\n"));
    }
    let usage = if c.usage.is_empty() {
        format!("{path} [options]")
    } else if c.usage.contains("[options]") {
        format!("{path} {}", c.usage)
    } else {
        format!("{path} {} [options]", c.usage)
    };
    out.push_str(&format!("\nUsage:\n  {usage}\n"));
    if !c.subs.is_empty() {
        out.push_str(&format!(
            "\nUse \"{path} <command> --help\" for more information about a given command.\n"
        ));
    }
    out.push_str(
        "Use \"kubectl options\" for a list of global command-line options (applies to all commands).\n",
    );
    out
}

/// One flag, as `--help` and `kubectl options` show it.
pub fn flag(f: &Flag) -> String {
    let short = match f.short {
        '\0' => String::new(),
        c => format!("-{c}, "),
    };
    let default = match f.kind {
        FlagKind::Text if f.default.is_empty() => "''".to_string(),
        FlagKind::Text => format!("'{}'", f.default),
        FlagKind::List | FlagKind::Array => format!("[{}]", f.default),
        FlagKind::Map => f.default.to_string(),
        _ => f.default.to_string(),
    };
    let help: Vec<String> = wrap(f.help, 74)
        .lines()
        .map(|l| format!("\t{l}\n"))
        .collect();
    format!("    {short}--{}={default}:\n{}", f.long, help.concat())
}

fn wrap(text: &str, width: usize) -> String {
    let mut out = String::new();
    for paragraph in text.split('\n') {
        let mut column = 0;
        for word in paragraph.split_whitespace() {
            if column > 0 && column + 1 + word.len() > width {
                out.push('\n');
                column = 0;
            }
            if column > 0 {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += word.len();
        }
        out.push('\n');
    }
    out
}

/// Commands whose name is near to a word: at most two edits away, or beginning with it.
pub fn suggestions(word: &str) -> Vec<&'static str> {
    let word = word.to_lowercase();
    let near = |c: &&&'static Command| distance(&word, c.name) <= 2 || c.name.starts_with(&word);
    let shown = ROOT.subs.iter().filter(|c| c.name != "alpha");
    shown.filter(near).map(|c| c.name).collect()
}

/// The edit distance of Levenshtein.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut previous = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let change = previous + usize::from(ca != *cb);
            previous = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(previous + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names() {
        for (word, names) in [
            ("gte", vec!["get"]),
            ("crate", vec!["create"]),
            ("foo", vec!["top"]),
            ("xyzzyx", vec![]),
        ] {
            assert_eq!(suggestions(word), names, "{word}");
        }
    }
}
