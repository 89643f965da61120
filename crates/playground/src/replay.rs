//! Replays a lesson's solution: every check of a step is false before it, and true after.

use lesson::Lesson;

/// The number of steps, or what is wrong.
pub fn check(lesson: &Lesson) -> Result<usize, String> {
    Err(format!("{}: being written", lesson.slug))
}
