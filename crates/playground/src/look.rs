//! Looking at the cluster without asking it anything: for lesson checks, the inspector and "why?". Reads the store, so that
//! nothing a learner's page shows appears in the record of calls.

use crate::message::Ref;
use crate::shared::Shared;
use cluster::Cluster;
use kinds::Kind;
use kinds::describe::Related;
use lesson::{Look, Typed};
use machinery::Arrange;
use machinery::time::Millis;
use machinery::{Object, selector};

/// The kind that a word means: `pod`, `pods`, `po`, `deployment`, `Deployment`, `deployments.apps`.
pub fn kind_of(word: &str) -> Option<&'static Kind> {
    let names = |k: &Kind| {
        k.plural == word
            || k.singular == word
            || k.kind == word
            || k.short.contains(&word)
            || k.resource() == word
    };
    kinds::ALL.iter().copied().find(|k| names(k))
}

/// An object by its reference.
pub fn find(cluster: &Cluster, of: &Ref) -> Option<Object> {
    cluster
        .store
        .get(&of.resource, &of.namespace, &of.name)
        .cloned()
}

/// The objects of a kind, of one namespace ("" for all, and for cluster-scoped kinds), with these labels.
fn list(cluster: &Cluster, kind: &Kind, namespace: &str, labels: &str) -> Vec<Object> {
    let ns = (kind.namespaced && !namespace.is_empty()).then_some(namespace);
    let all = cluster.store.list(&kind.resource(), ns);
    match selector::Selector::parse(labels) {
        Ok(selector) => all
            .filter(|o| selector.matches(o.labels()))
            .cloned()
            .collect(),
        Err(_) => Vec::new(),
    }
}

/// What the checks of a lesson's step see.
pub struct LessonLook<'a> {
    pub shared: &'a Shared,
    pub typed: &'a [Typed],
    pub reached: &'a [String],
}

impl Look for LessonLook<'_> {
    fn get(&self, namespace: &str, kind: &str, name: &str) -> Option<Object> {
        if !self.shared.is_up.get() {
            return None;
        }
        let kind = kind_of(kind)?;
        let namespace = if kind.namespaced { namespace } else { "" };
        self.shared
            .cluster
            .borrow()
            .store
            .get(&kind.resource(), namespace, name)
            .cloned()
    }
    fn list(&self, namespace: &str, kind: &str, selector: &str) -> Vec<Object> {
        match kind_of(kind) {
            Some(kind) if self.shared.is_up.get() => {
                list(&self.shared.cluster.borrow(), kind, namespace, selector)
            }
            _ => Vec::new(),
        }
    }
    fn typed(&self) -> &[Typed] {
        self.typed
    }
    fn reached(&self) -> &[String] {
        self.reached
    }
}

/// What a description sees.
pub struct StoreRelated<'a>(pub &'a Cluster);

impl Related for StoreRelated<'_> {
    fn list(&self, api_version: &str, kind: &str, namespace: &str, selector: &str) -> Vec<Object> {
        kinds::of(api_version, kind).map_or(Vec::new(), |k| list(self.0, k, namespace, selector))
    }
    fn get(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Option<Object> {
        let kind = kinds::of(api_version, kind)?;
        let namespace = if kind.namespaced { namespace } else { "" };
        self.0.store.get(&kind.resource(), namespace, name).cloned()
    }
    fn events(&self, about: &Object) -> Vec<Object> {
        events(self.0, about)
    }
    fn now(&self) -> Millis {
        self.0.now
    }
}

/// The events about an object, oldest first.
pub fn events(cluster: &Cluster, about: &Object) -> Vec<Object> {
    let namespace = if about.namespace().is_empty() {
        "default"
    } else {
        about.namespace()
    };
    let same = |e: &&Object| {
        let who = e.at("involvedObject");
        who.text("name") == about.name()
            && who.text("kind") == about.kind()
            && who.text("namespace") == about.namespace()
    };
    let mut found: Vec<Object> = cluster
        .store
        .list("events", Some(namespace))
        .filter(same)
        .cloned()
        .collect();
    found.arrange_by(|a, b| {
        a.text("lastTimestamp")
            .cmp(b.text("lastTimestamp"))
            .then(a.resource_version().cmp(&b.resource_version()))
    });
    found
}
