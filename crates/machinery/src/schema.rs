//! What a kind's objects look like: types and their fields, for strict decoding, patches, server-side apply,
//! `kubectl explain` and the editor.
//!
//! The built-in kinds' schema is made at build time (`build.rs`) from the `k8s-openapi` crate, with `schema/go.txt`
//! adding what only Go's types say; a CustomResourceDefinition's is made at run time ([`TypeRef::of_crd`]). Both
//! answer the same questions. Documentation is apart ([`docs`]), so that the page can load it late.

mod builtin;
mod crd;
pub mod docs;
pub mod values;

use std::rc::Rc;

use builtin::{BuiltinType, Ty};
use crd::Node;
pub use docs::Docs;

/// An object type.
#[derive(Clone)]
pub struct TypeRef(Repr);

#[derive(Clone)]
enum Repr {
    Builtin(&'static BuiltinType),
    Custom(Rc<Node>),
}

/// What a field holds.
#[derive(Clone)]
pub enum Type {
    Object(TypeRef),
    List(Elem),
    /// Keys are texts.
    Map(Elem),
    Str,
    /// Text in base64.
    Bytes,
    Int32,
    Int64,
    Number,
    Bool,
    IntOrString,
    Quantity,
    Time,
    MicroTime,
    /// Anything at all: raw extensions, fields that a CRD preserves.
    Any,
}

/// The type of a list's or map's items.
#[derive(Clone)]
pub struct Elem(ElemRepr);

#[derive(Clone)]
enum ElemRepr {
    Builtin(&'static Ty),
    Custom(Rc<Node>),
}

impl Elem {
    pub fn get(&self) -> Type {
        match &self.0 {
            ElemRepr::Builtin(t) => t.get(),
            ElemRepr::Custom(n) => n.ty(),
        }
    }
}

/// How server-side apply takes a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListType {
    /// Not said: atomic.
    #[default]
    None,
    Atomic,
    Set,
    Map,
}

/// A field of an object type.
#[derive(Clone)]
pub struct Field<'a> {
    pub name: &'a str,
    pub ty: Type,
    pub required: bool,
    /// In Go a pointer: its zero value is written and read as itself.
    pub pointer: bool,
    /// Written even when empty (no `omitempty`).
    pub always: bool,
    /// A struct that is left out when it is empty (`omitzero`).
    pub omit_zero: bool,
    /// The embedded struct that it comes from, as Go's error messages name it; mostly "".
    pub via: &'a str,
    /// `patchStrategy`: "", "merge", "retainKeys", "merge,retainKeys", "replace".
    pub patch: &'a str,
    /// `patchMergeKey`.
    pub merge_key: &'a str,
    pub list_type: ListType,
    pub list_keys: &'a [&'static str],
    /// Keys of a CRD's map list.
    pub custom_keys: &'a [String],
    /// The struct or map is owned as a whole.
    pub atomic: bool,
    go: &'a str,
}

impl Field<'_> {
    /// The keys of a list of [`ListType::Map`].
    pub fn keys(&self) -> Vec<String> {
        if self.custom_keys.is_empty() {
            self.list_keys.iter().map(|k| k.to_string()).collect()
        } else {
            self.custom_keys.to_vec()
        }
    }
    /// Whether an empty value is left out when written, as `omitempty` does.
    pub fn omit_empty(&self) -> bool {
        !self.always
    }
    /// The Go type as error messages name it: `int32`, `[]v1.Container`, `map[string]string`.
    pub fn go_type(&self) -> String {
        if self.go.is_empty() {
            self.ty.go_type()
        } else {
            self.go.to_string()
        }
    }
}

impl Type {
    pub fn go_type(&self) -> String {
        match self {
            Type::Object(t) => t.go_qualified(),
            Type::List(e) => format!("[]{}", e.get().go_type()),
            Type::Map(e) => format!("map[string]{}", e.get().go_type()),
            Type::Str => "string".into(),
            Type::Bytes => "[]uint8".into(),
            Type::Int32 => "int32".into(),
            Type::Int64 => "int64".into(),
            Type::Number => "float64".into(),
            Type::Bool => "bool".into(),
            Type::IntOrString => "intstr.IntOrString".into(),
            Type::Quantity => "resource.Quantity".into(),
            Type::Time => "v1.Time".into(),
            Type::MicroTime => "v1.MicroTime".into(),
            Type::Any => "interface {}".into(),
        }
    }
    /// As `kubectl explain` names it: `<string>`, `<[]Container>`, `<map[string]string>` without the angles.
    pub fn explain(&self) -> String {
        match self {
            Type::Object(t) if t.has_fields() && !t.is_custom() => t.go_name().to_string(),
            Type::Object(_) | Type::Any => "Object".into(),
            Type::List(e) => format!("[]{}", e.get().explain()),
            Type::Map(e) => format!("map[string]{}", e.get().explain()),
            Type::Int32 | Type::Int64 => "integer".into(),
            Type::Number => "number".into(),
            Type::Bool => "boolean".into(),
            Type::IntOrString => "IntOrString".into(),
            Type::Quantity => "Quantity".into(),
            Type::Str | Type::Bytes | Type::Time | Type::MicroTime => "string".into(),
        }
    }
    /// The object type inside lists and maps, if there is one.
    pub fn object(&self) -> Option<TypeRef> {
        match self {
            Type::Object(t) => Some(t.clone()),
            Type::List(e) | Type::Map(e) => e.get().object(),
            _ => None,
        }
    }
}

impl TypeRef {
    /// A custom kind's type, from one version's `schema.openAPIV3Schema` of its CRD. `name` is `com.example.v1.Robot`.
    pub fn of_crd(name: &str, schema: &crate::Value) -> TypeRef {
        TypeRef(Repr::Custom(Rc::new(Node::of_root(name, schema))))
    }
    /// `io.k8s.api.apps.v1.DeploymentSpec`.
    pub fn name(&self) -> &str {
        match &self.0 {
            Repr::Builtin(t) => t.name,
            Repr::Custom(n) => &n.name,
        }
    }
    /// `DeploymentSpec`.
    pub fn go_name(&self) -> &str {
        self.name().rsplit('.').next().unwrap_or("")
    }
    /// `v1.DeploymentSpec`.
    pub fn go_qualified(&self) -> String {
        let mut parts = self.name().rsplitn(3, '.');
        let (name, version) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        format!("{version}.{name}")
    }
    /// Made from a CRD.
    pub fn is_custom(&self) -> bool {
        matches!(self.0, Repr::Custom(_))
    }
    /// Fields that the schema does not name are kept, not refused.
    pub fn preserves_unknown(&self) -> bool {
        matches!(&self.0, Repr::Custom(n) if n.preserve)
    }
    /// Owned as a whole by server-side apply.
    pub fn is_atomic(&self) -> bool {
        match &self.0 {
            Repr::Builtin(t) => t.atomic,
            Repr::Custom(n) => n.atomic,
        }
    }
    pub fn has_fields(&self) -> bool {
        match &self.0 {
            Repr::Builtin(t) => !t.fields.is_empty(),
            Repr::Custom(n) => !n.fields.is_empty(),
        }
    }
    pub fn field(&self, name: &str) -> Option<Field<'_>> {
        match &self.0 {
            Repr::Builtin(t) => {
                let i = t.fields.binary_search_by(|f| f.name.cmp(name)).ok()?;
                t.fields.get(i).map(builtin::Row::field)
            }
            Repr::Custom(n) => n.field(name),
        }
    }
    /// Sorted by name.
    pub fn fields(&self) -> Vec<Field<'_>> {
        match &self.0 {
            Repr::Builtin(t) => t.fields.iter().map(builtin::Row::field).collect(),
            Repr::Custom(n) => n.fields.keys().filter_map(|k| n.field(k)).collect(),
        }
    }
    /// The field at a dotted path, lists and maps passed through: `spec.template.spec.containers.image`.
    pub fn at(&self, path: &str) -> Option<(TypeRef, String)> {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let field = self.field(first)?;
        if rest.is_empty() {
            return Some((self.clone(), first.to_string()));
        }
        field.ty.object()?.at(rest)
    }
    /// The values that a CRD allows for a field.
    pub fn custom_values(&self, field: &str) -> &[String] {
        match &self.0 {
            Repr::Builtin(_) => &[],
            Repr::Custom(n) => n.fields.get(field).map_or(&[], |f| &f.values),
        }
    }
    /// What a CRD says of a field (of the type itself where `field` is ""); built-in types have their [`Docs`].
    pub fn custom_doc(&self, field: &str) -> Option<&str> {
        match &self.0 {
            Repr::Builtin(_) => None,
            Repr::Custom(n) if field.is_empty() => Some(&n.doc),
            Repr::Custom(n) => n.fields.get(field).map(|f| f.doc.as_str()),
        }
    }
}

impl PartialEq for TypeRef {
    fn eq(&self, other: &TypeRef) -> bool {
        match (&self.0, &other.0) {
            (Repr::Builtin(a), Repr::Builtin(b)) => std::ptr::eq(*a, *b),
            (Repr::Custom(a), Repr::Custom(b)) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl std::fmt::Debug for TypeRef {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The type of a built-in kind: `of("apps/v1", "Deployment")`. List kinds, `Status`, `DeleteOptions` included.
pub fn of(api_version: &str, kind: &str) -> Option<TypeRef> {
    builtin::kind(api_version, kind).map(|t| TypeRef(Repr::Builtin(t)))
}

/// A built-in type by its full name, or by the end of it: `ObjectMeta`, `core.v1.PodSpec`.
pub fn named(name: &str) -> Option<TypeRef> {
    builtin::named(name).map(|t| TypeRef(Repr::Builtin(t)))
}

/// Every built-in kind: apiVersion and kind.
pub fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    builtin::kinds()
}

/// `metadata` of every object.
pub fn object_meta() -> Option<TypeRef> {
    named("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    /// `TypeName.field type flags` of the field at a path.
    fn show(t: &TypeRef, path: &str) -> String {
        let Some((owner, name)) = t.at(path) else {
            return "none".into();
        };
        let f = owner.field(&name).unwrap();
        let flag = |on, s: &str| if on { s.to_string() } else { String::new() };
        let keys = if f.keys().is_empty() {
            String::new()
        } else {
            format!(" {:?}({})", f.list_type, f.keys().join(","))
        };
        let patch = if f.patch.is_empty() {
            String::new()
        } else {
            format!(" {}/{}", f.patch, f.merge_key)
        };
        format!(
            "{}.{name} {}{}{}{}{keys}{patch}{}",
            owner.go_name(),
            f.go_type(),
            flag(f.required, " required"),
            flag(f.pointer, " pointer"),
            flag(f.always, " always"),
            flag(!f.via.is_empty(), &format!(" via {}", f.via))
        )
    }

    #[test]
    fn built_in_types_know_what_go_knows() {
        let check = |v: &str, k: &str, path: &str, want: &str| {
            assert_eq!(show(&of(v, k).unwrap(), path), want, "{k} {path}")
        };
        check(
            "apps/v1",
            "Deployment",
            "spec.replicas",
            "DeploymentSpec.replicas int32 pointer",
        );
        check(
            "apps/v1",
            "Deployment",
            "spec.template.spec.containers",
            "PodSpec.containers []v1.Container required always Map(name) merge/name",
        );
        check(
            "v1",
            "Pod",
            "spec.containers.ports",
            "Container.ports []v1.ContainerPort Map(containerPort,protocol) merge/containerPort",
        );
        check(
            "v1",
            "Pod",
            "spec.volumes.emptyDir.sizeLimit",
            "EmptyDirVolumeSource.sizeLimit resource.Quantity pointer",
        );
        check(
            "v1",
            "Pod",
            "spec.volumes.emptyDir",
            "Volume.emptyDir v1.EmptyDirVolumeSource pointer via VolumeSource",
        );
        check(
            "v1",
            "Pod",
            "spec.tolerations",
            "PodSpec.tolerations []v1.Toleration",
        );
        check("v1", "Secret", "type", "Secret.type v1.SecretType");
        check("v1", "Secret", "data", "Secret.data map[string][]uint8");
        check(
            "v1",
            "Pod",
            "metadata.labels",
            "ObjectMeta.labels map[string]string",
        );
        check(
            "v1",
            "Pod",
            "metadata.ownerReferences",
            "ObjectMeta.ownerReferences []v1.OwnerReference Map(uid) merge/uid",
        );
        check(
            "networking.k8s.io/v1",
            "Ingress",
            "spec.rules.http.paths.backend.service.port.number",
            "ServiceBackendPort.number int32",
        );
        check(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            "spec.metrics",
            "HorizontalPodAutoscalerSpec.metrics []v2.MetricSpec",
        );
        check(
            "v1",
            "PodList",
            "items.spec.nodeName",
            "PodSpec.nodeName string",
        );
        check(
            "v1",
            "Service",
            "spec.ports",
            "ServiceSpec.ports []v1.ServicePort Map(port,protocol) merge/port",
        );
        check("v1", "Service", "spec.nothing", "none");
        assert!(
            of("v1", "Deployment").is_none()
                && of("apps/v1", "Deployment").unwrap() == of("apps/v1", "Deployment").unwrap()
        );
    }

    #[test]
    fn a_crd_answers_the_same_questions() {
        let schema = json::parse(r#"{"type":"object","properties":{"spec":{"type":"object","required":["legs"],"properties":{"legs":{"type":"integer","description":"how many"},
            "arms":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["side"],"items":{"type":"object","properties":{"side":{"type":"string"}}}},
            "extra":{"type":"object","x-kubernetes-preserve-unknown-fields":true},"tags":{"type":"object","additionalProperties":{"type":"string"}},"port":{"x-kubernetes-int-or-string":true}}}}}"#).unwrap();
        let t = TypeRef::of_crd("com.example.v1.Robot", &schema);
        assert_eq!(show(&t, "spec.legs"), "spec.legs int64 required pointer");
        assert_eq!(show(&t, "spec.arms.side"), "arms.side string pointer");
        assert_eq!(
            t.at("spec.arms").unwrap().0.field("arms").unwrap().keys(),
            ["side"]
        );
        assert_eq!(
            show(&t, "metadata.labels"),
            "ObjectMeta.labels map[string]string"
        );
        assert!(
            t.at("spec.extra")
                .unwrap()
                .0
                .field("extra")
                .unwrap()
                .ty
                .object()
                .unwrap()
                .preserves_unknown()
        );
        let (owner, _) = t.at("spec.legs").unwrap();
        assert_eq!(
            (t.go_name(), owner.custom_doc("legs")),
            ("Robot", Some("how many"))
        );
    }
}
