//! Versions and their constraints (`>=1.19-0 <2`, `^1.2`, `~1.2.3`, `1.x || 2.x`), as `Masterminds/semver` reads them.
//! Pre-releases match only constraints that name one.

use machinery::{Value, value};
use std::cmp::Ordering;

#[derive(Clone, Debug, PartialEq)]
struct Version {
    /// How many of the three numbers were written.
    given: usize,
    numbers: [u64; 3],
    pre: String,
}

fn parse(text: &str) -> Option<Version> {
    let text = text.trim().trim_start_matches(['v', 'V']);
    let text = text.split('+').next().unwrap_or("");
    let (main, pre) = text.split_once('-').unwrap_or((text, ""));
    let mut out = Version {
        given: 0,
        numbers: [0; 3],
        pre: pre.to_string(),
    };
    for (i, part) in main.split('.').enumerate() {
        if ["x", "X", "*"].contains(&part) {
            break;
        }
        *out.numbers.get_mut(i)? = part.parse().ok()?;
        out.given = i + 1;
    }
    Some(out)
}

fn order(a: &Version, b: &Version) -> Ordering {
    a.numbers
        .cmp(&b.numbers)
        .then_with(|| match (a.pre.as_str(), b.pre.as_str()) {
            ("", "") => Ordering::Equal,
            ("", _) => Ordering::Greater,
            (_, "") => Ordering::Less,
            (x, y) => pre_order(x, y),
        })
}

fn pre_order(a: &str, b: &str) -> Ordering {
    let (mut x, mut y) = (a.split('.'), b.split('.'));
    loop {
        let found = match (x.next(), y.next()) {
            (None, None) => return Ordering::Equal,
            (None, _) => Ordering::Less,
            (_, None) => Ordering::Greater,
            (Some(p), Some(q)) => match (p.parse::<u64>(), q.parse::<u64>()) {
                (Ok(m), Ok(n)) => m.cmp(&n),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                _ => p.cmp(q),
            },
        };
        if found != Ordering::Equal {
            return found;
        }
    }
}

/// The first version after all that begin with `v`'s first `n` numbers.
fn after(v: &Version, n: usize) -> Version {
    let mut numbers = [0; 3];
    for (i, place) in numbers.iter_mut().enumerate().take(n) {
        *place = v.numbers[i] + u64::from(i + 1 == n);
    }
    Version {
        given: 3,
        numbers,
        pre: String::new(),
    }
}

fn one(constraint: &str, version: &Version) -> Result<bool, String> {
    let sign = constraint.len()
        - constraint
            .trim_start_matches(['<', '>', '=', '!', '~', '^'])
            .len();
    let (sign, rest) = constraint.split_at(sign);
    let wrong = || format!("improper constraint: {constraint}");
    if ["", "*", "x", "X"].contains(&rest.trim()) {
        return Ok(true);
    }
    let want = parse(rest).ok_or_else(wrong)?;
    if !version.pre.is_empty() && want.pre.is_empty() {
        return Ok(false);
    }
    let at_least = order(version, &want).is_ge();
    let below = |n: usize| order(version, &after(&want, n)).is_lt();
    Ok(match sign {
        "" | "=" | "==" if want.given < 3 => at_least && (want.given == 0 || below(want.given)),
        "" | "=" | "==" => order(version, &want).is_eq(),
        "!=" => !order(version, &want).is_eq(),
        ">" if want.given < 3 => !(order(version, &after(&want, want.given)).is_lt()),
        ">" => order(version, &want).is_gt(),
        ">=" | "=>" => at_least,
        "<" => order(version, &want).is_lt(),
        "<=" | "=<" if want.given < 3 => below(want.given),
        "<=" | "=<" => order(version, &want).is_le(),
        "~" | "~>" => at_least && (want.given == 0 || below(want.given.min(2))),
        "^" => {
            let first = want.numbers.iter().position(|n| *n > 0);
            let n = first.map_or(want.given.max(1), |i| i + 1);
            at_least && below(n.min(3))
        }
        _ => return Err(wrong()),
    })
}

/// Whether a version satisfies a constraint.
pub fn compare(constraint: &str, version: &str) -> Result<bool, String> {
    let version = parse(version).ok_or("Invalid Semantic Version")?;
    let mut any = false;
    for choice in constraint.split("||") {
        // `1.2 - 2.3` is a range; blanks after a sign belong to it.
        let ranged = match choice.split_once(" - ") {
            Some((low, high)) => format!(">={} <={}", low.trim(), high.trim()),
            None => choice.to_string(),
        };
        let mut all = true;
        let mut sign = String::new();
        for word in ranged.split([' ', ',']).filter(|w| !w.is_empty()) {
            sign.push_str(word);
            if word.ends_with(['<', '>', '=', '~', '^', '!']) {
                continue;
            }
            all &= one(&std::mem::take(&mut sign), &version)?;
        }
        any |= all;
    }
    Ok(any)
}

/// Whether a text is a version.
pub fn is_valid(text: &str) -> bool {
    parse(text).is_some_and(|v| v.given > 0)
}

/// sprig's `semver`.
pub fn parts(text: &str) -> Result<Value, String> {
    let v = parse(text).ok_or("Invalid Semantic Version")?;
    let number = |i: usize| v.numbers.get(i).map_or(0, |n| *n as i64);
    Ok(
        value!({ "Major": number(0), "Minor": number(1), "Patch": number(2), "Prerelease": v.pre, "Original": Value::str(text) }),
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn constraints() {
        for (constraint, version, expected) in [
            (">=1.19-0", "v1.36.2", true),
            ("<1.14-0", "v1.36.2", false),
            ("^1.2.0", "1.9.9", true),
            ("^1.2.0", "2.0.0", false),
            ("~1.2", "1.2.9", true),
            ("~1.2", "1.3.0", false),
            ("1.x", "1.3.0", true),
            (">= 1.2, < 2", "1.5.0", true),
            ("1.0 - 1.5 || >3", "4.0.0", true),
            (">1.0.0", "2.0.0-rc1", false),
            (">1.0.0-0", "2.0.0-rc1", true),
            ("*", "1.0.0", true),
        ] {
            assert_eq!(
                super::compare(constraint, version),
                Ok(expected),
                "{constraint} {version}"
            );
        }
    }
}
