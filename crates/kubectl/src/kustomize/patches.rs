//! `patches`, and their older forms: strategic merge patches and JSON patches, inline or from files, with or without targets.

use super::{Made, join};
use crate::cx::Inner;
use crate::fail::{Fail, text};
use crate::forms;
use machinery::{Object, Value, patch, value};
use shell::regex::Regex;

pub fn run(cx: &Inner, folder: &str, k: &Value, made: &mut Vec<Made>) -> Result<(), Fail> {
    for p in k.get("patchesStrategicMerge").items() {
        let field = if p.as_str().is_some_and(|s| s.contains('\n')) {
            "patch"
        } else {
            "path"
        };
        let mut one = Value::map();
        *one.field(field) = p.clone();
        entry(cx, folder, &one, made)?;
    }
    for p in k.get("patches").items() {
        entry(cx, folder, p, made)?;
    }
    for p in k.get("patchesJson6902").items() {
        entry(cx, folder, p, made)?;
    }
    Ok(())
}

fn entry(cx: &Inner, folder: &str, p: &Value, made: &mut Vec<Made>) -> Result<(), Fail> {
    let (inline, path) = (p.text("patch"), p.text("path"));
    if inline.is_empty() == path.is_empty() {
        return Err(text(match path.is_empty() {
            true => "must specify one of patch and path in\n".to_string() + &forms::yaml(p),
            false => "patch and path can't be set at the same time\n".to_string() + &forms::yaml(p),
        }));
    }
    let content = match inline {
        "" => cx.host.read(&join(folder, path)).map_err(|_| {
            let full = cx.host.0.resolve(&join(folder, path));
            text(format!("failed to get the patch file from path({path}): evalsymlink failure on '{full}' : lstat {full}: no such file or directory"))
        })?,
        inline => inline.to_string(),
    };
    let (documents, error) = forms::parse_all(&content);
    if let Some(e) = error {
        return Err(text(format!(
            "unable to parse SM or JSON patch from [{content}]: {e}"
        )));
    }
    for d in documents.into_iter().filter(|d| !d.is_null()) {
        match (d.as_list().is_some(), p.get("target")) {
            (true, Value::Null) => {
                return Err(text(format!(
                    "must specify a target for JSON patch [{content}]"
                )));
            }
            (true, target) => {
                for m in made.iter_mut().filter(|m| selects(target, m)) {
                    let v = patch::apply_json(&m.object.0, &d).map_err(text)?;
                    m.object = Object(v);
                }
            }
            (false, Value::Null) => merged_by_id(&d, made)?,
            (false, target) => {
                let mut at = 0;
                while at < made.len() {
                    if selects(target, &made[at]) {
                        at += usize::from(merge(&d, p.get("options"), made, at)?);
                    } else {
                        at += 1;
                    }
                }
            }
        }
    }
    Ok(())
}

/// A patch without a target says itself whom it means.
fn merged_by_id(d: &Value, made: &mut Vec<Made>) -> Result<(), Fail> {
    let ns = d.text("metadata.namespace");
    let hit = made.iter().position(|m| {
        m.object.kind() == d.text("kind")
            && m.object.api_version() == d.text("apiVersion")
            && m.called(d.text("metadata.name"))
            && (ns.is_empty() || m.object.namespace() == ns)
    });
    let Some(at) = hit else {
        let id = super::id(d);
        return Err(text(format!(
            "no resource matches strategic merge patch \"{id}\": no matches for Id {id}; failed to find unique target for patch {id}"
        )));
    };
    merge(d, machinery::NULL, made, at).map(drop)
}

/// Merges into one object; false if that took the object away.
fn merge(d: &Value, options: &Value, made: &mut Vec<Made>, at: usize) -> Result<bool, Fail> {
    if d.text("$patch") == "delete" {
        made.remove(at);
        return Ok(false);
    }
    let Some(m) = made.get_mut(at) else {
        return Ok(true);
    };
    // Name and kind in a patch say whom it means; they change nothing unless asked to.
    let (version, kind, name, ns) = (
        m.object.0.get("apiVersion").clone(),
        m.object.0.get("kind").clone(),
        m.object.0.at("metadata.name").clone(),
        m.object.0.at("metadata.namespace").clone(),
    );
    let mut body = d.clone();
    for field in ["apiVersion", "kind"] {
        if !options.flag("allowKindChange") {
            body.map_mut().remove(field);
        }
    }
    if !options.flag("allowNameChange") {
        body.remove("metadata.name");
        body.remove("metadata.namespace");
    }
    let known = kinds::of(m.object.api_version(), m.object.kind()).is_some();
    let mut v = match known {
        true => patch::apply_strategic(&m.object.0, &body).map_err(Fail::Status)?,
        false => patch::apply_merge(&m.object.0, &body),
    };
    if !options.flag("allowKindChange") {
        v.set("apiVersion", version);
        v.set("kind", kind);
    }
    if !options.flag("allowNameChange") {
        v.set("metadata.name", name);
        if !ns.is_null() {
            v.set("metadata.namespace", ns);
        }
    }
    m.object = Object(v);
    Ok(true)
}

/// Whether a target means an object: every field is a regular expression for the whole, labels and annotations are selectors.
pub fn selects(target: &Value, m: &Made) -> bool {
    let o = &m.object;
    let fits = |field: &str, own: &str| {
        let pattern = target.text(field);
        pattern.is_empty() || pattern == own || whole(pattern, own)
    };
    let (group, version) = o
        .api_version()
        .split_once('/')
        .unwrap_or(("", o.api_version()));
    let named = fits("name", o.name()) || m.before.iter().any(|n| fits("name", n));
    let by = |field: &str, labels: &Value| {
        let selector = target.text(field);
        let bearer = Object(value!({ "metadata": { "labels": labels.clone() } }));
        selector.is_empty() || forms::selects(selector, &bearer).unwrap_or(false)
    };
    fits("kind", o.kind())
        && named
        && fits("namespace", o.namespace())
        && fits("group", group)
        && fits("version", version)
        && by("labelSelector", o.at("metadata.labels"))
        && by("annotationSelector", o.at("metadata.annotations"))
}

fn whole(pattern: &str, text: &str) -> bool {
    Regex::new(&format!("^({pattern})$"), true, false).is_ok_and(|r| r.is_match(text))
}
