//! Lessons: their format, their checks, a learner's progress. A lesson contains no code, and this code no lesson's text.
//!
//! - [`format`]: `lessons/index.yaml`, `lesson.yaml`, and the prose in `ko.md`, `en.md`, read into a [`Lesson`].
//! - [`check`]: what a step asks of the cluster and of what was typed, evaluated on every change.
//! - [`Progress`]: how far a learner is in one lesson.

pub mod check;
pub mod format;
pub mod progress;

pub use check::{Check, Finding, Look, Typed};
pub use format::{Index, Lesson, Prose, Step, StepProse};
pub use progress::Progress;

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The lessons that the program carries.
pub fn built_in() -> Result<Index, String> {
    format::Index::read(
        &|path: &str| {
            FILES
                .iter()
                .find(|(p, _)| *p == path)
                .map(|(_, text)| text.to_string())
        },
        &|dir: &str| {
            FILES
                .iter()
                .filter_map(|(p, _)| p.strip_prefix(dir)?.strip_prefix('/'))
                .map(str::to_string)
                .collect()
        },
    )
}
