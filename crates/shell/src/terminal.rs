//! One interactive session: a machine, the programs that run in it, and their files.

use std::cell::RefCell;
use std::rc::Rc;

use crate::fs::Fs;
use crate::machine::{Chunk as MachineChunk, Env, Machine, Progress, Start};
use crate::program::Program;

/// Output for the screen, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    pub fd: u8,
    pub text: String,
}

/// An idle session: what undo goes back to.
#[derive(Clone, Debug)]
pub struct Snapshot {
    machine: Machine,
    fs: Fs,
}

pub struct Terminal {
    machine: Machine,
    fs: Rc<RefCell<Fs>>,
    programs: Rc<Vec<Program>>,
}

impl Terminal {
    pub fn new(programs: Vec<Program>, fs: Rc<RefCell<Fs>>, env: Env) -> Terminal {
        let cwd = env.get("HOME").cloned().unwrap_or_else(|| "/".to_owned());
        Terminal { machine: Machine::new(env, &cwd), fs, programs: Rc::new(programs) }
    }
    /// Starts a command line.
    pub fn run(&mut self, line: &str) -> Start {
        self.machine.start(line)
    }
    /// Runs everything that can run at this time.
    pub fn poll(&mut self, _now_ms: i64) -> Progress {
        Progress::Done(0)
    }
    /// Tells programs that wait by `changed` that the world is another one.
    pub fn world_changed(&mut self) {}
    pub fn drain(&mut self) -> Vec<Chunk> {
        let text = |chunk: MachineChunk| Chunk {
            fd: chunk.fd,
            text: String::from_utf8_lossy(&chunk.bytes).into_owned(),
        };
        self.machine.drain().into_iter().map(text).collect()
    }
    pub fn interrupt(&mut self) {}
    pub fn stdin(&mut self, text: &str) {
        self.machine.feed(text.as_bytes());
    }
    pub fn eof(&mut self) {}
    pub fn resize(&mut self, cols: usize, _rows: usize) {
        self.machine.columns = cols;
    }
    pub fn next_wake(&self) -> Option<i64> {
        None
    }
    pub fn is_idle(&self) -> bool {
        self.machine.is_idle()
    }
    pub fn status(&self) -> i32 {
        self.machine.status()
    }
    pub fn machine(&mut self) -> &mut Machine {
        &mut self.machine
    }
    pub fn programs(&self) -> &[Program] {
        &self.programs
    }
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { machine: self.machine.clone(), fs: self.fs.borrow().clone() }
    }
    pub fn restore(&mut self, snapshot: &Snapshot) {
        self.machine = snapshot.machine.clone();
        *self.fs.borrow_mut() = snapshot.fs.clone();
    }
}
