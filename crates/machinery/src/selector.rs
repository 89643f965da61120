//! Label and field selectors: parsing (string form and object form), matching, printing, with upstream's error words
//! (`apimachinery:pkg/labels/selector.go`, `pkg/fields/selector.go`).

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
        let mut parser = Parser {
            tokens: lex(s),
            at: 0,
        };
        let mut requirements = parser.requirements()?;
        requirements.sort_by(|a, b| a.key.cmp(&b.key));
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
        out.requirements.sort_by(|a, b| a.key.cmp(&b.key));
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
        values.sort();
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Error,
    End,
    Close,
    Comma,
    Not,
    Operator(Op),
    Open,
    Identifier,
}

fn token_of(s: &str) -> Option<Token> {
    Some(match s {
        ")" => Token::Close,
        "," => Token::Comma,
        "!" => Token::Not,
        "==" => Token::Operator(Op::DoubleEquals),
        "=" => Token::Operator(Op::Equals),
        ">" => Token::Operator(Op::GreaterThan),
        "in" => Token::Operator(Op::In),
        "<" => Token::Operator(Op::LessThan),
        "!=" => Token::Operator(Op::NotEquals),
        "notin" => Token::Operator(Op::NotIn),
        "(" => Token::Open,
        _ => return None,
    })
}

fn lex(s: &str) -> Vec<(Token, String)> {
    let special = |c: char| "=!(),><".contains(c);
    let blank = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
    let mut out = Vec::new();
    let mut rest = s.trim_start_matches(blank);
    while let Some(first) = rest.chars().next() {
        let run = |in_run: &dyn Fn(char) -> bool| rest.find(|c| !in_run(c)).unwrap_or(rest.len());
        let (token, len) = if special(first) {
            // The longest operator that stands here.
            let longest = if run(&special) >= 2 {
                rest.get(..2).and_then(token_of)
            } else {
                None
            };
            match longest {
                Some(t) => (t, 2),
                None => (
                    token_of(rest.get(..1).unwrap_or("")).unwrap_or(Token::Error),
                    1,
                ),
            }
        } else {
            let len = run(&|c| !special(c) && !blank(c));
            (
                token_of(rest.get(..len).unwrap_or("")).unwrap_or(Token::Identifier),
                len,
            )
        };
        let (text, after) = rest.split_at(len);
        out.push((token, text.to_string()));
        rest = after.trim_start_matches(blank);
    }
    out.push((Token::End, String::new()));
    out
}

struct Parser {
    tokens: Vec<(Token, String)>,
    at: usize,
}

impl Parser {
    /// The token here; `in` and `notin` are plain words where a value is expected.
    fn look(&self) -> (Token, String) {
        let (t, s) = self
            .tokens
            .get(self.at)
            .cloned()
            .unwrap_or((Token::End, String::new()));
        match t {
            Token::Operator(Op::In | Op::NotIn) => (Token::Identifier, s),
            t => (t, s),
        }
    }
    fn take(&mut self) -> (Token, String) {
        let found = self.look();
        self.at += 1;
        found
    }

    fn requirements(&mut self) -> Result<Vec<Requirement>, String> {
        let mut out = Vec::new();
        loop {
            let (token, text) = self.look();
            match token {
                Token::End => return Ok(out),
                Token::Identifier | Token::Not => {}
                _ => {
                    return Err(format!(
                        "found '{text}', expected: !, identifier, or 'end of string'"
                    ));
                }
            }
            let r = self
                .requirement()
                .map_err(|e| format!("unable to parse requirement: {e}"))?;
            out.push(r);
            match self.take() {
                (Token::End, _) => return Ok(out),
                (Token::Comma, _) => {
                    let (token, text) = self.look();
                    if !matches!(token, Token::Identifier | Token::Not) {
                        return Err(format!("found '{text}', expected: identifier after ','"));
                    }
                }
                (_, text) => {
                    return Err(format!("found '{text}', expected: ',' or 'end of string'"));
                }
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let (mut token, mut key) = self.take();
        let negated = token == Token::Not;
        if negated {
            (token, key) = self.take();
        }
        if token != Token::Identifier {
            return Err(format!("found '{key}', expected: identifier"));
        }
        let bad = validate_names::qualified_name(&key);
        if !bad.is_empty() {
            return Err(format!(
                "<nil>: Invalid value: {}: {}",
                crate::json::quote(&key),
                bad.join("; ")
            ));
        }
        if negated {
            return Requirement::new(&key, Op::DoesNotExist, Vec::new());
        }
        if matches!(self.look().0, Token::End | Token::Comma) {
            return Requirement::new(&key, Op::Exists, Vec::new());
        }
        let (token, text) = self
            .tokens
            .get(self.at)
            .cloned()
            .unwrap_or((Token::End, String::new()));
        self.at += 1;
        let Token::Operator(op) = token else {
            return Err(format!(
                "found '{text}', expected: in, notin, =, ==, !=, gt, lt"
            ));
        };
        let values = match op {
            Op::In | Op::NotIn => self.values()?,
            _ => vec![self.exact_value()?],
        };
        Requirement::new(&key, op, values)
    }

    fn exact_value(&mut self) -> Result<String, String> {
        if matches!(self.look().0, Token::End | Token::Comma) {
            return Ok(String::new());
        }
        match self.take() {
            (Token::Identifier, text) => Ok(text),
            (_, text) => Err(format!("found '{text}', expected: identifier")),
        }
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        let (token, text) = self.take();
        if token != Token::Open {
            return Err(format!("found '{text}' expected: '('"));
        }
        match self.look() {
            (Token::Close, _) => {
                self.take();
                Ok(vec![String::new()])
            }
            (Token::Identifier | Token::Comma, _) => {
                let values = self.list()?;
                self.take();
                Ok(values)
            }
            (_, text) => Err(format!("found '{text}', expected: ',', ')' or identifier")),
        }
    }

    fn list(&mut self) -> Result<Vec<String>, String> {
        let mut out: Vec<String> = Vec::new();
        loop {
            match self.take() {
                (Token::Identifier, text) => {
                    out.push(text);
                    match self.look() {
                        (Token::Comma, _) => {}
                        (Token::Close, _) => return Ok(out),
                        (_, text) => return Err(format!("found '{text}', expected: ',' or ')'")),
                    }
                }
                (Token::Comma, _) => {
                    if out.is_empty() {
                        out.push(String::new());
                    }
                    match self.look().0 {
                        Token::Close => {
                            out.push(String::new());
                            return Ok(out);
                        }
                        Token::Comma => out.push(String::new()),
                        _ => {}
                    }
                }
                (_, text) => return Err(format!("found '{text}', expected: ',', or identifier")),
            }
        }
    }
}

/// A field selector: `metadata.name=web,status.phase!=Running`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldSelector {
    pub terms: Vec<FieldTerm>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FieldTerm {
    pub field: String,
    pub value: String,
    /// `=`; else `!=`.
    pub equal: bool,
}

impl FieldSelector {
    pub fn parse(s: &str) -> Result<FieldSelector, String> {
        let mut parts = split_unescaped(s);
        parts.sort_unstable();
        let mut terms = Vec::new();
        for part in parts.into_iter().filter(|p| !p.is_empty()) {
            let Some(i) = part.find('=') else {
                return Err(format!(
                    "invalid selector: '{s}'; can't understand '{part}'"
                ));
            };
            let (before, after) = part.split_at(i);
            let (field, equal) = match before.strip_suffix('!') {
                Some(f) => (f, false),
                None => (before, true),
            };
            let value = after.get(1..).unwrap_or("");
            let value = if equal {
                value.strip_prefix('=').unwrap_or(value)
            } else {
                value
            };
            terms.push(FieldTerm {
                field: field.to_string(),
                value: unescape(value)?,
                equal,
            });
        }
        Ok(FieldSelector { terms })
    }
    /// `value_of` gives the text of a field; one that is not there is "".
    pub fn matches(&self, value_of: impl Fn(&str) -> String) -> bool {
        self.terms
            .iter()
            .all(|t| (value_of(&t.field) == t.value) == t.equal)
    }
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }
    /// The value that `field` must have, if one is demanded.
    pub fn exact(&self, field: &str) -> Option<&str> {
        self.terms
            .iter()
            .find(|t| t.equal && t.field == field)
            .map(|t| t.value.as_str())
    }
}

impl std::fmt::Display for FieldSelector {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        for (i, t) in self.terms.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            let op = if t.equal { "=" } else { "!=" };
            let value = t
                .value
                .replace('\\', "\\\\")
                .replace(',', "\\,")
                .replace('=', "\\=");
            write!(f, "{comma}{}{op}{value}", t.field)?;
        }
        Ok(())
    }
}

fn split_unescaped(s: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (i, c) in s.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == ',' {
            out.push(s.get(start..i).unwrap_or(""));
            start = i + 1;
        }
    }
    out.push(s.get(start..).unwrap_or(""));
    out
}

fn unescape(s: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut chars = s.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(e @ ('\\' | ',' | '=')) => out.push(e),
                Some(e) => {
                    return Err(format!(
                        "invalid field selector: invalid escape sequence: \\{e}"
                    ));
                }
                None => return Err("invalid field selector: invalid escape sequence: \\".into()),
            },
            ',' | '=' => {
                return Err(format!(
                    "invalid field selector: unescaped character in value: {}",
                    c as u32
                ));
            }
            c => out.push(c),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value;

    #[test]
    fn parsed_printed_and_refused_in_upstreams_words() {
        const KEY: &str =
            "(regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
        for (s, want) in [
            ("", ""),
            ("app=web", "app=web"),
            ("b == x , a!=y", "a!=y,b==x"),
            ("a in (x, b,a),!c,d", "a in (a,b,x),!c,d"),
            ("x notin (),y>3,z<4", "x notin (),y>3,z<4"),
            ("in in (in)", "in in (in)"),
            ("a=", "a="),
            ("a in (,b)", "a in (,b)"),
            (
                "env in prod",
                "unable to parse requirement: found 'prod' expected: '('",
            ),
            ("a=b c", "found 'c', expected: ',' or 'end of string'"),
            ("a,", "found '', expected: identifier after ','"),
            (
                ",a",
                "found ',', expected: !, identifier, or 'end of string'",
            ),
            (
                "a ! b",
                "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt",
            ),
            (
                "a=(",
                "unable to parse requirement: found '(', expected: identifier",
            ),
            (
                "a in (b",
                "unable to parse requirement: found '', expected: ',' or ')'",
            ),
            (
                "a>x",
                "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
            ),
        ] {
            assert_eq!(
                Selector::parse(s).map_or_else(|e| e, |s| s.to_string()),
                want,
                "of {s}"
            );
        }
        let err = Selector::parse("-a=b").unwrap_err();
        assert!(err.starts_with("unable to parse requirement: <nil>: Invalid value: \"-a\": name part must consist of") && err.contains("(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"), "{err} {KEY}");
    }

    #[test]
    fn matching() {
        let labels = value!({ "app": "web", "n": "5", "tier": "a" });
        let check = |s: &str, want: bool| {
            assert_eq!(
                Selector::parse(s).unwrap().matches(labels.entries()),
                want,
                "of {s}"
            )
        };
        for s in [
            "",
            "app=web",
            "app!=x",
            "tier in (a,b)",
            "tier notin (b)",
            "no notin (b)",
            "no!=x",
            "!no",
            "app",
            "n>4",
            "n<6",
            "app=web,tier=a",
        ] {
            check(s, true);
        }
        for s in ["app=x", "no=x", "!app", "tier in (b)", "n>5", "app>1", "no"] {
            check(s, false);
        }
        let of = |v: Value| Selector::of_object(&v);
        let s = of(value!({ "matchLabels": { "app": "web" }, "matchExpressions": [{ "key": "tier", "operator": "In", "values": ["b", "a"] }, { "key": "z", "operator": "DoesNotExist" }] })).unwrap();
        assert_eq!(
            (s.to_string().as_str(), s.matches(labels.entries())),
            ("app=web,tier in (a,b),!z", true)
        );
        assert!(!of(Value::Null).unwrap().matches(&[]) && of(value!({})).unwrap().matches(&[]));
        assert_eq!(
            of(value!({ "matchExpressions": [{ "key": "a", "operator": "Is" }] })).unwrap_err(),
            "\"Is\" is not a valid label selector operator"
        );
    }

    #[test]
    fn fields() {
        let s = FieldSelector::parse("status.phase!=Running,metadata.name==web").unwrap();
        assert_eq!(s.to_string(), "metadata.name=web,status.phase!=Running");
        assert!(s.matches(|f| if f == "metadata.name" {
            "web".into()
        } else {
            "Pending".into()
        }));
        assert_eq!(
            FieldSelector::parse("oops").unwrap_err(),
            "invalid selector: 'oops'; can't understand 'oops'"
        );
        assert_eq!(
            FieldSelector::parse("a=b=c").unwrap_err(),
            "invalid field selector: unescaped character in value: 61"
        );
    }
}
