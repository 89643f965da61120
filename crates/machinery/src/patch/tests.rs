//! Tables: patches applied, and patches made.

use super::*;
use crate::{json, schema, yaml};

fn v(text: &str) -> Value {
    yaml::parse(text).unwrap()
}
fn deployment() -> crate::schema::TypeRef {
    schema::of("apps/v1", "Deployment").unwrap()
}
fn pod() -> crate::schema::TypeRef {
    schema::of("v1", "Pod").unwrap()
}
fn show(r: Result<Value, String>) -> String {
    r.map_or_else(|e| e, |v| json::print(&v))
}

#[test]
fn json_patches() {
    let check = |doc: &str, patch: &str, want: &str| {
        assert_eq!(show(apply_json(&v(doc), &v(patch))), want, "of {patch}")
    };
    check(
        "{a: {b: 1}, l: [1, 2]}",
        "[{op: replace, path: /a/b, value: 2}, {op: add, path: /l/1, value: x}, {op: add, path: /l/-, value: 9}, {op: remove, path: /l/0}]",
        r#"{"a":{"b":2},"l":["x",2,9]}"#,
    );
    check(
        "{a: {b/c: 1}}",
        "[{op: move, from: /a/b~1c, path: /d}, {op: copy, from: /d, path: /e}]",
        r#"{"a":{},"d":1,"e":1}"#,
    );
    check(
        "{a: 1}",
        "[{op: test, path: /a, value: 2}]",
        "testing value /a failed: test failed",
    );
    check(
        "{a: 1}",
        "[{op: remove, path: /b}]",
        "error in remove for path: '/b': Unable to remove nonexistent key: b: missing value",
    );
    check(
        "{a: 1}",
        "[{op: add, path: /x/y, value: 1}]",
        "add operation does not apply: doc is missing path: \"/x/y\": missing value",
    );
    check(
        "{a: 1}",
        "[{op: replace, path: /b, value: 1}]",
        "replace operation does not apply: doc is missing key: /b: missing value",
    );
    check(
        "{a: 1}",
        "{op: add}",
        "json: cannot unmarshal object into Go value of type jsonpatch.Patch",
    );
}

#[test]
fn merge_patches() {
    let check = |doc: &str, patch: &str, want: &str| {
        assert_eq!(json::print(&apply_merge(&v(doc), &v(patch))), want)
    };
    check(
        "{a: {b: 1, c: 2}, l: [1]}",
        "{a: {b: null, d: {e: 1, f: null}}, l: [2]}",
        r#"{"a":{"c":2,"d":{"e":1}},"l":[2]}"#,
    );
    let three = |o: &str, m: &str, c: &str, want: &str| {
        assert_eq!(json::print(&three_way_merge(&v(o), &v(m), &v(c))), want)
    };
    three(
        "{s: {a: 1, b: 2}}",
        "{s: {a: 3}}",
        "{s: {a: 1, b: 2, x: 9}}",
        r#"{"s":{"a":3,"b":null}}"#,
    );
    three(
        "{s: {l: [1]}}",
        "{s: {l: [1, 2]}}",
        "{s: {l: [1], d: 1}}",
        r#"{"s":{"l":[1,2]}}"#,
    );
    three("{}", "{a: 1}", "{a: 1}", "{}");
}

#[test]
fn strategic_patches() {
    let check = |doc: &str, patch: &str, want: &str| {
        assert_eq!(
            show(apply_strategic_as(&v(doc), &v(patch), &pod())),
            want,
            "of {patch}"
        )
    };
    let two = "{spec: {containers: [{name: a, image: x}, {name: b, image: z, ports: [{containerPort: 80}]}]}}";
    check(
        two,
        "{spec: {containers: [{name: b, image: w}]}}",
        r#"{"spec":{"containers":[{"image":"x","name":"a"},{"image":"w","name":"b","ports":[{"containerPort":80}]}]}}"#,
    );
    check(
        two,
        "{spec: {containers: [{name: c, image: v}]}}",
        r#"{"spec":{"containers":[{"image":"v","name":"c"},{"image":"x","name":"a"},{"image":"z","name":"b","ports":[{"containerPort":80}]}]}}"#,
    );
    check(
        two,
        "{spec: {containers: [{name: a, $patch: delete}]}}",
        r#"{"spec":{"containers":[{"image":"z","name":"b","ports":[{"containerPort":80}]}]}}"#,
    );
    check(
        two,
        "{spec: {containers: [{$patch: replace}, {name: q}]}}",
        r#"{"spec":{"containers":[{"name":"q"}]}}"#,
    );
    check(
        two,
        "{spec: {containers: [{name: b, ports: null}], $setElementOrder/containers: [{name: b}, {name: a}]}}",
        r#"{"spec":{"containers":[{"image":"z","name":"b"},{"image":"x","name":"a"}]}}"#,
    );
    check(
        "{spec: {tolerations: [{key: a}]}}",
        "{spec: {tolerations: [{key: b}]}}",
        r#"{"spec":{"tolerations":[{"key":"b"}]}}"#,
    );
    check(
        "{metadata: {finalizers: [a, b], labels: {x: '1'}}}",
        "{metadata: {$deleteFromPrimitiveList/finalizers: [a], finalizers: [c], labels: {x: null, z: '2'}}}",
        r#"{"metadata":{"finalizers":["c","b"],"labels":{"z":"2"}}}"#,
    );
    check(
        "{spec: {volumes: [{name: v, emptyDir: {}}]}}",
        "{spec: {volumes: [{name: v, configMap: {name: c}, $retainKeys: [name, configMap]}]}}",
        r#"{"spec":{"volumes":[{"configMap":{"name":"c"},"name":"v"}]}}"#,
    );
    check(
        two,
        "{spec: {containers: [{image: w}]}}",
        "map: map[image:w] does not contain declared merge key: name",
    );
    check(
        "{spec: {securityContext: {}}}",
        "{spec: {securityContext: {$patch: foo}}}",
        "unknown patch type: foo in map: map[$patch:foo]",
    );
    check(
        "{spec: {x: {a: 1}}}",
        "{spec: {x: {b: 1}}}",
        "unable to find api field in struct PodSpec for the json field \"x\"",
    );
}

#[test]
fn patches_made_from_two_and_three_objects() {
    let two = |o: &str, m: &str, want: &str| {
        let p = two_way_as(&v(o), &v(m), &pod()).unwrap();
        assert_eq!(json::print(&p), want, "of {o} -> {m}");
        assert_eq!(
            json::print(&apply_strategic_as(&v(o), &p, &pod()).unwrap()),
            json::print(&v(m)),
            "applied"
        );
    };
    two(
        "{spec: {containers: [{name: a, image: x}, {name: b}]}}",
        "{spec: {containers: [{name: a, image: q}, {name: b}]}}",
        r#"{"spec":{"$setElementOrder/containers":[{"name":"a"},{"name":"b"}],"containers":[{"image":"q","name":"a"}]}}"#,
    );
    two(
        "{spec: {containers: [{name: a}, {name: b}]}}",
        "{spec: {containers: [{name: b}]}}",
        r#"{"spec":{"$setElementOrder/containers":[{"name":"b"}],"containers":[{"$patch":"delete","name":"a"}]}}"#,
    );
    two(
        "{metadata: {labels: {a: x}}}",
        "{metadata: {labels: {a: x, b: z}}}",
        r#"{"metadata":{"labels":{"b":"z"}}}"#,
    );
    two(
        "{metadata: {finalizers: [a, b]}}",
        "{metadata: {finalizers: [b, c]}}",
        r#"{"metadata":{"$deleteFromPrimitiveList/finalizers":["a"],"$setElementOrder/finalizers":["b","c"],"finalizers":["c"]}}"#,
    );
    two(
        "{spec: {volumes: [{name: v, emptyDir: {}}]}}",
        "{spec: {volumes: [{name: v, configMap: {name: c}}]}}",
        r#"{"spec":{"$setElementOrder/volumes":[{"name":"v"}],"volumes":[{"$retainKeys":["configMap","name"],"configMap":{"name":"c"},"emptyDir":null,"name":"v"}]}}"#,
    );
    two("{a: 1}", "{a: 1}", "{}");

    let three = |o: &str, m: &str, c: &str, want: &str| {
        assert_eq!(show(three_way_as(&v(o), &v(m), &v(c), &deployment())), want)
    };
    let spec = |replicas: &str, containers: &str| {
        format!("{{spec: {{{replicas} template: {{spec: {{containers: [{containers}]}}}}}}}}")
    };
    // The live object has defaults that the manifest does not know, and a replica count that somebody scaled.
    three(
        &spec("replicas: 1,", "{name: a, image: x}, {name: b, image: z}"),
        &spec("", "{name: a, image: w}"),
        &spec(
            "replicas: 5, paused: true,",
            "{name: a, image: x, imagePullPolicy: Always}, {name: b, image: z}, {name: sidecar}",
        ),
        r#"{"spec":{"replicas":null,"template":{"spec":{"$setElementOrder/containers":[{"name":"a"}],"containers":[{"image":"w","name":"a"},{"$patch":"delete","name":"b"}]}}}}"#,
    );
    three(
        &spec("replicas: 1,", "{name: a, image: x}"),
        &spec("replicas: 1,", "{name: a, image: x}"),
        &spec(
            "replicas: 1,",
            "{name: a, image: x, imagePullPolicy: Always}",
        ),
        "{}",
    );
    three(
        "{spec: {strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}}}",
        "{spec: {strategy: {type: Recreate}}}",
        "{spec: {strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}}}",
        r#"{"spec":{"strategy":{"$retainKeys":["type"],"rollingUpdate":null,"type":"Recreate"}}}"#,
    );
}
