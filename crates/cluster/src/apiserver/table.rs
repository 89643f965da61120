//! The forms in which objects come back: as they are, as rows of a Table, as their metadata alone.
//! Upstream: `apiserver:pkg/endpoints/handlers/response.go`, `kubernetes:pkg/printers`.

use super::crd;
use super::route::Target;
use crate::Cluster;
use kinds::{CellCx, Kind};
use machinery::jsonpath::Template;
use machinery::{Accept, Object, Request, Value, value};

/// One object in the form that the request accepts.
pub(crate) fn answer(cluster: &Cluster, request: &Request, route: &Target, o: &Object) -> Value {
    let kind = route.stored();
    let is_own = o.kind() == kind.kind;
    match request.accept {
        Accept::Table if is_own => {
            let metadata = value!({ "resourceVersion": o.at("metadata.resourceVersion").clone() });
            table(cluster, request, kind, std::slice::from_ref(o), metadata)
        }
        Accept::Metadata if is_own => partial(o),
        _ => route.show(o.clone()).0,
    }
}

/// `meta.k8s.io/v1 Table`.
pub(crate) fn table(
    cluster: &Cluster,
    request: &Request,
    kind: &'static Kind,
    objects: &[Object],
    metadata: Value,
) -> Value {
    let rows: Vec<Value> = objects
        .iter()
        .map(|o| row(cluster, request, kind, o))
        .collect();
    value!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
        "columnDefinitions": columns(cluster, kind), "rows": Value::from(rows),
    })
}

fn columns(cluster: &Cluster, kind: &'static Kind) -> Value {
    if let Some(own) = crd::columns(cluster, kind) {
        let mut all = vec![
            value!({ "name": "Name", "type": "string", "format": "name", "description": "", "priority": 0 }),
        ];
        all.extend(own.iter().map(|c| {
            value!({
                "name": c.get("name").clone(), "type": c.get("type").clone(), "format": Value::str(c.text("format")),
                "description": Value::str(c.text("description")), "priority": c.int("priority"),
            })
        }));
        return Value::from(all);
    }
    let one = |c: &kinds::Column| value!({ "name": c.name, "type": c.kind, "format": c.format, "description": c.description, "priority": c.priority });
    Value::from(kind.columns.iter().map(one).collect::<Vec<_>>())
}

fn row(cluster: &Cluster, request: &Request, kind: &'static Kind, o: &Object) -> Value {
    let cells = match crd::columns(cluster, kind) {
        Some(own) => custom_cells(cluster, &own, o),
        None => (kind.cells)(o, &CellCx { now: cluster.now }),
    };
    let mut row = value!({ "cells": Value::from(cells) });
    match request.param("includeObject") {
        Some("None") => {}
        Some("Object") => row.set("object", o.0.clone()),
        _ => row.set("object", partial(o)),
    }
    row
}

/// The cells of a custom kind: what its columns' paths find.
fn custom_cells(cluster: &Cluster, columns: &[Value], o: &Object) -> Vec<Value> {
    let cell = |c: &Value| {
        let template = Template::parse(&format!("{{{}}}", c.text("jsonPath"))).ok()?;
        let found = template.find(o, true).ok()?.into_iter().flatten().next()?;
        Some(match c.text("type") {
            "date" => {
                let at = machinery::time::parse_rfc3339(found.as_str()?)?;
                Value::from(kinds::cells::human(cluster.now - at))
            }
            "string" => Value::from(machinery::jsonpath::print_one(&found)),
            _ => found,
        })
    };
    let mut out = vec![Value::str(o.name())];
    out.extend(columns.iter().map(|c| cell(c).unwrap_or_default()));
    out
}

/// `meta.k8s.io/v1 PartialObjectMetadata`.
pub(crate) fn partial(o: &Object) -> Value {
    value!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": o.get("metadata").clone() })
}
