//! `create configmap`, `create secret generic|tls|docker-registry`: data from literals, files, folders, env files.

use super::*;
use machinery::value;

const SOURCES: &[Flag] = &[
    Flag::array(
        "from-literal",
        "Specify a key and literal value to insert (i.e. mykey=somevalue).",
    ),
    Flag::list(
        "from-file",
        "Key file can be specified using its file path, or key=path.",
    ),
    Flag::list(
        "from-env-file",
        "Specify the path to a file to read lines of key=val pairs.",
    ),
    Flag::bool("append-hash", "Append a hash of the object to its name."),
];

pub const CONFIG_MAP: Command = Command {
    name: "configmap",
    aliases: &["cm"],
    usage: "NAME [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none]",
    short: "Create a config map from a local file, directory or literal value",
    examples: &[
        Example(
            "From the files of a folder",
            "kubectl create configmap conf --from-file=dir",
        ),
        Example(
            "From literal values",
            "kubectl create configmap conf --from-literal=color=blue",
        ),
    ],
    flags: &[
        SOURCES,
        OUTPUT,
        DRY_RUN,
        &manager("kubectl-create"),
        VALIDATE,
        SAVE_CONFIG,
    ],
    run: Some(|cx| -> Run { Box::pin(config_map(cx)) }),
    ..Command::NONE
};

async fn config_map(cx: Cx) -> Result<(), Fail> {
    let name = name(&cx)?;
    let mut object = Object::new("v1", "ConfigMap", "", &name);
    let taken = |key: &str| {
        text(format!(
            "cannot add key \"{key}\", another key by that name already exists in Data for ConfigMap \"{name}\""
        ))
    };
    for (key, bytes) in sources(&cx)? {
        valid_key(&key)?;
        let (field, v) = match String::from_utf8(bytes) {
            Ok(t) => ("data", t),
            Err(e) => ("binaryData", codec::encode_base64(e.as_bytes())),
        };
        if object.get("data").has(&key) || object.get("binaryData").has(&key) {
            return Err(taken(&key));
        }
        *object.0.field(field).field(&key) = Value::from(v);
    }
    finish(&cx, hashed(&cx, object), "failed to create configmap")
}

/// `--append-hash`
fn hashed(cx: &Cx, object: Object) -> Object {
    match cx.on("append-hash") {
        true => {
            let name = format!(
                "{}-{}",
                object.name(),
                crate::hash::of(&object.0, object.name(), Value::Null)
            );
            object.edit(|o| o.set("metadata.name", name))
        }
        false => object,
    }
}

fn valid_key(key: &str) -> Result<(), Fail> {
    let fine = |c: char| c.is_ascii_alphanumeric() || ['-', '_', '.'].contains(&c);
    if !key.is_empty() && key.len() <= 253 && key.chars().all(fine) && key != "." && key != ".." {
        return Ok(());
    }
    Err(text(format!(
        "\"{key}\" is not a valid key name for a ConfigMap: a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
    )))
}

/// (key, content) of all sources in upstream's order: files, literals, env files.
fn sources(cx: &Cx) -> Result<Vec<(String, Vec<u8>)>, Fail> {
    if cx.given("from-env-file") && (cx.given("from-file") || cx.given("from-literal")) {
        return Err(text(
            "from-env-file cannot be combined with from-file or from-literal",
        ));
    }
    let mut out = Vec::new();
    for literal in cx.list("from-literal") {
        match literal.split_once('=') {
            Some((k, v)) if !k.is_empty() => out.push((k.to_string(), unquoted(v).into_bytes())),
            _ => {
                return Err(text(format!(
                    "invalid literal source {literal}, expected key=value"
                )));
            }
        }
    }
    for source in cx.list("from-file") {
        let (key, path) = match source.split_once('=') {
            Some(("", p)) => {
                return Err(text(format!("key name for file path {p} missing")));
            }
            Some((k, "")) => {
                return Err(text(format!("file path for key name {k} missing")));
            }
            Some((_, p)) if p.contains('=') => {
                return Err(text("key names or file paths cannot contain '='"));
            }
            Some((k, p)) => (Some(k.to_string()), p.to_string()),
            None => (None, source.clone()),
        };
        from_file(cx, key, &path, &mut out)?;
    }
    for path in cx.list("from-env-file") {
        let content = cx.host.read(&path).map_err(|e| reading(&path, &e))?;
        for (n, line) in content.lines().enumerate() {
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, v) = match line.split_once('=') {
                Some((k, v)) => (k.to_string(), v.to_string()),
                None => (line.to_string(), cx.host.env(line).unwrap_or_default()),
            };
            if key.is_empty() || key.starts_with(|c: char| c.is_ascii_digit()) || key.contains(' ')
            {
                return Err(text(format!(
                    "invalid env-file source {path} at line {}: \"{key}\" is not a valid key name",
                    n + 1
                )));
            }
            out.push((key, v.into_bytes()));
        }
    }
    Ok(out)
}

/// A literal's value without the quotes that surround it.
fn unquoted(v: &str) -> String {
    for q in ['"', '\''] {
        if v.len() >= 2 && v.starts_with(q) && v.ends_with(q) {
            return v[1..v.len() - 1].to_string();
        }
    }
    v.to_string()
}

fn reading(path: &str, why: &str) -> Fail {
    text(format!("error reading {path}: {why}"))
}

fn from_file(
    cx: &Cx,
    key: Option<String>,
    path: &str,
    out: &mut Vec<(String, Vec<u8>)>,
) -> Result<(), Fail> {
    if cx.host.is_dir(path) {
        if key.is_some() {
            return Err(text("cannot give a key name for a directory path"));
        }
        for name in cx.host.list(path) {
            let full = format!("{}/{name}", path.trim_end_matches('/'));
            if !cx.host.is_dir(&full) {
                let bytes = cx.host.read_bytes(&full).map_err(|e| reading(&full, &e))?;
                out.push((name, bytes));
            }
        }
        return Ok(());
    }
    let bytes = cx.host.read_bytes(path).map_err(|e| reading(path, &e))?;
    let base = path.rsplit('/').next().unwrap_or(path).to_string();
    out.push((key.unwrap_or(base), bytes));
    Ok(())
}

pub const SECRET: Command = Command {
    name: "secret",
    usage: "(docker-registry | generic | tls)",
    short: "Create a secret using a specified subcommand",
    subs: &[&DOCKER, &GENERIC, &TLS],
    ..Command::NONE
};

const GENERIC: Command = Command {
    name: "generic",
    usage: "NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none]",
    short: "Create a secret from a local file, directory, or literal value",
    examples: &[Example(
        "From literal values",
        "kubectl create secret generic cred --from-literal=user=admin",
    )],
    flags: &[
        SOURCES,
        &[Flag::text("type", "The type of secret to create.")],
        OUTPUT,
        DRY_RUN,
        &manager("kubectl-create"),
        VALIDATE,
        SAVE_CONFIG,
    ],
    run: Some(|cx| -> Run { Box::pin(generic(cx)) }),
    ..Command::NONE
};

async fn generic(cx: Cx) -> Result<(), Fail> {
    let name = name(&cx)?;
    let mut object = Object::new("v1", "Secret", "", &name);
    for (key, bytes) in sources(&cx)? {
        valid_key(&key)?;
        if object.get("data").has(&key) {
            return Err(text(format!(
                "cannot add key {key}, another key by that name already exists"
            )));
        }
        *object.0.field("data").field(&key) = Value::from(codec::encode_base64(&bytes));
    }
    if cx.given("type") {
        object.0.set("type", cx.flag("type").to_string());
    }
    finish(&cx, hashed(&cx, object), "failed to create secret")
}

const TLS: Command = Command {
    name: "tls",
    usage: "NAME --cert=path/to/cert/file --key=path/to/key/file [--dry-run=server|client|none]",
    short: "Create a TLS secret",
    examples: &[Example(
        "From a certificate and its key",
        "kubectl create secret tls web --cert=tls.crt --key=tls.key",
    )],
    flags: &[
        &[
            Flag::text("cert", "Path to PEM encoded public key certificate."),
            Flag::text(
                "key",
                "Path to private key associated with given certificate.",
            ),
            Flag::bool("append-hash", "Append a hash of the secret to its name."),
        ],
        OUTPUT,
        DRY_RUN,
        &manager("kubectl-create"),
        VALIDATE,
        SAVE_CONFIG,
    ],
    run: Some(|cx| -> Run { Box::pin(tls(cx)) }),
    ..Command::NONE
};

async fn tls(cx: Cx) -> Result<(), Fail> {
    let name = name(&cx)?;
    let (cert, key) = (cx.flag("cert"), cx.flag("key"));
    if cert.is_empty() || key.is_empty() {
        return Err(text("key and cert must be specified"));
    }
    let read = |path: &str| {
        cx.host
            .read_bytes(path)
            .map_err(|e| text(format!("Cannot read file {path}, open {path}: {e}")))
    };
    let (cert, key) = (read(cert)?, read(key)?);
    let pem = |b: &[u8]| String::from_utf8_lossy(b).contains("-----BEGIN ");
    if !pem(&cert) {
        return Err(text(
            "tls: failed to find any PEM data in certificate input",
        ));
    }
    if !pem(&key) {
        return Err(text("tls: failed to find any PEM data in key input"));
    }
    let mut object = Object::new("v1", "Secret", "", &name);
    object.0.set("type", "kubernetes.io/tls");
    *object.0.field("data") = value!({
        "tls.crt": codec::encode_base64(&cert), "tls.key": codec::encode_base64(&key),
    });
    finish(&cx, hashed(&cx, object), "failed to create secret")
}

const DOCKER: Command = Command {
    name: "docker-registry",
    usage: "NAME --docker-username=user --docker-password=password --docker-email=email [--docker-server=string] [--from-file=[key=]source] [--dry-run=server|client|none]",
    short: "Create a secret for use with a Docker registry",
    examples: &[Example(
        "For a registry of your own",
        "kubectl create secret docker-registry regcred --docker-server=registry.example.com --docker-username=anna --docker-password=secret",
    )],
    flags: &[
        &[
            Flag::text(
                "docker-username",
                "Username for Docker registry authentication.",
            ),
            Flag::text(
                "docker-password",
                "Password for Docker registry authentication.",
            ),
            Flag::text("docker-email", "Email for Docker registry."),
            Flag::text("docker-server", "Server location for Docker registry.")
                .or("https://index.docker.io/v1/"),
            Flag::list(
                "from-file",
                "Key files can be specified using their file path.",
            ),
            Flag::bool("append-hash", "Append a hash of the secret to its name."),
        ],
        OUTPUT,
        DRY_RUN,
        &manager("kubectl-create"),
        VALIDATE,
        SAVE_CONFIG,
    ],
    run: Some(|cx| -> Run { Box::pin(docker(cx)) }),
    ..Command::NONE
};

async fn docker(cx: Cx) -> Result<(), Fail> {
    let name = name(&cx)?;
    let mut object = Object::new("v1", "Secret", "", &name);
    object.0.set("type", "kubernetes.io/dockerconfigjson");
    let content = if cx.given("from-file") {
        let mut files = Vec::new();
        for source in cx.list("from-file") {
            let (key, path) = match source.split_once('=') {
                Some((k, p)) => (Some(k.to_string()), p.to_string()),
                None => (Some(".dockerconfigjson".to_string()), source.clone()),
            };
            from_file(&cx, key, &path, &mut files)?;
        }
        files.into_iter().next().map(|f| f.1).unwrap_or_default()
    } else {
        let (user, password) = (cx.flag("docker-username"), cx.flag("docker-password"));
        if user.is_empty() || password.is_empty() {
            return Err(text(
                "either --from-file or the combination of --docker-username, --docker-password and --docker-server is required",
            ));
        }
        let auth = codec::encode_base64(format!("{user}:{password}").as_bytes());
        let mut entry = value!({ "username": Value::str(user), "password": Value::str(password), "auth": auth });
        if cx.given("docker-email") {
            entry.set("email", cx.flag("docker-email").to_string());
        }
        let mut auths = Value::map();
        *auths.field(cx.flag("docker-server")) = entry;
        machinery::json::print(&value!({ "auths": auths })).into_bytes()
    };
    *object.0.field("data").field(".dockerconfigjson") =
        Value::from(codec::encode_base64(&content));
    finish(&cx, hashed(&cx, object), "failed to create secret")
}
