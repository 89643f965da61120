//! `docker build`: the instructions of a Dockerfile, `RUN` in the shell of our own; and a command in an image's files.

use machinery::{Value, json};
use shell::machine::{Env, Machine, NoHost, Progress};
use shell::{Ctx, Fs};

use super::store::{id, texts};
use super::{fetched, keep, short};
use crate::World;
use crate::options::Options;
use machinery::BuiltImage;

/// Files that an image may hold.
const MAX_FILES: usize = 400;

/// Runs a command in an image's files; bounded, without the network.
pub(super) fn in_shell(
    argv: &[String],
    image: &BuiltImage,
    fs: &mut Fs,
    now_ms: i64,
) -> (String, i32) {
    let mut env = Env::new();
    env.extend(image.env.iter().cloned());
    let mut machine = Machine::new(env, workdir(image));
    let mut host = NoHost { now_ms };
    machine.start_argv(argv);
    machine.close_stdin();
    let mut status = 124;
    for _ in 0..20_000 {
        match machine.step(fs, &mut host) {
            Progress::Done(code) => {
                status = code;
                break;
            }
            Progress::Waiting {
                until_ms: Some(until),
            } => host.now_ms = until.max(host.now_ms + 1),
            Progress::Waiting { until_ms: None } => break,
            Progress::Running => {}
        }
    }
    let text = machine.drain().into_iter();
    let text = text
        .map(|c| String::from_utf8_lossy(&c.bytes).into_owned())
        .collect();
    (text, status)
}

pub(super) fn files_of(image: &BuiltImage) -> Fs {
    let mut fs = Fs::new();
    for folder in [
        "/bin", "/etc", "/home", "/root", "/tmp", "/usr/bin", "/var/log", "/opt", "/srv",
    ] {
        let _ = fs.mkdir(folder, true);
    }
    for (path, text) in &image.files {
        let _ = fs.install(path, text);
    }
    let _ = fs.mkdir(&image.workdir, true);
    fs
}

pub(super) fn collect(fs: &Fs, folder: &str, out: &mut Vec<(String, String)>) {
    for name in fs.list(folder).unwrap_or_default() {
        let path = format!("{}/{name}", folder.trim_end_matches('/'));
        if fs.is_dir(&path) {
            collect(fs, &path, out);
        } else if out.len() < MAX_FILES {
            out.push((path.clone(), fs.read_text(&path).unwrap_or_default()));
        }
    }
}

/// One instruction of a Dockerfile: its word, and the rest, lines joined.
pub(super) fn instructions(text: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut whole = String::new();
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with('#') || line.is_empty() && whole.is_empty() {
            continue;
        }
        match line.strip_suffix('\\') {
            Some(more) => whole.push_str(&format!("{more} ")),
            None => {
                whole.push_str(line);
                let (word, rest) = whole
                    .split_once(char::is_whitespace)
                    .unwrap_or((&whole, ""));
                out.push((word.to_uppercase(), rest.trim().to_string()));
                whole.clear();
            }
        }
    }
    out
}

/// `["a", "b"]`, or a line for the shell.
pub(super) fn exec_form(text: &str) -> Vec<String> {
    match json::parse(text) {
        Ok(v @ Value::List(_)) => texts(&v),
        _ => vec!["/bin/sh".into(), "-c".into(), text.into()],
    }
}

/// What stands before the lines of `RUN`: programs that would download say nothing and succeed.
const DOWNLOADS: &str = "for p in apt-get apt apk yum dnf pip pip3 npm yarn pnpm go mvn gradle cargo gem bundle composer adduser addgroup useradd groupadd chown update-ca-certificates; do eval \"$p() { :; }\"; done; ";

/// Instructions that are steps of their own in what BuildKit shows.
const STEPS: &[&str] = &["FROM", "RUN", "COPY", "ADD", "WORKDIR"];

fn unsolved(why: &str) -> String {
    format!("ERROR: failed to build: failed to solve: {why}")
}

/// `library/nginx:1.27`, as Docker Hub names an image.
fn on_hub(reference: &str) -> String {
    let (name, tag) = short(reference);
    let library = if name.contains('/') { "" } else { "library/" };
    format!("{library}{name}:{tag}")
}

pub(super) async fn build(ctx: &Ctx, world: &dyn World, options: &Options) -> Result<(), String> {
    let context = options.arg(0);
    if context.is_empty() {
        return Err("ERROR: docker: 'docker buildx build' requires 1 argument\n\nUsage:  docker buildx build [OPTIONS] PATH | URL | -\n\nRun 'docker buildx build --help' for more information".into());
    }
    let folder = ctx.resolve(context);
    if !ctx.with_fs(|fs| fs.is_dir(&folder)) {
        return Err(format!(
            "ERROR: unable to prepare context: path {context:?} not found"
        ));
    }
    let file = match options.get("file") {
        Some(file) => ctx.resolve(file),
        None => format!("{folder}/Dockerfile"),
    };
    let text = ctx.with_fs(|fs| fs.read_text(&file)).map_err(|_| {
        let name = file.rsplit('/').next().unwrap_or("Dockerfile");
        unsolved(&format!(
            "failed to read dockerfile: open {name}: no such file or directory"
        ))
    })?;
    let began = ctx.now_ms();
    let steps = instructions(&text);
    let last_from = steps
        .iter()
        .rposition(|(w, _)| w == "FROM")
        .ok_or_else(|| unsolved("dockerfile parse error: no build stage in current context"))?;
    let (before, steps) = steps.split_at(last_from);
    let named = steps.first().and_then(|(_, r)| r.split_whitespace().next());
    let base = arguments(before, named.unwrap_or(""));
    let mut image = fetched(ctx, world, &base).map_err(|_| {
        let (name, tag) = short(&base);
        unsolved(&format!("{name}:{tag}: failed to resolve source metadata for docker.io/library/{name}:{tag}: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"))
    })?;
    if image.base.is_empty() || world.image(&image.base).is_err() {
        image.base.clone_from(&base);
    }
    let mut log: Vec<(String, i64)> = vec![
        ("[internal] load build definition from Dockerfile".into(), 0),
        (format!("=> transferring dockerfile: {}B", text.len()), 0),
        (
            format!("[internal] load metadata for docker.io/{}", on_hub(&base)),
            900,
        ),
        ("[internal] load .dockerignore".into(), 0),
        ("=> transferring context: 2B".into(), 0),
    ];
    take_steps(ctx, &folder, &mut image, steps, &mut log).await?;
    let digest = id(&image);
    log.push(("exporting to image".into(), 100));
    log.push(("=> exporting layers".into(), 0));
    log.push((format!("=> writing image sha256:{digest}"), 0));
    let tags = options.all("tag");
    for tag in &tags {
        log.push((format!("=> naming to docker.io/{}", on_hub(tag)), 0));
    }
    ctx.sleep(100).await;
    if options.has("quiet") {
        ctx.out(&format!("sha256:{digest}\n"));
    } else {
        show(ctx, &log, ctx.now_ms() - began);
    }
    if image.page {
        ctx.err(&format!("bottleship does not run {}: requests to port {} are answered with a page that names the image\n", program(&image), image.ports.first().copied().unwrap_or(0)));
    }
    for tag in tags {
        keep(ctx, image.clone(), tag);
    }
    Ok(())
}

/// What the image's containers run, without its folder.
fn program(image: &BuiltImage) -> &str {
    let first = image.entrypoint.iter().chain(&image.cmd).next();
    let first = first.map_or("", String::as_str);
    first.rsplit('/').next().unwrap_or("")
}

/// The instructions of the last stage, each with the time that it takes; the image is what they leave.
async fn take_steps(
    ctx: &Ctx,
    folder: &str,
    image: &mut BuiltImage,
    steps: &[(String, String)],
    log: &mut Vec<(String, i64)>,
) -> Result<(), String> {
    let is_step = |word: &str| STEPS.contains(&word);
    let counted = steps.iter().filter(|(w, _)| is_step(w)).count();
    let mut fs = files_of(image);
    let mut number = 0;
    for (word, rest) in steps {
        let takes = match word.as_str() {
            "FROM" => image.size / 50_000,
            "RUN" => 1200,
            _ => 30,
        };
        if is_step(word) {
            number += 1;
            log.push((format!("[{number}/{counted}] {word} {rest}"), takes));
        }
        ctx.sleep(takes).await;
        instruction(ctx, folder, image, &mut fs, word, rest)?;
    }
    image.files.clear();
    collect(&fs, "/", &mut image.files);
    image.created_ms = ctx.now_ms();
    // Programs that bottleship runs itself; another one that listens is shown by a page.
    let known = [
        "",
        "sh",
        "bash",
        "nginx",
        "httpd-foreground",
        "docker-entrypoint.sh",
    ];
    image.page |= !image.ports.is_empty() && !known.contains(&program(image));
    Ok(())
}

/// BuildKit's log as it stands at the end.
fn show(ctx: &Ctx, log: &[(String, i64)], took_ms: i64) {
    let seconds = |ms: i64| format!("{:.1}s", ms as f64 / 1000.0);
    let steps = log.iter().filter(|(l, _)| !l.starts_with("=>")).count();
    let right = |left: String, right: String| format!("{left:<105}{right:>8}\n");
    ctx.err(&right(
        format!(
            "[+] Building {} ({steps}/{steps}) FINISHED",
            seconds(took_ms)
        ),
        "docker:default".into(),
    ));
    for (line, ms) in log {
        ctx.err(&right(format!(" => {line}"), seconds(*ms)));
    }
}

/// `${VERSION}` from the `ARG` lines before.
pub(super) fn arguments(steps: &[(String, String)], text: &str) -> String {
    let args = steps
        .iter()
        .filter(|(w, _)| w == "ARG")
        .filter_map(|(_, a)| a.split_once('='));
    args.fold(text.to_string(), |t, (name, value)| {
        t.replace(&format!("${{{name}}}"), value)
            .replace(&format!("${name}"), value)
    })
}

pub(super) fn instruction(
    ctx: &Ctx,
    folder: &str,
    image: &mut BuiltImage,
    fs: &mut Fs,
    word: &str,
    rest: &str,
) -> Result<(), String> {
    match word {
        "FROM" | "LABEL" | "MAINTAINER" | "ARG" | "USER" | "VOLUME" | "SHELL" | "STOPSIGNAL"
        | "HEALTHCHECK" | "ONBUILD" => {}
        "ENV" => {
            let pairs: Vec<(String, String)> = match rest.contains('=') {
                true => rest
                    .split_whitespace()
                    .filter_map(|p| p.split_once('='))
                    .map(|(k, v)| (k.into(), v.trim_matches('"').into()))
                    .collect(),
                false => rest
                    .split_once(char::is_whitespace)
                    .map(|(k, v)| (k.into(), v.trim().into()))
                    .into_iter()
                    .collect(),
            };
            for (k, v) in pairs {
                image.env.retain(|(name, _)| *name != k);
                image.env.push((k, v));
            }
        }
        "WORKDIR" => {
            image.workdir = shell::fs::resolve(workdir(image), rest);
            let _ = fs.mkdir(&image.workdir, true);
        }
        "EXPOSE" => {
            let ports = rest
                .split_whitespace()
                .filter_map(|p| p.split('/').next()?.parse().ok());
            image.ports = ports.collect();
        }
        "CMD" => image.cmd = exec_form(rest),
        "ENTRYPOINT" => {
            image.entrypoint = exec_form(rest);
            image.cmd.clear();
        }
        "COPY" | "ADD" => return copy(ctx, folder, image, fs, rest),
        "RUN" => {
            let status = match image.has_shell {
                true => {
                    let argv = ["sh".to_string(), "-c".into(), format!("{DOWNLOADS}{rest}")];
                    in_shell(&argv, image, fs, ctx.now_ms()).1
                }
                false => 127,
            };
            if status != 0 {
                return Err(unsolved(&format!(
                    "process \"/bin/sh -c {rest}\" did not complete successfully: exit code: {status}"
                )));
            }
        }
        other => {
            return Err(unsolved(&format!(
                "dockerfile parse error: unknown instruction: {other}"
            )));
        }
    }
    Ok(())
}

/// `COPY SOURCE... TARGET`: folders bring what is in them, files keep their names where the target is a folder.
fn copy(
    ctx: &Ctx,
    folder: &str,
    image: &BuiltImage,
    fs: &mut Fs,
    rest: &str,
) -> Result<(), String> {
    if rest.contains("--from=") {
        return Err(unsolved(
            "bottleship does not simulate COPY --from: build in one stage",
        ));
    }
    let words = rest.split_whitespace().filter(|w| !w.starts_with("--"));
    let words: Vec<&str> = words.collect();
    let Some((target, sources)) = words.split_last() else {
        return Ok(());
    };
    let to = shell::fs::resolve(workdir(image), target);
    for source in sources {
        let from = shell::fs::resolve(folder, source.trim_start_matches('/'));
        let mut files = Vec::new();
        if ctx.with_fs(|f| f.is_dir(&from)) {
            ctx.with_fs(|f| collect(f, &from, &mut files));
        } else {
            let text = ctx.with_fs(|f| f.read_text(&from)).map_err(|_| {
                unsolved(&format!("failed to compute cache key: failed to calculate checksum of ref: \"/{source}\": not found"))
            })?;
            files.push((from.clone(), text));
        }
        for (path, text) in files {
            let below = path.strip_prefix(&from).unwrap_or("");
            let into = target.ends_with('/') || *target == "." || fs.is_dir(&to);
            let place = match (below.trim_start_matches('/'), into) {
                ("", true) => format!("{to}/{}", from.rsplit('/').next().unwrap_or("")),
                ("", false) => to.clone(),
                (below, _) => format!("{to}/{below}"),
            };
            let _ = fs.install(&place, text);
        }
    }
    Ok(())
}

fn workdir(image: &BuiltImage) -> &str {
    match image.workdir.as_str() {
        "" => "/",
        path => path,
    }
}
