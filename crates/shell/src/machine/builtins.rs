//! The commands inside the shell: those that change the shell itself, and echo, test and printf,
//! which are inside of every shell for speed.

mod flow;
mod folders;
mod process;
mod vars;

use std::rc::Rc;

use super::exec::{Cpu, Flow};
use super::task::Frame;
use super::{Dialect, Lookup, printf, test};
use crate::filters;
use crate::fs::resolve;
use flow::{eval, exit, leave_loop, return_command, source};
use folders::{cd, folders, pwd};
use process::{bg, disown, fg, kill, list_jobs, trap, wait};
use vars::{export, getopts, local, mapfile, read, readonly, set, shift, shopt, unset};

pub(super) struct Builtin {
    pub name: &'static str,
    pub run: fn(&mut Cpu<'_>, &[String]) -> Flow,
    /// Exists as a program too, so that `xargs echo` finds it.
    pub program: bool,
}

const fn inside(name: &'static str, run: fn(&mut Cpu<'_>, &[String]) -> Flow) -> Builtin {
    Builtin {
        name,
        run,
        program: false,
    }
}

const fn both(name: &'static str, run: fn(&mut Cpu<'_>, &[String]) -> Flow) -> Builtin {
    Builtin {
        name,
        run,
        program: true,
    }
}

const BUILTINS: &[Builtin] = &[
    inside(".", source),
    inside(":", |cpu, _| status(cpu, 0)),
    both("[", test_command),
    inside("alias", alias),
    inside("bg", bg),
    inside("break", |cpu, args| leave_loop(cpu, args, false)),
    inside("builtin", command),
    inside("cd", cd),
    inside("command", command),
    // What Tab offers for kubectl and its aliases is built in.
    inside("complete", |cpu, _| status(cpu, 0)),
    inside("compopt", |cpu, _| status(cpu, 0)),
    inside("continue", |cpu, args| leave_loop(cpu, args, true)),
    inside("declare", local),
    inside("dirs", folders),
    inside("disown", disown),
    both("echo", echo),
    inside("eval", eval),
    inside("exec", |cpu, _| status(cpu, 0)),
    inside("exit", exit),
    inside("export", export),
    both("false", |cpu, _| status(cpu, 1)),
    inside("fg", fg),
    inside("getopts", getopts),
    inside("hash", |cpu, _| status(cpu, 0)),
    inside("history", history),
    inside("jobs", list_jobs),
    both("kill", kill),
    inside("let", let_command),
    inside("local", local),
    inside("mapfile", mapfile),
    inside("popd", folders),
    both("printf", printf_command),
    inside("pushd", folders),
    both("pwd", pwd),
    inside("read", read),
    inside("readarray", mapfile),
    inside("readonly", readonly),
    inside("return", return_command),
    inside("set", set),
    inside("shift", shift),
    inside("shopt", shopt),
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
    let ttys: Vec<u32> = cpu
        .task
        .fds
        .iter()
        .filter(|(_, o)| cpu.machine.is_tty_ofd(Some(*o)))
        .map(|f| *f.0)
        .collect();
    let result = test::evaluate(
        words,
        &test::Facts {
            fs: cpu.fs,
            cwd: &cpu.shell.cwd,
            ttys: &ttys,
        },
    );
    match result {
        Ok(truth) => status(cpu, i32::from(!truth)),
        Err(error) => fail(cpu, 2, &format!("{name}: {error}")),
    }
}

fn alias(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let mut code = 0;
    let line = |name: &str, text: &str| format!("alias {name}='{text}'\n");
    if args.len() < 2 {
        let text: String = cpu
            .shell
            .aliases
            .iter()
            .map(|(name, text)| line(name, text))
            .collect();
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
        return Some((
            format!("alias {name}='{text}'"),
            format!("{name} is aliased to `{text}'"),
        ));
    }
    if cpu.shell.functions.contains_key(name) {
        return Some((name.to_owned(), format!("{name} is a function")));
    }
    if find(name).is_some() {
        return Some((name.to_owned(), format!("{name} is a shell builtin")));
    }
    let path = if name.contains('/') {
        cpu.fs
            .is_file(&resolve(&cpu.shell.cwd, name))
            .then(|| name.to_owned())
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
    let flag = args.get(1).filter(|arg| arg.starts_with('-'));
    for name in rest(args).iter().filter(|arg| !arg.starts_with('-')) {
        match describe_name(cpu, name) {
            Some((short, text)) => {
                let text = match flag.map(String::as_str) {
                    Some("-t") => ["is aliased", "is a function", "is a shell builtin"]
                        .iter()
                        .position(|what| text.contains(what))
                        .and_then(|at| ["alias", "function", "builtin"].get(at))
                        .unwrap_or(&"file")
                        .to_string(),
                    Some("-p" | "-P") if short.starts_with('/') => short,
                    Some("-p" | "-P") => continue,
                    _ => text,
                };
                cpu.put(&format!("{text}\n"));
            }
            None if flag.is_some() => code = 1,
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
    let frames = vec![Frame::Exec {
        argv: words,
        env: None,
    }];
    let pid = cpu.fork(frames, cpu.task.fds.clone(), false);
    cpu.shell.frames.push(Frame::Wait {
        pids: vec![pid],
        negated: false,
    });
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

fn history(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let lines = cpu.machine.history.clone();
    match args
        .get(1)
        .map(|word| (word.as_str(), word.parse::<usize>()))
    {
        Some(("-c", _)) => cpu.machine.history = Rc::default(),
        Some((word, Err(_))) => {
            let message = format!("history: {word}: numeric argument required");
            return fail(cpu, 1, &message);
        }
        count => {
            let most = count
                .and_then(|(_, count)| count.ok())
                .unwrap_or(lines.len());
            let from = lines.len().saturating_sub(most);
            for (at, line) in lines.iter().enumerate().skip(from) {
                cpu.put(&format!("{:>5}  {line}\n", at + 1));
            }
        }
    }
    status(cpu, 0)
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
        letters
            .iter()
            .filter(|(on, _)| *on)
            .map(|(_, letter)| *letter)
            .collect()
    }
}
