//! A node as it is drawn.

use super::pod::quantity_milli;
use machinery::Object;
use machinery::time::{Millis, parse_rfc3339};

#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub uid: String,
    pub name: String,
    /// `control-plane`, ...
    pub roles: Vec<String>,
    pub created: Millis,
    pub ready: bool,
    /// Since when it is (not) ready.
    pub since: Option<Millis>,
    pub cordoned: bool,
    pub cpu_milli: i64,
    pub memory: i64,
    pub pods_max: i64,
    /// `key=value:Effect`
    pub taints: Vec<String>,
}

impl Node {
    pub fn read(o: &Object) -> Node {
        let role = |key: &str| {
            key.strip_prefix("node-role.kubernetes.io/")
                .map(str::to_string)
        };
        let amount = |what: &str| {
            let v = o.at("status.allocatable").get(what);
            v.as_str().map_or_else(
                || v.as_i64().unwrap_or(0).saturating_mul(1000),
                quantity_milli,
            )
        };
        let ready = o.condition("Ready");
        let taint = |t: &machinery::Value| match t.text("value") {
            "" => format!("{}:{}", t.text("key"), t.text("effect")),
            value => format!("{}={value}:{}", t.text("key"), t.text("effect")),
        };
        Node {
            uid: o.uid().to_string(),
            name: o.name().to_string(),
            roles: o.labels().iter().filter_map(|(k, _)| role(k)).collect(),
            created: o.created(),
            ready: ready.text("status") == "True",
            since: parse_rfc3339(ready.text("lastTransitionTime")),
            cordoned: o.spec().flag("unschedulable"),
            cpu_milli: amount("cpu"),
            memory: amount("memory") / 1000,
            pods_max: amount("pods") / 1000,
            taints: o.spec().get("taints").items().iter().map(taint).collect(),
        }
    }
}
