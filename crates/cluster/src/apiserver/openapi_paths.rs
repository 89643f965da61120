//! The paths of an OpenAPI document: what can be asked of each kind, with which parameters. kubectl looks here for the kind of
//! a resource (`explain`) and for `fieldValidation` (`apply`). Upstream: `apiserver:pkg/endpoints/installer.go`.

use super::openapi::{Version, gvk};
use kinds::Kind;
use machinery::{Value, value};

/// What one method of a path does.
struct Operation {
    /// As `x-kubernetes-action` has it.
    action: &'static str,
    method: &'static str,
    /// The verb that the kind must know.
    verb: &'static str,
    describe: &'static str,
    parameters: &'static [(&'static str, &'static str)],
}

const WRITE: &[(&str, &str)] = &[
    ("dryRun", "string"),
    ("fieldManager", "string"),
    ("fieldValidation", "string"),
];
const PATCH: &[(&str, &str)] = &[
    ("dryRun", "string"),
    ("fieldManager", "string"),
    ("fieldValidation", "string"),
    ("force", "boolean"),
];
const DELETE: &[(&str, &str)] = &[
    ("dryRun", "string"),
    ("gracePeriodSeconds", "integer"),
    ("orphanDependents", "boolean"),
    ("propagationPolicy", "string"),
];
const LIST: &[(&str, &str)] = &[
    ("allowWatchBookmarks", "boolean"),
    ("continue", "string"),
    ("fieldSelector", "string"),
    ("labelSelector", "string"),
    ("limit", "integer"),
    ("resourceVersion", "string"),
    ("resourceVersionMatch", "string"),
    ("sendInitialEvents", "boolean"),
    ("timeoutSeconds", "integer"),
    ("watch", "boolean"),
];

const fn operation(
    action: &'static str,
    method: &'static str,
    verb: &'static str,
    describe: &'static str,
    parameters: &'static [(&'static str, &'static str)],
) -> Operation {
    Operation {
        action,
        method,
        verb,
        describe,
        parameters,
    }
}

const OF_COLLECTION: &[Operation] = &[
    operation("list", "get", "list", "list or watch objects of kind", LIST),
    operation("post", "post", "create", "create", WRITE),
    operation(
        "deletecollection",
        "delete",
        "deletecollection",
        "delete collection of",
        DELETE,
    ),
];
const OF_OBJECT: &[Operation] = &[
    operation("get", "get", "get", "read the specified", &[]),
    operation("put", "put", "update", "replace the specified", WRITE),
    operation(
        "patch",
        "patch",
        "patch",
        "partially update the specified",
        PATCH,
    ),
    operation("delete", "delete", "delete", "delete", DELETE),
];
const OF_SUBRESOURCE: &[Operation] = &[
    operation(
        "get",
        "get",
        "get",
        "read a subresource of the specified",
        &[],
    ),
    operation("post", "post", "create", "create a subresource of", WRITE),
    operation(
        "put",
        "put",
        "update",
        "replace a subresource of the specified",
        WRITE,
    ),
    operation(
        "patch",
        "patch",
        "patch",
        "partially update a subresource of the specified",
        PATCH,
    ),
];

/// Writes the paths of a kind, whose type is called `name`.
pub(crate) fn of_kind(v: Version, kind: &'static Kind, name: &str, paths: &mut Value) {
    let root = match kind.group {
        "" => format!("/api/{}", kind.version),
        group => format!("/apis/{group}/{}", kind.version),
    };
    let own = gvk(kind.group, kind.version, kind.kind);
    let one = |operations, verbs, own: &Value, tail: &str, subject: &str| {
        let at = Path {
            v,
            kind,
            subject,
            own,
            verbs,
        };
        at.item(operations, tail)
    };
    let base = match kind.namespaced {
        true => format!("{root}/namespaces/{{namespace}}/{}", kind.plural),
        false => format!("{root}/{}", kind.plural),
    };
    if kind.namespaced && kind.verbs.contains(&"list") {
        let item = one(
            &OF_COLLECTION[..1],
            kind.verbs,
            &own,
            "ForAllNamespaces",
            name,
        );
        *paths.field(&format!("{root}/{}", kind.plural)) = item;
    }
    *paths.field(&base) = one(OF_COLLECTION, kind.verbs, &own, "", name);
    if kind.verbs.contains(&"get") {
        *paths.field(&format!("{base}/{{name}}")) = one(OF_OBJECT, kind.verbs, &own, "", name);
    }
    for s in kind.subresources {
        let theirs = match (s.kind, s.group_version.split_once('/')) {
            ("", _) => own.clone(),
            (k, Some((g, v))) => gvk(g, v, k),
            (k, None) => gvk("", "v1", k),
        };
        let item = one(OF_SUBRESOURCE, s.verbs, &theirs, &capital(s.name), name);
        *paths.field(&format!("{base}/{{name}}/{}", s.name)) = item;
    }
}

fn capital(s: &str) -> String {
    let mut chars = s.chars();
    chars.next().map_or(String::new(), |c| {
        c.to_ascii_uppercase().to_string() + chars.as_str()
    })
}

/// `RbacAuthorizationV1`: a group and version in the names of operations.
fn camel(kind: &Kind) -> String {
    let group = kind.group.strip_suffix(".k8s.io").unwrap_or(kind.group);
    let group: String = if group.is_empty() {
        "Core".into()
    } else {
        group.split('.').map(capital).collect()
    };
    group + &capital(kind.version)
}

struct Path<'a> {
    v: Version,
    kind: &'static Kind,
    /// The name of the type in the document.
    subject: &'a str,
    own: &'a Value,
    verbs: &'a [&'static str],
}

impl Path<'_> {
    fn item(&self, operations: &[Operation], tail: &str) -> Value {
        let mut item = Value::map();
        let mut shared = vec![self.parameter("pretty", "string", "query")];
        if self.kind.namespaced && tail != "ForAllNamespaces" {
            shared.push(self.parameter("namespace", "string", "path"));
        }
        let is_single = operations.first().is_some_and(|o| o.action == "get");
        if is_single {
            shared.push(self.parameter("name", "string", "path"));
        }
        for o in operations.iter().filter(|o| self.verbs.contains(&o.verb)) {
            *item.field(o.method) = self.operation(o, tail);
        }
        item.set("parameters", Value::from(shared));
        item
    }

    fn operation(&self, o: &Operation, tail: &str) -> Value {
        let kind = self.kind;
        let scope = if kind.namespaced && tail != "ForAllNamespaces" {
            "Namespaced"
        } else {
            ""
        };
        let verb = match o.action {
            "get" => "read",
            "post" => "create",
            "put" => "replace",
            other => other,
        };
        let mut parameters: Vec<Value> = o
            .parameters
            .iter()
            .map(|(n, t)| self.parameter(n, t, "query"))
            .collect();
        let reference = |name: &str| match self.v {
            Version::V2 => value!({ "$ref": format!("#/definitions/{name}") }),
            Version::V3 => value!({ "$ref": format!("#/components/schemas/{name}") }),
        };
        let mut answer = Value::str(self.subject);
        if o.action == "list" {
            answer = Value::from(format!("{}List", self.subject));
        } else if o.method == "delete" {
            answer = Value::from("io.k8s.apimachinery.pkg.apis.meta.v1.Status");
        }
        let answer = reference(answer.as_str().unwrap_or(""));
        let mut out = value!({
            "description": format!("{} {}", o.describe, kind.kind), "operationId": format!("{verb}{}{scope}{}{tail}", camel(kind), kind.kind),
            "tags": [lower_first(&camel(kind))], "x-kubernetes-action": o.action,
            "x-kubernetes-group-version-kind": self.own.clone(),
        });
        let sends = match o.method {
            "post" | "put" => self.subject,
            "patch" => "io.k8s.apimachinery.pkg.apis.meta.v1.Patch",
            "delete" => "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions",
            _ => "",
        };
        let media: &[&str] = if o.method == "patch" {
            &[
                "application/json-patch+json",
                "application/merge-patch+json",
                "application/strategic-merge-patch+json",
                "application/apply-patch+yaml",
            ]
        } else {
            &["*/*"]
        };
        let strings =
            |list: &[&str]| Value::from(list.iter().map(|s| Value::str(s)).collect::<Vec<_>>());
        match self.v {
            Version::V2 => {
                if !sends.is_empty() {
                    parameters.push(value!({ "name": "body", "in": "body", "required": o.method != "delete", "schema": reference(sends) }));
                }
                out.set("consumes", strings(media));
                out.set(
                    "produces",
                    strings(&["application/json", "application/yaml"]),
                );
                out.set("schemes", strings(&["http"]));
                out.set(
                    "responses",
                    value!({ "200": { "description": "OK", "schema": answer } }),
                );
            }
            Version::V3 => {
                if !sends.is_empty() {
                    let mut content = Value::map();
                    for m in media {
                        *content.field(m) = value!({ "schema": reference(sends) });
                    }
                    out.set("requestBody", value!({ "content": content }));
                }
                let mut content = Value::map();
                for m in ["application/json", "application/yaml"] {
                    *content.field(m) = value!({ "schema": answer.clone() });
                }
                out.set(
                    "responses",
                    value!({ "200": { "description": "OK", "content": content } }),
                );
            }
        }
        out.set("parameters", Value::from(parameters));
        out
    }

    fn parameter(&self, name: &str, kind: &'static str, place: &'static str) -> Value {
        let mut p = value!({ "name": Value::str(name), "in": place });
        if place == "path" {
            p.set("required", true);
        }
        match self.v {
            Version::V2 => {
                p.set("type", kind);
                p.set("uniqueItems", true);
            }
            Version::V3 => p.set("schema", value!({ "type": kind, "uniqueItems": true })),
        }
        p
    }
}

fn lower_first(s: &str) -> String {
    let mut chars = s.chars();
    chars.next().map_or(String::new(), |c| {
        c.to_ascii_lowercase().to_string() + chars.as_str()
    })
}
