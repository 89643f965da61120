//! A shell that takes its commands from standard input, line by line: `sh` in `kubectl exec -it`.

use super::Dialect;
use super::exec::{Cpu, Flow};
use super::io::StdinRead;
use super::run::queue;
use crate::syntax::{self, SyntaxError};

impl Cpu<'_> {
    /// A shell that takes its commands from standard input, line by line.
    pub(super) fn read_commands(&mut self) -> Flow {
        self.reap_jobs();
        let interactive = self
            .shell
            .reader
            .as_ref()
            .is_some_and(|reader| reader.interactive);
        let Some(mut reader) = self.shell.reader.take() else {
            return Flow::Blocked;
        };
        if interactive && !reader.prompted {
            let prompt = if reader.buffer.is_empty() {
                self.prompt()
            } else {
                "> ".to_owned()
            };
            queue(self.task, 2, prompt.as_bytes());
            reader.prompted = true;
            self.shell.reader = Some(reader);
            return Flow::Ran;
        }
        let stdin = self.task.fds.get(&0).copied().unwrap_or(u32::MAX);
        let ended = match self.machine.read_line_ofd(stdin, b'\n', 65536, self.fs) {
            StdinRead::Data(bytes) => {
                reader.line.extend(bytes);
                if reader.line.last() != Some(&b'\n') {
                    self.shell.reader = Some(reader);
                    return Flow::Ran;
                }
                false
            }
            StdinRead::Empty => {
                self.shell.reader = Some(reader);
                return Flow::Blocked;
            }
            StdinRead::End => true,
        };
        reader
            .buffer
            .push_str(&String::from_utf8_lossy(&std::mem::take(&mut reader.line)));
        reader.prompted = false;
        if ended && reader.buffer.trim().is_empty() {
            if interactive {
                queue(self.task, 2, b"\n");
            }
            let status = self.shell.status;
            self.shell.reader = None;
            return self.exit(status);
        }
        let parsed = syntax::parse(&reader.buffer, &self.shell.aliases);
        match parsed {
            Err(SyntaxError::Incomplete(_)) if !ended => {}
            Ok(script) => {
                reader.buffer.clear();
                self.shell.push_script(script);
            }
            Err(error) => {
                let text = std::mem::take(&mut reader.buffer);
                let message = self.machine.syntax_message(&text, &error, true);
                queue(self.task, 2, message.as_bytes());
                self.shell.status = 2;
            }
        }
        self.shell.reader = Some(reader);
        Flow::Ran
    }

    pub(super) fn prompt(&mut self) -> String {
        if let Some(prompt) = self.shell.var("PS1")
            && !prompt.contains('\\')
        {
            return prompt.to_owned();
        }
        let host = self.shell.var("HOSTNAME").unwrap_or("localhost").to_owned();
        match self.machine.dialect {
            Dialect::Bash => format!("root@{host}:{}# ", self.shell.cwd),
            Dialect::Busybox => format!("{} # ", self.shell.cwd),
            Dialect::Dash => "# ".to_owned(),
        }
    }
}
