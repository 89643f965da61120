//! curl, wget and nc on the learner's machine: `shell::http_tools` does the talking.

use std::rc::Rc;

use machinery::http::{Fetch, HttpRequest};
use shell::Ctx;
use shell::http_tools::{self, Around, Fetched, Flavour, HttpResponse, Outcome, Url};

use crate::World;
use crate::system::DOWNLOADS;

pub async fn curl(ctx: Ctx, world: Rc<dyn World>) -> i32 {
    run(ctx, world, http_tools::curl).await
}

pub async fn wget(ctx: Ctx, world: Rc<dyn World>) -> i32 {
    run(ctx, world, |args, around| {
        http_tools::wget(args, Flavour::Gnu, around)
    })
    .await
}

pub async fn nc(ctx: Ctx, world: Rc<dyn World>) -> i32 {
    run(ctx, world, |args, around| {
        http_tools::nc(args, false, around)
    })
    .await
}

async fn run(
    ctx: Ctx,
    world: Rc<dyn World>,
    tool: fn(&[String], &mut Around<'_>) -> Outcome,
) -> i32 {
    let args: Vec<String> = ctx.args.iter().skip(1).cloned().collect();
    let nc = ctx.args.first().is_some_and(|name| name == "nc");
    let talks = nc && !ctx.is_tty_in() && !args.iter().any(|arg| arg.contains('z'));
    let stdin = match talks || args.iter().any(|arg| arg.ends_with("@-")) {
        true => String::from_utf8_lossy(&ctx.read_all().await).into_owned(),
        false => String::new(),
    };
    let took = std::cell::Cell::new(0);
    let outcome = {
        let read = |name: &str| match name {
            "-" => Some(stdin.clone()),
            name => ctx.with_fs(|fs| fs.read_text(&ctx.resolve(name))).ok(),
        };
        let address = |host: &str| address(&*world, host);
        let mut around = Around {
            fetch: &mut |request| {
                let answer = fetch(&*world, request);
                took.set(took.get() + world.took_ms());
                answer
            },
            address: &address,
            read: &read,
            tty_out: ctx.is_tty_out(),
            now_ms: ctx.now_ms(),
        };
        tool(&args, &mut around)
    };
    let wait = outcome.wait_ms.saturating_add(took.get());
    if wait > 0 {
        ctx.sleep(wait).await;
    }
    let mut status = outcome.status;
    for (fd, text) in &outcome.output {
        ctx.write(*fd, text.as_bytes());
    }
    for (name, content) in &outcome.files {
        let path = ctx.resolve(name);
        if let Err(error) = ctx.with_fs(|fs| fs.write(&path, content)) {
            ctx.err(&match ctx.args.first().map(String::as_str) {
                Some("wget") => format!("{name}: {error}\n"),
                _ => "curl: (23) client returned ERROR on write\n".to_owned(),
            });
            status = if ctx.args.first().is_some_and(|name| name == "wget") {
                3
            } else {
                23
            };
        }
    }
    status
}

fn address(world: &dyn World, host: &str) -> Option<String> {
    let numeric = host.split('.').count() == 4 && host.split('.').all(|p| p.parse::<u8>().is_ok());
    match host {
        "localhost" => Some("127.0.0.1".to_owned()),
        host if numeric || host.contains(':') => Some(host.to_owned()),
        host if DOWNLOADS.iter().any(|download| download.host == host) => {
            Some("142.250.206.27".to_owned())
        }
        host => world.resolve(host).into_iter().next(),
    }
}

pub fn fetch(world: &dyn World, request: &http_tools::HttpRequest) -> Fetched {
    if let Some(answer) = download(request) {
        return Fetched::Answer(answer);
    }
    let request = HttpRequest {
        method: request.method.clone(),
        url: request.url.clone(),
        headers: request.headers.clone(),
        body: request.body.clone(),
    };
    match world.fetch(&request) {
        Fetch::Answer(answer) => Fetched::Answer(HttpResponse {
            status: answer.status,
            headers: answer.headers,
            body: answer.body,
        }),
        Fetch::UnknownHost => Fetched::UnknownHost,
        Fetch::Refused => Fetched::Refused,
        Fetch::Timeout => Fetched::Timeout,
        Fetch::Reset => Fetched::Reset,
    }
}

/// The few files of the internet that tutorials begin with.
fn download(request: &http_tools::HttpRequest) -> Option<HttpResponse> {
    let url = Url::parse(&request.url)?;
    let found = DOWNLOADS
        .iter()
        .find(|known| known.host == url.host && url.path.starts_with(known.path));
    let headers = vec![(
        "Content-Type".to_owned(),
        "application/octet-stream".to_owned(),
    )];
    found.map(|known| HttpResponse {
        status: 200,
        headers,
        body: known.content.to_owned(),
    })
}
