//! Times, durations, base64, and the formats that texts may have. Upstream: Go's `time`, `kube-openapi:pkg/validation/strfmt`.

use crate::{time, validate_names as names};

/// RFC 3339 to nanoseconds.
pub fn time(s: &str) -> Option<i64> {
    let ms = time::parse_rfc3339(s)?;
    let fraction: String = s
        .split_once('.')
        .map(|(_, f)| f.chars().take_while(char::is_ascii_digit).collect())
        .unwrap_or_default();
    let nanos: i64 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    ms.div_euclid(1000)
        .checked_mul(1_000_000_000)?
        .checked_add(nanos)
}

pub fn print_time(nanos: i64) -> String {
    let base = time::rfc3339(nanos.div_euclid(1_000_000_000) * 1000);
    let rest = nanos.rem_euclid(1_000_000_000);
    if rest == 0 {
        return base;
    }
    let fraction = format!("{rest:09}");
    let base = base.trim_end_matches('Z');
    format!("{base}.{}Z", fraction.trim_end_matches('0'))
}

/// Go's `time.ParseDuration`, in nanoseconds.
pub fn span(s: &str) -> Option<i64> {
    let (sign, mut rest) = match s.strip_prefix('-') {
        Some(r) => (-1.0, r),
        None => (1.0, s.strip_prefix('+').unwrap_or(s)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total = 0.0f64;
    if rest.is_empty() {
        return None;
    }
    const UNITS: &[(&str, f64)] = &[
        ("ns", 1.0),
        ("us", 1e3),
        ("µs", 1e3),
        ("ms", 1e6),
        ("s", 1e9),
        ("m", 60e9),
        ("h", 3600e9),
    ];
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(end);
        let n: f64 = number.parse().ok()?;
        let (unit, size) = UNITS.iter().find(|(u, _)| tail.starts_with(u))?;
        total += n * size;
        rest = tail.get(unit.len()..)?;
    }
    (total < 9.2e18).then_some((sign * total) as i64)
}

/// As `string(duration)` prints: seconds.
pub fn print_span(nanos: i64) -> String {
    let (seconds, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    if rest == 0 {
        return format!("{seconds}s");
    }
    let sign = if nanos < 0 && seconds == 0 { "-" } else { "" };
    let fraction = format!("{:09}", rest.abs());
    format!("{sign}{seconds}.{}s", fraction.trim_end_matches('0'))
}

/// The formats that rules name, as `format.NAME()`.
pub const NAMED: &[&str] = &[
    "byte",
    "date",
    "datetime",
    "dns1035Label",
    "dns1035LabelPrefix",
    "dns1123Label",
    "dns1123LabelPrefix",
    "dns1123Subdomain",
    "dns1123SubdomainPrefix",
    "labelValue",
    "qualifiedName",
    "uri",
    "uuid",
];

/// What is wrong with a text of this format.
pub fn wrong(format: &str, s: &str) -> Vec<String> {
    let told = |ok: bool, why: &str| {
        if ok {
            Vec::new()
        } else {
            vec![why.to_string()]
        }
    };
    let prefix = || names::mask_trailing_dash(s);
    match format {
        "dns1123Label" => names::dns1123_label(s),
        "dns1123Subdomain" => names::dns1123_subdomain(s),
        "dns1035Label" => names::dns1035_label(s),
        "dns1123LabelPrefix" => names::dns1123_label(&prefix()),
        "dns1123SubdomainPrefix" => names::dns1123_subdomain(&prefix()),
        "dns1035LabelPrefix" => names::dns1035_label(&prefix()),
        "qualifiedName" => names::qualified_name(s),
        "labelValue" => names::label_value(s),
        "uri" => told(
            is(s, "uri"),
            &format!("parse {s:?}: invalid URI for request"),
        ),
        "uuid" => told(is(s, "uuid"), "does not match the UUID format"),
        "byte" => told(is(s, "byte"), "invalid base64"),
        "date" => told(is(s, "date"), "invalid date"),
        "datetime" => told(is(s, "date-time"), "invalid datetime"),
        _ => Vec::new(),
    }
}

/// Whether a text has one of OpenAPI's formats; unknown formats fit all.
pub fn is(s: &str, format: &str) -> bool {
    let hex = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_hexdigit());
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    match format {
        "date-time" | "datetime" => time(s).is_some(),
        "date" => {
            let mut parts = s.split('-');
            let mut number = |len: usize| {
                let part = parts.next().filter(|p| p.len() == len && digits(p))?;
                part.parse::<u32>().ok()
            };
            let (y, m, d) = (number(4), number(2), number(2));
            y.is_some()
                && matches!((m, d), (Some(1..=12), Some(1..=31)))
                && time(&format!("{s}T00:00:00Z")).is_some()
        }
        "duration" => span(s).is_some() || words_span(s),
        "byte" => codec::base64_error(s).is_none(),
        "ipv4" => s.parse::<std::net::Ipv4Addr>().is_ok(),
        "ipv6" => s.parse::<std::net::Ipv6Addr>().is_ok(),
        "cidr" => names::parse_cidr(s).is_some(),
        "mac" => {
            s.split([':', '-']).count() == 6 && s.split([':', '-']).all(|p| p.len() == 2 && hex(p))
        }
        "uuid" | "uuid3" | "uuid4" | "uuid5" => {
            let plain = s.replace('-', "");
            plain.len() == 32 && hex(&plain)
        }
        "hostname" => names::dns1123_subdomain(&s.to_lowercase()).is_empty(),
        "email" => s
            .split_once('@')
            .is_some_and(|(a, b)| !a.is_empty() && b.contains('.')),
        "uri" => {
            s.starts_with('/')
                || s.split_once(':').is_some_and(|(scheme, rest)| {
                    let first = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
                    let fits = scheme
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
                    first && fits && !rest.is_empty() && !s.contains(' ')
                })
        }
        "hexcolor" => s
            .strip_prefix('#')
            .is_some_and(|h| matches!(h.len(), 3 | 6) && hex(h)),
        "rgbcolor" => s.starts_with("rgb(") && s.ends_with(')'),
        "isbn" | "isbn10" | "isbn13" => {
            matches!(s.replace(['-', ' '], "").len(), 10 | 13)
        }
        "ssn" => s.len() == 11 && s.split('-').all(digits),
        "creditcard" => digits(&s.replace(['-', ' '], "")),
        _ => true,
    }
}

/// `3 days`: durations in words.
fn words_span(s: &str) -> bool {
    let units = [
        "nano", "micro", "milli", "second", "minute", "hour", "day", "week",
    ];
    let mut parts = s.split_whitespace();
    let number = parts.next().is_some_and(|n| n.parse::<i64>().is_ok());
    number
        && parts
            .next()
            .is_some_and(|u| units.iter().any(|x| u.starts_with(x)))
}
