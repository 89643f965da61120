//! awk's functions: length, substr, split, sub, gsub, match, sprintf, toupper.

use super::eval::{MAX_TEXT, Machine};
use super::parse::Expr;
use super::value::{Value, format_values, split_regex};
use crate::regex::Regex;

type Result<T> = std::result::Result<T, String>;

impl Machine {
    pub(super) fn call(&mut self, name: &str, args: &[Expr]) -> Result<Value> {
        if let ("length", [Expr::Var(array)]) = (name, args)
            && let Some(array) = self.arrays.get(array)
        {
            return Ok(Value::Number(array.len() as f64));
        }
        match (name, args) {
            ("split", [text, Expr::Var(array), rest @ ..]) => {
                let text = self.eval(text)?.text();
                let pieces = match rest.first() {
                    Some(Expr::Regex(regex)) if !text.is_empty() => split_regex(&text, regex),
                    Some(separator) => {
                        let separator = self.eval(separator)?.text();
                        self.split(&text, &separator)
                    }
                    None => {
                        let separator = self.var("FS").text();
                        self.split(&text, &separator)
                    }
                };
                let count = pieces.len();
                let pairs = pieces.into_iter().enumerate();
                let array = self.arrays.entry(array.clone()).or_default();
                *array = pairs
                    .map(|(at, text)| ((at + 1).to_string(), Value::Input(text)))
                    .collect();
                return Ok(Value::Number(count as f64));
            }
            ("sub" | "gsub", [pattern, with, target @ ..]) => {
                return self.substitute(name == "gsub", pattern, with, target.first());
            }
            ("match", [text, pattern]) => {
                let text: Vec<char> = self.eval(text)?.text().chars().collect();
                let regex = self.regex(pattern)?;
                let found = regex
                    .find_at(&text, 0)
                    .and_then(|c| c.first().copied().flatten());
                let (start, length) =
                    found.map_or((0.0, -1.0), |(s, e)| (s as f64 + 1.0, (e - s) as f64));
                self.set_number("RSTART", start);
                self.set_number("RLENGTH", length);
                return Ok(Value::Number(start));
            }
            _ => {}
        }
        let mut values = Vec::new();
        for arg in args {
            values.push(self.eval(arg)?);
        }
        let text = |at: usize| values.get(at).map(Value::text).unwrap_or_default();
        let number = |at: usize| values.get(at).map(Value::number).unwrap_or_default();
        Ok(match (name, values.len()) {
            ("length", 0) => Value::Number(self.record.chars().count() as f64),
            ("length", _) => Value::Number(text(0).chars().count() as f64),
            ("toupper", _) => Value::Text(text(0).to_uppercase()),
            ("tolower", _) => Value::Text(text(0).to_lowercase()),
            ("substr", count) => {
                let start = number(1).round();
                let end = if count > 2 {
                    start + number(2).round()
                } else {
                    f64::INFINITY
                };
                let chars = text(0);
                let chosen = chars.chars().enumerate().filter(|(at, _)| {
                    let place = *at as f64 + 1.0;
                    place >= start && place < end
                });
                Value::Text(chosen.map(|(_, c)| c).collect())
            }
            ("index", _) => {
                let whole = text(0);
                let at = whole
                    .find(&text(1))
                    .map_or(0, |at| whole[..at].chars().count() + 1);
                Value::Number(at as f64)
            }
            ("sprintf", _) => Value::Text(format_values(&values)),
            ("int", _) => Value::Number(number(0).trunc()),
            ("sqrt", _) => Value::Number(number(0).sqrt()),
            (
                "strftime" | "systime" | "rand" | "srand" | "exp" | "log" | "sin" | "cos" | "atan2"
                | "system" | "close",
                _,
            ) => {
                return Err(format!("bottleship does not simulate {name} in awk"));
            }
            _ => return Err(format!("calling undefined function {name}")),
        })
    }

    pub(super) fn regex(&mut self, pattern: &Expr) -> Result<Regex> {
        match pattern {
            Expr::Regex(regex) => Ok(regex.clone()),
            pattern => {
                let pattern = self.eval(pattern)?.text();
                Regex::new(&pattern, true, false)
            }
        }
    }

    pub(super) fn substitute(
        &mut self,
        all: bool,
        pattern: &Expr,
        with: &Expr,
        target: Option<&Expr>,
    ) -> Result<Value> {
        let regex = self.regex(pattern)?;
        let with = self.eval(with)?.text();
        let record = Expr::Field(Box::new(Expr::Number(0.0)));
        let target = target.unwrap_or(&record);
        let chars: Vec<char> = self.eval(target)?.text().chars().collect();
        let (mut out, mut from, mut copied, mut count) = (String::new(), 0, 0, 0);
        while from <= chars.len() {
            let found = regex
                .find_at(&chars, from)
                .and_then(|c| c.first().copied().flatten());
            let Some((start, end)) = found else { break };
            count += 1;
            out.extend(chars.get(copied..start).unwrap_or_default());
            let matched: String = chars.get(start..end).unwrap_or_default().iter().collect();
            let mut rest = with.chars();
            while let Some(c) = rest.next() {
                match c {
                    '&' => out.push_str(&matched),
                    '\\' => match rest.next() {
                        Some('&') => out.push('&'),
                        Some(c) => out.extend(['\\', c].iter().skip(usize::from(c == '\\'))),
                        None => out.push('\\'),
                    },
                    c => out.push(c),
                }
            }
            copied = end;
            from = if end == start { end + 1 } else { end };
            if !all || out.len() > MAX_TEXT {
                break;
            }
        }
        out.extend(chars.get(copied..).unwrap_or_default());
        if count > 0 {
            self.assign(target, Value::Text(out))?;
        }
        Ok(Value::Number(f64::from(count)))
    }
}
