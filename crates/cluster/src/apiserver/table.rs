//! The forms in which objects come back: as they are, as rows of a Table, as their metadata alone.
//! Upstream: `apiserver:pkg/endpoints/handlers/response.go`, `kubernetes:pkg/printers`.

use crate::Cluster;
use kinds::{CellCx, Kind};
use machinery::{Accept, Object, Request, Value, value};

/// One object in the form that the request accepts.
pub(crate) fn answer(cluster: &Cluster, request: &Request, kind: &'static Kind, o: &Object) -> Value {
    let is_own = o.kind() == kind.kind;
    match request.accept {
        Accept::Table if is_own => {
            let metadata = value!({ "resourceVersion": o.at("metadata.resourceVersion").clone() });
            table(cluster, request, kind, std::slice::from_ref(o), metadata)
        }
        Accept::Metadata if is_own => partial(o),
        _ => o.0.clone(),
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
    let rows: Vec<Value> = objects.iter().map(|o| row(cluster, request, kind, o)).collect();
    value!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
        "columnDefinitions": columns(cluster, kind), "rows": Value::from(rows),
    })
}

fn columns(_cluster: &Cluster, kind: &'static Kind) -> Value {
    let one = |c: &kinds::Column| {
        value!({ "name": c.name, "type": c.kind, "format": c.format, "description": c.description, "priority": c.priority })
    };
    Value::from(kind.columns.iter().map(one).collect::<Vec<_>>())
}

fn row(cluster: &Cluster, request: &Request, kind: &'static Kind, o: &Object) -> Value {
    let cells = (kind.cells)(o, &CellCx { now: cluster.now });
    let mut row = value!({ "cells": Value::from(cells) });
    match request.param("includeObject") {
        Some("None") => {}
        Some("Object") => row.set("object", o.0.clone()),
        _ => row.set("object", partial(o)),
    }
    row
}

/// `meta.k8s.io/v1 PartialObjectMetadata`.
pub(crate) fn partial(o: &Object) -> Value {
    value!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": o.get("metadata").clone() })
}
