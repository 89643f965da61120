//! One session: cluster + shell + programs + lesson, behind plain-data messages.
//!
//! [`Playground`] is what the page, the native binary and the tests drive: send [`Input`]s, advance virtual time, drain
//! [`Output`]s. It knows no browser and no real time.

pub mod bench;
pub mod editor;
pub mod message;
pub mod replay;
pub mod session;
pub mod shared;
pub mod transcript;

pub use message::{Input, Inspection, LessonView, Output, Ref, Speed, StepView, WhyCard};

use machinery::time::Millis;

/// One learner's session.
pub struct Playground {
    outputs: Vec<Output>,
}

impl Playground {
    /// A fresh session in the standard world (three nodes), open at a lesson ("" for none), in a language (`ko`, `en`).
    pub fn new(seed: u64, lesson: &str, language: &str) -> Playground {
        let _ = (seed, lesson, language);
        Playground {
            outputs: Vec::new(),
        }
    }
    pub fn input(&mut self, input: Input) {
        let _ = input;
    }
    /// Lets real time pass: `elapsed_ms` × speed of virtual time, handling at most `budget` events now (the rest later).
    /// True if it is not behind.
    pub fn tick(&mut self, elapsed_ms: f64, budget: u64) -> bool {
        let _ = (elapsed_ms, budget);
        true
    }
    /// What happened since the last drain.
    pub fn drain(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }
    pub fn now(&self) -> Millis {
        0
    }
    /// The session as text, for local storage: version, seed, lesson, inputs with virtual times.
    pub fn save(&self) -> String {
        String::new()
    }
    /// A saved session replayed; an error in plain words if it cannot be.
    pub fn load(saved: &str, language: &str) -> Result<Playground, String> {
        let _ = language;
        Err(format!("not a saved session: {} bytes", saved.len()))
    }
}
