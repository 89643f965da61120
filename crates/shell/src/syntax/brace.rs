//! Brace expansion: `{a,b}`, `{1..5}`, `{a..e}`, `{1..9..2}`, before every other expansion.
//!
//! The real one is bash's `braces.c`. Only braces that are not quoted count, but the pieces between
//! them may hold anything, so the word is cut into single characters and opaque parts first.

use super::ast::{Part, Word};

/// More words than this from one word, and it stays as it is.
const MAX_WORDS: usize = 50_000;

#[derive(Clone)]
enum Atom {
    Char(char),
    Part(Part),
}

pub fn expand(word: Word) -> Vec<Word> {
    let may = |part: &Part| matches!(part, Part::Lit(text) if text.contains('{'));
    if !word.parts.iter().any(may) {
        return vec![word];
    }
    let mut atoms = Vec::new();
    for part in &word.parts {
        match part {
            Part::Lit(text) => atoms.extend(text.chars().map(Atom::Char)),
            part => atoms.push(Atom::Part(part.clone())),
        }
    }
    let mut budget = MAX_WORDS;
    match expand_atoms(&atoms, &mut budget, 0) {
        Some(list) if list.len() > 1 || budget < MAX_WORDS => {
            list.into_iter().map(|atoms| to_word(&atoms)).collect()
        }
        _ => vec![word],
    }
}

fn to_word(atoms: &[Atom]) -> Word {
    let mut parts: Vec<Part> = Vec::new();
    for atom in atoms {
        match (atom, parts.last_mut()) {
            (Atom::Char(c), Some(Part::Lit(text))) => text.push(*c),
            (Atom::Char(c), _) => parts.push(Part::Lit(c.to_string())),
            (Atom::Part(part), _) => parts.push(part.clone()),
        }
    }
    Word { parts }
}

fn char_at(atoms: &[Atom], at: usize) -> Option<char> {
    match atoms.get(at) {
        Some(Atom::Char(c)) => Some(*c),
        _ => None,
    }
}

/// `None` when the budget is spent.
fn expand_atoms(atoms: &[Atom], budget: &mut usize, depth: usize) -> Option<Vec<Vec<Atom>>> {
    if depth > 16 {
        return None;
    }
    for start in 0..atoms.len() {
        if char_at(atoms, start) != Some('{') {
            continue;
        }
        let Some((end, choices)) = group(atoms, start) else {
            continue;
        };
        let tails = expand_atoms(&atoms[end + 1..], budget, depth + 1)?;
        let mut out = Vec::new();
        for choice in choices {
            for middle in expand_atoms(&choice, budget, depth + 1)? {
                for tail in &tails {
                    *budget = budget.checked_sub(1)?;
                    let mut whole = atoms[..start].to_vec();
                    whole.extend(middle.iter().cloned());
                    whole.extend(tail.iter().cloned());
                    out.push(whole);
                }
            }
        }
        return Some(out);
    }
    Some(vec![atoms.to_vec()])
}

/// The braces that open at `start`: where they close, and what they offer.
fn group(atoms: &[Atom], start: usize) -> Option<(usize, Vec<Vec<Atom>>)> {
    let mut depth = 0;
    let mut from = start + 1;
    let mut choices = Vec::new();
    for at in start..atoms.len() {
        match char_at(atoms, at) {
            Some('{') => depth += 1,
            Some('}') => {
                depth -= 1;
                if depth == 0 {
                    if !choices.is_empty() {
                        choices.push(atoms[from..at].to_vec());
                        return Some((at, choices));
                    }
                    let inner: Option<String> =
                        (start + 1..at).map(|at| char_at(atoms, at)).collect();
                    return sequence(&inner?).map(|list| {
                        let atoms = |text: String| text.chars().map(Atom::Char).collect::<Vec<_>>();
                        (at, list.into_iter().map(atoms).collect())
                    });
                }
            }
            Some(',') if depth == 1 => {
                choices.push(atoms[from..at].to_vec());
                from = at + 1;
            }
            _ => {}
        }
    }
    None
}

/// `1..5`, `01..10`, `a..e`, `1..9..2`
fn sequence(inner: &str) -> Option<Vec<String>> {
    let mut pieces = inner.split("..");
    let (low, high) = (pieces.next()?, pieces.next()?);
    let step = pieces
        .next()
        .map_or(Some(1), |step| step.parse::<i64>().ok())?;
    if pieces.next().is_some() {
        return None;
    }
    let step = step.unsigned_abs().max(1);
    let single = |text: &str| match text.chars().collect::<Vec<_>>().as_slice() {
        [c] if c.is_ascii_alphabetic() => Some(i64::from(u32::from(*c))),
        _ => None,
    };
    let numbers = low.parse::<i64>().ok().zip(high.parse::<i64>().ok());
    let letters = single(low).zip(single(high));
    let (from, to) = numbers.or(letters)?;
    let count = from.abs_diff(to) / step + 1;
    if count > MAX_WORDS as u64 {
        return None;
    }
    let padded = |text: &str| text.trim_start_matches('-').starts_with('0') && text.len() > 1;
    let width = if padded(low) || padded(high) {
        low.len().max(high.len())
    } else {
        0
    };
    let sign = if from <= to { 1 } else { -1 };
    let value = |index: u64| from.wrapping_add(sign * (index * step) as i64);
    let text = |value: i64| match numbers {
        Some(_) => format!("{value:0width$}"),
        None => u32::try_from(value)
            .ok()
            .and_then(char::from_u32)
            .unwrap_or(' ')
            .to_string(),
    };
    Some((0..count).map(|index| text(value(index))).collect())
}
