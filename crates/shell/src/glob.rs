//! Shell patterns: `*`, `?`, `[a-z]`, `[!x]`, `[[:digit:]]`, and `\` before a literal character.
//!
//! The real one is POSIX's pattern matching notation (glibc: `posix/fnmatch.c`). Used for file
//! names, for `case`, and for `${x%pattern}`. Matching never backtracks further than the last
//! `*`, so it is quadratic at the very worst. Left out: extended patterns (`@(a|b)`).

use crate::fs::{Fs, resolve};

/// Whether the whole text matches the pattern.
pub fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    matches_chars(&pattern, &text)
}

pub fn matches_chars(pattern: &[char], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        if p < pattern.len() && pattern[p] == '*' {
            retry = Some((p + 1, t));
            p += 1;
            continue;
        }
        if t == text.len() && p == pattern.len() {
            return true;
        }
        let step = if t < text.len() {
            match_one(pattern, p, text[t])
        } else {
            None
        };
        match (step, retry) {
            (Some(next), _) => {
                p = next;
                t += 1;
            }
            (None, Some((star, from))) if from < text.len() => {
                retry = Some((star, from + 1));
                p = star;
                t = from + 1;
            }
            _ => return false,
        }
    }
}

/// Matches one character against what stands at `p`; says where the pattern goes on.
fn match_one(pattern: &[char], p: usize, c: char) -> Option<usize> {
    match *pattern.get(p)? {
        '?' => Some(p + 1),
        '\\' if p + 1 < pattern.len() => (pattern[p + 1] == c).then_some(p + 2),
        '[' => match bracket(&pattern[p..], c) {
            Some((true, length)) => Some(p + length),
            Some((false, _)) => None,
            None => (c == '[').then_some(p + 1),
        },
        literal => (literal == c).then_some(p + 1),
    }
}

/// A bracket expression at the start of `pattern`: whether `c` is in it, and its length.
/// `None` if it is never closed.
pub fn bracket(pattern: &[char], c: char) -> Option<(bool, usize)> {
    let mut at = 1;
    let negated = matches!(pattern.get(at), Some('!' | '^'));
    if negated {
        at += 1;
    }
    let first = at;
    let mut found = false;
    loop {
        let mut low = *pattern.get(at)?;
        if low == ']' && at > first {
            return Some((found != negated, at + 1));
        }
        if low == '['
            && pattern.get(at + 1) == Some(&':')
            && let Some(end) = pattern[at + 2..].windows(2).position(|w| w == [':', ']'])
        {
            let name: String = pattern[at + 2..at + 2 + end].iter().collect();
            found |= in_class(&name, c);
            at += end + 4;
            continue;
        }
        if low == '\\' && at + 1 < pattern.len() {
            at += 1;
            low = pattern[at];
        }
        at += 1;
        if pattern.get(at) == Some(&'-') && pattern.get(at + 1).is_some_and(|&c| c != ']') {
            let high = pattern[at + 1];
            found |= low <= c && c <= high;
            at += 2;
        } else {
            found |= low == c;
        }
    }
}

pub use pattern::in_class;

/// Whether a pattern has anything to expand.
pub fn has_magic(pattern: &str) -> bool {
    let mut escaped = false;
    for c in pattern.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '*' | '?' | '[' => return true,
            _ => {}
        }
    }
    false
}

/// The pattern with its `\` taken off: what it stands for if nothing matches.
pub fn unescape(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    out
}

/// Most paths that one pattern yields.
const MAX_PATHS: usize = 10_000;

pub fn expand(fs: &Fs, cwd: &str, pattern: &str) -> Vec<String> {
    let start = if pattern.starts_with('/') { "/" } else { "" };
    let mut found = vec![start.to_owned()];
    let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    for (index, part) in parts.iter().enumerate() {
        let last = index + 1 == parts.len();
        let mut next = Vec::new();
        for base in &found {
            extend(fs, cwd, base, part, last, &mut next);
        }
        next.truncate(MAX_PATHS);
        found = next;
    }
    if pattern.ends_with('/') {
        found.retain(|path| fs.is_dir(&resolve(cwd, path)));
        found.iter_mut().for_each(|path| path.push('/'));
    }
    found
}

fn extend(fs: &Fs, cwd: &str, base: &str, part: &str, last: bool, out: &mut Vec<String>) {
    let join = |name: &str| match base {
        "" => name.to_owned(),
        base if base.ends_with('/') => format!("{base}{name}"),
        base => format!("{base}/{name}"),
    };
    if !has_magic(part) {
        let path = join(&unescape(part));
        if fs.lstat(&resolve(cwd, &path)).is_ok() {
            out.push(path);
        }
        return;
    }
    for name in fs
        .list(&resolve(cwd, if base.is_empty() { "." } else { base }))
        .unwrap_or_default()
    {
        // A leading dot is matched by a dot only.
        if name.starts_with('.') && !part.starts_with('.') {
            continue;
        }
        if matches(part, &name) && (last || fs.is_dir(&resolve(cwd, &join(&name)))) {
            out.push(join(&name));
        }
    }
}
