//! `kubectl set env`: environment variables of pod templates.

use super::*;
use crate::stream;

pub const COMMAND: Command = Command {
    name: "env",
    usage: "RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N",
    short: "Update environment variables on a pod template",
    long: "Sets and takes away environment variables of the containers of pod templates, or lists them.",
    examples: &[
        Example("Set a variable", "kubectl set env deployment/web MODE=fast"),
        Example("Take it away", "kubectl set env deployment/web MODE-"),
        Example("See what is set", "kubectl set env deployment/web --list"),
        Example("All keys of a secret", "kubectl set env --from=secret/cred deployment/web"),
    ],
    flags: &[
        &[
            Flag::text("containers", "The names of containers in the selected pod templates to change.").or("*").short('c'),
            Flag::array("env", "Specify a key-value pair for an environment variable to set into each container.").short('e'),
            Flag::text("from", "The name of a resource from which to inject environment variables."),
            Flag::text("prefix", "Prefix to append to variable names."),
            Flag::list("keys", "Comma-separated list of keys to import from specified resource."),
            Flag::bool("list", "If true, display the environment and any changes in the standard format."),
            Flag::bool("resolve", "If true, show secret or configmap references when listing variables."),
            Flag::bool("overwrite", "If true, allow environment to be overwritten, otherwise reject updates that overwrite existing environment.").or("true"),
        ],
        FILES, OUTPUT, DRY_RUN, SELECTOR, ALL_FLAG, RECORD, &manager("kubectl-set"), LOCAL,
    ],
    complete: Complete::Resources,
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    let (resources, mut pairs) = split(&cx, "environment")?;
    pairs.extend(cx.list("env"));
    if resources.is_empty() && cx.list("filename").is_empty() {
        return Err(text(NO_RESOURCE));
    }
    if cx.given("keys") && !cx.given("from") {
        return Err(text(
            "when specifying --keys, a configmap or secret must be provided with --from",
        ));
    }
    if cx.on("list") && !cx.flag("output").is_empty() {
        return Err(text("--list and --output may not be specified together"));
    }
    let (mut set, mut remove): (Vec<Value>, Vec<String>) = (Vec::new(), Vec::new());
    for pair in &pairs {
        match pair.split_once('=') {
            Some((k, v)) => set.push(value!({ "name": Value::str(k), "value": Value::str(v) })),
            None => remove.push(pair.trim_end_matches('-').to_string()),
        }
    }
    for v in &set {
        let name = v.text("name");
        let fine = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        if !name.chars().all(fine) || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(text(format!(
                "\"{name}\" is not a valid key name: a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')"
            )));
        }
        if remove.iter().any(|r| r == name) {
            return Err(text(
                "can not both modify and remove the same environment variable in the same command",
            ));
        }
    }
    if !cx.flag("from").is_empty() {
        set.extend(imported(&cx).await?);
    }
    let prefix = cx.flag("prefix").to_string();
    for v in &mut set {
        let name = format!("{prefix}{}", v.text("name"));
        v.set("name", name);
    }
    let wanted = cx.flag("containers").to_string();
    let list = cx.on("list");
    let keep = !cx.on("overwrite");
    let lines = std::cell::RefCell::new(String::new());
    let done = pod_specs(&cx, &resources, "env updated", "env", |info, spec| {
        let mut hits = 0;
        let mut taken: Vec<String> = Vec::new();
        for field in ["containers", "initContainers"] {
            each_container(spec, field, |c| {
                if !is_selected(&wanted, c.text("name")) {
                    return;
                }
                hits += 1;
                if keep {
                    taken.extend(clashes(c, &set));
                }
                merge(c, &set, &remove);
                if list {
                    lines.borrow_mut().push_str(&listed(&cx, info, c));
                }
            });
        }
        if let Some(words) = taken.into_iter().next() {
            return Err(text(format!(
                "error: {}/{} {words}",
                info.res.plural, info.name
            )));
        }
        if hits == 0 {
            cx.warn(format!(
                "{}/{} does not have any containers matching \"{wanted}\"",
                info.res.kind, info.name
            ));
        }
        if list {
            // Nothing is changed while listing: the object is put back as it was.
            *spec = info
                .object
                .at(&change::pod_spec_path(&info.object).unwrap_or_default())
                .clone();
        }
        Ok(())
    })
    .await;
    cx.out(lines.into_inner());
    done
}

fn clashes(c: &Value, set: &[Value]) -> Vec<String> {
    let old = c.get("env").items();
    set.iter()
        .filter_map(|n| {
            let was = old.iter().find(|o| o.text("name") == n.text("name"))?;
            Some(match was.has("valueFrom") {
                true => format!(
                    "'{}' already has a reference to a value, and --overwrite is false",
                    n.text("name")
                ),
                false => format!(
                    "'{}' already has a value ({}), and --overwrite is false",
                    n.text("name"),
                    was.text("value")
                ),
            })
        })
        .collect()
}

fn merge(c: &mut Value, set: &[Value], remove: &[String]) {
    let mut env = c.get("env").items().to_vec();
    env.retain(|e| !remove.iter().any(|r| r == e.text("name")));
    for v in set {
        match env.iter_mut().find(|e| e.text("name") == v.text("name")) {
            Some(e) => *e = v.clone(),
            None => env.push(v.clone()),
        }
    }
    if env.is_empty() {
        c.remove("env");
    } else {
        c.set("env", env);
    }
}

fn listed(cx: &Cx, info: &Info, c: &Value) -> String {
    let mut out = format!(
        "# {} {}, container {}\n",
        info.res.kind,
        info.name,
        c.text("name")
    );
    for e in c.get("env").items() {
        let name = e.text("name");
        out.push_str(&match e.get("valueFrom") {
            Value::Null => format!("{name}={}\n", e.text("value")),
            from => match cx
                .on("resolve")
                .then(|| resolved(cx, info, c, from))
                .flatten()
            {
                Some(v) => format!("{name}={v}\n"),
                None => format!("# {name} from {}\n", reference(from)),
            },
        });
    }
    out
}

/// The value behind a reference, as far as it can be known without a running container.
fn resolved(cx: &Cx, info: &Info, c: &Value, from: &Value) -> Option<String> {
    for (field, kind) in [
        ("configMapKeyRef", "configmaps"),
        ("secretKeyRef", "secrets"),
    ] {
        let r = from.get(field);
        if r.is_null() {
            continue;
        }
        let path = format!(
            "/api/v1/namespaces/{}/{kind}/{}",
            info.namespace,
            r.text("name")
        );
        let object = cx.get(&path).ok()?;
        let v = object.get("data").get(r.text("key")).as_str()?.to_string();
        return match kind {
            "secrets" => String::from_utf8(codec::decode_base64(&v).ok()?).ok(),
            _ => Some(v),
        };
    }
    match from.text("fieldRef.fieldPath") {
        "" => {}
        path => return info.object.at(path).as_str().map(str::to_string),
    }
    let r = from.get("resourceFieldRef");
    let (side, resource) = r.text("resource").split_once('.')?;
    let amount = c
        .get("resources")
        .get(side)
        .get(resource)
        .as_str()?
        .to_string();
    let amount = machinery::quantity::Quantity::parse(&amount).ok()?;
    let divisor = machinery::quantity::Quantity::parse(r.text("divisor")).ok();
    let divisor = divisor.map_or(1000, |d| d.milli_value().max(1));
    Some(((amount.milli_value() + divisor - 1) / divisor).to_string())
}

fn reference(from: &Value) -> String {
    let (key, name) = ("key", "name");
    for (field, word) in [("configMapKeyRef", "configmap"), ("secretKeyRef", "secret")] {
        let r = from.get(field);
        if !r.is_null() {
            return format!("{word} {}, key {}", r.text(name), r.text(key));
        }
    }
    if from.has("fieldRef") {
        return format!("field path {}", from.text("fieldRef.fieldPath"));
    }
    if from.has("resourceFieldRef") {
        let r = from.get("resourceFieldRef");
        let container = match r.text("containerName") {
            "" => String::new(),
            c => format!("{c}/"),
        };
        return format!("resource field {container}{}", r.text("resource"));
    }
    "invalid valueFrom".into()
}

/// `--from=secret/NAME`: a variable for each key.
async fn imported(cx: &Cx) -> Result<Vec<Value>, Fail> {
    let info = stream::named(cx, &[cx.flag("from").to_string()]).await?;
    let field = match info.res.kind.as_str() {
        "Secret" => "secretKeyRef",
        "ConfigMap" => "configMapKeyRef",
        _ => return Err(text("unsupported resource specified in --from")),
    };
    let keys = cx.list("keys");
    let mut out = Vec::new();
    for (key, _) in info.object.get("data").entries() {
        if !keys.is_empty() && !keys.iter().any(|k| k == key.as_str()) {
            continue;
        }
        let name = key.to_uppercase().replace(['.', '-', '/'], "_");
        if name != key.as_str() {
            cx.warn(format!("key {key} transferred to {name}"));
        }
        let mut from = Value::map();
        *from.field(field) = value!({ "name": info.name.clone(), "key": key.clone() });
        out.push(value!({ "name": name, "valueFrom": from }));
    }
    Ok(out)
}
