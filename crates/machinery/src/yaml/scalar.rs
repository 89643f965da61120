//! What a plain scalar means: YAML 1.1 as go-yaml v2 reads it (`resolve.go` there). The printer asks the same question
//! to know which strings need quotes.

#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// Reads as text, but is quoted when printed.
    Timestamp,
    Merge,
    Text,
}

pub fn resolve(s: &str) -> Scalar {
    match s {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Scalar::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Scalar::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Scalar::Float(f64::INFINITY);
        }
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        "<<" => return Scalar::Merge,
        _ => {}
    }
    match s.as_bytes().first() {
        Some(b'.') => float(s).map_or(Scalar::Text, Scalar::Float),
        Some(b'+' | b'-' | b'0'..=b'9') => number(s),
        _ => Scalar::Text,
    }
}

fn number(s: &str) -> Scalar {
    if is_timestamp(s) {
        return Scalar::Timestamp;
    }
    let plain: String = s.chars().filter(|c| *c != '_').collect();
    if let Some(n) = integer(&plain) {
        return match i64::try_from(n) {
            Ok(n) => Scalar::Int(n),
            Err(_) => Scalar::Float(n as f64),
        };
    }
    float(&plain).map_or(Scalar::Text, Scalar::Float)
}

/// `ParseInt(s, 0, 64)`, or else `ParseUint`: 0x, 0o, 0b, and a leading 0 for octal.
fn integer(s: &str) -> Option<i128> {
    let (negative, digits) = match s.as_bytes().first()? {
        b'-' => (true, s.get(1..)?),
        b'+' => (false, s.get(1..)?),
        _ => (false, s),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.as_str() {
        d if d.starts_with("0x") => (16, d.get(2..)?),
        d if d.starts_with("0o") => (8, d.get(2..)?),
        d if d.starts_with("0b") => (2, d.get(2..)?),
        d if d.len() > 1 && d.starts_with('0') => (8, d.get(1..)?),
        d => (10, d),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let n = i128::from_str_radix(digits, radix).ok()?;
    let n = if negative { -n } else { n };
    let unsigned = !s.starts_with(['-', '+']) && n <= i128::from(u64::MAX);
    (i64::try_from(n).is_ok() || unsigned).then_some(n)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn float(s: &str) -> Option<f64> {
    let b = s.as_bytes();
    let digits = |mut i: usize| {
        let from = i;
        while b.get(i).is_some_and(u8::is_ascii_digit) {
            i += 1;
        }
        (i, i - from)
    };
    let start = usize::from(matches!(b.first(), Some(b'+' | b'-')));
    let (mut i, whole) = digits(start);
    if b.get(i) == Some(&b'.') {
        let (end, fraction) = digits(i + 1);
        if whole + fraction == 0 {
            return None;
        }
        i = end;
    } else if whole == 0 {
        return None;
    }
    if matches!(b.get(i), Some(b'e' | b'E')) {
        i += 1;
        if matches!(b.get(i), Some(b'+' | b'-')) {
            i += 1;
        }
        let (end, exponent) = digits(i);
        if exponent == 0 {
            return None;
        }
        i = end;
    }
    let f = s.parse::<f64>().ok()?;
    (i == b.len() && f.is_finite()).then_some(f)
}

/// `2001-12-14`, `2001-12-14T21:59:43.10-05:00`, `2001-12-14 21:59:43`.
fn is_timestamp(s: &str) -> bool {
    let mut parts = s.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let all_digits = |s: &str| !s.is_empty() && s.bytes().all(|c| c.is_ascii_digit());
    let in_range = |s: &str, max: u32| {
        all_digits(s) && s.len() <= 2 && s.parse::<u32>().is_ok_and(|n| n <= max)
    };
    if year.len() != 4
        || !all_digits(year)
        || !in_range(month, 12)
        || month.trim_matches('0').is_empty()
    {
        return false;
    }
    let day_len = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (Some(day), Some(rest)) = (rest.get(..day_len), rest.get(day_len..)) else {
        return false;
    };
    if !in_range(day, 31) || day.trim_matches('0').is_empty() {
        return false;
    }
    let (zoned, clock) = match rest.chars().next() {
        None => return true,
        Some('T' | 't') => (true, rest.get(1..).unwrap_or("")),
        Some(' ') => (false, rest.get(1..).unwrap_or("")),
        Some(_) => return false,
    };
    let clock = match (zoned, clock.strip_suffix('Z')) {
        (true, Some(c)) => c,
        (true, None) => match clock.rfind(['+', '-']) {
            Some(i) if zone(clock.get(i + 1..).unwrap_or("")) => clock.get(..i).unwrap_or(""),
            _ => return false,
        },
        (false, _) => clock,
    };
    let mut fields = clock.splitn(3, ':');
    let (Some(h), Some(m), Some(sec)) = (fields.next(), fields.next(), fields.next()) else {
        return false;
    };
    let (sec, fraction) = sec.split_once('.').unwrap_or((sec, "0"));
    in_range(h, 23) && in_range(m, 59) && in_range(sec, 59) && all_digits(fraction)
}

fn zone(s: &str) -> bool {
    let b = s.as_bytes();
    b.len() == 5
        && b.iter().enumerate().all(|(i, c)| {
            if i == 2 {
                *c == b':'
            } else {
                c.is_ascii_digit()
            }
        })
}

/// `12:30:45`: no number to us, but one to other YAML readers, so it is quoted when printed.
pub fn is_base60(s: &str) -> bool {
    let s = s.strip_prefix(['+', '-']).unwrap_or(s);
    let Some((first, rest)) = s.split_once(':') else {
        return false;
    };
    let (rest, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let starts = first.starts_with(|c: char| c.is_ascii_digit());
    let digits = |s: &str| s.bytes().all(|c| c.is_ascii_digit() || c == b'_');
    let sixty = |s: &str| match s.as_bytes() {
        [a] => a.is_ascii_digit(),
        [a, b] => (b'0'..=b'5').contains(a) && b.is_ascii_digit(),
        _ => false,
    };
    starts && digits(first) && digits(fraction) && rest.split(':').all(sixty)
}
