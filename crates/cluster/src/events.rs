//! Event objects, as the recorder of client-go makes them: equal ones are counted, the tenth similar one within ten
//! minutes and all after it are combined, and a source that says too much about one object is cut off.
//! Upstream: `client-go:tools/record/events_cache.go`. Events older than an hour are gone, as etcd's lease has it.

pub mod told;

use crate::Cluster;
use crate::apiserver::{self, Call, Options, Verb, Who};
use crate::cx::Cx;
use machinery::Arrange;
use machinery::time::Millis;
use machinery::{Cause, Object, Str, Trigger, Value, time};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// So many similar events (same but for the message) are told one by one.
const SIMILAR_MAX: usize = 10;
/// Similar events further apart than this begin anew.
const SIMILAR_MS: i64 = 600_000;
/// A source may tell so many events of one object at once, and then one in five minutes.
const BURST: i64 = 25;
const REFILL_MS: i64 = 300_000;
/// How long an event is kept.
const KEPT_MS: i64 = 3_600_000;
/// How many different events are remembered; upstream's caches hold 4096.
const REMEMBERED_MAX: usize = 4096;

/// What the recorders remember of recent events.
#[derive(Clone, Default)]
pub struct State {
    /// By source, object and kind of event, without the message.
    similar: BTreeMap<Mark, Similar>,
    /// By all of that with the message: the Event object that counts it.
    counted: BTreeMap<Mark, Counted>,
    /// By source and object: tokens of the spam filter, in thousandths, and when they were counted.
    tokens: BTreeMap<Mark, (i64, Millis)>,
    /// Counts the events of one millisecond.
    sequence: u64,
    /// The events written, oldest first, to forget them in time.
    written: VecDeque<(Millis, Str, Str)>,
    /// Causes last used: most events have one of a few.
    causes: [Option<Rc<Cause>>; CAUSES],
    /// Texts last used: many events have the same.
    texts: VecDeque<Str>,
    /// What those of one reason have in common.
    words: BTreeMap<Mark, Rc<told::Words>>,
}

const TEXTS: usize = 16;

const CAUSES: usize = 4;

/// Past so many, all are let go and gathered anew.
const WORDS_MAX: usize = 20_000;

#[derive(Clone)]
struct Similar {
    /// Different ones, [`SIMILAR_MAX`] at most.
    messages: Vec<Box<str>>,
    last: Millis,
}

#[derive(Clone)]
struct Counted {
    name: Str,
    namespace: Str,
    last: Millis,
}

/// Stands for what an event is told apart by: texts one after another, as a number. Ten thousand long texts that begin
/// alike would cost more to compare than all else that is done here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Mark(u64);

impl Mark {
    const NONE: Mark = Mark(0xcbf2_9ce4_8422_2325);
    fn and(self, text: &str) -> Mark {
        let mix = |h: u64, word: u64| {
            let h = (h ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            h ^ (h >> 29)
        };
        let (words, rest) = text.as_bytes().as_chunks::<8>();
        let h = words
            .iter()
            .fold(self.0, |h, w| mix(h, u64::from_le_bytes(*w)));
        let last = rest.iter().fold(0, |n, b| n << 8 | u64::from(*b));
        // The length ends the text, so that what follows cannot be taken for a part of it.
        Mark(mix(mix(h, last), text.len() as u64))
    }
}

/// Records an event about an object (or, with a field path, about a part of it).
pub(crate) fn record(
    cx: &mut Cx,
    about: &Object,
    field_path: &str,
    kind: &'static str,
    reason: &str,
    message: &str,
) {
    let now = cx.now();
    forget(cx.cluster, now);
    let m = about.get("metadata");
    let word = |v: &'_ Value| apiserver::str_of(v);
    let (namespace, name, uid) = (
        word(m.get("namespace")),
        word(m.get("name")),
        word(m.get("uid")),
    );
    let parts = [
        cx.actor,
        cx.host.as_str(),
        about.kind(),
        namespace.as_str(),
        name.as_str(),
        uid.as_str(),
        field_path,
    ];
    let source = parts.into_iter().fold(Mark::NONE, Mark::and);
    let state = &mut cx.cluster.recorder;
    if !state.may_speak(source, now) {
        return;
    }
    let group = source.and(kind).and(reason);
    let combined = state.is_combined(group, message, now);
    let told;
    let message = match combined {
        true => {
            told = format!("(combined from similar events): {message}");
            told.as_str()
        }
        false => message,
    };
    // Combined events share one object, whose message is the newest.
    let key = if combined { group } else { group.and(message) };
    let known = state.counted.get(&key).cloned();
    if let Some(c) = known
        && count_again(cx, &c, message, now)
    {
        if let Some(c) = cx.cluster.recorder.counted.get_mut(&key) {
            c.last = now;
        }
        return;
    }
    let namespace = match namespace.as_str() {
        "" => Str::lit("default"),
        _ => namespace,
    };
    write(
        cx,
        about,
        namespace,
        key,
        (field_path, kind, reason, message),
    );
}

/// Writes a new Event object, and remembers it under `key`.
fn write(
    cx: &mut Cx,
    about: &Object,
    namespace: Str,
    key: Mark,
    (field_path, kind, reason, message): (&str, &'static str, &str, &str),
) {
    let now = cx.now();
    let cause = cx.cluster.recorder.cause(cx.actor, &cx.trigger);
    let e = told::Told::new(
        cx,
        about,
        namespace.clone(),
        (field_path, kind, reason, message),
        cause,
    );
    let name = e.key.1.clone();
    let written = match told::is_plain(cx.cluster, about, &namespace) {
        true => cx.cluster.tell(e),
        false => cx
            .create(&kinds::event::KIND, &Object(e.sent()), "")
            .is_ok(),
    };
    // An event that cannot be written is lost, as upstream's is; nothing depends on it.
    if written {
        let state = &mut cx.cluster.recorder;
        state
            .written
            .push_back((now, namespace.clone(), name.clone()));
        if state.counted.len() >= REMEMBERED_MAX {
            state.shrink();
        }
        state.counted.insert(
            key,
            Counted {
                name,
                namespace,
                last: now,
            },
        );
    }
}

/// Adds one to the count of the Event object; false if it is gone.
fn count_again(cx: &mut Cx, c: &Counted, message: &str, now: Millis) -> bool {
    let Some(old) = cx.store().get("events", &c.namespace, &c.name).cloned() else {
        return false;
    };
    let new = old.edit(|v| {
        v.set("count", old.int("count") + 1);
        v.set("lastTimestamp", time::rfc3339(now));
        v.set("message", Value::str(message));
    });
    cx.update(&kinds::event::KIND, &new, "").is_ok()
}

impl State {
    /// The spam filter: a bucket of tokens for each source and object.
    fn may_speak(&mut self, source: Mark, now: Millis) -> bool {
        if self.tokens.len() >= REMEMBERED_MAX && !self.tokens.contains_key(&source) {
            self.tokens.retain(|_, (_, at)| now - *at < REFILL_MS);
            // Looking at all of them must not happen for every event: if few are old, half are let go.
            if self.tokens.len() > REMEMBERED_MAX / 2 {
                thin(&mut self.tokens);
            }
        }
        let (left, at) = self.tokens.entry(source).or_insert((BURST * 1000, now));
        *left = (*left + (now - *at) * 1000 / REFILL_MS).min(BURST * 1000);
        *at = now;
        if *left < 1000 {
            return false;
        }
        *left -= 1000;
        true
    }
    /// Whether so many similar messages came lately that they are told as one.
    fn is_combined(&mut self, group: Mark, message: &str, now: Millis) -> bool {
        if self.similar.len() >= REMEMBERED_MAX && !self.similar.contains_key(&group) {
            self.similar.retain(|_, s| now - s.last < SIMILAR_MS);
            if self.similar.len() > REMEMBERED_MAX / 2 {
                thin(&mut self.similar);
            }
        }
        let s = self.similar.entry(group).or_insert(Similar {
            messages: Vec::new(),
            last: now,
        });
        if now - s.last > SIMILAR_MS {
            s.messages.clear();
        }
        s.last = now;
        if !s.messages.iter().any(|m| **m == *message) {
            s.messages.push(message.into());
        }
        if s.messages.len() < SIMILAR_MAX {
            return false;
        }
        // One is let go, so that the next new message is combined too and the set stays small.
        let first = s
            .messages
            .iter()
            .enumerate()
            .min_by(|a, b| a.1.cmp(b.1))
            .map(|(i, _)| i);
        if let Some(i) = first {
            s.messages.swap_remove(i);
        }
        true
    }
    /// A text, shared with the events told lately that have it too.
    fn share(&mut self, text: &str) -> Str {
        if let Some(known) = self.texts.iter().find(|t| **t == *text) {
            return known.clone();
        }
        let fresh = Str::from(text);
        if self.texts.len() >= TEXTS {
            self.texts.pop_front();
        }
        self.texts.push_back(fresh.clone());
        fresh
    }
    /// Who told it and what woke them, without a reason of its own.
    fn cause(&mut self, actor: &'static str, trigger: &Trigger) -> Rc<Cause> {
        let known = self.causes.iter().flatten();
        let mut known = known.filter(|c| c.actor == *actor && c.trigger == *trigger);
        if let Some(c) = known.next() {
            return c.clone();
        }
        let fresh = Rc::new(Cause {
            actor: Str::lit(actor),
            trigger: trigger.clone(),
            reason: String::new(),
        });
        self.causes.rotate_right(1);
        self.causes[0] = Some(fresh.clone());
        fresh
    }
    /// Forgets the older half of what is counted.
    fn shrink(&mut self) {
        let mut times: Vec<Millis> = self.counted.values().map(|c| c.last).collect();
        times.arrange();
        let middle = times.get(times.len() / 2).copied().unwrap_or(0);
        self.counted.retain(|_, c| c.last > middle);
    }
}

/// Lets every second entry go.
fn thin<V>(map: &mut BTreeMap<Mark, V>) {
    let mut keep = false;
    map.retain(|_, _| {
        keep = !keep;
        keep
    });
}

/// Events are kept for an hour after they were first told.
fn forget(cluster: &mut Cluster, now: Millis) {
    while let Some((at, namespace, name)) = cluster.recorder.written.front().cloned() {
        if now - at < KEPT_MS {
            return;
        }
        cluster.recorder.written.pop_front();
        let stored = |cluster: &Cluster| {
            let e = cluster.store.get("events", &namespace, &name)?;
            time::parse_rfc3339(e.text("lastTimestamp"))
        };
        let told = cluster.store.told_at(&namespace, &name);
        let last = told
            .map(|at| at - at.rem_euclid(1000))
            .or_else(|| stored(cluster));
        match last {
            None => {}
            Some(last) if now - last < KEPT_MS => {
                cluster
                    .recorder
                    .written
                    .push_back((last.max(at + 1), namespace, name))
            }
            Some(_) => expire(cluster, namespace, name),
        }
    }
}

fn expire(cluster: &mut Cluster, namespace: Str, name: Str) {
    let call = Call {
        who: Who::Component("apiserver", Str::lit("")),
        verb: Verb::Delete,
        kind: &kinds::event::KIND,
        namespace,
        name,
        subresource: Str::lit(""),
        options: Options::default(),
        body: None,
        cause: Rc::new(Cause {
            actor: Str::lit("apiserver"),
            ..Cause::default()
        }),
    };
    // One that is gone already needs no forgetting.
    let _ = apiserver::execute(cluster, call);
}
