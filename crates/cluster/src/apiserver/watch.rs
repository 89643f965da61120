//! watch, as a repeated question: all that happened since the asked resourceVersion, at once. An object that begins to
//! match the selectors is ADDED, one that ceases to is DELETED. Upstream: `apiserver:pkg/storage/cacher`.

use super::read::{selected, selection};
use super::route::{Target, is_true};
use super::{table, versions};
use crate::Cluster;
use crate::store;
use machinery::{Accept, Object, Request, Response, Status, Value, WatchEvent, WatchType, value};

pub(crate) fn watch(
    cluster: &mut Cluster,
    route: &Target,
    request: &Request,
) -> Result<Response, Status> {
    versions::check_watch(request)?;
    let what = selection(route, request)?;
    let version = cluster.store.version();
    let shape = |o: &Object| match request.accept {
        Accept::Table => {
            let metadata = value!({ "resourceVersion": o.at("metadata.resourceVersion").clone() });
            table::table(
                cluster,
                request,
                route.stored(),
                std::slice::from_ref(o),
                metadata,
            )
        }
        Accept::Metadata => table::partial(o),
        _ => route.show(o.clone()).0,
    };
    let there = || {
        let all = selected(cluster, route, &what);
        let added = all.iter().map(|o| WatchEvent {
            kind: WatchType::Added,
            object: shape(o),
        });
        added.collect::<Vec<_>>()
    };
    let asked = request.param("resourceVersion").unwrap_or("");
    let mut events = Vec::new();
    let since: u64 = match asked {
        // Streaming lists: all that there is, and a bookmark that says so.
        _ if is_true(request.param("sendInitialEvents")) => {
            events.extend(there());
            let mut mark = bookmark(route, request, version);
            mark.set(
                "metadata.annotations",
                value!({ "k8s.io/initial-events-end": "true" }),
            );
            events.push(WatchEvent {
                kind: WatchType::Bookmark,
                object: mark,
            });
            return Ok(Response::Watch { events, version });
        }
        "" | "0" if request.param("sendInitialEvents").is_none() => {
            events.extend(there());
            return Ok(Response::Watch { events, version });
        }
        // Only what is new.
        "" | "0" => version,
        text => text.parse().map_err(|_| {
            Status::bad_request(format!(
                "Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
            ))
        })?,
    };
    let Some(changes) = cluster.store.since(since) else {
        let oldest = cluster.store.history().next().map_or(0, |c| c.version);
        return Err(Status::gone(format!(
            "too old resource version: {since} ({oldest})"
        )));
    };
    let resource = store::resource_of(route.stored());
    for c in changes.filter(|c| c.resource == resource) {
        if route.scope().is_some_and(|ns| c.key.0 != ns) {
            continue;
        }
        let before = c.old.as_ref().is_some_and(|o| what.matches(o));
        let after = c.kind != WatchType::Deleted && what.matches(&c.new);
        let kind = match (before, after) {
            (false, false) => continue,
            (false, true) => WatchType::Added,
            (true, true) => WatchType::Modified,
            (true, false) => WatchType::Deleted,
        };
        events.push(WatchEvent {
            kind,
            object: shape(&c.new),
        });
    }
    if is_true(request.param("allowWatchBookmarks")) && events.is_empty() && version > since {
        let object = bookmark(route, request, version);
        events.push(WatchEvent {
            kind: WatchType::Bookmark,
            object,
        });
    }
    Ok(Response::Watch { events, version })
}

/// How far the watch has come, as an object of its kind without a name.
fn bookmark(route: &Target, request: &Request, version: u64) -> Value {
    let (kind, api_version) = match request.accept {
        Accept::Metadata => ("PartialObjectMetadata", "meta.k8s.io/v1".to_string()),
        _ => (route.kind.kind, route.kind.api_version()),
    };
    value!({
        "kind": kind, "apiVersion": api_version,
        "metadata": { "resourceVersion": version.to_string(), "creationTimestamp": Value::Null },
    })
}
