//! What an actor (controller, scheduler, kubelet) sees of the cluster, and how it writes: through the one door, with
//! its name and what woke it.

use crate::Cluster;
use crate::apiserver::{self, Call, Options, Verb, Who};
use crate::event::Event;
use crate::store::Store;
use kinds::Kind;
use machinery::time::Millis;
use machinery::{Cause, Object, Status, Str, Trigger, Value};
use std::rc::Rc;

pub struct Cx<'a> {
    pub cluster: &'a mut Cluster,
    /// Who acts: `deployment-controller`, `default-scheduler`, `kubelet`.
    pub actor: &'static str,
    /// The node for kubelets, "" otherwise.
    pub host: Str,
    pub trigger: Trigger,
}

impl Cx<'_> {
    pub fn now(&self) -> Millis {
        self.cluster.now
    }
    /// Reading is free and always newest.
    pub fn store(&self) -> &Store {
        &self.cluster.store
    }
    fn cause(&self, reason: &str) -> Rc<Cause> {
        Rc::new(Cause {
            actor: Str::lit(self.actor),
            trigger: self.trigger.clone(),
            reason: reason.to_string(),
        })
    }
    fn call(
        &mut self,
        verb: Verb,
        kind: &'static Kind,
        subresource: &str,
        o: &Object,
        body: Option<Value>,
        reason: &str,
    ) -> Result<Object, Status> {
        self.call_with(verb, kind, subresource, o, body, Options::default(), reason)
    }
    #[allow(clippy::too_many_arguments)]
    fn call_with(
        &mut self,
        verb: Verb,
        kind: &'static Kind,
        subresource: &str,
        o: &Object,
        body: Option<Value>,
        mut options: Options,
        reason: &str,
    ) -> Result<Object, Status> {
        options.field_manager = Str::lit(self.actor);
        let metadata = o.get("metadata");
        let call = Call {
            who: Who::Component(self.actor, self.host.clone()),
            verb,
            kind,
            namespace: apiserver::str_of(metadata.get("namespace")),
            name: apiserver::str_of(metadata.get("name")),
            subresource: Str::from(subresource),
            options,
            body,
            cause: self.cause(reason),
        };
        apiserver::execute(self.cluster, call).map(|done| done.object)
    }
    /// `reason` is why, in plain words and numbers: `wanted 3, had 2`.
    pub fn create(
        &mut self,
        kind: &'static Kind,
        o: &Object,
        reason: &str,
    ) -> Result<Object, Status> {
        self.call(Verb::Create, kind, "", o, Some(o.0.clone()), reason)
    }
    /// Replaces; `o` carries the resourceVersion that was read (optimistic lock). A write that changes nothing is none.
    pub fn update(
        &mut self,
        kind: &'static Kind,
        o: &Object,
        reason: &str,
    ) -> Result<Object, Status> {
        self.call(Verb::Update, kind, "", o, Some(o.0.clone()), reason)
    }
    pub fn update_status(
        &mut self,
        kind: &'static Kind,
        o: &Object,
        reason: &str,
    ) -> Result<Object, Status> {
        self.call(Verb::Update, kind, "status", o, Some(o.0.clone()), reason)
    }
    /// Replaces through another subresource: `finalize` of a namespace, `scale`, `ephemeralcontainers`, `resize`.
    pub fn update_sub(
        &mut self,
        kind: &'static Kind,
        subresource: &str,
        o: &Object,
        reason: &str,
    ) -> Result<Object, Status> {
        self.call(
            Verb::Update,
            kind,
            subresource,
            o,
            Some(o.0.clone()),
            reason,
        )
    }
    /// Another subresource with its own body: `binding` of a pod, `eviction`, `scale`.
    pub fn create_sub(
        &mut self,
        kind: &'static Kind,
        subresource: &str,
        o: &Object,
        body: Value,
        reason: &str,
    ) -> Result<Object, Status> {
        self.call(Verb::Create, kind, subresource, o, Some(body), reason)
    }
    /// Deletes as a client would (grace period, finalizers). `grace_s` None = the object's own.
    pub fn delete(
        &mut self,
        kind: &'static Kind,
        o: &Object,
        grace_s: Option<i64>,
        reason: &str,
    ) -> Result<Object, Status> {
        self.delete_with(kind, o, grace_s, "", reason)
    }
    /// As [`Cx::delete`], saying what happens to dependents: `Background`, `Foreground`, `Orphan`; "" is the default.
    pub fn delete_with(
        &mut self,
        kind: &'static Kind,
        o: &Object,
        grace_s: Option<i64>,
        propagation: &str,
        reason: &str,
    ) -> Result<Object, Status> {
        let options = Options {
            grace_period_s: grace_s,
            precondition_uid: Some(o.uid().to_string()).filter(|u| !u.is_empty()),
            propagation: Str::from(propagation),
            ..Options::default()
        };
        self.call_with(Verb::Delete, kind, "", o, None, options, reason)
    }
    /// Records an Event object about `about`, aggregated and counted as upstream's recorder does. `kind` is Normal or Warning.
    pub fn event(&mut self, about: &Object, kind: &'static str, reason: &str, message: &str) {
        crate::events::record(self, about, "", kind, reason, message);
    }
    /// As [`Cx::event`], about a part: `spec.containers{web}`.
    pub fn event_at(
        &mut self,
        about: &Object,
        field_path: &str,
        kind: &'static str,
        reason: &str,
        message: &str,
    ) {
        crate::events::record(self, about, field_path, kind, reason, message);
    }
    /// Wakes somebody after a delay.
    pub fn after(&mut self, delay_ms: i64, event: Event) {
        let at = self.cluster.now + delay_ms.max(0);
        self.cluster.queue.push(at, event);
    }
}
