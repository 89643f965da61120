//! helm's client: objects of a manifest to requests, through discovery (`helm:pkg/kube`).

use machinery::{Api, Method, PatchType, Request, Response, Status, Value, patch, schema};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

#[derive(Clone)]
pub struct Kube {
    pub api: Rc<dyn Api>,
    known: Rc<RefCell<BTreeMap<String, Value>>>,
}

/// A resource of the server.
pub struct Resource {
    root: String,
    pub plural: String,
    pub namespaced: bool,
}

impl Resource {
    /// The collection in a namespace (all for "").
    pub fn path(&self, namespace: &str) -> String {
        match self.namespaced && !namespace.is_empty() {
            true => format!("{}/namespaces/{namespace}/{}", self.root, self.plural),
            false => format!("{}/{}", self.root, self.plural),
        }
    }
}

/// `Deployment.apps "web"`'s first part, as ownership messages have it.
pub fn describe(object: &Value, namespace: &str) -> String {
    format!(
        "{} {:?} in namespace {namespace:?}",
        object.text("kind"),
        object.text("metadata.name")
    )
}

impl Kube {
    pub fn new(api: Rc<dyn Api>) -> Kube {
        Kube {
            api,
            known: Rc::default(),
        }
    }
    pub fn resource(&self, api_version: &str, kind: &str) -> Result<Resource, ()> {
        let root = match api_version.contains('/') {
            true => format!("/apis/{api_version}"),
            false => format!("/api/{api_version}"),
        };
        let cached = self.known.borrow().get(&root).cloned();
        let list = match cached {
            Some(list) => list,
            None => {
                let asked = self.api.request(Request::get(root.as_str())).value();
                let list = asked.map_err(|_| ())?;
                self.known.borrow_mut().insert(root.clone(), list.clone());
                list
            }
        };
        let resources = list.get("resources").items();
        let found = resources
            .iter()
            .find(|r| r.text("kind") == kind && !r.text("name").contains('/'));
        let found = found.ok_or(())?;
        Ok(Resource {
            root,
            plural: found.text("name").to_string(),
            namespaced: found.flag("namespaced"),
        })
    }
    /// Forgets what the server has: custom resources may be new.
    pub fn forget(&self) {
        self.known.borrow_mut().clear();
    }
    fn of(&self, object: &Value, namespace: &str) -> Result<(String, Resource), String> {
        let (version, kind) = (object.text("apiVersion"), object.text("kind"));
        let resource = self.resource(version, kind).map_err(|()| {
            format!(
                "resource mapping not found for name: {:?} namespace: {:?} from \"\": no matches for kind {kind:?} in version {version:?}\nensure CRDs are installed first",
                object.text("metadata.name"),
                object.text("metadata.namespace"),
            )
        })?;
        let own = object.text("metadata.namespace");
        let namespace = if own.is_empty() { namespace } else { own };
        Ok((resource.path(namespace), resource))
    }
    /// Where an object lives; the error is the mapper's.
    pub fn path(&self, object: &Value, namespace: &str) -> Result<String, String> {
        let (path, _) = self.of(object, namespace)?;
        Ok(format!("{path}/{}", object.text("metadata.name")))
    }
    pub fn get(&self, object: &Value, namespace: &str) -> Result<Option<Value>, String> {
        let path = self.path(object, namespace)?;
        match self.api.request(Request::get(path)).value() {
            Ok(v) => Ok(Some(v)),
            Err(s) if s.code == 404 => Ok(None),
            Err(s) => Err(s.message),
        }
    }
    fn send(&self, request: Request) -> (Result<Value, Status>, Vec<String>) {
        let answer = self.api.request(request.with("fieldManager", "helm"));
        let warnings = match &answer {
            Response::Ok { warnings, .. } => warnings.clone(),
            _ => Vec::new(),
        };
        (answer.value(), warnings)
    }
    pub fn create(
        &self,
        object: &Value,
        namespace: &str,
        warn: &mut Vec<String>,
    ) -> Result<Value, String> {
        let (path, resource) = self.of(object, namespace)?;
        let mut object = object.clone();
        if resource.namespaced && object.text("metadata.namespace").is_empty() {
            object.set("metadata.namespace", Value::str(namespace));
        }
        let (done, warnings) = self.send(Request::new(Method::Post, path).body(object));
        warn.extend(warnings);
        done.map_err(|s| s.message)
    }
    /// Brings a live object from what it was to what it shall be.
    pub fn update(
        &self,
        old: &Value,
        new: &Value,
        live: &Value,
        namespace: &str,
        warn: &mut Vec<String>,
    ) -> Result<(), String> {
        let mut new = new.clone();
        if live.has("metadata") && !live.text("metadata.namespace").is_empty() {
            let own = Value::str(live.text("metadata.namespace"));
            new.set_default("metadata.namespace", own);
        }
        let change = patch::three_way(old, &new, live);
        if change.is_empty() {
            return Ok(());
        }
        let builtin = schema::of(new.text("apiVersion"), new.text("kind")).is_some();
        let mut request = Request::new(Method::Patch, self.path(&new, namespace)?).body(change);
        request.patch = Some(match builtin {
            true => PatchType::Strategic,
            false => PatchType::Merge,
        });
        let (done, warnings) = self.send(request);
        warn.extend(warnings);
        done.map(|_| ()).map_err(|s| {
            let (name, kind) = (new.text("metadata.name"), new.text("kind"));
            format!("cannot patch {name:?} with kind {kind}: {}", s.message)
        })
    }
    /// Deletes in the background; true if it was there.
    pub fn delete(&self, object: &Value, namespace: &str) -> Result<bool, String> {
        let path = self.path(object, namespace)?;
        let request = Request::new(Method::Delete, path).with("propagationPolicy", "Background");
        match self.api.request(request).value() {
            Ok(_) => Ok(true),
            Err(s) if s.code == 404 => Ok(false),
            Err(s) => Err(s.message),
        }
    }
    /// Whether `--wait` is content with a live object.
    pub fn is_ready(&self, object: &Value, namespace: &str, jobs: bool) -> bool {
        let Ok(Some(live)) = self.get(object, namespace) else {
            return false;
        };
        let condition = |kind: &str| {
            let conditions = live.at("status.conditions").items();
            conditions
                .iter()
                .any(|c| c.text("type") == kind && c.text("status") == "True")
        };
        let wanted = || live.at("spec.replicas").as_i64().unwrap_or(1);
        let seen = live.int("status.observedGeneration") >= live.int("metadata.generation");
        match live.text("kind") {
            "Pod" => condition("Ready"),
            "Job" => !jobs || condition("Complete"),
            "Deployment" => {
                let unavailable = live.at("spec.strategy.rollingUpdate.maxUnavailable");
                let allowed = match unavailable {
                    Value::Str(s) => {
                        s.trim_end_matches('%').parse::<i64>().unwrap_or(0) * wanted() / 100
                    }
                    other => other.as_i64().unwrap_or(0),
                };
                seen && live.int("status.updatedReplicas") >= wanted()
                    && live.int("status.readyReplicas") >= wanted() - allowed
            }
            "StatefulSet" => {
                seen && live.int("status.updatedReplicas") >= wanted()
                    && live.int("status.readyReplicas") >= wanted()
            }
            "DaemonSet" => {
                seen && live.int("status.numberReady") >= live.int("status.desiredNumberScheduled")
            }
            "ReplicaSet" | "ReplicationController" => live.int("status.readyReplicas") >= wanted(),
            "PersistentVolumeClaim" => live.text("status.phase") == "Bound",
            "CustomResourceDefinition" => condition("Established"),
            "Service" if live.text("spec.type") == "LoadBalancer" => {
                !live.at("status.loadBalancer.ingress").is_empty()
            }
            _ => true,
        }
    }
}
