//! The Common Expression Language: rules of custom kinds, admission policies, device selectors.
//!
//! The real one is `google/cel-go` with the libraries of `apiserver:pkg/cel/library`. This one is an interpreter over
//! trees: [`parse`] reads text, [`check`] finds names and overloads that do not exist (in cel-go's words), [`eval`] runs
//! with a budget, [`functions`] is the library. Left out: messages of protocol buffers, estimates of cost before a run,
//! time zones by name, semver; parse errors name the token, not all that ANTLR expected.

pub mod check;
mod eval;
mod format;
mod functions;
mod operators;
mod parse;
mod signatures;
pub mod value;

pub use check::T;
pub use functions::authorizer;
pub use value::V;

use crate::Value;

/// Longer texts are refused, as upstream does.
const LENGTH_MAX: usize = 100_000;
/// What one evaluation may cost, in steps.
pub const CALL_BUDGET: u64 = 1_000_000;

/// A place in the text of an expression, in characters, and what is wrong there.
pub struct Issue {
    pub at: usize,
    pub text: String,
}

/// A part of an expression, with its place in the text.
pub(crate) struct Node {
    at: usize,
    ex: Ex,
}

pub(crate) enum Ex {
    Lit(V),
    Ident(String),
    Select {
        of: Box<Node>,
        field: String,
        /// `has(a.b)`.
        test: bool,
        /// `a.?b`.
        optional: bool,
    },
    /// Functions, methods, operators (`_+_`, `_[_]`, `_?_:_`, ...), by cel-go's names.
    Call {
        name: String,
        on: Option<Box<Node>>,
        args: Vec<Node>,
    },
    List(Vec<(Node, bool)>),
    Map(Vec<(Node, Node, bool)>),
    Loop(Box<Loop>),
}

/// A macro that walks a list or a map.
pub(crate) struct Loop {
    kind: &'static str,
    vars: Vec<String>,
    range: Node,
    /// The last argument, and the one before it where there are two (`map(x, filter, change)`).
    body: Node,
    filter: Option<Node>,
}

/// A compiled expression.
pub struct Program {
    root: Node,
    pub ty: T,
}

/// What expressions ask of the world.
pub trait Host {
    /// `authorizer...check(verb)`: allowed, and why.
    fn authorized(&self, asked: &Value) -> (bool, String);
}

/// A host that is asked nothing.
pub struct NoHost;
impl Host for NoHost {
    fn authorized(&self, _: &Value) -> (bool, String) {
        (false, String::new())
    }
}

/// Compiles; the error is what upstream appends to `compilation failed: `.
pub fn compile(text: &str, vars: &[(&str, T)]) -> Result<Program, String> {
    let length = text.chars().count();
    if length > LENGTH_MAX {
        return Err(format!(
            "ERROR: <input>:-1:0: expression code point size exceeds limit: size: {length}, limit {LENGTH_MAX}"
        ));
    }
    let root = parse::parse(text).map_err(|issue| told(text, &[issue]))?;
    let (ty, issues) = check::check(&root, vars);
    if issues.is_empty() {
        return Ok(Program { root, ty });
    }
    Err(told(text, &issues))
}

impl Program {
    /// Runs with these values for its variables. `budget` is what it may still cost, and is charged.
    pub fn eval(&self, vars: &[(&str, V)], host: &dyn Host, budget: &mut u64) -> Result<V, String> {
        eval::Run::new(vars, host, budget).eval(&self.root)
    }
    /// Whether the expression names this variable.
    pub fn uses(&self, name: &str) -> bool {
        uses(&self.root, name)
    }
}

fn uses(n: &Node, name: &str) -> bool {
    match &n.ex {
        Ex::Lit(_) => false,
        Ex::Ident(i) => i == name,
        Ex::Select { of, .. } => uses(of, name),
        Ex::Call { on, args, .. } => {
            on.iter().any(|n| uses(n, name)) || args.iter().any(|n| uses(n, name))
        }
        Ex::List(l) => l.iter().any(|(n, _)| uses(n, name)),
        Ex::Map(m) => m.iter().any(|(k, v, _)| uses(k, name) || uses(v, name)),
        Ex::Loop(l) => {
            uses(&l.range, name) || uses(&l.body, name) || l.filter.iter().any(|n| uses(n, name))
        }
    }
}

/// Issues as cel-go shows them: place, text, the line, and an arrow of dots.
fn told(text: &str, issues: &[Issue]) -> String {
    let mut out = Vec::new();
    for issue in issues {
        let (mut line, mut column, mut n) = (0, issue.at, 0);
        let lines: Vec<&str> = text.split('\n').collect();
        for l in &lines {
            let len = l.chars().count();
            if column <= len || n + 1 == lines.len() {
                break;
            }
            column -= len + 1;
            n += 1;
            line = n;
        }
        let shown = lines.get(line).unwrap_or(&"").replace('\t', " ");
        out.push(format!(
            "ERROR: <input>:{}:{}: {}\n | {shown}\n | {}^",
            line + 1,
            column + 1,
            issue.text,
            ".".repeat(column)
        ));
    }
    out.join("\n")
}

#[cfg(test)]
mod tests;
