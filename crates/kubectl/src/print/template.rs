//! A small Go `text/template`: what `-o go-template` is used for. Fields, variables, pipelines, `range`, `if`, `with`,
//! and the common functions. Left out: `define`, `template`, `block`, method calls, `break` and `continue`.

mod functions;

use crate::fail::{Fail, text};
use functions::{FUNCTIONS, call, shown, walk};
use machinery::Value;

pub struct Template {
    source: String,
    nodes: Vec<Node>,
}

enum Node {
    Text(String),
    Print(Pipe),
    If(Pipe, Vec<Node>, Vec<Node>),
    With(Pipe, Vec<Node>, Vec<Node>),
    Range(Vec<String>, Pipe, Vec<Node>, Vec<Node>),
}

/// `$x := a b | c`
struct Pipe {
    variable: Option<String>,
    commands: Vec<Vec<Term>>,
}

#[derive(Clone)]
enum Term {
    Literal(Value),
    /// `.a.b`, from the dot.
    Field(Vec<String>),
    /// `$x.a`
    Variable(String, Vec<String>),
    Function(String),
    Group(usize),
}

enum Token {
    Text(String),
    Action(String),
}

struct Parser {
    tokens: std::vec::IntoIter<Token>,
}

impl Template {
    pub fn parse(source: &str) -> Result<Template, Fail> {
        let fail = |e: String| {
            text(format!(
                "error parsing template {source}, template: output:1: {e}"
            ))
        };
        let tokens = tokens(source).map_err(fail)?;
        let mut parser = Parser {
            tokens: tokens.into_iter(),
        };
        let (nodes, end) = parser.block(0).map_err(fail)?;
        if let Some(word) = end {
            return Err(fail(format!("unexpected {{{{{word}}}}}")));
        }
        Ok(Template {
            source: source.to_string(),
            nodes,
        })
    }
    pub fn print(&self, v: &Value) -> Result<String, Fail> {
        let mut run = Runner {
            out: String::new(),
            variables: vec![("$".to_string(), v.clone())],
            steps: 0,
        };
        run.nodes(&self.nodes, v).map_err(|e| {
            let _ = &self.source;
            text(format!(
                "error executing template {}: template: output:1: {e}",
                machinery::json::quote(&self.source)
            ))
        })?;
        Ok(run.out)
    }
}

fn tokens(source: &str) -> Result<Vec<Token>, String> {
    let mut out = Vec::new();
    let mut rest = source;
    let mut trim = false;
    while let Some(i) = rest.find("{{") {
        let mut before = &rest[..i];
        if trim {
            before = before.trim_start();
        }
        let inner = &rest[i + 2..];
        let end = inner.find("}}").ok_or("unclosed action")?;
        let mut action = &inner[..end];
        if let Some(a) = action.strip_prefix("- ") {
            before = before.trim_end();
            action = a;
        }
        trim = false;
        if let Some(a) = action.strip_suffix(" -") {
            action = a;
            trim = true;
        }
        if !before.is_empty() {
            out.push(Token::Text(before.to_string()));
        }
        let action = action.trim();
        if !action.starts_with("/*") {
            out.push(Token::Action(action.to_string()));
        }
        rest = &inner[end + 2..];
    }
    let tail = if trim { rest.trim_start() } else { rest };
    if !tail.is_empty() {
        out.push(Token::Text(tail.to_string()));
    }
    Ok(out)
}

type Block = (Vec<Node>, Option<String>);

impl Parser {
    /// Nodes up to `end` or `else`, which is given back.
    fn block(&mut self, depth: usize) -> Result<Block, String> {
        if depth > 30 {
            return Err("nested too deep".into());
        }
        let mut nodes = Vec::new();
        while let Some(token) = self.tokens.next() {
            let action = match token {
                Token::Text(t) => {
                    nodes.push(Node::Text(t));
                    continue;
                }
                Token::Action(a) => a,
            };
            let (word, rest) = action
                .split_once(char::is_whitespace)
                .unwrap_or((&action, ""));
            match word {
                "end" | "else" => return Ok((nodes, Some(action.clone()))),
                "if" | "with" | "range" => nodes.push(self.branch(word, rest.trim(), depth)?),
                _ => nodes.push(Node::Print(pipe(&action)?)),
            }
        }
        if depth > 0 {
            return Err("unexpected EOF".into());
        }
        Ok((nodes, None))
    }
    fn branch(&mut self, word: &str, head: &str, depth: usize) -> Result<Node, String> {
        let (then, end) = self.block(depth + 1)?;
        let end = end.unwrap_or_default();
        let otherwise = match end.strip_prefix("else").map(str::trim) {
            None => Vec::new(),
            Some("") => self.block(depth + 1)?.0,
            Some(more) => {
                let (w, h) = more.split_once(char::is_whitespace).unwrap_or((more, ""));
                vec![self.branch(w, h.trim(), depth + 1)?]
            }
        };
        Ok(match word {
            "if" => Node::If(pipe(head)?, then, otherwise),
            "with" => Node::With(pipe(head)?, then, otherwise),
            _ => {
                let (names, source) = match head.split_once(":=") {
                    Some((names, source)) => (
                        names.split(',').map(|n| n.trim().to_string()).collect(),
                        source,
                    ),
                    None => (Vec::new(), head),
                };
                Node::Range(names, pipe(source.trim())?, then, otherwise)
            }
        })
    }
}

/// One word of a pipeline: literals, fields, names, `(`, `)`, `|`.
fn words(source: &str) -> Result<Vec<String>, String> {
    let mut out: Vec<String> = Vec::new();
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => {}
            '(' | ')' | '|' => out.push(c.to_string()),
            '"' | '`' | '\'' => {
                let mut word = String::from(c);
                loop {
                    match chars.next() {
                        Some('\\') if c != '`' => {
                            word.push('\\');
                            word.extend(chars.next());
                        }
                        Some(x) => {
                            word.push(x);
                            if x == c {
                                break;
                            }
                        }
                        None => return Err("unterminated quoted string".into()),
                    }
                }
                out.push(word);
            }
            c => {
                let mut word = String::from(c);
                while let Some(&x) = chars.peek() {
                    if x.is_whitespace() || ['(', ')', '|'].contains(&x) {
                        break;
                    }
                    word.push(x);
                    chars.next();
                }
                out.push(word);
            }
        }
    }
    Ok(out)
}

fn pipe(source: &str) -> Result<Pipe, String> {
    let (variable, source) = match source.split_once(":=") {
        Some((name, rest)) if name.trim().starts_with('$') => (Some(name.trim().to_string()), rest),
        _ => (None, source),
    };
    let words = words(source)?;
    if words.is_empty() {
        return Err("missing value for command".into());
    }
    let mut commands = vec![Vec::new()];
    let mut stack: Vec<Vec<Vec<Term>>> = Vec::new();
    let mut groups = 0;
    for word in words {
        match word.as_str() {
            "|" => commands.push(Vec::new()),
            "(" => {
                groups += 1;
                stack.push(std::mem::replace(&mut commands, vec![Vec::new()]));
            }
            ")" => {
                let mut outer = stack.pop().ok_or("unexpected right paren")?;
                // A group is kept as a nested pipeline of terms, marked by its length.
                let inner: Vec<Term> = std::mem::take(&mut commands)
                    .into_iter()
                    .flat_map(|c| {
                        let n = c.len();
                        std::iter::once(Term::Group(n)).chain(c)
                    })
                    .collect();
                if let Some(last) = outer.last_mut() {
                    last.push(Term::Group(usize::MAX));
                    last.push(Term::Group(inner.len()));
                    last.extend(inner);
                }
                commands = outer;
            }
            w => {
                if let Some(last) = commands.last_mut() {
                    last.push(term(w)?);
                }
            }
        }
    }
    if !stack.is_empty() || groups > 30 {
        return Err("unclosed left paren".into());
    }
    Ok(Pipe { variable, commands })
}

fn term(word: &str) -> Result<Term, String> {
    let path = |s: &str| -> Vec<String> {
        s.split('.')
            .filter(|p| !p.is_empty())
            .map(str::to_string)
            .collect()
    };
    if word.starts_with('"') || word.starts_with('\'') {
        let inner = word.get(1..word.len() - 1).unwrap_or("");
        let mut out = String::new();
        let mut chars = inner.chars();
        while let Some(c) = chars.next() {
            if c != '\\' {
                out.push(c);
                continue;
            }
            match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some(x) => out.push(x),
                None => {}
            }
        }
        return Ok(Term::Literal(Value::from(out)));
    }
    if word.starts_with('`') {
        return Ok(Term::Literal(Value::str(word.trim_matches('`'))));
    }
    if word.starts_with('.') {
        return Ok(Term::Field(path(word)));
    }
    if let Some(rest) = word.strip_prefix('$') {
        let (name, fields) = rest.split_once('.').unwrap_or((rest, ""));
        return Ok(Term::Variable(format!("${name}"), path(fields)));
    }
    match word {
        "true" => return Ok(Term::Literal(Value::Bool(true))),
        "false" => return Ok(Term::Literal(Value::Bool(false))),
        "nil" => return Ok(Term::Literal(Value::Null)),
        _ => {}
    }
    if let Ok(n) = word.parse::<i64>() {
        return Ok(Term::Literal(Value::Int(n)));
    }
    if FUNCTIONS.contains(&word) {
        return Ok(Term::Function(word.to_string()));
    }
    Err(format!("function \"{word}\" not defined"))
}

struct Runner {
    out: String,
    variables: Vec<(String, Value)>,
    steps: usize,
}

impl Runner {
    fn nodes(&mut self, nodes: &[Node], dot: &Value) -> Result<(), String> {
        for node in nodes {
            self.steps += 1;
            if self.steps > 200_000 || self.out.len() > 4_000_000 {
                return Err("the template does not end".into());
            }
            match node {
                Node::Text(t) => self.out.push_str(t),
                Node::Print(p) => {
                    let v = self.pipe(p, dot)?;
                    match &p.variable {
                        Some(name) => self.variables.push((name.clone(), v)),
                        None => self.out.push_str(&shown(&v)),
                    }
                }
                Node::If(p, then, otherwise) => {
                    let truth = !self.pipe(p, dot)?.is_empty();
                    self.scoped(if truth { then } else { otherwise }, dot)?;
                }
                Node::With(p, then, otherwise) => {
                    let v = self.pipe(p, dot)?;
                    if v.is_empty() {
                        self.scoped(otherwise, dot)?;
                    } else {
                        self.scoped(then, &v)?;
                    }
                }
                Node::Range(names, p, each, otherwise) => {
                    let v = self.pipe(p, dot)?;
                    self.range(names, &v, each, otherwise, dot)?;
                }
            }
        }
        Ok(())
    }
    fn scoped(&mut self, nodes: &[Node], dot: &Value) -> Result<(), String> {
        let n = self.variables.len();
        let done = self.nodes(nodes, dot);
        self.variables.truncate(n);
        done
    }
    fn range(
        &mut self,
        names: &[String],
        v: &Value,
        each: &[Node],
        otherwise: &[Node],
        dot: &Value,
    ) -> Result<(), String> {
        let pairs: Vec<(Value, Value)> = match v {
            Value::List(l) => l
                .iter()
                .enumerate()
                .map(|(i, x)| (Value::from(i), x.clone()))
                .collect(),
            Value::Map(m) => m
                .iter()
                .map(|(k, x)| (Value::from(k.clone()), x.clone()))
                .collect(),
            Value::Null => Vec::new(),
            other => return Err(format!("range can't iterate over {}", shown(other))),
        };
        if pairs.is_empty() {
            return self.scoped(otherwise, dot);
        }
        for (k, x) in pairs {
            let n = self.variables.len();
            match names {
                [one] => self.variables.push((one.clone(), x.clone())),
                [key, item] => {
                    self.variables.push((key.clone(), k));
                    self.variables.push((item.clone(), x.clone()));
                }
                _ => {}
            }
            let done = self.nodes(each, &x);
            self.variables.truncate(n);
            done?;
        }
        Ok(())
    }
    fn pipe(&mut self, p: &Pipe, dot: &Value) -> Result<Value, String> {
        self.commands(&p.commands, dot)
    }
    fn commands(&mut self, commands: &[Vec<Term>], dot: &Value) -> Result<Value, String> {
        let mut last: Option<Value> = None;
        for command in commands {
            last = Some(self.command(command, last, dot)?);
        }
        Ok(last.unwrap_or_default())
    }
    fn command(
        &mut self,
        terms: &[Term],
        piped: Option<Value>,
        dot: &Value,
    ) -> Result<Value, String> {
        let (function, rest) = match terms.split_first() {
            Some((Term::Function(f), rest)) => (Some(f.clone()), rest),
            _ => (None, terms),
        };
        let mut values = Vec::new();
        let mut i = 0;
        while let Some(t) = rest.get(i) {
            i += 1;
            values.push(match t {
                Term::Literal(v) => v.clone(),
                Term::Field(path) => walk(dot, path)?,
                Term::Variable(name, path) => {
                    let found = self.variables.iter().rev().find(|(n, _)| n == name);
                    let v = found.ok_or(format!("undefined variable \"{name}\""))?;
                    walk(&v.1, path)?
                }
                Term::Function(f) => call(f, &[])?,
                Term::Group(_) => {
                    let Some(Term::Group(len)) = rest.get(i) else {
                        return Err("bad group".into());
                    };
                    let inner = rest.get(i + 1..i + 1 + len).unwrap_or(&[]);
                    i += 1 + len;
                    let mut commands: Vec<Vec<Term>> = Vec::new();
                    let mut j = 0;
                    while let Some(Term::Group(n)) = inner.get(j) {
                        commands.push(inner.get(j + 1..j + 1 + n).unwrap_or(&[]).to_vec());
                        j += 1 + n;
                    }
                    self.commands(&commands, dot)?
                }
            });
        }
        values.extend(piped);
        match function {
            Some(f) => call(&f, &values),
            None if values.len() == 1 => Ok(values.remove(0)),
            None => Err("can't give argument to non-function".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use machinery::value;

    #[test]
    fn templates() {
        let v = value!({ "items": [{ "n": "a", "c": [1, 2] }, { "n": "b", "c": [] }], "on": true });
        for (source, expected) in [
            (
                "{{range .items}}{{.n}}: {{len .c}}{{\"\\n\"}}{{end}}",
                "a: 2\nb: 0\n",
            ),
            ("{{if .on}}yes{{else}}no{{end}}", "yes"),
            ("{{range $i, $x := .items}}{{$i}}{{$x.n}} {{end}}", "0a 1b "),
            ("{{(index .items 1).n}}", "ERR"),
            ("{{with (index .items 1)}}{{.n}}{{end}}", "b"),
            ("{{.items | len | printf \"%03d|%-3v\" 5}}", "  5|2  "),
            ("{{if and .on (eq (len .items) 2)}}two{{end}}", "two"),
            ("{{.nope}}", "<no value>"),
        ] {
            let got = Template::parse(source)
                .and_then(|t| t.print(&v))
                .unwrap_or("ERR".into());
            assert_eq!(got, expected, "{source}");
        }
    }
}
