//! Timetables of CronJobs: five fields, or a word like `@daily`.
//! Upstream: `robfig/cron/v3` (`parser.go`, `spec.go`), whose words the errors have.

use crate::zone::Zone;

/// When a CronJob runs: sets of minutes, hours, days, months and weekdays, as bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    Fields {
        minute: u64,
        hour: u64,
        day: u64,
        month: u64,
        weekday: u64,
        /// `*` in the day's field: then the weekday alone decides, and the other way round.
        any_day: bool,
        any_weekday: bool,
    },
    /// `@every 90s`, in milliseconds.
    Every(i64),
}

struct Bounds {
    low: u64,
    high: u64,
    names: &'static [&'static str],
}

const MONTHS: &[&str] = &[
    "", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const BOUNDS: [Bounds; 5] = [
    Bounds {
        low: 0,
        high: 59,
        names: &[],
    },
    Bounds {
        low: 0,
        high: 23,
        names: &[],
    },
    Bounds {
        low: 1,
        high: 31,
        names: &[],
    },
    Bounds {
        low: 1,
        high: 12,
        names: MONTHS,
    },
    Bounds {
        low: 0,
        high: 6,
        names: DAYS,
    },
];

impl Schedule {
    pub fn parse(text: &str) -> Result<Schedule, String> {
        let words = match text {
            "" => return Err("empty spec string".into()),
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            _ => match text.strip_prefix("@every ") {
                Some(every) => return duration(every).map(Schedule::Every),
                None if text.starts_with('@') => {
                    return Err(format!("unrecognized descriptor: {text}"));
                }
                None => text,
            },
        };
        let fields: Vec<&str> = words.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            let list = fields.join(" ");
            return Err(format!(
                "expected exactly 5 fields, found {}: [{list}]",
                fields.len()
            ));
        };
        let [m, h, d, mo, w] = &BOUNDS;
        let any = |field: &str| {
            field
                .split(',')
                .any(|part| part.starts_with(['*', '?']) && !part.contains('/'))
        };
        Ok(Schedule::Fields {
            minute: bits(minute, m)?,
            hour: bits(hour, h)?,
            day: bits(day, d)?,
            month: bits(month, mo)?,
            weekday: bits(weekday, w)?,
            any_day: any(day),
            any_weekday: any(weekday),
        })
    }

    /// The first instant after `after` (milliseconds, in the timetable's own time zone) at which it runs.
    pub fn next(&self, after: i64) -> Option<i64> {
        let Schedule::Fields {
            minute,
            hour,
            day,
            month,
            weekday,
            any_day,
            any_weekday,
        } = self
        else {
            let Schedule::Every(ms) = self else {
                return None;
            };
            return Some((after / 1000 * 1000).saturating_add(*ms));
        };
        let has = |set: u64, n: u64| set >> n & 1 == 1;
        let mut t = after.div_euclid(60_000) + 1;
        const FIVE_YEARS_OF_DAYS: i64 = 5 * 366;
        let last = t.div_euclid(1440) + FIVE_YEARS_OF_DAYS;
        while t.div_euclid(1440) <= last {
            let days = t.div_euclid(1440);
            let (_, m, d) = machinery::time::civil(days);
            let w = (days + 4).rem_euclid(7) as u64;
            let (by_day, by_weekday) = (has(*day, d.into()), has(*weekday, w));
            let fits = if *any_day || *any_weekday {
                by_day && by_weekday
            } else {
                by_day || by_weekday
            };
            if !has(*month, m.into()) || !fits {
                t = (days + 1) * 1440;
                continue;
            }
            let of_day = t.rem_euclid(1440) as u64;
            if !has(*hour, of_day / 60) {
                t = days * 1440 + (of_day as i64 / 60 + 1) * 60;
                continue;
            }
            if has(*minute, of_day % 60) {
                return Some(t * 60_000);
            }
            t += 1;
        }
        None
    }
}

impl Schedule {
    /// As [`Schedule::next`], by the clock of a zone. An hour that summer time leaps over has no instants, the one that
    /// comes twice has them twice, as upstream.
    pub fn next_in(&self, after: i64, zone: Option<&Zone>) -> Option<i64> {
        let zone = match (zone, self) {
            (Some(zone), Schedule::Fields { .. }) => zone,
            _ => return self.next(after),
        };
        const CHANGES_MAX: usize = 16;
        let (mut from, mut offset) = (after, zone.offset(after));
        for _ in 0..CHANGES_MAX {
            let found = self.next(from + offset)? - offset;
            match zone.change_after(from) {
                Some(change) if found >= change => {
                    (from, offset) = (change - 1, zone.offset(change));
                    // From here on the clock is another; what it shows at the change itself counts.
                    let found = self.next(from + offset)? - offset;
                    if zone.change_after(change).is_none_or(|c| found < c) {
                        return Some(found);
                    }
                    from = change;
                }
                _ => return Some(found),
            }
        }
        None
    }

    /// The newest instant after `from` that is not after `until`, and whether more than a hundred were missed.
    pub fn last_between(&self, from: i64, until: i64, zone: Option<&Zone>) -> Option<(i64, bool)> {
        let mut last = None;
        let mut t = from;
        // Looking at more than a thousand missed times helps nobody.
        for n in 0..1000 {
            match self.next_in(t, zone) {
                Some(next) if next <= until => {
                    last = Some((next, n >= 100));
                    t = next;
                }
                _ => break,
            }
        }
        last
    }
}

fn bits(field: &str, bounds: &Bounds) -> Result<u64, String> {
    let mut out = 0;
    for part in field.split(',').filter(|p| !p.is_empty()) {
        out |= range(part, bounds)?;
    }
    Ok(out)
}

/// `*`, `*/15`, `1-5`, `1-5/2`, `3/10`, `mon`.
fn range(part: &str, bounds: &Bounds) -> Result<u64, String> {
    let pieces: Vec<&str> = part.split('/').collect();
    let ends: Vec<&str> = pieces.first().copied().unwrap_or("").split('-').collect();
    let single = ends.len() == 1;
    let first = ends.first().copied().unwrap_or("");
    let (start, mut end) = if matches!(first, "*" | "?") {
        (bounds.low, bounds.high)
    } else {
        let start = number(first, bounds)?;
        match ends.get(1) {
            None => (start, start),
            Some(end) if ends.len() == 2 => (start, number(end, bounds)?),
            _ => return Err(format!("too many hyphens: {part}")),
        }
    };
    let step = match pieces.get(1) {
        None => 1,
        Some(step) if pieces.len() == 2 => {
            if single {
                end = bounds.high;
            }
            plain_number(step)?
        }
        _ => return Err(format!("too many slashes: {part}")),
    };
    if start < bounds.low {
        return Err(format!(
            "beginning of range ({start}) below minimum ({}): {part}",
            bounds.low
        ));
    }
    if end > bounds.high {
        return Err(format!(
            "end of range ({end}) above maximum ({}): {part}",
            bounds.high
        ));
    }
    if start > end {
        return Err(format!(
            "beginning of range ({start}) beyond end of range ({end}): {part}"
        ));
    }
    if step == 0 {
        return Err(format!("step of range should be a positive number: {part}"));
    }
    Ok((start..=end)
        .step_by(usize::try_from(step).unwrap_or(usize::MAX))
        .fold(0, |b, n| b | 1 << n))
}

fn number(text: &str, bounds: &Bounds) -> Result<u64, String> {
    let lower = text.to_lowercase();
    let named = bounds
        .names
        .iter()
        .position(|n| !n.is_empty() && *n == lower);
    named.map_or_else(|| plain_number(text), |i| Ok(i as u64))
}

fn plain_number(text: &str) -> Result<u64, String> {
    match text.parse::<i64>() {
        Ok(n) if n < 0 => Err(format!("negative number ({n}) not allowed: {text}")),
        Ok(n) => Ok(n as u64),
        Err(_) => Err(format!(
            "failed to parse int from {text}: strconv.Atoi: parsing {text:?}: invalid syntax"
        )),
    }
}

/// `1h30m` in milliseconds, at least a second.
fn duration(text: &str) -> Result<i64, String> {
    let bad = || format!("failed to parse duration @every {text}: time: invalid duration {text:?}");
    let mut total = 0i64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let (number, unit) = rest.split_at(digits);
        let n: i64 = number.parse().map_err(|_| bad())?;
        let letters = unit
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(unit.len());
        let (unit, tail) = unit.split_at(letters);
        let ms = match unit {
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1000,
            "ms" => 1,
            _ => return Err(bad()),
        };
        total = n
            .checked_mul(ms)
            .and_then(|n| total.checked_add(n))
            .ok_or_else(bad)?;
        rest = tail;
    }
    if text.is_empty() {
        Err(bad())
    } else {
        Ok((total / 1000).max(1) * 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    #[test]
    fn a_timetable_follows_the_clock_of_its_zone() {
        let time = |t: &str| machinery::time::parse_rfc3339(t).unwrap_or(0);
        for (text, zone, after, expected) in [
            (
                "0 9 * * *",
                "Asia/Seoul",
                "2026-11-20T09:07:30Z",
                "2026-11-21T00:00:00Z",
            ),
            (
                "0 9 * * *",
                "America/New_York",
                "2026-03-07T20:00:00Z",
                "2026-03-08T13:00:00Z",
            ),
            (
                "30 2 * * *",
                "America/New_York",
                "2026-03-08T06:00:00Z",
                "2026-03-09T06:30:00Z",
            ),
            (
                "30 1 * * *",
                "America/New_York",
                "2026-11-01T05:30:00Z",
                "2026-11-01T06:30:00Z",
            ),
            (
                "0 3 1 1 *",
                "Europe/Berlin",
                "2026-06-01T00:00:00Z",
                "2027-01-01T02:00:00Z",
            ),
        ] {
            let zone = crate::zone::find(zone);
            let next = Schedule::parse(text)
                .ok()
                .and_then(|s| s.next_in(time(after), zone.as_ref()));
            assert_eq!(
                machinery::time::rfc3339(next.unwrap_or(0)),
                expected,
                "{text} {after}"
            );
        }
    }

    #[test]
    fn a_timetable_finds_its_next_instant_or_says_what_is_wrong() {
        let start = machinery::time::parse_rfc3339("2026-11-20T09:07:30Z").unwrap_or(0);
        let next = |text: &str| match Schedule::parse(text) {
            Ok(s) => machinery::time::rfc3339(s.next(start).unwrap_or(0)),
            Err(e) => e,
        };
        for (text, expected) in [
            ("*/5 * * * *", "2026-11-20T09:10:00Z"),
            ("0 0 1 1 *", "2027-01-01T00:00:00Z"),
            ("30 8 * * mon-fri", "2026-11-23T08:30:00Z"),
            ("@hourly", "2026-11-20T10:00:00Z"),
            ("0 0 30 2 *", "1970-01-01T00:00:00Z"),
            ("1-70 * * * *", "end of range (70) above maximum (59): 1-70"),
            ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
            (
                "every minute",
                "expected exactly 5 fields, found 2: [every minute]",
            ),
        ] {
            assert_eq!(next(text), expected, "{text}");
        }
    }
}
