//! Builtins about variables and options: export, readonly, local, unset, set, read, shift.

use std::rc::Rc;

use super::super::arrays;
use super::super::exec::{Cpu, Flow};
use super::super::fields::Fields;
use super::super::run::queue;
use super::super::task::{Frame, Into, Items, ReadFrame, Var};
use super::{fail, quote, rest, status};
use crate::syntax::is_name;

pub(super) fn shift(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let count = args
        .get(1)
        .and_then(|text| text.parse::<usize>().ok())
        .unwrap_or(1);
    if count > cpu.shell.args.len() {
        return status(cpu, 1);
    }
    Rc::make_mut(&mut cpu.shell.args).drain(..count);
    status(cpu, 0)
}

pub(super) fn export(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    declare(cpu, args, "export", |cpu, name, value| {
        cpu.shell.export(name, value)
    })
}

pub(super) fn readonly(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    declare(cpu, args, "readonly", |cpu, name, value| {
        if let Some(value) = value
            && !cpu.shell.set_var(name, value)
        {
            return false;
        }
        Rc::make_mut(&mut cpu.shell.vars)
            .entry(name.to_owned())
            .or_default()
            .read_only = true;
        true
    })
}

pub(super) fn local(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let name = args.first().map_or("local", String::as_str).to_owned();
    let is_call = |frame: &Frame| matches!(frame, Frame::Call { .. });
    let in_function = cpu.shell.frames.iter().any(is_call);
    if name == "local" && !in_function {
        return fail(cpu, 1, "local: can only be used in a function");
    }
    let flags: String = rest(args)
        .iter()
        .filter_map(|arg| arg.strip_prefix('-'))
        .collect();
    let on = |flag: char| flags.contains(flag);
    if on('p') {
        return print_declared(cpu, args, &name);
    }
    let here = in_function && !on('g');
    declare(cpu, args, &name, |cpu, name, value| {
        let before = cpu.shell.vars.get(name).cloned();
        if before.as_ref().is_some_and(|var| var.read_only) {
            return false;
        }
        let mut fresh = before.is_none();
        if let (true, Some(Frame::Call { locals, .. })) = (
            here,
            cpu.shell
                .frames
                .iter_mut()
                .rev()
                .find(|frame| is_call(frame)),
        ) && !locals.iter().any(|(known, _)| known == name)
        {
            locals.push((name.to_owned(), before.clone()));
            fresh = true;
        }
        let mut var = before.filter(|_| !fresh).unwrap_or_default();
        if let Some(value) = value {
            value.clone_into(&mut var.value);
        }
        if (on('a') || on('A')) && var.items.is_none() {
            let assoc = on('A');
            var.items = Some(Rc::new(Items {
                assoc,
                ..Items::default()
            }));
        }
        var.exported |= on('x');
        var.read_only |= on('r');
        cpu.shell.put_var(name, Some(var));
        true
    })
}

/// `declare -p NAME`
fn print_declared(cpu: &mut Cpu<'_>, args: &[String], command: &str) -> Flow {
    let mut code = 0;
    for name in rest(args).iter().filter(|arg| !arg.starts_with('-')) {
        match cpu.shell.vars.get(name).map(|var| declared(name, var)) {
            Some(line) => cpu.put(&line),
            None => {
                cpu.complain(&format!("{command}: {name}: not found"));
                code = 1;
            }
        }
    }
    status(cpu, code)
}

fn declared(name: &str, var: &Var) -> String {
    let assoc = var.items.as_ref().map(|items| items.assoc);
    let flags: String = [
        (assoc == Some(false), 'a'),
        (assoc == Some(true), 'A'),
        (var.read_only, 'r'),
        (var.exported, 'x'),
    ]
    .iter()
    .filter(|(on, _)| *on)
    .map(|(_, flag)| *flag)
    .collect();
    let flags = if flags.is_empty() { "-" } else { &flags };
    let value = match &var.items {
        Some(items) => items.listing(),
        None => format!("\"{}\"", var.value),
    };
    format!("declare -{flags} {name}={value}\n")
}

/// `NAME` and `NAME=VALUE` arguments; without any, a list.
pub(super) fn declare(
    cpu: &mut Cpu<'_>,
    args: &[String],
    name: &str,
    mut set: impl FnMut(&mut Cpu<'_>, &str, Option<&str>) -> bool,
) -> Flow {
    let names: Vec<&String> = rest(args)
        .iter()
        .filter(|arg| !arg.starts_with('-'))
        .collect();
    if names.is_empty() {
        let mut text = String::new();
        for (var, value) in cpu.shell.vars.iter() {
            let wanted = match name {
                "export" => value.exported,
                "readonly" => value.read_only,
                _ => true,
            };
            if wanted {
                text.push_str(&declared(var, value));
            }
        }
        cpu.put(&text);
        return status(cpu, 0);
    }
    let mut code = 0;
    for arg in names {
        let (var, value) = match arg.split_once('=') {
            Some((var, value)) => (var, Some(value)),
            None => (arg.as_str(), None),
        };
        if !is_name(var) {
            cpu.complain(&format!("{name}: `{arg}': not a valid identifier"));
            code = 1;
        } else if !set(cpu, var, value) {
            cpu.complain(&format!("{var}: readonly variable"));
            code = 1;
        }
    }
    status(cpu, code)
}

pub(super) fn unset(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let functions = args.iter().any(|arg| arg == "-f");
    let mut code = 0;
    for name in rest(args).iter().filter(|arg| !arg.starts_with('-')) {
        let read_only = cpu.shell.vars.get(name).is_some_and(|var| var.read_only);
        if read_only && !functions {
            cpu.complain(&format!("unset: {name}: cannot unset: readonly variable"));
            code = 1;
            continue;
        }
        if let Some((name, key)) = arrays::split(name) {
            let name = name.to_owned();
            match cpu.element_name(&mut Fields::default(), &name, key) {
                Ok(element) => {
                    let key = arrays::split(&element).unwrap_or_default().1;
                    cpu.shell.set_element(&name, key, None);
                }
                Err(_) => code = 1,
            }
            continue;
        }
        let known = !functions && Rc::make_mut(&mut cpu.shell.vars).remove(name).is_some();
        if !known {
            Rc::make_mut(&mut cpu.shell.functions).remove(name.as_str());
        }
    }
    status(cpu, code)
}

pub(super) fn set(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let mut words = rest(args);
    if words.is_empty() {
        let vars = cpu.shell.vars.iter();
        let text: String = vars
            .map(|(name, var)| format!("{name}={}\n", quote(&var.value)))
            .collect();
        cpu.put(&text);
        return status(cpu, 0);
    }
    while let Some(word) = words.first() {
        let on = word.starts_with('-');
        if !on && !word.starts_with('+') || word.len() < 2 {
            break;
        }
        if word == "--" {
            cpu.shell.args = Rc::new(rest(words).to_vec());
            return status(cpu, 0);
        }
        let options = &mut cpu.shell.options;
        for flag in word.chars().skip(1) {
            match flag {
                'e' => options.errexit = on,
                'x' => options.xtrace = on,
                'u' => options.nounset = on,
                'f' => options.noglob = on,
                'o' => {
                    words = rest(words);
                    match words.first().map(String::as_str) {
                        Some("errexit") => options.errexit = on,
                        Some("xtrace") => options.xtrace = on,
                        Some("nounset") => options.nounset = on,
                        Some("noglob") => options.noglob = on,
                        Some("pipefail") => options.pipefail = on,
                        None | Some("vi" | "emacs" | "posix" | "monitor" | "allexport") => {}
                        Some(name) => {
                            let message = format!("set: {name}: invalid option name");
                            return fail(cpu, 2, &message);
                        }
                    }
                }
                'a' | 'b' | 'h' | 'm' | 'v' | 'n' | 'B' | 'C' | 'E' | 'H' | 'P' | 'T' => {}
                _ => {
                    let message = format!("set: {word}: invalid option");
                    return fail(cpu, 2, &message);
                }
            }
        }
        words = rest(words);
    }
    if !words.is_empty() {
        cpu.shell.args = Rc::new(words.to_vec());
    }
    status(cpu, 0)
}

pub(super) fn read(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let mut frame = ReadFrame {
        names: Vec::new(),
        into: Into::Names,
        raw: false,
        line: Vec::new(),
        delimiter: b'\n',
        most: None,
        until_ms: None,
    };
    let mut words = rest(args).iter();
    while let Some(word) = words.next() {
        let Some(flags) = word.strip_prefix('-').filter(|flags| !flags.is_empty()) else {
            frame.names.push(word.clone());
            continue;
        };
        for (at, flag) in flags.char_indices() {
            if flag == 'r' || flag == 's' || flag == 'e' {
                frame.raw |= flag == 'r';
                continue;
            }
            let attached = flags.get(at + flag.len_utf8()..).unwrap_or("");
            let value = match attached {
                "" => words.next().cloned().unwrap_or_default(),
                value => value.to_owned(),
            };
            match flag {
                'p' => {
                    let stdin = cpu.task.fds.get(&0);
                    if cpu.machine.is_tty_ofd(stdin) {
                        queue(cpu.task, 2, value.as_bytes());
                    }
                }
                'n' | 'N' => frame.most = value.parse().ok(),
                'd' => frame.delimiter = value.bytes().next().unwrap_or(0),
                't' => {
                    let ms = (value.parse::<f64>().unwrap_or(0.0) * 1000.0) as i64;
                    frame.until_ms = Some(cpu.host.now_ms().saturating_add(ms));
                }
                'a' => {
                    frame.into = Into::Words;
                    frame.names = vec![value];
                }
                'u' | 'i' => {}
                flag => return fail(cpu, 2, &format!("read: -{flag}: invalid option")),
            }
            break;
        }
    }
    if let Some(bad) = frame.names.iter().find(|name| !is_name(name)) {
        let message = format!("read: `{bad}': not a valid identifier");
        return fail(cpu, 1, &message);
    }
    cpu.shell.frames.push(Frame::Read(Box::new(frame)));
    Flow::Ran
}

/// `mapfile`, `readarray`: lines into an array.
pub(super) fn mapfile(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let mut strip = false;
    let mut name = "MAPFILE".to_owned();
    for word in rest(args) {
        match word.as_str() {
            "-t" => strip = true,
            flag if flag.starts_with('-') => {
                let name = args.first().map_or("", String::as_str);
                let message = format!("{name}: {flag}: bottleship does not simulate this option");
                return fail(cpu, 2, &message);
            }
            word => word.clone_into(&mut name),
        }
    }
    cpu.shell.frames.push(Frame::Read(Box::new(ReadFrame {
        names: vec![name],
        into: Into::Lines { strip },
        raw: true,
        line: Vec::new(),
        delimiter: 0,
        most: None,
        until_ms: None,
    })));
    Flow::Ran
}

/// `getopts LETTERS NAME [ARGS...]`
pub(super) fn getopts(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let (Some(letters), Some(name)) = (args.get(1), args.get(2)) else {
        return fail(cpu, 2, "getopts: usage: getopts optstring name [arg]");
    };
    let words = match args.get(3..) {
        Some(own) if !own.is_empty() => own.to_vec(),
        _ => cpu.shell.args.to_vec(),
    };
    let (mut index, mut at) = cpu.shell.getopts;
    let asked = cpu.shell.var("OPTIND").and_then(|text| text.parse().ok());
    if asked.unwrap_or(1) != index {
        (index, at) = (asked.unwrap_or(1).max(1), 0);
    }
    let word = words.get(index - 1).map_or("", String::as_str);
    if at == 0 && (word == "--" || word.len() < 2 || !word.starts_with('-')) {
        index += usize::from(word == "--");
        return getopts_end(cpu, name, "?", None, (index, 0), 1);
    }
    at = at.max(1);
    let letter = word.chars().nth(at).unwrap_or('?');
    let rest_of_word: String = word.chars().skip(at + 1).collect();
    let known = letters.trim_start_matches(':').find(letter);
    let takes = known.is_some() && letters.contains(&format!("{letter}:"));
    let silent = letters.starts_with(':');
    let mut next = match rest_of_word.is_empty() || takes {
        true => (index + 1, 0),
        false => (index, at + 1),
    };
    let argv0 = cpu.shell.argv0.clone();
    let wrong = |cpu: &mut Cpu<'_>, what: &str, sign: &'static str| {
        if silent {
            return (sign, Some(letter.to_string()));
        }
        let text = format!("{argv0}: {what} -- {letter}\n");
        queue(cpu.task, 2, text.as_bytes());
        ("?", None)
    };
    let letter_text = letter.to_string();
    let (found, value) = if known.is_none() || letter == ':' {
        wrong(cpu, "illegal option", "?")
    } else if !takes {
        (letter_text.as_str(), None)
    } else if !rest_of_word.is_empty() {
        (letter_text.as_str(), Some(rest_of_word))
    } else if let Some(value) = words.get(index) {
        next = (index + 2, 0);
        (letter_text.as_str(), Some(value.clone()))
    } else {
        wrong(cpu, "option requires an argument", ":")
    };
    getopts_end(cpu, name, found, value, next, 0)
}

fn getopts_end(
    cpu: &mut Cpu<'_>,
    name: &str,
    found: &str,
    value: Option<String>,
    next: (usize, usize),
    code: i32,
) -> Flow {
    cpu.shell.getopts = next;
    cpu.shell.set_var(name, found);
    cpu.shell.set_var("OPTIND", &next.0.to_string());
    match value {
        Some(value) => {
            cpu.shell.set_var("OPTARG", &value);
        }
        None => cpu.shell.put_var("OPTARG", None),
    }
    status(cpu, code)
}

pub(super) fn shopt(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let on = !args.iter().any(|arg| arg == "-u");
    let mut code = 0;
    for name in rest(args).iter().filter(|arg| !arg.starts_with('-')) {
        match name.as_str() {
            "nullglob" => cpu.shell.options.nullglob = on,
            // As they are here already, or without meaning here.
            "expand_aliases" | "checkwinsize" | "histappend" | "inherit_errexit" => {}
            name => {
                cpu.complain(&format!(
                    "shopt: {name}: bottleship does not simulate this option"
                ));
                code = 1;
            }
        }
    }
    status(cpu, code)
}
