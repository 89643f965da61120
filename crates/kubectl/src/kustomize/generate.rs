//! `configMapGenerator` and `secretGenerator`: objects from literals, files and env files, or more keys for those of a base.

use super::{Made, join, texts};
use crate::cx::Inner;
use crate::fail::{Fail, text};
use machinery::{Object, Value, value};

pub fn run(cx: &Inner, folder: &str, k: &Value, made: &mut Vec<Made>) -> Result<(), Fail> {
    for (field, kind) in [
        ("configMapGenerator", "ConfigMap"),
        ("secretGenerator", "Secret"),
    ] {
        for g in k.get(field).items() {
            let o = generated(cx, folder, k, g, kind)?;
            put(g, o, k, made)?;
        }
    }
    Ok(())
}

/// The option of a generator, or of all of them.
fn option<'a>(k: &'a Value, g: &'a Value, field: &str) -> &'a Value {
    match g.get("options").get(field) {
        Value::Null => k.get("generatorOptions").get(field),
        own => own,
    }
}

fn generated(cx: &Inner, folder: &str, k: &Value, g: &Value, kind: &str) -> Result<Value, Fail> {
    let name = g.text("name");
    let mut o = value!({ "apiVersion": "v1", "kind": Value::str(kind), "metadata": { "name": Value::str(name) } });
    if !g.text("namespace").is_empty() {
        o.set("metadata.namespace", Value::str(g.text("namespace")));
    }
    if kind == "Secret" {
        o.set(
            "type",
            Value::str(match g.text("type") {
                "" => "Opaque",
                t => t,
            }),
        );
    }
    for (key, bytes) in pairs(cx, folder, g)? {
        let plain = std::str::from_utf8(&bytes).ok();
        let (field, v) = match (kind, plain) {
            ("ConfigMap", Some(t)) => ("data", Value::str(t)),
            ("ConfigMap", None) => ("binaryData", Value::from(codec::encode_base64(&bytes))),
            _ => ("data", Value::from(codec::encode_base64(&bytes))),
        };
        if o.get("data").has(&key) || o.get("binaryData").has(&key) {
            return Err(text(format!(
                "cannot add key {key}, another key by that name already exists"
            )));
        }
        *o.field(field).field(&key) = v;
    }
    for field in ["labels", "annotations"] {
        for source in [k.get("generatorOptions"), g.get("options")] {
            for (key, v) in source.get(field).entries() {
                *o.field("metadata").field(field).field(key) = v.clone();
            }
        }
    }
    if option(k, g, "immutable").as_bool() == Some(true) {
        o.set("immutable", true);
    }
    Ok(o)
}

/// All sources in kustomize's order: env files, literals, files.
fn pairs(cx: &Inner, folder: &str, g: &Value) -> Result<Vec<(String, Vec<u8>)>, Fail> {
    let mut out: Vec<(String, Vec<u8>)> = Vec::new();
    let missing = |path: &str| {
        let full = cx.host.0.resolve(&join(folder, path));
        format!("evalsymlink failure on '{full}' : lstat {full}: no such file or directory")
    };
    let read = |path: &str, what: &str| {
        let full = join(folder, path);
        let bytes = cx.host.read_bytes(&full);
        let bytes =
            bytes.map_err(|_| text(format!("loading KV pairs: {what}: {}", missing(path))))?;
        super::restricted(cx, folder, &full)
            .map_err(|e| text(format!("loading KV pairs: {what}: {}", e.message())))?;
        Ok::<_, Fail>(bytes)
    };
    let mut envs = texts(g, "envs");
    envs.extend(g.get("env").as_str().map(str::to_string));
    for f in &envs {
        let bytes = read(f, &format!("env source files: {envs:?}").replace('"', ""))?;
        let content = String::from_utf8_lossy(&bytes).into_owned();
        for line in content.lines().map(str::trim_start) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, v) = match line.split_once('=') {
                Some((k, v)) => (k.to_string(), v.to_string()),
                None => (line.to_string(), cx.host.env(line).unwrap_or_default()),
            };
            out.push((key, v.into_bytes()));
        }
    }
    for l in texts(g, "literals") {
        let Some((key, v)) = l.split_once('=').filter(|(k, _)| !k.is_empty()) else {
            return Err(text(format!(
                "loading KV pairs: literal sources: [{l}]: invalid literal source {l}, expected key=value"
            )));
        };
        let quoted = |q: char| v.len() >= 2 && v.starts_with(q) && v.ends_with(q);
        let v = match quoted('"') || quoted('\'') {
            true => &v[1..v.len() - 1],
            false => v,
        };
        out.push((key.to_string(), v.as_bytes().to_vec()));
    }
    let files = texts(g, "files");
    for f in &files {
        let (key, path) = match f.split_once('=') {
            Some((key, p)) => (key.to_string(), p.to_string()),
            None => (f.rsplit('/').next().unwrap_or(f).to_string(), f.clone()),
        };
        let bytes = read(&path, &format!("file sources: [{}]", files.join(" ")))?;
        out.push((key, bytes));
    }
    Ok(out)
}

/// Adds the object, or merges it into, or puts it in the place of, the one that a base made.
fn put(g: &Value, o: Value, k: &Value, made: &mut Vec<Made>) -> Result<(), Fail> {
    let hashed = option(k, g, "disableNameSuffixHash").as_bool() != Some(true);
    let (kind, name) = (o.text("kind").to_string(), g.text("name").to_string());
    let same = |m: &&mut Made| {
        m.object.kind() == kind
            && m.called(&name)
            && (g.text("namespace").is_empty() || m.object.namespace() == g.text("namespace"))
    };
    let old = made.iter_mut().find(same);
    match (g.text("behavior"), old) {
        ("" | "unspecified" | "create", None) => {
            let mut m = Made::new(Object(o));
            m.hashed = hashed;
            made.push(m);
        }
        ("" | "unspecified" | "create", Some(_)) => {
            return Err(text(format!(
                "merging from generator {{{}}}: id resid.ResId{{Kind:\"{kind}\", Name:\"{name}\"}} exists; behavior must be merge or replace",
                super::id(&o)
            )));
        }
        ("merge", Some(m)) => {
            m.hashed = m.hashed && hashed;
            m.edit(|old| {
                for field in ["data", "binaryData"] {
                    for (key, v) in o.get(field).entries() {
                        *old.field(field).field(key) = v.clone();
                    }
                }
                for field in ["labels", "annotations"] {
                    for (key, v) in o.get("metadata").get(field).entries() {
                        *old.field("metadata").field(field).field(key) = v.clone();
                    }
                }
            });
        }
        ("replace", Some(m)) => {
            m.hashed = m.hashed && hashed;
            m.edit(|old| {
                for field in ["data", "binaryData"] {
                    old.remove(field);
                    if o.has(field) {
                        old.set(field, o.get(field).clone());
                    }
                }
            });
        }
        (behavior @ ("merge" | "replace"), None) => {
            return Err(text(format!(
                "merging from generator {{{}}}: id resid.ResId{{Kind:\"{kind}\", Name:\"{name}\"}} does not exist; cannot merge or replace ({behavior})",
                super::id(&o)
            )));
        }
        (other, _) => {
            return Err(text(format!("invalid generator behavior: {other}")));
        }
    }
    Ok(())
}
