//! jq's regular expressions over the shell's engine: named groups, `(?:`, the flags g, i, x, n. Left out: lazy quantifiers, look-around.
//! The engine takes the longest of the leftmost matches, Oniguruma the first that it comes upon.

use super::value::{J, arr, text};
use shell::regex::Regex;

/// A pattern without what POSIX lacks; for each group whether it is kept, and its name.
fn plain(pattern: &str) -> Result<(String, Vec<(bool, Option<String>)>), String> {
    let mut out = String::new();
    let mut groups = Vec::new();
    let mut chars = pattern.chars().peekable();
    let mut inside = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                out.push(c);
                out.extend(chars.next());
                continue;
            }
            '[' => inside = true,
            ']' => inside = false,
            '(' if !inside => {
                out.push(c);
                let mut kept = (true, None);
                if chars.next_if_eq(&'?').is_some() {
                    match chars.next() {
                        Some(':') => kept.0 = false,
                        Some('<') if !matches!(chars.peek(), Some('=' | '!')) => {
                            let name = chars.by_ref().take_while(|c| *c != '>').collect();
                            kept.1 = Some(name);
                        }
                        _ => {
                            return Err(format!(
                                "{pattern} (at offset 0) is not a valid regex: bottleship does not simulate look-around"
                            ));
                        }
                    }
                }
                groups.push(kept);
                continue;
            }
            '?' if !inside && out.ends_with(['*', '+', '?', '}']) => {
                return Err(format!(
                    "{pattern} (at offset 0) is not a valid regex: bottleship does not simulate lazy quantifiers"
                ));
            }
            _ => {}
        }
        out.push(c);
    }
    Ok((out, groups))
}

pub fn matches(s: &str, pattern: &str, flags: &str) -> Result<Vec<J>, String> {
    if let Some(bad) = flags.chars().find(|c| !"gimnpslx".contains(*c)) {
        return Err(format!("{bad} is not a valid modifier string"));
    }
    let (source, groups) = plain(pattern)?;
    let regex = Regex::new(&source, true, flags.contains('i'))
        .map_err(|e| format!("{pattern} (at offset 0) is not a valid regex: {e}"))?;
    let chars: Vec<char> = s.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at <= chars.len() && out.len() < 100_000 {
        let Some(found) = regex.find_at(&chars, at) else {
            break;
        };
        let Some(Some((from, to))) = found.first().copied() else {
            break;
        };
        let part = |from: usize, to: usize| {
            let part = chars.get(from..to).unwrap_or(&[]);
            text(part.iter().collect::<String>())
        };
        let piece = |span: Option<(usize, usize)>| {
            let (offset, length, string) = match span {
                Some((f, t)) => (J::Num(f as f64), t - f, part(f, t)),
                None => (J::Num(-1.0), 0, J::Null),
            };
            vec![
                ("offset", offset),
                ("length", J::Num(length as f64)),
                ("string", string),
            ]
        };
        let kept = groups.iter().enumerate().filter(|(_, (kept, _))| *kept);
        let captures = kept.map(|(i, (_, name))| {
            let mut fields = piece(found.get(i + 1).copied().flatten());
            fields.push(("name", name.as_ref().map_or(J::Null, text)));
            J::obj(fields)
        });
        let captures = arr(captures.collect());
        let mut whole = piece(Some((from, to)));
        whole.push(("captures", captures));
        out.push(J::obj(whole));
        if !flags.contains('g') {
            break;
        }
        at = if to > from { to } else { to + 1 };
    }
    Ok(out)
}
