//! What a real v1.36.2 server made of small manifests, held against ours: defaults, refusals, rows.

use crate::{CellCx, Kind};
use machinery::{Errors, Object, Value, time, yaml};

fn read(text: &str) -> (&'static Kind, Value) {
    let v = yaml::parse(text).unwrap_or_else(|e| panic!("{}\n{text}", e.message));
    let kind = crate::of(v.text("apiVersion"), v.text("kind"));
    (kind.unwrap_or_else(|| panic!("no such kind:\n{text}")), v)
}

/// The object as the server keeps it.
fn created(text: &str) -> (&'static Kind, Object) {
    let (kind, mut v) = read(text);
    v.set_default(
        "metadata.namespace",
        if kind.namespaced {
            Value::from("default")
        } else {
            Value::Null
        },
    );
    if !kind.namespaced {
        v.remove("metadata.namespace");
    }
    v.set("metadata.uid", "1");
    v.set("metadata.creationTimestamp", "2026-11-20T09:00:00Z");
    let schema = machinery::schema::of(v.text("apiVersion"), v.text("kind"));
    let schema = schema.unwrap_or_else(|| panic!("no schema:\n{text}"));
    let mut v = machinery::strict::decode(&v, &schema)
        .unwrap_or_else(|e| panic!("{e}\n{text}"))
        .value;
    (kind.default)(&mut v);
    (kind.prepare_create)(&mut v);
    (kind, Object(v))
}

#[test]
fn what_is_left_out_is_filled_in() {
    let check = |manifest: &str, path: &str, expected: &str| {
        let (_, o) = created(manifest);
        assert_eq!(
            machinery::json::print(o.at(path)),
            expected,
            "{path} of\n{manifest}"
        );
    };
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  hostNetwork: true\n  containers:\n  - name: c\n    image: reg:5000/nginx\n    ports: [{containerPort: 80}]\n    resources: {limits: {cpu: 0.5, memory: 1024Mi}}\n    env: [{name: E, value: \"\"}]\n    readinessProbe: {tcpSocket: {port: 80}}\n  volumes: [{name: v}, {name: h, hostPath: {path: /x}}]\n";
    check(
        pod,
        "spec.containers",
        r#"[{"env":[{"name":"E"}],"image":"reg:5000/nginx","imagePullPolicy":"Always","name":"c","ports":[{"containerPort":80,"hostPort":80,"protocol":"TCP"}],"readinessProbe":{"failureThreshold":3,"periodSeconds":10,"successThreshold":1,"tcpSocket":{"port":80},"timeoutSeconds":1},"resources":{"limits":{"cpu":"500m","memory":"1Gi"},"requests":{"cpu":"500m","memory":"1Gi"}},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}]"#,
    );
    check(
        pod,
        "spec.volumes",
        r#"[{"emptyDir":{},"name":"v"},{"hostPath":{"path":"/x","type":""},"name":"h"}]"#,
    );
    check(
        pod,
        "status",
        r#"{"phase":"Pending","qosClass":"Guaranteed"}"#,
    );
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {type: NodePort, ports: [{port: 80}]}";
    check(
        service,
        "spec",
        r#"{"externalTrafficPolicy":"Cluster","internalTrafficPolicy":"Cluster","ports":[{"port":80,"protocol":"TCP","targetPort":80}],"sessionAffinity":"None","type":"NodePort"}"#,
    );
    let set = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: a}\nspec: {}";
    check(
        set,
        "metadata.annotations",
        r#"{"deprecated.daemonset.template.generation":"1"}"#,
    );
    check(
        set,
        "spec.updateStrategy",
        r#"{"rollingUpdate":{"maxSurge":0,"maxUnavailable":1},"type":"RollingUpdate"}"#,
    );
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {k: v}";
    check(secret, "data", r#"{"k":"dg=="}"#);
    check(secret, "type", r#""Opaque""#);
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\nspec: {template: {spec: {}}}";
    check(
        job,
        "spec.selector",
        r#"{"matchLabels":{"batch.kubernetes.io/controller-uid":"1"}}"#,
    );
    let policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\nspec: {egress: [{}]}";
    check(policy, "spec.policyTypes", r#"["Ingress","Egress"]"#);
}

#[test]
fn what_is_wrong_is_said_in_the_servers_words() {
    let check = |manifest: &str, expected: &[&str]| {
        let (kind, o) = created(manifest);
        let mut errors = Errors::default();
        crate::meta::validate(kind, &o, &mut errors);
        (kind.validate)(&o, &mut errors);
        let found: Vec<String> = errors
            .0
            .iter()
            .map(|e| format!("{}: {}", e.path, e.text))
            .collect();
        assert_eq!(found, expected, "\n{manifest}");
    };
    check(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {x: 'a b'}}\nspec:\n  restartPolicy: Sometimes\n  containers:\n  - {name: c, image: i, volumeMounts: [{name: d, mountPath: /d}], ports: [{containerPort: 70000}]}\n  - {name: c}\n",
        &[
            "metadata.labels: Invalid value: \"a b\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
            "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
            "spec.containers[0].volumeMounts[0].name: Not found: \"d\"",
            "spec.containers[1].image: Required value",
            "spec.containers[1].name: Duplicate value: \"c\"",
            "spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"OnFailure\", \"Never\"",
        ],
    );
    check(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: -1}",
        &[
            "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
            "spec.selector: Required value",
            "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`",
            "spec.template.spec.containers: Required value",
        ],
    );
    check(
        "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}, {port: 80}]}",
        &[
            "spec.ports[0].name: Required value",
            "spec.ports[1].name: Required value",
            "spec.ports[1]: Duplicate value: {\"Name\":\"\",\"Protocol\":\"TCP\",\"AppProtocol\":null,\"Port\":80,\"TargetPort\":0,\"NodePort\":0}",
        ],
    );
    check(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n",
        &["metadata.name: Required value: name or generateName is required"],
    );
}

#[test]
fn a_pods_row_follows_from_its_containers() {
    let now = time::parse_rfc3339("2026-11-20T09:10:00Z").unwrap_or(0);
    let check = |status: &str, expected: &str| {
        let text = format!(
            "metadata: {{name: a, creationTimestamp: '2026-11-20T09:00:00Z'}}\nspec: {{initContainers: [{{name: i}}], containers: [{{name: c}}, {{name: d}}]}}\nstatus: {status}"
        );
        let v = yaml::parse(&text).unwrap_or_else(|e| panic!("{}\n{text}", e.message));
        let cells = (crate::pod::KIND.cells)(&Object(v), &CellCx { now });
        let row: Vec<&str> = cells.iter().take(5).filter_map(Value::as_str).collect();
        assert_eq!(row.join(" "), expected, "{status}");
    };
    let init = "initContainerStatuses: [{name: i, state: {terminated: {exitCode: 0}}}]";
    check("{phase: Pending}", "a 0/2 Pending 0 10m");
    check(
        "{phase: Pending, initContainerStatuses: [{name: i, state: {running: {}}}]}",
        "a 0/2 Init:0/1 0 10m",
    );
    check(
        &format!(
            "{{phase: Running, {init}, containerStatuses: [{{name: c, ready: true, state: {{running: {{}}}}}}, {{name: d, restartCount: 3, state: {{waiting: {{reason: CrashLoopBackOff}}}}, lastState: {{terminated: {{finishedAt: '2026-11-20T09:09:55Z'}}}}}}]}}"
        ),
        "a 1/2 CrashLoopBackOff 3 (5s ago) 10m",
    );
    check(
        &format!(
            "{{phase: Failed, {init}, containerStatuses: [{{name: c, state: {{terminated: {{exitCode: 137, reason: OOMKilled}}}}}}]}}"
        ),
        "a 0/2 OOMKilled 0 10m",
    );
}

/// Related objects of nowhere.
struct Nothing;

impl crate::describe::Related for Nothing {
    fn list(&self, _: &str, _: &str, _: &str, _: &str) -> Vec<Object> {
        Vec::new()
    }
    fn get(&self, _: &str, _: &str, _: &str, _: &str) -> Option<Object> {
        None
    }
    fn events(&self, _: &Object) -> Vec<Object> {
        Vec::new()
    }
    fn now(&self) -> time::Millis {
        i64::MAX
    }
}

/// Field names to make nonsense of, and texts that have a meaning somewhere.
const WORDS: &[&str] = &[
    "metadata",
    "name",
    "labels",
    "annotations",
    "finalizers",
    "ownerReferences",
    "spec",
    "status",
    "containers",
    "initContainers",
    "template",
    "selector",
    "matchLabels",
    "matchExpressions",
    "operator",
    "values",
    "key",
    "ports",
    "port",
    "targetPort",
    "env",
    "valueFrom",
    "resourceFieldRef",
    "resource",
    "divisor",
    "resources",
    "limits",
    "requests",
    "cpu",
    "volumes",
    "volumeMounts",
    "mountPath",
    "livenessProbe",
    "httpGet",
    "strategy",
    "rollingUpdate",
    "maxSurge",
    "schedule",
    "jobTemplate",
    "conditions",
    "type",
    "rules",
    "verbs",
    "http",
    "paths",
    "backend",
    "metrics",
    "target",
    "currentMetrics",
    "versions",
    "schema",
    "openAPIV3Schema",
    "properties",
    "hard",
    "used",
    "startTime",
    "completionTime",
    "completedIndexes",
    "subsets",
    "addresses",
    "endpoints",
    "taints",
    "tolerations",
    "behavior",
    "2026-11-20T09:00:00Z",
    "-5",
    "1e30",
    "99999999999999999999Gi",
    "%",
    "25%",
    "/",
    "a\tb\u{1b}\u{e9}",
    "* * * * *",
    "@every 9999999999h",
    "limits.cpu",
    "ReadWriteOnce",
    "ClusterIP",
    "Resource",
    "Indexed",
    "0.0.0.0/0",
    "::/0",
    "",
];

fn nonsense(seed: &mut u64, depth: usize) -> Value {
    let mut next = |n: usize| {
        *seed = seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (*seed >> 33) as usize % n
    };
    match next(if depth == 0 { 5 } else { 9 }) {
        0 => Value::Null,
        1 => Value::from(next(2) == 0),
        2 => Value::from([0, 1, -1, i64::MAX, i64::MIN, 70000][next(6)]),
        3 | 4 => Value::from(WORDS[next(WORDS.len())]),
        5 | 6 => {
            let n = next(4);
            Value::from(
                (0..n)
                    .map(|_| nonsense(seed, depth - 1))
                    .collect::<Vec<_>>(),
            )
        }
        _ => {
            let n = next(12);
            let keys: Vec<&str> = (0..n).map(|_| WORDS[next(WORDS.len())]).collect();
            Value::from(
                keys.into_iter()
                    .map(|k| (k, nonsense(seed, depth - 1)))
                    .collect::<machinery::Map>(),
            )
        }
    }
}

#[test]
fn nothing_that_can_be_written_stops_a_kind() {
    let mut seed = 7;
    for kind in crate::ALL {
        for round in 0..60 {
            let mut v = nonsense(&mut seed, 7);
            let mut old = nonsense(&mut seed, 7);
            if round % 2 == 0 {
                v.set("spec.template.spec.containers", nonsense(&mut seed, 5));
                old.set("status", nonsense(&mut seed, 5));
            }
            (kind.default)(&mut v);
            (kind.default)(&mut old);
            (kind.prepare_create)(&mut v);
            (kind.prepare_update)(&mut v, &old);
            if let Some(other) = kind.stored_as {
                (other.to_stored)(&mut v);
                (other.from_stored)(&mut v);
            }
            let (new, old) = (Object(v), Object(old));
            let mut errors = Errors::default();
            crate::meta::validate(kind, &new, &mut errors);
            (kind.validate)(&new, &mut errors);
            (kind.validate_update)(&new, &old, &mut errors);
            let _ = (errors.message(), (kind.warnings)(&new));
            let row = (kind.cells)(&new, &CellCx { now: 0 });
            assert_eq!(row.len(), kind.columns.len(), "{}", kind.kind);
            let mut d = crate::describe::Describe::new(&Nothing, true);
            (kind.describe)(&new, &mut d);
            d.finish();
        }
    }
}

#[test]
fn every_kind_has_a_schema_and_a_name_of_its_own() {
    let mut seen: Vec<String> = Vec::new();
    let mut without: Vec<&str> = Vec::new();
    for kind in crate::ALL {
        let name = format!("{} {}", kind.api_version(), kind.kind);
        if machinery::schema::of(&kind.api_version(), kind.kind).is_none() {
            without.push(kind.kind);
        }
        assert!(!seen.contains(&name), "{name} is listed twice");
        assert!(
            crate::of_resource(kind.group, kind.version, kind.plural).is_some(),
            "{name}"
        );
        seen.push(name);
    }
    assert_eq!(without, [""; 0]);
}
