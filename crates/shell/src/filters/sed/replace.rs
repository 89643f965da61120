//! `s///`: the replacement put in, with `\1`, `&`, `\U` and its kind.

use super::Piece;
use crate::regex::Regex;

pub(super) fn substitute(
    space: &str,
    regex: &Regex,
    with: &[Piece],
    all: bool,
    nth: usize,
) -> Option<String> {
    let chars: Vec<char> = space.chars().collect();
    let mut out = String::new();
    let (mut from, mut copied, mut count, mut changed) = (0, 0, 0, false);
    while from <= chars.len() {
        let Some(captures) = regex.find_at(&chars, from) else {
            break;
        };
        let Some((start, end)) = captures.first().copied().flatten() else {
            break;
        };
        count += 1;
        if count >= nth {
            out.extend(chars.get(copied..start).unwrap_or_default());
            expand(&mut out, with, &captures, &chars);
            copied = end;
            changed = true;
            if !all {
                break;
            }
        }
        from = end;
        if end == start {
            from += 1;
        }
    }
    out.extend(chars.get(copied..).unwrap_or_default());
    changed.then_some(out)
}

/// Puts the replacement in, with `\1`, `&`, `\U` and its kind.
pub(super) fn expand(
    out: &mut String,
    with: &[Piece],
    captures: &[Option<(usize, usize)>],
    chars: &[char],
) {
    let (mut mode, mut once) = ('E', None);
    let mut put = |text: &str, mode: char, once: &mut Option<char>| {
        for c in text.chars() {
            match (once.take(), mode) {
                (Some('u'), _) => out.extend(c.to_uppercase()),
                (Some(_), _) => out.extend(c.to_lowercase()),
                (None, 'U') => out.extend(c.to_uppercase()),
                (None, 'L') => out.extend(c.to_lowercase()),
                _ => out.push(c),
            }
        }
    };
    for piece in with {
        match piece {
            Piece::Text(text) => put(text, mode, &mut once),
            Piece::Group(group) => {
                if let Some((start, end)) = captures.get(*group).copied().flatten() {
                    let text: String = chars.get(start..end).unwrap_or_default().iter().collect();
                    put(&text, mode, &mut once);
                }
            }
            Piece::Case(c @ ('u' | 'l')) => once = Some(*c),
            Piece::Case(c) => mode = *c,
        }
    }
}
