//! Builtins about variables and options: export, readonly, local, unset, set, read, shift.

use std::rc::Rc;

use super::super::exec::{Cpu, Flow};
use super::super::run::queue;
use super::super::task::{Frame, ReadFrame, Var};
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
    let in_function = cpu
        .shell
        .frames
        .iter()
        .any(|frame| matches!(frame, Frame::Call { .. }));
    if name == "local" && !in_function {
        return fail(cpu, 1, "local: can only be used in a function");
    }
    let exported = args.iter().any(|arg| arg == "-x");
    declare(cpu, args, &name, |cpu, name, value| {
        let before = cpu.shell.vars.get(name).cloned();
        let frames = cpu.shell.frames.iter_mut().rev();
        for frame in frames {
            if let Frame::Call { locals, .. } = frame {
                if !locals.iter().any(|(known, _)| known == name) {
                    locals.push((name.to_owned(), before));
                }
                break;
            }
        }
        let value = value.unwrap_or_default().to_owned();
        cpu.shell.put_var(
            name,
            Some(Var {
                value,
                exported,
                read_only: false,
            }),
        );
        true
    })
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
                let flag = if name == "export" {
                    "-x"
                } else if name == "readonly" {
                    "-r"
                } else {
                    "--"
                };
                text.push_str(&format!("declare {flag} {var}=\"{}\"\n", value.value));
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
                'u' | 'a' | 'i' => {}
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
