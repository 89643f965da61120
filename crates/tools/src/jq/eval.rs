//! jq's evaluation: every expression gives any number of outputs, one after the other, to a callback; where a path is wanted
//! (`|=`, `del`, `path`) it travels with the value. Bounded: steps, and calls within calls.

use super::builtins;
use super::parse::{Ast, Def, definitions};
use super::paths;
use super::scope::{Env, Name};
use super::value::{J, arr, order, text};
use std::rc::Rc;

const MAX_STEPS: usize = 3_000_000;
const MAX_CALLS: usize = 220;

/// Why evaluation stops early.
pub enum Stop {
    Error(J),
    Break(usize),
    /// `halt`, with a status and something for standard error.
    Halt(i32, Option<J>),
}

pub type Done = Result<(), Stop>;

pub fn error<T>(message: impl AsRef<str>) -> Result<T, Stop> {
    Err(Stop::Error(text(message)))
}

/// A value, and where it stands if that is followed.
#[derive(Clone)]
pub struct At {
    pub path: Option<Rc<Vec<J>>>,
    pub v: J,
}

impl At {
    pub fn plain(v: J) -> At {
        At { path: None, v }
    }
    pub(super) fn below(&self, key: J, v: J) -> At {
        let path = self.path.as_ref().map(|p| {
            let mut longer = (**p).clone();
            longer.push(key);
            Rc::new(longer)
        });
        At { path, v }
    }
}

pub struct Machine {
    pub(super) steps: usize,
    calls: usize,
    labels: usize,
    /// Functions written in jq.
    prelude: Vec<Rc<Def>>,
    pub now_ms: i64,
    pub env: Vec<(String, String)>,
    /// Inputs that are left, for `input` and `inputs`.
    pub inputs: std::vec::IntoIter<J>,
    /// What `debug` and `stderr` said.
    pub messages: String,
}

pub type Out<'a> = &'a mut dyn FnMut(At) -> Done;

impl Machine {
    pub fn new(now_ms: i64, env: Vec<(String, String)>) -> Machine {
        Machine {
            steps: 0,
            calls: 0,
            labels: 0,
            prelude: definitions(builtins::PRELUDE),
            now_ms,
            env,
            inputs: Vec::new().into_iter(),
            messages: String::new(),
        }
    }

    /// All outputs, in a list.
    pub fn all(&mut self, ast: &Ast, env: &Env, input: &J) -> Result<Vec<J>, Stop> {
        let mut out = Vec::new();
        self.eval(ast, env, &At::plain(input.clone()), &mut |at| {
            out.push(at.v);
            Ok(())
        })?;
        Ok(out)
    }
    /// The paths that an expression names.
    pub fn paths(&mut self, ast: &Ast, env: &Env, input: &J) -> Result<Vec<J>, Stop> {
        let start = At {
            path: Some(Rc::default()),
            v: input.clone(),
        };
        let mut out = Vec::new();
        self.eval(ast, env, &start, &mut |at| {
            out.push(arr(at.path.map_or(Vec::new(), |p| (*p).clone())));
            Ok(())
        })?;
        Ok(out)
    }

    pub fn eval(&mut self, ast: &Ast, env: &Env, input: &At, out: Out) -> Done {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return error("the program does not end (bottleship stops it here)");
        }
        match ast {
            Ast::Identity => out(input.clone()),
            Ast::Recurse => self.recurse(input, out),
            Ast::Literal(v) => out(At::plain(v.clone())),
            Ast::Text(format, parts) => {
                self.text(parts, format.as_deref(), env, input, String::new(), out)
            }
            Ast::Format(name) => out(At::plain(text(builtins::format(name, &input.v)?))),
            Ast::Variable(name) => out(At::plain(self.variable(name, env)?)),
            Ast::Index(term, key) => self.index(term, key, env, input, out),
            Ast::Slice(term, from, to) => self.slice(term, (from, to), env, input, out),
            Ast::Iterate(term) => {
                let mut each = |at: At| iterate(&at, &mut *out);
                self.eval(term, env, input, &mut each)
            }
            Ast::Array(None) => out(At::plain(arr(Vec::new()))),
            Ast::Array(Some(inner)) => {
                let items = self.all(inner, env, &input.v)?;
                out(At::plain(arr(items)))
            }
            Ast::Object(entries) => {
                let empty = J::Obj(Rc::default());
                self.object(entries, env, &input.v, empty, out)
            }
            Ast::Negate(inner) => {
                for v in self.all(inner, env, &input.v)? {
                    match v {
                        J::Num(n) => out(At::plain(J::Num(-n)))?,
                        v => {
                            return error(format!(
                                "{} ({}) cannot be negated",
                                v.kind(),
                                v.short()
                            ));
                        }
                    }
                }
                Ok(())
            }
            Ast::Pipe(a, b) => {
                // The left side's outputs go on one by one.
                let left = self.outputs(a, env, input)?;
                match left {
                    Ok(values) => values.iter().try_for_each(|at| self.eval(b, env, at, out)),
                    Err((values, stop)) => {
                        values
                            .iter()
                            .try_for_each(|at| self.eval(b, env, at, out))?;
                        Err(stop)
                    }
                }
            }
            Ast::Comma(a, b) => {
                self.eval(a, env, input, out)?;
                self.eval(b, env, input, out)
            }
            Ast::Binary(sign, a, b) => {
                for right in self.all(b, env, &input.v)? {
                    for left in self.all(a, env, &input.v)? {
                        out(At::plain(builtins::binary(sign, left, right.clone())?))?;
                    }
                }
                Ok(())
            }
            Ast::And(a, b) | Ast::Or(a, b) => {
                let decides = matches!(ast, Ast::Or(..));
                for left in self.all(a, env, &input.v)? {
                    if left.truth() == decides {
                        out(At::plain(J::Bool(decides)))?;
                        continue;
                    }
                    for right in self.all(b, env, &input.v)? {
                        out(At::plain(J::Bool(right.truth())))?;
                    }
                }
                Ok(())
            }
            Ast::Alternative(a, b) => {
                let (values, failed) = match self.outputs(a, env, input)? {
                    Ok(values) => (values, None),
                    Err((values, stop)) => (values, Some(stop)),
                };
                if let Some(stop @ (Stop::Break(_) | Stop::Halt(..))) = failed {
                    return Err(stop);
                }
                let good: Vec<At> = values.into_iter().filter(|at| at.v.truth()).collect();
                match good.is_empty() {
                    true => self.eval(b, env, input, out),
                    false => good.into_iter().try_for_each(out),
                }
            }
            Ast::Assign(sign, to, value) => self.assign(sign, to, value, env, input, out),
            Ast::If(condition, then, otherwise) => {
                for truth in self.all(condition, env, &input.v)? {
                    let branch = if truth.truth() { then } else { otherwise };
                    self.eval(branch, env, input, out)?;
                }
                Ok(())
            }
            Ast::Try(body, catch) => match self.outputs(body, env, input)? {
                Ok(values) => values.into_iter().try_for_each(out),
                Err((values, stop)) => {
                    values.into_iter().try_for_each(&mut *out)?;
                    match (stop, catch) {
                        (Stop::Error(e), Some(catch)) => self.eval(catch, env, &At::plain(e), out),
                        (Stop::Error(_), None) => Ok(()),
                        (stop, _) => Err(stop),
                    }
                }
            },
            Ast::Reduce(source, pattern, start, update) => {
                let items = self.all(source, env, &input.v)?;
                for mut state in self.all(start, env, &input.v)? {
                    for item in &items {
                        for env in self.bind(pattern, item, env, &input.v)? {
                            let mut next = self.all(update, &env, &state)?;
                            state = next.pop().unwrap_or_default();
                        }
                    }
                    out(At::plain(state))?;
                }
                Ok(())
            }
            Ast::Foreach(source, pattern, start, update, extract) => {
                let items = self.all(source, env, &input.v)?;
                for mut state in self.all(start, env, &input.v)? {
                    for item in &items {
                        for env in self.bind(pattern, item, env, &input.v)? {
                            for next in self.all(update, &env, &state)? {
                                state = next;
                                match extract {
                                    None => out(At::plain(state.clone()))?,
                                    Some(e) => {
                                        self.eval(e, &env, &At::plain(state.clone()), out)?
                                    }
                                }
                            }
                        }
                    }
                }
                Ok(())
            }
            Ast::As(source, pattern, body) => {
                for item in self.all(source, env, &input.v)? {
                    for env in self.bind(pattern, &item, env, &input.v)? {
                        self.eval(body, &env, input, out)?;
                    }
                }
                Ok(())
            }
            Ast::Def(def, rest) => {
                self.eval(rest, &env.with(Name::Function(def.clone())), input, out)
            }
            Ast::Call(name, args) => self.call(name, args, env, input, out),
            Ast::Label(name, body) => {
                self.labels += 1;
                let id = self.labels;
                let inner = env.with(Name::Label(name.clone(), id));
                match self.eval(body, &inner, input, out) {
                    Err(Stop::Break(broken)) if broken == id => Ok(()),
                    done => done,
                }
            }
            Ast::Break(name) => {
                let id = env.each().find_map(|(n, ..)| match n {
                    Name::Label(label, id) if label == name => Some(*id),
                    _ => None,
                });
                match id {
                    Some(id) => Err(Stop::Break(id)),
                    None => error(format!("$*label-{name} is not defined")),
                }
            }
        }
    }

    /// All outputs with their paths; those before an error, and the error.
    pub(super) fn outputs(
        &mut self,
        ast: &Ast,
        env: &Env,
        input: &At,
    ) -> Result<Result<Vec<At>, (Vec<At>, Stop)>, Stop> {
        let mut values = Vec::new();
        let done = self.eval(ast, env, input, &mut |at| {
            values.push(at);
            Ok(())
        });
        Ok(match done {
            Ok(()) => Ok(values),
            Err(stop) => Err((values, stop)),
        })
    }

    fn variable(&self, name: &str, env: &Env) -> Result<J, Stop> {
        let found = env.each().find_map(|(n, ..)| match n {
            Name::Variable(v, j) if v == name => Some(j.clone()),
            _ => None,
        });
        if let Some(found) = found {
            return Ok(found);
        }
        match name {
            "ENV" => Ok(self.environment()),
            "__loc__" => Ok(J::obj(vec![
                ("file", text("<top-level>")),
                ("line", J::Num(1.0)),
            ])),
            _ => error(format!("${name} is not defined")),
        }
    }
    pub fn environment(&self) -> J {
        let pairs = self.env.iter().map(|(k, v)| (k.as_str(), text(v)));
        J::obj(pairs.collect())
    }

    fn assign(
        &mut self,
        sign: &str,
        to: &Ast,
        value: &Ast,
        env: &Env,
        input: &At,
        out: Out,
    ) -> Done {
        if sign == "|=" {
            return out(At::plain(self.update(to, value, env, &input.v)?));
        }
        for right in self.all(value, env, &input.v)? {
            let mut whole = input.v.clone();
            for path in self.paths(to, env, &input.v)? {
                let old = paths::get_path(&whole, path.items())?;
                let new = match sign {
                    "=" => right.clone(),
                    "//=" if old.truth() => old,
                    "//=" => right.clone(),
                    sign => builtins::binary(sign.trim_end_matches('='), old, right.clone())?,
                };
                whole = paths::set_path(&whole, path.items(), new)?;
            }
            out(At::plain(whole))?;
        }
        Ok(())
    }
    /// `to |= value`; where it has no output, the place is deleted.
    pub fn update(&mut self, to: &Ast, value: &Ast, env: &Env, input: &J) -> Result<J, Stop> {
        let mut whole = input.clone();
        let mut gone = Vec::new();
        for path in self.paths(to, env, input)? {
            let old = paths::get_path(&whole, path.items())?;
            let new = self.first(value, env, &old)?;
            match new {
                Some(new) => whole = paths::set_path(&whole, path.items(), new)?,
                None => gone.push(path),
            }
        }
        paths::delete_paths(whole, gone)
    }
    /// The first output, if there is one.
    pub fn first(&mut self, ast: &Ast, env: &Env, input: &J) -> Result<Option<J>, Stop> {
        let mut found = None;
        let done = self.eval(ast, env, &At::plain(input.clone()), &mut |at| {
            found = Some(at.v);
            Err(Stop::Break(usize::MAX))
        });
        match done {
            Ok(()) | Err(Stop::Break(usize::MAX)) => Ok(found),
            Err(stop) => Err(stop),
        }
    }

    fn call(&mut self, name: &str, args: &[Rc<Ast>], env: &Env, input: &At, out: Out) -> Done {
        let found = env.each().find_map(|(n, here, _)| match n {
            Name::Argument(parameter, body, scope) if parameter == name && args.is_empty() => {
                Some((None, body.clone(), scope.clone()))
            }
            Name::Function(def) if def.name == name && def.parameters.len() == args.len() => {
                Some((Some(def.clone()), Rc::new(Ast::Identity), here.clone()))
            }
            _ => None,
        });
        // The prelude's functions see each other, and nothing else.
        let found = found.or_else(|| {
            let fits = |d: &&Rc<Def>| d.name == name && d.parameters.len() == args.len();
            let def = self.prelude.iter().find(fits)?;
            Some((Some(def.clone()), Rc::new(Ast::Identity), Env::empty()))
        });
        let Some((def, body, scope)) = found else {
            return builtins::call(self, name, args, env, input, out);
        };
        self.calls += 1;
        if self.calls > MAX_CALLS {
            self.calls -= 1;
            return error("calls within calls go too deep (bottleship stops here)");
        }
        let done = match def {
            None => self.eval(&body, &scope, input, out),
            Some(def) => self.function(&def, args, env, scope, input, out),
        };
        self.calls -= 1;
        done
    }

    fn function(
        &mut self,
        def: &Def,
        args: &[Rc<Ast>],
        env: &Env,
        scope: Env,
        input: &At,
        out: Out,
    ) -> Done {
        // Every combination of the values of `$x` parameters.
        let mut scopes = vec![scope];
        for (parameter, arg) in def.parameters.iter().zip(args) {
            let plain = parameter.strip_prefix('$');
            let mut next = Vec::new();
            for scope in scopes {
                let argument = Name::Argument(
                    plain.unwrap_or(parameter).to_string(),
                    arg.clone(),
                    env.clone(),
                );
                let scope = scope.with(argument);
                match plain {
                    None => next.push(scope),
                    Some(name) => {
                        for v in self.all(arg, env, &input.v)? {
                            next.push(scope.variable(name, v));
                        }
                    }
                }
            }
            scopes = next;
        }
        scopes
            .iter()
            .try_for_each(|scope| self.eval(&def.body, scope, input, out))
    }
}

/// All that an array or object holds.
pub fn iterate(at: &At, out: Out) -> Done {
    match &at.v {
        J::Arr(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(i, v)| out(at.below(J::Num(i as f64), v.clone()))),
        J::Obj(fields) => fields
            .iter()
            .try_for_each(|(k, v)| out(at.below(J::Str(k.clone()), v.clone()))),
        v => error(format!(
            "Cannot iterate over {}{}",
            v.kind(),
            match v {
                J::Null => String::new(),
                v => format!(" ({})", v.short()),
            }
        )),
    }
}

/// Items by their keys, in order; equal ones stay as they were.
pub fn sorted(mut pairs: Vec<(J, J)>) -> Vec<(J, J)> {
    machinery::Arrange::arrange_by(&mut pairs[..], |a, b| order(&a.0, &b.0));
    pairs
}
