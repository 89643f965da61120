//! An HTTP request and its answer as plain data: what travels through the simulated network.

#[derive(Clone, Debug, Default, PartialEq)]
pub struct HttpRequest {
    /// "GET" if empty.
    pub method: String,
    /// As typed: `http://localhost:3333/path?x=1`; scheme optional.
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct HttpResponse {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Fetch {
    Answer(HttpResponse),
    /// The name does not resolve.
    UnknownHost,
    /// Nothing listens there (or everything behind it is gone).
    Refused,
    /// Nobody answers (a black hole, a network policy, a cut-off node).
    Timeout,
    /// Accepted, then closed without an answer.
    Reset,
}

/// One step of a request's way, for drawing and explaining: `client -> service/web -> pod/web-1`.
#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    /// `host`, `service/default/web`, `pod/default/web-1`, `ingress/default/web`, `node/node-1`, `dns`.
    pub at: String,
    pub note: String,
}
