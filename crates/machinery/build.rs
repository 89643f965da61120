//! Makes the schema of all built-in kinds from the `k8s-openapi` crate and `schema/go.txt`:
//!
//! - `schema_data.rs`: types and fields as constants (see `src/schema/builtin.rs`),
//! - `known.rs`: every field name and common value, sorted (see `src/intern.rs`),
//! - `docs.txt`: what the API says of each type and field (see `src/schema/docs.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use k8s_openapi::{Resource, api, apiextensions_apiserver, apimachinery, kube_aggregator};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::Value as Json;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=schema/go.txt");
    let out = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let out = Path::new(&out);
    let go = go_facts(&std::fs::read_to_string("schema/go.txt").expect("schema/go.txt"));
    let mut roots = Roots {
        generator: SchemaSettings::draft07().into_generator(),
        kinds: Vec::new(),
    };
    roots.all();
    let model = Model::of(roots, &go);
    let write =
        |name: &str, text: String| std::fs::write(out.join(name), text).expect("writable OUT_DIR");
    write("schema_data.rs", model.data());
    write("known.rs", model.known());
    write("docs.txt", model.docs());
}

/// The kinds, as `k8s-openapi` has them.
struct Roots {
    generator: SchemaGenerator,
    /// apiVersion, kind, type name, whether it has a List kind.
    kinds: Vec<(String, String, String, bool)>,
}

impl Roots {
    fn kind<T: Resource + schemars::JsonSchema>(&mut self, listed: bool) {
        self.generator.subschema_for::<T>();
        let name = T::schema_name().into_owned();
        self.kinds
            .push((T::API_VERSION.into(), T::KIND.into(), name, listed));
    }
    fn all(&mut self) {
        macro_rules! kinds {
            ($listed:literal: $($($part:ident)::+ { $($kind:ident)* })*) => { $({ use $($part)::+ as group; $(self.kind::<group::$kind>($listed);)* })* };
        }
        kinds! { true:
            api::core::v1 { ComponentStatus ConfigMap Endpoints Event LimitRange Namespace Node PersistentVolume PersistentVolumeClaim Pod PodTemplate
                ReplicationController ResourceQuota Secret Service ServiceAccount }
            api::apps::v1 { ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet }
            api::batch::v1 { CronJob Job }
            api::autoscaling::v1 { HorizontalPodAutoscaler }
            api::autoscaling::v2 { HorizontalPodAutoscaler }
            api::networking::v1 { Ingress IngressClass IPAddress NetworkPolicy ServiceCIDR }
            api::policy::v1 { PodDisruptionBudget }
            api::rbac::v1 { ClusterRole ClusterRoleBinding Role RoleBinding }
            api::storage::v1 { CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment VolumeAttributesClass }
            api::scheduling::v1 { PriorityClass }
            api::coordination::v1 { Lease }
            api::discovery::v1 { EndpointSlice }
            api::events::v1 { Event }
            api::admissionregistration::v1 { MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration ValidatingAdmissionPolicy
                ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration }
            api::certificates::v1 { CertificateSigningRequest }
            api::flowcontrol::v1 { FlowSchema PriorityLevelConfiguration }
            api::node::v1 { RuntimeClass }
            api::resource::v1 { DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice }
            apiextensions_apiserver::pkg::apis::apiextensions::v1 { CustomResourceDefinition }
            kube_aggregator::pkg::apis::apiregistration::v1 { APIService }
        }
        kinds! { false:
            api::core::v1 { Binding }
            api::autoscaling::v1 { Scale }
            api::policy::v1 { Eviction }
            api::authentication::v1 { SelfSubjectReview TokenRequest TokenReview }
            api::authorization::v1 { LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview }
            apimachinery::pkg::apis::meta::v1 { Status APIGroup APIGroupList APIResourceList APIVersions }
        }
        self.generator
            .subschema_for::<apimachinery::pkg::apis::meta::v1::DeleteOptions>();
        self.generator
            .subschema_for::<apimachinery::pkg::apis::meta::v1::ListMeta>();
        let name = format!("{META}DeleteOptions");
        self.kinds
            .push(("v1".into(), "DeleteOptions".into(), name, false));
    }
}

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.";

/// What `schema/go.txt` says of one field.
#[derive(Clone, Default)]
struct GoField {
    pointer: bool,
    always: bool,
    omit_zero: bool,
    go: String,
    via: String,
    patch: String,
    key: String,
    list: String,
    atomic: bool,
}

#[derive(Default)]
struct GoType {
    atomic: bool,
    fields: BTreeMap<String, GoField>,
}

fn go_facts(text: &str) -> BTreeMap<String, GoType> {
    let mut out: BTreeMap<String, GoType> = BTreeMap::new();
    let mut current = String::new();
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let Some(row) = line.strip_prefix("  ") else {
            let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
            current = name.to_string();
            out.entry(current.clone()).or_default().atomic = rest == "atomic";
            continue;
        };
        let mut words = row.split(' ');
        let name = words.next().expect("a field name");
        let flags = words.next().expect("flags");
        let mut f = GoField {
            pointer: flags.contains('*'),
            always: flags.contains('!'),
            omit_zero: flags.contains('z'),
            ..GoField::default()
        };
        for w in words {
            match w.split_once('=') {
                Some(("in", v)) => f.via = v.into(),
                Some(("patch", v)) => f.patch = v.into(),
                Some(("key", v)) => f.key = v.into(),
                Some(("list", v)) => f.list = v.into(),
                None if w == "atomic" => f.atomic = true,
                _ => f.go = w.into(),
            }
        }
        let ty = out.get_mut(&current).expect("a type before its fields");
        ty.fields.insert(name.into(), f);
    }
    out
}

struct Field {
    name: String,
    /// Rust text of its `Ty`.
    ty: String,
    required: bool,
    go: GoField,
    doc: String,
}

struct Type {
    name: String,
    atomic: bool,
    fields: Vec<Field>,
    doc: String,
}

struct Model {
    types: Vec<Type>,
    /// apiVersion, kind, index of its type.
    kinds: Vec<(String, String, usize)>,
}

/// Types that are no objects to the schema.
fn special(name: &str) -> Option<&'static str> {
    Some(match name.rsplit('.').next().unwrap_or(name) {
        "Quantity" => "Ty::Quantity",
        "IntOrString" => "Ty::IntOrString",
        "Time" => "Ty::Time",
        "MicroTime" => "Ty::MicroTime",
        "RawExtension"
        | "FieldsV1"
        | "JSON"
        | "JSONSchemaPropsOrArray"
        | "JSONSchemaPropsOrBool"
        | "JSONSchemaPropsOrStringArray"
        | "Patch" => "Ty::Any",
        _ => return None,
    })
}

impl Model {
    fn of(mut roots: Roots, go: &BTreeMap<String, GoType>) -> Model {
        let definitions = roots.generator.take_definitions(true);
        let names: Vec<String> = definitions
            .keys()
            .filter(|n| special(n).is_none())
            .cloned()
            .collect();
        let listed: Vec<String> = roots
            .kinds
            .iter()
            .filter(|k| k.3)
            .map(|k| k.2.clone())
            .collect();
        let index: BTreeMap<&str, usize> = names
            .iter()
            .enumerate()
            .map(|(i, n)| (n.as_str(), i))
            .collect();
        let mut types: Vec<Type> = Vec::new();
        for name in &names {
            let schema = &definitions[name];
            let empty = GoType::default();
            let facts = go.get(name).unwrap_or(&empty);
            let required: Vec<&str> = schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Json::as_str)
                .collect();
            let mut fields = Vec::new();
            for (field, s) in schema["properties"].as_object().into_iter().flatten() {
                fields.push(Field {
                    name: field.clone(),
                    ty: ty(s, &index),
                    // `k8s-openapi` demands metadata of every kind; the API does not.
                    required: required.contains(&field.as_str()) && field != "metadata",
                    go: facts.fields.get(field).cloned().unwrap_or_default(),
                    doc: text(s),
                });
            }
            fields.sort_by(|a, b| a.name.cmp(&b.name));
            types.push(Type {
                name: name.clone(),
                atomic: facts.atomic,
                fields,
                doc: text(schema),
            });
        }
        let mut kinds: Vec<(String, String, usize)> = roots
            .kinds
            .iter()
            .map(|(v, k, n, _)| (v.clone(), k.clone(), index[n.as_str()]))
            .collect();
        let list_meta = index[format!("{META}ListMeta").as_str()];
        for name in &listed {
            let (version, kind, item) = kinds[roots
                .kinds
                .iter()
                .position(|k| k.2 == *name)
                .expect("listed kinds are kinds")]
            .clone();
            kinds.push((version, format!("{kind}List"), types.len()));
            types.push(list_type(
                format!("{name}List"),
                &kind,
                format!("Ty::Object({item})"),
                list_meta,
            ));
        }
        kinds.push(("v1".into(), "List".into(), types.len()));
        types.push(list_type(
            "io.k8s.api.core.v1.List".into(),
            "List",
            "Ty::Any".into(),
            list_meta,
        ));
        kinds.sort();
        Model { types, kinds }
    }

    fn data(&self) -> String {
        let mut out = String::new();
        let mut extras: Vec<String> = vec![extra(&GoField::default())];
        let mut rows = String::new();
        for t in &self.types {
            let _ = writeln!(
                rows,
                "BuiltinType {{ name: {:?}, atomic: {}, fields: &[",
                t.name, t.atomic
            );
            for f in &t.fields {
                let e = extra(&f.go);
                let at = extras.iter().position(|x| *x == e).unwrap_or_else(|| {
                    extras.push(e);
                    extras.len() - 1
                });
                let flags = u8::from(f.required)
                    | u8::from(f.go.pointer) << 1
                    | u8::from(f.go.always) << 2
                    | u8::from(f.go.omit_zero) << 3;
                let _ = writeln!(rows, "  f({:?}, {}, {flags}, {at}),", f.name, f.ty);
            }
            rows.push_str("] },\n");
        }
        let _ = writeln!(out, "pub static TYPES: &[BuiltinType] = &[\n{rows}];");
        let _ = writeln!(
            out,
            "pub static EXTRAS: &[Extra] = &[\n{}];",
            extras.concat()
        );
        out.push_str("pub static KINDS: &[(&str, &str, u16)] = &[\n");
        for (v, k, i) in &self.kinds {
            let _ = writeln!(out, "  ({v:?}, {k:?}, {i}),");
        }
        out.push_str("];\n");
        out
    }

    fn known(&self) -> String {
        let mut words: BTreeSet<&str> = COMMON.split_whitespace().collect();
        words.insert("");
        for t in &self.types {
            words.extend(t.fields.iter().map(|f| f.name.as_str()));
        }
        for (v, k, _) in &self.kinds {
            words.extend([v.as_str(), k.as_str()]);
        }
        let mut out = String::from("&[\n");
        for w in words {
            let _ = writeln!(out, "{w:?},");
        }
        out.push(']');
        out
    }

    /// `=type` and its text, then `.field` and its text: texts with `\n` for line ends.
    fn docs(&self) -> String {
        let mut out = String::new();
        let line = |s: &str| s.replace('\\', "\\\\").replace('\n', "\\n");
        for t in &self.types {
            let _ = writeln!(out, "={}\t{}", t.name, line(&t.doc));
            for f in &t.fields {
                let _ = writeln!(out, ".{}\t{}", f.name, line(&f.doc));
            }
        }
        out
    }
}

fn extra(g: &GoField) -> String {
    let (list, keys) = g.list.split_once(':').unwrap_or((&g.list, ""));
    let list = match list {
        "map" => "ListType::Map",
        "set" => "ListType::Set",
        "atomic" => "ListType::Atomic",
        _ => "ListType::None",
    };
    let keys: Vec<String> = keys
        .split(',')
        .filter(|k| !k.is_empty())
        .map(|k| format!("{k:?}"))
        .collect();
    format!(
        "  Extra {{ go: {:?}, via: {:?}, patch: {:?}, key: {:?}, list: {list}, list_keys: &[{}], atomic: {} }},\n",
        g.go,
        g.via,
        g.patch,
        g.key,
        keys.join(", "),
        g.atomic
    )
}

fn text(schema: &Json) -> String {
    schema["description"].as_str().unwrap_or("").to_string()
}

fn list_type(name: String, kind: &str, item: String, list_meta: usize) -> Type {
    let field = |name: &str, ty: String, required: bool, doc: &str| Field {
        name: name.into(),
        ty,
        required,
        go: GoField {
            always: required,
            ..GoField::default()
        },
        doc: doc.into(),
    };
    const VERSION: &str = "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources";
    const KIND: &str = "Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";
    Type {
        name,
        atomic: false,
        fields: vec![
            field("apiVersion", "Ty::Str".into(), false, VERSION),
            field("items", format!("Ty::List(&{item})"), true, ""),
            field("kind", "Ty::Str".into(), false, KIND),
            field(
                "metadata",
                format!("Ty::Object({list_meta})"),
                false,
                "Standard list metadata.",
            ),
        ],
        doc: format!("{kind}List is a list of {kind}."),
    }
}

/// The Rust text of a field's type.
fn ty(s: &Json, index: &BTreeMap<&str, usize>) -> String {
    if let Some(r) = s["$ref"].as_str() {
        let name = r.rsplit('/').next().unwrap_or(r);
        return match special(name) {
            Some(t) => t.to_string(),
            None => format!("Ty::Object({})", index[name]),
        };
    }
    if let Some(all) = s["allOf"].as_array() {
        return ty(&all[0], index);
    }
    let format = s["format"].as_str().unwrap_or("");
    match s["type"].as_str() {
        Some("string") if format == "byte" => "Ty::Bytes".into(),
        Some("string") => "Ty::Str".into(),
        Some("boolean") => "Ty::Bool".into(),
        Some("number") => "Ty::Number".into(),
        Some("integer") if format == "int32" => "Ty::Int32".into(),
        Some("integer") => "Ty::Int64".into(),
        Some("array") => format!("Ty::List(&{})", ty(&s["items"], index)),
        Some("object") if s["additionalProperties"].is_object() => {
            format!("Ty::Map(&{})", ty(&s["additionalProperties"], index))
        }
        _ => "Ty::Any".into(),
    }
}

/// Values that many objects hold; interned like the field names.
const COMMON: &str = "True False Unknown Running Pending Succeeded Failed Active Terminating Ready Initialized ContainersReady PodScheduled
    PodReadyToStartContainers PodReadyCondition Always Never OnFailure IfNotPresent ClusterFirst Default TCP UDP SCTP HTTP HTTPS File Recreate
    RollingUpdate ClusterIP NodePort LoadBalancer ExternalName None SingleStack IPv4 IPv6 Cluster Local Guaranteed Burstable BestEffort
    default kube-system default-scheduler default-token /dev/termination-log app name nginx cpu memory pods ephemeral-storage storage
    kubernetes.io/hostname kubernetes.io/metadata.name kubernetes.io/os kubernetes.io/arch linux amd64 pod-template-hash controller-uid job-name
    deployment.kubernetes.io/revision deployment.kubernetes.io/desired-replicas deployment.kubernetes.io/max-replicas
    kubectl.kubernetes.io/last-applied-configuration kubectl.kubernetes.io/restartedAt node.kubernetes.io/not-ready node.kubernetes.io/unreachable
    Exists Equal In NotIn DoesNotExist NoSchedule NoExecute PreferNoSchedule Normal Warning Available Progressing ReplicaFailure Complete
    MinimumReplicasAvailable NewReplicaSetAvailable ReplicaSetUpdated Bound Delete Retain ReadWriteOnce Filesystem Immediate WaitForFirstConsumer
    Opaque Orphan Background Foreground Update Apply FieldsV1 kubelet kube-controller-manager kube-scheduler kubectl-client-side-apply
    kubectl-create kubectl-edit kubectl-rollout kubectl ca.crt kube-root-ca.crt token namespace kube-api-access
    /var/run/secrets/kubernetes.io/serviceaccount true false 100m 128Mi 64Mi 256Mi 1 2 3 web 25%";
