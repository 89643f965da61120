//! What `$` means: parameters, command substitution, arithmetic, splitting, file names.
//!
//! The real one is bash's `subst.c`. A command substitution cannot run here (it takes time), so
//! expanding a word that needs one stops with `Stop::Need`; the interpreter runs it, and expands
//! the word again from the start with the results so far. What a word assigns (`${x:=1}`, `$((x++))`)
//! is kept apart until the word is done, so that doing it again does no harm.

use std::rc::Rc;

use super::exec::Cpu;
use super::fields::{Fields, replace, to_pattern, to_text};
use super::task::Frame;
use super::{Dialect, arith, arrays};
use crate::glob;
use crate::syntax::{Param, ParamOp, Part, Script, Word};

pub(super) enum Stop {
    /// A substitution has to run; the flag: `<(...)`, whose output becomes a file.
    Need(Rc<Script>, bool),
    /// An error that ends the command, as it is printed after the shell's name.
    Error(String),
}

pub(super) type Result<T> = std::result::Result<T, Stop>;

impl Cpu<'_> {
    /// All that a word stands for: several fields, file names put in for patterns.
    pub(super) fn expand_fields(&mut self, word: &Word) -> Result<Vec<String>> {
        if let Some(text) = word.as_literal()
            && !text.contains(['*', '?', '['])
        {
            return Ok(vec![text.to_owned()]);
        }
        let mut fields = Fields {
            split: true,
            ..Fields::default()
        };
        self.parts(&mut fields, &word.parts, false)?;
        let (fields, assigned) = fields.finish();
        self.commit(assigned)?;
        let mut out = Vec::new();
        for field in fields {
            let magic = field
                .iter()
                .any(|(c, quoted)| !quoted && "*?[".contains(*c));
            if magic && !self.shell.options.noglob {
                let found = self.fs.glob(&self.shell.cwd, &to_pattern(&field));
                if !found.is_empty() || self.shell.options.nullglob {
                    out.extend(found);
                    continue;
                }
            }
            out.push(to_text(&field));
        }
        Ok(out)
    }

    /// One text, neither split nor matched with file names: assignments, redirections, `case`.
    pub(super) fn expand_text(&mut self, word: &Word) -> Result<String> {
        if let Some(text) = word.as_literal() {
            return Ok(text.to_owned());
        }
        let mut fields = Fields::default();
        self.parts(&mut fields, &word.parts, false)?;
        let (fields, assigned) = fields.finish();
        self.commit(assigned)?;
        Ok(fields
            .iter()
            .map(|field| to_text(field))
            .collect::<Vec<_>>()
            .join(" "))
    }

    /// A pattern: what was quoted matches only itself.
    pub(super) fn expand_pattern(&mut self, word: &Word) -> Result<String> {
        let mut fields = Fields::default();
        self.parts(&mut fields, &word.parts, false)?;
        let (fields, assigned) = fields.finish();
        self.commit(assigned)?;
        Ok(fields
            .iter()
            .map(|field| to_pattern(field))
            .collect::<Vec<_>>()
            .join(" "))
    }

    fn commit(&mut self, assigned: Vec<(String, String)>) -> Result<()> {
        // The substitutions of this word are used up.
        self.shell.captured.clear();
        for (name, value) in assigned {
            if !self.shell.set_named(&name, &value) {
                return Err(Stop::Error(format!("{name}: readonly variable")));
            }
        }
        Ok(())
    }

    pub(super) fn parts(
        &mut self,
        fields: &mut Fields,
        parts: &[Part],
        quoted: bool,
    ) -> Result<()> {
        for part in parts {
            self.part(fields, part, quoted)?;
        }
        Ok(())
    }

    fn part(&mut self, fields: &mut Fields, part: &Part, quoted: bool) -> Result<()> {
        match part {
            Part::Lit(text) => fields.push(text, quoted),
            Part::Quoted(text) => fields.push(text, true),
            Part::Double(parts) => {
                // "$@" and "${a[@]}" alone yield no field at all if there is nothing in them.
                let list = match parts.as_slice() {
                    [Part::Param(param)] => self.values(param).filter(|(_, star)| !star),
                    _ => None,
                };
                fields.exists |= list.is_none();
                self.parts(fields, parts, true)?;
            }
            Part::Tilde(name) => {
                let home = match name.as_str() {
                    "" => self.get(fields, "HOME"),
                    "root" => Some("/root".to_owned()),
                    "+" => Some(self.shell.cwd.to_string()),
                    _ => None,
                };
                fields.push(&home.unwrap_or_else(|| format!("~{name}")), true);
            }
            Part::Sub(script) => {
                let at = fields.subs;
                fields.subs += 1;
                let Some(text) = self.shell.captured.get(at).cloned() else {
                    return Err(Stop::Need(script.clone(), false));
                };
                self.value(fields, &text, quoted);
            }
            Part::Process(script) => {
                let at = fields.subs;
                fields.subs += 1;
                let Some(path) = self.shell.captured.get(at).cloned() else {
                    return Err(Stop::Need(script.clone(), true));
                };
                fields.push(&path, true);
            }
            Part::Arith(word) => {
                let text = self.inner_text(fields, word)?;
                let value = self.arith(fields, &text)?;
                self.value(fields, &value.to_string(), quoted);
            }
            Part::Param(param) => self.param(fields, param, quoted)?,
        }
        Ok(())
    }

    pub(super) fn value(&mut self, fields: &mut Fields, text: &str, quoted: bool) {
        if quoted || !fields.split {
            fields.push(text, true);
        } else {
            let ifs = self.shell.var("IFS").unwrap_or(" \t\n");
            fields.push_split(text, ifs);
        }
    }

    /// Expands a word inside of another one, with the same substitutions and assignments.
    fn inner(&mut self, fields: &mut Fields, word: &Word) -> Result<Vec<Vec<(char, bool)>>> {
        let mut inner = Fields {
            subs: fields.subs,
            assigned: std::mem::take(&mut fields.assigned),
            ..Fields::default()
        };
        let result = self.parts(&mut inner, &word.parts, false);
        fields.subs = inner.subs;
        let (done, assigned) = inner.finish();
        fields.assigned = assigned;
        result.map(|()| done)
    }

    fn inner_text(&mut self, fields: &mut Fields, word: &Word) -> Result<String> {
        let done = self.inner(fields, word)?;
        Ok(done
            .iter()
            .map(|field| to_text(field))
            .collect::<Vec<_>>()
            .join(" "))
    }

    fn inner_pattern(&mut self, fields: &mut Fields, word: &Word) -> Result<Vec<char>> {
        let done = self.inner(fields, word)?;
        Ok(done
            .iter()
            .flat_map(|field| to_pattern(field).chars().collect::<Vec<_>>())
            .collect())
    }

    pub(super) fn arith(&mut self, fields: &mut Fields, text: &str) -> Result<i64> {
        let mut vars = ArithVars { cpu: self, fields };
        arith::eval(text, &mut vars).map_err(Stop::Error)
    }

    /// Evaluates `(( ))` and `let`.
    pub(super) fn eval_arith(&mut self, text: &str) -> std::result::Result<i64, String> {
        let mut fields = Fields::default();
        let value = match self.arith(&mut fields, text) {
            Ok(value) => value,
            Err(Stop::Error(error)) => return Err(error),
            Err(Stop::Need(..)) => return Err("syntax error".to_owned()),
        };
        match self.commit(fields.assigned) {
            Err(Stop::Error(error)) => Err(error),
            _ => Ok(value),
        }
    }

    fn get(&mut self, fields: &Fields, name: &str) -> Option<String> {
        let assigned = fields.assigned.iter().rev().find(|(n, _)| n == name);
        if let Some((_, value)) = assigned {
            return Some(value.clone());
        }
        if let Some((name, key)) = arrays::split(name) {
            return self.element(name, key).or_else(|| match (name, key) {
                ("FUNCNAME" | "BASH_SOURCE", "0") => self.get(fields, name),
                _ => None,
            });
        }
        let shell = &*self.shell;
        if let Ok(number) = name.parse::<usize>() {
            return match number {
                0 => Some(shell.argv0.to_string()),
                number => shell.args.get(number - 1).cloned(),
            };
        }
        match name {
            "?" => Some(shell.status.to_string()),
            "$" => Some(shell.shell_pid.to_string()),
            "!" => shell.last_background.map(|pid| pid.to_string()),
            "#" => Some(shell.args.len().to_string()),
            "-" => Some(self.option_letters()),
            "@" | "*" => (!shell.args.is_empty()).then(|| shell.args.join(" ")),
            "OPTIND" if shell.var(name).is_none() => Some("1".to_owned()),
            "BASH_SOURCE" => Some(shell.argv0.to_string()),
            "BASH_VERSION" if self.machine.dialect == Dialect::Bash => {
                Some("5.2.21(1)-release".to_owned())
            }
            "FUNCNAME" => shell.frames.iter().rev().find_map(|frame| match frame {
                Frame::Call { name, .. } => Some(name.to_string()),
                _ => None,
            }),
            "LINENO" => Some(shell.line.to_string()),
            "PPID" if shell.var(name).is_none() => Some(self.task.parent.to_string()),
            "RANDOM" => Some(self.machine.next_random().to_string()),
            "SECONDS" => Some((self.host.now_ms().rem_euclid(1 << 40) / 1000).to_string()),
            "EPOCHSECONDS" => Some((self.host.now_ms() / 1000).to_string()),
            name => shell.var(name).map(str::to_owned),
        }
    }

    fn param(&mut self, fields: &mut Fields, param: &Param, quoted: bool) -> Result<()> {
        if let Some(list) = self.values(param) {
            return self.list_param(fields, param, list, quoted);
        }
        let mut name = param.name.clone();
        if param.indirect {
            name = self.get(fields, &name).unwrap_or_default();
        } else if let Some(index) = &param.index {
            let index = self.inner_text(fields, index)?;
            name = self.element_name(fields, &name, &index)?;
        }
        let name = name.as_str();
        let value = self.get(fields, name);
        let missing = |colon: bool| match &value {
            None => true,
            Some(value) => colon && value.is_empty(),
        };
        match &param.op {
            ParamOp::Plain => match value {
                Some(value) => self.value(fields, &value, quoted),
                None => self.unset(name)?,
            },
            ParamOp::Length => {
                let length = value.map_or(0, |value| value.chars().count());
                fields.push(&length.to_string(), quoted);
            }
            ParamOp::Default { colon, word } => match missing(*colon) {
                true => self.parts(fields, &word.parts, quoted)?,
                false => self.value(fields, &value.unwrap_or_default(), quoted),
            },
            ParamOp::Alternative { colon, word } => {
                if !missing(*colon) {
                    self.parts(fields, &word.parts, quoted)?;
                }
            }
            ParamOp::Assign { colon, word } => {
                let mut value = value.clone().unwrap_or_default();
                if missing(*colon) {
                    value = self.inner_text(fields, word)?;
                    fields.assigned.push((name.to_owned(), value.clone()));
                }
                self.value(fields, &value, quoted);
            }
            ParamOp::Error { colon, word } => {
                if missing(*colon) {
                    let mut text = self.inner_text(fields, word)?;
                    if text.is_empty() {
                        text = match colon {
                            true => "parameter null or not set".to_owned(),
                            false => "parameter not set".to_owned(),
                        };
                    }
                    return Err(Stop::Error(format!("{name}: {text}")));
                }
                self.value(fields, &value.unwrap_or_default(), quoted);
            }
            op => {
                if value.is_none() {
                    self.unset(name)?;
                }
                let text = self.edit(fields, &value.unwrap_or_default(), op)?;
                self.value(fields, &text, quoted);
            }
        }
        Ok(())
    }

    fn unset(&self, name: &str) -> Result<()> {
        match self.shell.options.nounset && !["@", "*"].contains(&name) {
            true => Err(Stop::Error(format!("{name}: unbound variable"))),
            false => Ok(()),
        }
    }

    /// Where `:from:length` starts and ends among so many characters or values.
    pub(super) fn range(
        &mut self,
        fields: &mut Fields,
        from: &Word,
        length: Option<&Word>,
        count: usize,
    ) -> Result<(usize, usize)> {
        let from = self.inner_text(fields, from)?;
        let from = self.arith(fields, &from)?;
        let count = count as i64;
        let start = match from < 0 {
            true => (count + from).max(0),
            false => from.min(count),
        };
        let mut end = count;
        if let Some(length) = length {
            let length = self.inner_text(fields, length)?;
            let length = self.arith(fields, &length)?;
            end = if length < 0 {
                count.saturating_add(length)
            } else {
                start.saturating_add(length)
            };
        }
        Ok((start as usize, end.clamp(start, count) as usize))
    }

    /// The operators that make a new text out of the value.
    pub(super) fn edit(
        &mut self,
        fields: &mut Fields,
        value: &str,
        op: &ParamOp,
    ) -> Result<String> {
        let chars: Vec<char> = value.chars().collect();
        let text = |chars: &[char]| chars.iter().collect::<String>();
        let case = |all: bool, change: fn(char) -> String| {
            let changed = |(at, c): (usize, &char)| {
                if all || at == 0 {
                    change(*c)
                } else {
                    c.to_string()
                }
            };
            chars.iter().enumerate().map(changed).collect::<String>()
        };
        Ok(match op {
            ParamOp::Upper { all } => case(*all, |c| c.to_uppercase().collect()),
            ParamOp::Lower { all } => case(*all, |c| c.to_lowercase().collect()),
            ParamOp::TrimStart { longest, pattern } => {
                let pattern = self.inner_pattern(fields, pattern)?;
                let matching = |end: &usize| glob::matches_chars(&pattern, &chars[..*end]);
                let range = 0..=chars.len();
                let end = if *longest {
                    range.rev().find(matching)
                } else {
                    range.clone().find(matching)
                };
                text(&chars[end.unwrap_or(0)..])
            }
            ParamOp::TrimEnd { longest, pattern } => {
                let pattern = self.inner_pattern(fields, pattern)?;
                let matching = |start: &usize| glob::matches_chars(&pattern, &chars[*start..]);
                let range = 0..=chars.len();
                let start = if *longest {
                    range.clone().find(matching)
                } else {
                    range.rev().find(matching)
                };
                text(&chars[..start.unwrap_or(chars.len())])
            }
            ParamOp::Replace { all, pattern, with } => {
                let pattern = self.inner_pattern(fields, pattern)?;
                let with = self.inner_text(fields, with)?;
                replace(&chars, &pattern, &with, *all)
            }
            ParamOp::Slice { from, length } => {
                let (start, end) = self.range(fields, from, length.as_ref(), chars.len())?;
                text(&chars[start..end])
            }
            _ => value.to_owned(),
        })
    }
}

struct ArithVars<'a, 'b, 'c> {
    cpu: &'a mut Cpu<'b>,
    fields: &'c mut Fields,
}

impl arith::Vars for ArithVars<'_, '_, '_> {
    fn get(&mut self, name: &str) -> String {
        self.cpu.get(self.fields, name).unwrap_or_default()
    }

    fn element(&mut self, name: &str, index: &str, at: Option<i64>) -> String {
        match at {
            Some(at) if !self.cpu.shell.is_assoc(name) => format!("{name}[{at}]"),
            _ => format!("{name}[{index}]"),
        }
    }

    fn set(&mut self, name: &str, value: i64) {
        self.fields
            .assigned
            .push((name.to_owned(), value.to_string()));
    }
}
