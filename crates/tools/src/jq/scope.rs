//! What names mean in a jq program: variables, functions, parameters, labels.

use super::parse::{Ast, Def};
use super::value::J;
use std::rc::Rc;

/// What names mean, innermost first.
#[derive(Clone)]
pub struct Env(Option<Rc<Scope>>);

pub struct Scope {
    name: Name,
    outer: Env,
}

pub enum Name {
    Variable(String, J),
    Function(Rc<Def>),
    /// A parameter of a function, and where its expression was written.
    Argument(String, Rc<Ast>, Env),
    Label(String, usize),
}

impl Drop for Env {
    fn drop(&mut self) {
        // Long chains are taken apart one by one, not by recursion.
        let mut next = self.0.take();
        while let Some(scope) = next {
            match Rc::try_unwrap(scope) {
                Ok(mut scope) => next = scope.outer.0.take(),
                Err(_) => break,
            }
        }
    }
}

impl Env {
    pub fn empty() -> Env {
        Env(None)
    }
    pub fn with(&self, name: Name) -> Env {
        Env(Some(Rc::new(Scope {
            name,
            outer: self.clone(),
        })))
    }
    pub fn variable(&self, name: &str, v: J) -> Env {
        self.with(Name::Variable(name.to_string(), v))
    }
    pub fn each(&self) -> impl Iterator<Item = (&Name, &Env, &Env)> {
        let mut at = self;
        std::iter::from_fn(move || {
            let scope = at.0.as_ref()?;
            let here = at;
            at = &scope.outer;
            Some((&scope.name, here, &scope.outer))
        })
    }
}
