//! Arrays, indexed and associative: `a=(x y)`, `a[i]=x`, `${a[@]}`; and `$@` and `$*`, which expand like them.
//!
//! The real ones are bash's `array.c` and `assoc.c`. A variable may have elements beside its value, which is
//! element 0. Inside the interpreter an element's name is written as `a[3]` or `m[key]`. Associative arrays
//! are in the order of their keys here; bash has them in that of its hashes.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::exec::Cpu;
use super::expand::{Result, Stop};
use super::fields::Fields;
use super::task::{Shell, SimpleFrame};
use crate::syntax::{self, Assign, Param, ParamOp, Part, Word};

/// What is assigned to more elements than this is lost.
const MAX_ITEMS: usize = 100_000;

/// `(3, "")` in an indexed array, `(0, "key")` in an associative one.
type Key = (i64, String);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Items {
    pub assoc: bool,
    pub map: BTreeMap<Key, String>,
}

impl Items {
    fn key(&self, text: &str) -> Key {
        match self.assoc {
            true => (0, text.to_owned()),
            false => (text.parse().unwrap_or(0), String::new()),
        }
    }

    fn names(&self) -> Vec<String> {
        let name = |key: &Key| match self.assoc {
            true => key.1.clone(),
            false => key.0.to_string(),
        };
        self.map.keys().map(name).collect()
    }

    /// As `declare -p` shows it.
    pub fn listing(&self) -> String {
        let mut text = String::from("(");
        for (name, value) in self.names().iter().zip(self.map.values()) {
            text.push_str(&format!("[{name}]=\"{value}\" "));
        }
        if !self.assoc {
            text.truncate(text.trim_end().len());
        }
        text.push(')');
        text
    }
}

/// `a[3]` → `a` and `3`
pub(super) fn split(name: &str) -> Option<(&str, &str)> {
    name.strip_suffix(']')?.split_once('[')
}

impl Shell {
    pub fn is_assoc(&self, name: &str) -> bool {
        let items = self.vars.get(name).and_then(|var| var.items.as_ref());
        items.is_some_and(|items| items.assoc)
    }

    /// Sets a variable, or an element by its name. False if it is read-only.
    pub fn set_named(&mut self, name: &str, value: &str) -> bool {
        match split(name) {
            Some((name, key)) => self.set_element(name, key, Some(value)),
            None => self.set_var(name, value),
        }
    }

    pub fn set_element(&mut self, name: &str, key: &str, value: Option<&str>) -> bool {
        let vars = Rc::make_mut(&mut self.vars);
        let var = vars.entry(name.to_owned()).or_default();
        if var.read_only {
            return false;
        }
        let mut items = var.items.take().unwrap_or_default();
        let inner = Rc::make_mut(&mut items);
        if !inner.assoc && inner.map.is_empty() && !var.value.is_empty() {
            inner.map.insert((0, String::new()), var.value.clone());
        }
        let key = inner.key(key);
        match value {
            Some(value) if inner.map.len() < MAX_ITEMS => {
                inner.map.insert(key, value.to_owned());
            }
            Some(_) => {}
            None => {
                inner.map.remove(&key);
            }
        }
        let first = inner.map.get(&inner.key("0")).cloned();
        var.items = Some(items);
        var.value = first.unwrap_or_default();
        true
    }

    /// Makes an indexed array of the values.
    pub fn set_list(&mut self, name: &str, values: Vec<String>) -> bool {
        if self.vars.get(name).is_some_and(|var| var.read_only) {
            return false;
        }
        let mut items = Items::default();
        for (at, value) in values.into_iter().enumerate().take(MAX_ITEMS) {
            items.map.insert((at as i64, String::new()), value);
        }
        let vars = Rc::make_mut(&mut self.vars);
        let var = vars.entry(name.to_owned()).or_default();
        var.value = items.map.values().next().cloned().unwrap_or_default();
        var.items = Some(Rc::new(items));
        true
    }
}

impl Cpu<'_> {
    /// The element's value; a plain variable has an element 0.
    pub(super) fn element(&self, name: &str, key: &str) -> Option<String> {
        match self.shell.vars.get(name).and_then(|v| v.items.as_ref()) {
            Some(items) => items.map.get(&items.key(key)).cloned(),
            None if key == "0" => self.shell.var(name).map(str::to_owned),
            None => None,
        }
    }

    /// The name of the element that an index, already expanded, means.
    pub(super) fn element_name(
        &mut self,
        fields: &mut Fields,
        name: &str,
        index: &str,
    ) -> Result<String> {
        if self.shell.is_assoc(name) {
            return Ok(format!("{name}[{index}]"));
        }
        let mut at = self.arith(fields, index)?;
        if at < 0 {
            let items = self.shell.vars.get(name).and_then(|v| v.items.as_ref());
            let last = items.and_then(|items| items.map.keys().next_back());
            at += last.map_or(0, |key| key.0) + 1;
        }
        match at < 0 {
            true => Err(Stop::Error(format!("{name}[{index}]: bad array subscript"))),
            false => Ok(format!("{name}[{at}]")),
        }
    }

    /// What `@` or `*` stand for, and whether it is `*`; `None` if the parameter is one value.
    pub(super) fn values(&self, param: &Param) -> Option<(Vec<String>, bool)> {
        let name = param.name.as_str();
        if name == "@" || name == "*" {
            return Some((self.shell.args.to_vec(), name == "*"));
        }
        let star = match param.index.as_ref()?.as_literal()? {
            "@" => false,
            "*" => true,
            _ => return None,
        };
        let var = self.shell.vars.get(name);
        let values = match var.map(|var| (&var.items, &var.value)) {
            Some((Some(items), _)) if param.indirect => items.names(),
            Some((Some(items), _)) => items.map.values().cloned().collect(),
            Some((None, _)) if param.indirect => vec!["0".to_owned()],
            Some((None, value)) => vec![value.clone()],
            None => Vec::new(),
        };
        Some((values, star))
    }

    /// A list with an operator: the operator is for each of the values, but for those about the whole.
    pub(super) fn list_param(
        &mut self,
        fields: &mut Fields,
        param: &Param,
        (mut values, star): (Vec<String>, bool),
        quoted: bool,
    ) -> Result<()> {
        match &param.op {
            ParamOp::Plain => {}
            ParamOp::Length => {
                fields.push(&values.len().to_string(), quoted);
                return Ok(());
            }
            ParamOp::Alternative { word, .. } => {
                if !values.is_empty() {
                    self.parts(fields, &word.parts, quoted)?;
                }
                return Ok(());
            }
            ParamOp::Default { colon, word } | ParamOp::Assign { colon, word } => {
                if values.is_empty() || *colon && values.iter().all(String::is_empty) {
                    return self.parts(fields, &word.parts, quoted);
                }
            }
            ParamOp::Error { .. } if values.is_empty() => {
                let name = &param.name;
                return Err(Stop::Error(format!("{name}: parameter not set")));
            }
            ParamOp::Slice { from, length } => {
                if param.index.is_none() {
                    values.insert(0, self.shell.argv0.to_string());
                }
                let (start, end) = self.range(fields, from, length.as_ref(), values.len())?;
                values = values.drain(start..end).collect();
            }
            op => {
                for value in &mut values {
                    *value = self.edit(fields, value, op)?;
                }
            }
        }
        self.push_list(fields, &values, star, quoted);
        Ok(())
    }

    fn push_list(&mut self, fields: &mut Fields, values: &[String], star: bool, quoted: bool) {
        if quoted && star || !fields.split {
            let ifs = self.shell.var("IFS").unwrap_or(" ");
            let glue = ifs.chars().next().map(String::from).unwrap_or_default();
            let glue = if star { glue } else { " ".to_owned() };
            fields.push(&values.join(&glue), true);
            return;
        }
        for (index, value) in values.iter().enumerate() {
            if index > 0 && (quoted || fields.exists) {
                fields.end_field();
            }
            match quoted {
                true => {
                    fields.push(value, true);
                    fields.exists = true;
                }
                false => self.value(fields, value, false),
            }
        }
    }

    /// `a[i]=x`, `a+=(x)`: one piece of it, or all. True when it is done.
    pub(super) fn assign_array(&mut self, frame: &mut SimpleFrame, assign: &Assign) -> Result<()> {
        let name = &*assign.name;
        let Some(words) = &assign.items else {
            let Some(index) = &assign.index else {
                return Ok(());
            };
            let (key, mut value) = self.expand_pair(index, &assign.value)?;
            let element = self.index_name(name, &key)?;
            if assign.append {
                let (_, key) = split(&element).unwrap_or_default();
                value.insert_str(0, &self.element(name, key).unwrap_or_default());
            }
            return self.keep(element, &value);
        };
        while let Some(word) = words.get(frame.item) {
            let keyed = match word.parts.first() {
                Some(Part::Lit(text)) if text.starts_with('[') => syntax::subscript(&word.parts, 1),
                _ => None,
            };
            match keyed {
                Some((index, _, value)) => {
                    let (key, value) = self.expand_pair(&index, &value)?;
                    frame.items.push((Some(key), value));
                }
                None => {
                    let fields = self.expand_fields(word)?;
                    frame.items.extend(fields.into_iter().map(|v| (None, v)));
                }
            }
            frame.item += 1;
        }
        frame.item = 0;
        let items = std::mem::take(&mut frame.items);
        let mut next = 0;
        let assoc = self.shell.is_assoc(name);
        if !assign.append {
            if !self.shell.set_list(name, Vec::new()) {
                return Err(Stop::Error(format!("{name}: readonly variable")));
            }
            let vars = Rc::make_mut(&mut self.shell.vars);
            if let Some(var) = vars.get_mut(name) {
                let map = BTreeMap::new();
                var.items = Some(Rc::new(super::task::Items { assoc, map }));
            }
        } else if let Some(items) = self.shell.vars.get(name).and_then(|v| v.items.as_ref()) {
            next = items.map.keys().next_back().map_or(0, |key| key.0 + 1);
        } else if self.shell.vars.contains_key(name) {
            next = 1;
        }
        for (key, value) in items {
            let element = match key {
                Some(key) => self.index_name(name, &key)?,
                None => format!("{name}[{next}]"),
            };
            if !assoc {
                let at = split(&element).and_then(|(_, key)| key.parse::<i64>().ok());
                next = at.unwrap_or(next).saturating_add(1);
            }
            self.keep(element, &value)?;
        }
        Ok(())
    }

    fn keep(&mut self, element: String, value: &str) -> Result<()> {
        match self.shell.set_named(&element, value) {
            true => Ok(()),
            false => Err(Stop::Error(format!("{element}: readonly variable"))),
        }
    }

    fn index_name(&mut self, name: &str, index: &str) -> Result<String> {
        self.element_name(&mut Fields::default(), name, index)
    }

    /// Two words at once, so that what substitutions gave is used up only when both are done.
    fn expand_pair(&mut self, a: &Word, b: &Word) -> Result<(String, String)> {
        let mut parts = a.parts.clone();
        parts.push(Part::Quoted("\0".to_owned()));
        parts.extend_from_slice(&b.parts);
        let text = self.expand_text(&Word { parts })?;
        let (a, b) = text.split_once('\0').unwrap_or((&text, ""));
        Ok((a.to_owned(), b.to_owned()))
    }
}
