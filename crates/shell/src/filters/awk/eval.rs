//! awk's values, fields and functions.

use std::collections::BTreeMap;

use super::parse::{Expr, Stmt};
use crate::regex::Regex;

/// Loop rounds in one block; a loop that never ends stops here with an error.
const MAX_ROUNDS: usize = 1_000_000;
/// Longest text that a program may build.
const MAX_TEXT: usize = 1 << 20;
const MAX_FIELD: usize = 10_000;

#[derive(Clone, Debug)]
pub enum Value {
    Number(f64),
    Text(String),
    /// From input: a text that counts as a number if it looks like one.
    Input(String),
    Unset,
}

pub enum Flow {
    Normal,
    Next,
    Exit(i32),
    Break,
    Continue,
}

#[derive(Clone, Debug, Default)]
pub struct Machine {
    vars: BTreeMap<String, Value>,
    arrays: BTreeMap<String, BTreeMap<String, Value>>,
    record: String,
    fields: Vec<String>,
    number: f64,
    pub out: String,
    pub status: i32,
    rounds: usize,
}

type Result<T> = std::result::Result<T, String>;

impl Value {
    fn number(&self) -> f64 {
        match self {
            Value::Number(number) => *number,
            Value::Text(text) | Value::Input(text) => leading_number(text),
            Value::Unset => 0.0,
        }
    }

    fn text(&self) -> String {
        match self {
            Value::Number(number) => show(*number),
            Value::Text(text) | Value::Input(text) => text.clone(),
            Value::Unset => String::new(),
        }
    }

    /// The number, if the value is one or looks like one.
    fn numeric(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Input(text) => text.trim().parse().ok().filter(|_| !text.trim().is_empty()),
            Value::Unset => Some(0.0),
            Value::Text(_) => None,
        }
    }

    fn truth(&self) -> bool {
        match self.numeric() {
            Some(number) => number != 0.0,
            None => !self.text().is_empty(),
        }
    }
}

fn leading_number(text: &str) -> f64 {
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
    (0..=end).rev().find_map(|end| text.get(..end)?.parse().ok()).unwrap_or(0.0)
}

/// `%.6g`, but whole numbers whole.
fn show(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e16 {
        return format!("{}", number as i64);
    }
    general(number, 6)
}

fn general(number: f64, precision: usize) -> String {
    if number == 0.0 || !number.is_finite() {
        return if number == 0.0 { "0".to_owned() } else { format!("{number}").to_lowercase() };
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

impl Machine {
    pub fn set(&mut self, name: &str, value: String) {
        self.vars.insert(name.to_owned(), Value::Input(value));
    }

    pub fn set_number(&mut self, name: &str, value: f64) {
        self.vars.insert(name.to_owned(), Value::Number(value));
    }

    pub fn set_element(&mut self, array: &str, key: &str, value: String) {
        let array = self.arrays.entry(array.to_owned()).or_default();
        array.insert(key.to_owned(), Value::Input(value));
    }

    pub fn next_record(&mut self, line: String) {
        self.number += 1.0;
        self.set_record(line);
    }

    fn set_record(&mut self, line: String) {
        let separator = self.var("FS").text();
        self.fields = self.split(&line, &separator);
        self.record = line;
    }

    fn var(&self, name: &str) -> Value {
        match name {
            "NF" => Value::Number(self.fields.len() as f64),
            "NR" => Value::Number(self.number),
            "OFS" if !self.vars.contains_key(name) => Value::Text(" ".to_owned()),
            "ORS" if !self.vars.contains_key(name) => Value::Text("\n".to_owned()),
            name => self.vars.get(name).cloned().unwrap_or(Value::Unset),
        }
    }

    fn split(&self, text: &str, separator: &str) -> Vec<String> {
        if text.is_empty() {
            return Vec::new();
        }
        let mut chars = separator.chars();
        match (chars.next(), chars.next()) {
            (Some(' '), None) => text.split_whitespace().map(str::to_owned).collect(),
            (None, _) => text.chars().map(String::from).collect(),
            (Some(c), None) if c != '|' || separator.len() == 1 => {
                text.split(c).map(str::to_owned).collect()
            }
            _ => match Regex::new(separator, true, false) {
                Ok(regex) => split_regex(text, &regex),
                Err(_) => text.split(separator).map(str::to_owned).collect(),
            },
        }
    }

    fn field(&self, index: f64) -> Result<Value> {
        match index {
            index if index < 0.0 => Err(format!("trying to access out of range field {index}")),
            0.0 => Ok(Value::Input(self.record.clone())),
            index => {
                let text = self.fields.get(index as usize - 1).cloned();
                Ok(text.map_or(Value::Unset, Value::Input))
            }
        }
    }

    fn set_field(&mut self, index: f64, text: String) -> Result<()> {
        if index < 0.0 || index as usize > MAX_FIELD {
            return Err(format!("trying to access out of range field {index}"));
        }
        let index = index as usize;
        if index == 0 {
            self.set_record(text);
            return Ok(());
        }
        if self.fields.len() < index {
            self.fields.resize(index, String::new());
        }
        self.fields[index - 1] = text;
        self.record = self.fields.join(&self.var("OFS").text());
        Ok(())
    }

    pub fn run(&mut self, block: &[Stmt]) -> Result<Flow> {
        self.rounds = 0;
        self.block(block)
    }

    fn block(&mut self, block: &[Stmt]) -> Result<Flow> {
        for stmt in block {
            match self.statement(stmt)? {
                Flow::Normal => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Normal)
    }

    fn tick(&mut self) -> Result<()> {
        self.rounds += 1;
        match self.rounds > MAX_ROUNDS {
            true => Err("this program does not come to an end".to_owned()),
            false => Ok(()),
        }
    }

    fn statement(&mut self, stmt: &Stmt) -> Result<Flow> {
        match stmt {
            Stmt::Print(list) => {
                let glue = self.var("OFS").text();
                let mut texts = Vec::new();
                for expr in list {
                    texts.push(self.eval(expr)?.text());
                }
                let line = if list.is_empty() { self.record.clone() } else { texts.join(&glue) };
                self.print(&line);
                let end = self.var("ORS").text();
                self.print(&end);
            }
            Stmt::Printf(list) => {
                let mut values = Vec::new();
                for expr in list {
                    values.push(self.eval(expr)?);
                }
                let text = format_values(&values);
                self.print(&text);
            }
            Stmt::Expr(expr) => {
                self.eval(expr)?;
            }
            Stmt::If(test, yes, no) => {
                let block = if self.truth(test)? { yes } else { no };
                return self.block(block);
            }
            Stmt::While(test, body) => {
                while self.truth(test)? {
                    self.tick()?;
                    match self.block(body)? {
                        Flow::Break => break,
                        Flow::Normal | Flow::Continue => {}
                        flow => return Ok(flow),
                    }
                }
            }
            Stmt::DoWhile(body, test) => loop {
                self.tick()?;
                match self.block(body)? {
                    Flow::Break => break,
                    Flow::Normal | Flow::Continue => {}
                    flow => return Ok(flow),
                }
                if !self.truth(test)? {
                    break;
                }
            },
            Stmt::For(init, test, step, body) => {
                if let Some(init) = init {
                    self.eval(init)?;
                }
                loop {
                    self.tick()?;
                    if let Some(test) = test
                        && !self.truth(test)?
                    {
                        break;
                    }
                    match self.block(body)? {
                        Flow::Break => break,
                        Flow::Normal | Flow::Continue => {}
                        flow => return Ok(flow),
                    }
                    if let Some(step) = step {
                        self.eval(step)?;
                    }
                }
            }
            Stmt::ForIn(name, array, body) => {
                let keys: Vec<String> =
                    self.arrays.get(array).map(|a| a.keys().cloned().collect()).unwrap_or_default();
                for key in keys {
                    self.tick()?;
                    self.vars.insert(name.clone(), Value::Input(key));
                    match self.block(body)? {
                        Flow::Break => break,
                        Flow::Normal | Flow::Continue => {}
                        flow => return Ok(flow),
                    }
                }
            }
            Stmt::Delete(array, None) => {
                self.arrays.remove(array);
            }
            Stmt::Delete(array, Some(index)) => {
                let key = self.key(index)?;
                if let Some(array) = self.arrays.get_mut(array) {
                    array.remove(&key);
                }
            }
            Stmt::Next => return Ok(Flow::Next),
            Stmt::Break => return Ok(Flow::Break),
            Stmt::Continue => return Ok(Flow::Continue),
            Stmt::Exit(status) => {
                if let Some(status) = status {
                    self.status = self.eval(status)?.number() as i32 & 0xFF;
                }
                return Ok(Flow::Exit(self.status));
            }
        }
        Ok(Flow::Normal)
    }

    fn print(&mut self, text: &str) {
        if self.out.len() + text.len() <= 8 * MAX_TEXT {
            self.out.push_str(text);
        }
    }

    pub fn truth(&mut self, expr: &Expr) -> Result<bool> {
        Ok(self.eval(expr)?.truth())
    }

    fn key(&mut self, index: &[Expr]) -> Result<String> {
        let mut parts = Vec::new();
        for expr in index {
            parts.push(self.eval(expr)?.text());
        }
        Ok(parts.join("\u{1c}"))
    }

    fn eval(&mut self, expr: &Expr) -> Result<Value> {
        let number = |truth: bool| Value::Number(f64::from(u8::from(truth)));
        Ok(match expr {
            Expr::Number(number) => Value::Number(*number),
            Expr::Text(text) => Value::Text(text.clone()),
            Expr::Regex(regex) => number(regex.is_match(&self.record)),
            Expr::Var(name) => self.var(name),
            Expr::Field(index) => {
                let index = self.eval(index)?.number();
                self.field(index)?
            }
            Expr::Element(array, index) => {
                let key = self.key(index)?;
                let array = self.arrays.entry(array.clone()).or_default();
                array.entry(key).or_insert(Value::Unset).clone()
            }
            Expr::In(index, array) => {
                let key = self.key(index)?;
                number(self.arrays.get(array).is_some_and(|array| array.contains_key(&key)))
            }
            Expr::Not(inner) => number(!self.truth(inner)?),
            Expr::Negative(inner) => Value::Number(-self.eval(inner)?.number()),
            Expr::Binary("&&", a, b) => number(self.truth(a)? && self.truth(b)?),
            Expr::Binary("||", a, b) => number(self.truth(a)? || self.truth(b)?),
            Expr::Binary(op, a, b) => {
                let (a, b) = (self.eval(a)?, self.eval(b)?);
                binary(op, &a, &b)?
            }
            Expr::Match(wanted, text, pattern) => {
                let text = self.eval(text)?.text();
                let found = match &**pattern {
                    Expr::Regex(regex) => regex.is_match(&text),
                    pattern => {
                        let pattern = self.eval(pattern)?.text();
                        Regex::new(&pattern, true, false)?.is_match(&text)
                    }
                };
                number(found == *wanted)
            }
            Expr::Condition(test, yes, no) => {
                let branch = if self.truth(test)? { yes } else { no };
                self.eval(branch)?
            }
            Expr::Assign(op, place, value) => {
                let mut value = self.eval(value)?;
                if !op.is_empty() {
                    let old = self.eval(place)?;
                    value = binary(op, &old, &value)?;
                }
                self.assign(place, value.clone())?;
                value
            }
            Expr::Step(step, before, place) => {
                let old = self.eval(place)?.number();
                self.assign(place, Value::Number(old + step))?;
                Value::Number(if *before { old + step } else { old })
            }
            Expr::Call(name, args) => self.call(name, args)?,
        })
    }

    fn assign(&mut self, place: &Expr, value: Value) -> Result<()> {
        match place {
            Expr::Var(name) if name == "NF" => {
                let count = (value.number().max(0.0) as usize).min(MAX_FIELD);
                self.fields.resize(count, String::new());
                self.record = self.fields.join(&self.var("OFS").text());
            }
            Expr::Var(name) if name == "NR" => self.number = value.number(),
            Expr::Var(name) => {
                self.vars.insert(name.clone(), value);
            }
            Expr::Field(index) => {
                let index = self.eval(index)?.number();
                self.set_field(index, value.text())?;
            }
            Expr::Element(array, index) => {
                let key = self.key(index)?;
                let array = self.arrays.entry(array.clone()).or_default();
                if array.len() < 100_000 {
                    array.insert(key, value);
                }
            }
            _ => return Err("syntax error: assignment to something that holds no value".to_owned()),
        }
        Ok(())
    }

    fn call(&mut self, name: &str, args: &[Expr]) -> Result<Value> {
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
                *array = pairs.map(|(at, text)| ((at + 1).to_string(), Value::Input(text))).collect();
                return Ok(Value::Number(count as f64));
            }
            ("sub" | "gsub", [pattern, with, target @ ..]) => {
                return self.substitute(name == "gsub", pattern, with, target.first());
            }
            ("match", [text, pattern]) => {
                let text: Vec<char> = self.eval(text)?.text().chars().collect();
                let regex = self.regex(pattern)?;
                let found = regex.find_at(&text, 0).and_then(|c| c.first().copied().flatten());
                let (start, length) = found.map_or((0.0, -1.0), |(s, e)| (s as f64 + 1.0, (e - s) as f64));
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
                let end = if count > 2 { start + number(2).round() } else { f64::INFINITY };
                let chars = text(0);
                let chosen = chars.chars().enumerate().filter(|(at, _)| {
                    let place = *at as f64 + 1.0;
                    place >= start && place < end
                });
                Value::Text(chosen.map(|(_, c)| c).collect())
            }
            ("index", _) => {
                let whole = text(0);
                let at = whole.find(&text(1)).map_or(0, |at| whole[..at].chars().count() + 1);
                Value::Number(at as f64)
            }
            ("sprintf", _) => Value::Text(format_values(&values)),
            ("int", _) => Value::Number(number(0).trunc()),
            ("sqrt", _) => Value::Number(number(0).sqrt()),
            ("strftime" | "systime" | "rand" | "srand" | "exp" | "log" | "sin" | "cos" | "atan2"
            | "system" | "close", _) => {
                return Err(format!("bottleship does not simulate {name} in awk"));
            }
            _ => return Err(format!("calling undefined function {name}")),
        })
    }

    fn regex(&mut self, pattern: &Expr) -> Result<Regex> {
        match pattern {
            Expr::Regex(regex) => Ok(regex.clone()),
            pattern => {
                let pattern = self.eval(pattern)?.text();
                Regex::new(&pattern, true, false)
            }
        }
    }

    fn substitute(
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
            let found = regex.find_at(&chars, from).and_then(|c| c.first().copied().flatten());
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

fn split_regex(text: &str, regex: &Regex) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let (mut out, mut from, mut start) = (Vec::new(), 0, 0);
    while let Some((s, e)) = regex.find_at(&chars, from).and_then(|c| c.first().copied().flatten()) {
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

fn binary(op: &str, a: &Value, b: &Value) -> Result<Value> {
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
        _ => (0..b.abs().min(1000.0) as u32).fold(1.0, |power, _| power * a).powi(if b < 0.0 { -1 } else { 1 }),
    }))
}

/// printf: the first value is the format.
fn format_values(values: &[Value]) -> String {
    let Some((format, rest)) = values.split_first() else { return String::new() };
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

fn directive(spec: &str, kind: char, value: &Value) -> String {
    let flags: String = spec.chars().take_while(|c| "-+ #0".contains(*c)).collect();
    let rest = &spec[flags.len()..];
    let (width, precision) = match rest.split_once('.') {
        Some((width, precision)) => (width, Some(precision.parse::<usize>().unwrap_or(0).min(1000))),
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
            Value::Number(number) => char::from_u32(*number as u32).map(String::from).unwrap_or_default(),
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
    let body = if numeric && flags.contains('+') && number >= 0.0 { format!("+{body}") } else { body };
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
