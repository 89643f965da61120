//! Command lines of programs made with cobra (helm, minikube, kind, docker): flags by one short table, errors in its words.

/// What was given: positional words, and flags by their long name.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub args: Vec<String>,
    given: Vec<(String, String)>,
}

impl Options {
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some_and(|v| v != "false")
    }
    /// The last value given.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.given.iter().rev().find(|(k, _)| k == name);
        found.map(|(_, v)| v.as_str())
    }
    pub fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or("")
    }
    pub fn all(&self, name: &str) -> Vec<&str> {
        let found = self.given.iter().filter(|(k, _)| k == name);
        found.map(|(_, v)| v.as_str()).collect()
    }
    pub fn arg(&self, i: usize) -> &str {
        self.args.get(i).map_or("", String::as_str)
    }
}

/// One entry of a table: `namespace/n=` has a short form and takes a value, `dry-run?` may take one (only after `=`).
struct Entry<'a> {
    long: &'a str,
    short: Option<char>,
    takes: char,
}

fn entries(table: &str) -> impl Iterator<Item = Entry<'_>> {
    table.split_whitespace().map(|word| {
        let takes = word.chars().last().filter(|c| "=?".contains(*c));
        let word = word.trim_end_matches(['=', '?']);
        let (long, short) = match word.split_once('/') {
            Some((long, short)) => (long, short.chars().next()),
            None => (word, None),
        };
        Entry {
            long,
            short,
            takes: takes.unwrap_or(' '),
        }
    })
}

/// Reads words by a table; with `until_first` all from the first positional word on is left alone (`docker run IMAGE …`).
pub fn parse(words: &[String], table: &str, until_first: bool) -> Result<Options, String> {
    let mut out = Options::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            out.args.extend(words.cloned());
            break;
        }
        if let Some(long) = word.strip_prefix("--") {
            let (name, value) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value.to_string())),
                None => (long, None),
            };
            let Some(entry) = entries(table).find(|e| e.long == name) else {
                return Err(format!("unknown flag: --{name}"));
            };
            let value = match (value, entry.takes) {
                (Some(value), _) => value,
                (None, '=') => words
                    .next()
                    .cloned()
                    .ok_or_else(|| format!("flag needs an argument: --{name}"))?,
                (None, _) => "true".to_string(),
            };
            out.given.push((name.to_string(), value));
            continue;
        }
        let Some(shorts) = word.strip_prefix('-').filter(|s| !s.is_empty()) else {
            out.args.push(word.clone());
            if until_first {
                out.args.extend(words.cloned());
                break;
            }
            continue;
        };
        let mut letters = shorts.chars();
        while let Some(letter) = letters.next() {
            let Some(entry) = entries(table).find(|e| e.short == Some(letter)) else {
                return Err(format!("unknown shorthand flag: {letter:?} in -{shorts}"));
            };
            if entry.takes != '=' {
                out.given.push((entry.long.to_string(), "true".into()));
                continue;
            }
            let attached = letters.as_str();
            let attached = attached.strip_prefix('=').unwrap_or(attached);
            let value = match attached.is_empty() {
                false => attached.to_string(),
                true => words
                    .next()
                    .cloned()
                    .ok_or_else(|| format!("flag needs an argument: {letter:?} in -{shorts}"))?,
            };
            out.given.push((entry.long.to_string(), value));
            break;
        }
    }
    Ok(out)
}

/// The long names of a table, for completion and help: name, short form, whether it takes a value.
pub fn names(table: &str) -> Vec<(&str, Option<char>, bool)> {
    entries(table)
        .map(|e| (e.long, e.short, e.takes == '='))
        .collect()
}

/// Rows as `gosuri/uitable` prints them: every cell as wide as its column, a tab between.
pub fn tabbed(rows: &[Vec<String>]) -> String {
    let widths = widths(rows);
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths);
        let cells: Vec<String> = cells.map(|(c, w)| padded(c, *w)).collect();
        cells.join("\t") + "\n"
    };
    rows.iter().map(line).collect()
}

fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |i: usize| {
        let cells = rows.iter().filter_map(|r| r.get(i));
        cells.map(|c| shell::width::width(c)).max().unwrap_or(0)
    };
    (0..columns).map(width).collect()
}

fn padded(cell: &str, width: usize) -> String {
    let missing = width.saturating_sub(shell::width::width(cell));
    format!("{cell}{}", " ".repeat(missing))
}
/// Rows with this many blanks between their columns, nothing after the last.
pub fn spaced(rows: &[Vec<String>], gap: usize) -> String {
    let widths = widths(rows);
    let line = |row: &Vec<String>| {
        let last = row.len().saturating_sub(1);
        let cells = row.iter().zip(&widths).enumerate();
        let cells = cells.map(|(i, (c, w))| {
            if i < last {
                padded(c, w + gap)
            } else {
                c.clone()
            }
        });
        cells.collect::<String>() + "\n"
    };
    rows.iter().map(line).collect()
}
