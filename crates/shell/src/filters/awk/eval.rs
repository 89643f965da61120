//! awk's statements, fields and functions.

use std::collections::BTreeMap;

use super::parse::{Expr, Stmt};
use super::value::{Value, binary, format_values, split_regex};
use crate::regex::Regex;

/// Loop rounds in one block; a loop that never ends stops here with an error.
const MAX_ROUNDS: usize = 1_000_000;
/// Longest text that a program may build.
pub(super) const MAX_TEXT: usize = 1 << 20;
const MAX_FIELD: usize = 10_000;

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
    pub(super) arrays: BTreeMap<String, BTreeMap<String, Value>>,
    pub(super) record: String,
    fields: Vec<String>,
    number: f64,
    pub out: String,
    pub status: i32,
    rounds: usize,
}

type Result<T> = std::result::Result<T, String>;

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

    pub(super) fn var(&self, name: &str) -> Value {
        match name {
            "NF" => Value::Number(self.fields.len() as f64),
            "NR" => Value::Number(self.number),
            "OFS" if !self.vars.contains_key(name) => Value::Text(" ".to_owned()),
            "ORS" if !self.vars.contains_key(name) => Value::Text("\n".to_owned()),
            name => self.vars.get(name).cloned().unwrap_or(Value::Unset),
        }
    }

    pub(super) fn split(&self, text: &str, separator: &str) -> Vec<String> {
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
                let line = if list.is_empty() {
                    self.record.clone()
                } else {
                    texts.join(&glue)
                };
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
                let keys: Vec<String> = self
                    .arrays
                    .get(array)
                    .map(|a| a.keys().cloned().collect())
                    .unwrap_or_default();
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

    pub(super) fn eval(&mut self, expr: &Expr) -> Result<Value> {
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
                number(
                    self.arrays
                        .get(array)
                        .is_some_and(|array| array.contains_key(&key)),
                )
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

    pub(super) fn assign(&mut self, place: &Expr, value: Value) -> Result<()> {
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
}
