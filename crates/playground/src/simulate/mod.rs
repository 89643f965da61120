//! The simulation test: a small world, random operations and faults from a seed, rules that hold after every event, and
//! rules that hold when everything is mended and has come to rest. The idea is TigerBeetle's VOPR's: a failing seed is a bug
//! report that replays itself (`bottleship run --seed N`).
//!
//! Layout, in reading order: [`operations`]: what a user does. [`mischief`]: what is broken. [`make`]: the objects.
//! [`rules`]: after every event. [`rest`]: at rest.
//!
//! Behind the cargo feature `simulate`: the page does not carry it.

mod make;
mod mischief;
mod operations;
mod rest;
mod rules;
mod truth;

use cluster::rng::Rng;
use cluster::{Cluster, World};
use machinery::{Cause, Method, Object, PatchType, Request, Status, Str, Trigger, Value};

/// What a seed came to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub seed: u64,
    /// Over every write: the same seed gives the same.
    pub hash: u64,
    pub events: u64,
    pub writes: u64,
    /// What was done, with virtual times.
    pub trail: Vec<String>,
    /// The rule that was broken, when and how.
    pub failure: Option<String>,
}

/// Namespaces that operations work in.
const NAMESPACES: &[&str] = &["default", "team"];
/// How long, in virtual time, everything may take to come to rest.
const REST_LIMIT_MS: i64 = 3_600_000;
/// No news for so long is rest: longer than back-offs and the autoscaler's stabilisation.
const QUIET_MS: i64 = 330_000;
/// More events than this in a virtual second are a hot loop.
const EVENTS_PER_SECOND_MAX: u64 = 20_000;

/// One seed being played.
pub(crate) struct Sim {
    pub cluster: Cluster,
    pub rng: Rng,
    trail: Vec<String>,
    memory: rules::Memory,
    hash: u64,
    /// The version up to which rules have been checked.
    seen: u64,
    writes: u64,
    start: i64,
    /// Objects made so far: their names.
    pub made: u32,
    /// Something was made that can never become ready, or that restarts for ever.
    pub hopeless: bool,
}

/// A broken rule.
pub(crate) type Found<T> = Result<T, String>;

/// Plays a seed to its end or to the first broken rule.
pub fn run(seed: u64) -> Report {
    let mut sim = Sim::new(seed);
    let failure = sim.play().err();
    let at = sim.clock();
    Report {
        seed,
        hash: sim.hash,
        events: sim.cluster.handled,
        writes: sim.writes,
        failure: failure.map(|f| format!("{at} {f}")),
        trail: sim.trail,
    }
}

fn world(seed: u64, rng: &mut Rng) -> World {
    let nodes = 1 + [0, 1, 1, 2, 2, 2, 3, 4][rng.below(8) as usize];
    let mut world = World {
        seed,
        load_balancer: rng.below(2) == 0,
        metrics: rng.below(2) == 0,
        ..World::standard(nodes)
    };
    for (i, node) in world.nodes.iter_mut().enumerate() {
        node.cpu_milli = [1000, 2000, 4000][rng.below(3) as usize];
        node.memory_bytes = (2 + rng.below(7) as i64) << 30;
        node.max_pods = [8, 20, 110][rng.below(3) as usize];
        node.zone = ["a", "b"][i % 2].to_string();
    }
    world
}

impl Sim {
    fn new(seed: u64) -> Sim {
        let mut rng = Rng::new(seed).fork("simulation");
        let cluster = Cluster::new(world(seed, &mut rng));
        Sim {
            start: cluster.now,
            cluster,
            rng,
            trail: Vec::new(),
            memory: rules::Memory::default(),
            hash: 0xcbf2_9ce4_8422_2325,
            seen: 0,
            writes: 0,
            made: 0,
            hopeless: false,
        }
    }

    fn play(&mut self) -> Found<()> {
        self.settle_in()?;
        let count = 6 + self.rng.below(14);
        for _ in 0..count {
            match self.rng.below(4) {
                0 => mischief::one(self),
                _ => operations::one(self),
            }
            self.look()?;
            let pause = [0, 30, 700, 3_000, 9_000, 40_000, 120_000, 400_000];
            let pause = pause[self.rng.below(pause.len() as u64) as usize];
            self.pass(pause)?;
        }
        self.tell("everything is mended");
        mischief::mend(self);
        operations::calm(self);
        self.look()?;
        self.come_to_rest()?;
        rest::check(self)?;
        if self.rng.below(4) == 0 {
            self.tell("everything is deleted");
            operations::clear(self);
            self.look()?;
            self.come_to_rest()?;
            rest::check(self)?;
            rest::empty(self)?;
        }
        Ok(())
    }

    fn settle_in(&mut self) -> Found<()> {
        operations::furnish(self);
        self.look()?;
        self.pass(20_000)
    }

    /// Lets virtual time pass, one event after another; after each the rules are checked.
    fn pass(&mut self, ms: i64) -> Found<()> {
        let until = self.cluster.now + ms;
        let (mut second, mut events) = (0, 0);
        while let Some(at) = self.cluster.next_at().filter(|t| *t <= until) {
            self.cluster.advance(at, 1);
            if at / 1000 != second {
                (second, events) = (at / 1000, 0);
            }
            events += 1;
            if events > EVENTS_PER_SECOND_MAX {
                let next = self
                    .cluster
                    .queue
                    .iter()
                    .next()
                    .map(|(_, e)| format!("{e:?}"));
                let writes = self.last_writes();
                return Err(format!(
                    "hot loop: {events} events in one second; the next is {next:?}, the last writes:\n{writes}"
                ));
            }
            self.look()?;
        }
        self.cluster.advance(until, 1);
        Ok(())
    }

    /// Checks the rules against every write since the last look.
    pub(crate) fn look(&mut self) -> Found<()> {
        if self.cluster.store.version() == self.seen {
            return Ok(());
        }
        let Some(news) = self.cluster.store.since(self.seen) else {
            return Err("the log was cut while nobody looked".to_string());
        };
        let news: Vec<_> = news.cloned().collect();
        for change in &news {
            self.fold(change);
            if change.version != self.seen + 1 {
                return Err(format!("version {} follows {}", change.version, self.seen));
            }
            self.seen = change.version;
            self.writes += 1;
        }
        for change in &news {
            rules::check(&mut self.memory, &self.cluster, change).map_err(|why| {
                let (ns, name) = &change.key;
                let (actor, reason) = (&change.cause.actor, &change.cause.reason);
                format!(
                    "{why} [{} {ns}/{name}, written by {actor}: {reason}]",
                    change.resource
                )
            })?;
        }
        Ok(())
    }

    fn fold(&mut self, change: &cluster::store::Change) {
        let mut h = self.hash;
        let mut add = |text: &str| {
            for b in text.bytes() {
                h = (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        };
        add(&change.resource);
        add(&change.key.0);
        add(&change.key.1);
        add(change.new.uid());
        add(&change.cause.actor);
        h = (h ^ change.version ^ (change.at as u64) << 20).wrapping_mul(0x0000_0100_0000_01b3);
        self.hash = h;
    }

    /// Until nothing but heartbeats was written for a while.
    fn come_to_rest(&mut self) -> Found<()> {
        let limit = self.cluster.now + REST_LIMIT_MS;
        let mut quiet_since = self.cluster.now;
        while self.cluster.now - quiet_since < QUIET_MS {
            if self.cluster.now > limit {
                return Err(format!(
                    "never at rest; the last writes:\n{}",
                    self.last_writes()
                ));
            }
            let before = self.cluster.store.version();
            self.pass(10_000)?;
            let hopeless = self.hopeless;
            let news = self.cluster.store.since(before).into_iter().flatten();
            if news.into_iter().any(|c| is_news(c, hopeless)) {
                quiet_since = self.cluster.now;
            }
        }
        Ok(())
    }

    fn last_writes(&self) -> String {
        let all = self.cluster.store.history().rev();
        let news = all.filter(|c| is_news(c, self.hopeless)).take(12);
        let line = |c: &std::rc::Rc<cluster::store::Change>| {
            let (ns, name) = &c.key;
            let at = (c.at - self.start) / 1000;
            format!(
                "  +{at}s {} {ns}/{name} by {}: {}",
                c.resource, c.cause.actor, c.cause.reason
            )
        };
        news.map(line).collect::<Vec<_>>().join("\n")
    }

    // What operations are made of.

    pub(crate) fn tell(&mut self, text: impl Into<String>) {
        let line = format!("{} {}", self.clock(), text.into());
        self.trail.push(line);
    }
    fn clock(&self) -> String {
        let ms = self.cluster.now - self.start;
        format!("+{}.{:03}s", ms / 1000, ms % 1000)
    }
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.rng.below(n)
    }
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.rng.below(100) < percent
    }
    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        let at = self.rng.below(all.len() as u64) as usize;
        all.get(at).copied()
    }
    pub(crate) fn namespace(&mut self) -> &'static str {
        if self.chance(75) {
            NAMESPACES[0]
        } else {
            NAMESPACES[1]
        }
    }
    /// Any object of a resource, in the namespaces that we work in.
    pub(crate) fn any(&mut self, resource: &str) -> Option<Object> {
        let ours = |o: &&Object| o.namespace().is_empty() || NAMESPACES.contains(&o.namespace());
        let all: Vec<Object> = self
            .cluster
            .store
            .list(resource, None)
            .filter(ours)
            .cloned()
            .collect();
        let at = self.rng.below(all.len() as u64) as usize;
        all.get(at).cloned()
    }

    /// A request as the user; what came of it goes into the trail.
    pub(crate) fn ask(
        &mut self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, Status> {
        self.send(method, path, body, None)
    }
    pub(crate) fn merge(&mut self, path: &str, body: Value) -> Result<Value, Status> {
        self.send(Method::Patch, path, Some(body), Some(PatchType::Merge))
    }
    fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Option<Value>,
        patch: Option<PatchType>,
    ) -> Result<Value, Status> {
        let mut request = Request::new(method, path);
        request.patch = patch;
        request.cause = Cause {
            actor: Str::lit("user"),
            trigger: Trigger::None,
            reason: String::new(),
        };
        let shown = body
            .as_ref()
            .map(|b| {
                let mut b = b.clone();
                b.remove("status");
                b.remove("metadata.managedFields");
                machinery::json::print(&b)
            })
            .unwrap_or_default();
        if let Some(body) = body {
            request = request.body(body);
        }
        let answer = self.cluster.request(request).value();
        let how = match &answer {
            Ok(_) => String::new(),
            Err(s) => format!(" -> {} {}", s.code, s.message),
        };
        self.tell(format!("{} {path} {shown}{how}", method.as_str()));
        if let Err(s) = &answer
            && s.code >= 500
            && !s.message.contains("more than one PodDisruptionBudget")
        {
            self.memory
                .fail(format!("the server answered {} {}", s.code, s.message));
        }
        answer
    }
}

/// Whether a write says that the cluster is not at rest.
fn is_news(c: &cluster::store::Change, hopeless: bool) -> bool {
    match c.resource.as_str() {
        "leases.coordination.k8s.io" | "events" | "events.events.k8s.io" => false,
        "nodes" => c.old.as_ref().is_none_or(|o| {
            o.at("spec") != c.new.at("spec")
                || o.condition("Ready").text("status") != c.new.condition("Ready").text("status")
        }),
        // It measures again and again.
        "horizontalpodautoscalers.autoscaling" => c
            .old
            .as_ref()
            .is_none_or(|o| o.at("spec") != c.new.at("spec")),
        // Something restarts for ever, and everything that counts pods follows it.
        _ if hopeless => c.old.is_none() || c.kind == machinery::WatchType::Deleted,
        _ => true,
    }
}
