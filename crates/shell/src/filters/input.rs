//! Reading: the files named as arguments, or standard input, as lines or as bytes.

use std::rc::Rc;

use super::Cx;
use crate::machine::StdinRead;

const PIECE: usize = 16 << 10;
/// A longer line is cut here.
const MAX_LINE: usize = 1 << 20;
/// Lines handled in one poll.
pub(super) const TURN: usize = 512;

/// The inputs of a tool, one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Inputs {
    files: Vec<String>,
    next: usize,
    open: Option<Source>,
    /// A file could not be read: the exit status is not 0.
    pub failed: bool,
    /// Errors about files are not printed (`grep -s`).
    pub silent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Device {
    Zero,
    Random,
}

#[derive(Clone, Debug)]
struct Source {
    name: String,
    data: Rc<Vec<u8>>,
    at: usize,
    /// `/dev/zero` and `/dev/urandom` never end.
    device: Option<Device>,
    ended: bool,
    /// No line break before this place.
    scanned: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Next {
    /// A line without its line break, and whether it had one.
    Line(Vec<u8>, bool),
    /// The file has ended.
    FileEnd,
    /// There are no more files.
    End,
    Wait,
}

impl Inputs {
    /// No names means standard input.
    pub fn new(files: &[String]) -> Inputs {
        let files = if files.is_empty() {
            vec!["-".to_owned()]
        } else {
            files.to_vec()
        };
        Inputs {
            files,
            ..Inputs::default()
        }
    }

    /// The name of the open file; `-` is standard input.
    pub fn name(&self) -> &str {
        self.open
            .as_ref()
            .map_or("-", |source| source.name.as_str())
    }

    pub fn count(&self) -> usize {
        self.files.len()
    }

    /// How many files have been opened.
    pub fn index(&self) -> usize {
        self.next
    }

    /// Opens the next file that can be read. `None`: there is no other one.
    pub fn open(&mut self, cx: &mut Cx<'_>) -> Option<()> {
        if self.open.is_some() {
            return Some(());
        }
        loop {
            let name = self.files.get(self.next)?.clone();
            self.next += 1;
            let stdin = name == "-" || name == "/dev/stdin";
            let device = match name.as_str() {
                "/dev/zero" => Some(Device::Zero),
                "/dev/urandom" | "/dev/random" => Some(Device::Random),
                _ => None,
            };
            let given = stdin || device.is_some() || name == "/dev/null";
            let data = match (given, cx.fs.read(&cx.path(&name))) {
                (true, _) => Rc::default(),
                (false, Ok(data)) => data,
                (false, Err(error)) => {
                    self.failed = true;
                    if !self.silent {
                        let text = match cx.name() {
                            "head" | "tail" => match error {
                                crate::fs::FsError::IsDir => {
                                    format!("error reading '{name}': {error}")
                                }
                                _ => format!("cannot open '{name}' for reading: {error}"),
                            },
                            "sort" => format!("cannot read: {name}: {error}"),
                            "sed" => match error {
                                crate::fs::FsError::IsDir => {
                                    format!("couldn't edit {name}: not a regular file")
                                }
                                _ => format!("can't read {name}: {error}"),
                            },
                            _ => format!("{name}: {error}"),
                        };
                        cx.complain(text);
                    }
                    continue;
                }
            };
            let ended = !stdin && device.is_none();
            let source = Source {
                name,
                data,
                at: 0,
                device,
                ended,
                scanned: 0,
            };
            self.open = Some(source);
            return Some(());
        }
    }

    pub fn line(&mut self, cx: &mut Cx<'_>) -> Next {
        self.record(cx, b'\n')
    }

    pub fn record(&mut self, cx: &mut Cx<'_>, end: u8) -> Next {
        if self.open(cx).is_none() {
            return Next::End;
        }
        let Some(source) = &mut self.open else {
            return Next::End;
        };
        loop {
            let rest = source.data.get(source.scanned..).unwrap_or_default();
            if let Some(found) = rest.iter().position(|byte| *byte == end) {
                let stop = source.scanned + found;
                let line = source
                    .data
                    .get(source.at..stop)
                    .unwrap_or_default()
                    .to_vec();
                source.at = stop + 1;
                source.scanned = source.at;
                return Next::Line(line, true);
            }
            source.scanned = source.data.len();
            let left = source.data.len() - source.at;
            if source.ended || left > MAX_LINE {
                if left > 0 {
                    let line = source.data.get(source.at..).unwrap_or_default().to_vec();
                    source.at = source.data.len();
                    return Next::Line(line, left > MAX_LINE);
                }
                self.open = None;
                return Next::FileEnd;
            }
            match source.more(cx) {
                StdinRead::Data(bytes) => source.add(&bytes),
                StdinRead::Empty => return Next::Wait,
                StdinRead::End => source.ended = true,
            }
        }
    }

    /// The next bytes, as they come.
    pub fn bytes(&mut self, cx: &mut Cx<'_>) -> Next {
        if self.open(cx).is_none() {
            return Next::End;
        }
        let Some(source) = &mut self.open else {
            return Next::End;
        };
        if source.at >= source.data.len() && !source.ended {
            match source.more(cx) {
                StdinRead::Data(bytes) => source.add(&bytes),
                StdinRead::Empty => return Next::Wait,
                StdinRead::End => source.ended = true,
            }
        }
        let end = source.data.len().min(source.at + PIECE);
        let bytes = source.data.get(source.at..end).unwrap_or_default().to_vec();
        source.at = end;
        source.scanned = end;
        if bytes.is_empty() && source.ended {
            self.open = None;
            return Next::FileEnd;
        }
        Next::Line(bytes, true)
    }

    /// What is left of the open file, unread: for `head`, which leaves it.
    pub fn skip_file(&mut self) {
        self.open = None;
    }
}

impl Source {
    fn more(&self, cx: &mut Cx<'_>) -> StdinRead {
        match self.device {
            None => cx.read(PIECE),
            Some(Device::Zero) => StdinRead::Data(vec![0; 4096]),
            Some(Device::Random) => {
                StdinRead::Data((0..4096).map(|_| (cx.io.random() >> 3) as u8).collect())
            }
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        let data = Rc::make_mut(&mut self.data);
        if self.at > PIECE {
            data.drain(..self.at);
            self.scanned -= self.at;
            self.at = 0;
        }
        data.extend_from_slice(bytes);
    }
}

pub(super) fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).into_owned()
}
