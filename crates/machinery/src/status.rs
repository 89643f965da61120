//! The one error type of the API: `metav1.Status`, with upstream's code, reason and exact message.
//! Constructors follow `apimachinery:pkg/api/errors/errors.go`.

use crate::{Value, value};

#[derive(Clone, PartialEq, Debug)]
pub struct Status {
    /// The HTTP status.
    pub code: u16,
    /// `NotFound`, `AlreadyExists`, ...
    pub reason: &'static str,
    pub message: String,
    /// `details` of the wire form: name, group, kind, uid, causes, retryAfterSeconds. `continue` is shown in `metadata`.
    pub details: Value,
}

/// `pods` or `deployments.apps`: a resource as messages name it.
pub fn qualified(group: &str, resource: &str) -> String {
    if group.is_empty() {
        resource.to_string()
    } else {
        format!("{resource}.{group}")
    }
}

impl Status {
    pub fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Status {
        Status {
            code,
            reason,
            message: message.into(),
            details: Value::Null,
        }
    }
    fn about(mut self, group: &str, resource: &str, name: &str) -> Status {
        self.details = value!({ "name": Value::str(name), "group": Value::str(group), "kind": Value::str(resource) });
        self
    }
    pub fn not_found(group: &str, resource: &str, name: &str) -> Status {
        let what = qualified(group, resource);
        Status::new(404, "NotFound", format!("{what} \"{name}\" not found"))
            .about(group, resource, name)
    }
    /// The path leads nowhere: no such resource.
    pub fn no_resource() -> Status {
        Status::new(
            404,
            "NotFound",
            "the server could not find the requested resource",
        )
    }
    pub fn already_exists(group: &str, resource: &str, name: &str) -> Status {
        let what = qualified(group, resource);
        Status::new(
            409,
            "AlreadyExists",
            format!("{what} \"{name}\" already exists"),
        )
        .about(group, resource, name)
    }
    pub fn conflict(group: &str, resource: &str, name: &str, why: &str) -> Status {
        let what = qualified(group, resource);
        let message = format!("Operation cannot be fulfilled on {what} \"{name}\": {why}");
        Status::new(409, "Conflict", message).about(group, resource, name)
    }
    /// A stale resourceVersion.
    pub fn modified(group: &str, resource: &str, name: &str) -> Status {
        Status::conflict(
            group,
            resource,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }
    pub fn forbidden(group: &str, resource: &str, name: &str, why: &str) -> Status {
        let what = qualified(group, resource);
        let message = match name {
            "" => format!("{what} is forbidden: {why}"),
            _ => format!("{what} \"{name}\" is forbidden: {why}"),
        };
        Status::new(403, "Forbidden", message).about(group, resource, name)
    }
    pub fn bad_request(message: impl Into<String>) -> Status {
        Status::new(400, "BadRequest", message)
    }
    pub fn method_not_allowed(group: &str, resource: &str, verb: &str) -> Status {
        let what = qualified(group, resource);
        Status::new(
            405,
            "MethodNotAllowed",
            format!("{verb} is not supported on resources of kind \"{what}\""),
        )
    }
    pub fn internal(message: impl Into<String>) -> Status {
        Status::new(
            500,
            "InternalError",
            format!("Internal error occurred: {}", message.into()),
        )
    }
    pub fn gone(message: impl Into<String>) -> Status {
        Status::new(410, "Expired", message)
    }
    pub fn too_many(message: impl Into<String>, retry_after_s: i64) -> Status {
        let mut s = Status::new(429, "TooManyRequests", message);
        s.details = value!({ "retryAfterSeconds": retry_after_s });
        s
    }
    /// What validation found wrong. `kind` is `Deployment`, `group` its group.
    pub fn invalid(group: &str, kind: &str, name: &str, errors: &crate::field::Errors) -> Status {
        let what = qualified(group, kind);
        let message = format!("{what} \"{name}\" is invalid: {}", errors.message());
        let mut s = Status::new(422, "Invalid", message).about(group, kind, name);
        s.details.set("causes", errors.causes());
        s
    }
    pub fn is_not_found(&self) -> bool {
        self.reason == "NotFound"
    }
    pub fn is_conflict(&self) -> bool {
        self.reason == "Conflict"
    }
    pub fn is_already_exists(&self) -> bool {
        self.reason == "AlreadyExists"
    }
    pub fn is_invalid(&self) -> bool {
        self.reason == "Invalid"
    }
    /// The wire form, `kind: Status`.
    pub fn to_value(&self) -> Value {
        let mut v = value!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": Value::str(&self.message), "reason": self.reason, "code": i64::from(self.code),
        });
        let mut details = self.details.clone();
        if details.has("continue") {
            v.set("metadata.continue", details.remove("continue"));
        }
        if !details.is_empty() {
            v.set("details", details);
        }
        v
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}
