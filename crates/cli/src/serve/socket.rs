//! Connections into containers over WebSocket: exec, attach and port-forward, in the sub-protocols that clients speak
//! (`v5.channel.k8s.io` and older): the first byte of a message is its channel.
//! Upstream: `apimachinery:pkg/util/httpstream/wsstream`, `client-go:tools/remotecommand`.
//!
//! Left out: exec and attach by SPDY, which clients before 1.31 speak; ports are forwarded by it ([`forward`]).

use super::answer::{HttpResponse, refusal, whole};
use super::forward::{self, Wire};
use super::hub::Hub;
use super::tty::Tty;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper_util::rt::TokioIo;
use machinery::{Request, Response, Status, StreamId, StreamIn, StreamOut, Value, value};
use std::rc::Rc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

pub type Socket = WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>;

/// What is spoken, best first. v5 can close one channel, the older ones cannot.
const PROTOCOLS: &[&str] = &["v5.channel.k8s.io", "v4.channel.k8s.io", "channel.k8s.io"];
const STDIN: u8 = 0;
const ERROR: u8 = 3;
const RESIZE: u8 = 4;
const CLOSE: u8 = 255;

/// Whether a request asks for a connection.
pub fn is_connection(request: &Request) -> bool {
    let mut parts = request.path.rsplit('/');
    let last = parts.next().unwrap_or("");
    matches!(last, "exec" | "attach" | "portforward") && parts.nth(1) == Some("pods")
}

/// What the client speaks that is spoken here.
enum Spoken {
    /// Channels of a WebSocket; the name is "" where none was asked for.
    Channels(&'static str),
    /// SPDY, for forwarded ports alone: in a WebSocket, or on the connection itself.
    Tunnel,
    Bare,
}

/// What is spoken, or the name of what is not.
fn spoken(http: &hyper::Request<Incoming>, forwards: bool) -> Result<Spoken, String> {
    let (upgrade, asked) = (
        header(http, "upgrade"),
        header(http, "sec-websocket-protocol"),
    );
    if upgrade.eq_ignore_ascii_case("websocket") && !header(http, "sec-websocket-key").is_empty() {
        let asked = asked.split(',').map(str::trim).filter(|p| !p.is_empty());
        let known = |p: &str| PROTOCOLS.iter().find(|known| **known == p).copied();
        return match asked.clone().find_map(known) {
            Some(protocol) => Ok(Spoken::Channels(protocol)),
            None if forwards && asked.clone().any(|p| p == forward::TUNNELLED) => {
                Ok(Spoken::Tunnel)
            }
            None if asked.clone().next().is_none() => Ok(Spoken::Channels("")),
            None => Err(asked.collect::<Vec<_>>().join(", ")),
        };
    }
    if forwards && upgrade.eq_ignore_ascii_case("SPDY/3.1") {
        let versions = header(http, "x-stream-protocol-version");
        if versions.split(',').any(|v| v.trim() == forward::STREAMS) {
            return Ok(Spoken::Bare);
        }
    }
    Err(upgrade.to_string())
}

fn header<'a>(http: &'a hyper::Request<Incoming>, name: &str) -> &'a str {
    let value = http.headers().get(name).and_then(|v| v.to_str().ok());
    value.unwrap_or("")
}

pub async fn open(hub: Rc<Hub>, request: Request, http: hyper::Request<Incoming>) -> HttpResponse {
    let forwards = request.path.ends_with("/portforward");
    let spoken = spoken(&http, forwards);
    if matches!(&spoken, Err(upgrade) if upgrade.is_empty()) {
        return refusal(&Status::bad_request("Upgrade request required"));
    }
    let ports = ports(&request);
    if forwards && ports.is_empty() && matches!(spoken, Ok(Spoken::Channels(_))) {
        return refusal(&Status::bad_request("query parameter \"port\" is required"));
    }
    let is_tty = matches!(request.param("tty"), Some("true" | "1"));
    let mut asking = request;
    let mut locals = Vec::new();
    if forwards {
        asking.query.clear();
        for port in &ports {
            let local = hub.free_port();
            locals.push(local);
            asking.query.push(("ports".into(), port.to_string()));
            asking.query.push(("local".into(), local.to_string()));
        }
    }
    let id = match hub.request(asking.clone()) {
        Response::Stream(id) => id,
        Response::Err { status, .. } => return refusal(&status),
        _ => return refusal(&Status::internal("no connection was opened")),
    };
    let first = hub.stream(id, StreamIn::Poll);
    if let Some(Err(why)) = &first.ended
        && why.starts_with("unable to upgrade connection")
    {
        return refusal(&Status::new(500, "InternalError", why.clone()));
    }
    // kubectl asks again by SPDY when a WebSocket was refused, and shows that refusal: what is wrong with the request goes first.
    let spoken = match spoken {
        Ok(spoken) => spoken,
        Err(protocol) => {
            hub.stream(id, StreamIn::Close);
            return refusal(&not_spoken(&protocol));
        }
    };
    let response = switched(&http, &spoken);
    tokio::task::spawn_local(async move {
        let mut http = http;
        let Ok(upgraded) = hyper::upgrade::on(&mut http).await else {
            hub.stream(id, StreamIn::Close);
            return;
        };
        let io = TokioIo::new(upgraded);
        match spoken {
            Spoken::Channels(_) => {
                let socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
                if forwards {
                    forward::channels(&hub, socket, &ports, &locals).await;
                } else {
                    talk(&hub, socket, id, first, is_tty.then(Tty::default)).await;
                }
            }
            Spoken::Tunnel => {
                let socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
                let wire = Wire::Tunnel(Box::new(socket));
                forward::streams(&hub, wire, asking, id).await;
            }
            Spoken::Bare => {
                forward::streams(&hub, Wire::Bare(io), asking, id).await;
            }
        }
        hub.stream(id, StreamIn::Close);
    });
    response
}

/// `101 Switching Protocols`, to what the client speaks.
fn switched(http: &hyper::Request<Incoming>, spoken: &Spoken) -> HttpResponse {
    let mut response = whole(101, "", Bytes::new());
    let headers = response.headers_mut();
    headers.clear();
    let mut put = |name: &'static str, text: &str| {
        if let (Ok(value), false) = (HeaderValue::from_str(text), text.is_empty()) {
            headers.insert(name, value);
        }
    };
    put("connection", "Upgrade");
    let protocol = match spoken {
        Spoken::Channels(protocol) => protocol,
        Spoken::Tunnel => forward::TUNNELLED,
        Spoken::Bare => {
            put("upgrade", "SPDY/3.1");
            put("x-stream-protocol-version", forward::STREAMS);
            return response;
        }
    };
    let key = header(http, "sec-websocket-key");
    put("upgrade", "websocket");
    put("sec-websocket-accept", &derive_accept_key(key.as_bytes()));
    put("sec-websocket-protocol", protocol);
    response
}

fn not_spoken(protocol: &str) -> Status {
    let spoken = PROTOCOLS.join(", ");
    Status::bad_request(format!(
        "bottleship does not simulate {protocol}: ask for a WebSocket of {spoken}"
    ))
}

fn all(request: &Request, name: &str) -> Vec<u16> {
    let values = request.query.iter().filter(|(k, _)| k == name);
    let values = values.flat_map(|(_, v)| v.split(','));
    values.filter_map(|p| p.parse().ok()).collect()
}

fn ports(request: &Request) -> Vec<u16> {
    let named = all(request, "ports");
    if named.is_empty() {
        all(request, "port")
    } else {
        named
    }
}

pub fn message(channel: u8, bytes: &[u8]) -> Message {
    let mut out = Vec::with_capacity(bytes.len() + 1);
    out.push(channel);
    out.extend(bytes);
    Message::Binary(out.into())
}

/// exec and attach: what the process says goes out, what the client says goes in.
async fn talk(hub: &Hub, mut socket: Socket, id: StreamId, first: StreamOut, mut tty: Option<Tty>) {
    let mut changed = hub.watch();
    let mut out = first;
    loop {
        for (fd, bytes) in out.chunks {
            let (fd, bytes) = match &tty {
                // A terminal is one stream, and its lines end as terminals' do.
                Some(_) => (1, Tty::shown(&bytes)),
                None => (fd, bytes),
            };
            if socket.send(message(fd, &bytes)).await.is_err() {
                return;
            }
        }
        if let Some(end) = out.ended {
            let status = machinery::json::print(&verdict(end));
            let _ = socket.send(message(ERROR, status.as_bytes())).await;
            let end = CloseFrame {
                code: CloseCode::Normal,
                reason: "".into(),
            };
            let _ = socket.close(Some(end)).await;
            // What the client still says is not listened to; that it has closed too is.
            while let Some(Ok(_)) = socket.next().await {}
            return;
        }
        tokio::select! {
            _ = changed.changed() => {}
            said = socket.next() => {
                let bytes = match said {
                    Some(Ok(Message::Binary(bytes))) => bytes,
                    Some(Ok(Message::Text(text))) => Bytes::copy_from_slice(text.as_bytes()),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => Bytes::new(),
                    _ => return,
                };
                let Some((channel, rest)) = bytes.split_first() else { out = StreamOut::default(); continue };
                if let Some(echo) = hear(hub, id, *channel, rest, &mut tty)
                    && socket.send(message(1, &echo)).await.is_err()
                {
                    return;
                }
            }
        }
        out = hub.stream(id, StreamIn::Poll);
    }
}

/// What the client says on a channel. Returns what a terminal shows of it at once.
fn hear(
    hub: &Hub,
    id: StreamId,
    channel: u8,
    bytes: &[u8],
    tty: &mut Option<Tty>,
) -> Option<Vec<u8>> {
    match (channel, tty) {
        (STDIN, Some(tty)) => {
            let (echo, said) = tty.typed(bytes);
            for input in said {
                hub.stream(id, input);
            }
            return Some(echo).filter(|e| !e.is_empty());
        }
        (STDIN, None) => {
            hub.stream(id, StreamIn::Stdin(bytes.to_vec()));
        }
        (CLOSE, _) if bytes.first() == Some(&STDIN) => {
            hub.stream(id, StreamIn::CloseStdin);
        }
        (RESIZE, _) => {
            let text = String::from_utf8_lossy(bytes);
            let size = machinery::json::parse(&text).unwrap_or_default();
            let of = |key: &str| u16::try_from(size.int(key)).unwrap_or(80);
            let (columns, rows) = (of("Width"), of("Height"));
            hub.stream(id, StreamIn::Resize { columns, rows });
        }
        _ => {}
    }
    None
}

/// How a process ended, as the error channel says it.
fn verdict(end: Result<i32, String>) -> Value {
    match end {
        Ok(0) => value!({ "metadata": {}, "status": "Success" }),
        Ok(code) => value!({
            "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
            "message": format!("command terminated with non-zero exit code: error executing command, exit code {code}"),
            "details": { "causes": [{ "reason": "ExitCode", "message": code.to_string() }] },
        }),
        Err(why) => Status::new(500, "InternalError", why).to_value(),
    }
}
