//! `replacements`: a field's value copied into fields of others. Upstream: `kustomize:api/filters/replacement`.

use super::{Made, join, patches};
use crate::cx::Inner;
use crate::fail::{Fail, text};
use crate::forms;
use machinery::Value;

pub fn run(cx: &Inner, folder: &str, k: &Value, made: &mut [Made]) -> Result<(), Fail> {
    for r in k.get("replacements").items() {
        let path = r.text("path");
        if path.is_empty() {
            one(r, made)?;
            continue;
        }
        let content = cx.host.read(&join(folder, path));
        let content = content.map_err(|e| text(format!("open {path}: {e}")))?;
        let v = forms::parse_one(&content).map_err(text)?;
        match v.as_list() {
            Some(all) => {
                for r in all {
                    one(r, made)?;
                }
            }
            None => one(&v, made)?,
        }
    }
    Ok(())
}

fn one(r: &Value, made: &mut [Made]) -> Result<(), Fail> {
    let value = source(r.get("source"), r.get("sourceValue"), made)?;
    let targets = r.get("targets").items();
    if targets.is_empty() {
        return Err(text(
            "replacements must specify a source and at least one target",
        ));
    }
    for target in targets {
        if target.get("select").is_null() {
            return Err(text("target must specify resources to select"));
        }
        let mut paths = super::texts(target, "fieldPaths");
        if paths.is_empty() {
            paths.push("metadata.name".into());
        }
        let rejected = |m: &Made| {
            let all = target.get("reject").items();
            all.iter().any(|r| patches::selects(r, m))
        };
        for m in made.iter_mut() {
            if !patches::selects(target.get("select"), m) || rejected(m) {
                continue;
            }
            for path in &paths {
                let steps = steps(path);
                let options = target.get("options");
                let mut o = m.object.0.clone();
                let mut hits = 0;
                set(&mut o, &steps, &value, options, &mut hits)?;
                if hits == 0 {
                    return Err(text(format!(
                        "unable to find field \"{path}\" in replacement target"
                    )));
                }
                m.object = machinery::Object(o);
            }
        }
    }
    Ok(())
}

/// The value to copy.
fn source(s: &Value, plain: &Value, made: &[Made]) -> Result<Value, Fail> {
    if !plain.is_null() {
        return Ok(plain.clone());
    }
    if s.is_null() {
        return Err(text(
            "replacements must specify a source and at least one target",
        ));
    }
    let hits: Vec<&Made> = made.iter().filter(|m| patches::selects(s, m)).collect();
    let m = match &hits[..] {
        [one] => one,
        [] => {
            return Err(text(format!(
                "nothing selected by {}.[noVer].[noGrp]/{}.[noNs]:{}",
                s.text("kind"),
                s.text("name"),
                s.text("fieldPath")
            )));
        }
        _ => return Err(text("multiple matches for selector")),
    };
    let path = match s.text("fieldPath") {
        "" => "metadata.name",
        p => p,
    };
    let mut v = &m.object.0;
    for step in steps(path) {
        v = match step {
            Step::Key(k) => v.get(&k),
            Step::At(i) => v.items().get(i).unwrap_or(machinery::NULL),
            Step::With(k, x) => {
                let hit = v.items().iter().find(|i| i.text(&k) == x);
                hit.unwrap_or(machinery::NULL)
            }
            Step::All => machinery::NULL,
        };
    }
    if v.is_null() {
        return Err(text(format!(
            "fieldPath `{path}` is missing for replacement source {}.[noVer].[noGrp]/{}.[noNs]",
            s.text("kind"),
            s.text("name")
        )));
    }
    let delimiter = s.text("options.delimiter");
    if delimiter.is_empty() {
        return Ok(v.clone());
    }
    let whole = forms::go(v);
    let index = s.int("options.index");
    let part = usize::try_from(index)
        .ok()
        .and_then(|i| whole.split(delimiter).nth(i));
    part.map(Value::str).ok_or_else(|| {
        text(format!(
            "options.index {index} is out of bounds for value {whole}"
        ))
    })
}

enum Step {
    Key(String),
    At(usize),
    /// `[name=web]`
    With(String, String),
    /// `*`
    All,
}

/// `spec.containers.[name=web].image`, `a.0.b`, `a.*.b`; dots within brackets belong to what is in them.
fn steps(path: &str) -> Vec<Step> {
    let mut words = vec![String::new()];
    let mut depth = 0;
    let mut escaped = false;
    for c in path.chars() {
        match c {
            '\\' if !escaped => {
                escaped = true;
                continue;
            }
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        match words.last_mut() {
            Some(last) if c != '.' || depth > 0 || escaped => last.push(c),
            _ => words.push(String::new()),
        }
        escaped = false;
    }
    let step = |w: String| {
        if let Some(inner) = w.strip_prefix('[').and_then(|w| w.strip_suffix(']')) {
            return match inner.split_once('=') {
                Some((k, v)) => Step::With(k.into(), v.into()),
                None => Step::Key(inner.into()),
            };
        }
        match w.parse::<usize>() {
            Ok(n) => Step::At(n),
            Err(_) if w == "*" => Step::All,
            Err(_) => Step::Key(w),
        }
    };
    words
        .into_iter()
        .filter(|w| !w.is_empty())
        .map(step)
        .collect()
}

fn set(
    v: &mut Value,
    steps: &[Step],
    new: &Value,
    options: &Value,
    hits: &mut usize,
) -> Result<(), Fail> {
    let create = options.flag("create");
    let Some((step, rest)) = steps.split_first() else {
        *hits += 1;
        *v = spliced(v, new, options)?;
        return Ok(());
    };
    match step {
        Step::Key(k) => {
            if v.get(k).is_null() && !create {
                return Ok(());
            }
            set(v.field(k), rest, new, options, hits)
        }
        Step::At(i) if v.items().len() > *i => {
            let list = v.list_mut();
            list.get_mut(*i)
                .map_or(Ok(()), |x| set(x, rest, new, options, hits))
        }
        // A key of digits.
        Step::At(i) if v.has(&i.to_string()) => {
            set(v.field(&i.to_string()), rest, new, options, hits)
        }
        Step::At(_) => Ok(()),
        Step::With(k, wanted) => {
            if v.items().is_empty() && !create {
                return Ok(());
            }
            if create && !v.items().iter().any(|x| x.text(k) == wanted) {
                let mut item = Value::map();
                *item.field(k) = Value::str(wanted);
                v.push(item);
            }
            for x in v.list_mut().iter_mut().filter(|x| x.text(k) == wanted) {
                set(x, rest, new, options, hits)?;
            }
            Ok(())
        }
        Step::All => {
            if v.items().is_empty() {
                return Ok(());
            }
            for x in v.list_mut() {
                set(x, rest, new, options, hits)?;
            }
            Ok(())
        }
    }
}

/// With a delimiter only one part of the old value is replaced.
fn spliced(old: &Value, new: &Value, options: &Value) -> Result<Value, Fail> {
    let delimiter = options.text("delimiter");
    if delimiter.is_empty() {
        return Ok(new.clone());
    }
    let whole = forms::go(old);
    let mut parts: Vec<String> = whole.split(delimiter).map(str::to_string).collect();
    let new = forms::go(new);
    match usize::try_from(options.int("index")) {
        Ok(i) if i < parts.len() => parts[i] = new,
        Ok(_) => parts.push(new),
        Err(_) => parts.insert(0, new),
    }
    Ok(Value::from(parts.join(delimiter)))
}
