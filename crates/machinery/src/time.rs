//! Instants as milliseconds since 1970 UTC, and the texts that Kubernetes uses for them. Nothing here reads a clock.

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = i64;

/// Year, month (1..12) and day (1..31) of a count of days since 1970-01-01 (proleptic Gregorian calendar).
pub fn civil(days: i64) -> (i64, u32, u32) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (d, m) = (
        doy - (153 * mp + 2) / 5 + 1,
        if mp < 10 { mp + 3 } else { mp - 9 },
    );
    (yoe + era * 400 + i64::from(m <= 2), m as u32, d as u32)
}

/// Days since 1970-01-01 of a date.
pub fn days(year: i64, month: u32, day: u32) -> i64 {
    let y = year - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = (i64::from(month) + 9) % 12;
    let doy = (153 * mp + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

/// `2026-11-20T09:00:00Z`: the form of `metav1.Time`, whole seconds.
pub fn rfc3339(t: Millis) -> String {
    let s = t.div_euclid(1000);
    let ((y, mo, d), r) = (civil(s.div_euclid(86_400)), s.rem_euclid(86_400));
    if let Ok(y @ 0..10_000) = u32::try_from(y) {
        // Every write stamps its time: this is the form without detour.
        let mut out = String::with_capacity(20);
        let mut two = |n: u32, end: &str| {
            out.extend([n / 10 % 10, n % 10].map(|d| char::from(b'0' + d as u8)));
            out.push_str(end);
        };
        let r = r as u32;
        two(y / 100, "");
        for (n, end) in [
            (y, "-"),
            (mo, "-"),
            (d, "T"),
            (r / 3600, ":"),
            (r / 60 % 60, ":"),
            (r % 60, "Z"),
        ] {
            two(n, end);
        }
        return out;
    }
    format!(
        "{y:04}-{mo:02}-{d:02}T{:02}:{:02}:{:02}Z",
        r / 3600,
        r / 60 % 60,
        r % 60
    )
}

/// `2026-11-20T09:00:00.123000Z`: the form of `metav1.MicroTime`.
pub fn rfc3339_micro(t: Millis) -> String {
    let whole = rfc3339(t);
    format!(
        "{}.{:03}000Z",
        &whole[..whole.len() - 1],
        t.rem_euclid(1000)
    )
}

/// Reads RFC 3339 with optional fraction and offset; None where it is not that.
pub fn parse_rfc3339(s: &str) -> Option<Millis> {
    let b = s.as_bytes();
    let num = |from: usize, to: usize| -> Option<i64> {
        let part = b.get(from..to)?;
        part.iter()
            .all(u8::is_ascii_digit)
            .then(|| part.iter().fold(0, |n, c| n * 10 + i64::from(c - b'0')))
    };
    let mark = |i: usize, c: u8| b.get(i).map(u8::to_ascii_uppercase) == Some(c);
    if !(mark(4, b'-') && mark(7, b'-') && mark(10, b'T') && mark(13, b':') && mark(16, b':')) {
        return None;
    }
    let (y, mo, d, h, mi, sec) = (
        num(0, 4)?,
        num(5, 7)?,
        num(8, 10)?,
        num(11, 13)?,
        num(14, 16)?,
        num(17, 19)?,
    );
    if !(1..=12).contains(&mo) || !(1..=31).contains(&d) || h > 23 || mi > 59 || sec > 60 {
        return None;
    }
    let mut t = ((days(y, mo as u32, d as u32) * 24 + h) * 60 + mi) * 60_000 + sec * 1000;
    let mut rest = &b[19..];
    if rest.first() == Some(&b'.') {
        let n = rest[1..].iter().take_while(|c| c.is_ascii_digit()).count();
        let digit = |i: usize| {
            rest.get(1 + i)
                .filter(|_| i < n)
                .map_or(0, |c| i64::from(c - b'0'))
        };
        t += digit(0) * 100 + digit(1) * 10 + digit(2);
        rest = &rest[1 + n..];
    }
    match rest {
        [b'Z' | b'z'] => Some(t),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2]
            if [h1, h2, m1, m2].iter().all(|c| c.is_ascii_digit()) =>
        {
            let n = |a: &u8, b: &u8| i64::from(a - b'0') * 10 + i64::from(b - b'0');
            let offset = (n(h1, h2) * 60 + n(m1, m2)) * 60_000;
            Some(if *sign == b'+' {
                t - offset
            } else {
                t + offset
            })
        }
        _ => None,
    }
}
