//! The read model: what the page knows. [`Output`]s are folded into it, panes show it; nothing here asks the session
//! anything, and nothing here knows a browser.
//!
//! - [`pod`]: a pod as it is drawn. [`node`]: a node and what it holds. [`owner`]: Deployments, ReplicaSets and others.
//! - [`cluster`]: all of them, folded from changes. [`flow`]: what is under way. [`time`]: the history.

pub mod cluster;
pub mod flow;
pub mod node;
pub mod owner;
pub mod pod;
pub mod time;

use ::cluster::scheduler::Decision;
use ::cluster::store::Change;
use cluster::Cluster;
use flow::{Call, Flight, Stream};
use machinery::WatchType;
use machinery::http::{Fetch, Hop};
use machinery::time::Millis;
use playground::{Inspection, LessonView, Output, Ref, Speed, WhyCard};
use std::collections::BTreeMap;
use std::rc::Rc;

/// How many alarms are kept.
const ALARMS_MAX: usize = 20;

/// What the address of the browser pane answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    pub url: String,
    pub answer: Fetch,
    pub hops: Vec<Hop>,
}

/// What the page must do besides drawing anew.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Screen(String),
    /// The text of a file changed by another hand than the editor's.
    File(String),
    Forget(String),
    OpenEditor(String),
    OpenBrowser(String),
    Fresh,
}

/// Counts changes by what they touch: a pane draws anew when its count moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    pub cluster: u64,
    pub clock: u64,
    pub lesson: u64,
    pub files: u64,
    pub inspection: u64,
    pub page: u64,
    pub session: u64,
    pub history: u64,
    pub calls: u64,
    pub traffic: u64,
}

/// A decision of the scheduler that is shown for a moment over the nodes.
#[derive(Clone, Debug)]
pub struct Moment {
    pub decision: Rc<Decision>,
    /// Real time of its arrival, milliseconds.
    pub since: f64,
}

pub struct Model {
    pub now: Millis,
    pub speed: Speed,
    pub next: Option<Millis>,
    pub cluster: Cluster,
    pub moment: Option<Moment>,
    pub lesson: Option<LessonView>,
    pub files: BTreeMap<String, String>,
    pub open_file: Option<String>,
    pub inspection: Option<Inspection>,
    pub why: Option<(Ref, Vec<WhyCard>)>,
    pub page: Option<Page>,
    pub undoable: (usize, String),
    pub alarms: Vec<(Millis, String)>,
    /// What is broken: number and sentence.
    pub faults: Vec<(u32, String)>,
    pub history: time::History,
    pub calls: Stream<Call>,
    pub traffic: Stream<Flight>,
    pub versions: Versions,
}

impl Default for Model {
    fn default() -> Model {
        Model {
            now: 0,
            speed: Speed::Times(1),
            next: None,
            cluster: Cluster::default(),
            moment: None,
            lesson: None,
            files: BTreeMap::new(),
            open_file: None,
            inspection: None,
            why: None,
            page: None,
            undoable: (0, String::new()),
            alarms: Vec::new(),
            faults: Vec::new(),
            history: time::History::default(),
            calls: Stream::default(),
            traffic: Stream::default(),
            versions: Versions::default(),
        }
    }
}

impl Model {
    /// Folds one output. `real_ms` is the page's own clock, for what is shown only for a moment.
    pub fn fold(&mut self, output: Output, real_ms: f64) -> Option<Effect> {
        match output {
            Output::Screen(text) => return Some(Effect::Screen(text)),
            Output::Change(change) => {
                if !playground::past::is_heartbeat(&change) {
                    self.history.tick(change.at);
                }
                if let Some(call) = self.write(&change) {
                    self.calls.push(real_ms, call);
                    self.versions.calls += 1;
                }
                if self.cluster.fold(&change) {
                    self.versions.cluster += 1;
                }
            }
            Output::Decision(decision) => self.decided(decision, real_ms),
            Output::Call {
                actor,
                verb,
                path,
                code,
                ..
            } => {
                let call = Call {
                    actor,
                    verb,
                    path,
                    code,
                };
                self.calls.push(real_ms, call);
                self.versions.calls += 1;
            }
            Output::Traffic { hops, status, .. } => {
                self.traffic.push(real_ms, Flight { hops, status });
                self.versions.traffic += 1;
            }
            Output::History { oldest, at } => {
                self.history.oldest = oldest;
                self.history.ticks = at.into();
                self.versions.history += 1;
            }
            Output::Past(past) => {
                self.history.past = past;
                self.history.wrote &= past.is_some();
                self.versions.history += 1;
            }
            Output::Faults(list) => {
                self.faults = list;
                self.versions.inspection += 1;
            }
            Output::Pull { uid, from, until } => {
                if self.cluster.pull(&uid, from, until) {
                    self.versions.cluster += 1;
                }
            }
            Output::PastWrite => {
                self.history.wrote = true;
                self.versions.history += 1;
            }
            Output::File { path, text } => {
                self.files.insert(path.clone(), text);
                self.versions.files += 1;
                return Some(Effect::File(path));
            }
            Output::FileRemoved { path } => {
                self.files.remove(&path);
                self.versions.files += 1;
                return Some(Effect::Forget(path));
            }
            Output::OpenEditor { path } => {
                self.open_file = Some(path.clone());
                self.versions.files += 1;
                return Some(Effect::OpenEditor(path));
            }
            Output::OpenBrowser { url } => return Some(Effect::OpenBrowser(url)),
            Output::Page { url, answer, hops } => {
                self.page = Some(Page { url, answer, hops });
                self.versions.page += 1;
            }
            Output::Clock { now, speed, next } => self.clock(now, speed, next),
            Output::Fresh => {
                self.fresh();
                return Some(Effect::Fresh);
            }
            Output::Lesson(view) => {
                self.lesson = Some(*view);
                self.versions.lesson += 1;
            }
            Output::Inspection(inspection) => {
                self.inspection = Some(*inspection);
                self.versions.inspection += 1;
            }
            Output::Why { of, chain } => {
                self.why = Some((of, chain));
                self.versions.inspection += 1;
            }
            Output::Alarm { at, text } => {
                self.alarms.push((at, text));
                if self.alarms.len() > ALARMS_MAX {
                    self.alarms.remove(0);
                }
                self.versions.session += 1;
            }
            Output::Undoable { count, last } => {
                self.undoable = (count, last);
                self.versions.session += 1;
            }
        }
        None
    }
    /// The call behind a component's write; those of clients are told by themselves. Objects that are told anew
    /// have no cause.
    fn write(&self, change: &Change) -> Option<Call> {
        let actor = change.cause.actor.as_str();
        if self.history.past.is_some() || matches!(actor, "" | "kubectl") {
            return None;
        }
        let o = &change.new;
        let (resource, name) = (change.resource.as_str(), change.key.1.as_str());
        let host = match resource {
            _ if actor != "kubelet" => "",
            "pods" => o.text("spec.nodeName"),
            "events" => o.text("source.host"),
            _ => name,
        };
        let bound =
            resource == "pods" && actor.ends_with("scheduler") && change.kind != WatchType::Deleted;
        let verb = match change.kind {
            _ if bound => "POST",
            WatchType::Added => "POST",
            WatchType::Deleted => "DELETE",
            _ => "PATCH",
        };
        Some(Call {
            actor: format!("{actor} {host}").trim_end().to_string(),
            verb,
            path: format!("{resource}/{name}{}", if bound { "/binding" } else { "" }),
            code: 0,
        })
    }
    /// The newest calls, newest first; heartbeats only if there is nothing else.
    pub fn last_calls(&self, n: usize) -> impl Iterator<Item = &(u64, f64, Call)> {
        self.calls.last.iter().rev().take(n)
    }
    /// Everything of the cluster is void; files and the lesson follow as outputs too.
    fn fresh(&mut self) {
        let versions = self.versions;
        *self = Model {
            lesson: self.lesson.take(),
            open_file: self.open_file.take(),
            speed: self.speed,
            undoable: std::mem::take(&mut self.undoable),
            calls: std::mem::take(&mut self.calls),
            traffic: std::mem::take(&mut self.traffic),
            faults: std::mem::take(&mut self.faults),
            ..Model::default()
        };
        self.versions = Versions {
            cluster: versions.cluster + 1,
            clock: versions.clock + 1,
            lesson: versions.lesson + 1,
            files: versions.files + 1,
            inspection: versions.inspection + 1,
            page: versions.page + 1,
            session: versions.session + 1,
            history: versions.history + 1,
            calls: versions.calls + 1,
            traffic: versions.traffic + 1,
        };
    }
    fn clock(&mut self, now: Millis, speed: Speed, next: Option<Millis>) {
        // What shows time shows whole tenths; finer steps would only be drawn for nothing.
        let moved = now / 100 != self.now / 100 || speed != self.speed;
        (self.now, self.speed, self.next) = (now, speed, next);
        if self.history.past.is_none() {
            self.history.present = now;
        }
        if moved {
            self.versions.clock += 1;
            if self.cluster.is_counting() {
                self.versions.cluster += 1;
            }
        }
    }
    /// The scheduling moment is shown when it can be followed by eye: at ×1 (or slower) and with few pods.
    fn decided(&mut self, decision: Rc<Decision>, real_ms: f64) {
        let slow = matches!(self.speed, Speed::Paused | Speed::Times(0 | 1));
        if slow && self.cluster.pods.len() <= 40 && self.cluster.nodes.len() <= 12 {
            self.moment = Some(Moment {
                decision,
                since: real_ms,
            });
            self.versions.cluster += 1;
        }
    }
    /// After a batch of outputs: the shown file is one that exists. True if it had to be another.
    pub fn settle_file(&mut self) -> bool {
        let lost = match &self.open_file {
            Some(path) => !self.files.contains_key(path),
            None => !self.files.is_empty(),
        };
        if lost {
            self.open_file = self.files.keys().next().cloned();
            self.versions.files += 1;
        }
        lost
    }
    /// The session's own time, also while a past moment is shown.
    pub fn present(&self) -> Millis {
        self.now.max(self.history.present)
    }
    /// How long the session has lived.
    pub fn lived(&self) -> Millis {
        (self.now - self.history.oldest).max(0)
    }
    /// Ends what was shown for a moment.
    pub fn expire(&mut self, real_ms: f64) {
        const MOMENT_MS: f64 = 1600.0;
        self.versions.calls += u64::from(self.calls.expire(real_ms));
        self.versions.traffic += u64::from(self.traffic.expire(real_ms));
        if self
            .moment
            .as_ref()
            .is_some_and(|m| real_ms - m.since > MOMENT_MS)
        {
            self.moment = None;
            self.versions.cluster += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> Output {
        Output::File {
            path: path.into(),
            text: "x".into(),
        }
    }

    #[test]
    fn the_shown_file_survives_a_fresh_cluster_and_is_another_when_it_is_gone() {
        let mut m = Model::default();
        m.fold(file("/a.yaml"), 0.0);
        m.fold(
            Output::OpenEditor {
                path: "/b.yaml".into(),
            },
            0.0,
        );
        m.fold(file("/b.yaml"), 0.0);
        assert!(!m.settle_file());
        m.fold(Output::Fresh, 0.0);
        m.fold(file("/a.yaml"), 0.0);
        m.fold(file("/b.yaml"), 0.0);
        assert!(!m.settle_file());
        assert_eq!(m.open_file.as_deref(), Some("/b.yaml"));
        m.fold(
            Output::FileRemoved {
                path: "/b.yaml".into(),
            },
            0.0,
        );
        assert!(m.settle_file());
        assert_eq!(m.open_file.as_deref(), Some("/a.yaml"));
    }

    #[test]
    fn only_what_an_output_touches_is_drawn_anew() {
        let mut m = Model::default();
        let before = m.versions;
        m.fold(
            Output::Clock {
                now: 1000,
                speed: Speed::Times(1),
                next: None,
            },
            0.0,
        );
        assert_eq!(m.versions.cluster, before.cluster);
        assert_ne!(m.versions.clock, before.clock);
        let clock = m.versions.clock;
        m.fold(
            Output::Clock {
                now: 1016,
                speed: Speed::Times(1),
                next: None,
            },
            0.0,
        );
        assert_eq!(m.versions.clock, clock, "less than a tenth of a second");
    }
}
