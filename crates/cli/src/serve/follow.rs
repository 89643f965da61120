//! Answers that go on: a watch is the pipeline's question asked again whenever something has happened, a followed log is
//! polled so. Upstream: `apiserver:pkg/endpoints/handlers/watch.go`.

use super::answer::{HttpResponse, Reply, whole};
use super::hub::Hub;
use bytes::Bytes;
use machinery::{Request, Response, StreamId, StreamIn, Value};
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// How often a quiet watch is told how far the world has come.
const BOOKMARK_EVERY: Duration = Duration::from_secs(60);
/// How long a watch lasts if the client does not say.
const WATCH_S: u64 = 30 * 60;
/// How many pieces may wait for a slow client.
const PIECES: usize = 16;

fn flowing(content_type: &'static str) -> (mpsc::Sender<Bytes>, HttpResponse) {
    let (sender, rest) = mpsc::channel(PIECES);
    let mut response = whole(200, content_type, Bytes::new());
    *response.body_mut() = Reply::flowing(rest);
    (sender, response)
}

/// One watch under way.
struct Watch {
    hub: Rc<Hub>,
    request: Request,
    to: mpsc::Sender<Bytes>,
    /// How far it has looked, and how far the client knows that it has.
    seen: u64,
    told: u64,
    /// Columns are described once.
    described: bool,
}

pub fn watch(hub: Rc<Hub>, request: Request, first: Response) -> HttpResponse {
    let (to, response) = flowing("application/json");
    let watch = Watch {
        hub,
        request,
        to,
        seen: 0,
        told: 0,
        described: false,
    };
    tokio::task::spawn_local(watch.run(first));
    response
}

impl Watch {
    async fn run(mut self, first: Response) {
        let seconds = self.request.param("timeoutSeconds");
        let seconds = seconds.and_then(|s| s.parse().ok()).filter(|s| *s > 0);
        let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(WATCH_S).min(86_400));
        let mut changed = self.hub.watch();
        let mut bookmark = Instant::now() + BOOKMARK_EVERY;
        if self.give(first).await.is_none() {
            return;
        }
        // From now on it is asked for what is new.
        let once = [
            "sendInitialEvents",
            "resourceVersionMatch",
            "allowWatchBookmarks",
        ];
        let marks = matches!(
            self.request.param("allowWatchBookmarks"),
            Some("true" | "1")
        );
        self.request
            .query
            .retain(|(k, _)| !once.contains(&k.as_str()));
        loop {
            tokio::select! {
                _ = changed.changed() => {
                    if self.hub.look(|c| c.store.version()) == self.seen {
                        continue;
                    }
                    let response = self.ask(self.seen, false);
                    if self.give(response).await.is_none() {
                        return;
                    }
                }
                () = self.to.closed() => return,
                () = tokio::time::sleep_until(bookmark.min(end)) => {
                    if marks && self.told < self.seen {
                        let response = self.ask(self.told, true);
                        if self.give(response).await.is_none() {
                            return;
                        }
                        self.told = self.seen;
                    }
                    if Instant::now() >= end {
                        return;
                    }
                    bookmark = Instant::now() + BOOKMARK_EVERY;
                }
            }
        }
    }

    fn ask(&self, since: u64, bookmark: bool) -> Response {
        let mut request = self.request.clone();
        request.query.retain(|(k, _)| k != "resourceVersion");
        let mut request = request.with("resourceVersion", since.to_string());
        if bookmark {
            request = request.with("allowWatchBookmarks", "true");
        }
        self.hub.request(request)
    }

    /// Sends what was answered. None: it is over.
    async fn give(&mut self, response: Response) -> Option<()> {
        match response {
            Response::Watch { events, version } => {
                self.seen = version;
                let mut text = String::new();
                for event in events {
                    let mut object = event.object;
                    if object.has("columnDefinitions") {
                        if self.described {
                            object.set("columnDefinitions", Value::Null);
                        }
                        self.described = true;
                    }
                    self.told = version;
                    line(&mut text, event.kind.as_str(), object);
                }
                self.send(text).await
            }
            Response::Err { status, .. } => {
                let mut text = String::new();
                line(&mut text, "ERROR", status.to_value());
                self.send(text).await;
                None
            }
            _ => None,
        }
    }

    async fn send(&self, text: String) -> Option<()> {
        if text.is_empty() {
            return Some(());
        }
        self.to.send(text.into()).await.ok()
    }
}

fn line(text: &mut String, kind: &str, object: Value) {
    text.push_str(&format!("{{\"type\":\"{kind}\",\"object\":"));
    text.push_str(&machinery::json::print(&object));
    text.push_str("}\n");
}

/// `logs -f`: what the container writes, until it ends.
pub fn log(hub: Rc<Hub>, id: StreamId) -> HttpResponse {
    let (to, response) = flowing("text/plain");
    tokio::task::spawn_local(async move {
        let mut changed = hub.watch();
        loop {
            let out = hub.stream(id, StreamIn::Poll);
            for (_, bytes) in out.chunks {
                if to.send(bytes.into()).await.is_err() {
                    break;
                }
            }
            if out.ended.is_some() {
                return;
            }
            tokio::select! {
                _ = changed.changed() => {}
                () = to.closed() => break,
            }
        }
        hub.stream(id, StreamIn::Close);
    });
    response
}
