//! What is told to the page: changes, calls, decisions, files, the lesson, the inspected object, the clock. Only what is
//! new is told.

use crate::look::LessonLook;
use crate::message::{LessonView, Output, Ref, Speed, StepView};
use crate::session::HOME;
use crate::{Playground, inspect};
use cluster::scheduler::Decision;
use cluster::store::Change;
use lesson::{Finding, StepProse};
use machinery::time::Millis;
use machinery::{Cause, Object, WatchType};
use std::collections::BTreeMap;
use std::rc::Rc;

/// How many decisions are kept for the inspector.
const DECISIONS_MAX: usize = 2_000;
/// Files larger than this are not shown in the editor.
const FILE_BYTES_MAX: usize = 200_000;

/// What the page was told last.
#[derive(Default)]
pub(crate) struct Teller {
    inspected: Option<Ref>,
    /// The inspected object's last state, for when it is gone.
    last: Option<Object>,
    /// The store's version and the time that the inspection was made at.
    inspected_at: Option<(u64, Millis)>,
    lesson: Option<LessonView>,
    files: BTreeMap<String, u64>,
    fs_version: Option<u64>,
    faults: Vec<(u32, String)>,
    decisions: BTreeMap<(String, String), Rc<Decision>>,
    clock: Option<(Millis, Speed, Option<Millis>)>,
    checked_at: Option<(u64, usize, usize)>,
}

impl Teller {
    pub fn inspect(&mut self, of: Option<Ref>) {
        self.inspected = of;
        self.last = None;
        self.inspected_at = None;
    }
    /// What is inspected is read again: another moment is looked at.
    pub fn look_anew(&mut self) {
        self.last = None;
        self.inspected_at = None;
    }
    pub fn forget_lesson(&mut self) {
        self.lesson = None;
    }
    pub fn saw_file(&mut self, path: &str, changes: u64) {
        self.files.insert(path.to_string(), changes);
    }
}

impl Playground {
    /// Everything anew: after a start, undo, reset.
    pub(crate) fn tell_all(&mut self) {
        self.session.shared.cluster.borrow_mut().drain();
        self.outputs.push(Output::Fresh);
        let cluster = self.session.shared.cluster.borrow();
        if self.session.shared.is_up.get() {
            let cause = Rc::new(Cause::default());
            for resource in cluster.store.resources() {
                for o in cluster.store.list(resource, None) {
                    let change = Change {
                        version: o.resource_version(),
                        at: cluster.now,
                        kind: WatchType::Added,
                        resource: resource.clone(),
                        key: (o.namespace().into(), o.name().into()),
                        old: None,
                        new: o.clone(),
                        cause: cause.clone(),
                        facts: Default::default(),
                    };
                    self.outputs.push(Output::Change(Rc::new(change)));
                }
            }
        }
        drop(cluster);
        self.tell_history();
        let inspected = self.teller.inspected.take();
        self.teller = Teller {
            inspected,
            ..Teller::default()
        };
    }

    /// What is new.
    pub(crate) fn tell(&mut self) {
        self.tell_cluster();
        self.tell_faults();
        self.tell_files();
        self.tell_lesson();
        self.tell_inspection();
        let next = self.session.next_at().filter(|_| self.past.is_none());
        let now = self.past.unwrap_or(self.now());
        let clock = Some((now, self.speed, next));
        if self.teller.clock != clock {
            self.teller.clock = clock;
            self.outputs.push(Output::Clock {
                now,
                speed: self.speed,
                next,
            });
        }
    }

    fn tell_cluster(&mut self) {
        let asked = std::mem::take(&mut *self.session.shared.asked.borrow_mut());
        if asked.iter().any(|o| matches!(o, Output::Fresh)) {
            // A cluster was made or deleted (minikube): what the page knows is void.
            self.tell_all();
        }
        self.outputs
            .extend(asked.into_iter().filter(|o| !matches!(o, Output::Fresh)));
        let reached = std::mem::take(&mut *self.session.shared.reached.borrow_mut());
        if let Some(p) = &mut self.progress {
            reached.iter().for_each(|url| p.reach(url));
        }
        let news = self.session.shared.cluster.borrow_mut().drain();
        for one in news {
            let out = match one {
                cluster::Output::Change(change) => {
                    let pull = self.pull(&change);
                    self.outputs.push(Output::Change(change));
                    self.outputs.extend(pull);
                    continue;
                }
                cluster::Output::Call {
                    at,
                    actor,
                    verb,
                    path,
                    code,
                } => Output::Call {
                    at,
                    actor,
                    verb,
                    path,
                    code,
                },
                cluster::Output::Traffic { at, hops, status } => {
                    Output::Traffic { at, hops, status }
                }
                cluster::Output::Alarm { at, text } => Output::Alarm { at, text },
                cluster::Output::Decision(decision) => {
                    if self.teller.decisions.len() >= DECISIONS_MAX {
                        self.teller.decisions.pop_first();
                    }
                    let key = (decision.namespace.clone(), decision.pod.clone());
                    self.teller.decisions.insert(key, decision.clone());
                    Output::Decision(decision)
                }
            };
            self.outputs.push(out);
        }
    }

    /// How long the pull takes that an event told of.
    fn pull(&self, change: &Change) -> Option<Output> {
        let event = &change.new;
        if change.resource.as_str() != "events" || event.text("reason") != "Pulling" {
            return None;
        }
        let uid = event.text("involvedObject.uid");
        let (from, until) = self.session.shared.cluster.borrow().pull_of(uid)?;
        Some(Output::Pull {
            uid: uid.to_string(),
            from,
            until,
        })
    }

    /// What is broken, when that changed.
    fn tell_faults(&mut self) {
        let cluster = self.session.shared.cluster.borrow();
        let list: Vec<(u32, String)> = cluster.faults().map(|b| (b.id, b.fault.text())).collect();
        drop(cluster);
        if self.teller.faults != list {
            self.teller.faults = list.clone();
            self.outputs.push(Output::Faults(list));
        }
    }

    /// Files of the home folder that a program made or changed.
    fn tell_files(&mut self) {
        let fs = self.session.fs.borrow();
        if self.teller.fs_version == Some(fs.version()) {
            return;
        }
        self.teller.fs_version = Some(fs.version());
        let mut seen: Vec<String> = Vec::new();
        for name in fs.list(HOME).unwrap_or_default() {
            let path = format!("{HOME}/{name}");
            if name.starts_with('.') || !fs.is_file(&path) {
                continue;
            }
            seen.push(path.clone());
            let changes = fs.changes(&path);
            if self.teller.files.get(&path) == Some(&changes) {
                continue;
            }
            self.teller.files.insert(path.clone(), changes);
            if let Ok(text) = fs.read_text(&path)
                && text.len() <= FILE_BYTES_MAX
            {
                self.outputs.push(Output::File { path, text });
            }
        }
        let gone: Vec<String> = self
            .teller
            .files
            .keys()
            .filter(|p| !seen.contains(p))
            .cloned()
            .collect();
        for path in gone {
            self.teller.files.remove(&path);
            self.outputs.push(Output::FileRemoved { path });
        }
    }

    fn tell_lesson(&mut self) {
        let version = self.session.shared.cluster.borrow().store.version();
        let Some(progress) = &mut self.progress else {
            if self.teller.lesson.is_none() {
                let view = LessonView {
                    index: index(self),
                    ..LessonView::default()
                };
                self.teller.lesson = Some(view.clone());
                self.outputs.push(Output::Lesson(Box::new(view)));
            }
            return;
        };
        let state = (version, progress.typed.len(), progress.reached.len());
        if self.teller.checked_at == Some(state) && self.teller.lesson.is_some() {
            return;
        }
        // One step at a time; each loop ends a step, so it ends.
        loop {
            let (typed, reached) = (progress.typed.clone(), progress.reached.clone());
            let look = LessonLook {
                shared: &self.session.shared,
                typed: &typed,
                reached: &reached,
            };
            if !progress.advance(&look) {
                break;
            }
        }
        if progress.is_done() {
            self.finished.insert(progress.lesson.slug.clone());
        }
        self.teller.checked_at = Some((version, progress.typed.len(), progress.reached.len()));
        let view = view(self);
        if self.teller.lesson.as_ref() != Some(&view) {
            self.teller.lesson = Some(view.clone());
            self.outputs.push(Output::Lesson(Box::new(view)));
        }
    }

    fn tell_inspection(&mut self) {
        let Some(of) = self.teller.inspected.clone() else {
            return;
        };
        let seen = &self.session.shared;
        let (version, now) = seen.seen(|c| (c.store.version(), c.now));
        // Ages and logs move even when nothing is written; once a second is enough.
        if let Some((v, at)) = self.teller.inspected_at
            && (v == version || now < at + 200)
            && now < at + 1000
        {
            return;
        }
        self.teller.inspected_at = Some((version, now));
        if let Some(o) = seen.seen(|c| crate::look::find(c, &of)) {
            self.teller.last = Some(o);
        }
        let decision = self
            .teller
            .decisions
            .get(&(of.namespace.clone(), of.name.clone()))
            .cloned();
        let decision = decision.filter(|_| of.resource == "pods");
        let last = self.teller.last.as_ref();
        let mut shown = seen.seen(|c| inspect::inspect(c, &of, last, decision));
        if self.past.is_some() {
            // What containers wrote is kept by their nodes, and those are in the present.
            shown.logs.clear();
        }
        self.outputs.push(Output::Inspection(Box::new(shown)));
    }
}

/// (slug, title, done) of every lesson.
fn index(p: &Playground) -> Vec<(String, String, bool)> {
    let title = |l: &lesson::Lesson| {
        l.prose(&p.language)
            .map(|t| t.title.clone())
            .unwrap_or_default()
    };
    p.lessons
        .lessons
        .iter()
        .map(|l| (l.slug.clone(), title(l), p.finished.contains(&l.slug)))
        .collect()
}

fn view(p: &Playground) -> LessonView {
    let Some(progress) = &p.progress else {
        return LessonView::default();
    };
    let Some(prose) = progress.lesson.prose(&p.language) else {
        return LessonView::default();
    };
    let look = LessonLook {
        shared: &p.session.shared,
        typed: &progress.typed,
        reached: &progress.reached,
    };
    let findings = progress.findings(&look);
    let step = |(i, (text, step)): (usize, (&StepProse, &lesson::Step))| StepView {
        id: text.id.clone(),
        title: text.title.clone(),
        body: text.body.clone(),
        hints: if i == progress.current {
            text.hints.iter().take(progress.hints).cloned().collect()
        } else {
            Vec::new()
        },
        hints_total: text.hints.len(),
        solution: step.solution.clone(),
        done: i < progress.current,
        checks: if i == progress.current {
            sentences(text, &findings)
        } else {
            Vec::new()
        },
    };
    LessonView {
        slug: progress.lesson.slug.clone(),
        title: prose.title.clone(),
        intro: prose.intro.clone(),
        steps: prose
            .steps
            .iter()
            .zip(&progress.lesson.steps)
            .enumerate()
            .map(step)
            .collect(),
        current: progress.current,
        outro: prose.end.clone(),
        index: index(p),
    }
}

/// Each check's sentence with how things stand.
fn sentences(text: &StepProse, findings: &[Finding]) -> Vec<(bool, String)> {
    let fill = |s: &String, f: &Finding| s.replace("{have}", &f.have).replace("{want}", &f.want);
    text.checks
        .iter()
        .zip(findings)
        .map(|(s, f)| (f.met, fill(s, f)))
        .collect()
}
