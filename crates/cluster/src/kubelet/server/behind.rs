//! Web applications with a database behind them: the guestbook of the tutorials (PHP, Redis) and WordPress (MySQL).
//! What they keep stands in the database's files, so it lives as long as the volume does.
//! Left out: SQL, every page but the first ones.

use super::super::catalogue::App;
use super::super::process::drive::Place;
use super::super::{env, redis, volumes};
use super::web::tag;
use super::{ok, target, with};
use crate::Cluster;
use crate::network::{self, Origin, Reach};
use machinery::Str;
use machinery::http::{HttpRequest, HttpResponse};

const HTML: &str = "text/html; charset=UTF-8";
const GUESTBOOK: &str = "<html ng-app=\"redis\">\n  <head>\n    <title>Guestbook</title>\n    <link rel=\"stylesheet\" href=\"//netdna.bootstrapcdn.com/bootstrap/3.1.1/css/bootstrap.min.css\">\n    <script src=\"controllers.js\"></script>\n  </head>\n  <body ng-controller=\"RedisCtrl\">\n    <h2>Guestbook</h2>\n    <form>\n      <input ng-model=\"msg\" class=\"form-control\" type=\"text\" name=\"input\">\n      <button type=\"button\" ng-click=\"controller.onRedis()\">Submit</button>\n    </form>\n    <div ng-repeat=\"msg in messages track by $index\">{{msg}}</div>\n  </body>\n</html>\n";
const NO_DATABASE: &str = "<!DOCTYPE html>\n<html><head><title>Database Error</title></head><body><h1>Error establishing a database connection</h1></body></html>\n";
/// The table of a database's files in which WordPress keeps the title of the site.
const OPTIONS: &str = "/var/lib/mysql/wordpress/wp_options.ibd";

/// What such an application answers.
pub fn answer(
    cluster: &mut Cluster,
    place: &Place,
    app: App,
    request: &HttpRequest,
) -> HttpResponse {
    let target = target(request).to_string();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    match app {
        App::Guestbook => guestbook(cluster, place, path, query),
        _ => wordpress(cluster, place, request, path, query),
    }
}

fn variables(cluster: &Cluster, uid: &str, index: usize) -> shell::Env {
    let (Some(run), Some(pod)) = (cluster.kubelets.pod(uid), cluster.store.by_uid(uid)) else {
        return shell::Env::new();
    };
    env::full(cluster, pod, run, index)
}

/// `guestbook.php?cmd=set&key=messages&value=...`: writes go to the leader, reads to a follower.
fn guestbook(cluster: &mut Cluster, place: &Place, path: &str, query: &str) -> HttpResponse {
    if path != "/guestbook.php" {
        return match path {
            "/" | "/index.html" => ok("text/html", GUESTBOOK),
            _ => with(
                404,
                "text/html",
                "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>404 Not Found</title>\n</head><body>\n<h1>Not Found</h1>\n</body></html>\n",
            ),
        };
    }
    let pairs = codec::query_pairs(query);
    let of = |name: &str| {
        pairs
            .iter()
            .find(|p| p.0 == name)
            .map_or("", |p| p.1.as_str())
    };
    let vars = variables(cluster, place.uid, place.index);
    let old = ["v3", "v4"].contains(&tag(cluster, place).as_str());
    let (role, words) = match of("cmd") {
        "set" => (
            if old { "master" } else { "leader" },
            ["SET", of("key"), of("value")],
        ),
        "get" => (
            if old { "slave" } else { "follower" },
            ["GET", of("key"), ""],
        ),
        _ => return ok(HTML, ""),
    };
    let host = match vars.get("GET_HOSTS_FROM").map(String::as_str) {
        Some("env") => {
            let name = format!("REDIS_{}_SERVICE_HOST", role.to_uppercase());
            vars.get(&name).cloned().unwrap_or_default()
        }
        _ => format!("redis-{role}"),
    };
    let words: Vec<String> = words.iter().map(|w| w.to_string()).collect();
    match redis::ask(cluster, &Origin::of(place.pod), (&host, 6379), &words) {
        Ok(_) if role == "leader" || role == "master" => {
            ok("application/json", "{\"message\": \"Updated\"}")
        }
        Ok(lines) => ok(
            "application/json",
            format!("{{\"data\": \"{}\"}}", lines.join(" ")),
        ),
        Err(_) => {
            let text = format!(
                "Fatal error: Uncaught exception 'Predis\\Connection\\ConnectionException' with message 'Connection refused [tcp://{host}:6379]'"
            );
            with(500, HTML, text)
        }
    }
}

/// WordPress: an installation page until it has been filled in, then the site.
fn wordpress(
    cluster: &mut Cluster,
    place: &Place,
    request: &HttpRequest,
    path: &str,
    query: &str,
) -> HttpResponse {
    let Some((uid, index)) = database(cluster, place) else {
        return with(500, HTML, NO_DATABASE);
    };
    let title = files(cluster, &uid, index).read_text(OPTIONS).ok();
    let page = |title: &str, body: &str| {
        ok(
            HTML,
            format!(
                "<!DOCTYPE html>\n<html lang=\"en-US\">\n<head><title>{title}</title></head>\n<body>{body}</body>\n</html>\n"
            ),
        )
    };
    match (title, path) {
        (None, "/wp-admin/install.php") if request.method == "POST" && query.contains("step=2") => {
            let form = codec::query_pairs(&request.body);
            let title = form.into_iter().find(|p| p.0 == "weblog_title");
            keep(
                cluster,
                &uid,
                index,
                &title.map_or_else(|| "My blog".into(), |t| t.1),
            );
            page(
                "WordPress &rsaquo; Installation",
                "<h1>Success!</h1><p>WordPress has been installed. Thank you, and enjoy!</p>",
            )
        }
        (None, "/wp-admin/install.php") => page(
            "WordPress &rsaquo; Installation",
            "<p id=\"logo\">WordPress</p>",
        ),
        (None, _) => {
            let mut answer = with(302, HTML, "");
            let to = ("Location".to_string(), "/wp-admin/install.php".to_string());
            answer.headers.push(to);
            answer
        }
        (Some(_), "/wp-admin/install.php") => page(
            "WordPress &rsaquo; Installation",
            "<h1>Already Installed</h1>",
        ),
        (Some(title), _) => page(
            title.trim_end(),
            &format!("<h1>{}</h1><p>Hello world!</p>", title.trim_end()),
        ),
    }
}

/// The database that WordPress is told of, if it lets it in.
fn database(cluster: &Cluster, place: &Place) -> Option<(Str, usize)> {
    let vars = variables(cluster, place.uid, place.index);
    let named = |name: &str| vars.get(name).cloned().unwrap_or_default();
    let host = match named("WORDPRESS_DB_HOST").split(':').next() {
        None | Some("") => "mysql".to_string(),
        Some(host) => host.to_string(),
    };
    let Reach::Open(uid, port) = network::reach(cluster, &Origin::of(place.pod), &host, 3306)
    else {
        return None;
    };
    let run = cluster.kubelets.pod(&uid)?;
    let serves = |c: &super::super::run::ContainerRun| c.servers.iter().any(|s| s.port == port);
    let index = run.containers.iter().position(serves)?;
    let theirs = variables(cluster, &uid, index);
    let (user, password) = (named("WORDPRESS_DB_USER"), named("WORDPRESS_DB_PASSWORD"));
    let user = if user.is_empty() {
        "root"
    } else {
        user.as_str()
    };
    let has = |name: &str, value: &str| theirs.get(name).is_some_and(|v| v == value);
    let known = match user {
        "root" => ["MYSQL_ROOT_PASSWORD", "MARIADB_ROOT_PASSWORD"]
            .iter()
            .any(|n| has(n, &password)),
        user => ["MYSQL", "MARIADB"]
            .iter()
            .any(|n| has(&format!("{n}_USER"), user) && has(&format!("{n}_PASSWORD"), &password)),
    };
    known.then_some((uid, index))
}

fn files(cluster: &Cluster, uid: &str, index: usize) -> shell::Fs {
    match (cluster.kubelets.pod(uid), cluster.store.by_uid(uid)) {
        (Some(run), Some(pod)) => volumes::open(cluster, pod, run, index),
        _ => shell::Fs::new(),
    }
}

fn keep(cluster: &mut Cluster, uid: &str, index: usize, title: &str) {
    let mut fs = files(cluster, uid, index);
    let before = fs.version();
    let _ = fs.mkdir(shell::fs::parent(OPTIONS), true);
    let _ = fs.write(OPTIONS, format!("{title}\n"));
    if let Some(pod) = cluster.store.by_uid(uid).cloned() {
        volumes::close(cluster, &pod, uid, index, &fs, before);
    }
}
