//! Connections into containers over WebSocket: exec, attach and port-forward, in the sub-protocols that clients speak
//! (`v5.channel.k8s.io` and older): the first byte of a message is its channel.
//! Upstream: `apimachinery:pkg/util/httpstream/wsstream`, `client-go:tools/remotecommand`.
//!
//! Left out: SPDY, which clients before 1.31 speak, and `kubectl port-forward` speaks inside a WebSocket.

use super::answer::{HttpResponse, refusal, whole};
use super::hub::Hub;
use super::tty::Tty;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hyper::body::Incoming;
use hyper::header::{HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use hyper_util::rt::TokioIo;
use machinery::http::{Fetch, HttpRequest};
use machinery::{Request, Response, Status, StreamId, StreamIn, StreamOut, Value, value};
use std::rc::Rc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

type Socket = WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>;

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

pub async fn open(
    hub: Rc<Hub>,
    request: Request,
    mut http: hyper::Request<Incoming>,
) -> HttpResponse {
    let header = |name: &str| {
        let value = http.headers().get(name).and_then(|v| v.to_str().ok());
        value.unwrap_or("").to_string()
    };
    let key = header("sec-websocket-key");
    let is_socket = header("upgrade").eq_ignore_ascii_case("websocket") && !key.is_empty();
    let asked = header("sec-websocket-protocol");
    let asked: Vec<&str> = asked
        .split(',')
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .collect();
    let protocol = asked.iter().find(|p| PROTOCOLS.contains(p)).copied();
    let unspoken = match (is_socket, header("upgrade").as_str()) {
        (true, _) if protocol.is_none() && !asked.is_empty() => asked.join(", "),
        (false, "") => return refusal(&Status::bad_request("Upgrade request required")),
        (false, other) => other.to_string(),
        _ => String::new(),
    };
    let forwards = request.path.ends_with("/portforward");
    let ports = ports(&request);
    if forwards && ports.is_empty() && !unspoken.is_empty() {
        return refusal(&not_spoken(&unspoken));
    }
    if forwards && ports.is_empty() {
        return refusal(&Status::bad_request("query parameter \"port\" is required"));
    }
    let is_tty = matches!(request.param("tty"), Some("true" | "1"));
    let mut asking = request;
    if forwards {
        asking.query.clear();
        for port in &ports {
            let local = hub.free_port().to_string();
            asking.query.push(("ports".into(), port.to_string()));
            asking.query.push(("local".into(), local));
        }
    }
    let locals: Vec<u16> = all(&asking, "local");
    let id = match hub.request(asking) {
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
    if !unspoken.is_empty() {
        hub.stream(id, StreamIn::Close);
        return refusal(&not_spoken(&unspoken));
    }
    let mut response = whole(101, "", Bytes::new());
    let headers = response.headers_mut();
    headers.clear();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert("connection", HeaderValue::from_static("Upgrade"));
    for (name, text) in [
        (SEC_WEBSOCKET_ACCEPT, derive_accept_key(key.as_bytes())),
        (SEC_WEBSOCKET_PROTOCOL, protocol.unwrap_or("").to_string()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&text)
            && !text.is_empty()
        {
            headers.insert(name, value);
        }
    }
    tokio::task::spawn_local(async move {
        let Ok(upgraded) = hyper::upgrade::on(&mut http).await else {
            hub.stream(id, StreamIn::Close);
            return;
        };
        let socket =
            WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
        if forwards {
            forward(&hub, socket, &ports, &locals).await;
        } else {
            let tty = is_tty.then(Tty::default);
            talk(&hub, socket, id, first, tty).await;
        }
        hub.stream(id, StreamIn::Close);
    });
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

fn message(channel: u8, bytes: &[u8]) -> Message {
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

/// port-forward: each port has a data channel and an error channel, and both begin with the port's number.
async fn forward(hub: &Hub, mut socket: Socket, ports: &[u16], locals: &[u16]) {
    let channels: Vec<u8> = (0..ports.len().min(100) * 2).map(|n| n as u8).collect();
    for channel in &channels {
        let port = ports.get(usize::from(channel / 2)).copied().unwrap_or(0);
        if socket
            .send(message(*channel, &port.to_le_bytes()))
            .await
            .is_err()
        {
            return;
        }
    }
    let mut heard = vec![Vec::new(); ports.len()];
    while let Some(Ok(said)) = socket.next().await {
        let Message::Binary(bytes) = said else {
            if said.is_close() {
                return;
            }
            continue;
        };
        let Some((channel, rest)) = bytes.split_first() else {
            continue;
        };
        let (index, is_data) = (usize::from(channel / 2), channel % 2 == 0);
        let (Some(buffer), Some(local)) = (heard.get_mut(index), locals.get(index)) else {
            continue;
        };
        if !is_data {
            continue;
        }
        buffer.extend_from_slice(rest);
        while let Some(request) = take_request(buffer, *local) {
            let port = ports.get(index).copied().unwrap_or(0);
            let answer = match hub.browse(&request) {
                Fetch::Answer(answer) => {
                    message(*channel, super::tty::http_text(&answer).as_bytes())
                }
                // What cannot be forwarded ends the connection, so that nobody waits for an answer.
                _ => {
                    let why = message(channel + 1, refused(port).as_bytes());
                    let _ = socket.send(why).await;
                    let _ = socket.close(None).await;
                    return;
                }
            };
            if socket.send(answer).await.is_err() {
                return;
            }
        }
    }
}

fn refused(port: u16) -> String {
    format!(
        "an error occurred forwarding {port}: error forwarding port {port} to pod: dial tcp4 127.0.0.1:{port}: connect: connection refused"
    )
}

/// One whole HTTP request off the front of what was heard.
fn take_request(buffer: &mut Vec<u8>, local: u16) -> Option<HttpRequest> {
    let text = String::from_utf8_lossy(buffer).into_owned();
    let (head, rest) = text.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_string(), first.next()?.to_string());
    let headers: Vec<(String, String)> = lines
        .filter_map(|l| l.split_once(':'))
        .map(|(k, v)| (k.trim().to_string(), v.trim().to_string()))
        .collect();
    let length = headers
        .iter()
        .find(|(k, _)| k.eq_ignore_ascii_case("content-length"));
    let length: usize = length.and_then(|(_, v)| v.parse().ok()).unwrap_or(0);
    let body = rest.get(..length)?.to_string();
    buffer.drain(..(head.len() + 4 + length).min(buffer.len()));
    Some(HttpRequest {
        method,
        url: format!("http://127.0.0.1:{local}{target}"),
        headers,
        body,
    })
}
