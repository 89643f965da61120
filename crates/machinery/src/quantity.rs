//! `resource.Quantity`: `250m`, `1536Mi`, `1e3`. Exact fixed-point numbers down to a billionth, with their suffix's
//! family remembered (`apimachinery:pkg/api/resource/quantity.go`).

use std::cmp::Ordering;

pub const WRONG_FORMAT: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
pub const WRONG_NUMBER: &str = "unable to parse numeric part of quantity";
pub const WRONG_SUFFIX: &str = "unable to parse quantity's suffix";

const NANO: i128 = 1_000_000_000;

/// The family of suffixes that a quantity is printed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `1e3`
    DecimalExponent,
    /// `1Ki`
    BinarySi,
    /// `1k`, `1m`
    DecimalSi,
}

#[derive(Clone, Debug)]
pub struct Quantity {
    /// Billionths.
    nanos: i128,
    format: Format,
    /// As it was written, where upstream keeps that text.
    text: Option<String>,
}

/// By value: `1000m` equals `1`.
impl PartialEq for Quantity {
    fn eq(&self, other: &Quantity) -> bool {
        self.nanos == other.nanos
    }
}
impl Eq for Quantity {}
impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Quantity) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Quantity {
    fn cmp(&self, other: &Quantity) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

impl Default for Quantity {
    fn default() -> Quantity {
        Quantity::milli(0)
    }
}

impl Quantity {
    /// A decimal quantity of thousandths.
    pub fn milli(m: i128) -> Quantity {
        Quantity::nanos(m.saturating_mul(1_000_000), Format::DecimalSi)
    }
    /// A whole quantity, printed in this family.
    pub fn whole(n: i64, format: Format) -> Quantity {
        Quantity::nanos(i128::from(n) * NANO, format)
    }
    fn nanos(nanos: i128, format: Format) -> Quantity {
        Quantity {
            nanos,
            format,
            text: None,
        }
    }

    /// Reads a quantity; the error is one of upstream's three texts.
    pub fn parse(s: &str) -> Result<Quantity, &'static str> {
        let parts = split(s)?;
        let (base, exponent, format) = suffix(parts.suffix).ok_or(WRONG_SUFFIX)?;
        let digits = parts.num.len() + parts.denom.len();
        let all = format!("{}{}", parts.num, parts.denom);
        let small = digits <= 18;
        let mut text = None;
        if small && base == 10 {
            let scale = exponent - parts.denom.len() as i32;
            let canonical = scale % 3 == 0 && !all.ends_with("000") && !all.starts_with('0');
            if scale >= -9 && canonical {
                text = Some(s.to_string());
            }
        }
        if all.len() > 60 {
            return Ok(Quantity::nanos(cap(i128::MAX, parts.negative), format));
        }
        let mantissa: u128 = all
            .trim_start_matches('0')
            .bytes()
            .try_fold(0u128, |n, c| {
                n.checked_mul(10)?.checked_add(u128::from(c - b'0'))
            })
            .unwrap_or(u128::MAX);
        let mut format = format;
        let (unit, ten) = match base {
            2 => (1u128 << exponent.clamp(0, 60), 9),
            _ => (1, exponent.saturating_add(9)),
        };
        let nanos = scale(
            mantissa.saturating_mul(unit),
            ten.saturating_sub(parts.denom.len() as i32),
        );
        let mut nanos = i128::try_from(nanos).unwrap_or(i128::MAX);
        if format == Format::BinarySi {
            nanos = nanos.min(i128::from(i64::MAX) * NANO);
            if nanos > 0 && nanos < NANO {
                format = Format::DecimalSi;
            }
        }
        let nanos = if parts.negative { -nanos } else { nanos };
        Ok(Quantity {
            nanos,
            format,
            text,
        })
    }

    pub fn format(&self) -> Format {
        self.format
    }
    pub fn is_zero(&self) -> bool {
        self.nanos == 0
    }
    pub fn sign(&self) -> i32 {
        self.nanos.signum() as i32
    }
    /// Rounded up, as upstream's `Value()`.
    pub fn value(&self) -> i64 {
        clamp(ceil_div(self.nanos, NANO))
    }
    /// Thousandths, rounded up, as upstream's `MilliValue()`.
    pub fn milli_value(&self) -> i64 {
        clamp(ceil_div(self.nanos, 1_000_000))
    }
    pub fn as_f64(&self) -> f64 {
        self.nanos as f64 / NANO as f64
    }
    /// The whole number that it is, if it is one.
    pub fn as_i64(&self) -> Option<i64> {
        (self.nanos % NANO == 0).then(|| i64::try_from(self.nanos / NANO).ok())?
    }
    /// Rounded up to thousandths: what defaulting does to resource lists. The text becomes canonical.
    #[must_use]
    pub fn round_up_milli(&self) -> Quantity {
        Quantity::nanos(
            ceil_div(self.nanos, 1_000_000).saturating_mul(1_000_000),
            self.format,
        )
    }
    /// The sum; a zero takes over the other's family, as upstream's `Add`.
    #[must_use]
    pub fn add(&self, other: &Quantity) -> Quantity {
        let format = if self.nanos == 0 {
            other.format
        } else {
            self.format
        };
        Quantity::nanos(self.nanos.saturating_add(other.nanos), format)
    }
    #[must_use]
    pub fn sub(&self, other: &Quantity) -> Quantity {
        let format = if self.nanos == 0 {
            other.format
        } else {
            self.format
        };
        Quantity::nanos(self.nanos.saturating_sub(other.nanos), format)
    }
    #[must_use]
    pub fn neg(&self) -> Quantity {
        Quantity::nanos(-self.nanos, self.format)
    }
    #[must_use]
    pub fn times(&self, n: i64) -> Quantity {
        Quantity::nanos(self.nanos.saturating_mul(i128::from(n)), self.format)
    }

    fn canonical(&self) -> String {
        if self.nanos == 0 {
            return "0".into();
        }
        let below_ki = self.nanos.unsigned_abs() < 1024 * NANO.unsigned_abs();
        match self.format {
            Format::BinarySi if !below_ki => {
                let mut n = ceil_div(self.nanos, NANO);
                let mut step = 0;
                while n % 1024 == 0 && step < 6 {
                    n /= 1024;
                    step += 1;
                }
                format!(
                    "{n}{}",
                    ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
                        .get(step)
                        .unwrap_or(&"")
                )
            }
            Format::DecimalExponent => {
                let (n, e) = self.thousands(i32::MAX);
                if e == 0 {
                    n.to_string()
                } else {
                    format!("{n}e{e}")
                }
            }
            _ => {
                let (n, e) = self.thousands(18);
                let suffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
                format!("{n}{}", suffixes.get(((e + 9) / 3) as usize).unwrap_or(&""))
            }
        }
    }
    /// Mantissa and the largest exponent of ten, a multiple of three, that lose nothing.
    fn thousands(&self, max: i32) -> (i128, i32) {
        let (mut n, mut e) = (self.nanos, -9);
        while n % 1000 == 0 && e < max && n != 0 {
            n /= 1000;
            e += 3;
        }
        (n, e)
    }
}

impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match &self.text {
            Some(t) => f.pad(t),
            None => f.pad(&self.canonical()),
        }
    }
}

struct Parts<'a> {
    negative: bool,
    num: &'a str,
    denom: &'a str,
    suffix: &'a str,
}

fn split(s: &str) -> Result<Parts<'_>, &'static str> {
    if s.is_empty() {
        return Err(WRONG_FORMAT);
    }
    let negative = s.starts_with('-');
    let rest = s
        .strip_prefix(['+', '-'])
        .unwrap_or(s)
        .trim_start_matches('0');
    let number = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
    let (num, rest) = rest.split_at(number(rest));
    let (denom, suffix) = match rest.strip_prefix('.') {
        Some(r) => r.split_at(number(r)),
        None => ("", rest),
    };
    let tail = suffix.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
    let tail = tail.strip_prefix(['+', '-']).unwrap_or(tail);
    if !tail.bytes().all(|c| c.is_ascii_digit()) {
        return Err(WRONG_FORMAT);
    }
    if num.is_empty() && denom.is_empty() && !s.contains(['0', '.']) {
        // No digit at all, as in "Mi": upstream reads the number as zero, then fails on it.
        return Err(WRONG_FORMAT);
    }
    Ok(Parts {
        negative,
        num: if num.is_empty() { "0" } else { num },
        denom,
        suffix,
    })
}

fn suffix(s: &str) -> Option<(i32, i32, Format)> {
    const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
    const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    if let Some(i) = DECIMAL.iter().position(|d| *d == s) {
        return Some((10, 3 * i as i32 - 9, Format::DecimalSi));
    }
    if let Some(i) = BINARY.iter().position(|b| *b == s) {
        return Some((2, 10 * (i as i32 + 1), Format::BinarySi));
    }
    let digits = s.strip_prefix(['e', 'E'])?;
    let exponent: i64 = digits.strip_prefix('+').unwrap_or(digits).parse().ok()?;
    Some((10, exponent as i32, Format::DecimalExponent))
}

/// `m * 10^e`, rounded up where that is below one.
fn scale(m: u128, e: i32) -> u128 {
    let mut m = m;
    if e >= 0 {
        for _ in 0..e.min(40) {
            m = m.saturating_mul(10);
        }
        return m;
    }
    let mut inexact = false;
    for _ in 0..e.unsigned_abs().min(45) {
        inexact |= !m.is_multiple_of(10);
        m /= 10;
    }
    m + u128::from(inexact)
}

fn cap(n: i128, negative: bool) -> i128 {
    if negative { -n } else { n }
}
/// Rounds away from zero, as upstream does.
fn ceil_div(n: i128, by: i128) -> i128 {
    n / by + (n % by).signum()
}
fn clamp(n: i128) -> i64 {
    n.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_and_printed_canonically() {
        for (s, want) in [
            ("0", "0"),
            ("00", "0"),
            ("1", "1"),
            ("1000", "1k"),
            ("1000m", "1"),
            ("0.5", "500m"),
            ("1.5", "1500m"),
            ("100m", "100m"),
            ("0.1m", "100u"),
            ("1u", "1u"),
            ("1500m", "1500m"),
            ("2k", "2k"),
            ("1e3", "1e3"),
            ("1500e3", "1500e3"),
            ("1E", "1E"),
            ("1E3", "1E3"),
            ("1000e3", "1e6"),
            ("1Ki", "1Ki"),
            ("1024Ki", "1Mi"),
            ("1536Mi", "1536Mi"),
            ("1.5Gi", "1536Mi"),
            ("5120Mi", "5Gi"),
            ("0.5Ki", "512"),
            ("1000Mi", "1000Mi"),
            ("-5", "-5"),
            ("+5", "+5"),
            ("0.0000000001", "1n"),
            ("100Ei", "9223372036854775807"),
            ("1.", "1."),
            (".5", "500m"),
            ("12345678901234567890", "12345678901234567890"),
            ("0Mi", "0"),
            ("100M", "100M"),
            ("128974848", "128974848"),
            ("129e6", "129e6"),
            ("123Mi", "123Mi"),
        ] {
            assert_eq!(
                Quantity::parse(s).map(|q| q.to_string()),
                Ok(want.to_string()),
                "of {s}"
            );
        }
        for (s, want) in [
            ("", WRONG_FORMAT),
            ("abc", WRONG_FORMAT),
            ("1.2.3", WRONG_FORMAT),
            ("1 Gi", WRONG_FORMAT),
            ("1GB", WRONG_FORMAT),
            ("1gi", WRONG_FORMAT),
            ("10k5", WRONG_SUFFIX),
            ("1ee", WRONG_SUFFIX),
            ("1KiM", WRONG_SUFFIX),
            ("5mm", WRONG_SUFFIX),
        ] {
            assert_eq!(
                Quantity::parse(s).map(|q| q.to_string()),
                Err(want),
                "of {s}"
            );
        }
    }

    #[test]
    fn compared_added_and_rounded() {
        let q = |s| Quantity::parse(s).unwrap();
        assert!(q("1Gi") > q("1G") && q("1000m") == q("1") && q("-1") < q("0"));
        assert_eq!(q("100m").add(&q("1")).to_string(), "1100m");
        assert_eq!(q("0").add(&q("1Gi")).to_string(), "1Gi");
        assert_eq!(q("1Gi").sub(&q("512Mi")).to_string(), "512Mi");
        assert_eq!(
            (q("1.1").value(), q("100u").milli_value(), q("2Ki").value()),
            (2, 1, 2048)
        );
        assert_eq!(q("100u").round_up_milli().to_string(), "1m");
    }
}
