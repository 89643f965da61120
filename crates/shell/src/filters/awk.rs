//! awk: the everyday part of the language, on resumable input.
//!
//! The real one is POSIX awk (onetrueawk, gawk). Values are texts that may look like numbers;
//! arrays are sorted maps, so `for (k in a)` has one order everywhere. Left out: functions of one's
//! own, `getline`, pipes and redirections in the program, printf's `%c` of numbers.
//!
//! Layout: this file runs the program over lines; `tokens` and `parse` make the tree; `eval`
//! computes with `value`s.

mod eval;
mod expr;
mod functions;
mod parse;
mod tokens;
mod value;

use super::input::{Inputs, Next, TURN, text};
use super::options;
use super::{Cx, Poll, Tool};
use eval::{Flow, Machine};
use parse::{Pattern, Program};
use std::rc::Rc;

pub(super) fn start(cx: &mut Cx<'_>) -> Result<Box<dyn Tool>, i32> {
    let options = options::parse_with(cx, "F:v:f:", &[], false, 2)?;
    let mut rest = options.rest.clone();
    let source = match options.value('f') {
        Some(file) => match cx.fs.read_text(&cx.path(file)) {
            Ok(text) => text,
            Err(error) => {
                cx.complain(format!("can't open file {file}: {error}"));
                return Err(2);
            }
        },
        None if rest.is_empty() => {
            cx.write(
                2,
                b"usage: awk [-F fs][-v var=value][prog | -f progfile][file ...]\n",
            );
            return Err(2);
        }
        None => rest.remove(0),
    };
    let program = match parse::parse(&source) {
        Ok(program) => program,
        Err(error) => {
            cx.complain(error);
            return Err(2);
        }
    };
    let mut machine = Machine::default();
    machine.set(
        "FS",
        crate::syntax::unescape(options.value('F').unwrap_or(" ")),
    );
    for assignment in options.values('v') {
        if let Some((name, value)) = assignment.split_once('=') {
            machine.set(name, crate::syntax::unescape(value));
        }
    }
    for (name, value) in cx.env {
        machine.set_element("ENVIRON", name, value.clone());
    }
    let inputs = Inputs::new(&rest);
    Ok(Box::new(Awk {
        needs_input: !program.rules.is_empty() || !program.end.is_empty(),
        program: Rc::new(program),
        machine,
        inputs,
        began: false,
        open: Vec::new(),
        file_line: 0,
    }))
}

#[derive(Clone, Debug)]
struct Awk {
    program: Rc<Program>,
    machine: Machine,
    inputs: Inputs,
    began: bool,
    needs_input: bool,
    /// Ranges `/a/,/b/` that have begun.
    open: Vec<usize>,
    file_line: usize,
}

impl Tool for Awk {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll {
        let program = self.program.clone();
        if !self.began {
            self.began = true;
            for block in &program.begin {
                match self.machine.run(block) {
                    Ok(Flow::Exit(_)) => return self.finish(cx, true),
                    Ok(_) => {}
                    Err(error) => return self.fail(cx, &error),
                }
            }
            self.flush(cx);
            if !self.needs_input {
                return Poll::Done(self.machine.status);
            }
        }
        for _ in 0..TURN {
            if self.inputs.open(cx).is_some() {
                let name = if self.inputs.name() == "-" {
                    ""
                } else {
                    self.inputs.name()
                };
                self.machine.set("FILENAME", name.to_owned());
            }
            match self.inputs.line(cx) {
                Next::Line(line, _) => {
                    self.file_line += 1;
                    self.machine.set_number("FNR", self.file_line as f64);
                    self.machine.next_record(text(&line));
                    match self.rules(&program) {
                        Ok(Flow::Exit(_)) => return self.finish(cx, false),
                        Ok(_) => {}
                        Err(error) => return self.fail(cx, &error),
                    }
                    self.flush(cx);
                }
                Next::FileEnd => self.file_line = 0,
                Next::Wait => return Poll::NeedInput,
                Next::End => return self.finish(cx, false),
            }
        }
        Poll::Again
    }
}

impl Awk {
    fn rules(&mut self, program: &Program) -> Result<Flow, String> {
        for (index, rule) in program.rules.iter().enumerate() {
            let runs = match &rule.pattern {
                Pattern::Always => true,
                Pattern::If(test) => self.machine.truth(test)?,
                Pattern::Range(from, to) => {
                    let inside = self.open.contains(&index);
                    let starts = inside || self.machine.truth(from)?;
                    if starts {
                        self.open.retain(|open| *open != index);
                        if !self.machine.truth(to)? {
                            self.open.push(index);
                        }
                    }
                    starts
                }
            };
            if runs {
                match self.machine.run(&rule.body)? {
                    Flow::Next => break,
                    Flow::Exit(status) => return Ok(Flow::Exit(status)),
                    _ => {}
                }
            }
        }
        Ok(Flow::Normal)
    }

    fn flush(&mut self, cx: &mut Cx<'_>) {
        let out = std::mem::take(&mut self.machine.out);
        cx.out(&out);
    }

    fn finish(&mut self, cx: &mut Cx<'_>, from_begin: bool) -> Poll {
        let program = self.program.clone();
        for block in program.end.iter().filter(|_| !from_begin) {
            match self.machine.run(block) {
                Ok(Flow::Exit(_)) => break,
                Ok(_) => {}
                Err(error) => return self.fail(cx, &error),
            }
        }
        self.flush(cx);
        let failed = self.inputs.failed && self.machine.status == 0;
        Poll::Done(if failed { 2 } else { self.machine.status })
    }

    fn fail(&mut self, cx: &mut Cx<'_>, error: &str) -> Poll {
        self.flush(cx);
        cx.complain(error);
        Poll::Done(2)
    }
}
