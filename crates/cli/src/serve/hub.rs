//! The one cluster, moved with the wall clock: virtual time is where it started plus what has passed, times the speed.
//! Whoever waits for the world (watches, followed logs) is told whenever something has happened.

use super::protobuf::Messages;
use cluster::World;
use machinery::{Request, Response, StreamId, StreamIn, StreamOut};
use playground::session::Session;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// Events handled in one go, so that requests are answered in between.
const SLICE: u64 = 5_000;

pub struct Hub {
    session: RefCell<Session>,
    /// Wall and virtual time at the start.
    origin: (Instant, i64),
    speed: f64,
    /// Counts up whenever something has happened.
    changed: watch::Sender<u64>,
    /// Something new may be due sooner than the ticker thinks.
    poked: Notify,
    /// Ports of the learner's machine that forwarded connections take, in turn.
    ports: Cell<u16>,
    pub messages: Messages,
}

impl Hub {
    pub fn new(nodes: usize, speed: f64) -> Rc<Hub> {
        let standard = World::standard(nodes);
        let world = World {
            start: today(),
            load_balancer: true,
            metrics: true,
            system_pods: true,
            ..standard
        };
        let session = Session::new(world, true);
        let now = session.now();
        Rc::new(Hub {
            session: RefCell::new(session),
            origin: (Instant::now(), now),
            speed,
            changed: watch::Sender::new(0),
            poked: Notify::new(),
            ports: Cell::new(0),
            messages: Messages::read(),
        })
    }

    /// Virtual time as it should be now.
    fn target(&self) -> i64 {
        let passed = self.origin.0.elapsed().as_secs_f64() * 1000.0 * self.speed;
        self.origin.1 + passed as i64
    }

    /// Handles what is due, as far as one slice goes. True if virtual time has caught up.
    fn catch_up(&self) -> bool {
        let mut session = self.session.borrow_mut();
        let shared = session.shared.clone();
        let before = shared.cluster.borrow().handled;
        let done = session.advance(self.target(), &mut { SLICE });
        let talks = !session.terminal.is_idle();
        if talks || shared.cluster.borrow().handled != before {
            self.changed.send_modify(|n| *n += 1);
        }
        done
    }

    /// Moves time for as long as the server runs.
    pub async fn tick(self: Rc<Self>) {
        loop {
            if !self.catch_up() {
                tokio::task::yield_now().await;
                continue;
            }
            let next = self.session.borrow().next_at();
            let wait = match next {
                Some(at) if self.speed > 0.0 => (at - self.target()).max(0) as f64 / self.speed,
                _ => 1000.0,
            };
            let wait = Duration::from_millis((wait.ceil() as u64).clamp(1, 1000));
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.poked.notified() => {}
            }
        }
    }

    /// Forgets, again and again, what was changed before the last time: what etcd does every five minutes.
    pub async fn compact(self: Rc<Self>, seconds: u64) {
        let mut last = 0;
        loop {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            let shared = self.session.borrow().shared.clone();
            let store = &mut shared.cluster.borrow_mut().store;
            store.compact(last);
            last = store.version();
        }
    }

    /// A request through the door, now.
    pub fn request(&self, request: Request) -> Response {
        self.catch_up();
        let shared = self.session.borrow().shared.clone();
        let mut cluster = shared.cluster.borrow_mut();
        let before = cluster.store.version();
        let response = cluster.request(request);
        if cluster.store.version() != before || matches!(response, Response::Stream(_)) {
            drop(cluster);
            self.happened();
        }
        response
    }

    pub fn stream(&self, id: StreamId, input: StreamIn) -> StreamOut {
        let is_poll = input == StreamIn::Poll;
        let shared = self.session.borrow().shared.clone();
        let out = shared.cluster.borrow_mut().stream(id, input);
        if !is_poll {
            self.happened();
        }
        out
    }

    /// Something that only looks at the cluster.
    pub fn look<T>(&self, see: impl FnOnce(&cluster::Cluster) -> T) -> T {
        let shared = self.session.borrow().shared.clone();
        let cluster = shared.cluster.borrow();
        see(&cluster)
    }

    /// A request into the simulated network, as from a pod's own host.
    pub fn browse(&self, request: &machinery::http::HttpRequest) -> machinery::http::Fetch {
        let shared = self.session.borrow().shared.clone();
        let answer = shared.browse(request).0;
        self.happened();
        answer
    }

    /// A port of the simulated machine for one forwarded connection.
    pub fn free_port(&self) -> u16 {
        self.ports.set((self.ports.get() + 1) % 15_000);
        50_000 + self.ports.get()
    }

    fn happened(&self) {
        self.changed.send_modify(|n| *n += 1);
        self.poked.notify_one();
    }

    /// To wait on: is told when something has happened.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}

/// The time of day: the one thing of the real world that a client compares (ages, expiry).
#[expect(
    clippy::disallowed_methods,
    reason = "real clients compare the cluster's times with their own clock"
)]
fn today() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |d| d.as_millis() as i64) - playground::session::UPTIME_MS
}

/// The learner's own terminal on the served cluster: lines from standard input, until it ends.
pub async fn repl(hub: &Rc<Hub>) {
    let (lines, mut typed) = tokio::sync::mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    });
    let mut changed = hub.watch();
    while let Some(line) = typed.recv().await {
        hub.catch_up();
        hub.session.borrow_mut().start(&line);
        hub.happened();
        loop {
            let (chunks, over) = {
                let mut session = hub.session.borrow_mut();
                (session.terminal.drain(), session.terminal.is_idle())
            };
            for chunk in chunks {
                use std::io::Write;
                // A reader that has gone away is no reason to fail.
                let _ = std::io::stdout().write_all(chunk.text.as_bytes());
                let _ = std::io::stdout().flush();
            }
            if over || changed.changed().await.is_err() {
                break;
            }
        }
        if hub
            .session
            .borrow_mut()
            .terminal
            .machine()
            .exit_status()
            .is_some()
        {
            return;
        }
    }
}
