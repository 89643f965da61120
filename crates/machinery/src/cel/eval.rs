//! The evaluator: walks the tree, charging each step. `&&`, `||` and the macros forgive an error on one side where the
//! other decides, as upstream's do. Upstream: `cel-go:interpreter`.

use super::value::{Outcome, V, no_overload};
use super::{Ex, Host, Loop, Node, functions, operators};
use std::rc::Rc;

pub(super) struct Run<'a> {
    vars: Vec<(&'a str, V)>,
    host: &'a dyn Host,
    budget: &'a mut u64,
}

impl<'a> Run<'a> {
    pub fn new(vars: &[(&'a str, V)], host: &'a dyn Host, budget: &'a mut u64) -> Run<'a> {
        Run {
            vars: vars.to_vec(),
            host,
            budget,
        }
    }

    fn charge(&mut self, cost: usize) -> Result<(), String> {
        let cost = cost as u64;
        if *self.budget < cost {
            *self.budget = 0;
            return Err("operation cancelled: actual cost limit exceeded".into());
        }
        *self.budget -= cost;
        Ok(())
    }

    pub fn eval(&mut self, n: &'a Node) -> Outcome {
        self.charge(1)?;
        match &n.ex {
            Ex::Lit(v) => Ok(v.clone()),
            Ex::Ident(name) => {
                let found = self.vars.iter().rev().find(|(k, _)| k == name);
                match found {
                    Some((_, v)) => Ok(v.clone()),
                    None => functions::type_named(name)
                        .ok_or_else(|| format!("no such attribute(s): {name}")),
                }
            }
            Ex::Select {
                of,
                field,
                test,
                optional,
            } => {
                let v = self.eval(of)?;
                match (*test, *optional) {
                    (true, _) => Ok(V::Bool(
                        v.look(field)?
                            .is_some_and(|v| !matches!(v, V::Optional(None))),
                    )),
                    (_, true) => Ok(V::Optional(match v {
                        V::Optional(None) => None,
                        v => v.look(field)?.map(Rc::new),
                    })),
                    _ => v.field(field),
                }
            }
            Ex::Call { name, on, args } => self.call(name, on.as_deref(), args),
            Ex::List(items) => {
                let mut out = Vec::with_capacity(items.len());
                for (i, optional) in items {
                    match self.eval(i)? {
                        V::Optional(v) if *optional => out.extend(v.map(|v| (*v).clone())),
                        v => out.push(v),
                    }
                }
                Ok(V::List(Rc::new(out)))
            }
            Ex::Map(entries) => {
                let mut out: Vec<(V, V)> = Vec::with_capacity(entries.len());
                for (k, v, optional) in entries {
                    let key = self.eval(k)?;
                    if out.iter().any(|(k, _)| k.same(&key)) {
                        return Err(format!("Failed with repeated key: {}", key.show()));
                    }
                    match self.eval(v)? {
                        V::Optional(v) if *optional => {
                            out.extend(v.map(|v| (key, (*v).clone())));
                        }
                        v => out.push((key, v)),
                    }
                }
                Ok(V::Map(Rc::new(out)))
            }
            Ex::Loop(l) => self.walk(l),
        }
    }

    fn call(&mut self, name: &str, on: Option<&'a Node>, args: &'a [Node]) -> Outcome {
        match (name, args) {
            ("_&&_" | "_||_", [a, b]) => {
                let decides = name == "_||_";
                let left = self.eval(a);
                if left.as_ref().ok().and_then(V::truth) == Some(decides) {
                    return Ok(V::Bool(decides));
                }
                let right = self.eval(b);
                return join(left, right, decides);
            }
            ("_?_:_", [cond, yes, no]) => {
                return match self.eval(cond)?.truth() {
                    Some(true) => self.eval(yes),
                    Some(false) => self.eval(no),
                    None => no_overload(),
                };
            }
            ("or" | "orValue", [other]) => {
                let v = match on {
                    Some(on) => self.eval(on)?,
                    None => V::Null,
                };
                return match (v, name) {
                    (V::Optional(None), _) => self.eval(other),
                    (v @ V::Optional(_), "or") => Ok(v),
                    (V::Optional(Some(v)), _) => Ok((*v).clone()),
                    _ => no_overload(),
                };
            }
            _ => {}
        }
        let mut given = Vec::with_capacity(args.len() + 1);
        if let Some(on) = on {
            given.push(self.eval(on)?);
        }
        for a in args {
            given.push(self.eval(a)?);
        }
        // Texts and lists cost by their length.
        let length = given.iter().filter_map(V::size).sum::<usize>();
        self.charge(length / 10)?;
        if name.starts_with('_') || matches!(name, "!_" | "-_" | "@in") {
            return operators::call(name, &given);
        }
        functions::call(name, on.is_some(), &given, self.host)
    }

    fn walk(&mut self, l: &'a Loop) -> Outcome {
        let range = self.eval(&l.range)?;
        if l.kind.starts_with("opt") {
            return match range {
                V::Optional(None) => Ok(V::Optional(None)),
                V::Optional(Some(v)) => {
                    let made = self.with(l, vec![(*v).clone()], &l.body)?;
                    Ok(match l.kind {
                        "optMap" => V::Optional(Some(Rc::new(made))),
                        _ => made,
                    })
                }
                _ => no_overload(),
            };
        }
        let two = l.vars.len() == 2;
        let rounds: Vec<Vec<V>> = match (range.items(), range.entries()) {
            (Some(items), _) if two => {
                let with = |(i, v)| vec![V::Int(i as i64), v];
                items.into_iter().enumerate().map(with).collect()
            }
            (Some(items), _) => items.into_iter().map(|v| vec![v]).collect(),
            (_, Some(entries)) => entries.into_iter().map(|(k, v)| vec![k, v]).collect(),
            _ => return no_overload(),
        };
        let mut state = match l.kind {
            "all" => Ok(V::Bool(true)),
            _ => Ok(V::Bool(false)),
        };
        let (mut list, mut map, mut count) = (Vec::new(), Vec::new(), 0);
        for round in rounds {
            self.charge(1)?;
            if let Some(f) = &l.filter {
                match self.with(l, round.clone(), f)?.truth() {
                    Some(true) => {}
                    Some(false) => continue,
                    None => return no_overload(),
                }
            }
            let got = self.with(l, round.clone(), &l.body);
            match l.kind {
                "all" | "exists" => {
                    let decides = l.kind == "exists";
                    state = join(state, got, decides);
                    if state.as_ref().ok().and_then(V::truth) == Some(decides) {
                        break;
                    }
                }
                "exists_one" | "existsOne" => count += i64::from(got?.truth() == Some(true)),
                "filter" => {
                    if got?.truth().ok_or("no such overload")? {
                        list.extend(round.into_iter().next());
                    }
                }
                "map" | "transformList" => list.push(got?),
                "transformMap" => map.extend(round.into_iter().next().zip(Some(got?))),
                _ => map.extend(got?.entries().ok_or("no such overload")?),
            }
        }
        match l.kind {
            "all" | "exists" => state,
            "exists_one" | "existsOne" => Ok(V::Bool(count == 1)),
            "filter" | "map" | "transformList" => Ok(V::List(Rc::new(list))),
            _ => Ok(V::Map(Rc::new(map))),
        }
    }

    /// Evaluates with the loop's variables set.
    fn with(&mut self, l: &'a Loop, values: Vec<V>, body: &'a Node) -> Outcome {
        let before = self.vars.len();
        let names = l.vars.iter().map(String::as_str);
        self.vars.extend(names.zip(values));
        let out = self.eval(body);
        self.vars.truncate(before);
        out
    }
}

/// `a && b` and `a || b`: the value that decides wins over an error on the other side.
fn join(a: Outcome, b: Outcome, decides: bool) -> Outcome {
    let is = |x: &Outcome| x.as_ref().ok().and_then(V::truth);
    if is(&a) == Some(decides) || is(&b) == Some(decides) {
        return Ok(V::Bool(decides));
    }
    let (a, b) = (a?, b?);
    match (a.truth(), b.truth()) {
        (Some(_), Some(_)) => Ok(V::Bool(!decides)),
        _ => no_overload(),
    }
}
