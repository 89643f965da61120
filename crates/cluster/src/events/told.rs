//! An Event as it was told: a few words, from which the object is made when somebody reads it. Most are never read, and
//! ten thousand pods have fifty thousand of them.

use super::{Mark, WORDS_MAX};
use crate::cx::Cx;
use crate::rng::{push_hex, uuid_text};
use crate::store::{Change, Facts, Key, Resource};
use crate::{Cluster, Output};
use kinds::event::KIND;
use machinery::time::Millis;
use machinery::{Cause, Object, Str, Value, WatchType, time, value};
use std::cell::OnceCell;
use std::rc::Rc;

/// One event that was told once.
#[derive(Clone)]
pub struct Told {
    /// The write that made it, once it was looked at.
    change: OnceCell<Rc<Change>>,
    /// Namespace and name of the event.
    pub key: Key,
    pub version: u64,
    pub at: Millis,
    uid: (u64, u64),
    about: About,
    words: Rc<Words>,
    message: Str,
    cause: Rc<Cause>,
}

/// About whom; the name is the beginning of the event's own.
#[derive(Clone)]
struct About {
    uid: Str,
    /// As a number; `u64::MAX` where it has none.
    version: u64,
    namespaced: bool,
}

/// What many events have in common: all of one reason that one component tells of one kind of object.
pub(super) struct Words {
    api_version: Str,
    about: Str,
    field_path: Str,
    kind: &'static str,
    reason: Str,
    actor: &'static str,
    host: Str,
}

/// What the event's name adds to that of its object: a dot and sixteen digits.
const ENDING: usize = 17;

fn text(v: &Value) -> Str {
    match v {
        Value::Str(s) => s.clone(),
        _ => Str::lit(""),
    }
}

impl Words {
    fn of(
        cx: &mut Cx,
        about: &Object,
        (field_path, kind, reason): (&str, &'static str, &str),
    ) -> Rc<Words> {
        let (api_version, named) = (about.get("apiVersion"), about.get("kind"));
        let texts = [
            api_version.as_str().unwrap_or(""),
            named.as_str().unwrap_or(""),
            field_path,
            kind,
            reason,
            cx.actor,
            &cx.host,
        ];
        let mark = texts.into_iter().fold(Mark::NONE, Mark::and);
        let state = &mut cx.cluster.recorder;
        if let Some(known) = state.words.get(&mark) {
            return known.clone();
        }
        let fresh = Rc::new(Words {
            api_version: text(api_version),
            about: text(named),
            field_path: state.share(field_path),
            kind,
            reason: state.share(reason),
            actor: cx.actor,
            host: cx.host.clone(),
        });
        if state.words.len() >= WORDS_MAX {
            state.words.clear();
        }
        state.words.insert(mark, fresh.clone());
        fresh
    }
}

impl Told {
    /// What is to be told now, about an object (or a part of it), in a namespace: part, type, reason and message.
    pub(super) fn new(
        cx: &mut Cx,
        about: &Object,
        namespace: Str,
        (field_path, kind, reason, message): (&str, &'static str, &str, &str),
        cause: Rc<Cause>,
    ) -> Told {
        let now = cx.now();
        // The name ends in the instant in nanoseconds, so that events of one second are listed in their order.
        let cluster = &mut cx.cluster;
        cluster.recorder.sequence = (cluster.recorder.sequence + 1) % 1000;
        let nanos = now.unsigned_abs() * 1_000_000
            + cluster.recorder.sequence * 1000
            + cluster.names.next_u64() % 1000;
        let m = about.get("metadata");
        let base = m.text("name");
        let mut name = String::with_capacity(base.len() + ENDING);
        name.push_str(base);
        name.push('.');
        push_hex(&mut name, nanos, 16);
        let version = m.text("resourceVersion").parse().unwrap_or(u64::MAX);
        Told {
            change: OnceCell::new(),
            key: (namespace, Str::plain(&name)),
            version: 0,
            at: now,
            uid: (0, 0),
            about: About {
                uid: text(m.get("uid")),
                version,
                namespaced: !about.namespace().is_empty(),
            },
            words: Words::of(cx, about, (field_path, kind, reason)),
            message: cx.cluster.recorder.share(message),
            cause,
        }
    }

    /// As its recorder sends it.
    pub(super) fn sent(&self) -> Value {
        let now = Value::from(time::rfc3339(self.at));
        let (about, words) = (&self.about, &*self.words);
        let name = &self.key.1;
        let name = name.get(..name.len().saturating_sub(ENDING)).unwrap_or("");
        let mut involved = value!({
            "apiVersion": words.api_version.clone(), "kind": words.about.clone(),
            "name": Value::str(name), "uid": about.uid.clone(), "resourceVersion": null,
        });
        if about.version != u64::MAX {
            involved.set("resourceVersion", about.version.to_string());
        }
        if about.namespaced {
            involved.set("namespace", self.key.0.clone());
        }
        if !words.field_path.is_empty() {
            involved.set("fieldPath", words.field_path.clone());
        }
        let mut source = value!({ "component": words.actor });
        if !words.host.is_empty() {
            source.set("host", words.host.clone());
        }
        value!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": { "name": self.key.1.clone(), "namespace": self.key.0.clone() },
            "involvedObject": involved, "type": words.kind, "reason": words.reason.clone(), "message": self.message.clone(),
            "source": source, "count": 1, "firstTimestamp": now.clone(), "lastTimestamp": now, "eventTime": null,
            "reportingComponent": words.actor, "reportingInstance": words.host.clone(),
        })
    }

    /// The write that made it.
    pub fn change(&self) -> &Rc<Change> {
        self.change.get_or_init(|| {
            let mut v = self.sent();
            let m = v.field("metadata").map_mut();
            m.insert("uid", uuid_text(self.uid));
            m.insert("creationTimestamp", time::rfc3339(self.at));
            m.insert("resourceVersion", self.version.to_string());
            (KIND.default)(&mut v);
            Rc::new(Change {
                version: self.version,
                at: self.at,
                kind: WatchType::Added,
                resource: Resource::lit(KIND.plural),
                key: self.key.clone(),
                old: None,
                new: Object(v),
                cause: self.cause.clone(),
                facts: Facts::default(),
            })
        })
    }
}

/// Whether an event about this object would pass the stages of a write unchanged: its namespace stands, nobody counts or
/// checks events, and its name is one.
pub(super) fn is_plain(cluster: &Cluster, about: &Object, namespace: &str) -> bool {
    const LOOK_AT_EVENTS: &[&str] = &[
        "resourcequotas",
        "validatingadmissionpolicybindings.admissionregistration.k8s.io",
        "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
    ];
    const NAME_MAX: usize = 253 - ENDING;
    let name = about.name().as_bytes();
    let letter = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
    let store = &cluster.store;
    let there = store.get("namespaces", "", namespace);
    !name.is_empty()
        && name.len() <= NAME_MAX
        && name.iter().all(letter)
        && name.first() != Some(&b'-')
        && name.last() != Some(&b'-')
        && there.is_some_and(|n| !n.is_deleting())
        && LOOK_AT_EVENTS.iter().all(|r| store.count(r) == 0)
}

impl Cluster {
    /// Writes an event that needs no checking. False if one of that name is there.
    pub(super) fn tell(&mut self, mut told: Told) -> bool {
        told.uid = self.uids.uuid_bits();
        let Some(told) = self.store.tell(told) else {
            return false;
        };
        if self.listening {
            self.emit(Output::Change(told.change().clone()));
        }
        true
    }
}
