//! Deployment: moves pods from one template to the next by scaling ReplicaSets, one for each template it ever had.
//! Upstream: `kubernetes:pkg/controller/deployment`.
//!
//! It never touches a pod. Each look at a Deployment takes one small step: find (or create) the ReplicaSet of the current
//! template, then scale something up, or something down, then write the status. The step's effect wakes it again. A stuck
//! rollout is simply a state in which no step is allowed; a rollback is a template that some old ReplicaSet already has.
//!
//! - here: the order of the steps, and the ReplicaSet of the current template;
//! - [`rollout`]: how far each strategy may go now; [`scale`]: carrying out one scaling; [`status`]: counts and conditions.

mod rollout;
mod scale;
mod status;

pub(super) use rollout::int_or_percent;

use super::{Controller, Requeue, pods, woken_by_itself, woken_by_owned};
use crate::Cluster;
use crate::cx::Cx;
use crate::store::{Change, Key};
use kinds::deployment::KIND;
use kinds::replicaset::KIND as REPLICASET;
use machinery::Arrange;
use machinery::{Object, Status, Str, Value, WatchType, json, labels, value};

pub const CONTROLLER: Controller = Controller {
    name: "deployment-controller",
    triggers,
    reconcile,
};

pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MAX: &str = "deployment.kubernetes.io/max-replicas";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
const HASH: &str = "pod-template-hash";

fn triggers(cluster: &Cluster, change: &Change, keys: &mut Vec<Key>) {
    woken_by_itself(change, "deployments.apps", keys);
    woken_by_owned(change, "replicasets.apps", "Deployment", keys);
    // `Recreate` waits for the last old pod to be gone.
    if change.resource == "pods" && change.kind == WatchType::Deleted {
        let rs = cluster.store.by_uid(change.new.controller().text("uid"));
        let owner = rs.map(|rs| rs.controller());
        if let Some(d) = owner.filter(|o| o.text("kind") == "Deployment") {
            keys.push((change.key.0.clone(), Str::from(d.text("name"))));
        }
    }
    // An orphaned ReplicaSet may be wanted back.
    if change.resource == "replicasets.apps"
        && change.new.controller().is_null()
        && change.kind != WatchType::Deleted
    {
        let labels = change.new.at("metadata.labels");
        for d in cluster.store.list("deployments.apps", Some(&change.key.0)) {
            if labels::matches(d.at("spec.selector"), labels) {
                keys.push(super::key_of(d));
            }
        }
    }
}

/// What one look at a Deployment works with.
pub(super) struct View {
    pub d: Object,
    /// Of the current template, if it exists yet.
    pub new: Option<Object>,
    /// All others, oldest first.
    pub old: Vec<Object>,
}

impl View {
    fn all(&self) -> impl Iterator<Item = &Object> {
        self.old.iter().chain(self.new.as_ref())
    }
}

fn reconcile(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    let Some(d) = cx.store().get("deployments.apps", &key.0, &key.1).cloned() else {
        return Ok(Requeue::Never);
    };
    let selector = d.at("spec.selector").clone();
    let mut sets = pods::claim(cx, &REPLICASET, &d, &|o| {
        labels::matches(&selector, o.at("metadata.labels"))
    })?;
    sets.arrange_by(|a, b| a.created().cmp(&b.created()).then(a.name().cmp(b.name())));
    if d.is_deleting() {
        let view = find(d, &sets);
        return status::write(cx, &view);
    }
    let d = status::note_pause(cx, &d)?;
    if d.flag("spec.paused") || is_scaling_event(&d, &sets) {
        let view = sync_revision(cx, find(d, &sets), false)?;
        scale::to_wanted_size(cx, &view)?;
        if view.d.flag("spec.paused") {
            clean_up(cx, &view)?;
        }
        let view = again(cx, view);
        return status::write(cx, &view);
    }
    match d.text("spec.strategy.type") {
        "Recreate" => rollout::recreate(cx, find(d, &sets)),
        _ => rollout::rolling(cx, find(d, &sets)),
    }
}

/// Which of the ReplicaSets is of the current template: the oldest whose template is the same but for the hash label.
fn find(d: Object, sets: &[Object]) -> View {
    let wanted = d.at("spec.template");
    let same = |rs: &&Object| same_template(rs.at("spec.template"), wanted);
    let new = sets.iter().find(same).cloned();
    let not_new = |rs: &&Object| new.as_ref().is_none_or(|n| n.uid() != rs.uid());
    let old = sets.iter().filter(not_new).cloned().collect();
    View { d, new, old }
}

/// The same ReplicaSets as they are after this look's writes.
fn again(cx: &Cx, view: View) -> View {
    let fresh = |o: Object| cx.store().by_uid(o.uid()).cloned();
    View {
        d: fresh(view.d.clone()).unwrap_or(view.d),
        new: view.new.and_then(fresh),
        old: view.old.into_iter().filter_map(fresh).collect(),
    }
}

fn same_template(of_set: &Value, wanted: &Value) -> bool {
    if of_set.get("spec") != wanted.get("spec") {
        return false;
    }
    let strip = |t: &Value| {
        let mut m = t.get("metadata").clone();
        let labels = m.place("labels").map_mut();
        labels.remove(HASH);
        m.map_mut()
            .retain(|k, v| !v.is_empty() && k != "creationTimestamp");
        m
    };
    strip(of_set) == strip(wanted)
}

/// The Deployment was scaled: some ReplicaSet with pods still remembers another wanted size.
fn is_scaling_event(d: &Object, sets: &[Object]) -> bool {
    let want = d.int("spec.replicas");
    let active = sets.iter().filter(|rs| rs.int("spec.replicas") > 0);
    let remembered = |rs: &Object| rs.annotation(DESIRED).and_then(|a| a.parse::<i64>().ok());
    active.filter_map(remembered).any(|n| n != want)
}

/// Gives the ReplicaSet of the current template the highest revision, and makes it if there is none (`create`).
/// The Deployment carries the same revision.
fn sync_revision(cx: &mut Cx, view: View, create: bool) -> Result<View, Status> {
    let highest = view.old.iter().map(revision).max().unwrap_or(0);
    match view.new.clone() {
        Some(rs) => take_over(cx, view, &rs, highest + 1),
        None if create => make_new(cx, view, highest + 1),
        None => Ok(view),
    }
}

pub(super) fn revision(o: &Object) -> i64 {
    let text = o.annotation(REVISION);
    text.and_then(|r| r.parse().ok()).unwrap_or(0)
}

fn take_over(cx: &mut Cx, mut view: View, rs: &Object, next: i64) -> Result<View, Status> {
    let renewed = rs.edit(|v| {
        set_new_annotations(v, &view.d, next, true);
        let seconds = view.d.int("spec.minReadySeconds");
        if v.int("spec.minReadySeconds") != seconds {
            v.set("spec.minReadySeconds", seconds);
        }
    });
    if renewed != *rs {
        let reason = format!("its template is wanted again: revision {next}");
        view.new = Some(cx.update(&REPLICASET, &renewed, &reason)?);
    }
    let rev = view.new.as_ref().map_or(next, revision);
    view.d = set_revision(cx, &view.d, rev)?;
    if view.d.condition("Progressing").is_null() && status::has_deadline(&view.d) {
        let text = format!("Found new replica set \"{}\"", rs.name());
        view.d = status::progress(cx, &view.d, "True", "FoundNewReplicaSet", &text)?;
    }
    Ok(view)
}

/// A template never seen before: a new ReplicaSet, named by the template's hash, with as many pods as may start at once.
fn make_new(cx: &mut Cx, mut view: View, next: i64) -> Result<View, Status> {
    let d = view.d.clone();
    let collisions = d.int("status.collisionCount");
    let hash = template_hash(d.at("spec.template"), collisions);
    let mut set = new_set(&d, &hash);
    let size = rollout::new_size(&view, 0);
    set.set("spec.replicas", size);
    set_new_annotations(&mut set, &d, next, false);
    let reason = format!("no ReplicaSet has this template yet: revision {next}");
    let set = Object(set);
    let made = match cx.create(&REPLICASET, &set, &reason) {
        Ok(rs) => rs,
        Err(e) if e.is_already_exists() => return collided(cx, view, &set),
        Err(e) if super::replicaset::namespace_is_going(cx, &d, &e) => return Err(e),
        Err(e) => {
            let text = format!("Failed to create new replica set \"{}\": {e}", set.name());
            status::progress(cx, &d, "False", "ReplicaSetCreateError", &text)?;
            cx.event(&d, "Warning", "ReplicaSetCreateError", &text);
            return Err(e);
        }
    };
    if size > 0 {
        let text = format!("Scaled up replica set {} from 0 to {size}", made.name());
        cx.event(&d, "Normal", "ScalingReplicaSet", &text);
    }
    view.d = set_revision(cx, &d, next)?;
    if status::has_deadline(&view.d) {
        let text = format!("Created new replica set \"{}\"", made.name());
        view.d = status::progress(cx, &view.d, "True", "NewReplicaSetCreated", &text)?;
    }
    view.new = Some(made);
    Ok(view)
}

/// The name is taken: by our own ReplicaSet of this very template (then it is used), or by a stranger (then the hash
/// gets another grain of salt and we try again).
fn collided(cx: &mut Cx, mut view: View, set: &Object) -> Result<View, Status> {
    let there = cx
        .store()
        .get("replicasets.apps", set.namespace(), set.name());
    let there = there.cloned().unwrap_or_default();
    let ours = there.is_controlled_by(&view.d);
    if ours && same_template(there.at("spec.template"), view.d.at("spec.template")) {
        view.new = Some(there);
        return Ok(view);
    }
    let salted = view.d.edit(|v| {
        v.set("status.collisionCount", v.int("status.collisionCount") + 1);
    });
    cx.update_status(&KIND, &salted, "the name of the ReplicaSet is taken")?;
    Err(Status::already_exists("apps", "replicasets", set.name()))
}

fn new_set(d: &Object, hash: &str) -> Value {
    let hash = Value::str(hash);
    let mut template = d.at("spec.template").clone();
    template
        .place("metadata.labels")
        .map_mut()
        .insert(HASH, hash.clone());
    let mut selector = d.at("spec.selector").clone();
    selector
        .place("matchLabels")
        .map_mut()
        .insert(HASH, hash.clone());
    let name = format!("{}-{}", d.name(), hash.as_str().unwrap_or(""));
    let mut spec = value!({ "replicas": 0, "selector": selector });
    if d.int("spec.minReadySeconds") > 0 {
        spec.set("minReadySeconds", d.int("spec.minReadySeconds"));
    }
    let labels = template.at("metadata.labels").clone();
    spec.set("template", template);
    value!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": name, "namespace": Value::str(d.namespace()), "labels": labels,
            "ownerReferences": [d.owner_reference()],
        },
        "spec": spec,
    })
}

/// FNV-1a over the template and the collision count, in the alphabet of generated names. Upstream hashes a dump of its
/// Go structures, which nobody else can reproduce; only the form is the same.
fn template_hash(template: &Value, collisions: i64) -> String {
    let mut h: u32 = 0x811c_9dc5;
    let mut feed = |bytes: &[u8]| {
        for b in bytes {
            h = (h ^ u32::from(*b)).wrapping_mul(0x0100_0193);
        }
    };
    feed(json::print(template).as_bytes());
    if collisions > 0 {
        feed(&collisions.to_le_bytes());
    }
    safe_encode(&h.to_string())
}

/// Upstream's `rand.SafeEncodeString`: each byte becomes a character that cannot spell bad words.
pub(super) fn safe_encode(s: &str) -> String {
    const SAFE: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let pick = |b: u8| SAFE[usize::from(b) % SAFE.len()] as char;
    s.bytes().map(pick).collect()
}

/// The annotations of the ReplicaSet of the current template: the Deployment's own, the revision, the sizes.
fn set_new_annotations(rs: &mut Value, d: &Object, next: i64, exists: bool) {
    let skip = [LAST_APPLIED, REVISION, REVISION_HISTORY, DESIRED, MAX];
    let mut notes = rs.at("metadata.annotations").clone();
    for (k, v) in d.at("metadata.annotations").entries() {
        if !skip.contains(&k.as_str()) {
            notes.map_mut().insert(k.clone(), v.clone());
        }
    }
    let old = notes.get(REVISION).as_str().map(str::to_string);
    let old_number: i64 = old.as_deref().and_then(|r| r.parse().ok()).unwrap_or(0);
    if old_number < next {
        notes.map_mut().insert(REVISION, next.to_string());
        // A revision that comes back remembers under which numbers it was known before.
        if let Some(old) = old {
            let history = match notes.get(REVISION_HISTORY).as_str() {
                Some(h) if !h.is_empty() => format!("{h},{old}"),
                _ => old,
            };
            notes.map_mut().insert(REVISION_HISTORY, history);
        }
    }
    if !exists {
        scale::remember_sizes(&mut notes, d);
    }
    rs.set("metadata.annotations", notes);
}

fn set_revision(cx: &mut Cx, d: &Object, rev: i64) -> Result<Object, Status> {
    let text = rev.to_string();
    if d.annotation(REVISION) == Some(&text) {
        return Ok(d.clone());
    }
    let noted = d.edit(|v| {
        let notes = v.place("metadata.annotations").map_mut();
        notes.insert(REVISION, text);
    });
    cx.update(&KIND, &noted, &format!("it is at revision {rev}"))
}

/// Deletes ReplicaSets beyond `revisionHistoryLimit`: the oldest empty ones. What is gone cannot be rolled back to.
fn clean_up(cx: &mut Cx, view: &View) -> Result<(), Status> {
    let limit = view.d.at("spec.revisionHistoryLimit");
    let Some(limit) = limit.as_i64().filter(|n| *n < i64::from(i32::MAX)) else {
        return Ok(());
    };
    let mut candidates: Vec<&Object> = view.old.iter().filter(|rs| !rs.is_deleting()).collect();
    let surplus = candidates.len() as i64 - limit.max(0);
    candidates.arrange_by_key(|rs| revision(rs));
    for rs in candidates.into_iter().take(surplus.max(0) as usize) {
        let empty = rs.int("status.replicas") == 0 && rs.int("spec.replicas") == 0;
        let seen = rs.generation() <= rs.int("status.observedGeneration");
        if empty && seen {
            let reason = format!("more than {limit} old revisions");
            match cx.delete(&REPLICASET, rs, None, &reason) {
                Err(e) if !e.is_not_found() => return Err(e),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Pods of old ReplicaSets that still run, for `Recreate`.
fn old_pods_running(cx: &Cx, view: &View) -> bool {
    view.old.iter().any(|rs| {
        rs.int("status.replicas") > 0
            || cx
                .store()
                .owned("pods", rs.uid())
                .any(|p| !pods::is_finished(p))
    })
}
