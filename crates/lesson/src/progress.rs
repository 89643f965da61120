//! How far a learner is in one lesson: the current step, hints opened, what was typed and reached since the step began.

use crate::check::{Finding, Look, Typed};
use crate::format::Lesson;
use std::rc::Rc;

#[derive(Clone, Debug)]
pub struct Progress {
    pub lesson: Rc<Lesson>,
    /// Index of the step to do; `steps.len()` when all are done.
    pub current: usize,
    /// Hints opened of the current step.
    pub hints: usize,
    pub typed: Vec<Typed>,
    pub reached: Vec<String>,
}

/// How many lines and addresses are remembered for one step.
const REMEMBERED_MAX: usize = 200;

impl Progress {
    pub fn new(lesson: Rc<Lesson>) -> Progress {
        Progress {
            lesson,
            current: 0,
            hints: 0,
            typed: Vec::new(),
            reached: Vec::new(),
        }
    }
    pub fn is_done(&self) -> bool {
        self.current >= self.lesson.steps.len()
    }
    pub fn ran(&mut self, line: &str, status: i32) {
        if self.typed.len() < REMEMBERED_MAX {
            self.typed.push(Typed {
                line: line.to_string(),
                status,
            });
        }
    }
    pub fn reach(&mut self, url: &str) {
        if self.reached.len() < REMEMBERED_MAX {
            self.reached.push(url.to_string());
        }
    }
    pub fn hint(&mut self) {
        let total = self
            .lesson
            .prose
            .first()
            .and_then(|p| p.steps.get(self.current))
            .map_or(0, |s| s.hints.len());
        self.hints = (self.hints + 1).min(total);
    }
    /// What the current step's checks find.
    pub fn findings(&self, look: &dyn Look) -> Vec<Finding> {
        let checks = self
            .lesson
            .steps
            .get(self.current)
            .map_or(&[][..], |s| &s.checks);
        checks.iter().map(|c| c.find(look)).collect()
    }
    /// Goes to the next step if all that this one asks is there. True if it did. One step at a time: what follows has to be
    /// unmet before it can be met, so the caller asks again after the next change.
    pub fn advance(&mut self, look: &dyn Look) -> bool {
        let met = !self.is_done() && self.findings(look).iter().all(|f| f.met);
        if met {
            self.current += 1;
            self.hints = 0;
            self.typed.clear();
            self.reached.clear();
        }
        met
    }
}
