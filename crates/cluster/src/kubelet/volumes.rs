//! Volumes: what must be there before a pod starts, and the files that its containers find.
//!
//! A container's files are the image's with volumes mounted. Trees are shared, not copied; what a container writes into
//! a shared volume is lifted out afterwards, so that others see it.
//! Upstream: `pkg/kubelet/volumemanager`, `pkg/volume/{configmap,secret,projected,emptydir}`.
//!
//! [`check`]: whether a volume can be made; [`made`]: its files; [`base`]: what is there before anything is mounted;
//! [`usage`]: too much written.

pub mod base;
mod check;
mod made;
pub mod usage;

use super::run::{PodRun, Stage};
use super::wake_at;
use super::{env, identity};
use crate::Cluster;
use crate::cx::Cx;
use crate::store::Change;
use base::base_files;
use machinery::time::Millis;
use machinery::{Object, Str, Value};
use made::{made, made_of_objects};
use shell::Fs;
use shell::fs::Tree;
use std::rc::Rc;

/// How often a volume that is missing is looked for again.
pub const RETRY_MS: i64 = 2_000;

/// Its events come about this often.
const TELL_MS: i64 = 16_000;

/// Changed ConfigMaps and Secrets reach files within the kubelet's sync period.
const REFRESH_MS: i64 = 60_000;

/// Notes which ConfigMaps and Secrets a pod uses.
pub fn register(cluster: &mut Cluster, pod: &Object) {
    let uid = Str::from(pod.uid());
    for (resource, name) in sources(pod) {
        let key = (
            Str::lit(resource),
            Str::from(pod.namespace()),
            Str::from(name),
        );
        cluster
            .kubelets
            .users
            .entry(key)
            .or_default()
            .insert(uid.clone());
    }
}

pub fn unregister(cluster: &mut Cluster, uid: &str) {
    cluster.kubelets.users.retain(|_, uids| {
        uids.remove(uid);
        !uids.is_empty()
    });
}

/// ConfigMaps and Secrets behind volumes. The certificate that every pod gets is left out: it never changes here.
fn sources(pod: &Object) -> Vec<(&'static str, &str)> {
    let mut out = Vec::new();
    for v in pod.spec().get("volumes").items() {
        let projected = v.at("projected.sources").items().iter();
        for s in projected.chain([v]) {
            for (resource, name) in [
                ("configmaps", s.at("configMap").text("name")),
                ("secrets", s.at("secret").text("secretName")),
                ("secrets", s.at("secret").text("name")),
            ] {
                if !name.is_empty() && name != "kube-root-ca.crt" {
                    out.push((resource, name));
                }
            }
        }
    }
    out
}

/// A ConfigMap or Secret has changed: pods that mount it make their files anew at their next sync.
pub fn source_changed(cluster: &mut Cluster, change: &Change) {
    let key = (
        change.resource.clone(),
        change.key.0.clone(),
        change.key.1.clone(),
    );
    let Some(uids) = cluster.kubelets.users.get(&key) else {
        return;
    };
    for uid in uids.clone() {
        let Some(run) = cluster.kubelets.pods.take(&uid) else {
            continue;
        };
        let mut run = Rc::unwrap_or_clone(run);
        let spread = uid.bytes().map(i64::from).sum::<i64>() * 131 % (REFRESH_MS / 2);
        if run.refresh_at.is_none() && run.is_up() {
            let at = cluster.now + REFRESH_MS / 2 + spread;
            run.refresh_at = Some(at);
            wake_at(cluster, &mut run, at);
        } else if let Stage::Volumes { told, .. } = run.stage {
            let retry = cluster.now + RETRY_MS / 2;
            run.stage = Stage::Volumes { retry, told };
            wake_at(cluster, &mut run, retry);
        }
        cluster.kubelets.pods.insert(uid, Rc::new(run));
    }
}

/// Makes the pod's volumes; the error is when it was last complained about.
pub fn prepare(cx: &mut Cx, pod: &Object, run: &mut PodRun, told: Millis) -> Result<(), Millis> {
    let now = cx.now();
    for v in pod.spec().get("volumes").items() {
        let Err(why) = check::check(cx.cluster, pod, v) else {
            continue;
        };
        if told != 0 && now < told + TELL_MS {
            return Err(told);
        }
        let message = format!(
            "MountVolume.SetUp failed for volume \"{}\" : {why}",
            v.text("name")
        );
        cx.event(pod, "Warning", "FailedMount", &message);
        return Err(now);
    }
    for v in pod.spec().get("volumes").items() {
        if !v.get("emptyDir").is_null() {
            run.volumes.insert(Str::from(v.text("name")), Tree::empty());
        }
    }
    gather(cx.cluster, pod, run);
    Ok(())
}

/// Keeps the ConfigMaps and Secrets behind volumes as they are now.
fn gather(cluster: &Cluster, pod: &Object, run: &mut PodRun) {
    let found = sources(pod)
        .into_iter()
        .filter_map(|(resource, name)| cluster.store.get(resource, pod.namespace(), name));
    run.sources = found.cloned().collect();
    run.gathered_at = cluster.now;
    run.made.clear();
}

/// Makes the files of volumes once, for those who are going to look at them often.
pub fn warm(cluster: &mut Cluster, pod: &Object, uid: &str) {
    let Some(run) = cluster.kubelets.pods.get(uid) else {
        return;
    };
    if !run.made.is_empty() {
        return;
    }
    let lasting = |v: &&Value| {
        ["configMap", "secret", "projected", "downwardAPI"]
            .iter()
            .any(|k| v.has(k))
    };
    let volumes = pod.spec().get("volumes").items().iter().filter(lasting);
    let made: Vec<(Str, Tree)> = volumes
        .map(|v| (Str::from(v.text("name")), tree(cluster, pod, run, v)))
        .collect();
    if let Some(run) = cluster.kubelets.pod_mut(uid) {
        run.made = made.into_iter().collect();
    }
}

/// The claim behind a volume: by name, or the pod's own (`ephemeral`). "" where there is none.
pub fn claim_of(pod: &Object, v: &Value) -> String {
    match v.get("ephemeral") {
        Value::Null => v.at("persistentVolumeClaim").text("claimName").to_string(),
        _ => format!("{}-{}", pod.name(), v.text("name")),
    }
}

/// Files of ConfigMaps and Secrets follow what they are now: those of running containers too.
pub fn refresh(cx: &mut Cx, pod: &Object, run: &mut PodRun) {
    gather(cx.cluster, pod, run);
}

/// The tree of one volume.
fn tree(cluster: &Cluster, pod: &Object, run: &PodRun, v: &Value) -> Tree {
    let name = v.text("name");
    if let Some(tree) = run.volumes.get(name).or_else(|| run.made.get(name)) {
        return tree.clone();
    }
    match place_of(cluster, pod, v) {
        Some(Kept::Disk(disk)) => (cluster.kubelets.disks.get(&disk)).cloned(),
        Some(Kept::Host(path)) => cluster.kubelets.node(&run.node).map(|n| {
            let files = base::machine_files(n);
            files
                .tree(&base::on_machine(&path))
                .unwrap_or_else(|_| Tree::empty())
        }),
        None => return made(cluster, pod, run, &run.sources, v),
    }
    .unwrap_or_else(Tree::empty)
}

/// Where the content of a volume is kept for longer than its pod.
enum Kept {
    /// A PersistentVolume of this name, wherever its storage is.
    Disk(Str),
    /// A path of the machine that the pod is on.
    Host(String),
}

fn place_of(cluster: &Cluster, pod: &Object, v: &Value) -> Option<Kept> {
    let path = v.at("hostPath").text("path");
    if !path.is_empty() {
        return Some(Kept::Host(path.to_string()));
    }
    let claim = &claim_of(pod, v);
    if claim.is_empty() {
        return None;
    }
    let claims = "persistentvolumeclaims";
    let claim = cluster.store.get(claims, pod.namespace(), claim)?;
    let name = claim.text("spec.volumeName");
    let volume = cluster.store.get("persistentvolumes", "", name)?;
    let path = match volume.text("spec.hostPath.path") {
        "" => volume.text("spec.local.path"),
        path => path,
    };
    // What a provisioner made is shared by its machines here.
    let provisioned = volume
        .annotation("pv.kubernetes.io/provisioned-by")
        .is_some();
    Some(match path.is_empty() || provisioned {
        true => Kept::Disk(Str::from(name)),
        false => Kept::Host(path.to_string()),
    })
}

/// The files of a container as they are now.
pub fn open(cluster: &Cluster, pod: &Object, run: &PodRun, i: usize) -> Fs {
    let Some(c) = run.containers.get(i) else {
        return Fs::new();
    };
    let mut fs = match (&c.fs, c.image) {
        (Some(fs), _) => (**fs).clone(),
        (None, Some(image)) => {
            let mut fs = base_files(cluster, pod, run, image);
            if let Some(text) = identity::process_status(pod, c.spec(pod)) {
                let _ = fs.install("/proc/self/status", text);
            }
            fs
        }
        _ => Fs::new(),
    };
    fs.set_now(cluster.now);
    for (mount, volume) in mounts(pod, c.spec(pod)) {
        let (path, tree) = (mount.text("mountPath"), tree(cluster, pod, run, volume));
        let sub = match mount.text("subPath") {
            "" => env::expand(mount.text("subPathExpr"), |name| {
                c.env
                    .as_ref()
                    .and_then(|e| e.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone()))
            }),
            sub => sub.to_string(),
        };
        let tree = match &c.frozen {
            _ if sub.is_empty() => tree,
            Some(known) if made_of_objects(volume) => {
                sub_tree(made(cluster, pod, run, known, volume), &sub)
            }
            _ => sub_tree(tree, &sub),
        };
        if !fs.tree(path).is_ok_and(|there| there.same(&tree)) {
            if let Some((parent, _)) = path.trim_end_matches('/').rsplit_once('/') {
                let _ = fs.mkdir(if parent.is_empty() { "/" } else { parent }, true);
            }
            let _ = fs.mount(path, tree);
        }
        if mount.flag("readOnly") || made_of_objects(volume) {
            fs.set_read_only(path);
        }
    }
    fs
}

fn sub_tree(tree: Tree, sub: &str) -> Tree {
    let mut fs = Fs::new();
    let _ = fs.mount("/v", tree);
    let path = format!("/v/{sub}");
    if !fs.exists(&path) {
        let _ = fs.mkdir(&path, true);
    }
    fs.tree(&path).unwrap_or_else(|_| Tree::empty())
}

/// Mounts of a container with their volumes.
fn mounts<'a>(pod: &'a Object, spec: &'a Value) -> Vec<(&'a Value, &'a Value)> {
    let volumes = pod.spec().get("volumes").items();
    let volume = |m: &Value| volumes.iter().find(|v| v.text("name") == m.text("name"));
    spec.get("volumeMounts")
        .items()
        .iter()
        .filter_map(|m| Some((m, volume(m)?)))
        .collect()
}

/// Whether anything is mounted at or above or below a path.
pub fn is_mounted(pod: &Object, spec: &Value, path: &str) -> bool {
    mounts(pod, spec).iter().any(|(m, _)| {
        let at = m.text("mountPath");
        path.starts_with(at) || at.starts_with(path)
    })
}

/// Keeps what was written: the container's own files, and shared volumes for all.
pub fn close(cluster: &mut Cluster, pod: &Object, uid: &str, i: usize, fs: &Fs, before: u64) {
    if fs.version() == before {
        return;
    }
    let Some(run) = cluster.kubelets.pod(uid) else {
        return;
    };
    let Some(c) = run.containers.get(i) else {
        return;
    };
    let mut lifted = Vec::new();
    for (mount, volume) in mounts(pod, c.spec(pod)) {
        let kept = ["emptyDir", "persistentVolumeClaim", "hostPath", "ephemeral"]
            .iter()
            .any(|k| volume.has(k));
        let path = mount.text("mountPath");
        if !kept || mount.flag("readOnly") {
            continue;
        }
        let Ok(mut now) = fs.tree(path) else { continue };
        let sub = mount.text("subPath");
        let old = tree(cluster, pod, run, volume);
        if !sub.is_empty() {
            let mut whole = Fs::new();
            let _ = whole.mount("/v", old.clone());
            let at = format!("/v/{sub}");
            let _ = whole.mkdir(shell::fs::parent(&at), true);
            let _ = whole.mount(&at, now);
            now = whole.tree("/v").unwrap_or_else(|_| Tree::empty());
        }
        if !old.same(&now) {
            lifted.push((volume.clone(), now));
        }
    }
    let any = !lifted.is_empty();
    for (volume, now) in lifted {
        keep_tree(cluster, pod, uid, &volume, now);
    }
    if any {
        usage::weigh(cluster, pod, uid);
    }
    if let Some(c) = cluster.kubelets.container_mut(uid, i) {
        c.fs = Some(Rc::new(fs.clone()));
    }
}

fn keep_tree(cluster: &mut Cluster, pod: &Object, uid: &str, volume: &Value, now: Tree) {
    match place_of(cluster, pod, volume) {
        Some(Kept::Disk(disk)) => {
            cluster.kubelets.disks.insert(disk, now);
        }
        Some(Kept::Host(path)) => {
            let node = Str::from(pod.text("spec.nodeName"));
            if let Some(node) = cluster.kubelets.node_mut(&node) {
                let mut files = (*base::machine_files(node)).clone();
                let _ = files.mount(&base::on_machine(&path), now);
                node.files = Some(Rc::new(files));
            }
        }
        None => {
            if let Some(run) = cluster.kubelets.pod_mut(uid) {
                run.volumes.insert(Str::from(volume.text("name")), now);
            }
        }
    }
}
