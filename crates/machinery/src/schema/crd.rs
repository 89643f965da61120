//! A custom kind's schema, from the structural `openAPIV3Schema` of its CustomResourceDefinition.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Elem, ElemRepr, Field, ListType, Repr, Type, TypeRef};
use crate::Value;

/// Deeper schemas are taken as `Any`.
const MAX_DEPTH: usize = 64;

pub struct Node {
    pub name: String,
    pub kind: NodeKind,
    pub fields: BTreeMap<String, Rc<Node>>,
    pub doc: String,
    /// `enum`
    pub values: Vec<String>,
    pub preserve: bool,
    pub atomic: bool,
    required: Vec<String>,
    list_type: ListType,
    list_keys: Vec<String>,
}

pub enum NodeKind {
    Object,
    List(Rc<Node>),
    Map(Rc<Node>),
    Plain(Type),
}

impl Node {
    pub fn of_root(name: &str, schema: &Value) -> Node {
        let mut root = Node::of(name, schema, 0);
        root.kind = NodeKind::Object;
        let plain = |ty: Type| Rc::new(Node::plain(ty));
        root.fields.insert("apiVersion".into(), plain(Type::Str));
        root.fields.insert("kind".into(), plain(Type::Str));
        if let Some(meta) = super::object_meta() {
            root.fields
                .insert("metadata".into(), plain(Type::Object(meta)));
        }
        root
    }

    fn plain(ty: Type) -> Node {
        Node {
            name: String::new(),
            kind: NodeKind::Plain(ty),
            fields: BTreeMap::new(),
            doc: String::new(),
            values: Vec::new(),
            preserve: false,
            atomic: false,
            required: Vec::new(),
            list_type: ListType::None,
            list_keys: Vec::new(),
        }
    }

    fn of(name: &str, s: &Value, depth: usize) -> Node {
        let mut out = Node::plain(Type::Any);
        out.name = name.to_string();
        out.doc = s.text("description").to_string();
        if depth > MAX_DEPTH {
            return out;
        }
        let text = |v: &Value| v.as_str().unwrap_or("").to_string();
        out.preserve = s.flag("x-kubernetes-preserve-unknown-fields");
        out.atomic = s.text("x-kubernetes-map-type") == "atomic";
        out.values = s.get("enum").items().iter().map(text).collect();
        out.required = s.get("required").items().iter().map(text).collect();
        out.list_keys = s
            .get("x-kubernetes-list-map-keys")
            .items()
            .iter()
            .map(text)
            .collect();
        out.list_type = match s.text("x-kubernetes-list-type") {
            "map" => ListType::Map,
            "set" => ListType::Set,
            "atomic" => ListType::Atomic,
            _ => ListType::None,
        };
        let format = s.text("format");
        out.kind = match s.text("type") {
            _ if s.flag("x-kubernetes-int-or-string") => NodeKind::Plain(Type::IntOrString),
            "object" if s.get("additionalProperties").as_map().is_some() => NodeKind::Map(Rc::new(
                Node::of(name, s.get("additionalProperties"), depth + 1),
            )),
            "object" => NodeKind::Object,
            "array" => NodeKind::List(Rc::new(Node::of(name, s.get("items"), depth + 1))),
            "string" if format == "byte" => NodeKind::Plain(Type::Bytes),
            "string" => NodeKind::Plain(Type::Str),
            "integer" if format == "int32" => NodeKind::Plain(Type::Int32),
            "integer" => NodeKind::Plain(Type::Int64),
            "number" => NodeKind::Plain(Type::Number),
            "boolean" => NodeKind::Plain(Type::Bool),
            _ => NodeKind::Plain(Type::Any),
        };
        for (k, v) in s.get("properties").entries() {
            out.fields
                .insert(k.to_string(), Rc::new(Node::of(k, v, depth + 1)));
        }
        if s.flag("x-kubernetes-embedded-resource")
            && let Some(meta) = super::object_meta()
        {
            let meta = Rc::new(Node::plain(Type::Object(meta)));
            out.fields.entry("metadata".into()).or_insert(meta);
            for k in ["apiVersion", "kind"] {
                let plain = Rc::new(Node::plain(Type::Str));
                out.fields.entry(k.into()).or_insert(plain);
            }
        }
        out
    }

    pub fn ty(self: &Rc<Node>) -> Type {
        match &self.kind {
            NodeKind::Object => Type::Object(TypeRef(Repr::Custom(self.clone()))),
            NodeKind::List(e) => Type::List(Elem(ElemRepr::Custom(e.clone()))),
            NodeKind::Map(e) => Type::Map(Elem(ElemRepr::Custom(e.clone()))),
            NodeKind::Plain(t) => t.clone(),
        }
    }

    pub fn field(&self, name: &str) -> Option<Field<'_>> {
        let (name, node) = self.fields.get_key_value(name)?;
        Some(Field {
            name,
            ty: node.ty(),
            required: self.required.contains(name),
            pointer: true,
            always: false,
            omit_zero: true,
            via: "",
            patch: "",
            merge_key: "",
            list_type: node.list_type,
            list_keys: &[],
            custom_keys: &node.list_keys,
            atomic: node.atomic,
            go: "",
        })
    }
}
