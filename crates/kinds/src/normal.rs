//! What decoding into Go's structs and encoding again does to an object: empty optional fields vanish, quantities take
//! their canonical form. Upstream has this for free from `json:",omitempty"` tags and `resource.Quantity`; here it is
//! three small tables. Every kind's `default` begins with [`normalize`].

use machinery::Value;

/// Drops what `omitempty` drops and writes quantities canonically. Touches nothing that is already so.
pub fn normalize(v: &mut Value) {
    if let Some(clean) = clean_map(v) {
        *v = clean;
    }
}

/// Maps with keys of the user's own: nothing inside is a field, an empty one vanishes.
const FREE_MAPS: &[&str] = &[
    "annotations",
    "binaryData",
    "data",
    "labels",
    "matchLabels",
    "nodeSelector",
    "parameters",
    "selector",
    "stringData",
    "volumeAttributes",
];

/// Maps from resource names to quantities.
const QUANTITY_MAPS: &[&str] = &[
    "allocatable",
    "allocatedResources",
    "capacity",
    "default",
    "defaultRequest",
    "hard",
    "limits",
    "max",
    "maxLimitRequestRatio",
    "min",
    "overhead",
    "podFixed",
    "requests",
    "used",
];

/// Single quantities.
const QUANTITIES: &[&str] = &[
    "averageValue",
    "currentAverageValue",
    "divisor",
    "sizeLimit",
    "targetAverageValue",
];

/// Not looked into: what is there is kept to the letter.
const OPAQUE: &[&str] = &[
    "f:metadata",
    "fieldsV1",
    "managedFields",
    "openAPIV3Schema",
    "config",
    "opaque",
];

/// Optional text fields that are pointers in Go: an empty one is kept.
const EMPTY_TEXT_KEPT: &[&str] = &[
    "apiGroup",
    "apiVersion",
    "driver",
    "fsType",
    "hostname",
    "ingressClassName",
    "key",
    "lastTransitionTime",
    "loadBalancerClass",
    "message",
    "operator",
    "reason",
    "reportingComponent",
    "reportingInstance",
    "resourceVersion",
    "service",
    "status",
    "storageClassName",
    "topologyKey",
    "type",
    "url",
    "volumeMode",
    "volumeName",
    "nodeName",
    "targetRef",
    "appProtocol",
    "name",
];

/// Optional flags that are plain in Go: `false` vanishes.
const FALSE_DROPPED: &[&str] = &[
    "globalDefault",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "paused",
    "publishNotReadyAddresses",
    "readOnly",
    "stdin",
    "stdinOnce",
    "tty",
    "unschedulable",
];

/// Optional numbers that are plain in Go: 0 vanishes.
const ZERO_DROPPED: &[&str] = &[
    "failureThreshold",
    "healthCheckNodePort",
    "hostPort",
    "initialDelaySeconds",
    "minReadySeconds",
    "nodePort",
    "observedGeneration",
    "periodSeconds",
    "successThreshold",
    "generation",
];

/// Lists that are written even when empty.
const EMPTY_LIST_KEPT: &[&str] = &[
    "addresses",
    "containers",
    "endpoints",
    "limits",
    "conditions_",
    "items",
    "rules",
    "verbs",
    "versions",
    "names",
    "ports_",
    "nonResourceURLs_",
    "nodeSelectorTerms",
    "sources",
    "drivers",
];

/// The cleaned map, or None when it is clean.
fn clean_map(v: &Value) -> Option<Value> {
    let map = v.as_map()?;
    let mut out: Option<machinery::Map> = None;
    for (key, child) in map.iter() {
        match clean_field(key, child) {
            Verdict::Keep => {}
            Verdict::Drop => {
                out.get_or_insert_with(|| map.clone()).remove(key);
            }
            Verdict::Put(new) => {
                out.get_or_insert_with(|| map.clone())
                    .insert(key.clone(), new);
            }
        }
    }
    out.map(Value::from)
}

enum Verdict {
    Keep,
    Drop,
    Put(Value),
}

impl Verdict {
    fn drop_if(drop: bool) -> Verdict {
        if drop { Verdict::Drop } else { Verdict::Keep }
    }
    fn of(new: Option<Value>) -> Verdict {
        new.map_or(Verdict::Keep, Verdict::Put)
    }
}

fn clean_field(key: &str, child: &Value) -> Verdict {
    if OPAQUE.contains(&key) {
        return Verdict::Keep;
    }
    match child {
        Value::Null => Verdict::drop_if(!matches!(
            key,
            "eventTime" | "firstTimestamp" | "lastTimestamp"
        )),
        Value::Bool(b) => Verdict::drop_if(!b && FALSE_DROPPED.contains(&key)),
        _ if QUANTITIES.contains(&key) => Verdict::of(quantity(child)),
        Value::Int(0) => Verdict::drop_if(ZERO_DROPPED.contains(&key)),
        Value::Int(_) | Value::Float(_) => Verdict::Keep,
        Value::Str(s) => Verdict::drop_if(s.is_empty() && !EMPTY_TEXT_KEPT.contains(&key)),
        Value::List(items) if items.is_empty() => Verdict::drop_if(!EMPTY_LIST_KEPT.contains(&key)),
        Value::List(_) => Verdict::of(clean_list(child)),
        Value::Map(map) if QUANTITY_MAPS.contains(&key) => {
            if map.is_empty() {
                Verdict::Drop
            } else {
                Verdict::of(clean_quantities(child))
            }
        }
        Value::Map(map) if is_free_map(key, map) => Verdict::drop_if(map.is_empty()),
        Value::Map(_) => Verdict::of(clean_map(child)),
    }
}

/// A `selector` is a struct in most kinds and a free map in Service and ReplicationController.
fn is_free_map(key: &str, map: &machinery::Map) -> bool {
    let is_struct = key == "selector"
        && (map.is_empty()
            || map.get("matchLabels").is_some()
            || map.get("matchExpressions").is_some());
    FREE_MAPS.contains(&key) && !is_struct
}

fn clean_list(v: &Value) -> Option<Value> {
    let mut out: Option<Vec<Value>> = None;
    for (i, item) in v.items().iter().enumerate() {
        if let Some(new) = clean_map(item) {
            let list = out.get_or_insert_with(|| v.items().to_vec());
            if let Some(place) = list.get_mut(i) {
                *place = new;
            }
        }
    }
    out.map(Value::from)
}

fn clean_quantities(v: &Value) -> Option<Value> {
    let map = v.as_map()?;
    let mut out: Option<machinery::Map> = None;
    for (key, child) in map.iter() {
        if let Some(new) = quantity(child) {
            out.get_or_insert_with(|| map.clone())
                .insert(key.clone(), new);
        }
    }
    out.map(Value::from)
}

/// The canonical form, or None where it is that already or is no quantity at all.
fn quantity(v: &Value) -> Option<Value> {
    let text = match v {
        Value::Str(s) => s.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Float(f) => f.to_string(),
        _ => return None,
    };
    let canonical = machinery::Quantity::parse(&text).ok()?.to_string();
    (v.as_str() != Some(&canonical)).then(|| Value::from(canonical))
}

/// Runs `change` over each item of the list at `path`; an item that does not change stays shared.
pub fn each(v: &mut Value, path: &str, mut change: impl FnMut(&mut Value)) {
    for i in 0..v.at(path).items().len() {
        let Some(old) = v.at(path).items().get(i).cloned() else {
            return;
        };
        let mut item = old.clone();
        change(&mut item);
        if !item.same(&old)
            && let Some(place) = v.place(path).list_mut().get_mut(i)
        {
            *place = item;
        }
    }
}

/// Runs `change` on the value at `path` if there is one; an unchanged one stays shared.
pub fn within(v: &mut Value, path: &str, change: impl FnOnce(&mut Value)) {
    let old = v.at(path).clone();
    if old.is_null() {
        return;
    }
    let mut new = old.clone();
    change(&mut new);
    if !new.same(&old) {
        *v.place(path) = new;
    }
}
