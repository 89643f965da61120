//! A session as text: version, seed, lesson, and the inputs with their virtual times. Loading replays them, which gives the
//! same session to the byte.

use crate::message::{Input, Ref, Speed};
use crate::{Playground, past};
use lesson::Index;
use machinery::time::Millis;
use machinery::{Value, json, value};
use std::collections::VecDeque;
use std::rc::Rc;

/// Changes when the same inputs would no longer give the same session.
const FORMAT: i64 = 1;
/// How many inputs a saved session may have.
const INPUTS_MAX: usize = 20_000;

/// The inputs of a session, as they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    inputs: Vec<(Millis, Input)>,
}

impl Record {
    /// Forgets what came after a moment.
    pub fn keep_until(&mut self, at: Millis) {
        self.inputs.retain(|(t, _)| *t <= at);
    }
    /// Notes what changes the session; what only changes what is shown is not noted.
    pub fn note(&mut self, at: Millis, input: &Input) {
        let keeps = !matches!(
            input,
            Input::Speed(_)
                | Input::Language(_)
                | Input::Inspect(_)
                | Input::Why(_)
                | Input::Resize { .. }
                | Input::Step
                | Input::Settle
                | Input::Branch
        );
        if !keeps || self.inputs.len() >= INPUTS_MAX {
            return;
        }
        match (self.inputs.last_mut(), input) {
            (Some((t, Input::Keys(all))), Input::Keys(more)) if *t == at => all.push_str(more),
            (Some((_, Input::Save { path, text })), Input::Save { path: p, text: new })
                if path == p =>
            {
                *text = new.clone()
            }
            _ => self.inputs.push((at, input.clone())),
        }
    }
}

fn to_value(at: Millis, input: &Input) -> Value {
    let pair = |kind: &'static str, text: &str| value!([at, kind, Value::str(text)]);
    match input {
        Input::Keys(s) => pair("keys", s),
        Input::Type(s) => pair("type", s),
        Input::Run(s) => pair("run", s),
        Input::Save { path, text } => value!([at, "save", Value::str(path), Value::str(text)]),
        Input::Undo => pair("undo", ""),
        Input::Hint => pair("hint", ""),
        Input::Browse(s) => pair("browse", s),
        Input::Past(to) => value!([at, "past", to.unwrap_or(0)]),
        _ => Value::Null,
    }
}

fn from_value(v: &Value) -> Option<(Millis, Input)> {
    let items = v.items();
    let text = |i: usize| items.get(i).and_then(Value::as_str).map(str::to_string);
    let input = match items.get(1)?.as_str()? {
        "keys" => Input::Keys(text(2)?),
        "type" => Input::Type(text(2)?),
        "run" => Input::Run(text(2)?),
        "save" => Input::Save {
            path: text(2)?,
            text: text(3)?,
        },
        "undo" => Input::Undo,
        "hint" => Input::Hint,
        "browse" => Input::Browse(text(2)?),
        "past" => Input::Past(items.get(2)?.as_i64().filter(|at| *at > 0)),
        _ => return None,
    };
    Some((items.first()?.as_i64()?, input))
}

impl Playground {
    /// The session as text, for local storage.
    pub fn save(&self) -> String {
        self.saved(None)
    }

    /// The session as it was at a moment.
    pub(crate) fn saved(&self, until: Option<Millis>) -> String {
        let record = past::until(&self.record, until);
        let inputs: Vec<Value> = record
            .inputs
            .iter()
            .map(|(at, i)| to_value(*at, i))
            .filter(|v| !v.is_null())
            .collect();
        let lesson = self
            .progress
            .as_ref()
            .map(|p| p.lesson.slug.clone())
            .unwrap_or_default();
        let finished: Vec<Value> = self.finished.iter().map(|s| Value::str(s)).collect();
        let speed = match self.speed {
            Speed::Paused => 0,
            Speed::Times(n) => i64::from(n),
        };
        json::print(&value!({
            "bottleship": FORMAT, "seed": self.seed as i64, "lesson": Value::str(&lesson), "now": until.unwrap_or(self.now()), "speed": speed,
            "finished": Value::from(finished), "inputs": Value::from(inputs),
        }))
    }

    /// A saved session replayed; an error in plain words if it cannot be.
    pub fn load(saved: &str, language: &str) -> Result<Playground, String> {
        let lessons = Rc::new(lesson::built_in().unwrap_or_default());
        Playground::load_with(saved, language, &lessons)
    }

    /// As [`Playground::load`], with these lessons.
    pub fn load_with(
        saved: &str,
        language: &str,
        lessons: &Rc<Index>,
    ) -> Result<Playground, String> {
        let (mut playground, mut replay) = Replay::begin(saved, language, lessons)?;
        while !replay.go_on(&mut playground, &mut { u64::MAX }) {}
        Ok(playground)
    }
}

/// A saved session on its way back: its inputs, done one after the other, as far as a budget reaches.
pub struct Replay {
    inputs: VecDeque<(Millis, Input)>,
    /// The input that was begun last is still being done.
    begun: bool,
    total: usize,
    end: Millis,
    speed: Speed,
}

impl Replay {
    /// A fresh session, and what has to be done to it; an error in plain words if it is none.
    pub fn begin(
        saved: &str,
        language: &str,
        lessons: &Rc<Index>,
    ) -> Result<(Playground, Replay), String> {
        let v = json::parse(saved).map_err(|e| format!("not a saved session: {}", e.message))?;
        match v.get("bottleship").as_i64() {
            Some(FORMAT) => {}
            Some(n) => {
                return Err(format!(
                    "saved by another version of bottleship (format {n}, this one is {FORMAT})"
                ));
            }
            None => return Err("not a saved session".into()),
        }
        let seed = v
            .get("seed")
            .as_i64()
            .ok_or("a saved session without its seed")? as u64;
        let read =
            |item| from_value(item).ok_or("a saved session with an input of an unknown kind");
        let inputs = v.get("inputs").items().iter().take(INPUTS_MAX);
        let inputs: VecDeque<(Millis, Input)> = inputs.map(read).collect::<Result<_, _>>()?;
        let mut playground =
            Playground::with_lessons(seed, lessons.clone(), v.text("lesson"), language);
        playground.finished = v
            .get("finished")
            .items()
            .iter()
            .filter_map(|s| s.as_str().map(str::to_string))
            .collect();
        let replay = Replay {
            begun: false,
            total: inputs.len(),
            inputs,
            end: v.get("now").as_i64().unwrap_or(0),
            speed: match v.int("speed") {
                0 => Speed::Paused,
                n => Speed::Times(n.clamp(1, 3600) as u32),
            },
        };
        Ok((playground, replay))
    }

    /// Goes on within a budget of events; true when all has been done.
    pub fn go_on(&mut self, playground: &mut Playground, left: &mut u64) -> bool {
        loop {
            let next = self.inputs.front().filter(|_| !self.begun);
            let at = match next {
                Some((at, _)) => *at,
                None if self.begun => playground.now(),
                None => self.end,
            };
            if !playground.live_until(at, left) {
                return false;
            }
            if self.begun {
                self.begun = false;
                // Lessons go on by what is told.
                playground.tell();
            } else if let Some((_, input)) = self.inputs.pop_front() {
                playground.begin(input);
                self.begun = true;
            } else {
                playground.speed = self.speed;
                return true;
            }
        }
    }

    /// How much has been done, in percent.
    pub fn percent(&self) -> usize {
        (self.total - self.inputs.len()) * 100 / self.total.max(1)
    }
}

impl Playground {
    /// Moves to a virtual time, however far it is (a month at most). True if it was reached within the budget.
    fn live_until(&mut self, at: Millis, left: &mut u64) -> bool {
        let now = self.now();
        self.live(at.clamp(now, now + 31 * 86_400_000), left)
    }
}

/// The name of an object as text, for links.
impl std::fmt::Display for Ref {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self.namespace.as_str() {
            "" => write!(f, "{}/{}", self.resource, self.name),
            ns => write!(f, "{ns}/{}/{}", self.resource, self.name),
        }
    }
}
