//! What the inspector shows of one object: YAML, description, events, logs.

use crate::look::{StoreRelated, events, find};
use crate::message::{Inspection, Ref};
use cluster::Cluster;
use cluster::scheduler::Decision;
use kinds::Kind;
use kinds::describe::Describe;
use machinery::{Object, Request, Response, yaml};
use std::rc::Rc;

/// How much of a container's log the inspector shows.
const LOG_LINES: &str = "200";

/// Everything about an object; of its last state if it is gone.
pub fn inspect(
    cluster: &mut Cluster,
    of: &Ref,
    last: Option<&Object>,
    decision: Option<Rc<Decision>>,
) -> Inspection {
    let found = find(cluster, of);
    let Some(object) = found.as_ref().or(last) else {
        return Inspection {
            of: of.clone(),
            ..Inspection::default()
        };
    };
    let kind = kinds::of(object.api_version(), object.kind());
    Inspection {
        of: of.clone(),
        kind: object.kind().to_string(),
        exists: found.is_some(),
        yaml: yaml::print(&object.edit(|v| drop(v.remove("metadata.managedFields"))).0),
        describe: kind.map_or(String::new(), |k| describe(cluster, k, object)),
        events: events(cluster, object)
            .iter()
            .map(|e| event_row(cluster, e))
            .collect(),
        logs: if found.is_some() && object.kind() == "Pod" {
            logs(cluster, object)
        } else {
            Vec::new()
        },
        decision,
    }
}

fn describe(cluster: &Cluster, kind: &Kind, object: &Object) -> String {
    let related = StoreRelated(cluster);
    let mut out = Describe::new(&related, true);
    (kind.describe)(object, &mut out);
    out.finish()
}

/// (age, type, reason, message)
fn event_row(cluster: &Cluster, e: &Object) -> (String, String, String, String) {
    let seen =
        machinery::time::parse_rfc3339(e.text("lastTimestamp")).unwrap_or_else(|| e.created());
    let age = kinds::cells::human(cluster.now - seen);
    let age = if e.int("count") > 1 {
        format!("{age} (x{})", e.int("count"))
    } else {
        age
    };
    (
        age,
        e.text("type").to_string(),
        e.text("reason").to_string(),
        e.text("message").to_string(),
    )
}

/// The end of each container's log.
fn logs(cluster: &mut Cluster, pod: &Object) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let containers = pod
        .at("spec.initContainers")
        .items()
        .iter()
        .chain(pod.at("spec.containers").items());
    for name in containers.map(|c| c.text("name").to_string()) {
        let path = format!(
            "/api/v1/namespaces/{}/pods/{}/log",
            pod.namespace(),
            pod.name()
        );
        let request = Request::get(path)
            .with("container", &name)
            .with("tailLines", LOG_LINES);
        if let Response::Text(text) = cluster.request(request) {
            out.push((name, text));
        }
    }
    out
}
