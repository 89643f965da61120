//! The programs of a session, as the machine sees them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::Running;
use crate::fs::Fs;
use crate::machine::{Env, Host, Lookup, Pid, Signal};
use crate::program::{Ctx, LocalBoxFuture, Program};

pub(super) struct TerminalHost<'a> {
    pub programs: &'a Rc<Vec<Program>>,
    pub running: &'a mut BTreeMap<Pid, Running>,
    pub fs: &'a Rc<RefCell<Fs>>,
    pub now_ms: i64,
}

impl TerminalHost<'_> {
    fn find(&self, name: &str) -> Option<&Program> {
        self.programs.iter().find(|program| program.name == name)
    }
}

impl Host for TerminalHost<'_> {
    fn now_ms(&self) -> i64 {
        self.now_ms
    }

    fn spawn(&mut self, pid: Pid, argv: &[String], env: &Env, cwd: &str, _tty: bool) -> bool {
        let Some(program) = argv.first().and_then(|name| self.find(name)) else {
            return false;
        };
        let ctx = Ctx::new(argv.to_vec(), env.clone(), cwd.to_owned(), self.fs.clone());
        ctx.process.now_ms.set(self.now_ms);
        let run = program.run.clone();
        // The body starts at the first poll, when the streams are known.
        let inner = ctx.clone();
        let future: LocalBoxFuture<'static, i32> = Box::pin(async move { run(inner).await });
        let running = Running {
            ctx,
            future: Some(future),
            started: false,
            children: BTreeMap::new(),
            killed: None,
            paused: false,
        };
        self.running.insert(pid, running);
        true
    }

    fn catches(&self, pid: Pid, signal: Signal) -> bool {
        self.running.get(&pid).is_some_and(|running| {
            let process = &running.ctx.process;
            let first = process.interrupted.get().is_none();
            signal == Signal::Int && process.catches_interrupt.get() && first
        })
    }

    fn kill(&mut self, pid: Pid, signal: Signal) {
        let caught = self.catches(pid, signal);
        let Some(running) = self.running.get_mut(&pid) else {
            return;
        };
        let process = &running.ctx.process;
        if caught {
            process.interrupted.set(Some(signal));
            process.nudge();
            return;
        }
        process.interrupted.set(Some(signal));
        running.killed = Some(signal);
    }

    fn pause(&mut self, pid: Pid, stopped: bool) {
        if let Some(running) = self.running.get_mut(&pid) {
            running.paused = stopped;
        }
    }

    fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    fn lookup(&self, name: &str) -> Lookup {
        // A program of the learner's machine comes before a text tool of the same name.
        match self.has(name) {
            true => Lookup::Host,
            false => Lookup::Default,
        }
    }
}
