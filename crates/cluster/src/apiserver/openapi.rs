//! The API described as OpenAPI v2 and v3, made from the schema: what a real kubectl asks for before `apply`, `create` and
//! `explain`. Upstream: `kube-openapi:pkg/{builder,builder3,handler3}`, `apiserver:pkg/endpoints/installer.go`.
//!
//! [`super::openapi_paths`] writes the paths. Both versions are written by the same lines; where they differ they ask
//! [`Version`]. Left out: examples, security, the protobuf form of v2, defaults of built-in fields. Feature `openapi`: no part
//! of the page.

use super::{crd, discovery, openapi_paths};
use crate::Cluster;
use kinds::Kind;
use machinery::schema::{self, Docs, ListType, Type, TypeRef};
use machinery::{Response, Status, Value, value};
use std::collections::BTreeMap;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V2,
    V3,
}

impl Version {
    fn reference(self, name: &str) -> Value {
        let place = match self {
            Version::V2 => "definitions",
            Version::V3 => "components/schemas",
        };
        value!({ "$ref": format!("#/{place}/{name}") })
    }
}

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";

/// What stands behind `/openapi/...`.
pub(crate) fn serve(cluster: &Cluster, parts: &[&str]) -> Result<Response, Status> {
    match parts {
        ["v2"] => Ok(Response::ok(document(cluster, Version::V2, None))),
        ["v3"] => Ok(Response::ok(index(cluster))),
        ["v3", "api", "v1"] => group(cluster, "", "v1"),
        ["v3", "apis", name, version] => group(cluster, name, version),
        _ => Err(Status::no_resource()),
    }
}

fn group_versions(cluster: &Cluster) -> BTreeMap<String, Vec<&'static Kind>> {
    let mut out: BTreeMap<String, Vec<&'static Kind>> = BTreeMap::new();
    for k in discovery::served(cluster) {
        let at = if k.group.is_empty() { "api" } else { "apis" };
        out.entry(format!("{at}/{}", k.api_version()))
            .or_default()
            .push(k);
    }
    out
}

/// Which documents there are, each under an address that changes when it does: clients keep what they have read.
fn index(cluster: &Cluster) -> Value {
    let mut paths = Value::map();
    for (gv, kinds) in group_versions(cluster) {
        let mut hash = 0xcbf2_9ce4_8422_2325u64;
        let mut mix = |text: &str| {
            for b in text.bytes() {
                hash = (hash ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        };
        mix(&gv);
        for kind in kinds {
            mix(kind.kind);
            mix(&machinery::json::print(&crd::version_of(
                &cluster.store,
                kind,
            )));
        }
        let url = format!("/openapi/v3/{gv}?hash={hash:016X}");
        *paths.field(&gv) = value!({ "serverRelativeURL": url });
    }
    value!({ "paths": paths })
}

fn group(cluster: &Cluster, group: &str, version: &str) -> Result<Response, Status> {
    let is_own = |k: &Kind| k.group == group && k.version == version;
    if !discovery::served(cluster).into_iter().any(is_own) {
        return Err(Status::no_resource());
    }
    Ok(Response::ok(document(
        cluster,
        Version::V3,
        Some((group, version)),
    )))
}

/// The document of one group and version, or of all.
fn document(cluster: &Cluster, v: Version, only: Option<(&str, &str)>) -> Value {
    let mut schemas = Schemas {
        v,
        docs: Docs::embedded(),
        done: BTreeMap::new(),
    };
    let mut paths = Value::map();
    let wanted =
        |k: &&&'static Kind| only.is_none_or(|(g, version)| k.group == g && k.version == version);
    let served = discovery::served(cluster);
    for kind in served.iter().filter(wanted) {
        let name = schemas.kind(cluster, kind);
        openapi_paths::of_kind(v, kind, &name, &mut paths);
        for s in kind.subresources {
            let gv = if s.group_version.is_empty() {
                "v1"
            } else {
                s.group_version
            };
            if let Some(ty) = schema::of(gv, s.kind) {
                schemas.typed(&ty);
            }
        }
    }
    for name in ["DeleteOptions", "Status", "ListMeta"] {
        if let Some(ty) = schema::named(&format!("{META}.{name}")) {
            schemas.typed(&ty);
        }
    }
    schemas.extras();
    let schemas = Value::from(machinery::Map::from_iter(schemas.done));
    let info = value!({ "title": "Kubernetes", "version": "v1.36.2" });
    match v {
        Version::V2 => {
            value!({ "swagger": "2.0", "info": info, "paths": paths, "definitions": schemas })
        }
        Version::V3 => {
            value!({ "openapi": "3.0.0", "info": info, "paths": paths, "components": { "schemas": schemas } })
        }
    }
}

pub(crate) fn gvk(group: &str, version: &str, kind: &str) -> Value {
    value!({ "group": Value::str(group), "version": Value::str(version), "kind": Value::str(kind) })
}

/// The types that a document names, each once.
struct Schemas {
    v: Version,
    docs: Docs,
    done: BTreeMap<String, Value>,
}

impl Schemas {
    /// The type of a kind and of its list; gives the kind's name in the document.
    fn kind(&mut self, cluster: &Cluster, kind: &'static Kind) -> String {
        let name = match schema::of(&kind.api_version(), kind.kind) {
            Some(ty) if !crd::is_custom(cluster, kind) => {
                self.typed(&ty);
                let list = format!("{}List", kind.kind);
                if let Some(ty) = schema::of(&kind.api_version(), &list) {
                    self.typed(&ty);
                    self.mark(ty.name(), kind, &list);
                }
                ty.name().to_string()
            }
            _ => {
                let name = custom_name(kind);
                let own = crd::version_of(&cluster.store, kind);
                self.custom(&name, own.at("schema.openAPIV3Schema"));
                self.list_of(&name, kind);
                name
            }
        };
        self.mark(&name, kind, kind.kind);
        name
    }

    fn mark(&mut self, name: &str, kind: &Kind, called: &str) {
        if let Some(schema) = self.done.get_mut(name) {
            let own = gvk(kind.group, kind.version, called);
            let known = schema.field("x-kubernetes-group-version-kind").list_mut();
            if !known.contains(&own) {
                known.push(own);
            }
        }
    }

    /// A built-in type, and all that it names.
    fn typed(&mut self, ty: &TypeRef) {
        if self.done.contains_key(ty.name()) {
            return;
        }
        self.done.insert(ty.name().to_string(), Value::Null);
        let (mut properties, mut required) = (Value::map(), Vec::new());
        for f in ty.fields() {
            let mut p = self.of_type(&f.ty);
            let values = schema::values::of(ty.name(), f.name);
            let doc = self.docs.of(ty.name(), f.name).unwrap_or_default();
            let doc = doc + &schema::values::text(values);
            if !values.is_empty() {
                let all = values.iter().map(|(v, _)| Value::from(*v));
                p.set("enum", Value::from(all.collect::<Vec<_>>()));
            }
            if self.v == Version::V3 && p.has("$ref") {
                p = value!({ "allOf": [p], "default": {} });
            }
            if !doc.is_empty() {
                p.set("description", doc);
            }
            annotate(&mut p, &f);
            *properties.field(f.name) = p;
            if f.required {
                required.push(Value::str(f.name));
            }
        }
        let mut out = value!({ "type": "object" });
        let doc = self.docs.of(ty.name(), "").unwrap_or_default();
        if !doc.is_empty() {
            out.set("description", doc);
        }
        if !properties.is_empty() {
            out.set("properties", properties);
        }
        if !required.is_empty() {
            out.set("required", Value::from(required));
        }
        if ty.is_atomic() {
            *out.field("x-kubernetes-map-type") = Value::from("atomic");
        }
        self.done.insert(ty.name().to_string(), out);
    }

    fn named(&mut self, name: &'static str, schema: Value) -> Value {
        self.done.entry(name.to_string()).or_insert(schema);
        self.v.reference(name)
    }

    fn of_type(&mut self, ty: &Type) -> Value {
        let is_v3 = self.v == Version::V3;
        match ty {
            Type::Object(t) => {
                self.typed(t);
                self.v.reference(t.name())
            }
            Type::List(e) => value!({ "type": "array", "items": self.of_type(&e.get()) }),
            Type::Map(e) => value!({ "type": "object", "additionalProperties": self.of_type(&e.get()) }),
            Type::Str => value!({ "type": "string" }),
            Type::Bytes => value!({ "type": "string", "format": "byte" }),
            Type::Int32 => value!({ "type": "integer", "format": "int32" }),
            Type::Int64 => value!({ "type": "integer", "format": "int64" }),
            Type::Number => value!({ "type": "number", "format": "double" }),
            Type::Bool => value!({ "type": "boolean" }),
            Type::Any => value!({ "type": "object" }),
            Type::IntOrString => self.named(
                "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
                if is_v3 {
                    value!({ "format": "int-or-string", "oneOf": [{ "type": "integer" }, { "type": "string" }] })
                } else {
                    value!({ "type": "string", "format": "int-or-string" })
                },
            ),
            Type::Quantity => self.named(
                "io.k8s.apimachinery.pkg.api.resource.Quantity",
                if is_v3 {
                    value!({ "oneOf": [{ "type": "string" }, { "type": "number" }] })
                } else {
                    value!({ "type": "string" })
                },
            ),
            Type::Time => self.named(
                "io.k8s.apimachinery.pkg.apis.meta.v1.Time",
                value!({ "type": "string", "format": "date-time" }),
            ),
            Type::MicroTime => self.named(
                "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime",
                value!({ "type": "string", "format": "date-time" }),
            ),
        }
    }

    /// A custom kind: its own schema, and what every object has.
    fn custom(&mut self, name: &str, schema: &Value) {
        let mut out = match schema {
            Value::Map(_) => schema.clone(),
            _ => value!({ "type": "object" }),
        };
        if self.v == Version::V2 {
            simplify(&mut out);
        }
        let meta = schema::object_meta();
        if let Some(ty) = &meta {
            self.typed(ty);
        }
        let properties = out.field("properties");
        let about = |field: &str| {
            let said = meta.as_ref().map(|_| self.docs.of(DOCUMENTED, field));
            said.flatten().unwrap_or_default()
        };
        for field in ["apiVersion", "kind"] {
            *properties.field(field) = value!({ "type": "string", "description": about(field) });
        }
        let reference = self.v.reference(&format!("{META}.ObjectMeta"));
        *properties.field("metadata") = match self.v {
            Version::V2 => reference,
            Version::V3 => value!({ "allOf": [reference], "description": about("metadata") }),
        };
        self.done.insert(name.to_string(), out);
    }

    fn list_of(&mut self, name: &str, kind: &'static Kind) {
        let items = self.v.reference(name);
        let metadata = self.v.reference(&format!("{META}.ListMeta"));
        let list = value!({
            "type": "object", "required": ["items"],
            "description": format!("{}List is a list of {}", kind.kind, kind.kind),
            "properties": {
                "apiVersion": { "type": "string" }, "kind": { "type": "string" },
                "metadata": metadata, "items": { "type": "array", "items": items },
            },
        });
        let name = format!("{name}List");
        self.done.insert(name.clone(), list);
        self.mark(&name, kind, &format!("{}List", kind.kind));
    }

    /// What paths speak of beside the kinds.
    fn extras(&mut self) {
        let patch = value!({ "type": "object", "description": "Patch is provided to give a concrete name and type to the Kubernetes PATCH request body." });
        self.named("io.k8s.apimachinery.pkg.apis.meta.v1.Patch", patch);
    }
}

/// A type whose `apiVersion`, `kind` and `metadata` are documented as everywhere.
const DOCUMENTED: &str = "io.k8s.api.apps.v1.Deployment";

/// `com.example.stable.v1.CronTab`: the group turned round, as upstream names custom types.
fn custom_name(kind: &Kind) -> String {
    let mut parts: Vec<&str> = kind.group.split('.').collect();
    parts.reverse();
    parts.extend([kind.version, kind.kind]);
    parts.join(".")
}

fn annotate(p: &mut Value, f: &schema::Field) {
    let mut say = |key: &str, value: Value| *p.field(key) = value;
    if !f.patch.is_empty() {
        say("x-kubernetes-patch-strategy", Value::str(f.patch));
    }
    if !f.merge_key.is_empty() {
        say("x-kubernetes-patch-merge-key", Value::str(f.merge_key));
    }
    let list = match f.list_type {
        ListType::None => "",
        ListType::Atomic => "atomic",
        ListType::Set => "set",
        ListType::Map => "map",
    };
    if !list.is_empty() {
        say("x-kubernetes-list-type", Value::from(list));
    }
    let keys: Vec<Value> = f.keys().into_iter().map(Value::from).collect();
    if !keys.is_empty() {
        say("x-kubernetes-list-map-keys", Value::from(keys));
    }
    if f.atomic {
        say("x-kubernetes-map-type", Value::from("atomic"));
    }
}

/// Takes out of a custom schema what v2 has no words for.
fn simplify(schema: &mut Value) {
    const UNSPOKEN: &[&str] = &[
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "nullable",
        "x-kubernetes-validations",
    ];
    let Value::Map(_) = schema else { return };
    if schema.flag("nullable") || schema.flag("x-kubernetes-int-or-string") {
        schema.map_mut().remove("type");
    }
    schema.map_mut().retain(|k, _| !UNSPOKEN.contains(&k));
    for key in ["items", "additionalProperties"] {
        if schema.get(key).as_map().is_some() {
            simplify(schema.field(key));
        }
    }
    let names: Vec<String> = schema
        .get("properties")
        .entries()
        .iter()
        .map(|(k, _)| k.to_string())
        .collect();
    for name in names {
        simplify(schema.field("properties").field(&name));
    }
}
