//! What goes through the one door, and what comes back. Paths are Kubernetes' own, so that `kubectl -v=8` shows the
//! truth and the same function can stand behind real HTTP.

use crate::{Object, Status, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

/// Who asks, after authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub groups: Vec<String>,
}

impl User {
    pub fn new(name: &str, groups: &[&str]) -> User {
        User {
            name: name.to_string(),
            groups: groups.iter().map(|g| g.to_string()).collect(),
        }
    }
    /// The learner: `kubernetes-admin`, bound to cluster-admin through its group.
    pub fn admin() -> User {
        User::new(
            "kubernetes-admin",
            &["kubeadm:cluster-admins", "system:authenticated"],
        )
    }
}

/// What a body holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Body {
    #[default]
    None,
    /// A document already parsed (what kubectl and the actors send).
    Value(Value),
    /// A document as text (what came through HTTP): parsed, and checked for duplicate fields, by the server.
    Text(String),
}

/// The kinds of PATCH, by content type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchType {
    Json,
    Merge,
    Strategic,
    Apply,
}

impl PatchType {
    pub fn content_type(self) -> &'static str {
        match self {
            PatchType::Json => "application/json-patch+json",
            PatchType::Merge => "application/merge-patch+json",
            PatchType::Strategic => "application/strategic-merge-patch+json",
            PatchType::Apply => "application/apply-patch+yaml",
        }
    }
    pub fn of_content_type(s: &str) -> Option<PatchType> {
        let all = [
            PatchType::Json,
            PatchType::Merge,
            PatchType::Strategic,
            PatchType::Apply,
        ];
        let s = s.split(';').next().unwrap_or("").trim();
        all.into_iter().find(|p| p.content_type() == s)
    }
}

/// In which form lists and objects come back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accept {
    #[default]
    Json,
    /// `meta.k8s.io/v1 Table`, what `kubectl get` asks for.
    Table,
    /// `meta.k8s.io/v1 PartialObjectMetadata(List)`.
    Metadata,
    /// Aggregated discovery.
    Discovery,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    pub user: User,
    pub method: Method,
    /// `/apis/apps/v1/namespaces/default/deployments/web/scale`, without the query.
    pub path: String,
    /// Decoded pairs: `("fieldManager", "kubectl-create")`, `("watch", "true")`, ...
    pub query: Vec<(String, String)>,
    pub body: Body,
    /// For PATCH.
    pub patch: Option<PatchType>,
    pub accept: Accept,
    /// Why this is asked: goes into the history beside the change.
    pub cause: Cause,
}

impl Request {
    pub fn new(method: Method, path: impl Into<String>) -> Request {
        Request {
            user: User::admin(),
            method,
            path: path.into(),
            query: Vec::new(),
            body: Body::None,
            patch: None,
            accept: Accept::Json,
            cause: Cause::default(),
        }
    }
    pub fn get(path: impl Into<String>) -> Request {
        Request::new(Method::Get, path)
    }
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Request {
        self.query.push((key.to_string(), value.into()));
        self
    }
    #[must_use]
    pub fn body(mut self, body: impl Into<Value>) -> Request {
        self.body = Body::Value(body.into());
        self
    }
    #[must_use]
    pub fn accept(mut self, accept: Accept) -> Request {
        self.accept = accept;
        self
    }
    /// The first value of a query parameter.
    pub fn param(&self, key: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, v)| v.as_str())
    }
}

/// Why a write happens: recorded with the change, read by "why?", the control-plane view, events and lesson checks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cause {
    /// Who acts: `kubectl`, `replicaset-controller`, `kubelet node-1`, ...
    pub actor: crate::Str,
    pub trigger: Trigger,
    /// One structured reason in plain words and numbers: `wanted 3, had 2`.
    pub reason: String,
}

/// What woke the actor.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Trigger {
    #[default]
    None,
    /// The command that was typed.
    Command(String),
    /// A change of an object: `replicasets.apps default/web-7b46c4b544` at this resourceVersion.
    Object {
        resource: crate::Str,
        namespace: crate::Str,
        name: crate::Str,
        version: u64,
    },
    /// A timer of the actor's own.
    Timer,
    /// A probe's verdict.
    Probe(String),
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// An object, list, Table, Status of success, discovery document. `code` is 200, 201 or 202.
    Ok {
        code: u16,
        body: Value,
        warnings: Vec<String>,
    },
    /// Plain text: logs, /healthz, /version is JSON.
    Text(String),
    /// The answer to a watch: all that happened since the asked resourceVersion, and the version to ask from next.
    /// A watch is a repeated question here; who waits asks again after time has passed or the cluster changed.
    Watch {
        events: Vec<WatchEvent>,
        version: u64,
    },
    /// A connection was opened (exec, attach, port-forward, following logs): talk to it with [`Api::stream`].
    Stream(StreamId),
    Err {
        status: Status,
        warnings: Vec<String>,
    },
}

impl Response {
    pub fn ok(body: impl Into<Value>) -> Response {
        Response::Ok {
            code: 200,
            body: body.into(),
            warnings: Vec::new(),
        }
    }
    pub fn err(status: Status) -> Response {
        Response::Err {
            status,
            warnings: Vec::new(),
        }
    }
    /// The body, or what went wrong; warnings and the other forms aside.
    pub fn value(self) -> Result<Value, Status> {
        match self {
            Response::Ok { body, .. } => Ok(body),
            Response::Err { status, .. } => Err(status),
            Response::Text(t) => Ok(Value::from(t)),
            Response::Watch { .. } | Response::Stream(_) => {
                Err(Status::internal("a stream where a document was asked for"))
            }
        }
    }
    pub fn object(self) -> Result<Object, Status> {
        self.value().map(Object)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchType {
    Added,
    Modified,
    Deleted,
    Bookmark,
}

impl WatchType {
    pub fn as_str(self) -> &'static str {
        match self {
            WatchType::Added => "ADDED",
            WatchType::Modified => "MODIFIED",
            WatchType::Deleted => "DELETED",
            WatchType::Bookmark => "BOOKMARK",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct WatchEvent {
    pub kind: WatchType,
    /// The object, or a Table with one row when the watch asked for Tables.
    pub object: Value,
}

/// A connection opened by a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamId(pub u64);

/// How a port of the learner's machine passes requests on to the API.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// As whom.
    pub user: User,
    /// What stands before the API's own paths; ends with `/`.
    pub prefix: String,
    /// Regular expressions for paths and hosts that pass, and for paths and methods that do not. None: all pass.
    pub filter: Option<[Vec<String>; 4]>,
}

/// What is said to an open connection.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamIn {
    Stdin(Vec<u8>),
    CloseStdin,
    Resize {
        columns: u16,
        rows: u16,
    },
    /// Ctrl+C on a tty.
    Interrupt,
    /// The client goes away.
    Close,
    /// Nothing: just asks what has come.
    Poll,
}

/// What an open connection has brought since it was last asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamOut {
    /// (1 or 2, bytes), in order.
    pub chunks: Vec<(u8, Vec<u8>)>,
    /// The exit status of the process, or the error that ended the connection.
    pub ended: Option<Result<i32, String>>,
}

/// The API server as its clients see it. `&self`: whoever implements it keeps the cluster behind a cell.
pub trait Api {
    fn request(&self, request: Request) -> Response;
    fn stream(&self, id: StreamId, input: StreamIn) -> StreamOut;
    /// What the API says of its types and fields, where the program does not carry it (the page fetches it).
    fn docs(&self) -> std::rc::Rc<crate::schema::Docs> {
        std::rc::Rc::default()
    }
    /// Lets a port of the learner's machine be answered by the API (`kubectl proxy`), or no longer. False if that
    /// cannot be: the port is taken, or there is no machine.
    fn proxy(&self, _port: u16, _proxy: Option<Proxy>) -> bool {
        false
    }
}
