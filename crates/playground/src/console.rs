//! Between keys and command lines: the prompt with its line editor while the shell is idle, a cooked terminal (echo, back
//! space, Ctrl+C, Ctrl+D) while a program runs.

use crate::session::{HOME, Session};
use shell::lineedit::{Edit, LineEditor};

/// What the free playground's home folder holds.
pub const FIRST_FILE: &str = "apiVersion: v1
kind: Pod
metadata:
  name: nginx-pod
spec:
  containers:
    - name: nginx-container
      image: nginx:latest
      ports:
        - containerPort: 80
";

/// What keys came to, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    Screen(String),
    /// Run this command line.
    Line(String),
    /// For the program that runs.
    Stdin(String),
    Interrupt,
    /// Ctrl+Z
    Suspend,
    Eof,
}

pub struct Console {
    editor: LineEditor,
    /// Lines of a command that goes on (open quote, here-document).
    pending: String,
    /// The line being typed into a running program.
    cooked: String,
    /// Keys that came after a line that has to run first.
    ahead: String,
    /// Whether the cursor stands at the start of a row.
    at_line_start: bool,
}

impl Default for Console {
    fn default() -> Console {
        Console::new()
    }
}

impl Console {
    pub fn new() -> Console {
        Console {
            editor: LineEditor::new(),
            pending: String::new(),
            cooked: String::new(),
            ahead: String::new(),
            at_line_start: true,
        }
    }
    pub fn resize(&mut self, columns: usize) {
        self.editor.resize(columns);
    }
    pub fn columns(&self) -> usize {
        self.editor.columns()
    }
    pub fn history(&self) -> &[String] {
        self.editor.history()
    }

    /// Keys as they came. While a program runs they go to it.
    pub fn keys(&mut self, keys: &str, running: bool, session: &mut Session) -> Vec<Act> {
        if running {
            return self.cooked_keys(keys);
        }
        let mut acts = Vec::new();
        let (edits, rest) = self.editor.keys(keys, &mut |line, cursor| {
            session.terminal.complete(line, cursor)
        });
        for edit in edits {
            match edit {
                Edit::Print(text) => acts.push(Act::Screen(text)),
                Edit::Line(line) => {
                    acts.push(Act::Screen("\r\n".into()));
                    self.at_line_start = true;
                    let whole = format!("{}{line}", self.pending);
                    self.editor.remember(&whole);
                    self.pending.clear();
                    acts.push(Act::Line(whole));
                }
                Edit::Cancel => {
                    self.pending.clear();
                    acts.push(Act::Screen("^C\r\n".into()));
                    acts.push(Act::Line(String::new()));
                }
                Edit::Eof => acts.push(Act::Screen("\x07".into())),
            }
        }
        self.ahead.push_str(rest);
        acts
    }

    /// Puts a command line at the prompt, without Enter.
    pub fn type_line(&mut self, line: &str, running: bool, _session: &mut Session) -> Vec<Act> {
        if running {
            return self.cooked_keys(line);
        }
        vec![Act::Screen(self.editor.replace(line))]
    }

    /// Keys for a running program, with the echo of a terminal in its cooked mode.
    fn cooked_keys(&mut self, keys: &str) -> Vec<Act> {
        let (mut acts, mut echo) = (Vec::new(), String::new());
        let mut escape = false;
        for c in keys.chars() {
            if escape {
                escape = !(c.is_ascii_alphabetic() || c == '~');
                continue;
            }
            match c {
                '\x1b' => escape = true,
                '\r' | '\n' => {
                    echo.push_str("\r\n");
                    self.cooked.push('\n');
                    self.at_line_start = true;
                    acts.push(Act::Screen(std::mem::take(&mut echo)));
                    acts.push(Act::Stdin(std::mem::take(&mut self.cooked)));
                }
                '\x03' => {
                    echo.push_str("^C\r\n");
                    self.cooked.clear();
                    self.at_line_start = true;
                    acts.push(Act::Screen(std::mem::take(&mut echo)));
                    acts.push(Act::Interrupt);
                }
                '\x1a' => {
                    echo.push_str("^Z");
                    self.cooked.clear();
                    self.at_line_start = false;
                    acts.push(Act::Screen(std::mem::take(&mut echo)));
                    acts.push(Act::Suspend);
                }
                '\x04' if self.cooked.is_empty() => acts.push(Act::Eof),
                '\x7f' | '\x08' => {
                    if let Some(gone) = self.cooked.pop() {
                        echo.push_str(&"\x08 \x08".repeat(shell::width::char_width(gone)));
                    }
                }
                c if c.is_control() => {}
                c => {
                    self.cooked.push(c);
                    self.at_line_start = false;
                    echo.push(c);
                }
            }
        }
        if !echo.is_empty() {
            acts.push(Act::Screen(echo));
        }
        acts
    }

    /// Output of a program as the screen wants it.
    pub fn printed(&mut self, text: &str) -> String {
        self.at_line_start = text.ends_with('\n') || (text.is_empty() && self.at_line_start);
        text.replace("\r\n", "\n").replace('\n', "\r\n")
    }

    /// Shows the prompt; what was typed ahead comes back as keys (see [`Console::typed_ahead`]).
    pub fn prompt(&mut self, cwd: &str) -> String {
        let place = match cwd.strip_prefix(HOME) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("~{rest}"),
            _ => cwd.to_string(),
        };
        let fresh = if self.at_line_start { "" } else { "\r\n" };
        self.at_line_start = true;
        let prompt = format!("\x1b[32mlearner@bottleship\x1b[0m:\x1b[34m{place}\x1b[0m$ ");
        format!("{fresh}{}", self.editor.start(&prompt))
    }

    /// A command that is not whole yet: its lines so far are kept, and more is asked for.
    pub fn more(&mut self, so_far: &str) -> String {
        self.pending = format!("{so_far}\n");
        self.editor.start("> ")
    }

    /// Takes what was typed before the prompt came: the rest of a paste, and what the program did not read.
    pub fn typed_ahead(&mut self, unread: &str) -> String {
        let unread = unread.replace('\n', "\r");
        let cooked = std::mem::take(&mut self.cooked);
        let ahead = std::mem::take(&mut self.ahead);
        format!("{unread}{cooked}{ahead}")
    }
}

/// The first lines of a session.
pub fn greeting(language: &str) -> String {
    let text = match language {
        "ko" => {
            "bottleship · Kubernetes v1.36.2 · 노드 3대가 준비됐어요. 무엇이 있는지는 help, 되돌리기는 위쪽 버튼이에요."
        }
        _ => {
            "bottleship · Kubernetes v1.36.2 · three nodes are ready. Type help to see what is here; undo is above."
        }
    };
    format!("\x1b[2m{text}\x1b[0m\r\n")
}

/// Said when a command was taken back.
pub fn taken_back(language: &str, line: &str) -> String {
    let text = match language {
        "ko" => format!("되돌렸어요: {line}"),
        _ => format!("taken back: {line}"),
    };
    format!("\r\n\x1b[2m{text}\x1b[0m\r\n")
}
