//! Builtins about processes: jobs, fg, bg, wait, kill, trap.

use std::rc::Rc;

use super::super::exec::{Cpu, Flow};
use super::super::task::{Frame, Job};
use super::super::{Signal, jobs};
use super::{fail, rest, status};

pub(super) fn list_jobs(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    cpu.reap_jobs();
    let last = cpu.shell.jobs.last().map_or(0, |job| job.number);
    let pids = args.iter().any(|arg| arg == "-p");
    let line = |job: &Job| match pids {
        true => format!("{}\n", job.pids.last().unwrap_or(&0)),
        false => jobs::describe(job, last),
    };
    let text: String = cpu.shell.jobs.iter().map(line).collect();
    cpu.put(&text);
    cpu.shell.jobs.retain(|job| job.status.is_none());
    status(cpu, 0)
}

/// `%1`, `%%`, `%text` or a process number → the job's place.
pub(super) fn find_job(cpu: &Cpu<'_>, text: Option<&String>) -> Option<usize> {
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

pub(super) fn fg(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
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
    cpu.machine.set_stopped(&job.pids, false, false, cpu.host);
    // Only the first of a pipeline reads the terminal.
    if let (Some(pid), Some(stdin)) = (job.pids.first(), stdin)
        && let Some(task) = cpu.machine.tasks.get_mut(pid)
    {
        task.fds.insert(0, stdin);
    }
    cpu.shell.frames.push(Frame::Wait {
        pids: job.pids,
        negated: false,
    });
    Flow::Ran
}

pub(super) fn bg(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let found = find_job(cpu, args.get(1)).and_then(|at| cpu.shell.jobs.get_mut(at));
    match found.map(|job| {
        (
            job.number,
            std::mem::take(&mut job.stopped),
            job.pids.clone(),
        )
    }) {
        Some((number, true, pids)) => {
            cpu.machine.set_stopped(&pids, false, true, cpu.host);
            let text = cpu.shell.jobs.iter().find(|job| job.number == number);
            let text = text.map_or_else(String::new, |job| format!("[{number}]+ {} &\n", job.text));
            cpu.put(&text);
            status(cpu, 0)
        }
        Some((number, ..)) => fail(cpu, 0, &format!("bg: job {number} already in background")),
        None => {
            let name = args.get(1).map_or("current", String::as_str).to_owned();
            fail(cpu, 1, &format!("bg: {name}: no such job"))
        }
    }
}

/// `disown`: the job goes on, and nobody speaks of it.
pub(super) fn disown(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    match find_job(cpu, args.get(1)) {
        Some(at) => {
            cpu.shell.jobs.remove(at);
            status(cpu, 0)
        }
        None => {
            let name = args.get(1).map_or("current", String::as_str).to_owned();
            fail(cpu, 1, &format!("disown: {name}: no such job"))
        }
    }
}

pub(super) fn wait(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
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

pub(super) fn kill(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let mut words = rest(args);
    let mut signal = Some(Signal::Term);
    match words.first().map(String::as_str) {
        Some("-l") => {
            let text: String = Signal::ALL
                .iter()
                .map(|s| format!("{}) SIG{}\n", *s as i32, s.name()))
                .collect();
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
            signal = if name == "0" {
                None
            } else {
                Signal::parse(name)
            };
            if signal.is_none() && name != "0" {
                let message = format!("kill: {name}: invalid signal specification");
                return fail(cpu, 1, &message);
            }
            words = rest(words);
        }
        _ => {}
    }
    if words.is_empty() {
        return fail(
            cpu,
            2,
            "kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ...",
        );
    }
    let mut code = 0;
    for word in words {
        let job = word.starts_with('%');
        let pids: Vec<u32> = match (job, word.parse::<u32>()) {
            (true, _) => {
                let at = find_job(cpu, Some(word));
                at.and_then(|at| cpu.shell.jobs.get(at))
                    .map(|job| job.pids.clone())
                    .unwrap_or_default()
            }
            (false, Ok(pid)) => vec![pid],
            (false, Err(_)) => {
                cpu.complain(&format!(
                    "kill: {word}: arguments must be process or job IDs"
                ));
                code = 1;
                continue;
            }
        };
        let own = cpu.task.pid;
        let lives = |pid: &u32| {
            *pid == own
                || cpu
                    .machine
                    .tasks
                    .get(pid)
                    .is_some_and(|t| t.status.is_none())
        };
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
            cpu.machine
                .signals
                .extend(pids.into_iter().map(|pid| (pid, signal)));
        }
    }
    cpu.shell.status = code;
    // The signal arrives before the next command runs.
    cpu.shell.frames.push(Frame::Restore(Box::default()));
    Flow::Sleep(cpu.host.now_ms())
}

pub(super) fn trap(cpu: &mut Cpu<'_>, args: &[String]) -> Flow {
    let mut words = rest(args);
    if matches!(words.first().map(String::as_str), Some("--")) {
        words = rest(words);
    }
    let Some(action) = words.first() else {
        let traps = cpu.shell.traps.iter();
        let prefix = |name: &str| {
            if name == "EXIT" || name == "ERR" {
                ""
            } else {
                "SIG"
            }
        };
        let text: String = traps
            .map(|(name, action)| format!("trap -- '{action}' {}{name}\n", prefix(name)))
            .collect();
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
            "ERR" => "ERR",
            "DEBUG" | "RETURN" => {
                cpu.complain(&format!("trap: {word}: bottleship does not simulate this"));
                code = 1;
                continue;
            }
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
