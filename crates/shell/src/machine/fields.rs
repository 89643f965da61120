//! A word on its way to fields: characters that know whether they were quoted.

use crate::glob;

/// Longest result of one word.
pub(super) const MAX_WORD: usize = 4 << 20;

/// Most fields of one word.
pub(super) const MAX_FIELDS: usize = 100_000;

/// Characters, each with the flag "quoted".
pub(super) type Field = Vec<(char, bool)>;

/// A word on its way: characters, each with the flag "quoted".
#[derive(Default)]
pub(super) struct Fields {
    pub done: Vec<Vec<(char, bool)>>,
    pub current: Vec<(char, bool)>,
    /// The current field exists even if it is empty.
    pub exists: bool,
    pub after_blank: bool,
    pub split: bool,
    pub subs: usize,
    pub assigned: Vec<(String, String)>,
    pub size: usize,
}

impl Fields {
    pub fn push(&mut self, text: &str, quoted: bool) {
        self.size += text.len();
        if self.size <= MAX_WORD {
            self.current.extend(text.chars().map(|c| (c, quoted)));
        }
        self.after_blank = false;
        self.exists |= quoted || !text.is_empty();
    }

    pub fn end_field(&mut self) {
        if self.done.len() < MAX_FIELDS {
            self.done.push(std::mem::take(&mut self.current));
        }
        self.exists = false;
    }

    /// A result that was not quoted: cut at the characters of `$IFS`.
    pub fn push_split(&mut self, text: &str, ifs: &str) {
        self.size += text.len();
        if self.size > MAX_WORD {
            return;
        }
        for c in text.chars() {
            if !ifs.contains(c) {
                self.current.push((c, false));
                self.exists = true;
                self.after_blank = false;
            } else if c.is_ascii_whitespace() {
                if self.exists {
                    self.end_field();
                    self.after_blank = true;
                }
            } else if self.after_blank {
                self.after_blank = false;
            } else {
                self.end_field();
            }
        }
    }

    pub fn finish(mut self) -> (Vec<Field>, Vec<(String, String)>) {
        if self.exists {
            self.end_field();
        }
        (self.done, self.assigned)
    }
}

/// `${x/pattern/with}`; longest match at each place.
pub(super) fn replace(chars: &[char], pattern: &[char], with: &str, all: bool) -> String {
    let (anchor_start, anchor_end, pattern) = match pattern.first() {
        Some('#') if !all => (true, false, &pattern[1..]),
        Some('%') if !all => (false, true, &pattern[1..]),
        _ => (false, false, pattern),
    };
    let mut out = String::new();
    let mut at = 0;
    if pattern.is_empty() && (anchor_start || anchor_end) {
        let text: String = chars.iter().collect();
        return match anchor_start {
            true => format!("{with}{text}"),
            false => format!("{text}{with}"),
        };
    }
    // Quadratic in the worst case, so only so much is looked at.
    let limit = chars.len().min(4096);
    while at < limit && !pattern.is_empty() {
        let found = (at + 1..=limit.max(at + 1))
            .rev()
            .filter(|end| !anchor_end || *end == chars.len())
            .find(|end| glob::matches_chars(pattern, &chars[at..*end]));
        if let Some(end) = found {
            out.push_str(with);
            at = end;
            if !all {
                break;
            }
        } else {
            if anchor_start {
                break;
            }
            out.push(chars[at]);
            at += 1;
        }
    }
    out.extend(&chars[at..]);
    out
}

pub(super) fn to_text(field: &[(char, bool)]) -> String {
    field.iter().map(|(c, _)| *c).collect()
}

pub(super) fn to_pattern(field: &[(char, bool)]) -> String {
    let mut out = String::with_capacity(field.len());
    for (c, quoted) in field {
        if *quoted && "*?[]\\!-^".contains(*c) {
            out.push('\\');
        }
        out.push(*c);
    }
    out
}
