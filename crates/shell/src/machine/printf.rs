//! printf(1): formats, with the escapes that `echo -e` shares.

use crate::filters::date;

/// Widths and precisions beyond this are cut.
const MAX_WIDTH: usize = 4096;

/// `\n` and its kind; says whether `\c` stopped the output.
pub(super) fn escapes(text: &str) -> (String, bool) {
    // `\c` ends the output, unless its backslash is itself escaped.
    let mut chars = text.char_indices();
    let mut end = text.len();
    while let Some((at, c)) = chars.next() {
        if c == '\\'
            && let Some((_, 'c')) = chars.next()
        {
            end = at;
            break;
        }
    }
    (crate::syntax::unescape(&text[..end]), end < text.len())
}

/// The text, and complaints about numbers that are none.
pub(super) fn format(format: &str, args: &[String], now_ms: i64) -> (String, Vec<String>) {
    let mut printer = Printer {
        args,
        next: 0,
        out: String::new(),
        errors: Vec::new(),
        stopped: false,
        now_ms,
    };
    loop {
        let before = printer.next;
        printer.once(format);
        // The format is used again as long as it eats arguments.
        if printer.stopped || printer.next >= args.len() || printer.next == before {
            return (printer.out, printer.errors);
        }
    }
}

struct Printer<'a> {
    args: &'a [String],
    next: usize,
    out: String,
    errors: Vec<String>,
    stopped: bool,
    now_ms: i64,
}

#[derive(Default)]
struct Spec {
    left: bool,
    zero: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
}

impl Printer<'_> {
    fn arg(&mut self) -> String {
        let arg = self.args.get(self.next).cloned().unwrap_or_default();
        self.next += 1;
        arg
    }

    fn once(&mut self, format: &str) {
        let mut chars = format.chars().peekable();
        let mut literal = String::new();
        while let Some(c) = chars.next() {
            match c {
                '\\' => {
                    literal.push(c);
                    literal.extend(chars.next());
                }
                '%' if chars.peek() == Some(&'%') => {
                    chars.next();
                    literal.push('%');
                }
                '%' => {
                    self.literal(&mut literal);
                    if self.stopped {
                        return;
                    }
                    self.directive(&mut chars);
                    if self.stopped {
                        return;
                    }
                }
                c => literal.push(c),
            }
        }
        self.literal(&mut literal);
    }

    fn literal(&mut self, literal: &mut String) {
        let (text, stopped) = escapes(literal);
        self.out.push_str(&text);
        self.stopped |= stopped;
        literal.clear();
    }

    fn directive(&mut self, chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
        let mut spec = Spec::default();
        while let Some(c) = chars.peek() {
            match c {
                '-' => spec.left = true,
                '0' => spec.zero = true,
                '+' => spec.plus = true,
                ' ' => spec.space = true,
                '#' => spec.alternate = true,
                _ => break,
            }
            chars.next();
        }
        if let Some(width) = self.size(chars) {
            spec.left |= width < 0;
            spec.width = (width.unsigned_abs() as usize).min(MAX_WIDTH);
        }
        if chars.peek() == Some(&'.') {
            chars.next();
            let precision = self.size(chars).unwrap_or(0).max(0) as usize;
            spec.precision = Some(precision.min(MAX_WIDTH));
        }
        if chars.peek() == Some(&'(') {
            chars.next();
            let format: String = chars.by_ref().take_while(|c| *c != ')').collect();
            chars.next();
            let arg = self.arg();
            let ms = match arg.as_str() {
                "" | "-1" | "-2" => self.now_ms,
                arg => arg.parse::<i64>().unwrap_or(0).saturating_mul(1000),
            };
            let text = date::format(ms, &format);
            return self.pad(&spec, text);
        }
        let Some(kind) = chars.next() else {
            self.errors.push("`%': missing format character".to_owned());
            self.stopped = true;
            return;
        };
        match kind {
            's' | 'b' | 'q' => {
                let mut text = self.arg();
                if kind == 'b' {
                    let (out, stopped) = escapes(&text);
                    text = out;
                    self.stopped |= stopped;
                } else if kind == 'q' {
                    text = super::builtins::quote(&text);
                }
                if let Some(precision) = spec.precision {
                    text = text.chars().take(precision).collect();
                }
                self.pad(&spec, text);
            }
            'c' => {
                let text = self.arg().chars().take(1).collect();
                self.pad(&spec, text);
            }
            'd' | 'i' | 'u' => {
                let value = self.integer();
                let digits = value.unsigned_abs().to_string();
                self.number(&spec, value < 0, digits);
            }
            'x' | 'X' | 'o' => {
                let value = self.integer();
                let (digits, prefix) = match kind {
                    'x' => (format!("{value:x}"), "0x"),
                    'X' => (format!("{value:X}"), "0X"),
                    _ => (format!("{value:o}"), "0"),
                };
                let digits = if spec.alternate {
                    format!("{prefix}{digits}")
                } else {
                    digits
                };
                self.number(&spec, false, digits);
            }
            'f' | 'F' | 'e' | 'E' | 'g' | 'G' => {
                let text = self.arg();
                let value = text.trim().parse::<f64>().unwrap_or_else(|_| {
                    if !text.is_empty() {
                        self.errors.push(format!("{text}: invalid number"));
                    }
                    0.0
                });
                let precision = spec.precision.unwrap_or(6);
                let digits = match kind {
                    'f' | 'F' => format!("{:.precision$}", value.abs()),
                    'e' | 'E' => scientific(value.abs(), precision, kind),
                    _ => format!("{}", value.abs()),
                };
                self.number(
                    &Spec {
                        precision: None,
                        ..spec
                    },
                    value < 0.0,
                    digits,
                );
            }
            other => {
                self.errors
                    .push(format!("`{other}': invalid format character"));
                self.stopped = true;
            }
        }
    }

    fn size(&mut self, chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<i64> {
        if chars.peek() == Some(&'*') {
            chars.next();
            return Some(self.arg().parse().unwrap_or(0));
        }
        let mut digits = String::new();
        while let Some(c) = chars.peek().filter(|c| c.is_ascii_digit()) {
            digits.push(*c);
            chars.next();
        }
        digits.parse().ok()
    }

    fn integer(&mut self) -> i64 {
        let text = self.arg();
        let trimmed = text.trim();
        if let Some(c) = trimmed.strip_prefix(['\'', '"']) {
            return c.chars().next().map_or(0, |c| i64::from(u32::from(c)));
        }
        let (sign, digits) = match trimmed.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, trimmed.strip_prefix('+').unwrap_or(trimmed)),
        };
        let parsed = match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
            Some(hex) => i64::from_str_radix(hex, 16),
            None if digits.len() > 1 && digits.starts_with('0') => i64::from_str_radix(digits, 8),
            None => digits.parse(),
        };
        match parsed {
            Ok(value) => value.wrapping_mul(sign),
            Err(_) if trimmed.is_empty() => 0,
            Err(_) => {
                self.errors.push(format!("{text}: invalid number"));
                let head: String = digits.chars().take_while(char::is_ascii_digit).collect();
                head.parse::<i64>().unwrap_or(0).wrapping_mul(sign)
            }
        }
    }

    fn number(&mut self, spec: &Spec, negative: bool, mut digits: String) {
        if let Some(precision) = spec.precision {
            digits = format!("{digits:0>precision$}");
        }
        let sign = match negative {
            true => "-",
            false if spec.plus => "+",
            false if spec.space => " ",
            false => "",
        };
        if spec.zero && !spec.left && spec.precision.is_none() {
            let width = spec.width.saturating_sub(sign.len());
            digits = format!("{digits:0>width$}");
        }
        self.pad(spec, format!("{sign}{digits}"));
    }

    fn pad(&mut self, spec: &Spec, text: String) {
        let width = spec.width;
        match spec.left {
            true => self.out.push_str(&format!("{text:<width$}")),
            false => self.out.push_str(&format!("{text:>width$}")),
        }
    }
}

/// C's `%e`: at least two digits of exponent, with its sign.
fn scientific(value: f64, precision: usize, kind: char) -> String {
    let text = format!("{value:.precision$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}{kind}{sign}{:02}", exponent.unsigned_abs())
}
