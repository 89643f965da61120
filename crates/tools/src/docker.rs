//! docker on the learner's machine: images pulled from the catalogue and built of small Dockerfiles.
//!
//! The real one is `docker/cli` over `moby/moby`, in the words of v28 with BuildKit. What is here is a file of the learner's
//! machine, so undo knows it. Left out, and said plainly: containers that stay (they run in the cluster), registries to push to.

mod build;
mod store;

use std::rc::Rc;

use shell::{Candidate, CompletionRequest, Ctx};

use crate::World;
use crate::options::{self, Options, spaced};
use build::{build, files_of, in_shell};
use machinery::BuiltImage;
use store::{ago, id, size, write};
pub use store::{digest, images};

const VERSION: &str = "28.5.2";
const COMMANDS: &[(&str, &str)] = &[
    ("build", "Build an image from a Dockerfile"),
    ("images", "List images"),
    ("info", "Display system-wide information"),
    ("login", "Authenticate to a registry"),
    ("ps", "List containers"),
    ("pull", "Download an image from a registry"),
    ("push", "Upload an image to a registry"),
    ("rmi", "Remove one or more images"),
    ("run", "Create and run a new container from an image"),
    (
        "tag",
        "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE",
    ),
    ("version", "Show the Docker version information"),
];

/// `nginx:latest` of `nginx`; names of Docker Hub stay short.
fn short(reference: &str) -> (String, String) {
    let name = reference
        .trim_start_matches("docker.io/library/")
        .trim_start_matches("docker.io/");
    match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name.to_string(), tag.to_string()),
        _ => (name.to_string(), "latest".to_string()),
    }
}

fn same(a: &str, b: &str) -> bool {
    short(a) == short(b)
}

pub async fn docker(ctx: Ctx, world: Rc<dyn World>) -> i32 {
    let mut words: Vec<String> = ctx.args.iter().skip(1).cloned().collect();
    if ["image", "container", "buildx", "system", "builder"]
        .contains(&words.first().map_or("", String::as_str))
    {
        let group = words.remove(0);
        let sub = words.first().cloned().unwrap_or_default();
        let plain = match (group.as_str(), sub.as_str()) {
            ("image", "ls" | "list") => "images",
            ("image", "rm") => "rmi",
            ("container", "ls" | "list") => "ps",
            (_, sub) => sub,
        };
        if let Some(first) = words.first_mut() {
            *first = plain.to_string();
        }
    }
    let done = match words.split_first() {
        None => {
            ctx.out(&help());
            Ok(0)
        }
        Some((command, rest)) => run(&ctx, &*world, command, rest).await,
    };
    done.unwrap_or_else(|e| {
        ctx.err(&format!("{e}\n"));
        1
    })
}

fn help() -> String {
    let line = |(name, about): &(&str, &str)| format!("  {name:<11} {about}\n");
    let lines: String = COMMANDS.iter().map(line).collect();
    format!(
        "Usage:  docker [OPTIONS] COMMAND\n\nBuild images for the cluster: docker build, then minikube image load or kind load docker-image.\n\nCommands:\n{lines}\nRun 'docker COMMAND --help' for more information on a command.\n"
    )
}

async fn run(ctx: &Ctx, world: &dyn World, command: &str, rest: &[String]) -> Result<i32, String> {
    let flags = match command {
        "build" => {
            "tag/t= file/f= no-cache pull quiet/q build-arg= platform= progress= target= load help"
        }
        "images" => "all/a quiet/q no-trunc format= filter/f= digests help",
        "ps" => "all/a quiet/q no-trunc format= filter/f= last/n= latest/l size/s help",
        "run" => {
            "detach/d publish/p= rm interactive/i tty/t name= env/e= volume/v= network= entrypoint= workdir/w= restart= help"
        }
        "pull" => "all-tags/a quiet/q platform= help",
        "rmi" => "force/f help",
        "version" | "info" => "format/f= help",
        _ => "help username/u= password/p= password-stdin all-tags/a quiet/q force/f",
    };
    let options = options::parse(rest, flags, command == "run")
        .map_err(|e| format!("{e}\n\nUsage:  docker {command} [OPTIONS]\n\nRun 'docker {command} --help' for more information"))?;
    if options.has("help") || command == "--help" || command == "help" {
        ctx.out(&help());
        return Ok(0);
    }
    match command {
        "images" => list(ctx, &options),
        "pull" => pull(ctx, world, &options).await?,
        "build" => build(ctx, world, &options).await?,
        "tag" => tag(ctx, &options)?,
        "rmi" => remove(ctx, &options)?,
        "run" => return start(ctx, world, &options).await,
        "ps" => match options.has("quiet") {
            true => {}
            false => ctx.out("CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES\n"),
        },
        "push" => {
            return Err("denied: requested access to the resource is denied\nbottleship has no registry to push to; load the image into the cluster: minikube image load, kind load docker-image".into());
        }
        "login" | "logout" => {
            return Err(format!("bottleship does not simulate docker {command}: there is no registry to log in to"));
        }
        "version" | "--version" | "-v" => ctx.out(&match command {
            "version" => format!("Client: Docker Engine - Community\n Version:           {VERSION}\n API version:       1.51\n OS/Arch:           linux/amd64\n Context:           default\n\nServer: Docker Engine - Community\n Engine:\n  Version:          {VERSION}\n  API version:      1.51 (minimum version 1.24)\n  OS/Arch:          linux/amd64\n  Experimental:     false\n"),
            _ => format!("Docker version {VERSION}, build 89c5e8f\n"),
        }),
        "info" => ctx.out(&format!("Client: Docker Engine - Community\n Version:    {VERSION}\n Context:    default\n Debug Mode: false\n\nServer:\n Containers: 0\n  Running: 0\n  Paused: 0\n  Stopped: 0\n Images: {}\n Server Version: {VERSION}\n Operating System: Debian GNU/Linux 12 (bookworm)\n OSType: linux\n Architecture: x86_64\n Name: bottleship\n", images(ctx).len())),
        "logs" | "stop" | "rm" | "exec" | "start" | "kill" | "inspect" => {
            let name = options.arg(0);
            return Err(format!("Error response from daemon: No such container: {name}\nbottleship keeps no containers outside of the cluster; try: kubectl get pods"));
        }
        other => {
            return Err(format!("docker: unknown command: docker {other}\n\nRun 'docker --help' for more information"));
        }
    }
    Ok(0)
}

fn list(ctx: &Ctx, options: &Options) {
    let wanted = options.arg(0);
    let mut all = images(ctx);
    all.retain(|i| wanted.is_empty() || short(&i.reference).0 == short(wanted).0);
    machinery::Arrange::arrange_by(&mut all[..], |a, b| b.created_ms.cmp(&a.created_ms));
    if options.has("quiet") {
        all.iter()
            .for_each(|i| ctx.out(&format!("{}\n", id(i).get(..12).unwrap_or(""))));
        return;
    }
    let mut rows = vec![
        ["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"]
            .map(String::from)
            .to_vec(),
    ];
    for image in &all {
        let (name, tag) = short(&image.reference);
        let id = id(image).get(..12).unwrap_or("").to_string();
        rows.push(vec![
            name,
            tag,
            id,
            ago(ctx.now_ms() - image.created_ms),
            size(image.size),
        ]);
    }
    // No column is narrower than ten cells, the gap among them.
    for title in rows.iter_mut().take(1).flatten().take(4) {
        *title = format!("{title:<7}");
    }
    ctx.out(&spaced(&rows, 3));
}

/// An image of this machine, or of the catalogue.
fn fetched(ctx: &Ctx, world: &dyn World, name: &str) -> Result<BuiltImage, String> {
    if let Some(own) = images(ctx).into_iter().find(|i| same(&i.reference, name)) {
        return Ok(own);
    }
    let (repository, tag) = short(name);
    world.image(name).map_err(|known| match known {
        true => format!("Error response from daemon: manifest for {repository}:{tag} not found: manifest unknown: manifest unknown"),
        false => format!("Error response from daemon: pull access denied for {repository}, repository does not exist or may require 'docker login': denied: requested access to the resource is denied"),
    })
}

fn keep(ctx: &Ctx, mut image: BuiltImage, name: &str) {
    let mut all = images(ctx);
    all.retain(|i| !same(&i.reference, name));
    let (repository, tag) = short(name);
    image.reference = format!("{repository}:{tag}");
    all.push(image);
    write(ctx, &all);
}

async fn pull(ctx: &Ctx, world: &dyn World, options: &Options) -> Result<(), String> {
    let name = options.arg(0);
    if name.is_empty() {
        return Err("docker: 'docker pull' requires 1 argument\n\nUsage:  docker pull [OPTIONS] NAME[:TAG|@DIGEST]\n\nSee 'docker pull --help' for more information".into());
    }
    let (repository, tag) = short(name);
    if !name.contains(':') {
        ctx.out(&format!("Using default tag: {tag}\n"));
    }
    let had = images(ctx).iter().any(|i| same(&i.reference, name));
    ctx.sleep(800).await;
    let image = fetched(ctx, world, name)?;
    let library = if repository.contains('/') {
        ""
    } else {
        "library/"
    };
    ctx.out(&format!("{tag}: Pulling from {library}{repository}\n"));
    if !had {
        ctx.sleep(image.size / 50_000).await;
    }
    let digest = codec::hex(&codec::sha256(format!("{repository}:{tag}").as_bytes()));
    let status = match had {
        true => "Image is up to date for",
        false => "Downloaded newer image for",
    };
    let host = if repository
        .split('/')
        .next()
        .is_some_and(|h| h.contains('.'))
    {
        ""
    } else {
        "docker.io/"
    };
    ctx.out(&format!("Digest: sha256:{digest}\nStatus: {status} {repository}:{tag}\n{host}{library}{repository}:{tag}\n"));
    if !had {
        // Images of the catalogue are some weeks old.
        let old = BuiltImage {
            created_ms: ctx.now_ms() - 14 * 86_400_000,
            ..image
        };
        keep(ctx, old, name);
    }
    Ok(())
}

fn tag(ctx: &Ctx, options: &Options) -> Result<(), String> {
    let (from, to) = (options.arg(0), options.arg(1));
    if to.is_empty() {
        return Err("docker: 'docker tag' requires 2 arguments\n\nUsage:  docker tag SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]\n\nSee 'docker tag --help' for more information".into());
    }
    let found = images(ctx).into_iter().find(|i| same(&i.reference, from));
    let (name, tag) = short(from);
    let image = found.ok_or(format!(
        "Error response from daemon: No such image: {name}:{tag}"
    ))?;
    keep(ctx, image, to);
    Ok(())
}

fn remove(ctx: &Ctx, options: &Options) -> Result<(), String> {
    for name in &options.args {
        let mut all = images(ctx);
        let Some(at) = all
            .iter()
            .position(|i| same(&i.reference, name) || id(i).starts_with(name.as_str()))
        else {
            let (name, tag) = short(name);
            return Err(format!(
                "Error response from daemon: No such image: {name}:{tag}"
            ));
        };
        let gone = all.remove(at);
        let (name, tag) = short(&gone.reference);
        ctx.out(&format!("Untagged: {name}:{tag}\n"));
        if !all.iter().any(|i| id(i) == id(&gone)) {
            ctx.out(&format!("Deleted: sha256:{}\n", id(&gone)));
        }
        write(ctx, &all);
    }
    Ok(())
}

async fn start(ctx: &Ctx, world: &dyn World, options: &Options) -> Result<i32, String> {
    let name = options.arg(0);
    if name.is_empty() {
        return Err("docker: 'docker run' requires at least 1 argument\n\nUsage:  docker run [OPTIONS] IMAGE [COMMAND] [ARG...]\n\nSee 'docker run --help' for more information".into());
    }
    if !images(ctx).iter().any(|i| same(&i.reference, name)) {
        let (repository, tag) = short(name);
        ctx.err(&format!(
            "Unable to find image '{repository}:{tag}' locally\n"
        ));
        let mut one = Options::default();
        one.args.push(name.to_string());
        pull(ctx, world, &one)
            .await
            .map_err(|e| format!("docker: {e}\n\nRun 'docker run --help' for more information"))?;
    }
    let mut image = fetched(ctx, world, name)?;
    for pair in options.all("env") {
        let (k, v) = pair.split_once('=').unwrap_or((pair, ""));
        image.env.push((k.into(), v.into()));
    }
    let given = options.args.get(1..).unwrap_or(&[]);
    let argv: Vec<String> = match options.get("entrypoint") {
        Some(e) => std::iter::once(e.to_string())
            .chain(given.iter().cloned())
            .collect(),
        None if given.is_empty() => image.entrypoint.iter().chain(&image.cmd).cloned().collect(),
        None => image.entrypoint.iter().chain(given).cloned().collect(),
    };
    let runs = |word: &str| {
        shell::filters::is_program(word) || shell::machine::builtin_names().any(|b| b == word)
    };
    let first = argv
        .first()
        .map_or("", |w| w.rsplit('/').next().unwrap_or(w));
    let server = options.has("detach") || !image.ports.is_empty() && given.is_empty();
    if !image.has_shell || server || !runs(first) {
        return Err(format!(
            "docker: bottleship runs this image in the cluster only; try: kubectl run web --image={name}"
        ));
    }
    let mut fs = files_of(&image);
    let (text, status) = in_shell(&argv, &image, &mut fs, ctx.now_ms());
    ctx.out(&text);
    Ok(status)
}

pub fn complete(request: &CompletionRequest) -> Vec<Candidate> {
    if request.words.len() != 1 {
        return Vec::new();
    }
    let fitting = COMMANDS
        .iter()
        .filter(|(name, _)| name.starts_with(&request.current));
    fitting
        .map(|(name, about)| Candidate::described(*name, *about))
        .collect()
}
