//! An HTTP request becomes a request of the pipeline, and its answer an HTTP response.

use super::hub::Hub;
use super::negotiate::{self, Form, Wanted};
use super::{follow, socket, who};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{HeaderName, HeaderValue};
use machinery::{Accept, Cause, Method, PatchType, Request, Response, Status, Str, Trigger, Value};
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// What upstream allows a body to be.
const BODY_MAX: usize = 3 << 20;

/// The body of a response: whole, or brought piece by piece for as long as somebody sends.
#[derive(Default)]
pub struct Reply {
    whole: Option<Bytes>,
    rest: Option<mpsc::Receiver<Bytes>>,
}

impl Reply {
    pub fn flowing(rest: mpsc::Receiver<Bytes>) -> Reply {
        Reply {
            whole: None,
            rest: Some(rest),
        }
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Infallible;
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(whole) = self.whole.take() {
            return Poll::Ready(Some(Ok(Frame::data(whole))));
        }
        match &mut self.rest {
            Some(rest) => rest.poll_recv(cx).map(|b| b.map(|b| Ok(Frame::data(b)))),
            None => Poll::Ready(None),
        }
    }
    fn is_end_stream(&self) -> bool {
        self.whole.is_none() && self.rest.is_none()
    }
    fn size_hint(&self) -> SizeHint {
        match (&self.whole, &self.rest) {
            (_, Some(_)) => SizeHint::default(),
            (whole, None) => SizeHint::with_exact(whole.as_ref().map_or(0, |w| w.len() as u64)),
        }
    }
}

pub type HttpResponse = hyper::Response<Reply>;

/// A response whose body is already there.
pub fn whole(code: u16, content_type: &'static str, body: impl Into<Bytes>) -> HttpResponse {
    let mut response = hyper::Response::new(Reply {
        whole: Some(body.into()),
        rest: None,
    });
    *response.status_mut() = hyper::StatusCode::from_u16(code).unwrap_or_default();
    set(&mut response, "content-type", content_type);
    set(&mut response, "cache-control", "no-cache, private");
    response
}

fn set(response: &mut HttpResponse, name: &'static str, value: &str) {
    // What no header can hold is left out.
    if let Ok(value) = HeaderValue::from_str(value) {
        response
            .headers_mut()
            .append(HeaderName::from_static(name), value);
    }
}

fn document(code: u16, wanted: Wanted, body: &Value) -> HttpResponse {
    let mut text = match wanted.form {
        Form::Yaml => machinery::yaml::print(body),
        Form::Json => machinery::json::print(body),
    };
    if wanted.form == Form::Json {
        text.push('\n');
    }
    whole(code, negotiate::content_type(wanted, body), text)
}

const PLAIN: Wanted = Wanted {
    form: Form::Json,
    accept: Accept::Json,
};

pub fn refusal(status: &Status) -> HttpResponse {
    let mut response = document(status.code, PLAIN, &status.to_value());
    let after = status.details.int("retryAfterSeconds");
    if after > 0 {
        set(&mut response, "retry-after", &after.to_string());
    }
    response
}

/// `Warning: 299 - "text"`, one header for each.
fn warn(response: &mut HttpResponse, warnings: &[String]) {
    for w in warnings {
        let quoted = w.replace('\\', "\\\\").replace('"', "\\\"");
        set(response, "warning", &format!("299 - \"{quoted}\""));
    }
}

pub async fn answer(hub: Rc<Hub>, mut http: hyper::Request<Incoming>) -> HttpResponse {
    if who::is_foreign(http.headers()) {
        let why = "only this machine's own clients are served, by a loopback name";
        return refusal(&Status::new(403, "Forbidden", why));
    }
    let read = match read(&hub, &mut http).await {
        Ok(read) => read,
        Err(status) => return refusal(&status),
    };
    let (request, wanted) = read;
    if socket::is_connection(&request) {
        return socket::open(hub, request, http).await;
    }
    let response = hub.request(request.clone());
    match response {
        Response::Ok {
            code,
            body,
            warnings,
        } => {
            let mut response = document(code, wanted, &body);
            warn(&mut response, &warnings);
            response
        }
        Response::Text(text) => whole(200, "text/plain; charset=utf-8", text),
        Response::Watch { .. } => follow::watch(hub, request, response),
        Response::Stream(id) => follow::log(hub, id),
        // A watch that cannot begin is told so on the stream.
        Response::Err { ref status, .. } if status.code == 410 && is_watch(&request) => {
            follow::watch(hub, request, response)
        }
        Response::Err { status, warnings } => {
            let mut response = refusal(&status);
            warn(&mut response, &warnings);
            response
        }
    }
}

pub fn is_watch(request: &Request) -> bool {
    matches!(request.param("watch"), Some("true" | "1"))
}

/// The request of the pipeline that an HTTP request stands for.
async fn read(
    hub: &Rc<Hub>,
    http: &mut hyper::Request<Incoming>,
) -> Result<(Request, Wanted), Status> {
    let header = |name: &str| {
        let value = http.headers().get(name).and_then(|v| v.to_str().ok());
        value.map(str::to_string)
    };
    let path = http.uri().path().to_string();
    let method = match http.method().as_str() {
        "GET" | "HEAD" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        other => {
            let text = format!("{other} is not supported");
            return Err(Status::new(405, "MethodNotAllowed", text));
        }
    };
    let user = who::user(hub, http.headers())?;
    let wanted = negotiate::wanted(header("accept").as_deref(), &path)?;
    let mut query = codec::query_pairs(http.uri().query().unwrap_or(""));
    let (agent, content_type) = (
        header("user-agent").unwrap_or_default(),
        header("content-type"),
    );
    let collected = Limited::new(http.body_mut(), BODY_MAX).collect().await;
    let bytes = collected.map_err(|_| {
        let text = format!("Request entity too large: limit is {BODY_MAX}");
        Status::new(413, "RequestEntityTooLarge", text)
    })?;
    let (body, patch) = negotiate::body(
        &hub.messages,
        method,
        content_type.as_deref(),
        &bytes.to_bytes(),
    )?;
    let actor = agent.split('/').next().unwrap_or("").to_string();
    // Who names no manager is named by its program. An apply must name one itself.
    let named = query
        .iter()
        .any(|(k, v)| k == "fieldManager" && !v.is_empty());
    if !named && method != Method::Get && patch != Some(PatchType::Apply) {
        query.push(("fieldManager".into(), actor.chars().take(128).collect()));
    }
    let request = Request {
        user,
        method,
        path,
        query,
        body,
        patch,
        accept: wanted.accept,
        cause: Cause {
            actor: Str::from(&actor),
            trigger: Trigger::None,
            reason: String::new(),
        },
    };
    Ok((request, wanted))
}
