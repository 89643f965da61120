//! Compound commands: if, while, for, case, (( )), each a frame that knows where it stands.

use std::rc::Rc;

use super::MAX_TASKS;
use super::exec::{Cpu, Flow};
use super::task::{Frame, Stage};
use crate::glob;
use crate::syntax::{CaseArm, Command, CommandKind};

impl Cpu<'_> {
    pub(super) fn compound(&mut self, command: Rc<Command>) -> Flow {
        let stage = Stage::Start;
        let frame = match &command.kind {
            CommandKind::Group(script) => {
                self.shell.push_script(script.clone());
                return Flow::Ran;
            }
            CommandKind::Subshell(script) => {
                if self.machine.tasks.len() >= MAX_TASKS {
                    return self.fork_failed();
                }
                let frames = vec![Frame::List {
                    script: script.clone(),
                    item: 0,
                    part: 0,
                }];
                let pid = self.fork(frames, self.task.fds.clone(), false);
                Frame::Wait {
                    pids: vec![pid],
                    negated: false,
                }
            }
            CommandKind::If { .. } => Frame::If {
                command,
                arm: 0,
                stage,
            },
            CommandKind::Loop { .. } => Frame::Loop {
                command,
                stage,
                status: 0,
            },
            CommandKind::For { .. } => Frame::For {
                command,
                word: 0,
                values: Vec::new(),
                at: 0,
                ready: false,
            },
            CommandKind::ForArith { .. } => Frame::ForArith { command, stage },
            CommandKind::Case { .. } => Frame::Case {
                command,
                subject: None,
                arm: 0,
                pattern: 0,
            },
            CommandKind::Arith(_) => Frame::Arith { command },
            CommandKind::Condition(_) => Frame::Condition {
                command,
                words: Vec::new(),
            },
            CommandKind::Simple { .. } | CommandKind::Function { .. } => Frame::Command(command),
        };
        self.shell.frames.push(frame);
        Flow::Ran
    }

    pub(super) fn if_clause(&mut self, command: Rc<Command>, arm: usize, stage: Stage) -> Flow {
        let CommandKind::If { arms, otherwise } = &command.kind else {
            return Flow::Ran;
        };
        let Some((condition, body)) = arms.get(arm) else {
            self.shell.status = 0;
            if let Some(otherwise) = otherwise {
                self.shell.push_script(otherwise.clone());
            }
            return Flow::Ran;
        };
        match stage {
            Stage::Start => {
                let condition = condition.clone();
                self.shell.frames.push(Frame::If {
                    command,
                    arm,
                    stage: Stage::Condition,
                });
                self.shell.push_script(condition);
            }
            _ if self.shell.status == 0 => self.shell.push_script(body.clone()),
            _ => self.shell.frames.push(Frame::If {
                command,
                arm: arm + 1,
                stage: Stage::Start,
            }),
        }
        Flow::Ran
    }

    pub(super) fn while_loop(&mut self, command: Rc<Command>, stage: Stage, status: i32) -> Flow {
        let CommandKind::Loop {
            until,
            condition,
            body,
        } = &command.kind
        else {
            return Flow::Ran;
        };
        let (condition, body) = (condition.clone(), body.clone());
        match stage {
            Stage::Condition if (self.shell.status == 0) == *until => {
                self.shell.status = status;
            }
            Stage::Condition => {
                self.shell.frames.push(Frame::Loop {
                    command,
                    stage: Stage::Body,
                    status,
                });
                self.shell.push_script(body);
            }
            _ => {
                let status = if stage == Stage::Body {
                    self.shell.status
                } else {
                    status
                };
                self.shell.frames.push(Frame::Loop {
                    command,
                    stage: Stage::Condition,
                    status,
                });
                self.shell.push_script(condition);
            }
        }
        Flow::Ran
    }

    pub(super) fn for_loop(
        &mut self,
        command: Rc<Command>,
        mut word: usize,
        mut values: Vec<String>,
        at: usize,
        ready: bool,
    ) -> Flow {
        let CommandKind::For { name, words, body } = &command.kind else {
            return Flow::Ran;
        };
        if !ready {
            match words {
                None => values = self.shell.args.to_vec(),
                Some(words) => {
                    while let Some(next) = words.get(word) {
                        match self.expand_fields(next) {
                            Ok(fields) => values.extend(fields),
                            Err(stop) => {
                                let frame = Frame::For {
                                    command,
                                    word,
                                    values,
                                    at,
                                    ready,
                                };
                                return self.stop(frame, stop);
                            }
                        }
                        word += 1;
                    }
                }
            }
            self.shell.status = 0;
        }
        let Some(value) = values.get(at) else {
            return Flow::Ran;
        };
        if !self.shell.set_var(name, value) {
            self.complain(&format!("{name}: readonly variable"));
            self.shell.status = 1;
            return Flow::Ran;
        }
        let body = body.clone();
        self.shell.frames.push(Frame::For {
            command,
            word,
            values,
            at: at + 1,
            ready: true,
        });
        self.shell.push_script(body);
        Flow::Ran
    }

    pub(super) fn for_arith(&mut self, command: Rc<Command>, stage: Stage) -> Flow {
        let CommandKind::ForArith {
            init,
            condition,
            step,
            body,
        } = &command.kind
        else {
            return Flow::Ran;
        };
        let word = match stage {
            Stage::Start => init,
            Stage::Condition => condition,
            _ => step,
        };
        let value = match self.expand_text(word) {
            Ok(text) if text.trim().is_empty() => Ok(1),
            Ok(text) => self.eval_arith(&text),
            Err(stop) => return self.stop(Frame::ForArith { command, stage }, stop),
        };
        let value = match value {
            Ok(value) => value,
            Err(error) => {
                self.complain(&format!("((: {error}"));
                self.shell.status = 1;
                return Flow::Ran;
            }
        };
        let body = body.clone();
        match stage {
            Stage::Condition if value == 0 => {}
            Stage::Condition => {
                self.shell.frames.push(Frame::ForArith {
                    command,
                    stage: Stage::Step,
                });
                self.shell.push_script(body);
            }
            _ => self.shell.frames.push(Frame::ForArith {
                command,
                stage: Stage::Condition,
            }),
        }
        Flow::Ran
    }

    pub(super) fn case(
        &mut self,
        command: Rc<Command>,
        subject: Option<String>,
        mut arm: usize,
        mut pattern: usize,
    ) -> Flow {
        let CommandKind::Case {
            subject: word,
            arms,
        } = &command.kind
        else {
            return Flow::Ran;
        };
        let subject = match subject {
            Some(subject) => subject,
            None => match self.expand_text(word) {
                Ok(subject) => subject,
                Err(stop) => {
                    return self.stop(
                        Frame::Case {
                            command,
                            subject: None,
                            arm,
                            pattern,
                        },
                        stop,
                    );
                }
            },
        };
        self.shell.status = 0;
        while let Some(CaseArm {
            patterns,
            body,
            end,
        }) = arms.get(arm)
        {
            while let Some(word) = patterns.get(pattern) {
                match self.expand_pattern(word) {
                    Ok(text) if glob::matches(&text, &subject) => {
                        let mut bodies = vec![body.clone()];
                        let mut end = *end;
                        while let (";&", Some(next)) = (end, arms.get(arm + 1)) {
                            arm += 1;
                            bodies.push(next.body.clone());
                            end = next.end;
                        }
                        if end == ";;&" {
                            self.shell.frames.push(Frame::Case {
                                command: command.clone(),
                                subject: Some(subject),
                                arm: arm + 1,
                                pattern: 0,
                            });
                        }
                        for body in bodies.into_iter().rev() {
                            self.shell.push_script(body);
                        }
                        return Flow::Ran;
                    }
                    Ok(_) => pattern += 1,
                    Err(stop) => {
                        let subject = Some(subject);
                        return self.stop(
                            Frame::Case {
                                command,
                                subject,
                                arm,
                                pattern,
                            },
                            stop,
                        );
                    }
                }
            }
            arm += 1;
            pattern = 0;
        }
        Flow::Ran
    }

    pub(super) fn arith_command(&mut self, command: Rc<Command>) -> Flow {
        let CommandKind::Arith(word) = &command.kind else {
            return Flow::Ran;
        };
        match self.expand_text(word) {
            Ok(text) => match self.eval_arith(&text) {
                Ok(value) => self.shell.status = i32::from(value == 0),
                Err(error) => {
                    self.complain(&format!("((: {error}"));
                    self.shell.status = 1;
                }
            },
            Err(stop) => return self.stop(Frame::Arith { command }, stop),
        }
        Flow::Ran
    }
}
