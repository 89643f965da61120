//! date: the virtual clock, in UTC. The calendar is Howard Hinnant's days-from-civil, reversed.

use super::Cx;

const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

struct Civil {
    year: i64,
    month: usize,
    day: i64,
    weekday: usize,
    year_day: i64,
    hour: i64,
    minute: i64,
    second: i64,
}

fn civil(ms: i64) -> Civil {
    let seconds = ms.div_euclid(1000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Civil {
        year,
        month: month as usize,
        day,
        weekday: (days + 4).rem_euclid(7) as usize,
        year_day: days - days_from_civil(year, 1, 1) + 1,
        hour: second / 3600,
        minute: second / 60 % 60,
        second: second % 60,
    }
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
}

/// strftime(3), in UTC.
pub fn format(ms: i64, format: &str) -> String {
    let now = civil(ms);
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut kind = chars.next();
        let unpadded = kind == Some('-');
        let mut digits = String::new();
        if unpadded {
            kind = chars.next();
        }
        while let Some(c) = kind.filter(|c| c.is_ascii_digit()) {
            digits.push(c);
            kind = chars.next();
        }
        let two = |value: i64| {
            if unpadded {
                value.to_string()
            } else {
                format!("{value:02}")
            }
        };
        let name = |list: &[&'static str], at: usize| list.get(at).copied().unwrap_or("");
        let (day_name, month_name) = (
            name(&DAYS, now.weekday),
            name(&MONTHS, now.month.wrapping_sub(1)),
        );
        let text = match kind {
            Some('Y') => now.year.to_string(),
            Some('y') => two(now.year.rem_euclid(100)),
            Some('C') => two(now.year.div_euclid(100)),
            Some('m') => two(now.month as i64),
            Some('d') => two(now.day),
            Some('e') => format!("{:>2}", now.day),
            Some('H') => two(now.hour),
            Some('k') => format!("{:>2}", now.hour),
            Some('I') => two((now.hour + 11) % 12 + 1),
            Some('M') => two(now.minute),
            Some('S') => two(now.second),
            Some('p') => if now.hour < 12 { "AM" } else { "PM" }.to_owned(),
            Some('j') => format!("{:03}", now.year_day),
            Some('s') => ms.div_euclid(1000).to_string(),
            Some('N') => {
                let nanos = format!("{:09}", ms.rem_euclid(1000) * 1_000_000);
                let most = digits.parse::<usize>().unwrap_or(9).min(9);
                nanos[..most].to_owned()
            }
            Some('a') => day_name.get(..3).unwrap_or("").to_owned(),
            Some('A') => day_name.to_owned(),
            Some('b' | 'h') => month_name.get(..3).unwrap_or("").to_owned(),
            Some('B') => month_name.to_owned(),
            Some('u') => (if now.weekday == 0 { 7 } else { now.weekday }).to_string(),
            Some('w') => now.weekday.to_string(),
            Some('Z') => "UTC".to_owned(),
            Some('z') => "+0000".to_owned(),
            Some('n') => "\n".to_owned(),
            Some('t') => "\t".to_owned(),
            Some('%') => "%".to_owned(),
            Some('F') => self::format(ms, "%Y-%m-%d"),
            Some('T') | Some('X') => self::format(ms, "%H:%M:%S"),
            Some('R') => self::format(ms, "%H:%M"),
            Some('D') | Some('x') => self::format(ms, "%m/%d/%y"),
            Some('c') => self::format(ms, "%a %b %e %H:%M:%S %Y"),
            Some(other) => format!("%{other}"),
            None => "%".to_owned(),
        };
        out.push_str(&text);
    }
    out
}

/// `2026-01-02`, `2026-01-02T03:04:05Z`, `@seconds`, `now`, `yesterday`, `+1 day`, `2 hours ago`.
fn parse(text: &str, now_ms: i64) -> Option<i64> {
    let text = text.trim();
    if let Some(seconds) = text.strip_prefix('@') {
        return seconds
            .parse::<f64>()
            .ok()
            .map(|seconds| (seconds * 1000.0) as i64);
    }
    match text {
        "" | "now" | "today" => return Some(now_ms),
        "yesterday" => return Some(now_ms - 86_400_000),
        "tomorrow" => return Some(now_ms + 86_400_000),
        _ => {}
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    // `2026-01-31 +1 day`: a time, and how far from it.
    let from = words.iter().rposition(|word| {
        word.trim_start_matches(['+', '-']).parse::<u32>().is_ok() && word.len() < 4
    });
    if let Some(at) = from.filter(|at| *at > 0) {
        let start = parse(&words[..at].join(" "), now_ms)?;
        return parse(&words[at..].join(" "), start);
    }
    if let [count, unit, rest @ ..] = words.as_slice()
        && let Ok(count) = count.trim_start_matches('+').parse::<i64>()
    {
        let unit = match unit.trim_end_matches('s') {
            "second" | "sec" => 1000,
            "minute" | "min" => 60_000,
            "hour" => 3_600_000,
            "day" => 86_400_000,
            "week" => 604_800_000,
            _ => return None,
        };
        let sign = if rest == ["ago"] { -1 } else { 1 };
        return count
            .checked_mul(unit * sign)
            .and_then(|shift| now_ms.checked_add(shift));
    }
    let plain = text
        .trim_end_matches('Z')
        .trim_end_matches(" UTC")
        .replace('T', " ");
    let (day, time) = plain.split_once(' ').unwrap_or((&plain, "0:0:0"));
    let numbers = |text: &str, by: char| -> Option<Vec<i64>> {
        text.split(by)
            .map(|part| part.parse::<i64>().ok())
            .collect()
    };
    let day = numbers(day, '-')?;
    let time = numbers(time.split('.').next()?, ':')?;
    let [year, month, day] = day.as_slice() else {
        return None;
    };
    if !(1..=12).contains(month) || !(1..=31).contains(day) || !(0..=9999).contains(year) {
        return None;
    }
    let part = |at: usize| time.get(at).copied().unwrap_or(0);
    let seconds = part(0).checked_mul(3600)? + part(1).checked_mul(60)? + part(2);
    (days_from_civil(*year, *month, *day) * 86_400)
        .checked_add(seconds)?
        .checked_mul(1000)
}

pub(super) fn date(cx: &mut Cx<'_>) -> i32 {
    let mut shape = None;
    let mut when = cx.now_ms;
    let mut args = cx.args.get(1..).unwrap_or_default().iter();
    while let Some(arg) = args.next() {
        let given = match arg.as_str() {
            "-u" | "--utc" | "--universal" => continue,
            "-R" | "--rfc-email" => {
                shape = Some("%a, %d %b %Y %H:%M:%S +0000".to_owned());
                continue;
            }
            "-Is" | "-Iseconds" | "--iso-8601=seconds" => {
                shape = Some("%Y-%m-%dT%H:%M:%S+00:00".to_owned());
                continue;
            }
            "-I" | "--iso-8601" => {
                shape = Some("%Y-%m-%d".to_owned());
                continue;
            }
            "-d" | "--date" => args.next().cloned().unwrap_or_default(),
            arg => match (
                arg.strip_prefix('+'),
                arg.strip_prefix("--date="),
                arg.strip_prefix("-d"),
            ) {
                (Some(format), ..) => {
                    shape = Some(format.to_owned());
                    continue;
                }
                (_, Some(given), _) | (_, _, Some(given)) => given.to_owned(),
                _ => {
                    let text = match arg.starts_with('-') {
                        true => format!("invalid option -- '{}'", arg.trim_start_matches('-')),
                        false => format!("invalid date '{arg}'"),
                    };
                    cx.complain(text);
                    return 1;
                }
            },
        };
        match parse(&given, cx.now_ms) {
            Some(ms) => when = ms,
            None => {
                cx.complain(format!("invalid date '{given}'"));
                return 1;
            }
        }
    }
    let shape = shape.unwrap_or_else(|| "%a %b %e %H:%M:%S UTC %Y".to_owned());
    let text = format(when, &shape);
    cx.out(&format!("{text}\n"));
    0
}
