//! Quantities in their canonical form (`apimachinery:pkg/api/resource/quantity.go`): a stand-in until `machinery` has them.

/// `0.5` → `500m`, `1024Mi` → `1Gi`; None where the text is no quantity.
pub fn canonical(text: &str) -> Option<String> {
    let (nanos, binary) = parse(text)?;
    Some(print(nanos, binary, text))
}

const BINARY: &[(&str, u32)] = &[
    ("Ki", 1),
    ("Mi", 2),
    ("Gi", 3),
    ("Ti", 4),
    ("Pi", 5),
    ("Ei", 6),
];
const DECIMAL: &[(&str, i32)] = &[
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];

/// The value in billionths, rounded up, and whether its suffix is a power of 1024.
pub fn parse(text: &str) -> Option<(i128, bool)> {
    let t = text.strip_prefix(['+', '-']).unwrap_or(text);
    let negative = text.starts_with('-');
    let end = t
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(t.len());
    let (number, suffix) = t.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty())
        || fraction.contains('.')
        || whole.len() > 19
        || fraction.len() > 18
    {
        return None;
    }
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let mut scale: i32 = 9 - fraction.len() as i32;
    let mut factor: i128 = 1;
    let mut binary = false;
    if let Some((_, power)) = BINARY.iter().find(|(s, _)| *s == suffix) {
        factor = 1i128 << (10 * power);
        binary = true;
    } else if let Some((_, power)) = DECIMAL.iter().find(|(s, _)| *s == suffix) {
        scale += power;
    } else {
        let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
        if !(-18..=18).contains(&exponent) {
            return None;
        }
        scale += exponent;
    }
    let scaled = digits.checked_mul(factor)?;
    let value = if scale >= 0 {
        scaled.checked_mul(10i128.checked_pow(scale as u32)?)?
    } else {
        let unit = 10i128.checked_pow(scale.unsigned_abs())?;
        (scaled + unit - 1) / unit
    };
    Some((if negative { -value } else { value }, binary))
}

/// The canonical form of an amount in billionths.
pub fn text(nanos: i128, binary: bool) -> String {
    print(nanos, binary, "")
}

fn print(nanos: i128, binary: bool, text: &str) -> String {
    const ONE: i128 = 1_000_000_000;
    if nanos == 0 {
        return "0".into();
    }
    if binary && nanos % ONE == 0 && (nanos / ONE).abs() >= 1024 {
        let mut n = nanos / ONE;
        let mut power = 0;
        while n % 1024 == 0 && power < 6 {
            n /= 1024;
            power += 1;
        }
        let suffix = BINARY
            .iter()
            .find(|(_, p)| *p == power)
            .map_or("", |(s, _)| *s);
        return format!("{n}{suffix}");
    }
    let exponent_form = text.contains(['e', 'E']) && !text.ends_with('E') && !text.ends_with("Ei");
    let mut n = nanos;
    let mut power = -9;
    while n % 1000 == 0 && power < 18 {
        n /= 1000;
        power += 3;
    }
    if exponent_form {
        return if power == 0 {
            n.to_string()
        } else {
            format!("{n}e{power}")
        };
    }
    let suffix = DECIMAL
        .iter()
        .find(|(_, p)| *p == power)
        .map_or("", |(s, _)| *s);
    format!("{n}{suffix}")
}
