//! Open files and pipes, and the bytes between processes.
//!
//! An open file is alive while a descriptor, a saved descriptor or a pending write names it;
//! that is found by looking (`sweep`), not by counting, so that no path of the interpreter can
//! forget to close one.

use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

use super::task::{Frame, Kind, Task};
use super::{Chunk, MAX_OUTPUT, Machine, Pid};
use crate::fs::{Fs, FsError};

/// What a pipe holds before its writer has to wait.
const PIPE_SIZE: usize = 64 << 10;
/// What one command substitution may collect.
const MAX_CAPTURE: usize = 4 << 20;

#[derive(Clone, Debug)]
pub(super) enum Ofd {
    Stdin,
    Output(u8),
    Null,
    Zero,
    File {
        path: Rc<str>,
        offset: usize,
        append: bool,
    },
    /// A here-document.
    Data {
        bytes: Rc<[u8]>,
        offset: usize,
    },
    PipeRead(u32),
    PipeWrite(u32),
    Capture(Vec<u8>),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Pipe {
    buffer: VecDeque<u8>,
    has_reader: bool,
    has_writer: bool,
}

/// What standard input had to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StdinRead {
    Data(Vec<u8>),
    /// Nothing yet.
    Empty,
    End,
}

pub(super) enum Written {
    Bytes(usize),
    Full,
    /// Nobody reads any more.
    Broken,
    Failed(FsError),
}

impl Machine {
    pub(super) fn add_ofd(&mut self, ofd: Ofd) -> u32 {
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        self.ofds.insert(id, ofd);
        id
    }

    /// The file for the output of a `<(...)`: bash counts down from 63; so many are there at a time.
    pub(super) fn next_file(&mut self) -> String {
        self.last_file = if self.last_file <= 10 {
            63
        } else {
            self.last_file - 1
        };
        format!("/dev/fd/{}", self.last_file)
    }

    pub(super) fn emit(&mut self, fd: u8, bytes: &[u8]) {
        self.output_len += bytes.len();
        match self.output.back_mut() {
            Some(chunk) if chunk.fd == fd => chunk.bytes.extend_from_slice(bytes),
            _ => self.output.push_back(Chunk {
                fd,
                bytes: bytes.to_vec(),
            }),
        }
    }

    /// A pipe's reading and writing end.
    pub(super) fn add_pipe(&mut self) -> (u32, u32) {
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        let pipe = Pipe {
            has_reader: true,
            has_writer: true,
            ..Pipe::default()
        };
        self.pipes.insert(id, pipe);
        (
            self.add_ofd(Ofd::PipeRead(id)),
            self.add_ofd(Ofd::PipeWrite(id)),
        )
    }

    pub(super) fn read_ofd(&mut self, id: u32, most: usize, fs: &Fs) -> StdinRead {
        match self.ofds.get_mut(&id) {
            Some(Ofd::Stdin) => match self.stdin.is_empty() {
                true if self.stdin_closed => StdinRead::End,
                true => StdinRead::Empty,
                false => {
                    let count = most.min(self.stdin.len());
                    StdinRead::Data(self.stdin.drain(..count).collect())
                }
            },
            Some(Ofd::Zero) => StdinRead::Data(vec![0; most.min(4096)]),
            Some(Ofd::File { path, offset, .. }) => match fs.read(path) {
                Ok(data) if *offset < data.len() => {
                    let end = data.len().min(*offset + most);
                    let bytes = data[*offset..end].to_vec();
                    *offset = end;
                    StdinRead::Data(bytes)
                }
                _ => StdinRead::End,
            },
            Some(Ofd::Data { bytes, offset }) => {
                let end = bytes.len().min(*offset + most);
                let data = bytes[*offset..end].to_vec();
                *offset = end;
                if data.is_empty() {
                    StdinRead::End
                } else {
                    StdinRead::Data(data)
                }
            }
            Some(Ofd::PipeRead(pipe)) => match self.pipes.get_mut(pipe) {
                Some(pipe) if !pipe.buffer.is_empty() => {
                    let count = most.min(pipe.buffer.len());
                    StdinRead::Data(pipe.buffer.drain(..count).collect())
                }
                Some(pipe) if pipe.has_writer => StdinRead::Empty,
                _ => StdinRead::End,
            },
            _ => StdinRead::End,
        }
    }

    /// Reads up to and with the delimiter, or `most` bytes: what `read` and `sh` on a pipe need,
    /// who must leave the rest to others. `Data` without the delimiter means: go on asking.
    pub(super) fn read_line_ofd(&mut self, id: u32, end: u8, most: usize, fs: &Fs) -> StdinRead {
        let find = |bytes: &VecDeque<u8>| {
            bytes
                .iter()
                .take(most)
                .position(|b| *b == end)
                .map_or(most, |at| at + 1)
        };
        let count = match self.ofds.get(&id) {
            Some(Ofd::Stdin) => find(&self.stdin),
            Some(Ofd::PipeRead(pipe)) => self.pipes.get(pipe).map_or(0, |pipe| find(&pipe.buffer)),
            Some(Ofd::File { path, offset, .. }) => {
                let data = fs.read(path).unwrap_or_default();
                let rest = data.get(*offset..).unwrap_or_default();
                rest.iter()
                    .take(most)
                    .position(|b| *b == end)
                    .map_or(most, |at| at + 1)
            }
            Some(Ofd::Data { bytes, offset }) => {
                let rest = bytes.get(*offset..).unwrap_or_default();
                rest.iter()
                    .take(most)
                    .position(|b| *b == end)
                    .map_or(most, |at| at + 1)
            }
            _ => 1,
        };
        self.read_ofd(id, count.max(1), fs)
    }

    pub(super) fn write_ofd(&mut self, id: u32, bytes: &[u8], fs: &mut Fs) -> Written {
        match self.ofds.get_mut(&id) {
            Some(Ofd::Output(fd)) => {
                let fd = *fd;
                if self.output_len >= MAX_OUTPUT {
                    return Written::Full;
                }
                self.emit(fd, bytes);
                Written::Bytes(bytes.len())
            }
            Some(Ofd::File {
                path,
                offset,
                append,
            }) => {
                let (path, at, append) = (path.clone(), *offset, *append);
                match write_at(fs, &path, at, append, bytes) {
                    Ok(end) => {
                        *offset = end;
                        Written::Bytes(bytes.len())
                    }
                    Err(error) => Written::Failed(error),
                }
            }
            Some(Ofd::PipeWrite(pipe)) => match self.pipes.get_mut(pipe) {
                Some(pipe) if pipe.has_reader => {
                    let room = PIPE_SIZE.saturating_sub(pipe.buffer.len());
                    if room == 0 {
                        return Written::Full;
                    }
                    let count = room.min(bytes.len());
                    pipe.buffer.extend(&bytes[..count]);
                    Written::Bytes(count)
                }
                _ => Written::Broken,
            },
            Some(Ofd::Capture(data)) => {
                let room = MAX_CAPTURE.saturating_sub(data.len());
                data.extend_from_slice(&bytes[..room.min(bytes.len())]);
                Written::Bytes(bytes.len())
            }
            Some(Ofd::Stdin) => {
                self.emit(1, bytes);
                Written::Bytes(bytes.len())
            }
            _ => Written::Bytes(bytes.len()),
        }
    }

    pub(super) fn take_capture(&mut self, id: u32) -> Vec<u8> {
        self.fds_changed = true;
        match self.ofds.get_mut(&id) {
            Some(Ofd::Capture(data)) => std::mem::take(data),
            _ => Vec::new(),
        }
    }

    pub(super) fn is_tty_ofd(&self, id: Option<&u32>) -> bool {
        match id.and_then(|id| self.ofds.get(id)) {
            Some(Ofd::Stdin) => self.tty_in,
            Some(Ofd::Output(_)) => self.tty_out,
            _ => false,
        }
    }

    /// Whether the file descriptor of a process is the terminal.
    pub fn is_tty(&self, pid: Pid, fd: u32) -> bool {
        self.tasks
            .get(&pid)
            .is_some_and(|task| self.is_tty_ofd(task.fds.get(&fd)))
    }

    /// Whether a write of this process to this descriptor would be a broken pipe.
    pub(super) fn is_broken(&self, id: u32) -> bool {
        match self.ofds.get(&id) {
            Some(Ofd::PipeWrite(pipe)) => !self.pipes.get(pipe).is_some_and(|p| p.has_reader),
            _ => false,
        }
    }

    /// Drops open files that nobody names any more, and tells pipes which ends they have left.
    pub(super) fn sweep(&mut self) {
        if !std::mem::take(&mut self.fds_changed) {
            return;
        }
        let mut live = BTreeSet::new();
        for task in self.tasks.values() {
            mark(task, &mut live);
        }
        self.ofds.retain(|id, _| live.contains(id));
        let (mut readers, mut writers) = (BTreeSet::new(), BTreeSet::new());
        for ofd in self.ofds.values() {
            match ofd {
                Ofd::PipeRead(pipe) => readers.insert(*pipe),
                Ofd::PipeWrite(pipe) => writers.insert(*pipe),
                _ => false,
            };
        }
        self.pipes.retain(|id, pipe| {
            pipe.has_reader = readers.contains(id);
            pipe.has_writer = writers.contains(id);
            pipe.has_reader || pipe.has_writer
        });
    }
}

fn mark(task: &Task, live: &mut BTreeSet<u32>) {
    live.extend(task.fds.values());
    live.extend(task.capture);
    live.extend(task.out.iter().map(|(ofd, _)| *ofd));
    if let Kind::Shell(shell) = &task.kind {
        for frame in &shell.frames {
            match frame {
                Frame::Restore(saved) => live.extend(saved.fds.iter().filter_map(|(_, id)| *id)),
                Frame::Capture { ofd, .. } => {
                    live.insert(*ofd);
                }
                _ => {}
            }
        }
    }
}

fn write_at(
    fs: &mut Fs,
    path: &str,
    at: usize,
    append: bool,
    bytes: &[u8],
) -> Result<usize, FsError> {
    let length = match fs.stat(path) {
        Ok(stat) => stat.size as usize,
        // The file was removed while it was open: what is written goes nowhere.
        Err(FsError::NotFound) => return Ok(at + bytes.len()),
        Err(error) => return Err(error),
    };
    if append || at == length {
        fs.append(path, bytes)?;
        return Ok(length + bytes.len());
    }
    let mut data = fs.read(path)?.to_vec();
    let end = at + bytes.len();
    if data.len() < end {
        data.resize(end, 0);
    }
    if let Some(place) = data.get_mut(at..end) {
        place.copy_from_slice(bytes);
    }
    fs.write(path, data)?;
    Ok(end)
}
