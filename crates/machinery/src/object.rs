//! One immutable version of an object, and what every object has: `apiVersion`, `kind`, `metadata`.

use crate::{NULL, Str, Value, value};

/// An object of any kind. A clone is a pointer.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Object(pub Value);

impl Object {
    pub fn new(api_version: &str, kind: &str, namespace: &str, name: &str) -> Object {
        let mut v = value!({ "apiVersion": Value::str(api_version), "kind": Value::str(kind), "metadata": { "name": Value::str(name) } });
        if !namespace.is_empty() {
            v.set("metadata.namespace", Value::str(namespace));
        }
        Object(v)
    }
    pub fn api_version(&self) -> &str {
        self.0.text("apiVersion")
    }
    pub fn kind(&self) -> &str {
        self.0.text("kind")
    }
    pub fn group(&self) -> &str {
        self.api_version().split_once('/').map_or("", |(g, _)| g)
    }
    pub fn name(&self) -> &str {
        self.0.text("metadata.name")
    }
    /// "" where the kind has none.
    pub fn namespace(&self) -> &str {
        self.0.text("metadata.namespace")
    }
    pub fn uid(&self) -> &str {
        self.0.text("metadata.uid")
    }
    /// 0 where it has none yet.
    pub fn resource_version(&self) -> u64 {
        self.0.text("metadata.resourceVersion").parse().unwrap_or(0)
    }
    pub fn generation(&self) -> i64 {
        self.0.int("metadata.generation")
    }
    /// Milliseconds since 1970; 0 where it has none.
    pub fn created(&self) -> i64 {
        crate::time::parse_rfc3339(self.0.text("metadata.creationTimestamp")).unwrap_or(0)
    }
    pub fn is_deleting(&self) -> bool {
        !self.0.at("metadata.deletionTimestamp").is_null()
    }
    pub fn labels(&self) -> &[(Str, Value)] {
        self.0.at("metadata.labels").entries()
    }
    pub fn label(&self, key: &str) -> Option<&str> {
        self.0.at("metadata.labels").get(key).as_str()
    }
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.0.at("metadata.annotations").get(key).as_str()
    }
    pub fn owners(&self) -> &[Value] {
        self.0.at("metadata.ownerReferences").items()
    }
    /// The owner reference whose `controller` is true, or null.
    pub fn controller(&self) -> &Value {
        self.owners()
            .iter()
            .find(|o| o.flag("controller"))
            .unwrap_or(NULL)
    }
    pub fn is_controlled_by(&self, owner: &Object) -> bool {
        self.controller().text("uid") == owner.uid() && !owner.uid().is_empty()
    }
    /// An owner reference to this object, as controllers write it.
    pub fn owner_reference(&self) -> Value {
        value!({
            "apiVersion": Value::str(self.api_version()), "kind": Value::str(self.kind()), "name": Value::str(self.name()),
            "uid": Value::str(self.uid()), "controller": true, "blockOwnerDeletion": true,
        })
    }
    pub fn spec(&self) -> &Value {
        self.0.get("spec")
    }
    pub fn status(&self) -> &Value {
        self.0.get("status")
    }
    /// A changed copy; shares all that `change` does not touch.
    #[must_use]
    pub fn edit(&self, change: impl FnOnce(&mut Value)) -> Object {
        let mut v = self.0.clone();
        change(&mut v);
        Object(v)
    }
    /// The condition of this type in `status.conditions`, or null.
    pub fn condition(&self, kind: &str) -> &Value {
        self.0
            .at("status.conditions")
            .items()
            .iter()
            .find(|c| c.text("type") == kind)
            .unwrap_or(NULL)
    }
    pub fn condition_is_true(&self, kind: &str) -> bool {
        self.condition(kind).text("status") == "True"
    }
}

impl std::ops::Deref for Object {
    type Target = Value;
    fn deref(&self) -> &Value {
        &self.0
    }
}
