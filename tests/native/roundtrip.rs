//! Round trips: whatever is applied comes back as it is kept. For every manifest of the corpus (`tests/manifests`, and the
//! folder that `BOTTLESHIP_MANIFESTS` names): apply; `get -o yaml`; apply again says `unchanged`; replace and server-side
//! apply of the same file, done twice, write nothing the second time.

use crate::{files, root};
use cluster::{Cluster, World};
use playground::session::Session;
use playground::transcript::lay_out;
use std::path::Path;

const LIMIT_MS: i64 = 60_000;

fn run(session: &mut Session, line: &str) -> (String, i32) {
    let (chunks, status) = session.run(line, LIMIT_MS);
    (chunks.into_iter().map(|c| c.text).collect(), status)
}

/// What the learner wrote since a version: the last command's changes, without those that actors answer with.
fn written(cluster: &Cluster, since: u64) -> Vec<String> {
    // A definition that was replaced has lost the finalizer that the server then gives it again, there as here.
    let finalizer = |text: &String| !text.contains(".metadata.finalizers");
    let own = |c: &&std::rc::Rc<cluster::store::Change>| {
        c.version > since && matches!(c.cause.trigger, machinery::Trigger::Command(_))
    };
    cluster
        .store
        .history()
        .filter(own)
        .map(|c| format!("{} {}: {}", c.resource, c.key.1, changed(c)))
        .filter(finalizer)
        .collect()
}

/// Which fields a change touched.
fn changed(c: &cluster::store::Change) -> String {
    let Some(old) = &c.old else {
        return "created".into();
    };
    let mut out = Vec::new();
    differ(old, &c.new, "", &mut out);
    out.join(", ")
}

fn differ(a: &machinery::Value, b: &machinery::Value, at: &str, out: &mut Vec<String>) {
    if a == b || out.len() > 3 {
        return;
    }
    if a.as_map().is_none() || b.as_map().is_none() {
        return out.push(format!("{at} {a:?} -> {b:?}"));
    }
    let keys = a.entries().iter().chain(b.entries()).map(|e| e.0.as_str());
    let keys: std::collections::BTreeSet<&str> = keys.collect();
    for k in keys {
        differ(a.get(k), b.get(k), &format!("{at}.{k}"), out);
    }
}

/// One manifest through all that must change nothing; what went wrong.
fn trip(session: &mut Session, text: &str, own: bool) -> Vec<String> {
    lay_out(session, "m.yaml", text);
    for line in text.lines().take_while(|l| l.starts_with('#')) {
        if let Some(names) = line.strip_prefix("# namespaces:") {
            for name in names.split_whitespace() {
                run(
                    session,
                    &format!("kubectl create namespace {name}; sleep 1"),
                );
            }
        }
    }
    let mut wrong = Vec::new();
    let (said, status) = run(session, "kubectl apply -f m.yaml");
    // A name that is generated cannot be applied; an object that names its own version conflicts with itself.
    let odd = ["cannot use generate name with apply"];
    if !own && (odd.iter().any(|o| said.contains(o)) || text.contains("  resourceVersion:")) {
        return Vec::new();
    }
    if status != 0 {
        return vec![format!("apply: {said}")];
    }
    let (said, status) = run(session, "kubectl get -f m.yaml -o yaml > kept.yaml");
    if status != 0 {
        wrong.push(format!("get: {said}"));
    }
    let version = session.shared.cluster.borrow().store.version();
    let (said, _) = run(session, "kubectl apply -f m.yaml");
    // Where a manifest spells a value in another way than it is kept (`cpu: 0.1`, a list without its defaults, stringData),
    // kubectl sends a patch that changes nothing and says so, here as there; our own manifests list these.
    let known =
        |l: &str| l.ends_with(" configured") && (!own || text.contains(&format!("# again: {l}")));
    let is_quiet = |l: &&str| l.ends_with(" unchanged") || l.starts_with("Warning:") || known(l);
    wrong.extend(
        said.lines()
            .filter(|l| !is_quiet(l))
            .map(|l| format!("apply again: {l}")),
    );
    let wrote = written(&session.shared.cluster.borrow(), version);
    wrong.extend(wrote.iter().map(|w| format!("apply again wrote {w}")));
    for line in [
        "kubectl apply --server-side --force-conflicts -f m.yaml",
        "kubectl replace -f m.yaml",
    ] {
        let (said, status) = run(session, line);
        // What a real cluster refuses too: pods and jobs know more than their manifests.
        let refused = ["pod updates may not change fields", "field is immutable"];
        if status != 0 && refused.iter().any(|r| said.contains(r)) {
            continue;
        }
        if status != 0 {
            wrong.push(format!("{line}: {said}"));
            continue;
        }
        let version = session.shared.cluster.borrow().store.version();
        run(session, line);
        let wrote = written(&session.shared.cluster.borrow(), version);
        wrong.extend(
            wrote
                .iter()
                .map(|w| format!("{line}, second time, wrote {w}")),
        );
    }
    wrong
}

fn folder(dir: &Path, own: bool) {
    let world = Session::new(World::standard(3), true);
    let base = world.shared.cluster.borrow().clone();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for path in files(dir, ".yaml") {
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        count += 1;
        let mut session = Session::new(World::standard(3), true);
        *session.shared.cluster.borrow_mut() = base.clone();
        let found = trip(&mut session, &text, own);
        if !found.is_empty() {
            wrong.push(format!("{}\n    {}", path.display(), found.join("\n    ")));
        }
    }
    let n = wrong.len();
    assert!(count > 0, "no manifests in {}", dir.display());
    assert!(wrong.is_empty(), "{n} of {count}:\n{}", wrong.join("\n"));
}

#[test]
fn round_trip_of_our_manifests_changes_nothing() {
    folder(&root().join("tests/manifests"), true);
}

#[test]
fn round_trip_of_the_named_folder_changes_nothing() {
    if let Some(dir) = std::env::var_os("BOTTLESHIP_MANIFESTS") {
        folder(Path::new(&dir), false);
    }
}
