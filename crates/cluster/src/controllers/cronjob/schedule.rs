//! Cron schedules: five fields, or a macro like `@hourly`. Upstream: `github.com/robfig/cron`.

use machinery::time::{Millis, civil};

const MINUTE_MS: i64 = 60_000;
/// A schedule that names no real date (30 February) is given up after this many days.
const DAYS_MAX: i64 = 366 * 5;

/// The set of minutes, hours, ... that fit, as bits.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// `*` in both: all days. One restricted: that one counts. Both: either does.
    any_day: bool,
    any_weekday: bool,
    /// `@every 90s`
    every_ms: Option<i64>,
}

impl Schedule {
    pub fn parse(text: &str) -> Option<Schedule> {
        if let Some(d) = text.strip_prefix("@every ") {
            let ms = duration_ms(d.trim())?.max(1000);
            return Some(Schedule {
                every_ms: Some(ms),
                ..Schedule::parse("* * * * *")?
            });
        }
        let text = match text.trim() {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            t => t,
        };
        let text = text
            .strip_prefix("TZ=")
            .or(text.strip_prefix("CRON_TZ="))
            .map_or(text, |rest| rest.split_once(' ').map_or("", |(_, t)| t));
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else {
            return None;
        };
        Some(Schedule {
            minutes: field(minutes, 0, 59, &[])?,
            hours: field(hours, 0, 23, &[])?,
            days: field(days, 1, 31, &[])?,
            months: field(months, 1, 12, MONTHS)?,
            weekdays: field(weekdays, 0, 7, WEEKDAYS).map(|b| b & 0x7f | b >> 7)?,
            any_day: matches!(*days, "*" | "?"),
            any_weekday: matches!(*weekdays, "*" | "?"),
            every_ms: None,
        })
    }

    fn fits_day(&self, day: i64) -> bool {
        let (_, month, date) = civil(day);
        let weekday = (day + 4).rem_euclid(7);
        let on_date = self.days >> date & 1 == 1;
        let on_weekday = self.weekdays >> weekday & 1 == 1;
        let fits = match (self.any_day, self.any_weekday) {
            (true, _) => on_weekday,
            (_, true) => on_date,
            _ => on_date || on_weekday,
        };
        self.months >> month & 1 == 1 && fits
    }

    /// The first time after `t`.
    pub fn next_after(&self, t: Millis) -> Option<Millis> {
        if let Some(ms) = self.every_ms {
            return Some(t + ms);
        }
        let first = t.div_euclid(MINUTE_MS) + 1;
        let today = first.div_euclid(1440);
        let mut from = first.rem_euclid(1440);
        for day in today..today + DAYS_MAX {
            if self.fits_day(day) {
                let fits =
                    |m: &i64| self.hours >> (m / 60) & 1 == 1 && self.minutes >> (m % 60) & 1 == 1;
                if let Some(m) = (from..1440).find(fits) {
                    return Some((day * 1440 + m) * MINUTE_MS);
                }
            }
            from = 0;
        }
        None
    }

    /// The newest time after `from` that is not after `until`.
    pub fn last_between(&self, from: Millis, until: Millis) -> Option<Millis> {
        let mut last = None;
        let mut t = from;
        // Looking at more than a thousand missed times helps nobody.
        for _ in 0..1000 {
            match self.next_after(t) {
                Some(next) if next <= until => {
                    last = Some(next);
                    t = next;
                }
                _ => break,
            }
        }
        last
    }
}

const MONTHS: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// `*/15`, `1-5`, `mon,wed`: the bits of the values that fit.
fn field(text: &str, min: u64, max: u64, names: &[&str]) -> Option<u64> {
    let value = |s: &str| -> Option<u64> {
        let lower = s.to_ascii_lowercase();
        let named = names.iter().position(|n| *n == lower);
        let base = if names.len() == 12 { 1 } else { 0 };
        let v = named.map(|i| i as u64 + base).or_else(|| s.parse().ok())?;
        (min..=max).contains(&v).then_some(v)
    };
    let mut bits = 0u64;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((r, s)) => (r, s.parse::<u64>().ok().filter(|s| *s > 0)?),
            None => (part, 1),
        };
        let (from, to) = match range {
            "*" | "?" => (min, max),
            r => match r.split_once('-') {
                Some((a, b)) => (value(a)?, value(b)?),
                None if part.contains('/') => (value(r)?, max),
                None => (value(r)?, value(r)?),
            },
        };
        let mut v = from;
        while v <= to {
            bits |= 1 << v;
            v += step;
        }
    }
    Some(bits)
}

/// `1h30m`, `90s`.
fn duration_ms(text: &str) -> Option<i64> {
    let mut sum = 0i64;
    let mut number = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() {
            number.push(c);
            continue;
        }
        let unit = match c {
            'h' => 3_600_000,
            'm' => 60_000,
            's' => 1000,
            _ => return None,
        };
        sum = sum.checked_add(number.parse::<i64>().ok()?.checked_mul(unit)?)?;
        number.clear();
    }
    number.is_empty().then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::Schedule;
    use machinery::time::{parse_rfc3339, rfc3339};

    #[test]
    fn the_next_time_follows_from_the_five_fields() {
        let after = "2026-11-20T09:07:30Z"; // a Friday
        let table = [
            ("*/5 * * * *", "2026-11-20T09:10:00Z"),
            ("0 3 1 1 *", "2027-01-01T03:00:00Z"),
            ("30 8 * * mon-fri", "2026-11-23T08:30:00Z"),
            ("0 0 13 * 5", "2026-11-27T00:00:00Z"),
            ("@hourly", "2026-11-20T10:00:00Z"),
            ("0 0 30 2 *", ""),
            ("61 * * * *", ""),
            ("every night", ""),
        ];
        for (text, expected) in table {
            let from = parse_rfc3339(after).unwrap_or(0);
            let next = Schedule::parse(text).and_then(|s| s.next_after(from));
            assert_eq!(next.map(rfc3339).unwrap_or_default(), expected, "{text}");
        }
    }
}
