//! Forwarded ports: connections of a client into a pod, by either of the two ways that clients have.
//!
//! Over channels of a WebSocket (the `kube` crate, Python, JavaScript), each port once; or by SPDY, tunnelled in a WebSocket or
//! on the bare connection (kubectl), a pair of streams for every connection: one for what is said, one for errors.
//! Upstream: `client-go:tools/portforward`, `kubelet:pkg/cri/streaming/portforward`.
//!
//! Left out: what is not HTTP/1. The simulated network carries requests, not bytes.

use super::hub::Hub;
use super::socket::{Socket, message};
use super::spdy::{self, Frame, Spdy};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hyper_util::rt::TokioIo;
use machinery::http::{Fetch, HttpRequest};
use machinery::{Request, Response, StreamId, StreamIn};
use std::collections::BTreeMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;

/// The sub-protocol of streams, and its name where a WebSocket carries it.
pub const STREAMS: &str = "portforward.k8s.io";
pub const TUNNELLED: &str = "SPDY/3.1+portforward.k8s.io";

/// What is kept of a request that is not whole yet.
const HEARD_MAX: usize = 1 << 20;
/// Connections at once.
const CONNECTIONS_MAX: usize = 100;

/// A pod's port as one connection sees it.
struct Pipe {
    port: u16,
    /// The port of the simulated machine that leads there.
    local: u16,
    heard: Vec<u8>,
}

/// What a pipe has to say.
#[derive(Default)]
struct Said {
    bytes: Vec<u8>,
    /// The pod's side has closed: well, or with an error.
    closed: Option<Result<(), String>>,
}

impl Pipe {
    fn new(port: u16, local: u16) -> Pipe {
        Pipe {
            port,
            local,
            heard: Vec::new(),
        }
    }

    fn hear(&mut self, hub: &Hub, bytes: &[u8]) -> Said {
        self.heard.extend_from_slice(bytes);
        let mut said = Said::default();
        while said.closed.is_none() {
            let request = match take_request(&mut self.heard, self.local) {
                Ok(Some(request)) => request,
                Ok(None) => break,
                Err(why) => {
                    said.closed = Some(Err(self.failed(why)));
                    break;
                }
            };
            match hub.browse(&request) {
                Fetch::Answer(answer) => {
                    let text = super::tty::http_text(&answer);
                    said.bytes.extend(text.as_bytes());
                    if wants_close(&request) {
                        said.closed = Some(Ok(()));
                    }
                }
                // What cannot be forwarded ends the connection, so that nobody waits for an answer.
                _ => {
                    let port = self.port;
                    let why = format!("dial tcp4 127.0.0.1:{port}: connect: connection refused");
                    said.closed = Some(Err(self.failed(&why)));
                }
            }
        }
        said
    }

    fn failed(&self, why: &str) -> String {
        format!("error forwarding port {} to pod: {why}", self.port)
    }
}

fn wants_close(request: &HttpRequest) -> bool {
    let mut headers = request.headers.iter();
    headers.any(|(k, v)| k.eq_ignore_ascii_case("connection") && v.eq_ignore_ascii_case("close"))
}

/// One whole HTTP request off the front of what was heard.
fn take_request(heard: &mut Vec<u8>, local: u16) -> Result<Option<HttpRequest>, &'static str> {
    const NOT_HTTP: &str = "bottleship forwards HTTP/1 alone";
    let end = heard.windows(4).position(|w| w == b"\r\n\r\n");
    let line = heard.windows(2).position(|w| w == b"\r\n");
    let line = heard.get(..line.unwrap_or(0)).unwrap_or(&[]);
    if !line.is_empty() && !String::from_utf8_lossy(line).contains(" HTTP/1.")
        || heard.len() > HEARD_MAX
        || heard.first().is_some_and(|b| !b.is_ascii_graphic())
    {
        return Err(NOT_HTTP);
    }
    let Some(end) = end else { return Ok(None) };
    let head = String::from_utf8_lossy(heard.get(..end).unwrap_or(&[])).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or("").split(' ');
    let (Some(method), Some(target)) = (first.next(), first.next()) else {
        return Err(NOT_HTTP);
    };
    let mut headers: Vec<(String, String)> = lines
        .filter_map(|l| l.split_once(':'))
        .map(|(k, v)| (k.trim().to_string(), v.trim().to_string()))
        .collect();
    if first.next() == Some("HTTP/1.0") {
        headers.push(("Connection".into(), "close".into()));
    }
    let length = headers
        .iter()
        .find(|(k, _)| k.eq_ignore_ascii_case("content-length"));
    let length: usize = length.and_then(|(_, v)| v.parse().ok()).unwrap_or(0);
    let Some(body) = heard.get(end + 4..(end + 4).saturating_add(length)) else {
        return Ok(None);
    };
    let body = String::from_utf8_lossy(body).into_owned();
    heard.drain(..end + 4 + length);
    Ok(Some(HttpRequest {
        method: method.to_string(),
        url: format!("http://127.0.0.1:{local}{target}"),
        headers,
        body,
    }))
}

/// Channels of a WebSocket: each port has one for data and one for errors, and both begin with the port's number.
pub async fn channels(hub: &Hub, mut socket: Socket, ports: &[u16], locals: &[u16]) {
    let ports = ports.iter().zip(locals).take(CONNECTIONS_MAX);
    let mut pipes: Vec<Pipe> = ports
        .map(|(port, local)| Pipe::new(*port, *local))
        .collect();
    for (i, pipe) in pipes.iter().enumerate() {
        for channel in [i * 2, i * 2 + 1] {
            let greeting = message(channel as u8, &pipe.port.to_le_bytes());
            if socket.send(greeting).await.is_err() {
                return;
            }
        }
    }
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
        let pipe = pipes.get_mut(usize::from(channel / 2));
        let Some(pipe) = pipe.filter(|_| channel % 2 == 0) else {
            continue;
        };
        let said = pipe.hear(hub, rest);
        let mut out = Vec::new();
        if !said.bytes.is_empty() {
            out.push(message(*channel, &said.bytes));
        }
        if let Some(Err(why)) = &said.closed {
            out.push(message(channel + 1, why.as_bytes()));
        }
        for message in out {
            if socket.send(message).await.is_err() {
                return;
            }
        }
        if said.closed.is_some() {
            let _ = socket.close(None).await;
            return;
        }
    }
}

/// What carries SPDY's bytes.
pub enum Wire {
    Tunnel(Box<Socket>),
    Bare(TokioIo<hyper::upgrade::Upgraded>),
}

impl Wire {
    /// None when the other side is gone.
    async fn hear(&mut self) -> Option<Bytes> {
        match self {
            Wire::Tunnel(socket) => match socket.next().await? {
                Ok(Message::Binary(bytes)) => Some(bytes),
                Ok(Message::Close(_)) | Err(_) => None,
                Ok(_) => Some(Bytes::new()),
            },
            Wire::Bare(io) => {
                let mut bytes = vec![0; 16 << 10];
                let n = io.read(&mut bytes).await.ok().filter(|n| *n > 0)?;
                bytes.truncate(n);
                Some(bytes.into())
            }
        }
    }
    async fn say(&mut self, bytes: Vec<u8>) -> bool {
        match self {
            Wire::Tunnel(socket) => socket.send(Message::Binary(bytes.into())).await.is_ok(),
            Wire::Bare(io) => io.write_all(&bytes).await.is_ok(),
        }
    }
}

/// One connection that the client has accepted: a stream for its bytes, one for errors.
struct Connection {
    pipe: Pipe,
    errors: Option<u32>,
    /// The cluster's side of it.
    id: StreamId,
}

struct Streams<'a> {
    hub: &'a Hub,
    /// What opens a port of the pod.
    asking: Request,
    spdy: Spdy,
    /// Error streams whose data stream has not come yet, by the number of their connection.
    errors: BTreeMap<String, u32>,
    open: BTreeMap<u32, Connection>,
}

/// SPDY until one side goes; `id` is the cluster's word that the pod is there.
pub async fn streams(hub: &Hub, mut wire: Wire, asking: Request, id: StreamId) {
    let mut all = Streams {
        hub,
        asking,
        spdy: Spdy::new(),
        errors: BTreeMap::new(),
        open: BTreeMap::new(),
    };
    let mut changed = hub.watch();
    loop {
        let bytes = tokio::select! {
            bytes = wire.hear() => bytes,
            _ = changed.changed() => match hub.stream(id, StreamIn::Poll).ended {
                Some(_) => None,
                None => continue,
            },
        };
        let Some(bytes) = bytes else { break };
        let Some(out) = all.hear(&bytes) else { break };
        if !out.is_empty() && !wire.say(out).await {
            break;
        }
    }
    for connection in all.open.into_values() {
        hub.stream(connection.id, StreamIn::Close);
    }
}

impl Streams<'_> {
    /// What to answer; none if the connection is over.
    fn hear(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        self.spdy.feed(bytes);
        let mut out = Vec::new();
        while let Some(frame) = self.spdy.next().ok()? {
            match frame {
                Frame::Open { stream, headers } => self.opened(stream, &headers, &mut out),
                Frame::Data {
                    stream,
                    bytes,
                    ends,
                } => self.told(stream, &bytes, ends, &mut out),
                Frame::Reset(stream) => self.close(stream),
                Frame::Ping(id) => out.extend(spdy::pong(id)),
                Frame::Away => return None,
                Frame::Other => {}
            }
        }
        Some(out)
    }

    fn opened(&mut self, stream: u32, headers: &[(String, String)], out: &mut Vec<u8>) {
        let header = |name: &str| {
            let found = headers.iter().find(|(k, _)| k.eq_ignore_ascii_case(name));
            found.map_or("", |(_, v)| v.as_str())
        };
        let number = header("requestid").to_string();
        let port = header("port").parse::<u16>().ok().filter(|p| *p > 0);
        let room = self.open.len() + self.errors.len() < CONNECTIONS_MAX;
        match (header("streamtype"), port.filter(|_| room)) {
            ("error", Some(_)) => {
                out.extend(self.spdy.reply(stream));
                self.errors.insert(number, stream);
            }
            ("data", Some(port)) => {
                out.extend(self.spdy.reply(stream));
                let errors = self.errors.remove(&number);
                let local = self.hub.free_port();
                let mut asking = self.asking.clone();
                asking.query = vec![
                    ("ports".into(), port.to_string()),
                    ("local".into(), local.to_string()),
                ];
                match self.hub.request(asking) {
                    Response::Stream(id) => {
                        let pipe = Pipe::new(port, local);
                        self.open.insert(stream, Connection { pipe, errors, id });
                    }
                    Response::Err { status, .. } => {
                        let why = Pipe::new(port, local).failed(&status.message);
                        finish(stream, errors, Err(why), out);
                    }
                    _ => finish(stream, errors, Ok(()), out),
                }
            }
            _ => out.extend(spdy::refuse(stream)),
        }
    }

    fn told(&mut self, stream: u32, bytes: &[u8], ends: bool, out: &mut Vec<u8>) {
        // Nothing is said on error streams by clients: they end them at once.
        let Some(connection) = self.open.get_mut(&stream) else {
            return;
        };
        let said = connection.pipe.hear(self.hub, bytes);
        out.extend(spdy::data(stream, &said.bytes));
        if let Some(end) = said.closed.or(ends.then_some(Ok(()))) {
            finish(stream, connection.errors, end, out);
            self.close(stream);
        }
    }

    fn close(&mut self, stream: u32) {
        if let Some(connection) = self.open.remove(&stream) {
            self.hub.stream(connection.id, StreamIn::Close);
        }
    }
}

/// Both streams of a connection end; an error goes before.
fn finish(stream: u32, errors: Option<u32>, how: Result<(), String>, out: &mut Vec<u8>) {
    if let Some(errors) = errors {
        if let Err(why) = how {
            out.extend(spdy::data(errors, why.as_bytes()));
        }
        out.extend(spdy::end(errors));
    }
    out.extend(spdy::end(stream));
}
