//! A scripted stand-in for the session, to draw by until the real one lands. Not part of the product.
use cluster::scheduler::{Decision, NodeVerdict};
use cluster::store::Change;
use machinery::time::{Millis, rfc3339};
use machinery::{Cause, Object, Str, Value, WatchType, value};
use playground::*;
use std::collections::BTreeMap;
use std::rc::Rc;

const START: Millis = 1_795_168_800_000;
type Job = Box<dyn Fn(&mut Playground)>;
pub struct Playground {
    out: Vec<Output>,
    now: f64,
    speed: Speed,
    version: u64,
    objects: BTreeMap<(String, String), Object>,
    queue: Vec<(Millis, u64, Job)>,
    seq: u64,
    line: String,
    names: u64,
    lang: String,
}

impl Playground {
    pub fn new(_seed: u64, _lesson: &str, lang: &str) -> Playground {
        let mut p = Playground {
            out: vec![],
            now: START as f64,
            speed: Speed::Times(1),
            version: 1,
            objects: BTreeMap::new(),
            queue: vec![],
            seq: 0,
            line: String::new(),
            names: 0,
            lang: lang.into(),
        };
        for i in 1..=3 {
            let mut o = Object::new("v1", "Node", "", &format!("node-{i}"));
            o.0.set("metadata.uid", Value::str(&format!("n{i}")));
            o.0.set("status", value!({ "allocatable": { "cpu": "4", "memory": "8Gi", "pods": "110" }, "conditions": [{ "type": "Ready", "status": "True" }] }));
            p.put("nodes", o);
        }
        p.out.push(Output::File { path: "/home/user/nginx-pod.yaml".into(), text: "# 첫 파드\napiVersion: v1\nkind: Pod\nmetadata:\n  name: nginx\n  labels:\n    app: nginx\nspec:\n  containers:\n    - name: nginx\n      image: nginx:1.27\n      ports:\n        - containerPort: 80\n      resources:\n        requests:\n          cpu: \"250m\"\n          memory: 64Mi\n".into() });
        p.out.push(Output::File {
            path: "/home/user/web.yaml".into(),
            text: "apiVersion: apps/v1\nkind: Deployment\n".into(),
        });
        p.out.push(Output::Undoable {
            count: 1,
            last: "kubectl apply -f web.yaml".into(),
        });
        p.screen("\x1b[36muser@bottleship\x1b[0m:\x1b[34m~\x1b[0m$ ");
        p.lesson();
        p.after(800, |p| p.rs("web-7b46c4b544", 1));
        for i in 0..4 {
            p.after(1000 + i * 60, move |p| {
                p.pod(
                    "web-7b46c4b544",
                    &["x2x9f", "k8qwd", "b7zlm", "m4tcp"][i as usize],
                    "ok",
                )
            });
        }
        p.after(2500, |p| p.pod("", "redis-cache", "crash"));
        p.after(3000, |p| p.pod("", "report", "image"));
        p.after(3200, |p| p.pod("", "big-batch", "big"));
        p.after(9000, |p| p.rs("web-5d8f6cbb9c", 2));
        for i in 0..2 {
            p.after(9200 + i * 60, move |p| {
                p.pod("web-5d8f6cbb9c", &["9zq4h", "tt7vn"][i as usize], "slow")
            });
        }
        p.after(11500, |p| p.kill("web-7b46c4b544-x2x9f"));
        p
    }
    fn lesson(&mut self) {
        let ko = self.lang == "ko";
        let l = |a: &str, b: &str| if ko { a.to_string() } else { b.to_string() };
        let step = |id: &str, title: String, done| StepView {
            id: id.into(),
            title,
            done,
            ..Default::default()
        };
        let mut now = step("apply", l("파드를 만들어요", "Make a pod"), false);
        now.body = l(
            "편집기에 열린 `nginx-pod.yaml`은 파드 하나를 설명하는 **매니페스트**예요. 클러스터에 건네 볼까요?\n\n`kubectl apply -f nginx-pod.yaml`\n\nEnter를 누르면 위쪽 그림에서 파드가 나타나 노드로 옮겨 가요.",
            "The `nginx-pod.yaml` in the editor is a **manifest** that describes one pod. Hand it to the cluster:\n\n`kubectl apply -f nginx-pod.yaml`\n\nPress Enter, and watch the pod appear above and move to a node.",
        );
        now.checks = vec![
            (true, l("파드 nginx가 있어요", "Pod nginx exists")),
            (
                false,
                l(
                    "아직 준비된 파드가 0개예요. 1개가 필요해요",
                    "0 pods are ready; 1 is needed",
                ),
            ),
        ];
        now.hints = vec![l(
            "`ls`로 파일이 있는지 먼저 확인해 보세요.",
            "Check with `ls` that the file is there.",
        )];
        now.hints_total = 3;
        now.solution = vec!["kubectl apply -f nginx-pod.yaml".into()];
        self.out.push(Output::Lesson(Box::new(LessonView {
            slug: "first-pod".into(),
            title: l("첫 파드", "Your first pod"),
            intro: l(
                "파드(Pod)는 쿠버네티스가 돌리는 가장 작은 단위예요.",
                "A Pod is the smallest thing that Kubernetes runs.",
            ),
            steps: vec![
                step("look", l("클러스터를 둘러봐요", "Look around"), true),
                now,
                step(
                    "describe",
                    l("무슨 일이 있었는지 읽어요", "Read what happened"),
                    false,
                ),
                step(
                    "delete",
                    l("지우고 다시 만들어요", "Delete it, make it again"),
                    false,
                ),
            ],
            current: 1,
            outro: String::new(),
            index: vec![
                ("first-pod".into(), l("첫 파드", "Your first pod"), false),
                ("deploy".into(), l("디플로이먼트", "Deployments"), false),
            ],
        })));
    }
    fn screen(&mut self, s: &str) {
        self.out.push(Output::Screen(s.into()));
    }
    fn after(&mut self, ms: i64, f: impl Fn(&mut Playground) + 'static) {
        self.seq += 1;
        self.queue
            .push((self.now as i64 + ms, self.seq, Box::new(f)));
        self.queue.sort_by_key(|x| (x.0, x.1));
    }
    fn put(&mut self, resource: &str, mut o: Object) {
        self.version += 1;
        o.0.set("metadata.resourceVersion", self.version.to_string());
        let key = (resource.to_string(), o.name().to_string());
        let old = self.objects.insert(key, o.clone());
        let kind = if old.is_some() {
            WatchType::Modified
        } else {
            WatchType::Added
        };
        self.emit(kind, resource, old, o);
    }
    fn emit(&mut self, kind: WatchType, resource: &str, old: Option<Object>, new: Object) {
        self.out.push(Output::Change(Rc::new(Change {
            version: self.version,
            at: self.now as i64,
            kind,
            resource: Str::from(resource),
            key: (Str::from(new.namespace()), Str::from(new.name())),
            old,
            new,
            cause: Rc::new(Cause {
                actor: Str::from("x"),
                trigger: Default::default(),
                reason: String::new(),
            }),
        })));
    }
    fn edit(&mut self, name: &str, f: impl FnOnce(&mut Value)) {
        if let Some(o) = self
            .objects
            .get(&("pods".into(), name.to_string()))
            .cloned()
        {
            let o = o.edit(f);
            self.put("pods", o);
        }
    }
    fn rs(&mut self, name: &str, rev: i64) {
        let mut d = Object::new("apps/v1", "Deployment", "default", "web");
        d.0.set("metadata.uid", Value::str("d1"));
        d.0.set("spec", value!({ "replicas": 4, "strategy": { "rollingUpdate": { "maxSurge": "25%", "maxUnavailable": "25%" } } }));
        d.0.set(
            "status",
            value!({ "replicas": 5, "readyReplicas": 3, "updatedReplicas": 2 }),
        );
        self.put("deployments.apps", d.clone());
        let mut o = Object::new("apps/v1", "ReplicaSet", "default", name);
        o.0.set("metadata.uid", Value::str(name));
        o.0.set(
            "metadata.creationTimestamp",
            Value::str(&rfc3339(self.now as i64)),
        );
        o.0.field("metadata").field("annotations").map_mut().insert(
            "deployment.kubernetes.io/revision",
            Value::str(&rev.to_string()),
        );
        o.0.set("metadata.ownerReferences", value!([d.owner_reference()]));
        o.0.set("spec", value!({ "replicas": if rev == 1 { 3 } else { 2 }, "template": { "spec": { "containers": [{ "image": format!("nginx:1.2{}", 6 + rev) }] } } }));
        o.0.set("status", value!({ "replicas": if rev == 1 { 3 } else { 2 }, "readyReplicas": if rev == 1 { 3 } else { 0 } }));
        self.put("replicasets.apps", o);
    }
    fn kill(&mut self, name: &str) {
        let now = self.now as i64;
        self.edit(name, |v| {
            v.set(
                "metadata.deletionTimestamp",
                Value::str(&rfc3339(now + 30000)),
            );
            v.set("metadata.deletionGracePeriodSeconds", 30i64);
        });
        let n = name.to_string();
        self.after(30000, move |p| {
            if let Some(o) = p.objects.remove(&("pods".into(), n.clone())) {
                p.emit(WatchType::Deleted, "pods", Some(o.clone()), o);
            }
        });
    }
    fn pod(&mut self, rs: &str, short: &str, how: &'static str) {
        let name = if rs.is_empty() {
            short.to_string()
        } else {
            format!("{rs}-{short}")
        };
        let mut o = Object::new("v1", "Pod", "default", &name);
        o.0.set("metadata.uid", Value::str(&name));
        o.0.set(
            "metadata.creationTimestamp",
            Value::str(&rfc3339(self.now as i64)),
        );
        if !rs.is_empty() {
            o.0.set("metadata.ownerReferences", value!([{ "kind": "ReplicaSet", "name": Value::str(rs), "uid": Value::str(rs), "controller": true }]));
        }
        o.0.set("spec", value!({ "containers": [{ "name": "web", "image": "nginx:1.27", "resources": { "requests": { "cpu": "500m", "memory": "512Mi" } } }] }));
        o.0.set("status", value!({ "phase": "Pending" }));
        self.put("pods", o);
        self.names += 1;
        let node = format!("node-{}", self.names % 3 + 1);
        if how == "big" {
            self.after(300, move |p| p.edit(&name, |v| v.set("status.conditions", value!([{ "type": "PodScheduled", "status": "False", "message": "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available" }]))));
            return;
        }
        let (n1, n2, n3) = (name.clone(), name.clone(), name.clone());
        self.after(700, move |p| {
            let v = |i: i64| {
                let n = format!("node-{i}");
                NodeVerdict {
                    refused: if i == 2 && n != node {
                        Some(("NodeResourcesFit", vec!["Insufficient cpu".into()]))
                    } else {
                        None
                    },
                    scores: vec![("NodeResourcesFit", 80)],
                    total: 300 + i * 12,
                    node: n,
                }
            };
            p.out.push(Output::Decision(Rc::new(Decision {
                at: 0,
                namespace: "default".into(),
                pod: n1.clone(),
                nodes: (1..=3).map(v).collect(),
                chosen: Some(node.clone()),
                message: String::new(),
            })));
            let node = node.clone();
            p.edit(&n1, |v| v.set("spec.nodeName", Value::str(&node)));
            let mut e = Object::new("v1", "Event", "default", &format!("{n1}.1"));
            e.0.set(
                "involvedObject",
                value!({ "kind": "Pod", "uid": Value::str(&n1) }),
            );
            e.0.set("reason", Value::str("Pulling"));
            p.put("events", e);
        });
        self.after(if how == "slow" { 3500 } else { 2500 }, move |p| {
            let mut e = Object::new("v1", "Event", "default", &format!("{n2}.2"));
            e.0.set("involvedObject", value!({ "kind": "Pod", "uid": Value::str(&n2) }));
            e.0.set("reason", Value::str("Pulled"));
            p.put("events", e);
            if how == "image" { p.edit(&n2, |v| v.set("status.containerStatuses", value!([{ "name": "web", "state": { "waiting": { "reason": "ImagePullBackOff", "message": "Back-off pulling image \"ngnix:1.27\"" } } }]))); }
            if how == "slow" { p.edit(&n2, |v| { v.set("status.phase", Value::str("Running")); v.set("status.containerStatuses", value!([{ "name": "web", "state": { "running": {} } }])); }); }
        });
        self.after(if how == "slow" { 60000 } else { 3200 }, move |p| {
            let now = p.now as i64;
            p.edit(&n3, |v| {
                match how {
                    "crash" => { v.set("status.phase", Value::str("Running")); v.set("status.containerStatuses", value!([{ "name": "web", "restartCount": 4, "state": { "waiting": { "reason": "CrashLoopBackOff", "message": "back-off 1m20s restarting failed container=web" } }, "lastState": { "terminated": { "finishedAt": Value::str(&rfc3339(now)) } } }])); }
                    "image" => {}
                    _ => { v.set("status.phase", Value::str("Running")); v.set("status.podIP", Value::str("10.244.1.7")); v.set("status.conditions", value!([{ "type": "Ready", "status": "True" }])); v.set("status.containerStatuses", value!([{ "name": "web", "ready": true, "state": { "running": {} } }])); }
                }
            });
        });
    }
    pub fn input(&mut self, input: Input) {
        match input {
            Input::Keys(k) => { if k == "\r" { self.line.clear(); self.screen("\r\n\x1b[36muser@bottleship\x1b[0m:\x1b[34m~\x1b[0m$ "); } else { self.line.push_str(&k); self.screen(&k); } }
            Input::Type(s) => self.screen(&s),
            Input::Run(s) => { self.screen(&s); self.screen("\r\n$ "); }
            Input::Speed(s) => self.speed = s,
            Input::Language(l) => { self.lang = l; self.lesson(); }
            Input::Inspect(Some(of)) => {
                if let Some(o) = self.objects.get(&(of.resource.clone(), of.name.clone())) {
                    let d = Decision { at: 0, namespace: "default".into(), pod: of.name.clone(), nodes: (1..=3).map(|i| NodeVerdict { node: format!("node-{i}"), refused: if i == 2 { Some(("NodeResourcesFit", vec!["Insufficient cpu".into()])) } else { None }, scores: vec![("NodeResourcesFit", 80 + i), ("PodTopologySpread", 200), ("ImageLocality", 0)], total: 280 + i }).collect(), chosen: Some("node-3".into()), message: String::new() };
                    self.out.push(Output::Inspection(Box::new(Inspection { of, kind: o.kind().into(), exists: true, yaml: "apiVersion: v1\nkind: Pod\nmetadata:\n  name: nginx\nspec:\n  containers:\n  - name: web\n    image: nginx:1.27\n".into(), describe: "Name:             nginx\nNamespace:        default\nPriority:         0\nService Account:  default\nNode:             node-1/172.18.0.2\n".into(), events: vec![("5s".into(), "Normal".into(), "Scheduled".into(), "Successfully assigned default/nginx to node-1".into()), ("3s".into(), "Warning".into(), "BackOff".into(), "Back-off restarting failed container".into())], logs: vec![("web".into(), "listening on :80\n".into())], decision: Some(Rc::new(d)) })));
                }
            }
            Input::Why(of) => { let c = |r: &str, n: &str, a: &str, cmd: Option<&str>, why: &str| WhyCard { of: Ref { resource: r.into(), namespace: "default".into(), name: n.into() }, what: "created", at: START, actor: a.into(), command: cmd.map(str::to_string), reason: why.into() }; let chain = vec![c(&of.resource, &of.name, "replicaset-controller", None, "wanted 3, had 2"), c("deployments.apps", "web", "kubectl", Some("kubectl scale deployment web --replicas=3"), "")]; self.out.push(Output::Why { of, chain }); }
            Input::Browse(url) => self.out.push(Output::Page { url, answer: machinery::http::Fetch::Answer(machinery::http::HttpResponse { status: 200, headers: vec![("Content-Type".into(), "text/html".into())], body: "<h1>Welcome to nginx!</h1><p>If you see this page, the nginx web server is successfully installed.</p>".into() }), hops: vec![machinery::http::Hop { at: "service/default/web".into(), note: "10.96.12.4:80".into() }, machinery::http::Hop { at: "pod/default/web-1".into(), note: "10.244.1.7:80".into() }] }),
            _ => {}
        }
    }
    pub fn tick(&mut self, ms: f64, _budget: u64) -> bool {
        let k = match self.speed {
            Speed::Paused => 0.0,
            Speed::Times(n) => n as f64,
        };
        let until = self.now + ms * k;
        while self.queue.first().is_some_and(|j| j.0 as f64 <= until) {
            let (at, _, f) = self.queue.remove(0);
            self.now = at as f64;
            f(self);
        }
        self.now = until;
        self.out.push(Output::Clock {
            now: self.now as i64,
            speed: self.speed,
            next: None,
        });
        true
    }
    pub fn drain(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }
    pub fn save(&self) -> String {
        String::new()
    }
    pub fn load(_: &str, _: &str) -> Result<Playground, String> {
        Err("fake".into())
    }
}
