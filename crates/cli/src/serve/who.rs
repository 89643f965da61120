//! Whose request it is. Without credentials it is the admin's: over plain HTTP a real kubectl sends none. A bearer token is
//! a service account's; `Impersonate-*` headers are asked for at RBAC, as upstream does.

use super::hub::Hub;
use cluster::apiserver::authenticate;
use hyper::HeaderMap;
use machinery::{Status, User};

/// The user of a request, or why there is none.
pub fn user(hub: &Hub, headers: &HeaderMap) -> Result<User, Status> {
    let one = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let user = match one("authorization") {
        None => User::admin(),
        Some(text) => {
            let token = text
                .strip_prefix("Bearer ")
                .or(text.strip_prefix("bearer "));
            let token = token.unwrap_or("").trim();
            hub.look(|cluster| authenticate::token_user(cluster, token))?
        }
    };
    let all = |name: &str| -> Vec<&str> {
        let values = headers.get_all(name).iter();
        values.filter_map(|v| v.to_str().ok()).collect()
    };
    let groups = all("impersonate-group");
    match one("impersonate-user") {
        Some(name) => {
            let wanted = User::new(name, &groups);
            hub.look(|cluster| authenticate::impersonate(cluster, &user, wanted))
        }
        None if groups.is_empty() => Ok(user),
        None => Err(Status::internal(format!(
            "requested {groups:?} without impersonating a user"
        ))),
    }
}

/// Whether a web page elsewhere could have sent it: browsers name the page, and a rebound name shows as the host.
pub fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let host = text("host").unwrap_or("");
    let is_port = |p: &str| !p.is_empty() && p.bytes().all(|c| c.is_ascii_digit());
    let name = match host.rsplit_once(':') {
        Some((name, port)) if is_port(port) => name,
        _ => host,
    };
    let local = matches!(name, "127.0.0.1" | "localhost" | "[::1]");
    let strange = text("origin").is_some_and(|o| {
        let o = o.split_once("://").map_or(o, |(_, rest)| rest);
        o != host
    });
    !local || strange
}
