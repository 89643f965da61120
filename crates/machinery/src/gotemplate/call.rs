//! What a command of a pipeline comes to: functions with their arguments, fields, methods (`text/template/exec.go`).

use super::parse::{Arg, Command, Kind};
use super::{METHODS, Ran, Run, TEXT, builtins, go, go_type};
use crate::Value;

impl Run<'_> {
    pub(super) fn command(&mut self, command: &Command, piped: Option<Value>) -> Ran<Value> {
        let Some((first, rest)) = command.args.split_first() else {
            return Ok(Value::Null);
        };
        match &first.kind {
            Kind::Function(name) => self.function(name, command, first, rest, piped),
            _ if rest.is_empty() && piped.is_none() => self.arg(first),
            Kind::Field(path) | Kind::Variable(_, path) | Kind::Group(_, path)
                if !path.is_empty() =>
            {
                let base = self.base(first)?;
                self.walk(base, path, first, rest, piped)
            }
            _ => self.fail(
                first.pos,
                &first.text,
                &format!("can't give argument to non-function {}", first.text),
            ),
        }
    }
    fn function(
        &mut self,
        name: &str,
        command: &Command,
        first: &Arg,
        rest: &[Arg],
        piped: Option<Value>,
    ) -> Ran<Value> {
        if name == "and" || name == "or" {
            // Stops at the first argument that decides.
            let mut last = Value::Null;
            for arg in rest {
                last = self.arg(arg)?;
                if last.is_empty() == (name == "and") {
                    return Ok(last);
                }
            }
            return Ok(piped.unwrap_or(last));
        }
        let signature = match name {
            "include" | "tpl" => "sa",
            name => builtins::builtin(name)
                .or_else(|| self.host.signature(name))
                .unwrap_or("a*"),
        };
        let given = rest.len() + usize::from(piped.is_some());
        let variadic = signature.strip_suffix('*');
        let wanted = variadic.map_or(signature.len(), |s| s.len() - 1);
        if given < wanted || variadic.is_none() && given > wanted {
            let least = if variadic.is_some() { "at least " } else { "" };
            let message =
                format!("wrong number of args for {name}: want {least}{wanted} got {given}");
            return self.fail(first.pos, &first.text, &message);
        }
        let letters = variadic.unwrap_or(signature).as_bytes();
        let letter = |i: usize| letters.get(i.min(letters.len().saturating_sub(1))).copied();
        let mut values = Vec::with_capacity(given);
        for (i, arg) in rest.iter().enumerate() {
            let v = self.arg(arg)?;
            if let Some(message) = mismatch(letter(i), &v) {
                return self.fail(arg.pos, &arg.text, &message);
            }
            values.push(v);
        }
        if let Some(v) = piped {
            if let Some(message) = mismatch(letter(values.len()), &v) {
                return self.fail(first.pos, &first.text, &message);
            }
            values.push(v);
        }
        let done = match (name, values.as_slice()) {
            ("include", [template, data]) => {
                let template = go(template);
                match self.templates.has(&template) {
                    true => self.captured(|run| run.template(&template, data)),
                    false => Err(format!(
                        "template: no template {template:?} associated with template \"gotpl\""
                    )),
                }
            }
            ("tpl", [source, data]) => self.tpl(&go(source), data),
            _ if builtins::builtin(name).is_some() => builtins::call(name, &values),
            _ => self.host.call(name, &values),
        };
        match done {
            Ok(v) => {
                if let ("set" | "unset" | "merge" | "mergeOverwrite" | "mustMerge", Some(to)) =
                    (name, rest.first())
                {
                    self.write_back(to, &v);
                }
                Ok(v)
            }
            Err(e) => self.fail(
                command.pos,
                &command.text(),
                &format!("error calling {name}: {e}"),
            ),
        }
    }
    fn tpl(&mut self, source: &str, data: &Value) -> Ran<Value> {
        let name = self.tree.as_ref().map_or(String::new(), |t| t.file.clone());
        let before = self.templates.clone();
        if let Err(e) = self.templates.add(&name, source, &*self.host) {
            self.templates = before;
            return Err(format!(
                "cannot parse template {}: {e}",
                crate::json::quote(source)
            ));
        }
        let done = self.captured(|run| run.template(&name, data));
        self.templates = before;
        done.map_err(|e| {
            let source = crate::json::quote(source);
            format!("error during tpl function execution for {source}: {e}")
        })
    }
    /// A map was changed that a variable or the dot holds: so it is changed there.
    fn write_back(&mut self, to: &Arg, value: &Value) {
        let put = |place: &mut Value, path: &[String]| {
            let place = path.iter().fold(place, |v, key| v.field(key));
            *place = value.clone();
        };
        let top = self.dots.len() == 1;
        let (dot, path) = match &to.kind {
            Kind::Dot => (true, &[][..]),
            Kind::Field(path) => (true, path.as_slice()),
            Kind::Variable(name, path) => {
                let found = self.variables.iter_mut().rev().find(|(n, _)| n == name);
                if let Some((_, v)) = found {
                    put(v, path);
                }
                (name == "$" && top, path.as_slice())
            }
            _ => return,
        };
        if dot {
            if let Some(v) = self.dots.last_mut() {
                put(v, path);
            }
            if let (true, Some((_, v))) = (top, self.variables.first_mut()) {
                put(v, path);
            }
        }
    }
    /// What stands before the fields of an argument.
    fn base(&mut self, arg: &Arg) -> Ran<Value> {
        Ok(match &arg.kind {
            Kind::Literal(v) => v.clone(),
            Kind::Dot | Kind::Field(_) => self.dot(),
            Kind::Variable(name, _) => {
                let found = self.variables.iter().rev().find(|(n, _)| n == name);
                match found {
                    Some((_, v)) => v.clone(),
                    None => {
                        let message = format!("undefined variable: {name}");
                        return self.fail(arg.pos, &arg.text, &message);
                    }
                }
            }
            Kind::Group(pipe, _) => self.pipe(pipe)?,
            Kind::Function(name) => {
                let alone = Command {
                    pos: arg.pos,
                    args: Vec::new(),
                };
                self.function(name, &alone, arg, &[], None)?
            }
        })
    }
    fn arg(&mut self, arg: &Arg) -> Ran<Value> {
        let base = self.base(arg)?;
        match &arg.kind {
            Kind::Field(path) | Kind::Variable(_, path) | Kind::Group(_, path) => {
                self.walk(base, path, arg, &[], None)
            }
            _ => Ok(base),
        }
    }
    /// Follows fields; the last one may be a method, with the arguments of the command.
    fn walk(
        &mut self,
        base: Value,
        path: &[String],
        at: &Arg,
        rest: &[Arg],
        piped: Option<Value>,
    ) -> Ran<Value> {
        let mut v = base;
        for (i, key) in path.iter().enumerate() {
            let last = i + 1 == path.len();
            if v.has(METHODS) {
                let mut args = Vec::new();
                if last {
                    for arg in rest {
                        args.push(self.arg(arg)?);
                    }
                    args.extend(piped.clone());
                }
                match self.host.method(&v, key, &args) {
                    Some(Ok(found)) => {
                        v = found;
                        continue;
                    }
                    Some(Err(e)) => {
                        let message = format!("error calling {key}: {e}");
                        return self.fail(at.pos, &at.text, &message);
                    }
                    None => {}
                }
            }
            if last && (!rest.is_empty() || piped.is_some()) {
                let message = format!("{key} is not a method but has arguments");
                return self.fail(at.pos, &at.text, &message);
            }
            v = match &v {
                Value::Map(m) if self.host.needs_keys() && m.get(key).is_none() => {
                    let message = format!("map has no entry for key \"{key}\"");
                    return self.fail(at.pos, &at.text, &message);
                }
                Value::Map(m) => m.get(key).cloned().unwrap_or_default(),
                Value::Null if !self.host.strict() => Value::Null,
                Value::Null => {
                    let message = format!("nil pointer evaluating interface {{}}.{key}");
                    return self.fail(at.pos, &at.text, &message);
                }
                other => {
                    let message = format!("can't evaluate field {key} in type {}", go_type(other));
                    return self.fail(at.pos, &at.text, &message);
                }
            };
        }
        Ok(v)
    }
}

/// What is wrong with a value for a parameter.
fn mismatch(letter: Option<u8>, v: &Value) -> Option<String> {
    let (wanted, fits) = match letter? {
        b's' => ("string", matches!(v, Value::Str(_)) || v.has(TEXT)),
        b'i' => ("int", matches!(v, Value::Int(_) | Value::Float(_))),
        b'm' => ("map[string]interface {}", matches!(v, Value::Map(_))),
        _ => return None,
    };
    let got = go_type(v);
    (!fits).then(|| format!("wrong type for value; expected {wanted}; got {got}"))
}
