//! Texts that are more than texts: quantities, times, base64. Each is brought to the form that Go writes, or refused in
//! Go's words.

use crate::{Quantity, Value, json, time};

pub fn quantity(v: &Value) -> Result<Value, String> {
    let text = match v {
        Value::Str(s) => s.trim().to_string(),
        other => json::print(other),
    };
    let q = Quantity::parse(&text).map_err(str::to_string)?;
    let canonical = q.to_string();
    Ok(match v {
        Value::Str(s) if s.as_str() == canonical => v.clone(),
        _ => Value::from(canonical),
    })
}

pub fn instant(v: &Value, s: &str, micro: bool) -> Result<Value, String> {
    let Some(t) = time::parse_rfc3339(s) else {
        let layout = if micro {
            "2006-01-02T15:04:05.000000Z07:00"
        } else {
            "2006-01-02T15:04:05Z07:00"
        };
        return Err(time_error(s, layout));
    };
    let text = if micro {
        // Keep microseconds where the text has them in full.
        if s.len() == 27 && s.ends_with('Z') {
            s.to_string()
        } else {
            time::rfc3339_micro(t)
        }
    } else {
        time::rfc3339(t)
    };
    Ok(if text == s {
        v.clone()
    } else {
        Value::from(text)
    })
}

/// Go's words for a text that is no time: which element of the layout the rest does not fit.
fn time_error(s: &str, layout: &str) -> String {
    const ELEMENTS: &[(&str, usize)] = &[
        ("2006", 4),
        ("-", 1),
        ("01", 2),
        ("-", 1),
        ("02", 2),
        ("T", 1),
        ("15", 2),
        (":", 1),
        ("04", 2),
        (":", 1),
        ("05", 2),
    ];
    let mut rest = s;
    for (element, len) in ELEMENTS {
        let literal = *len == 1;
        let fits = match rest.get(..*len) {
            Some(r) if literal => r == *element,
            Some(r) => r.bytes().all(|c| c.is_ascii_digit()),
            None => false,
        };
        if !fits {
            let (s, rest) = (json::quote(s), json::quote(rest));
            return format!(
                "parsing time {s} as \"{layout}\": cannot parse {rest} as \"{element}\""
            );
        }
        rest = rest.get(*len..).unwrap_or("");
    }
    let (quoted, zone) = (json::quote(s), json::quote(rest));
    let range = |from: usize, to: usize, lo: u32, hi: u32| {
        s.get(from..to)
            .and_then(|t| t.parse::<u32>().ok())
            .is_some_and(|n| (lo..=hi).contains(&n))
    };
    for (from, to, lo, hi, name) in [
        (5, 7, 1, 12, "month"),
        (8, 10, 1, 31, "day"),
        (11, 13, 0, 23, "hour"),
        (14, 16, 0, 59, "minute"),
        (17, 19, 0, 59, "second"),
    ] {
        if !range(from, to, lo, hi) {
            return format!("parsing time {quoted}: {name} out of range");
        }
    }
    format!("parsing time {quoted} as \"{layout}\": cannot parse {zone} as \"Z07:00\"")
}
