//! An Event as it was told: a few words, from which the object is made when somebody reads it. Most are never read, and
//! ten thousand pods have fifty thousand of them.

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
    /// About whom.
    about: About,
    field_path: Str,
    kind: &'static str,
    reason: Str,
    message: Str,
    actor: &'static str,
    host: Str,
    cause: Rc<Cause>,
}

#[derive(Clone)]
struct About {
    api_version: Str,
    kind: Str,
    name: Str,
    uid: Str,
    /// As a number; `u64::MAX` where it has none.
    version: u64,
    namespaced: bool,
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
        let mut name = String::with_capacity(base.len() + 17);
        name.push_str(base);
        name.push('.');
        push_hex(&mut name, nanos, 16);
        let text = |v: &Value| match v {
            Value::Str(s) => s.clone(),
            _ => Str::lit(""),
        };
        let version = m.text("resourceVersion").parse().unwrap_or(u64::MAX);
        Told {
            change: OnceCell::new(),
            key: (namespace, Str::plain(&name)),
            version: 0,
            at: now,
            uid: (0, 0),
            about: About {
                api_version: text(about.get("apiVersion")),
                kind: text(about.get("kind")),
                name: text(m.get("name")),
                uid: text(m.get("uid")),
                version,
                namespaced: !about.namespace().is_empty(),
            },
            field_path: cx.cluster.recorder.share(field_path),
            kind,
            reason: cx.cluster.recorder.share(reason),
            message: cx.cluster.recorder.share(message),
            actor: cx.actor,
            host: cx.host.clone(),
            cause,
        }
    }

    /// As its recorder sends it.
    pub(super) fn sent(&self) -> Value {
        let now = Value::from(time::rfc3339(self.at));
        let about = &self.about;
        let mut involved = value!({
            "apiVersion": about.api_version.clone(), "kind": about.kind.clone(),
            "name": about.name.clone(), "uid": about.uid.clone(), "resourceVersion": null,
        });
        if about.version != u64::MAX {
            involved.set("resourceVersion", about.version.to_string());
        }
        if about.namespaced {
            involved.set("namespace", self.key.0.clone());
        }
        if !self.field_path.is_empty() {
            involved.set("fieldPath", self.field_path.clone());
        }
        let mut source = value!({ "component": self.actor });
        if !self.host.is_empty() {
            source.set("host", self.host.clone());
        }
        value!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": { "name": self.key.1.clone(), "namespace": self.key.0.clone() },
            "involvedObject": involved, "type": self.kind, "reason": self.reason.clone(), "message": self.message.clone(),
            "source": source, "count": 1, "firstTimestamp": now.clone(), "lastTimestamp": now, "eventTime": null,
            "reportingComponent": self.actor, "reportingInstance": self.host.clone(),
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
    const NAME_MAX: usize = 253 - 17;
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
