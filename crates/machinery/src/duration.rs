//! Spans of time as Go and kubectl write them. All in milliseconds, as [`crate::time::Millis`].

/// `5m35s`, `3h12m`, `2d3h`, `118d`: the ages in kubectl's tables (`apimachinery:pkg/util/duration`).
pub fn human(millis: i64) -> String {
    let seconds = millis / 1000;
    let (minutes, hours) = (millis / 60_000, millis / 3_600_000);
    let two = |a: i64, unit: &str, b: i64, small: &str| match b {
        0 => format!("{a}{unit}"),
        b => format!("{a}{unit}{b}{small}"),
    };
    match () {
        () if seconds < -1 => "<invalid>".into(),
        () if seconds < 0 => "0s".into(),
        () if seconds < 120 => format!("{seconds}s"),
        () if minutes < 10 => two(minutes, "m", seconds % 60, "s"),
        () if minutes < 180 => format!("{minutes}m"),
        () if hours < 8 => two(hours, "h", minutes % 60, "m"),
        () if hours < 48 => format!("{hours}h"),
        () if hours < 24 * 8 => two(hours / 24, "d", hours % 24, "h"),
        () if hours < 24 * 365 * 2 => format!("{}d", hours / 24),
        () if hours < 24 * 365 * 8 => two(hours / 24 / 365, "y", hours / 24 % 365, "d"),
        () => format!("{}y", hours / 24 / 365),
    }
}

/// One unit only: `45s`, `3m`, `2h`, `5d` (upstream's `ShortHumanDuration`).
pub fn human_short(millis: i64) -> String {
    let seconds = millis / 1000;
    match seconds {
        ..=-2 => "<invalid>".into(),
        -1 => "0s".into(),
        s if s < 60 => format!("{s}s"),
        s if s < 3600 => format!("{}m", s / 60),
        s if s < 86_400 => format!("{}h", s / 3600),
        s if s < 86_400 * 365 => format!("{}d", s / 86_400),
        s => format!("{}y", s / 86_400 / 365),
    }
}

/// `1h30m0s`, `1.5s`, `250ms`, `0s`: Go's `Duration.String`.
pub fn print(millis: i64) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    let m = millis.unsigned_abs();
    if m == 0 {
        return "0s".into();
    }
    if m < 1000 {
        return format!("{sign}{m}ms");
    }
    let (hours, minutes, seconds, rest) = (m / 3_600_000, m / 60_000 % 60, m / 1000 % 60, m % 1000);
    let fraction = match rest {
        0 => String::new(),
        r => format!(".{r:03}").trim_end_matches('0').to_string(),
    };
    match (hours, minutes) {
        (0, 0) => format!("{sign}{seconds}{fraction}s"),
        (0, _) => format!("{sign}{minutes}m{seconds}{fraction}s"),
        _ => format!("{sign}{hours}h{minutes}m{seconds}{fraction}s"),
    }
}

/// Reads `1h30m`, `1.5s`, `300ms`, `-1s`, `0`; what is finer than a millisecond is cut off. Errors in Go's words.
pub fn parse(s: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {}", crate::json::quote(s));
    let negative = s.starts_with('-');
    let mut rest = s.strip_prefix(['-', '+']).unwrap_or(s);
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut nanos: i128 = 0;
    while !rest.is_empty() {
        let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
        let (whole, after) = rest.split_at(digits(rest));
        let (fraction, after) = match after.strip_prefix('.') {
            Some(a) => a.split_at(digits(a)),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let end = after
            .find(|c: char| c == '.' || c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let scale: i128 = match unit {
            "" => {
                return Err(format!(
                    "time: missing unit in duration {}",
                    crate::json::quote(s)
                ));
            }
            "ns" => 1,
            "us" | "µs" | "μs" => 1000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            u => {
                let (u, s) = (crate::json::quote(u), crate::json::quote(s));
                return Err(format!("time: unknown unit {u} in duration {s}"));
            }
        };
        let whole: i128 = if whole.is_empty() {
            0
        } else {
            whole.parse().map_err(|_| invalid())?
        };
        nanos = nanos.saturating_add(whole.saturating_mul(scale));
        let mut place = scale;
        for c in fraction.bytes().take(18) {
            place /= 10;
            nanos = nanos.saturating_add(place * i128::from(c - b'0'));
        }
        if nanos > i128::from(i64::MAX) {
            return Err(invalid());
        }
        rest = after;
    }
    let millis = (nanos / 1_000_000) as i64;
    Ok(if negative { -millis } else { millis })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_as_kubectl_shows_them() {
        const S: i64 = 1000;
        const M: i64 = 60 * S;
        const H: i64 = 60 * M;
        const D: i64 = 24 * H;
        for (t, want) in [
            (-5 * S, "<invalid>"),
            (-S, "0s"),
            (0, "0s"),
            (119 * S, "119s"),
            (2 * M, "2m"),
            (5 * M + 35 * S, "5m35s"),
            (10 * M + 5 * S, "10m"),
            (179 * M, "179m"),
            (3 * H + 12 * M, "3h12m"),
            (8 * H + M, "8h"),
            (47 * H, "47h"),
            (2 * D + 3 * H, "2d3h"),
            (2 * D, "2d"),
            (8 * D + H, "8d"),
            (700 * D, "700d"),
            (800 * D, "2y70d"),
            (4000 * D, "10y"),
        ] {
            assert_eq!(human(t), want);
        }
    }

    #[test]
    fn durations_as_go_reads_and_prints_them() {
        for (s, want) in [
            ("1h30m", "1h30m0s"),
            ("1.5s", "1.5s"),
            ("300ms", "300ms"),
            ("0", "0s"),
            ("90s", "1m30s"),
            ("-5s", "-5s"),
            ("1h1s", "1h0m1s"),
            ("5", "time: missing unit in duration \"5\""),
            ("x", "time: invalid duration \"x\""),
            ("5d", "time: unknown unit \"d\" in duration \"5d\""),
            ("", "time: invalid duration \"\""),
        ] {
            assert_eq!(parse(s).map_or_else(|e| e, print), want, "of {s}");
        }
    }
}
