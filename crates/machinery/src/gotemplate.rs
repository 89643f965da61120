//! Go's `text/template`: what `kubectl -o go-template` prints with, and what helm's charts are written in.
//!
//! The real one is the standard library's package of that name. A [`Host`] adds functions (sprig's, helm's) and the
//! methods of objects that are more than data (`.Files.Get`). Messages place themselves as upstream's do:
//! `template: web/templates/a.yaml:3:20: executing "…" at <.Values.a.b>: nil pointer evaluating interface {}.b`.
//! Left out: values with an identity. A map that `set` changes is changed where it was named (`$x`, `.a`), not in other
//! variables that hold the same map.

mod builtins;
mod call;
mod parse;
mod tokens;

use crate::Value;
use parse::{Command, Node, Parser, Pipe, Tree};
use std::collections::BTreeMap;
use std::rc::Rc;

pub use builtins::{go, go_type, printf};

/// The key of a map that stands for an object with methods: names its type.
pub const METHODS: &str = "\0type";
/// The key of a map that prints as this text.
pub const TEXT: &str = "\0text";

/// Actions run, templates within templates, text printed.
const MAX_STEPS: usize = 200_000;
const MAX_CALLS: usize = 40;
const MAX_OUTPUT: usize = 4_000_000;

/// The parameters of a function: one letter each, `a` any value, `s` a text, `i` a whole number, `m` a map; `*` after the last: any
/// number of it.
pub type Signature = &'static str;
type Lookup<'a> = dyn Fn(&str) -> Option<Signature> + 'a;

/// What a program adds to the templates that it runs.
pub trait Host {
    /// The parameters of a function that the host has.
    fn signature(&self, name: &str) -> Option<Signature>;
    fn call(&mut self, name: &str, args: &[Value]) -> Result<Value, String>;
    /// A method of a map that has a [`METHODS`] key; `None` if it has no such method.
    fn method(
        &mut self,
        _on: &Value,
        _name: &str,
        _args: &[Value],
    ) -> Option<Result<Value, String>> {
        None
    }
    /// Whether a key that a map has not is an error (`missingkey=error`).
    fn needs_keys(&self) -> bool {
        false
    }
    /// Whether a field of null is an error (`missingkey=zero`), or null again.
    fn strict(&self) -> bool {
        false
    }
}

/// Templates that can call each other.
#[derive(Clone, Default)]
pub struct Templates(BTreeMap<String, Rc<Tree>>);

impl Templates {
    /// Adds a file, and what it defines; later definitions win.
    pub fn add(&mut self, name: &str, source: &str, host: &dyn Host) -> Result<(), String> {
        let known = |name: &str| match name {
            "include" => host.signature(name).map(|_| "sa"),
            "tpl" => host.signature(name).map(|_| "sa"),
            _ => builtins::builtin(name).or_else(|| host.signature(name)),
        };
        let mut parser = Parser::new(name, source, &known);
        let tree = parser.file()?;
        self.0.append(&mut parser.named);
        self.0.insert(name.to_string(), tree);
        Ok(())
    }
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
    pub fn run(&self, name: &str, data: &Value, host: &mut dyn Host) -> Result<String, String> {
        let mut run = Run {
            templates: self.clone(),
            host,
            out: String::new(),
            variables: Vec::new(),
            dots: Vec::new(),
            name: name.to_string(),
            tree: None,
            steps: 0,
            calls: 0,
        };
        run.template(name, data)?;
        Ok(run.out)
    }
}

#[derive(PartialEq)]
enum Flow {
    Next,
    Break,
    Continue,
}

struct Run<'a> {
    templates: Templates,
    host: &'a mut dyn Host,
    out: String,
    variables: Vec<(String, Value)>,
    dots: Vec<Value>,
    /// What is being executed.
    name: String,
    tree: Option<Rc<Tree>>,
    steps: usize,
    calls: usize,
}

type Ran<T> = Result<T, String>;

impl Run<'_> {
    /// An error at a place: it names the file, the template and the node.
    fn fail<T>(&self, pos: usize, text: &str, message: &str) -> Ran<T> {
        let place = self.tree.as_ref().map(|t| t.place(pos)).unwrap_or_default();
        Err(format!(
            "template: {place}: executing {} at <{text}>: {message}",
            crate::json::quote(&self.name)
        ))
    }
    /// Executes a named template; what it prints is added to `out`.
    fn template(&mut self, name: &str, data: &Value) -> Ran<()> {
        let Some(tree) = self.templates.0.get(name).cloned() else {
            return Err(format!(
                "template: no template {name:?} associated with template \"gotpl\""
            ));
        };
        self.calls += 1;
        if self.calls > MAX_CALLS {
            return Err(format!("template: {name}: exceeded maximum template depth"));
        }
        let variables =
            std::mem::replace(&mut self.variables, vec![("$".to_string(), data.clone())]);
        let dots = std::mem::replace(&mut self.dots, vec![data.clone()]);
        let outer = std::mem::replace(&mut self.name, name.to_string());
        let outer_tree = self.tree.replace(tree.clone());
        let done = self.nodes(&tree.nodes);
        self.variables = variables;
        self.dots = dots;
        self.name = outer;
        self.tree = outer_tree;
        self.calls -= 1;
        done.map(|_| ())
    }
    /// What a template prints, as a value: `include`.
    fn captured(&mut self, run: impl FnOnce(&mut Self) -> Ran<()>) -> Ran<Value> {
        let outer = std::mem::take(&mut self.out);
        let done = run(self);
        let text = std::mem::replace(&mut self.out, outer);
        done.map(|()| Value::from(text))
    }
    fn dot(&self) -> Value {
        self.dots.last().cloned().unwrap_or_default()
    }
    fn nodes(&mut self, nodes: &[Node]) -> Ran<Flow> {
        for node in nodes {
            self.steps += 1;
            if self.steps > MAX_STEPS || self.out.len() > MAX_OUTPUT {
                return Err(format!(
                    "template: {}: the template does not end",
                    self.name
                ));
            }
            let flow = match node {
                Node::Text(text) => {
                    self.out.push_str(text);
                    Flow::Next
                }
                Node::Action(pipe) => {
                    let v = self.pipe(pipe)?;
                    if pipe.names.is_empty() {
                        self.out.push_str(&builtins::shown(&v));
                    }
                    Flow::Next
                }
                Node::If(pipe, then, otherwise) => {
                    let scope = self.variables.len();
                    let truth = !self.pipe(pipe)?.is_empty();
                    let flow = self.nodes(if truth { then } else { otherwise })?;
                    self.variables.truncate(scope);
                    flow
                }
                Node::With(pipe, then, otherwise) => self.with(pipe, then, otherwise)?,
                Node::Range(pipe, each, otherwise) => self.range(pipe, each, otherwise)?,
                Node::Template(pos, name, pipe) => {
                    let data = match pipe {
                        Some(pipe) => self.pipe(pipe)?,
                        None => Value::Null,
                    };
                    if !self.templates.has(name) {
                        let text = format!("{{{{template {name:?}}}}}");
                        return self.fail(*pos, &text, &format!("template {name:?} not defined"));
                    }
                    self.template(name, &data)?;
                    Flow::Next
                }
                Node::Break => Flow::Break,
                Node::Continue => Flow::Continue,
            };
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }
    fn with(&mut self, pipe: &Pipe, then: &[Node], otherwise: &[Node]) -> Ran<Flow> {
        let scope = self.variables.len();
        let v = self.pipe(pipe)?;
        let flow = if v.is_empty() {
            self.nodes(otherwise)
        } else {
            self.dots.push(v);
            let flow = self.nodes(then);
            self.dots.pop();
            flow
        };
        self.variables.truncate(scope);
        flow
    }
    fn range(&mut self, pipe: &Pipe, each: &[Node], otherwise: &[Node]) -> Ran<Flow> {
        let scope = self.variables.len();
        let v = self.commands(pipe)?;
        let pairs: Vec<(Value, Value)> = match &v {
            Value::List(l) => {
                let numbered = l.iter().enumerate();
                numbered.map(|(i, x)| (Value::from(i), x.clone())).collect()
            }
            Value::Map(m) => {
                let own = m.iter().filter(|(k, _)| !k.starts_with('\0'));
                own.map(|(k, x)| (Value::from(k.clone()), x.clone()))
                    .collect()
            }
            Value::Int(n) => (0..(*n).clamp(0, 100_000))
                .map(|i| (Value::Int(i), Value::Int(i)))
                .collect(),
            Value::Null => Vec::new(),
            other => {
                let (pos, text) = shape(pipe);
                let message = format!("range can't iterate over {}", go(other));
                return self.fail(pos, &text, &message);
            }
        };
        if pairs.is_empty() {
            let flow = self.nodes(otherwise)?;
            self.variables.truncate(scope);
            return Ok(flow);
        }
        for (key, item) in pairs {
            let values: &[&Value] = match pipe.names.len() {
                1 => &[&item],
                2 => &[&key, &item],
                _ => &[],
            };
            for (name, value) in pipe.names.iter().zip(values) {
                match pipe.assigns {
                    true => self.assign(name, (*value).clone()),
                    false => self.variables.push((name.clone(), (*value).clone())),
                }
            }
            self.dots.push(item);
            let flow = self.nodes(each);
            self.dots.pop();
            self.variables.truncate(scope);
            if flow? == Flow::Break {
                break;
            }
        }
        Ok(Flow::Next)
    }
    fn assign(&mut self, name: &str, value: Value) {
        if let Some(found) = self.variables.iter_mut().rev().find(|(n, _)| n == name) {
            found.1 = value;
        }
    }
    /// A pipeline's value; what it declares is declared.
    fn pipe(&mut self, pipe: &Pipe) -> Ran<Value> {
        let v = self.commands(pipe)?;
        for name in &pipe.names {
            match pipe.assigns {
                true => self.assign(name, v.clone()),
                false => self.variables.push((name.clone(), v.clone())),
            }
        }
        Ok(v)
    }
    fn commands(&mut self, pipe: &Pipe) -> Ran<Value> {
        let mut last: Option<Value> = None;
        for command in &pipe.commands {
            last = Some(self.command(command, last)?);
        }
        Ok(last.unwrap_or_default())
    }
}

/// Where a pipeline stands, and its words.
fn shape(pipe: &Pipe) -> (usize, String) {
    let words: Vec<String> = pipe.commands.iter().map(Command::text).collect();
    let pos = pipe
        .commands
        .last()
        .and_then(|c| c.args.first())
        .map_or(pipe.pos, |a| a.pos);
    (pos, words.join(" | "))
}

#[cfg(test)]
mod tests;
