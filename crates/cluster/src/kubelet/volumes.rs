//! Volumes: what must be there before a pod starts, and the files that its containers find.
//!
//! A container's files are the image's with volumes mounted. Trees are shared, not copied; what a container writes into
//! a shared volume is lifted out afterwards, so that others see it.
//! Upstream: `pkg/kubelet/volumemanager`, `pkg/volume/{configmap,secret,projected,emptydir}`.

use super::catalogue::{Base, Image};
use super::env;
use super::run::{PodRun, Stage};
use super::{programs, wake_at};
use crate::Cluster;
use crate::cx::Cx;
use crate::store::Change;
use machinery::time::Millis;
use machinery::{Object, Str, Value};
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
        let Some(run) = cluster.kubelets.pods.remove(&uid) else {
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
        let Err(why) = check(cx.cluster, pod, v) else {
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

/// Whether a volume can be made now.
fn check(cluster: &Cluster, pod: &Object, v: &Value) -> Result<(), String> {
    let ns = pod.namespace();
    let sources = v.at("projected.sources").items().iter().chain([v]);
    for s in sources {
        let cm = s.get("configMap");
        let secret = s.get("secret");
        let secret_name = match secret.text("secretName") {
            "" => secret.text("name"),
            name => name,
        };
        for (one, resource, what, name) in [
            (cm, "configmaps", "configmap", cm.text("name")),
            (secret, "secrets", "secret", secret_name),
        ] {
            if one.is_null() || one.flag("optional") || name == "kube-root-ca.crt" {
                continue;
            }
            let Some(o) = cluster.store.get(resource, ns, name) else {
                return Err(format!("{what} \"{name}\" not found"));
            };
            for item in one.get("items").items() {
                let key = item.text("key");
                if !o.get("data").has(key) && !o.get("binaryData").has(key) {
                    return Err(format!(
                        "references non-existent {} key: {key}",
                        if what == "secret" { "secret" } else { "config" }
                    ));
                }
            }
        }
    }
    host_path_is(cluster, pod, v.get("hostPath"))?;
    let claim = &claim_of(pod, v);
    if !claim.is_empty() {
        match cluster.store.get("persistentvolumeclaims", ns, claim) {
            None => return Err(format!("persistentvolumeclaim \"{claim}\" not found")),
            Some(c) if c.text("spec.volumeName").is_empty() => {
                return Err(format!("persistentvolumeclaim \"{claim}\" is not bound"));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// The claim behind a volume: by name, or the pod's own (`ephemeral`). "" where there is none.
pub fn claim_of(pod: &Object, v: &Value) -> String {
    match v.get("ephemeral") {
        Value::Null => v.at("persistentVolumeClaim").text("claimName").to_string(),
        _ => format!("{}-{}", pod.name(), v.text("name")),
    }
}

/// What every machine has; all else is there once something was written to it.
const HOST_DIRS: &[&str] = &[
    "/",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib/modules",
    "/mnt",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/srv",
    "/sys",
    "/tmp",
    "/usr",
    "/var",
    "/var/lib",
    "/var/lib/kubelet",
    "/var/log",
    "/var/log/containers",
    "/var/log/pods",
    "/var/run",
];
const HOST_FILES: &[&str] = &[
    "/etc/hostname",
    "/etc/hosts",
    "/etc/localtime",
    "/etc/machine-id",
    "/etc/resolv.conf",
];
const HOST_SOCKETS: &[&str] = &[
    "/run/containerd/containerd.sock",
    "/var/run/containerd/containerd.sock",
];

/// A hostPath may ask for what must be there already.
fn host_path_is(cluster: &Cluster, pod: &Object, h: &Value) -> Result<(), String> {
    let path = h.text("path");
    let trimmed = if path.len() > 1 {
        path.trim_end_matches('/')
    } else {
        path
    };
    let node = cluster.kubelets.node(pod.text("spec.nodeName"));
    let made = node.is_some_and(|n| n.host_paths.contains_key(trimmed));
    let (there, what) = match h.text("type") {
        "Directory" => (made || HOST_DIRS.contains(&trimmed), "directory"),
        "File" => (HOST_FILES.contains(&trimmed), "file"),
        "Socket" => (HOST_SOCKETS.contains(&trimmed), "socket file"),
        "CharDevice" => (
            trimmed == "/dev/null" || trimmed == "/dev/zero",
            "character device",
        ),
        "BlockDevice" => (false, "block device"),
        _ => (true, ""),
    };
    match there {
        true => Ok(()),
        false => Err(format!(
            "hostPath type check failed: {path} is not a {what}"
        )),
    }
}

/// The kubelet looks this often at how much is written.
const STORAGE_LOOK_MS: i64 = 10_000;

/// After something was written: is it more than the limits allow? Noted, to be acted on at the kubelet's next look.
fn weigh(cluster: &mut Cluster, pod: &Object, uid: &str) {
    let Some(run) = cluster.kubelets.pod(uid).filter(|r| r.overfull.is_none()) else {
        return;
    };
    let read = |v: &Value| crate::scheduler::read_amount(v);
    let mut why = None;
    let mut scratch = 0;
    for v in pod.spec().get("volumes").items() {
        let Some(tree) = run.volumes.get(v.text("name")) else {
            continue;
        };
        let limit = v.at("emptyDir.sizeLimit");
        let bytes = tree.bytes() as i64;
        scratch += bytes;
        if !limit.is_null() && bytes > read(limit) {
            let name = v.text("name");
            let limit = limit.as_str().unwrap_or("");
            why = Some(format!(
                "Usage of EmptyDir volume \"{name}\" exceeds the limit \"{limit}\". "
            ));
        }
    }
    let limits = |c: &Value| c.at("resources.limits").get("ephemeral-storage").clone();
    let containers = pod.spec().get("containers").items();
    let total: i64 = containers.iter().map(|c| read(&limits(c))).sum();
    if why.is_none()
        && total > 0
        && scratch > total
        && containers.iter().all(|c| !limits(c).is_null())
    {
        let texts: Vec<Value> = containers.iter().map(limits).collect();
        let shown = match texts.as_slice() {
            [one] => one.as_str().unwrap_or("").to_string(),
            _ => total.to_string(),
        };
        why = Some(format!(
            "Pod ephemeral local storage usage exceeds the total limit of containers {shown}. "
        ));
    }
    let Some(why) = why else { return };
    let at = (cluster.now / STORAGE_LOOK_MS + 1) * STORAGE_LOOK_MS;
    if let Some(run) = cluster.kubelets.pod_mut(uid) {
        run.overfull = Some(Rc::new((at, why)));
    }
    super::wake_pod_at(cluster, uid, at);
}

/// The kubelet ends a pod that uses more than it may.
pub fn evict(cx: &mut Cx, pod: &Object, run: &mut PodRun, why: &str) {
    if run.failed.is_some() {
        return;
    }
    cx.event(pod, "Warning", "Evicted", why);
    run.failed = Some(Rc::new(("Evicted".into(), why.to_string())));
    run.dirty(cx.now(), "it uses more storage than it may");
}

/// Files of ConfigMaps and Secrets follow what they are now: those of running containers too.
pub fn refresh(cx: &mut Cx, pod: &Object, run: &mut PodRun) {
    gather(cx.cluster, pod, run);
}

/// The host name of a pod: its own, or its name.
pub fn hostname(_cluster: &Cluster, pod: &Object) -> String {
    let sub = pod.text("spec.subdomain");
    if pod.at("spec.setHostnameAsFQDN").as_bool() == Some(true) && !sub.is_empty() {
        let own = match pod.text("spec.hostname") {
            "" => pod.name(),
            name => name,
        };
        return format!("{own}.{sub}.{}.svc.cluster.local", pod.namespace());
    }
    match pod.text("spec.hostname") {
        _ if pod.at("spec.hostNetwork").as_bool() == Some(true) => {
            pod.text("spec.nodeName").to_string()
        }
        "" => pod.name().to_string(),
        name => name.to_string(),
    }
}

/// The tree of one volume.
fn tree(cluster: &Cluster, pod: &Object, run: &PodRun, v: &Value) -> Tree {
    let name = v.text("name");
    if let Some(tree) = run.volumes.get(name).or_else(|| run.made.get(name)) {
        return tree.clone();
    }
    let claim = &claim_of(pod, v);
    if !claim.is_empty() {
        let disk = disk(cluster, pod, claim);
        return disk
            .and_then(|d| cluster.kubelets.disks.get(&d).cloned())
            .unwrap_or_else(Tree::empty);
    }
    let path = v.at("hostPath").text("path");
    if !path.is_empty() {
        let node = cluster.kubelets.node(&run.node);
        return node
            .and_then(|n| n.host_paths.get(path).cloned())
            .unwrap_or_else(Tree::empty);
    }
    made(cluster, pod, run, &run.sources, v)
}

/// The files of a volume made of ConfigMaps, Secrets and the pod itself.
fn made(cluster: &Cluster, pod: &Object, run: &PodRun, known: &[Object], v: &Value) -> Tree {
    let mut fs = Fs::new();
    let _ = fs.mkdir("/v", true);
    let sources = v.at("projected.sources").items().iter().chain([v]);
    for s in sources {
        source_files(cluster, pod, run, known, s, &mut fs);
    }
    fs.tree("/v").unwrap_or_else(|_| Tree::empty())
}

fn made_of_objects(volume: &Value) -> bool {
    ["configMap", "secret", "projected", "downwardAPI"]
        .iter()
        .any(|k| volume.has(k))
}

/// The name of the PersistentVolume behind a claim.
fn disk(cluster: &Cluster, pod: &Object, claim: &str) -> Option<Str> {
    let claim = cluster
        .store
        .get("persistentvolumeclaims", pod.namespace(), claim)?;
    let name = claim.text("spec.volumeName");
    (!name.is_empty()).then(|| Str::from(name))
}

/// Files of one source of a volume: ConfigMap, Secret, downward API, service account token.
fn source_files(
    cluster: &Cluster,
    pod: &Object,
    run: &PodRun,
    known: &[Object],
    s: &Value,
    fs: &mut Fs,
) {
    let ns = pod.namespace();
    for (field, resource) in [("configMap", "configmaps"), ("secret", "secrets")] {
        let one = s.get(field);
        let name = match one.text("secretName") {
            "" => one.text("name"),
            name => name,
        };
        let kind = if resource == "secrets" {
            "Secret"
        } else {
            "ConfigMap"
        };
        let kept = known.iter().find(|o| o.kind() == kind && o.name() == name);
        let Some(o) = kept.or_else(|| cluster.store.get(resource, ns, name)) else {
            continue;
        };
        let items = one.get("items").items();
        let mut put = |key: &str, path: &str| {
            let text = o.get("data").get(key).as_str();
            let bytes = match (text, resource) {
                (Some(text), "secrets") => env::unbase64(text),
                (Some(text), _) => text.as_bytes().to_vec(),
                (None, _) => env::unbase64(o.get("binaryData").text(key)),
            };
            let _ = fs.install(&format!("/v/{path}"), bytes);
        };
        if items.is_empty() {
            let keys = o
                .get("data")
                .entries()
                .iter()
                .chain(o.get("binaryData").entries());
            keys.for_each(|(key, _)| put(key, key));
        } else {
            items
                .iter()
                .for_each(|i| put(i.text("key"), i.text("path")));
        }
    }
    for item in s.at("downwardAPI.items").items() {
        let text = match item.at("fieldRef").text("fieldPath") {
            "" => {
                let r = item.get("resourceFieldRef");
                let all = pod.spec().get("containers").items();
                let holder = all
                    .iter()
                    .find(|c| c.text("name") == r.text("containerName"));
                env::resource(cluster, run, holder.unwrap_or(machinery::NULL), r)
            }
            path => env::field(cluster, pod, run, path),
        };
        let _ = fs.install(&format!("/v/{}", item.text("path")), text);
    }
    let token = s.get("serviceAccountToken");
    if !token.is_null() {
        let text = crate::apiserver::pod_token(cluster, pod).unwrap_or_default();
        let _ = fs.install(&format!("/v/{}", token.text("path")), text);
    }
}

/// The files of a container as they are now.
pub fn open(cluster: &Cluster, pod: &Object, run: &PodRun, i: usize) -> Fs {
    let Some(c) = run.containers.get(i) else {
        return Fs::new();
    };
    let mut fs = match (&c.fs, c.image) {
        (Some(fs), _) => (**fs).clone(),
        (None, Some(image)) => base_files(cluster, pod, run, image),
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
        weigh(cluster, pod, uid);
    }
    if let Some(c) = cluster
        .kubelets
        .pod_mut(uid)
        .and_then(|run| run.containers.get_mut(i))
    {
        c.fs = Some(Rc::new(fs.clone()));
    }
}

fn keep_tree(cluster: &mut Cluster, pod: &Object, uid: &str, volume: &Value, now: Tree) {
    let claim = &claim_of(pod, volume);
    let path = volume.at("hostPath").text("path");
    if !claim.is_empty() {
        if let Some(disk) = disk(cluster, pod, claim) {
            cluster.kubelets.disks.insert(disk, now);
        }
    } else if !path.is_empty() {
        let node = Str::from(pod.text("spec.nodeName"));
        if let Some(node) = cluster.kubelets.node_mut(&node) {
            node.host_paths.insert(Str::from(path), now);
        }
    } else if let Some(run) = cluster.kubelets.pod_mut(uid) {
        run.volumes.insert(Str::from(volume.text("name")), now);
    }
}

/// What an image and the runtime lay out before anything is mounted.
fn base_files(cluster: &Cluster, pod: &Object, run: &PodRun, image: &'static Image) -> Fs {
    let known = cluster.kubelets.bases.get(&image_key(image));
    let mut fs = known.map_or_else(|| image_files(image), |fs| (**fs).clone());
    fs.set_now(run.since);
    let host = hostname(cluster, pod);
    let ip = crate::network::text_ip(run.ip);
    let mut put = |path: &str, text: &str| {
        let _ = fs.install(path, text);
    };
    put("/etc/hostname", &format!("{host}\n"));
    let mut hosts = format!(
        "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n{ip}\t{host}\n"
    );
    for alias in pod.spec().get("hostAliases").items() {
        let names: Vec<&str> = alias
            .get("hostnames")
            .items()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        hosts.push_str(&format!(
            "\n# Entries added by HostAliases.\n{}\t{}\n",
            alias.text("ip"),
            names.join("\t")
        ));
    }
    put("/etc/hosts", &hosts);
    put("/etc/resolv.conf", &resolv_conf(pod));
    fs
}

/// The resolver's file by `dnsPolicy` and `dnsConfig`.
fn resolv_conf(pod: &Object) -> String {
    let policy = pod.text("spec.dnsPolicy");
    let host = pod.at("spec.hostNetwork").as_bool() == Some(true);
    let cluster_first =
        policy == "ClusterFirstWithHostNet" || !host && matches!(policy, "" | "ClusterFirst");
    let config = pod.at("spec.dnsConfig");
    let texts = |key: &str| -> Vec<String> {
        let all = config.get(key).items().iter().filter_map(Value::as_str);
        all.map(str::to_string).collect()
    };
    let (mut search, mut servers, mut options) = (Vec::new(), Vec::new(), Vec::new());
    if cluster_first {
        let ns = pod.namespace();
        search = vec![
            format!("{ns}.svc.cluster.local"),
            "svc.cluster.local".to_string(),
            "cluster.local".to_string(),
        ];
        servers.push(crate::network::DNS_IP.to_string());
        options.push("ndots:5".to_string());
    } else if policy != "None" {
        // The machine's own resolver.
        servers.push("172.18.0.1".to_string());
    }
    search.extend(texts("searches"));
    servers.extend(texts("nameservers"));
    for o in config.get("options").items() {
        let name = o.text("name");
        options.retain(|known| known.split(':').next() != Some(name));
        options.push(match o.text("value") {
            "" => name.to_string(),
            value => format!("{name}:{value}"),
        });
    }
    let mut out = String::new();
    if !search.is_empty() {
        out.push_str(&format!("search {}\n", search.join(" ")));
    }
    for s in servers {
        out.push_str(&format!("nameserver {s}\n"));
    }
    if !options.is_empty() {
        out.push_str(&format!("options {}\n", options.join(" ")));
    }
    out
}

/// An image is known by its first repository and tag.
fn image_key(image: &'static Image) -> (&'static str, &'static str) {
    (
        image.repositories.first().copied().unwrap_or(""),
        image.tags.first().copied().unwrap_or(""),
    )
}

/// Lays an image's files out once, for all containers of it whose processes look at files.
pub fn warm_image(cluster: &mut Cluster, image: &'static Image) {
    let bases = &mut cluster.kubelets.bases;
    bases
        .entry(image_key(image))
        .or_insert_with(|| Rc::new(image_files(image)));
}

/// What an image brings.
fn image_files(image: &Image) -> Fs {
    let mut fs = Fs::new();
    for dir in [
        "/bin",
        "/dev",
        "/etc",
        "/home",
        "/proc",
        "/root",
        "/sys",
        "/tmp",
        "/usr/bin",
        "/usr/local/bin",
        "/usr/sbin",
        "/sbin",
        "/var/log",
        "/var/run",
        "/run",
        "/opt",
        "/mnt",
        "/srv",
        "/lib",
    ] {
        let _ = fs.mkdir(dir, true);
    }
    if image.workdir != "/" {
        let _ = fs.mkdir(image.workdir, true);
    }
    let os = match image.base {
        Base::Debian => {
            "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nVERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n"
        }
        Base::Alpine => {
            "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.22.0\nPRETTY_NAME=\"Alpine Linux v3.22\"\n"
        }
        _ => "",
    };
    let mut put = |path: &str, text: &str| {
        let _ = fs.install(path, text);
    };
    if !os.is_empty() {
        put("/etc/os-release", os);
    }
    if image.base != Base::Scratch {
        put(
            "/etc/passwd",
            "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
        );
        put("/etc/group", "root:x:0:\nnogroup:x:65534:\n");
    }
    for (path, text) in image.files {
        put(path, text);
    }
    for path in programs::paths(image) {
        let _ = fs.install(&path, "");
        let _ = fs.chmod(&path, 0o755);
    }
    fs
}
