//! Builtins that change what runs next: exit, return, break, continue, eval, source.

use std::rc::Rc;

use super::super::exec::{Cpu, Flow};
use super::super::task::{Frame, Stage};
use super::{fail, rest, status};
use crate::fs::resolve;
use crate::syntax;

pub(super) fn exit(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
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

pub(super) fn return_command(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let code = args
        .get(1)
        .and_then(|text| text.parse::<i32>().ok())
        .unwrap_or(cpu.shell.status);
    let edge = |frame: &Frame| matches!(frame, Frame::Call { .. } | Frame::Source { .. });
    if !cpu.shell.frames.iter().any(edge) {
        if cpu.shell.subshell {
            cpu.shell.frames.push(Frame::Exit(code & 0xFF));
            return Flow::Ran;
        }
        return fail(
            cpu,
            1,
            "return: can only `return' from a function or sourced script",
        );
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

pub(super) fn leave_loop(cpu: &mut Cpu<'_>, args: &[String], goes_on: bool) -> Flow {
    let is_loop = |frame: &Frame| {
        matches!(
            frame,
            Frame::Loop { .. } | Frame::For { .. } | Frame::ForArith { .. }
        )
    };
    let name = args.first().map_or("", String::as_str).to_owned();
    let mut levels = match args.get(1).map(|text| text.parse::<usize>()) {
        None => 1,
        Some(Ok(levels)) if levels > 0 => levels,
        Some(Ok(_)) => {
            return fail(
                cpu,
                1,
                &format!("{name}: {}: loop count out of range", args[1]),
            );
        }
        Some(Err(_)) => {
            return fail(
                cpu,
                128,
                &format!("{name}: {}: numeric argument required", args[1]),
            );
        }
    };
    let inside = cpu.shell.frames.iter().rev();
    let loops = inside
        .take_while(|f| !matches!(f, Frame::Call { .. }))
        .filter(|f| is_loop(f))
        .count();
    if loops == 0 {
        if !cpu.is_prompt() {
            return status(cpu, 0);
        }
        return fail(
            cpu,
            0,
            &format!("{name}: only meaningful in a `for', `while', or `until' loop"),
        );
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
                Frame::Loop {
                    command, status, ..
                } => Frame::Loop {
                    command,
                    stage: Stage::Body,
                    status,
                },
                Frame::ForArith { command, .. } => Frame::ForArith {
                    command,
                    stage: Stage::Step,
                },
                frame => frame,
            });
        }
        break;
    }
    status(cpu, 0)
}

pub(super) fn eval(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
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

pub(super) fn source(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
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
        Some(own) if !own.is_empty() => Some(std::mem::replace(
            &mut cpu.shell.args,
            Rc::new(own.to_vec()),
        )),
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
