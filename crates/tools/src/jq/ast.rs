//! The tree of a jq program.

use super::value::J;
use std::rc::Rc;

pub enum Ast {
    Identity,
    /// `..`
    Recurse,
    Literal(J),
    /// A text with `\(…)` in it, and the format that those go through.
    Text(Option<String>, Vec<(String, Option<Ast>)>),
    Format(String),
    Index(Box<Ast>, Box<Ast>),
    Slice(Box<Ast>, Option<Box<Ast>>, Option<Box<Ast>>),
    Iterate(Box<Ast>),
    Array(Option<Box<Ast>>),
    Object(Vec<(Ast, Ast)>),
    Negate(Box<Ast>),
    Pipe(Box<Ast>, Box<Ast>),
    Comma(Box<Ast>, Box<Ast>),
    /// `+ - * / % == != < <= > >=`
    Binary(&'static str, Box<Ast>, Box<Ast>),
    And(Box<Ast>, Box<Ast>),
    Or(Box<Ast>, Box<Ast>),
    Alternative(Box<Ast>, Box<Ast>),
    /// `=`, `|=`, `+=`, `//=`, …
    Assign(&'static str, Box<Ast>, Box<Ast>),
    If(Box<Ast>, Box<Ast>, Box<Ast>),
    Try(Box<Ast>, Option<Box<Ast>>),
    Reduce(Box<Ast>, Pattern, Box<Ast>, Box<Ast>),
    Foreach(Box<Ast>, Pattern, Box<Ast>, Box<Ast>, Option<Box<Ast>>),
    As(Box<Ast>, Pattern, Box<Ast>),
    Def(Rc<Def>, Box<Ast>),
    Call(String, Vec<Rc<Ast>>),
    Variable(String),
    Label(String, Box<Ast>),
    Break(String),
}

pub struct Def {
    pub name: String,
    pub parameters: Vec<String>,
    pub body: Ast,
}

pub enum Pattern {
    Variable(String),
    Array(Vec<Pattern>),
    /// Keys, a variable of the same name if the key was `$x`, and a pattern for the value.
    Object(Vec<(Ast, Option<String>, Option<Pattern>)>),
}
