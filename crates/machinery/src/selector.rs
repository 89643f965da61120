//! Label and field selectors: parsing (string form and object form), matching, printing, with upstream's error words
//! (`apimachinery:pkg/labels/selector.go`, `pkg/fields/selector.go`).

mod fields;
mod parse;

use crate::arrange::Arrange;
pub use fields::{FieldSelector, FieldTerm};

use crate::{Str, Value, validate_names};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Equals,
    DoubleEquals,
    NotEquals,
    In,
    NotIn,
    Exists,
    DoesNotExist,
    GreaterThan,
    LessThan,
}

/// One demand on the labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Requirement {
    pub key: String,
    pub op: Op,
    /// Sorted, each once.
    pub values: Vec<String>,
}

/// All demands must hold. No demand: everything matches; `nothing`: nothing does (a null selector object).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selector {
    pub requirements: Vec<Requirement>,
    nothing: bool,
}

type Labels<'a> = &'a [(Str, Value)];

impl Selector {
    pub fn everything() -> Selector {
        Selector::default()
    }
    pub fn nothing() -> Selector {
        Selector {
            requirements: Vec::new(),
            nothing: true,
        }
    }
    /// `app=web,tier in (a, b),!old`.
    pub fn parse(s: &str) -> Result<Selector, String> {
        let mut parser = parse::Parser::new(s);
        let mut requirements = parser.requirements()?;
        requirements.arrange_by(|a, b| a.key.cmp(&b.key));
        Ok(Selector {
            requirements,
            nothing: false,
        })
    }
    /// A plain map of labels: `spec.selector` of a Service or ReplicationController.
    pub fn of_map(map: &Value) -> Selector {
        let requirement = |(k, v): &(Str, Value)| Requirement {
            key: k.to_string(),
            op: Op::Equals,
            values: vec![v.as_str().unwrap_or("").to_string()],
        };
        Selector {
            requirements: map.entries().iter().map(requirement).collect(),
            nothing: false,
        }
    }
    /// A `metav1.LabelSelector`; null matches nothing, `{}` everything.
    pub fn of_object(selector: &Value) -> Result<Selector, String> {
        if selector.is_null() {
            return Ok(Selector::nothing());
        }
        let mut out = Selector::of_map(selector.get("matchLabels"));
        for e in selector.get("matchExpressions").items() {
            let op = match e.text("operator") {
                "In" => Op::In,
                "NotIn" => Op::NotIn,
                "Exists" => Op::Exists,
                "DoesNotExist" => Op::DoesNotExist,
                other => {
                    let other = crate::json::quote(other);
                    return Err(format!("{other} is not a valid label selector operator"));
                }
            };
            let values = e.get("values").items().iter();
            let values = values
                .map(|v| v.as_str().unwrap_or("").to_string())
                .collect();
            out.requirements
                .push(Requirement::new(e.text("key"), op, values)?);
        }
        out.requirements.arrange_by(|a, b| a.key.cmp(&b.key));
        Ok(out)
    }
    /// As [`Selector::of_object`]; a bad one matches nothing.
    pub fn of_object_lossy(selector: &Value) -> Selector {
        Selector::of_object(selector).unwrap_or_else(|_| Selector::nothing())
    }
    pub fn matches(&self, labels: Labels) -> bool {
        !self.nothing && self.requirements.iter().all(|r| r.matches(labels))
    }
    pub fn is_everything(&self) -> bool {
        !self.nothing && self.requirements.is_empty()
    }
    pub fn is_nothing(&self) -> bool {
        self.nothing
    }
    /// As tables show it: `<none>` where there is nothing to show.
    pub fn or_none(&self) -> String {
        if self.requirements.is_empty() {
            "<none>".into()
        } else {
            self.to_string()
        }
    }
}

impl std::fmt::Display for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        for (i, r) in self.requirements.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            write!(f, "{r}")?;
        }
        Ok(())
    }
}

impl Requirement {
    /// Checked as `labels.NewRequirement` does.
    pub fn new(key: &str, op: Op, mut values: Vec<String>) -> Result<Requirement, String> {
        values.arrange();
        values.dedup();
        let mut errors = Vec::new();
        let bad = validate_names::qualified_name(key);
        if !bad.is_empty() {
            errors.push(format!(
                "key: Invalid value: {}: {}",
                crate::json::quote(key),
                bad.join("; ")
            ));
        }
        let listed = crate::json::print(&Value::from(values.clone()));
        let whole = match op {
            Op::In | Op::NotIn if values.is_empty() => {
                Some("for 'in', 'notin' operators, values set can't be empty")
            }
            Op::Equals | Op::DoubleEquals | Op::NotEquals if values.len() != 1 => {
                Some("exact-match compatibility requires one single value")
            }
            Op::Exists | Op::DoesNotExist if !values.is_empty() => {
                Some("values set must be empty for exists and does not exist")
            }
            Op::GreaterThan | Op::LessThan if values.len() != 1 => {
                Some("for 'Gt', 'Lt' operators, exactly one value is required")
            }
            _ => None,
        };
        if let Some(text) = whole {
            errors.push(format!("values: Invalid value: {listed}: {text}"));
        }
        for (i, v) in values.iter().enumerate() {
            let quoted = crate::json::quote(v);
            if matches!(op, Op::GreaterThan | Op::LessThan) && v.parse::<i64>().is_err() {
                errors.push(format!("values[{i}]: Invalid value: {quoted}: for 'Gt', 'Lt' operators, the value must be an integer"));
            }
            let bad = validate_names::label_value(v);
            if !bad.is_empty() {
                errors.push(format!(
                    "values[{i}][{key}]: Invalid value: {quoted}: {}",
                    bad.join("; ")
                ));
            }
        }
        match errors.len() {
            0 => Ok(Requirement {
                key: key.to_string(),
                op,
                values,
            }),
            1 => Err(errors.remove(0)),
            _ => Err(format!("[{}]", errors.join(", "))),
        }
    }

    pub fn matches(&self, labels: Labels) -> bool {
        let found = labels.iter().find(|(k, _)| k == self.key.as_str());
        let value = found.map(|(_, v)| v.as_str().unwrap_or(""));
        let among = |v: &str| self.values.iter().any(|w| w == v);
        let number = |s: &str| s.parse::<i64>().ok();
        let limit = || self.values.first().and_then(|v| number(v));
        match self.op {
            Op::Equals | Op::DoubleEquals | Op::In => value.is_some_and(among),
            Op::NotEquals | Op::NotIn => !value.is_some_and(among),
            Op::Exists => value.is_some(),
            Op::DoesNotExist => value.is_none(),
            Op::GreaterThan => {
                matches!((value.and_then(number), limit()), (Some(a), Some(b)) if a > b)
            }
            Op::LessThan => {
                matches!((value.and_then(number), limit()), (Some(a), Some(b)) if a < b)
            }
        }
    }
}

impl std::fmt::Display for Requirement {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let (key, all) = (&self.key, self.values.join(","));
        match self.op {
            Op::Equals => write!(f, "{key}={all}"),
            Op::DoubleEquals => write!(f, "{key}=={all}"),
            Op::NotEquals => write!(f, "{key}!={all}"),
            Op::In => write!(f, "{key} in ({all})"),
            Op::NotIn => write!(f, "{key} notin ({all})"),
            Op::Exists => f.write_str(key),
            Op::DoesNotExist => write!(f, "!{key}"),
            Op::GreaterThan => write!(f, "{key}>{all}"),
            Op::LessThan => write!(f, "{key}<{all}"),
        }
    }
}

#[cfg(test)]
mod tests;
