//! `kubectl cp`. The real one runs `tar` in the container; here files go one by one through `cat` and `sh`, which the
//! container needs as well. Upstream: `kubectl:pkg/cmd/cp`.

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::Cx;
use crate::fail::{Fail, text};
use crate::resources::Info;
use crate::stream::{self, Talk};
use machinery::{StreamId, StreamIn};

pub const COMMAND: Command = Command {
    name: "cp",
    group: TROUBLE,
    usage: "<file-spec-src> <file-spec-dest>",
    short: "Copy files and directories to and from containers",
    long: "Copies files and folders to and from containers. A place in a pod is written POD:PATH or NAMESPACE/POD:PATH.",
    examples: &[
        Example(
            "Into a pod",
            "kubectl cp page.html web:/usr/share/nginx/html/index.html",
        ),
        Example(
            "Out of a pod",
            "kubectl cp web:/etc/nginx/nginx.conf nginx.conf",
        ),
    ],
    flags: &[&[
        Flag::text("container", "Container name.").short('c'),
        Flag::bool(
            "no-preserve",
            "The copied file/directory's ownership and permissions will not be preserved in the container.",
        ),
        Flag::int(
            "retries",
            "0",
            "Set number of retries to complete a copy operation from a container.",
        ),
    ]],
    complete: Complete::Names("pods"),
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

enum Place {
    Here(String),
    There {
        namespace: String,
        pod: String,
        path: String,
    },
}

fn place(cx: &Cx, spec: &str) -> Result<Place, Fail> {
    let Some((pod, path)) = spec.split_once(':') else {
        return Ok(Place::Here(spec.to_string()));
    };
    if path.is_empty() {
        return Err(text("filepath can not be empty"));
    }
    let (namespace, pod) = match pod.split_once('/') {
        Some((ns, p)) => (ns.to_string(), p.to_string()),
        None => (cx.namespace()?, pod.to_string()),
    };
    Ok(Place::There {
        namespace,
        pod,
        path: path.to_string(),
    })
}

async fn run(cx: Cx) -> Result<(), Fail> {
    let [from, to] = cx.args() else {
        return Err(text("source and destination are required"));
    };
    match (place(&cx, from)?, place(&cx, to)?) {
        (
            Place::Here(from),
            Place::There {
                namespace,
                pod,
                path,
            },
        ) => {
            let target = target(&cx, &namespace, &pod)?;
            upload(&cx, &target, &from, &path).await
        }
        (
            Place::There {
                namespace,
                pod,
                path,
            },
            Place::Here(to),
        ) => {
            let target = target(&cx, &namespace, &pod)?;
            download(&cx, &target, &path, &to).await
        }
        (Place::There { .. }, Place::There { .. }) => Err(text(
            "one of src or dest must be a local file specification",
        )),
        (Place::Here(_), Place::Here(_)) => Err(text(
            "one of src or dest must be a remote file specification",
        )),
    }
}

struct Target {
    pod: Info,
    container: String,
}

fn target(cx: &Cx, namespace: &str, pod: &str) -> Result<Target, Fail> {
    let res = cx.mapper()?.resource("pods")?;
    let object = machinery::Object(cx.get(&res.item(namespace, pod))?);
    let container = stream::container(cx, &object, cx.flag("container"), false)?;
    let pod = Info {
        res,
        namespace: namespace.into(),
        name: pod.into(),
        source: String::new(),
        object,
    };
    Ok(Target { pod, container })
}

/// Runs a command in the container; gives what it wrote to standard output.
async fn exec(
    cx: &Cx,
    t: &Target,
    command: &[&str],
    input: Option<Vec<u8>>,
) -> Result<Vec<u8>, Fail> {
    let talk = Talk {
        stdin: input.is_some(),
        tty: false,
    };
    let mut request = super::exec::channel(&t.pod, "exec", &t.container, talk);
    for word in command {
        request = request.with("command", *word);
    }
    let id: StreamId = stream::open(cx, request)?;
    let api = cx.api.clone();
    cx.host.0.on_exit(move |_| {
        api.stream(id, StreamIn::Close);
    });
    if let Some(bytes) = input {
        if !bytes.is_empty() {
            cx.api.stream(id, StreamIn::Stdin(bytes));
        }
        cx.api.stream(id, StreamIn::CloseStdin);
    }
    let mut out = Vec::new();
    loop {
        let step = cx.api.stream(id, StreamIn::Poll);
        for (fd, bytes) in step.chunks {
            match fd {
                1 => out.extend(bytes),
                _ => cx.host.bytes(2, &bytes),
            }
        }
        match step.ended {
            Some(Ok(0)) => return Ok(out),
            Some(Ok(n)) => {
                return Err(Fail::Code(
                    n,
                    format!("command terminated with exit code {n}"),
                ));
            }
            Some(Err(e)) => return Err(text(e)),
            None => cx.host.changed().await,
        }
    }
}

/// A path as a word of `sh -c`.
fn quoted(path: &str) -> String {
    format!("'{}'", path.replace('\'', "'\\''"))
}

async fn upload(cx: &Cx, t: &Target, from: &str, to: &str) -> Result<(), Fail> {
    if !cx.host.exists(from) {
        return Err(text(format!("{from} doesn't exist in local filesystem")));
    }
    let from = from.trim_end_matches('/');
    let base = from.rsplit('/').next().unwrap_or(from);
    // A folder as the destination, or one written with a slash, keeps the source's name.
    let script = format!("if test -d {0}; then echo yes; fi", quoted(to));
    let is_dir = to.ends_with('/') || !exec(cx, t, &["sh", "-c", &script], None).await?.is_empty();
    let to = if is_dir {
        format!("{}/{base}", to.trim_end_matches('/'))
    } else {
        to.to_string()
    };
    let mut left = vec![(from.to_string(), to)];
    let mut steps = 0;
    while let Some((from, to)) = left.pop() {
        steps += 1;
        if steps > 1000 {
            return Err(text("too many files"));
        }
        if cx.host.is_dir(&from) {
            exec(cx, t, &["mkdir", "-p", &to], None).await?;
            for name in cx.host.list(&from) {
                left.push((format!("{from}/{name}"), format!("{to}/{name}")));
            }
        } else {
            let bytes = cx
                .host
                .read_bytes(&from)
                .map_err(|e| text(format!("open {from}: {e}")))?;
            let script = format!("cat > {}", quoted(&to));
            exec(cx, t, &["sh", "-c", &script], Some(bytes)).await?;
        }
    }
    Ok(())
}

async fn download(cx: &Cx, t: &Target, from: &str, to: &str) -> Result<(), Fail> {
    let script = format!(
        "if test -d {0}; then find {0} -type f; fi",
        quoted(from.trim_end_matches('/'))
    );
    let listing = exec(cx, t, &["sh", "-c", &script], None).await?;
    let listing = String::from_utf8_lossy(&listing).into_owned();
    if listing.is_empty() {
        let bytes = exec(cx, t, &["cat", from], None).await?;
        let base = from.rsplit('/').next().unwrap_or(from);
        let to = if cx.host.is_dir(to) {
            format!("{}/{base}", to.trim_end_matches('/'))
        } else {
            to.to_string()
        };
        return cx
            .host
            .write(&to, bytes)
            .map_err(|e| text(format!("open {to}: {e}")));
    }
    for path in listing.lines().take(1000) {
        let tail = path
            .strip_prefix(from.trim_end_matches('/'))
            .unwrap_or(path);
        let bytes = exec(cx, t, &["cat", path], None).await?;
        let to = format!("{}{tail}", to.trim_end_matches('/'));
        cx.host
            .write(&to, bytes)
            .map_err(|e| text(format!("open {to}: {e}")))?;
    }
    Ok(())
}
