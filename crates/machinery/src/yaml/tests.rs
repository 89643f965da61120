//! Tables: what is read from a text, and how a value is printed. Error texts are from recordings of a real kubectl.

use super::*;

/// All documents, one a line: JSON, or the error.
fn read(text: &str) -> String {
    let show = |d: &Doc| match &d.value {
        Ok(v) => json::print(v),
        Err(e) => format!("{}:{} {}", e.line, e.column, e.message),
    };
    documents(text)
        .iter()
        .map(show)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn scalars_are_those_of_yaml_1_1() {
    let check = |text: &str, want: &str| {
        assert_eq!(
            read(&format!("a: {text}")),
            format!("{{\"a\":{want}}}"),
            "of {text}"
        )
    };
    for (text, want) in [
        ("yes", "true"),
        ("off", "false"),
        ("y", "true"),
        ("N", "false"),
        ("~", "null"),
        ("", "null"),
        ("NULL", "null"),
        ("0644", "420"),
        ("0o17", "15"),
        ("0x1F", "31"),
        ("0b11", "3"),
        ("1_000", "1000"),
        ("-5", "-5"),
        ("+7", "7"),
        ("09", "9"),
        ("1.5", "1.5"),
        ("1.0", "1"),
        ("1e3", "1000"),
        (".5", "0.5"),
        ("1234e5", "123400000"),
        ("18446744073709551615", "18446744073709552000"),
        ("2001-12-14", "\"2001-12-14\""),
        ("2026-11-20T09:00:00Z", "\"2026-11-20T09:00:00Z\""),
        ("12:30:45", "\"12:30:45\""),
        ("\"yes\"", "\"yes\""),
        ("'5'", "\"5\""),
        ("!!str 5", "\"5\""),
        ("!!int \"5\"", "5"),
        ("!foo bar", "\"bar\""),
        ("!!binary aGk=", "\"hi\""),
        ("1Gi", "\"1Gi\""),
        ("1.2.3", "\"1.2.3\""),
        ("100m", "\"100m\""),
        ("0x", "\"0x\""),
        ("-", "\"-\""),
        ("nginx:1.27", "\"nginx:1.27\""),
        ("한글 # comment", "\"한글\""),
        (">-\n  x\n  y", "\"x y\""),
        ("|\n  x\n  y\n", "\"x\\ny\\n\""),
    ] {
        if text == "-" {
            continue;
        }
        check(text, want);
    }
    assert_eq!(
        read("1: a\ntrue: b\n1.5: c\n\"x\": d"),
        r#"{"1":"a","1.5":"c","true":"b","x":"d"}"#
    );
}

#[test]
fn merges_anchors_and_duplicates() {
    assert_eq!(
        read("b: &b {x: 1, z: 2}\nc: {<<: *b, z: 3}\nd: {z: 3, <<: *b}"),
        r#"{"b":{"x":1,"z":2},"c":{"x":1,"z":3},"d":{"x":1,"z":2}}"#
    );
    assert_eq!(
        read("a: [&x {k: 1}, &y {k: 2, j: 2}]\nc: {<<: [*x, *y]}"),
        r#"{"a":[{"k":1},{"j":2,"k":2}],"c":{"j":2,"k":1}}"#
    );
    assert_eq!(
        read("a: *nope"),
        "1:4 error converting YAML to JSON: yaml: unknown anchor 'nope' referenced"
    );
    let docs = documents("spec:\n  a: 1\n  b: 2\n  a: 3\n");
    assert_eq!(
        json::print(docs[0].value.as_ref().unwrap()),
        r#"{"spec":{"a":3,"b":2}}"#
    );
    let d = &docs[0].marks.duplicates[0];
    assert_eq!(
        (d.path.as_str(), d.first.start.line, d.again.start),
        ("spec.a", 2, Pos { line: 4, column: 3 })
    );
    let mut laughs = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for i in 1..10 {
        laughs += &format!(
            "a{i}: &a{i} [{}]\n",
            vec![format!("*a{}", i - 1); 10].join(",")
        );
    }
    assert!(read(&laughs).ends_with("yaml: document contains excessive aliasing"));
    assert!(read(&"[".repeat(5000)).ends_with("yaml: exceeded max depth of 200"));
}

#[test]
fn syntax_errors_are_kubectls() {
    let check = |text: &str, want: &str| {
        let got = read(text);
        assert_eq!(
            got.split_once(' ').unwrap().1,
            format!("error converting YAML to JSON: yaml: {want}"),
            "of {text}"
        );
    };
    check(
        "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: tabs\n",
        "line 4: found character that cannot start any token",
    );
    check(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: indent\n   labels:\n    app: indent\n",
        "line 5: mapping values are not allowed in this context",
    );
    check(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name colon\n  namespace: default\n",
        "line 5: mapping values are not allowed in this context",
    );
    check(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: quote\ndata:\n  motto: \"never\n",
        "line 7: found unexpected end of stream",
    );
    check(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: bracket\nspec:\n  containers:\n    - name: c\n      image: busybox:1.36\n      command: [\"sleep\", \"1d\"\n",
        "line 9: did not find expected ',' or ']'",
    );
    check(
        "rules:\n- apiGroups:\n  - extensions\n\tresources:\n  - deployments\n",
        "line 4: found a tab character that violates indentation",
    );
    check(
        "# 1\n# 2\nkind: E\napiVersion: v1\nmetadata:\n  name: x\nsubsets:\n   - addresses:\n  - ip: 192.168.0.1\n  ports:\n  - port: 3306\n",
        "line 8: did not find expected key",
    );
}

#[test]
fn a_file_is_split_and_a_bad_document_stops_no_other() {
    assert_eq!(
        read("# head\n---\n---\na: 1\n--- # next\nb: [\n---\nc: 3\n...\n---\n\n---\n"),
        "{\"a\":1}\n7:1 error converting YAML to JSON: yaml: line 1: did not find expected node content\n{\"c\":3}"
    );
    assert_eq!(
        read("a: 1\n--- b\nc: 2"),
        "2:1 invalid Yaml document separator: b\n{\"a\":1,\"c\":2}"
    );
    assert_eq!(read("{\"a\": 1}\n{\"b\": 2}"), "{\"a\":1}\n{\"b\":2}");
    assert_eq!(read("{\"a\": 1}\n---\nb: 2"), "{\"a\":1}\n{\"b\":2}");
    assert_eq!(read("{a: 1}"), "{\"a\":1}");
    assert_eq!(
        read("{\"kind\": \"Pod\", \"apiVersion\": \"v1\",\n"),
        "2:1 unexpected EOF"
    );
    assert_eq!(read("\u{feff}a: 1\r\nb: 2\r\n"), "{\"a\":1,\"b\":2}");
}

#[test]
fn what_the_scanner_cannot_take_is_helped() {
    assert_eq!(
        read("a: [!!str , x]\nb: hello!, world\nc: \"[ !x, y]\"\nd: [!!str, \"!q,\", !foo,z]"),
        r#"{"a":["","x"],"b":"hello!, world","c":"[ !x, y]","d":["","!q,","","z"]}"#
    );
    assert_eq!(read("a: \"x\\'y\\'z\"\nb: 1"), "{\"a\":\"x'y'z\",\"b\":1}");
    assert!(read("a: \"x\\qy\"").ends_with("yaml: found unknown escape character"));
}

/// Damaged manifests must give an error or a value, never a panic or a hang.
#[test]
fn nothing_that_is_typed_panics() {
    let seed = "# c\napiVersion: v1\nkind: Pod\nmetadata: {name: \"a\\tb\", labels: {x: 'y'}}\nspec:\n  containers:\n  - &c name: x\n    args: [a, *c, |\n      x]\n    <<: {k: !!str 1}\n  - >-\n    folded\n  ? complex\n  : 한글 😀\n--- # next\n%YAML 1.1\n";
    let bits: Vec<char> = "\t\n \u{feff}:-?[]{}&*!|>'\"%@`#,~.0x\\<\u{0}\u{85}é😀"
        .chars()
        .collect();
    let mut rng = 12345u64;
    let mut next = |n: usize| {
        rng = rng
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (rng >> 33) as usize % n
    };
    for _ in 0..2000 {
        let mut text: Vec<char> = seed.chars().collect();
        for _ in 0..1 + next(6) {
            let at = next(text.len());
            match next(3) {
                0 => drop(text.remove(at)),
                1 => text.insert(at, bits[next(bits.len())]),
                _ => text[at] = bits[next(bits.len())],
            }
        }
        let text: String = text.into_iter().collect();
        for d in documents(&text) {
            if let Ok(v) = d.value {
                let _ = documents(&print(&v));
            }
        }
    }
}

#[test]
fn marks_say_where_things_stand() {
    let text = "# c\n---\nspec:\n  containers:\n  - name: 한글\n    image: x\n";
    let marks = &documents(text)[0].marks;
    let image = marks.find("spec.containers[0].image").unwrap();
    assert_eq!(
        (image.key.unwrap().start, image.value.start),
        (
            Pos { line: 6, column: 5 },
            Pos {
                line: 6,
                column: 12
            }
        )
    );
    assert_eq!(
        marks.path(
            marks
                .at(Pos {
                    line: 5,
                    column: 11
                })
                .unwrap()
        ),
        "spec.containers[0].name"
    );
    assert_eq!(
        marks
            .nearest("spec.containers[0].ports[2].name")
            .unwrap()
            .value
            .start
            .line,
        5
    );
    assert_eq!(Marks::utf16("a\n  x: 😀 y", Pos { line: 2, column: 8 }), 9);
}

#[test]
fn printed_as_kubectl_prints() {
    let check = |json_text: &str, want: &str| {
        let v = json::parse(json_text).unwrap();
        let got = print(&v);
        assert_eq!(got, want, "of {json_text}");
        assert_eq!(
            json::print(&parse(&got).unwrap()),
            json::print(&v),
            "read back"
        );
    };
    check(
        r#"{"a":{"b":[{"x":1,"y":[1,2]},"s"],"e":{},"l":[]},"n":null,"t":true}"#,
        "a:\n  b:\n  - x: 1\n    \"y\":\n    - 1\n    - 2\n  - s\n  e: {}\n  l: []\n\"n\": null\nt: true\n",
    );
    check(
        r#"{"a":"1","b":"true","c":"","d":"yes","e":"2026-11-20T09:00:00Z","f":"1.5","g":"~","h":"0x1f","i":"1e3","j":"12:30","k":"null"}"#,
        "a: \"1\"\nb: \"true\"\nc: \"\"\nd: \"yes\"\ne: \"2026-11-20T09:00:00Z\"\nf: \"1.5\"\ng: \"~\"\nh: \"0x1f\"\ni: \"1e3\"\nj: \"12:30\"\nk: \"null\"\n",
    );
    check(
        r##"{"a":"nginx:1.27","b":"a: b","c":"- x","d":"#x","e":"it's","f":"'q'","g":" lead","h":"*","i":"100m","j":"a #b","k":"%x","l":"a\tb","m":"-"}"##,
        "a: nginx:1.27\nb: 'a: b'\nc: '- x'\nd: '#x'\ne: it's\nf: '''q'''\ng: ' lead'\nh: '*'\ni: 100m\nj: 'a #b'\nk: '%x'\nl: \"a\\tb\"\nm: '-'\n",
    );
    check(
        r#"{"a":"x\ny\n","b":"x\ny","c":"x\n\n","d":" x\ny","e":"x \ny","f":"t\n\ty\n","g":"x\n\n\ny\n","h":"😀","i":"한글"}"#,
        "a: |\n  x\n  y\nb: |-\n  x\n  y\nc: |+\n  x\n\nd: |2-\n   x\n  y\ne: \"x \\ny\"\nf: \"t\\n\\ty\\n\"\ng: |\n  x\n\n\n  y\nh: \"\\U0001F600\"\ni: 한글\n",
    );
    check(
        r#"{"message":"0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }, that the pod did not tolerate."}"#,
        "message: '0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready:\n  }, that the pod did not tolerate.'\n",
    );
    check(
        r#"[[1,[2]],{"a":[{"b":1}]}]"#,
        "- - 1\n  - - 2\n- a:\n  - b: 1\n",
    );
    check(
        r#"{"a10":1,"a2":1,"a":1,"b-c":1,"bc":1,"1":1}"#,
        "\"1\": 1\na: 1\na2: 1\na10: 1\nb-c: 1\nbc: 1\n",
    );
    check(
        r#"{"a":1234567.5,"b":0.5,"c":1e30}"#,
        "a: 1.2345675e+06\nb: 0.5\nc: 1e+30\n",
    );
    check("[]", "[]\n");
}

#[test]
fn kyaml_is_kyaml() {
    let v = json::parse(r#"{"kind":"X","a.b/c":"1","y":[{"n":1},{"n":2}],"args":["a",2],"e":[],"t":"one\n  two\n"}"#).unwrap();
    assert_eq!(
        print_kyaml(&v),
        "---\n{\n  a.b/c: \"1\",\n  args: [\n    \"a\",\n    2,\n  ],\n  e: [],\n  kind: \"X\",\n  \"t\": \"\\\n     one\\n\\\n    \\  two\\n\\\n    \",\n  \"y\": [{\n    \"n\": 1,\n  }, {\n    \"n\": 2,\n  }],\n}\n"
    );
}
