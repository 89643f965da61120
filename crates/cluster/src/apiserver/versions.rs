//! resourceVersion and continue: as of when a list is. The store keeps the newest state and its log; what was before is the
//! newest state with the log undone. Upstream: `apiserver:pkg/storage/etcd3/store.go`, `pkg/storage/continue.go`,
//! `apimachinery:pkg/apis/meta/internalversion/validation`.

use super::route::{Target, is_true};
use crate::Cluster;
use crate::store;
use machinery::{Errors, Object, Path, Request, Status, Value, value};
use std::collections::BTreeMap;

/// As of when, and after which object, a list is asked for.
pub(crate) struct From {
    /// The version as of which the objects are; None: the newest.
    pub at: Option<u64>,
    /// Namespace and name of the last object of the page before.
    pub after: Option<(String, String)>,
}

/// Reads and checks `resourceVersion`, `resourceVersionMatch`, `continue` and `sendInitialEvents`.
pub(crate) fn of_list(cluster: &Cluster, request: &Request) -> Result<From, Status> {
    let (version, token) = (
        given(request, "resourceVersion"),
        given(request, "continue"),
    );
    let matching = given(request, "resourceVersionMatch");
    let mut errors = Errors::default();
    let path = Path::root("resourceVersionMatch");
    if let Some(m) = matching {
        if token.is_some() {
            errors.forbidden(&path, "resourceVersionMatch is forbidden with continue");
        }
        if version.is_none() {
            let why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
            errors.forbidden(&path, why);
        }
        if m != "Exact" && m != "NotOlderThan" {
            errors.not_supported(&path, Value::str(m), &["Exact", "NotOlderThan"]);
        }
        if m == "Exact" && version == Some("0") {
            let why = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
            errors.forbidden(&path, why);
        }
    }
    if given(request, "sendInitialEvents").is_some() {
        let path = Path::root("sendInitialEvents");
        errors.forbidden(&path, "sendInitialEvents is forbidden for list");
    }
    refuse(&errors)?;
    if let Some(token) = token {
        if version.is_some_and(|v| v != "0") {
            let why = "specifying resource version is not allowed when using continue";
            return Err(Status::bad_request(why));
        }
        return read_token(token);
    }
    let number = existing(cluster, request)?.filter(|n| *n > 0);
    let is_exact =
        matching == Some("Exact") || (matching.is_none() && given(request, "limit").is_some());
    Ok(From {
        at: number.filter(|_| is_exact),
        after: None,
    })
}

/// What a watch may not ask.
pub(crate) fn check_watch(request: &Request) -> Result<(), Status> {
    let mut errors = Errors::default();
    let path = Path::root("resourceVersionMatch");
    match (
        given(request, "resourceVersionMatch"),
        given(request, "sendInitialEvents"),
    ) {
        (Some(_), None) => {
            let why =
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
            errors.forbidden(&path, why);
        }
        (m, Some(_)) if m != Some("NotOlderThan") => {
            let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
            errors.forbidden(&path, why);
        }
        _ => {}
    }
    if is_true(given(request, "watch")) && given(request, "continue").is_some() {
        errors.forbidden(&Path::root("continue"), "continue is forbidden for watch");
    }
    refuse(&errors)
}

fn given<'a>(request: &'a Request, key: &str) -> Option<&'a str> {
    request.param(key).filter(|v| !v.is_empty())
}

fn refuse(errors: &Errors) -> Result<(), Status> {
    match errors.is_empty() {
        true => Ok(()),
        false => Err(Status::invalid("meta.k8s.io", "ListOptions", "", errors)),
    }
}

/// The version that a read asks for, which must have been reached.
pub(crate) fn existing(cluster: &Cluster, request: &Request) -> Result<Option<u64>, Status> {
    let Some(text) = request.param("resourceVersion").filter(|v| !v.is_empty()) else {
        return Ok(None);
    };
    let number: u64 = text.parse().map_err(|_| {
        Status::bad_request(format!(
            "invalid resource version: strconv.ParseUint: parsing {text:?}: invalid syntax"
        ))
    })?;
    let current = cluster.store.version();
    if number <= current {
        return Ok(Some(number));
    }
    let text = format!("Timeout: Too large resource version: {number}, current: {current}");
    let mut status = Status::new(504, "Timeout", text);
    status.details = value!({
        "causes": [{ "reason": "ResourceVersionTooLarge", "message": "Too large resource version" }],
        "retryAfterSeconds": 1,
    });
    Err(status)
}

/// The objects as they were at a version, in order of namespace and name.
pub(crate) fn as_of(cluster: &Cluster, route: &Target, version: u64) -> Option<Vec<Object>> {
    let resource = store::resource_of(route.stored());
    let in_scope = |ns: &str| route.scope().is_none_or(|s| s == ns);
    let mut before: BTreeMap<store::Key, Option<Object>> = BTreeMap::new();
    for c in cluster.store.since(version)? {
        if c.resource == resource && in_scope(&c.key.0) {
            before.entry(c.key.clone()).or_insert_with(|| c.old.clone());
        }
    }
    let now = cluster.store.list(&resource, route.scope());
    if before.is_empty() {
        return Some(now.cloned().collect());
    }
    let key = |o: &Object| (o.namespace().into(), o.name().into());
    let mut out: BTreeMap<store::Key, Object> = BTreeMap::new();
    for o in now {
        out.insert(key(o), o.clone());
    }
    for (key, was) in before {
        match was {
            Some(o) => out.insert(key, o),
            None => out.remove(&key),
        };
    }
    Some(out.into_values().collect())
}

/// What a list is told whose version is forgotten; a page gets a token for the rest as it is now.
pub(crate) fn too_old(from: &From) -> Status {
    let Some((ns, name)) = &from.after else {
        return Status::gone("The resourceVersion for the provided list is too old.");
    };
    let mut status = Status::gone(
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
    );
    status.details = value!({ "continue": token(-1, ns, name) });
    status
}

/// The token for the page after this object. Version -1: whatever is there by then.
pub(crate) fn token(version: i64, ns: &str, name: &str) -> String {
    let start = match ns {
        "" => format!("{name}\0"),
        ns => format!("{ns}/{name}\0"),
    };
    let token = value!({ "v": "meta.k8s.io/v1", "rv": version, "start": start });
    codec::encode_base64url(machinery::json::print(&token).as_bytes())
}

fn read_token(text: &str) -> Result<From, Status> {
    let bad = |why: &str| Status::bad_request(format!("continue key is not valid: {why}"));
    let bytes =
        codec::decode_base64url(text).ok_or_else(|| bad("illegal base64 data at input byte 0"))?;
    let token = String::from_utf8(bytes).ok();
    let token: Option<Value> = token.and_then(|t| machinery::json::parse(&t).ok());
    let token = token.ok_or_else(|| bad("invalid character in its JSON"))?;
    if token.text("v") != "meta.k8s.io/v1" {
        let version = token.text("v");
        return Err(bad(&format!(
            "server does not recognize this encoded version {version:?}"
        )));
    }
    if token.int("rv") == 0 {
        return Err(bad(
            "incorrect encoded start resourceVersion (version meta.k8s.io/v1)",
        ));
    }
    if token.text("start").is_empty() {
        return Err(bad("encoded start key empty (version meta.k8s.io/v1)"));
    }
    let start = token.text("start").trim_end_matches('\0');
    let (ns, name) = start.rsplit_once('/').unwrap_or(("", start));
    Ok(From {
        at: u64::try_from(token.int("rv")).ok(),
        after: Some((ns.to_string(), name.to_string())),
    })
}
