//! get and list. Upstream: `apiserver:pkg/endpoints/handlers/get.go`, `pkg/registry/generic/registry/store.go`.

use super::route::Target;
use super::select::Selection;
use super::{subresource, table, versions};
use crate::Cluster;
use crate::store;
use machinery::{Accept, Object, Request, Response, Status, Value, value};

/// The most objects one answer holds when the client does not say.
const LIMIT_MAX: usize = 100_000;

pub(crate) fn get(
    cluster: &mut Cluster,
    route: &Target,
    request: &Request,
) -> Result<Response, Status> {
    versions::existing(cluster, request)?;
    let kind = route.stored();
    let resource = store::resource_of(kind);
    let found = cluster.store.get(&resource, &route.namespace, &route.name);
    let o = found
        .cloned()
        .ok_or_else(|| Status::not_found(kind.group, kind.plural, &route.name))?;
    let o = subresource::read(route, o)?;
    Ok(Response::ok(table::answer(cluster, request, route, &o)))
}

/// The selection that the query asks for.
pub(crate) fn selection(route: &Target, request: &Request) -> Result<Selection, Status> {
    let mut fields = request.param("fieldSelector").unwrap_or("").to_string();
    if !route.name.is_empty() {
        let comma = if fields.is_empty() { "" } else { "," };
        fields = format!("{fields}{comma}metadata.name={}", route.name);
    }
    Selection::parse(
        route.kind,
        request.param("labelSelector").unwrap_or(""),
        &fields,
    )
}

/// The objects that a list selects, in order of namespace and name.
pub(crate) fn selected(cluster: &Cluster, route: &Target, what: &Selection) -> Vec<Object> {
    let resource = store::resource_of(route.stored());
    if let (Some(name), Some(ns)) = (
        what.name(),
        route.scope().or((!route.kind.namespaced).then_some("")),
    ) {
        let one = cluster.store.get(&resource, ns, name);
        return one
            .filter(|o| what.matches(o))
            .cloned()
            .into_iter()
            .collect();
    }
    let keep = |o: &&Object| what.is_everything() || what.matches(o);
    if resource == "pods"
        && let Some(node) = what.node()
    {
        let on = cluster.store.on_node(node).filter(keep);
        return on
            .filter(|o| route.scope().is_none_or(|ns| o.namespace() == ns))
            .cloned()
            .collect();
    }
    cluster
        .store
        .list(&resource, route.scope())
        .filter(keep)
        .cloned()
        .collect()
}

pub(crate) fn list(
    cluster: &mut Cluster,
    route: &Target,
    request: &Request,
) -> Result<Response, Status> {
    let what = selection(route, request)?;
    let from = versions::of_list(cluster, request)?;
    let version = from.at.unwrap_or(cluster.store.version());
    let mut objects = match from.at {
        Some(at) if at < cluster.store.version() => {
            let then = versions::as_of(cluster, route, at);
            let mut then = then.ok_or_else(|| versions::too_old(&from))?;
            then.retain(|o| what.is_everything() || what.matches(o));
            then
        }
        _ => selected(cluster, route, &what),
    };
    let mut metadata = value!({ "resourceVersion": version.to_string() });
    if let Some((ns, name)) = &from.after {
        objects.retain(|o| (o.namespace(), o.name()) > (ns.as_str(), name.as_str()));
    }
    let limit = request
        .param("limit")
        .and_then(|l| l.parse::<usize>().ok())
        .filter(|l| *l > 0);
    let limit = limit.unwrap_or(LIMIT_MAX);
    if objects.len() > limit {
        let left = objects.len() - limit;
        objects.truncate(limit);
        if let Some(last) = objects.last() {
            metadata.set(
                "continue",
                versions::token(version as i64, last.namespace(), last.name()),
            );
            // Of a selection nobody knows how much is left.
            if what.is_everything() {
                metadata.set("remainingItemCount", left);
            }
        }
    }
    let body = match request.accept {
        Accept::Table => table::table(cluster, request, route.stored(), &objects, metadata),
        Accept::Metadata => value!({
            "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            "items": Value::from(objects.iter().map(table::partial).collect::<Vec<_>>()),
        }),
        _ => value!({
            "kind": format!("{}List", route.kind.kind), "apiVersion": route.kind.api_version(), "metadata": metadata,
            "items": Value::from(objects.into_iter().map(|o| route.show(o).0).collect::<Vec<_>>()),
        }),
    };
    Ok(Response::ok(body))
}
