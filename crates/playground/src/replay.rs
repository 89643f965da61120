//! Replays a lesson's solution as a learner would type it: every check of a step is false before it, and true after.

use crate::look::LessonLook;
use crate::{Input, Playground};
use lesson::{Index, Lesson};
use std::rc::Rc;

/// Virtual time that one line of a solution may take.
const LINE_LIMIT_MS: i64 = 300_000;
/// How long a program may wait for input before the next line is typed into it.
const INPUT_WAIT_MS: i64 = 3_000;

/// The number of steps, or what is wrong.
pub fn check(lesson: &Lesson) -> Result<usize, String> {
    let index = Rc::new(Index {
        lessons: vec![lesson.clone()],
    });
    let mut session = Playground::with_lessons(1, index, &lesson.slug, "en");
    for (number, step) in lesson.steps.iter().enumerate() {
        session.drain();
        let at = session.progress.as_ref().map_or(0, |p| p.current);
        if at != number {
            return Err(format!(
                "step {}: already done before anything of it was typed (at step {at})",
                step.id
            ));
        }
        let before = findings(&session);
        if before.iter().all(|met| *met) {
            return Err(format!(
                "step {}: all of its checks are met before it",
                step.id
            ));
        }
        for line in &step.solution {
            type_line(&mut session, line);
        }
        settle(&mut session, number);
        session.drain();
        let done = session
            .progress
            .as_ref()
            .is_some_and(|p| p.current > number);
        if !done {
            let found = session
                .progress
                .as_ref()
                .map(|p| p.findings(&look(&session)))
                .unwrap_or_default();
            return Err(format!(
                "step {}: its solution does not fulfil it: {found:?}",
                step.id
            ));
        }
    }
    Ok(lesson.steps.len())
}

fn look(session: &Playground) -> LessonLook<'_> {
    let (typed, reached) = session
        .progress
        .as_ref()
        .map_or((&[][..], &[][..]), |p| (&p.typed[..], &p.reached[..]));
    LessonLook {
        shared: &session.session.shared,
        typed,
        reached,
    }
}

fn findings(session: &Playground) -> Vec<bool> {
    let found = session
        .progress
        .as_ref()
        .map(|p| p.findings(&look(session)))
        .unwrap_or_default();
    found.into_iter().map(|f| f.met).collect()
}

/// Types a line and lets time pass until it has ended, or waits for more input.
fn type_line(session: &mut Playground, line: &str) {
    session.input(Input::Run(line.to_string()));
    let (start, mut waited) = (session.now(), 0);
    while session.is_running() && session.now() < start + LINE_LIMIT_MS && waited < INPUT_WAIT_MS {
        session.tick(100.0, u64::MAX);
        // An open shell in a container never ends by itself.
        waited += if line.contains(" -it ") || line.contains(" -i ") {
            100
        } else {
            0
        };
    }
    session.tick(200.0, u64::MAX);
}

/// Lets what was set off come to its end.
fn settle(session: &mut Playground, number: usize) {
    for _ in 0..600 {
        session.drain();
        if session
            .progress
            .as_ref()
            .is_some_and(|p| p.current > number)
        {
            return;
        }
        session.tick(100.0, u64::MAX);
    }
}
