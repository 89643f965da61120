//! The images that exist, as data: what tutorials use. To add one: an entry in the list of its kind.
//!
//! An image says what its entrypoint does ([`App`]), and with which size, start-up time and appetite; how the apps
//! answer is in `server`. Tags are patterns: `1.{25..27}{,-alpine}`.

mod data;
mod platform;
mod samples;
mod shells;
mod web;

/// What stands in an image beside its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// bash, coreutils, apt.
    Debian,
    /// busybox ash and tools, apk.
    Alpine,
    /// Nothing but busybox.
    Busybox,
    /// No shell, no tools.
    Scratch,
}

/// What the program of an image does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum App {
    /// Runs what it is told; by default a shell (which ends at once without a terminal) or the image's own `cmd`.
    Shell,
    /// Waits until it is told to end.
    Pause,
    Nginx,
    Apache,
    /// Apache with PHP and WordPress behind it: wants a database.
    Wordpress,
    /// The guestbook of the tutorials: PHP before Redis.
    Guestbook,
    /// Answers with the name of its host.
    Hostname,
    /// Answers with a text that says which version and host it is.
    Hello {
        text: &'static str,
        version: &'static str,
    },
    /// Answers with the request that it got.
    Echo,
    Whoami,
    HttpEcho,
    Agnhost,
    Podinfo,
    Kuard,
    /// ingress-nginx: leads by Ingress objects.
    Ingress,
    /// A page with the image's name: web applications of which only the front door is modelled.
    Page,
    Redis,
    /// A database server: speaks its own protocol, so only its port is modelled.
    Database,
    /// Prints and ends.
    HelloWorld,
    /// Burns CPU or memory as its arguments say.
    Stress,
    /// Runs in the background, serves nothing.
    Agent,
    /// An interpreter: runs its one-liners where they are simple, and `http.server`.
    Python,
    Node,
}

#[derive(Debug)]
pub struct Image {
    /// Full names; a mirror or an old name may be another.
    pub repositories: &'static [&'static str],
    pub tags: &'static [&'static str],
    /// Compressed bytes, as pulled.
    pub size: i64,
    pub base: Base,
    pub app: App,
    pub entrypoint: &'static [&'static str],
    pub cmd: &'static [&'static str],
    pub env: &'static [(&'static str, &'static str)],
    pub workdir: &'static str,
    pub ports: &'static [u16],
    /// From the start of the process until it listens.
    pub start_ms: i64,
    pub memory_mi: i64,
    pub cpu_milli: i64,
    /// CPU that one request costs, in microseconds.
    pub request_us: i64,
    /// Written to the log at the start.
    pub boot: &'static [&'static str],
    pub files: &'static [(&'static str, &'static str)],
    /// One of these variables must be set, or the program ends with status 1 after saying `refusal`.
    pub wants: &'static [&'static str],
    pub refusal: &'static [&'static str],
    /// What it exits with when told to stop; None: it takes no notice.
    pub on_term: Option<i32>,
}

const CATALOGUE: &[&[&Image]] = &[
    web::IMAGES,
    data::IMAGES,
    shells::IMAGES,
    samples::IMAGES,
    platform::IMAGES,
];

/// Every image that can be pulled.
pub fn images() -> impl Iterator<Item = &'static Image> {
    CATALOGUE.iter().copied().flatten().copied()
}

const NONE: Image = Image {
    repositories: &[],
    tags: &["*"],
    size: 30_000_000,
    base: Base::Debian,
    app: App::Agent,
    entrypoint: &[],
    cmd: &[],
    env: &[(
        "PATH",
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    )],
    workdir: "/",
    ports: &[],
    start_ms: 100,
    memory_mi: 16,
    cpu_milli: 1,
    request_us: 1_000,
    boot: &[],
    files: &[],
    wants: &[],
    refusal: &[],
    on_term: Some(0),
};

const SHELL: Image = Image {
    app: App::Shell,
    memory_mi: 1,
    start_ms: 0,
    on_term: None,
    ..NONE
};

/// Runs in the background.
const AGENT: Image = Image {
    size: 60_000_000,
    memory_mi: 30,
    cpu_milli: 5,
    ..NONE
};

/// A web application of which only the front door is modelled.
const PAGE: Image = Image {
    size: 90_000_000,
    app: App::Page,
    memory_mi: 60,
    cpu_milli: 5,
    start_ms: 800,
    ..NONE
};
