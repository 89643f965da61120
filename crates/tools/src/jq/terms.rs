//! Terms of jq: texts, indexes, slices, objects, patterns, `..`.

use super::builtins;
use super::eval::{At, Done, Machine, Out, Stop, error, iterate};
use super::parse::{Ast, Pattern};
use super::paths;
use super::scope::Env;
use super::value::{J, text};

impl Machine {
    pub(super) fn text(
        &mut self,
        parts: &[(String, Option<Ast>)],
        format: Option<&str>,
        env: &Env,
        input: &At,
        before: String,
        out: Out,
    ) -> Done {
        let Some(((plain, inner), rest)) = parts.split_first() else {
            return out(At::plain(text(before)));
        };
        let before = before + plain;
        let Some(inner) = inner else {
            return self.text(rest, format, env, input, before, out);
        };
        for v in self.all(inner, env, &input.v)? {
            let shown = match format {
                Some(name) => builtins::format(name, &v)?,
                None => builtins::to_text(&v),
            };
            self.text(rest, format, env, input, before.clone() + &shown, out)?;
        }
        Ok(())
    }

    pub(super) fn recurse(&mut self, input: &At, out: Out) -> Done {
        let mut stack = vec![input.clone()];
        while let Some(at) = stack.pop() {
            self.steps += 1;
            let mut below = Vec::new();
            if matches!(at.v, J::Arr(_) | J::Obj(_)) {
                iterate(&at, &mut |child| {
                    below.push(child);
                    Ok(())
                })?;
            }
            stack.extend(below.into_iter().rev());
            out(at)?;
        }
        Ok(())
    }

    pub(super) fn index(&mut self, term: &Ast, key: &Ast, env: &Env, input: &At, out: Out) -> Done {
        let keys = match key {
            Ast::Literal(key) => vec![key.clone()],
            key => self.all(key, env, &input.v)?,
        };
        self.eval(term, env, input, &mut |at| {
            for key in &keys {
                let v = paths::index(&at.v, key)?;
                out(at.below(key.clone(), v))?;
            }
            Ok(())
        })
    }

    pub(super) fn slice(
        &mut self,
        term: &Ast,
        (from, to): (&Option<Box<Ast>>, &Option<Box<Ast>>),
        env: &Env,
        input: &At,
        out: Out,
    ) -> Done {
        let mut one = |bound: &Option<Box<Ast>>| match bound {
            None => Ok(J::Null),
            Some(ast) => self
                .all(ast, env, &input.v)
                .map(|mut v| v.pop().unwrap_or_default()),
        };
        let (from, to) = (one(from)?, one(to)?);
        self.eval(term, env, input, &mut |at| {
            let key = J::obj(vec![("start", from.clone()), ("end", to.clone())]);
            let v = paths::index(&at.v, &key)?;
            out(at.below(key, v))
        })
    }

    pub(super) fn object(
        &mut self,
        entries: &[(Ast, Ast)],
        env: &Env,
        input: &J,
        made: J,
        out: Out,
    ) -> Done {
        let Some(((key, value), rest)) = entries.split_first() else {
            return out(At::plain(made));
        };
        for key in self.all(key, env, input)? {
            let J::Str(name) = &key else {
                return error(format!(
                    "Object keys must be strings, not {} ({})",
                    key.kind(),
                    key.short()
                ));
            };
            for v in self.all(value, env, input)? {
                let mut next = made.clone();
                next.set(name, v);
                self.object(rest, env, input, next, out)?;
            }
        }
        Ok(())
    }

    /// The scopes in which a pattern's variables have been given their values.
    pub(super) fn bind(
        &mut self,
        pattern: &Pattern,
        v: &J,
        env: &Env,
        input: &J,
    ) -> Result<Vec<Env>, Stop> {
        match pattern {
            Pattern::Variable(name) => Ok(vec![env.variable(name, v.clone())]),
            Pattern::Array(items) => {
                let mut scopes = vec![env.clone()];
                for (i, item) in items.iter().enumerate() {
                    let value = paths::index(v, &J::Num(i as f64))?;
                    let mut next = Vec::new();
                    for scope in scopes {
                        next.extend(self.bind(item, &value, &scope, input)?);
                    }
                    scopes = next;
                }
                Ok(scopes)
            }
            Pattern::Object(entries) => {
                let mut scopes = vec![env.clone()];
                for (key, variable, inner) in entries {
                    let mut next = Vec::new();
                    for scope in scopes {
                        for key in self.all(key, &scope, input)? {
                            let value = paths::index(v, &key)?;
                            let scope = match variable {
                                Some(name) => scope.variable(name, value.clone()),
                                None => scope.clone(),
                            };
                            match inner {
                                Some(p) => next.extend(self.bind(p, &value, &scope, input)?),
                                None => next.push(scope),
                            }
                        }
                    }
                    scopes = next;
                }
                Ok(scopes)
            }
        }
    }
}
