//! The commands inside the shell: those that change the shell itself, and echo, test and printf,
//! which are inside of every shell for speed.

use std::rc::Rc;

use super::exec::{Cpu, Flow};
use super::task::{Frame, ReadFrame, Stage, Var};
use super::{Dialect, Lookup, Signal, jobs, printf, test};
use crate::filters;
use crate::fs::resolve;
use crate::syntax::{self, is_name};

pub(super) struct Builtin {
    pub name: &'static str,
    pub run: fn(&mut Cpu<'_>, &[String]) -> Flow,
    /// Exists as a program too, so that `xargs echo` finds it.
    pub program: bool,
}

const fn inside(name: &'static str, run: fn(&mut Cpu<'_>, &[String]) -> Flow) -> Builtin {
    Builtin { name, run, program: false }
}

const fn both(name: &'static str, run: fn(&mut Cpu<'_>, &[String]) -> Flow) -> Builtin {
    Builtin { name, run, program: true }
}

const BUILTINS: &[Builtin] = &[
    inside(".", source),
    inside(":", |cpu, _| status(cpu, 0)),
    both("[", test_command),
    inside("alias", alias),
    inside("bg", bg),
    inside("break", |cpu, args| leave_loop(cpu, args, false)),
    inside("cd", cd),
    inside("command", command),
    inside("continue", |cpu, args| leave_loop(cpu, args, true)),
    inside("declare", local),
    both("echo", echo),
    inside("eval", eval),
    inside("exec", |cpu, _| status(cpu, 0)),
    inside("exit", exit),
    inside("export", export),
    both("false", |cpu, _| status(cpu, 1)),
    inside("fg", fg),
    inside("hash", |cpu, _| status(cpu, 0)),
    inside("jobs", list_jobs),
    both("kill", kill),
    inside("let", let_command),
    inside("local", local),
    both("printf", printf_command),
    both("pwd", pwd),
    inside("read", read),
    inside("readonly", readonly),
    inside("return", return_command),
    inside("set", set),
    inside("shift", shift),
    inside("source", source),
    both("test", test_command),
    inside("times", |cpu, _| status(cpu, 0)),
    inside("trap", trap),
    both("true", |cpu, _| status(cpu, 0)),
    inside("type", type_command),
    inside("typeset", local),
    inside("ulimit", ulimit),
    inside("umask", umask),
    inside("unalias", unalias),
    inside("unset", unset),
    inside("wait", wait),
];

pub(super) fn find(name: &str) -> Option<&'static Builtin> {
    BUILTINS.iter().find(|builtin| builtin.name == name)
}

/// All names, for completion.
pub fn names() -> impl Iterator<Item = &'static str> {
    BUILTINS.iter().map(|builtin| builtin.name)
}

fn status(cpu: &mut Cpu<'_>, status: i32) -> Flow {
    cpu.shell.status = status;
    Flow::Ran
}

fn fail(cpu: &mut Cpu<'_>, code: i32, message: &str) -> Flow {
    cpu.complain(message);
    status(cpu, code)
}

fn rest(args: &[String]) -> &[String] {
    args.get(1..).unwrap_or_default()
}

fn cd(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let args: Vec<&str> =
        rest(args).iter().map(String::as_str).filter(|a| !["-P", "-L", "--"].contains(a)).collect();
    if args.len() > 1 {
        return fail(cpu, 1, "cd: too many arguments");
    }
    let var = |cpu: &Cpu<'_>, name: &str| cpu.shell.var(name).map(str::to_owned);
    let (target, print) = match args.first() {
        Some(&"-") => match var(cpu, "OLDPWD") {
            Some(old) => (old, true),
            None => return fail(cpu, 1, "cd: OLDPWD not set"),
        },
        Some(target) => ((*target).to_owned(), false),
        None => match var(cpu, "HOME") {
            Some(home) => (home, false),
            None => return fail(cpu, 1, "cd: HOME not set"),
        },
    };
    let path = resolve(&cpu.shell.cwd, &target);
    let error = match cpu.fs.list(&path) {
        Ok(_) => None,
        Err(error) => Some(error),
    };
    if let Some(error) = error {
        let message = match cpu.machine.dialect {
            Dialect::Bash => format!("cd: {target}: {error}"),
            Dialect::Busybox => format!("cd: can't cd to {target}: {error}"),
            Dialect::Dash => format!("cd: can't cd to {target}"),
        };
        let code = if cpu.machine.dialect == Dialect::Bash { 1 } else { 2 };
        return fail(cpu, code, &message);
    }
    let old = std::mem::replace(&mut cpu.shell.cwd, path.as_str().into());
    cpu.shell.set_var("OLDPWD", &old);
    cpu.shell.set_var("PWD", &path);
    if print {
        cpu.put(&format!("{path}\n"));
    }
    status(cpu, 0)
}

fn pwd(cpu: &mut Cpu<'_>, _: &[String]) -> Flow {
    let text = format!("{}\n", cpu.shell.cwd);
    cpu.put(&text);
    status(cpu, 0)
}

fn echo(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let mut args = rest(args);
    let (mut newline, mut escapes) = (true, cpu.machine.dialect == Dialect::Dash);
    while let Some(flags) = args.first().and_then(|arg| arg.strip_prefix('-'))
        && !flags.is_empty()
        && flags.chars().all(|c| "neE".contains(c))
    {
        newline &= !flags.contains('n');
        if let Some(last) = flags.chars().rfind(|c| *c != 'n') {
            escapes = last == 'e';
        }
        args = rest(args);
    }
    let mut text = args.join(" ");
    if escapes {
        let (out, stopped) = printf::escapes(&text);
        text = out;
        newline &= !stopped;
    }
    if newline {
        text.push('\n');
    }
    cpu.put(&text);
    status(cpu, 0)
}

fn printf_command(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let args = rest(args);
    let (target, args) = match args.first().map(String::as_str) {
        Some("-v") => (args.get(1).cloned(), args.get(2..).unwrap_or_default()),
        Some("--") => (None, rest(args)),
        _ => (None, args),
    };
    let Some(format) = args.first() else {
        return fail(cpu, 2, "printf: usage: printf [-v var] format [arguments]");
    };
    let (text, errors) = printf::format(format, rest(args), cpu.host.now_ms());
    match target {
        Some(name) => {
            cpu.shell.set_var(&name, &text);
        }
        None => cpu.put(&text),
    }
    for error in &errors {
        cpu.complain(&format!("printf: {error}"));
    }
    status(cpu, i32::from(!errors.is_empty()))
}

fn test_command(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let name = args.first().map_or("test", String::as_str).to_owned();
    let mut words = rest(args);
    if name == "[" {
        match words.split_last() {
            Some((last, head)) if last == "]" => words = head,
            _ => return fail(cpu, 2, "[: missing `]'"),
        }
    }
    let ttys: Vec<u32> =
        cpu.task.fds.iter().filter(|(_, o)| cpu.machine.is_tty_ofd(Some(*o))).map(|f| *f.0).collect();
    let result = test::evaluate(words, &test::Facts { fs: cpu.fs, cwd: &cpu.shell.cwd, ttys: &ttys });
    match result {
        Ok(truth) => status(cpu, i32::from(!truth)),
        Err(error) => fail(cpu, 2, &format!("{name}: {error}")),
    }
}

fn exit(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let code = match args.get(1).map(|text| text.parse::<i32>()) {
        None => cpu.shell.status,
        Some(Ok(code)) => code & 0xFF,
        Some(Err(_)) => {
            let message = format!("exit: {}: numeric argument required", args[1]);
            cpu.complain(&message);
            2
        }
    };
    // `exit` inside its own trap ends with the new status.
    cpu.unwind();
    cpu.shell.frames.push(Frame::Exit(code));
    status(cpu, code)
}

fn return_command(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let code = args.get(1).and_then(|text| text.parse::<i32>().ok()).unwrap_or(cpu.shell.status);
    let edge = |frame: &Frame| matches!(frame, Frame::Call { .. } | Frame::Source { .. });
    if !cpu.shell.frames.iter().any(edge) {
        if cpu.shell.subshell {
            cpu.shell.frames.push(Frame::Exit(code & 0xFF));
            return Flow::Ran;
        }
        return fail(cpu, 1, "return: can only `return' from a function or sourced script");
    }
    while let Some(frame) = cpu.shell.frames.pop() {
        let found = edge(&frame);
        cpu.undo(frame);
        if found {
            break;
        }
    }
    status(cpu, code & 0xFF)
}

fn leave_loop(cpu: &mut Cpu<'_>, args: &[String], goes_on: bool) -> Flow {
    let is_loop = |frame: &Frame| {
        matches!(frame, Frame::Loop { .. } | Frame::For { .. } | Frame::ForArith { .. })
    };
    let name = args.first().map_or("", String::as_str).to_owned();
    let mut levels = match args.get(1).map(|text| text.parse::<usize>()) {
        None => 1,
        Some(Ok(levels)) if levels > 0 => levels,
        Some(Ok(_)) => return fail(cpu, 1, &format!("{name}: {}: loop count out of range", args[1])),
        Some(Err(_)) => {
            return fail(cpu, 128, &format!("{name}: {}: numeric argument required", args[1]));
        }
    };
    let inside = cpu.shell.frames.iter().rev();
    let loops = inside.take_while(|f| !matches!(f, Frame::Call { .. })).filter(|f| is_loop(f)).count();
    if loops == 0 {
        if !cpu.is_prompt() {
            return status(cpu, 0);
        }
        return fail(cpu, 0, &format!("{name}: only meaningful in a `for', `while', or `until' loop"));
    }
    levels = levels.min(loops);
    while let Some(frame) = cpu.shell.frames.pop() {
        if !is_loop(&frame) {
            cpu.undo(frame);
            continue;
        }
        levels -= 1;
        if levels > 0 {
            continue;
        }
        if goes_on {
            cpu.shell.frames.push(match frame {
                Frame::Loop { command, status, .. } => {
                    Frame::Loop { command, stage: Stage::Body, status }
                }
                Frame::ForArith { command, .. } => Frame::ForArith { command, stage: Stage::Step },
                frame => frame,
            });
        }
        break;
    }
    status(cpu, 0)
}

fn shift(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let count = args.get(1).and_then(|text| text.parse::<usize>().ok()).unwrap_or(1);
    if count > cpu.shell.args.len() {
        return status(cpu, 1);
    }
    Rc::make_mut(&mut cpu.shell.args).drain(..count);
    status(cpu, 0)
}

fn eval(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let text = rest(args).join(" ");
    cpu.shell.status = 0;
    match syntax::parse(&text, &cpu.shell.aliases) {
        Ok(script) => {
            cpu.shell.push_script(script);
            Flow::Ran
        }
        Err(error) => fail(cpu, 2, &format!("eval: {error}")),
    }
}

fn source(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let name = args.first().map_or("source", String::as_str).to_owned();
    let Some(file) = args.get(1).cloned() else {
        return fail(cpu, 2, &format!("{name}: filename argument required"));
    };
    // `source <(kubectl completion bash)` cannot be read as a file; there is nothing to do for it.
    let text = match cpu.fs.read_text(&resolve(&cpu.shell.cwd, &file)) {
        Ok(text) => text,
        Err(error) => return fail(cpu, 1, &format!("{file}: {error}")),
    };
    let own = match args.get(2..) {
        Some(own) if !own.is_empty() => {
            Some(std::mem::replace(&mut cpu.shell.args, Rc::new(own.to_vec())))
        }
        _ => None,
    };
    cpu.shell.frames.push(Frame::Source { args: own });
    match syntax::parse(&text, &cpu.shell.aliases) {
        Ok(script) => {
            cpu.shell.status = 0;
            cpu.shell.push_script(script);
            Flow::Ran
        }
        Err(error) => fail(cpu, 2, &format!("{file}: {error}")),
    }
}

fn export(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    declare(cpu, args, "export", |cpu, name, value| cpu.shell.export(name, value))
}

fn readonly(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    declare(cpu, args, "readonly", |cpu, name, value| {
        if let Some(value) = value
            && !cpu.shell.set_var(name, value)
        {
            return false;
        }
        Rc::make_mut(&mut cpu.shell.vars).entry(name.to_owned()).or_default().read_only = true;
        true
    })
}

fn local(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let name = args.first().map_or("local", String::as_str).to_owned();
    let in_function = cpu.shell.frames.iter().any(|frame| matches!(frame, Frame::Call { .. }));
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
        cpu.shell.put_var(name, Some(Var { value, exported, read_only: false }));
        true
    })
}

/// `NAME` and `NAME=VALUE` arguments; without any, a list.
fn declare(
    cpu: &mut Cpu<'_>,
    args: &[String],
    name: &str,
    mut set: impl FnMut(&mut Cpu<'_>, &str, Option<&str>) -> bool,
) -> Flow {
    let names: Vec<&String> = rest(args).iter().filter(|arg| !arg.starts_with('-')).collect();
    if names.is_empty() {
        let mut text = String::new();
        for (var, value) in cpu.shell.vars.iter() {
            let wanted = match name {
                "export" => value.exported,
                "readonly" => value.read_only,
                _ => true,
            };
            if wanted {
                let flag = if name == "export" { "-x" } else if name == "readonly" { "-r" } else { "--" };
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

fn unset(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
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

fn set(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let mut words = rest(args);
    if words.is_empty() {
        let vars = cpu.shell.vars.iter();
        let text: String = vars.map(|(name, var)| format!("{name}={}\n", quote(&var.value))).collect();
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

fn read(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
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
                        super::run::queue(cpu.task, 2, value.as_bytes());
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

fn alias(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let mut code = 0;
    let line = |name: &str, text: &str| format!("alias {name}='{text}'\n");
    if args.len() < 2 {
        let text: String = cpu.shell.aliases.iter().map(|(name, text)| line(name, text)).collect();
        cpu.put(&text);
    }
    for arg in rest(args) {
        match arg.split_once('=') {
            Some((name, text)) => {
                Rc::make_mut(&mut cpu.shell.aliases).insert(name.to_owned(), text.to_owned());
            }
            None => match cpu.shell.aliases.get(arg).map(|text| line(arg, text)) {
                Some(text) => cpu.put(&text),
                None => {
                    cpu.complain(&format!("alias: {arg}: not found"));
                    code = 1;
                }
            },
        }
    }
    status(cpu, code)
}

fn unalias(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let mut code = 0;
    for arg in rest(args) {
        let aliases = Rc::make_mut(&mut cpu.shell.aliases);
        if arg == "-a" {
            aliases.clear();
        } else if aliases.remove(arg).is_none() {
            cpu.complain(&format!("unalias: {arg}: not found"));
            code = 1;
        }
    }
    status(cpu, code)
}

/// What a name stands for: for `type`, `command -v` and `which`.
fn describe_name(cpu: &Cpu<'_>, name: &str) -> Option<(String, String)> {
    if let Some(text) = cpu.shell.aliases.get(name) {
        return Some((format!("alias {name}='{text}'"), format!("{name} is aliased to `{text}'")));
    }
    if cpu.shell.functions.contains_key(name) {
        return Some((name.to_owned(), format!("{name} is a function")));
    }
    if find(name).is_some() {
        return Some((name.to_owned(), format!("{name} is a shell builtin")));
    }
    let path = if name.contains('/') {
        cpu.fs.is_file(&resolve(&cpu.shell.cwd, name)).then(|| name.to_owned())
    } else {
        let known = match cpu.host.lookup(name) {
            Lookup::Missing => false,
            Lookup::Host => cpu.host.has(name),
            Lookup::Default => filters::is_program(name) || cpu.host.has(name),
        };
        known.then(|| format!("/usr/bin/{name}"))
    }?;
    Some((path.clone(), format!("{name} is {path}")))
}

fn type_command(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let mut code = 0;
    for name in rest(args).iter().filter(|arg| !arg.starts_with('-')) {
        match describe_name(cpu, name) {
            Some((_, text)) => cpu.put(&format!("{text}\n")),
            None => {
                cpu.complain(&format!("type: {name}: not found"));
                code = 1;
            }
        }
    }
    status(cpu, code)
}

fn command(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let mut words = rest(args);
    match words.first().map(String::as_str) {
        Some(flag @ ("-v" | "-V")) => {
            let mut code = 1;
            for name in rest(words) {
                if let Some((short, long)) = describe_name(cpu, name) {
                    cpu.put(&format!("{}\n", if flag == "-v" { short } else { long }));
                    code = 0;
                } else if flag == "-V" {
                    cpu.complain(&format!("command: {name}: not found"));
                }
            }
            return status(cpu, code);
        }
        Some("-p" | "--") => words = rest(words),
        None => return status(cpu, 0),
        _ => {}
    }
    // Functions are passed over; builtins and programs run as they are.
    let words = words.to_vec();
    if let Some(builtin) = words.first().and_then(|name| find(name)) {
        return (builtin.run)(cpu, &words);
    }
    let frames = vec![Frame::Exec { argv: words, env: None }];
    let pid = cpu.fork(frames, cpu.task.fds.clone(), false);
    cpu.shell.frames.push(Frame::Wait { pids: vec![pid], negated: false });
    Flow::Ran
}

fn let_command(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let mut value = 0;
    for arg in rest(args) {
        match cpu.eval_arith(arg) {
            Ok(result) => value = result,
            Err(error) => return fail(cpu, 1, &format!("let: {error}")),
        }
    }
    status(cpu, i32::from(value == 0))
}

fn list_jobs(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    cpu.reap_jobs();
    let last = cpu.shell.jobs.last().map_or(0, |job| job.number);
    let pids = args.iter().any(|arg| arg == "-p");
    let line = |job: &super::task::Job| match pids {
        true => format!("{}\n", job.pids.last().unwrap_or(&0)),
        false => jobs::describe(job, last),
    };
    let text: String = cpu.shell.jobs.iter().map(line).collect();
    cpu.put(&text);
    cpu.shell.jobs.retain(|job| job.status.is_none());
    status(cpu, 0)
}

/// `%1`, `%%`, `%text` or a process number → the job's place.
fn find_job(cpu: &Cpu<'_>, text: Option<&String>) -> Option<usize> {
    let jobs = &cpu.shell.jobs;
    match text.map(|text| text.strip_prefix('%').ok_or(text)) {
        None | Some(Ok("" | "+" | "%")) => jobs.len().checked_sub(1),
        Some(Ok(text)) => match text.parse::<u32>() {
            Ok(number) => jobs.iter().position(|job| job.number == number),
            Err(_) => jobs.iter().position(|job| job.text.starts_with(text)),
        },
        Some(Err(text)) => {
            let pid = text.parse().ok()?;
            jobs.iter().position(|job| job.pids.contains(&pid))
        }
    }
}

fn fg(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    cpu.reap_jobs();
    let Some(at) = find_job(cpu, args.get(1)) else {
        let name = args.get(1).map_or("current", String::as_str).to_owned();
        return fail(cpu, 1, &format!("fg: {name}: no such job"));
    };
    let job = cpu.shell.jobs.remove(at);
    cpu.put(&format!("{}\n", job.text));
    if let Some(code) = job.status {
        return status(cpu, code);
    }
    let stdin = cpu.task.fds.get(&0).copied();
    for pid in &job.pids {
        if let Some(task) = cpu.machine.tasks.get_mut(pid) {
            task.background = false;
            if let Some(stdin) = stdin {
                task.fds.insert(0, stdin);
            }
        }
    }
    cpu.shell.frames.push(Frame::Wait { pids: job.pids, negated: false });
    Flow::Ran
}

fn bg(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    match find_job(cpu, args.get(1)).and_then(|at| cpu.shell.jobs.get(at)).map(|job| job.number) {
        Some(number) => fail(cpu, 0, &format!("bg: job {number} already in background")),
        None => {
            let name = args.get(1).map_or("current", String::as_str).to_owned();
            fail(cpu, 1, &format!("bg: {name}: no such job"))
        }
    }
}

fn wait(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    cpu.reap_jobs();
    let mut pids = Vec::new();
    cpu.shell.status = 0;
    if args.len() < 2 {
        pids.extend(cpu.shell.jobs.iter().flat_map(|job| job.pids.clone()));
        cpu.shell.frames.push(Frame::WaitAny { pids, all: true });
        return Flow::Ran;
    }
    for arg in rest(args).iter().filter(|arg| !arg.starts_with('-')) {
        match find_job(cpu, Some(arg)).and_then(|at| cpu.shell.jobs.get(at)) {
            Some(job) => pids.extend(&job.pids),
            None => {
                let message = match arg.starts_with('%') {
                    true => format!("wait: {arg}: no such job"),
                    false => format!("wait: pid {arg} is not a child of this shell"),
                };
                return fail(cpu, 127, &message);
            }
        }
    }
    cpu.shell.frames.push(Frame::WaitAny { pids, all: false });
    Flow::Ran
}

fn kill(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let mut words = rest(args);
    let mut signal = Some(Signal::Term);
    match words.first().map(String::as_str) {
        Some("-l") => {
            let text: String = Signal::ALL.iter().map(|s| format!("{}) SIG{}\n", *s as i32, s.name())).collect();
            cpu.put(&text);
            return status(cpu, 0);
        }
        Some("-s" | "-n") => {
            signal = words.get(1).and_then(|name| Signal::parse(name));
            words = words.get(2..).unwrap_or_default();
        }
        Some("--") => words = rest(words),
        Some(flag) if flag.starts_with('-') => {
            let name = flag.trim_start_matches('-');
            // Signal 0 only asks whether the process lives.
            signal = if name == "0" { None } else { Signal::parse(name) };
            if signal.is_none() && name != "0" {
                let message = format!("kill: {name}: invalid signal specification");
                return fail(cpu, 1, &message);
            }
            words = rest(words);
        }
        _ => {}
    }
    if words.is_empty() {
        return fail(cpu, 2, "kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ...");
    }
    let mut code = 0;
    for word in words {
        let job = word.starts_with('%');
        let pids: Vec<u32> = match (job, word.parse::<u32>()) {
            (true, _) => {
                let at = find_job(cpu, Some(word));
                at.and_then(|at| cpu.shell.jobs.get(at)).map(|job| job.pids.clone()).unwrap_or_default()
            }
            (false, Ok(pid)) => vec![pid],
            (false, Err(_)) => {
                cpu.complain(&format!("kill: {word}: arguments must be process or job IDs"));
                code = 1;
                continue;
            }
        };
        let own = cpu.task.pid;
        let lives = |pid: &u32| *pid == own || cpu.machine.tasks.get(pid).is_some_and(|t| t.status.is_none());
        let pids: Vec<u32> = pids.into_iter().filter(lives).collect();
        if pids.is_empty() {
            let message = match job {
                true => format!("kill: {word}: no such job"),
                false => format!("kill: ({word}) - No such process"),
            };
            cpu.complain(&message);
            code = 1;
        }
        if let Some(signal) = signal {
            cpu.machine.signals.extend(pids.into_iter().map(|pid| (pid, signal)));
        }
    }
    cpu.shell.status = code;
    // The signal arrives before the next command runs.
    cpu.shell.frames.push(Frame::Restore(Box::default()));
    Flow::Sleep(cpu.host.now_ms())
}

fn trap(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let mut words = rest(args);
    if matches!(words.first().map(String::as_str), Some("--")) {
        words = rest(words);
    }
    let Some(action) = words.first() else {
        let traps = cpu.shell.traps.iter();
        let prefix = |name: &str| if name == "EXIT" { "" } else { "SIG" };
        let text: String =
            traps.map(|(name, action)| format!("trap -- '{action}' {}{name}\n", prefix(name))).collect();
        cpu.put(&text);
        return status(cpu, 0);
    };
    let (action, names) = match words.len() {
        1 => ("-", words),
        _ => (action.as_str(), rest(words)),
    };
    let mut code = 0;
    for word in names {
        let name = match word.as_str() {
            "EXIT" | "0" => "EXIT",
            "ERR" | "DEBUG" | "RETURN" => continue,
            word => match Signal::parse(word) {
                Some(signal) => signal.name(),
                None => {
                    cpu.complain(&format!("trap: {word}: invalid signal specification"));
                    code = 1;
                    continue;
                }
            },
        };
        let traps = Rc::make_mut(&mut cpu.shell.traps);
        match action {
            "-" => {
                traps.remove(name);
            }
            action => {
                traps.insert(name.to_owned(), action.into());
            }
        }
    }
    status(cpu, code)
}

fn ulimit(cpu: &mut Cpu<'_>, _: &[String]) -> Flow {
    cpu.put("unlimited\n");
    status(cpu, 0)
}

fn umask(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    if args.len() < 2 {
        cpu.put("0022\n");
    }
    status(cpu, 0)
}

/// A word as it would have to be typed.
pub(super) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

impl Cpu<'_> {
    pub(super) fn option_letters(&self) -> String {
        let options = self.shell.options;
        let letters = [
            (options.errexit, 'e'),
            (options.noglob, 'f'),
            (true, 'h'),
            (options.interactive, 'i'),
            (options.nounset, 'u'),
            (options.xtrace, 'x'),
        ];
        letters.iter().filter(|(on, _)| *on).map(|(_, letter)| *letter).collect()
    }
}
