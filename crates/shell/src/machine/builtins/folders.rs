//! Builtins about the working folder: cd, pwd, pushd, popd, dirs.

use std::rc::Rc;

use super::super::Dialect;
use super::super::exec::{Cpu, Flow};
use super::{fail, rest, status};
use crate::fs::resolve;

pub(super) fn cd(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let args: Vec<&str> = rest(args)
        .iter()
        .map(String::as_str)
        .filter(|a| !["-P", "-L", "--"].contains(a))
        .collect();
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
    if let Err(error) = cpu.fs.list(&path) {
        let message = match cpu.machine.dialect {
            Dialect::Bash => format!("cd: {target}: {error}"),
            Dialect::Busybox => format!("cd: can't cd to {target}: {error}"),
            Dialect::Dash => format!("cd: can't cd to {target}"),
        };
        let code = if cpu.machine.dialect == Dialect::Bash {
            1
        } else {
            2
        };
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

/// `pushd`, `popd` and `dirs`
pub(super) fn folders(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let name = args.first().map_or("", String::as_str);
    let here = cpu.shell.cwd.clone();
    let target = match (name, args.get(1)) {
        ("pushd", Some(folder)) => {
            cpu.shell.folders.push(here.clone());
            Some(folder.clone())
        }
        ("dirs", _) => None,
        _ => match cpu.shell.folders.pop() {
            Some(folder) if name == "pushd" => {
                cpu.shell.folders.push(here.clone());
                Some(folder.to_string())
            }
            Some(folder) => Some(folder.to_string()),
            None => {
                let what = ["directory stack empty", "no other directory"];
                let message = format!("{name}: {}", what[usize::from(name == "pushd")]);
                return fail(cpu, 1, &message);
            }
        },
    };
    if let Some(target) = target {
        let path = resolve(&here, &target);
        if let Err(error) = cpu.fs.list(&path) {
            cpu.shell.folders.pop();
            return fail(cpu, 1, &format!("{name}: {target}: {error}"));
        }
        cpu.shell.set_var("OLDPWD", &here);
        cpu.shell.set_var("PWD", &path);
        cpu.shell.cwd = path.as_str().into();
    }
    let home = cpu.shell.var("HOME").unwrap_or("").to_owned();
    let short = |folder: &Rc<str>| match folder.strip_prefix(home.as_str()) {
        Some(rest) if !home.is_empty() => format!("~{rest}"),
        _ => folder.to_string(),
    };
    let all: Vec<String> = [&cpu.shell.cwd]
        .into_iter()
        .chain(cpu.shell.folders.iter().rev())
        .map(short)
        .collect();
    cpu.put(&format!("{}\n", all.join(" ")));
    status(cpu, 0)
}

pub(super) fn pwd(cpu: &mut Cpu<'_>, _: &[String]) -> Flow {
    let text = format!("{}\n", cpu.shell.cwd);
    cpu.put(&text);
    status(cpu, 0)
}
