//! From a chart and values to manifests: the engine, hooks taken apart, the order of kinds
//! (`helm:pkg/engine`, `pkg/releaseutil`).

use super::chart::{Chart, text_of};
use super::sprig::{FAILED, Functions, files_object, printing};
use machinery::gotemplate::Templates;
use machinery::{Api, Arrange, Value, value, yaml};
use std::rc::Rc;

/// The order in which kinds are installed; others come after, by name.
const ORDER: &str = "PriorityClass Namespace NetworkPolicy ResourceQuota LimitRange PodSecurityPolicy PodDisruptionBudget \
ServiceAccount Secret SecretList ConfigMap StorageClass PersistentVolume PersistentVolumeClaim CustomResourceDefinition ClusterRole \
ClusterRoleList ClusterRoleBinding ClusterRoleBindingList Role RoleList RoleBinding RoleBindingList Service DaemonSet Pod \
ReplicationController ReplicaSet Deployment HorizontalPodAutoscaler StatefulSet Job CronJob IngressClass Ingress APIService \
MutatingWebhookConfiguration ValidatingWebhookConfiguration";

/// Who asks for the rendering.
#[derive(Clone)]
pub struct Asked<'a> {
    pub release: &'a str,
    pub namespace: &'a str,
    pub revision: i64,
    pub upgrade: bool,
    pub now_ms: i64,
    /// For `lookup`; none in `helm template` and dry runs.
    pub api: Option<Rc<dyn Api>>,
    pub lint: bool,
}

/// One document of a rendered chart.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// `web/templates/service.yaml`
    pub source: String,
    pub text: String,
    pub object: Value,
}

#[derive(Clone, Default)]
pub struct Rendered {
    pub manifests: Vec<Manifest>,
    /// As they are stored in a release.
    pub hooks: Vec<Value>,
    pub notes: String,
}

pub fn version_object() -> Value {
    let version = crate::minikube::KUBERNETES_VERSION;
    let fields = value!({ "Version": version, "GitVersion": version, "Major": "1", "Minor": "36" });
    printing(fields, version)
}

/// What templates see of a chart and all below it: `(path, chart, data)`.
fn scopes(
    chart: &Chart,
    path: &str,
    values: &Value,
    base: &Value,
    out: &mut Vec<(String, Chart, Value)>,
) {
    let subs = chart.enabled(values);
    let mut data = base.clone();
    *data.field("Chart") = chart.object();
    *data.field("Values") = values.clone();
    *data.field("Files") = files_object(path);
    let mut below = Value::map();
    for sub in &subs {
        *below.field(sub.name()) =
            value!({ "Values": values.get(sub.name()), "Chart": (sub.object()) });
    }
    *data.field("Subcharts") = below;
    out.push((path.to_string(), chart.clone(), data));
    for sub in subs {
        let own = values.get(sub.name()).clone();
        let mut child = sub.clone();
        child.meta.field("\0sub");
        scopes(
            &child,
            &format!("{path}/charts/{}", sub.name()),
            &own,
            base,
            out,
        );
    }
}

/// Renders a chart with values already coalesced.
pub fn render(chart: &Chart, values: &Value, asked: &Asked) -> Result<Rendered, String> {
    let wanted = chart.meta.text("kubeVersion");
    let ours = crate::minikube::KUBERNETES_VERSION;
    if !wanted.is_empty() && super::semver::compare(wanted, ours) == Ok(false) {
        return Err(format!(
            "chart requires kubeVersion: {wanted} which is incompatible with Kubernetes {ours}"
        ));
    }
    let base = value!({
        "Release": {
            "Name": Value::str(asked.release), "Namespace": Value::str(asked.namespace), "Service": "Helm",
            "IsUpgrade": asked.upgrade, "IsInstall": !asked.upgrade, "Revision": asked.revision
        },
        "Capabilities": {
            "KubeVersion": (version_object()), "APIVersions": { "\0type": "APIVersions" },
            "HelmVersion": (printing(value!({ "Version": super::VERSION, "GitCommit": super::COMMIT, "GoVersion": super::GO }), super::VERSION))
        }
    });
    let mut all = Vec::new();
    scopes(chart, chart.name(), values, &base, &mut all);
    let mut functions = Functions {
        api: asked.api.clone(),
        now_ms: asked.now_ms,
        seed: asked.now_ms as u64 ^ asked.release.bytes().fold(7, |h, b| h * 31 + u64::from(b)),
        files: Default::default(),
        lint: asked.lint,
    };
    let mut templates = Templates::default();
    let mut named = Vec::new();
    // Deeper charts first, so that the definitions of those above win.
    for (path, chart, data) in all.iter().rev() {
        for (name, text) in chart.files.iter() {
            functions
                .files
                .insert((path.clone(), name.clone()), text.clone());
        }
        for (name, text) in &chart.templates {
            let full = format!("{path}/{name}");
            templates
                .add(&full, text, &functions)
                .map_err(|e| parse_error(&e))?;
            named.push((full, path.clone(), data.clone()));
        }
    }
    named.arrange_by(|a, b| a.0.cmp(&b.0));
    let mut out = Rendered::default();
    for (full, path, mut data) in named {
        let file = full.rsplit('/').next().unwrap_or("");
        let library = all
            .iter()
            .any(|(p, c, _)| *p == path && c.meta.text("type") == "library");
        if file.starts_with('_') || library {
            continue;
        }
        *data.field("Template") =
            value!({ "Name": Value::str(&full), "BasePath": format!("{path}/templates") });
        let text = templates
            .run(&full, &data, &mut functions)
            .map_err(|e| run_error(&e))?
            .replace("<no value>", "");
        if file == "NOTES.txt" {
            if path == chart.name() {
                out.notes = text;
            }
            continue;
        }
        split(&full, &text, &mut out)?;
    }
    sort(&mut out.manifests);
    Ok(out)
}

/// Takes a rendered file apart into manifests and hooks.
fn split(source: &str, text: &str, out: &mut Rendered) -> Result<(), String> {
    for document in documents(text) {
        let parsed = yaml::parse(&document)
            .map_err(|e| format!("YAML parse error on {source}: {}", e.message))?;
        if parsed.is_null() {
            continue;
        }
        if !matches!(parsed, Value::Map(_)) {
            return Err(format!(
                "YAML parse error on {source}: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go value of type releaseutil.SimpleHead",
                match parsed {
                    Value::List(_) => "array",
                    Value::Str(_) => "string",
                    Value::Bool(_) => "bool",
                    _ => "number",
                }
            ));
        }
        let hook = parsed.at("metadata.annotations").get("helm.sh/hook");
        match hook.as_str() {
            Some(events) if !events.is_empty() => {
                out.hooks.push(hook_of(source, &document, &parsed, events));
            }
            _ => out.manifests.push(Manifest {
                source: source.to_string(),
                text: document,
                object: parsed,
            }),
        }
    }
    Ok(())
}

/// Documents between `---` lines, trimmed; those with nothing but comments are kept out by their parse.
pub fn documents(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    for line in text.lines() {
        let separates = line.starts_with("---") && line.trim_end().trim_end_matches('-').is_empty();
        match (separates, out.last_mut()) {
            (true, _) => out.push(String::new()),
            (false, Some(last)) => {
                last.push_str(line);
                last.push('\n');
            }
            _ => {}
        }
    }
    let trimmed = out.iter().map(|d| d.trim().to_string());
    trimmed.filter(|d| !d.is_empty()).collect()
}

fn hook_of(source: &str, text: &str, object: &Value, events: &str) -> Value {
    let annotation = |name: &str| {
        text_of(
            object
                .at("metadata.annotations")
                .get(&format!("helm.sh/{name}")),
        )
    };
    let words = |text: &str| {
        let words = text.split(',').map(|w| match w.trim() {
            "test-success" => "test".to_string(),
            w => w.to_string(),
        });
        let words: Vec<Value> = words.filter(|w| !w.is_empty()).map(Value::from).collect();
        Value::from(words)
    };
    let mut out = value!({
        "name": Value::str(object.text("metadata.name")), "kind": Value::str(object.text("kind")), "path": Value::str(source),
        "manifest": Value::str(text), "events": (words(events)), "last_run": { "started_at": "", "completed_at": "", "phase": "" },
        "delete_policies": (words(&annotation("hook-delete-policy")))
    });
    if let Some(weight) = annotation("hook-weight")
        .parse::<i64>()
        .ok()
        .filter(|w| *w != 0)
    {
        out.set("weight", weight);
    }
    out
}

fn rank(kind: &str) -> usize {
    ORDER
        .split_whitespace()
        .position(|k| k == kind)
        .unwrap_or(usize::MAX)
}

/// Into the order of installation.
pub fn sort(manifests: &mut [Manifest]) {
    manifests.arrange_by(|a, b| {
        let (x, y) = (a.object.text("kind"), b.object.text("kind"));
        rank(x).cmp(&rank(y)).then_with(|| match rank(x) {
            usize::MAX => x.cmp(y),
            _ => std::cmp::Ordering::Equal,
        })
    });
}

/// The text that is stored and shown: each with its source.
pub fn joined(manifests: &[Manifest]) -> String {
    let one = |m: &Manifest| format!("---\n# Source: {}\n{}\n", m.source, m.text);
    manifests.iter().map(one).collect()
}

/// The objects of a stored manifest, in its order.
pub fn objects(manifest: &str) -> Vec<Value> {
    let parsed = yaml::documents(manifest);
    parsed.into_iter().filter_map(|d| d.value.ok()).collect()
}

fn parse_error(error: &str) -> String {
    let rest = error.strip_prefix("template: ").unwrap_or(error);
    let (place, _) = rest.split_once(": ").unwrap_or(("", rest));
    let message = rest.rsplit(": ").next().unwrap_or(rest);
    format!("parse error at ({place}): {message}")
}

/// `required` and `fail` speak for themselves.
fn run_error(error: &str) -> String {
    let mut parts = error.split(FAILED);
    let (first, message) = (parts.next().unwrap_or(""), parts.next());
    let Some(message) = message else {
        return error.to_string();
    };
    let place = first.strip_prefix("template: ").unwrap_or(first);
    let place = place.split(": ").next().unwrap_or("");
    format!("execution error at ({place}): {message}")
}
