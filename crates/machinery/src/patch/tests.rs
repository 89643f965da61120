use super::*;
use crate::json;

fn v(text: &str) -> Value {
    json::parse(text).unwrap()
}

#[test]
fn a_strategic_patch_merges_lists_by_key() {
    let check = |target: &str, patch: &str, expected: &str| {
        let got =
            apply_strategic(&v(target), &v(patch)).map_or_else(|e| e.message, |x| json::print(&x));
        assert_eq!(got, expected, "{patch}");
    };
    let pod = r#"{"spec":{"containers":[{"name":"a","image":"x"},{"name":"b","image":"y"}]}}"#;
    let out = r#"{"spec":{"containers":[{"image":"z","name":"a"},{"image":"y","name":"b"}]}}"#;
    check(
        pod,
        r#"{"spec":{"containers":[{"name":"a","image":"z"}]}}"#,
        out,
    );
    let patch = r#"{"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"c"}],"containers":[{"name":"c"},{"name":"a","$patch":"delete"}]}}"#;
    check(
        pod,
        patch,
        r#"{"spec":{"containers":[{"image":"y","name":"b"},{"name":"c"}]}}"#,
    );
    check(
        pod,
        r#"{"spec":{"containers":[{"$patch":"replace"},{"name":"c"}]}}"#,
        r#"{"spec":{"containers":[{"name":"c"}]}}"#,
    );
    check(
        pod,
        r#"{"spec":{"containers":[{"image":"z"}]}}"#,
        r#"map: {"image":"z"} does not contain declared merge key: name"#,
    );
    check(
        r#"{"a":{"b":1,"c":2}}"#,
        r#"{"a":{"$patch":"replace","d":3}}"#,
        r#"{"a":{"d":3}}"#,
    );
    check(r#"{"a":{"b":1}}"#, r#"{"a":{"b":null}}"#, r#"{"a":{}}"#);
    check(
        r#"{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}}"#,
        r#"{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}"#,
        r#"{"strategy":{"type":"Recreate"}}"#,
    );
}

#[test]
fn what_is_made_turns_one_into_the_other() {
    let check = |original: &str, modified: &str, current: &str, patch: &str, result: &str| {
        let made = three_way(&v(original), &v(modified), &v(current));
        assert_eq!(json::print(&made), patch);
        let got =
            apply_strategic(&v(current), &made).map_or_else(|e| e.message, |x| json::print(&x));
        assert_eq!(got, result);
    };
    // Another one scaled it: what the manifest does not say stays; what it said last time and no longer says goes.
    check(
        r#"{"spec":{"paused":true,"template":{"spec":{"containers":[{"name":"a","image":"x"}]}}}}"#,
        r#"{"spec":{"template":{"spec":{"containers":[{"name":"a","image":"y"}]}}}}"#,
        r#"{"spec":{"paused":true,"replicas":5,"template":{"spec":{"containers":[{"image":"x","imagePullPolicy":"Always","name":"a"}]}}}}"#,
        r#"{"spec":{"paused":null,"template":{"spec":{"$setElementOrder/containers":[{"name":"a"}],"containers":[{"image":"y","name":"a"}]}}}}"#,
        r#"{"spec":{"replicas":5,"template":{"spec":{"containers":[{"image":"y","imagePullPolicy":"Always","name":"a"}]}}}}"#,
    );
    let same = r#"{"spec":{"replicas":3}}"#;
    check(
        same,
        same,
        r#"{"spec":{"replicas":3},"status":{}}"#,
        "{}",
        r#"{"spec":{"replicas":3},"status":{}}"#,
    );
}

#[test]
fn json_patches() {
    let check = |patch: &str, expected: &str| {
        let got = apply_json(&v(r#"{"a":[1,2],"b":{"c/d":3}}"#), &v(patch))
            .map_or_else(|e| e, |x| json::print(&x));
        assert_eq!(got, expected, "{patch}");
    };
    check(
        r#"[{"op":"add","path":"/a/1","value":9}]"#,
        r#"{"a":[1,9,2],"b":{"c/d":3}}"#,
    );
    check(
        r#"[{"op":"add","path":"/a/-","value":9}]"#,
        r#"{"a":[1,2,9],"b":{"c/d":3}}"#,
    );
    check(
        r#"[{"op":"remove","path":"/b/c~1d"}]"#,
        r#"{"a":[1,2],"b":{}}"#,
    );
    check(
        r#"[{"op":"move","from":"/a/0","path":"/b/e"}]"#,
        r#"{"a":[2],"b":{"c/d":3,"e":1}}"#,
    );
    check(
        r#"[{"op":"replace","path":"/nope","value":1}]"#,
        "missing path: nope",
    );
    check(
        r#"[{"op":"test","path":"/a/0","value":2}]"#,
        "testing value /a/0 failed",
    );
    assert_eq!(
        json::print(&apply_merge(
            &v(r#"{"a":{"b":1,"c":2}}"#),
            &v(r#"{"a":{"b":null},"d":[1]}"#)
        )),
        r#"{"a":{"c":2},"d":[1]}"#
    );
}
