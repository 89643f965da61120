//! Which lists a strategic merge patch merges, and by which key: the `patchStrategy` and `patchMergeKey` of upstream's types.

/// How two lists become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListMerge {
    /// The new list replaces the old one.
    Replace,
    /// Items are maps, told apart by this field.
    ByKey(&'static str),
    /// Items are scalars: a set.
    Set,
}

/// (field that holds the map that holds the list, the list's field, merge key). "" as holder is any.
const BY_KEY: &[(&str, &str, &str)] = &[
    ("", "conditions", "type"),
    ("", "containers", "name"),
    ("", "env", "name"),
    ("", "ephemeralContainers", "name"),
    ("", "hostAliases", "ip"),
    ("", "imagePullSecrets", "name"),
    ("", "initContainers", "name"),
    ("", "ownerReferences", "uid"),
    ("", "podIPs", "ip"),
    ("", "resourceClaims", "name"),
    ("", "schedulingGates", "name"),
    ("", "secrets", "name"),
    ("", "topologySpreadConstraints", "topologyKey"),
    ("", "volumeDevices", "devicePath"),
    ("", "volumeMounts", "mountPath"),
    ("", "volumes", "name"),
    ("", "webhooks", "name"),
    ("containers", "ports", "containerPort"),
    ("ephemeralContainers", "ports", "containerPort"),
    ("initContainers", "ports", "containerPort"),
    ("spec", "ports", "port"),
    ("spec", "validations", "expression"),
    ("spec", "variables", "name"),
    ("status", "addresses", "type"),
];

const SETS: &[&str] = &["finalizers", "podCIDRs"];

/// How the list `field` merges that stands in a map that is (an item of) the field `holder`.
pub fn list_merge(holder: &str, field: &str) -> ListMerge {
    if SETS.contains(&field) {
        return ListMerge::Set;
    }
    let hit = BY_KEY
        .iter()
        .find(|(h, f, _)| *f == field && (h.is_empty() || *h == holder));
    hit.map_or(ListMerge::Replace, |(_, _, key)| ListMerge::ByKey(key))
}

/// Whether a patch of this field lists the keys that stay (`$retainKeys`): unions such as a Deployment's strategy.
pub fn retains_keys(field: &str) -> bool {
    matches!(field, "strategy" | "volumes" | "resourceClaims")
}
