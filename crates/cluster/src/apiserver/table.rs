//! The forms in which objects come back: as they are, as rows of a Table, as their metadata alone.
//! Upstream: `apiserver:pkg/endpoints/handlers/response.go`, `kubernetes:pkg/printers`.

use super::crd;
use super::route::Target;
use crate::Cluster;
use kinds::{CellCx, Kind};
use machinery::jsonpath::Template;
use machinery::{Accept, Map, Object, Request, Value, value};

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
    let own = crd::columns(cluster, kind);
    let paths: Vec<Option<Template>> = own
        .iter()
        .flatten()
        .map(|c| Template::parse(&format!("{{{}}}", c.text("jsonPath"))).ok())
        .collect();
    let show = match request.param("includeObject") {
        Some("None") => Show::Nothing,
        Some("Object") => Show::Object,
        _ => Show::Metadata,
    };
    let cx = CellCx { now: cluster.now };
    let row = |o: &Object| {
        let cells = match &own {
            Some(own) => custom_cells(cx.now, own, &paths, o),
            None => (kind.cells)(o, &cx),
        };
        let mut row = Map::with_capacity(2);
        row.insert("cells", Value::from(cells));
        match show {
            Show::Nothing => {}
            Show::Object => drop(row.insert("object", o.0.clone())),
            Show::Metadata => drop(row.insert("object", partial(o))),
        }
        Value::from(row)
    };
    let rows: Vec<Value> = objects.iter().map(row).collect();
    value!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
        "columnDefinitions": columns(own.as_deref(), kind), "rows": Value::from(rows),
    })
}

/// What a row carries beside its cells.
#[derive(Clone, Copy)]
enum Show {
    Nothing,
    Metadata,
    Object,
}

fn columns(own: Option<&[Value]>, kind: &'static Kind) -> Value {
    if let Some(own) = own {
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

/// The cells of a custom kind: what its columns' paths find.
fn custom_cells(now: i64, columns: &[Value], paths: &[Option<Template>], o: &Object) -> Vec<Value> {
    let cell = |(c, template): (&Value, &Option<Template>)| {
        let found = template.as_ref()?.find(o, true).ok()?;
        let found = found.into_iter().flatten().next()?;
        Some(match c.text("type") {
            "date" => {
                let at = machinery::time::parse_rfc3339(found.as_str()?)?;
                Value::from(kinds::cells::human(now - at))
            }
            "string" => Value::from(machinery::jsonpath::print_one(&found)),
            _ => found,
        })
    };
    let mut out = vec![Value::str(o.name())];
    out.extend(
        columns
            .iter()
            .zip(paths)
            .map(|c| cell(c).unwrap_or_default()),
    );
    out
}

/// `meta.k8s.io/v1 PartialObjectMetadata`.
pub(crate) fn partial(o: &Object) -> Value {
    value!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": o.get("metadata").clone() })
}
