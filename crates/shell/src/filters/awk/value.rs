//! awk's values: texts that may look like numbers, how they compare, and printf.

use super::eval::MAX_TEXT;
use crate::regex::Regex;

type Result<T> = std::result::Result<T, String>;

#[derive(Clone, Debug)]
pub enum Value {
    Number(f64),
    Text(String),
    /// From input: a text that counts as a number if it looks like one.
    Input(String),
    Unset,
}

impl Value {
    pub fn number(&self) -> f64 {
        match self {
            Value::Number(number) => *number,
            Value::Text(text) | Value::Input(text) => leading_number(text),
            Value::Unset => 0.0,
        }
    }

    pub fn text(&self) -> String {
        match self {
            Value::Number(number) => show(*number),
            Value::Text(text) | Value::Input(text) => text.clone(),
            Value::Unset => String::new(),
        }
    }

    /// The number, if the value is one or looks like one.
    pub fn numeric(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Input(text) => text.trim().parse().ok().filter(|_| !text.trim().is_empty()),
            Value::Unset => Some(0.0),
            Value::Text(_) => None,
        }
    }

    pub fn truth(&self) -> bool {
        match self.numeric() {
            Some(number) => number != 0.0,
            None => !self.text().is_empty(),
        }
    }
}

pub(super) fn leading_number(text: &str) -> f64 {
    let text = text.trim_start();
    let mut end = 0;
    let mut seen_e = false;
    let chars: Vec<char> = text.chars().collect();
    for (at, c) in chars.iter().enumerate() {
        let ok = match c {
            '0'..='9' | '.' => true,
            '+' | '-' => at == 0 || matches!(chars[at - 1], 'e' | 'E'),
            'e' | 'E' => {
                let first = !seen_e && at > 0;
                seen_e = true;
                first
            }
            _ => false,
        };
        if !ok {
            break;
        }
        end = at + 1;
    }
    (0..=end)
        .rev()
        .find_map(|end| text.get(..end)?.parse().ok())
        .unwrap_or(0.0)
}

/// `%.6g`, but whole numbers whole.
pub(super) fn show(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e16 {
        return format!("{}", number as i64);
    }
    general(number, 6)
}

pub(super) fn general(number: f64, precision: usize) -> String {
    if number == 0.0 || !number.is_finite() {
        return if number == 0.0 {
            "0".to_owned()
        } else {
            format!("{number}").to_lowercase()
        };
    }
    let precision = precision.max(1);
    let text = format!("{:.*e}", precision - 1, number);
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if exponent < -4 || exponent >= precision as i32 {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trim(digits), exponent.abs());
    }
    let places = (precision as i32 - 1 - exponent).max(0) as usize;
    trim(&format!("{number:.places$}"))
}

pub(super) fn split_regex(text: &str, regex: &Regex) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let (mut out, mut from, mut start) = (Vec::new(), 0, 0);
    while let Some((s, e)) = regex
        .find_at(&chars, from)
        .and_then(|c| c.first().copied().flatten())
    {
        if e == s {
            from = e + 1;
            if from > chars.len() {
                break;
            }
            continue;
        }
        out.push(chars.get(start..s).unwrap_or_default().iter().collect());
        start = e;
        from = e;
    }
    out.push(chars.get(start..).unwrap_or_default().iter().collect());
    out
}

pub(super) fn binary(op: &str, a: &Value, b: &Value) -> Result<Value> {
    if op == " " {
        let text = a.text() + &b.text();
        return match text.len() > MAX_TEXT {
            true => Err("a text has become too long".to_owned()),
            false => Ok(Value::Text(text)),
        };
    }
    if ["<", "<=", "==", "!=", ">", ">="].contains(&op) {
        let order = match (a.numeric(), b.numeric()) {
            (Some(a), Some(b)) => a.partial_cmp(&b).unwrap_or(std::cmp::Ordering::Equal),
            _ => a.text().cmp(&b.text()),
        };
        let truth = match op {
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            "==" => order.is_eq(),
            "!=" => order.is_ne(),
            ">" => order.is_gt(),
            _ => order.is_ge(),
        };
        return Ok(Value::Number(f64::from(u8::from(truth))));
    }
    let (a, b) = (a.number(), b.number());
    Ok(Value::Number(match op {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" | "%" if b == 0.0 => return Err("division by zero".to_owned()),
        "/" => a / b,
        "%" => a % b,
        _ => (0..b.abs().min(1000.0) as u32)
            .fold(1.0, |power, _| power * a)
            .powi(if b < 0.0 { -1 } else { 1 }),
    }))
}

/// printf: the first value is the format.
pub(super) fn format_values(values: &[Value]) -> String {
    let Some((format, rest)) = values.split_first() else {
        return String::new();
    };
    let format = format.text();
    let mut out = String::new();
    let mut next = rest.iter();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut spec = String::new();
        while let Some(c) = chars.peek().filter(|c| "-+ #0123456789.*".contains(**c)) {
            match c {
                '*' => spec.push_str(&show(next.next().map_or(0.0, Value::number))),
                c => spec.push(*c),
            }
            chars.next();
        }
        let Some(kind) = chars.next() else {
            out.push('%');
            break;
        };
        if kind == '%' {
            out.push('%');
            continue;
        }
        let value = next.next().cloned().unwrap_or(Value::Unset);
        out.push_str(&directive(&spec, kind, &value));
    }
    out
}

pub(super) fn directive(spec: &str, kind: char, value: &Value) -> String {
    let flags: String = spec.chars().take_while(|c| "-+ #0".contains(*c)).collect();
    let rest = &spec[flags.len()..];
    let (width, precision) = match rest.split_once('.') {
        Some((width, precision)) => (
            width,
            Some(precision.parse::<usize>().unwrap_or(0).min(1000)),
        ),
        None => (rest, None),
    };
    let width = width.parse::<usize>().unwrap_or(0).min(1000);
    let number = value.number();
    let body = match kind {
        'd' | 'i' => format!("{}", number.trunc() as i64),
        'u' => format!("{}", number.trunc() as u64),
        'x' => format!("{:x}", number as i64),
        'X' => format!("{:X}", number as i64),
        'o' => format!("{:o}", number as i64),
        'c' => match value {
            Value::Number(number) => char::from_u32(*number as u32)
                .map(String::from)
                .unwrap_or_default(),
            value => value.text().chars().take(1).collect(),
        },
        'f' | 'F' => format!("{number:.*}", precision.unwrap_or(6)),
        'g' | 'G' => general(number, precision.unwrap_or(6)),
        'e' | 'E' => {
            let text = format!("{number:.*e}", precision.unwrap_or(6));
            let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let exponent: i32 = exponent.parse().unwrap_or(0);
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => {
            let text = value.text();
            match precision {
                Some(most) => text.chars().take(most).collect(),
                None => text,
            }
        }
    };
    let numeric = "diuxXofFgGeE".contains(kind);
    let body = if numeric && flags.contains('+') && number >= 0.0 {
        format!("+{body}")
    } else {
        body
    };
    if flags.contains('-') {
        return format!("{body:<width$}");
    }
    if numeric && flags.contains('0') {
        let (sign, digits) = match body.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", body.as_str()),
        };
        let width = width.saturating_sub(sign.len());
        return format!("{sign}{digits:0>width$}");
    }
    format!("{body:>width$}")
}
