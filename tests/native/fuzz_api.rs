//! Random input where text comes in: YAML, JSON, the patches, jsonpath, selectors, CEL, patterns. Nothing panics, nothing
//! takes long, nothing grows without bound. Fixed seeds; `FUZZ_SECONDS` (`cargo xtask fuzz`) goes on longer.

use crate::fuzz::{Chance, rounds, wall};
use machinery::cel::{self, NoHost, T, V};
use machinery::jsonpath::Template;
use machinery::selector::{FieldSelector, Selector};
use machinery::{Object, Value, json, patch, schema, yaml};

const POD: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"nginx","ports":[{"containerPort":80}],"env":[{"name":"A","value":"1"}]}],"tolerations":[{"key":"k"}]},"n":[1,2.5,null,true]}"#;

/// Pieces of each language, from which texts are made.
const PIECES: &[&[&str]] = &[
    // YAML and JSON
    &[
        "a: ", "- ", "\n", "  ", "{", "}", "[", "]", ",", ":", "\"", "'", "|", ">", "&x ", "*x",
        "!!str ", "<<: ", "null", "1e999", "-0", "~", "\t", "#", "---", "é", "\u{0}", "\\u12",
        "0x1F", "\"a\":", "1", "true",
    ],
    // JSON patches
    &[
        "[",
        "]",
        "{\"op\":\"add\"",
        "{\"op\":\"remove\"",
        "{\"op\":\"move\"",
        "{\"op\":\"test\"",
        "{\"op\":\"copy\"",
        ",\"path\":\"/spec\"",
        ",\"path\":\"/spec/containers/0\"",
        ",\"path\":\"/n/-\"",
        ",\"path\":\"/~1~0~\"",
        ",\"path\":\"/n/99999999999999999999\"",
        ",\"from\":\"/metadata\"",
        ",\"value\":{\"a\":[1]}",
        "}",
        ",",
        "null",
    ],
    // merge and strategic patches
    &[
        "{\"spec\":{\"containers\":[",
        "{\"name\":\"c\"",
        ",\"image\":\"x\"",
        ",\"$patch\":\"delete\"",
        "\"$patch\":\"replace\"",
        ",\"env\":[{\"name\":\"A\",\"value\":null}]",
        "}",
        "]",
        ",",
        "{",
        "[",
        "\"metadata\":{\"labels\":null}",
        "\"$retainKeys\":[\"a\"]",
        "\"$setElementOrder/containers\":[{\"name\":\"c\"}]",
        "\"$deleteFromPrimitiveList/x\":[1]",
        ":",
    ],
    // jsonpath
    &[
        "{",
        "}",
        ".",
        "..",
        "[",
        "]",
        "*",
        "metadata",
        "spec.containers",
        "0",
        "-1",
        ":",
        "::",
        "?(",
        "@",
        ")",
        "==",
        "\"c\"",
        "'c'",
        "range ",
        "end",
        "&&",
        "||",
        "<",
        ">",
        "!",
        "\\.",
        "\n",
        "é",
        "99999999999",
        "[0:1:0]",
        "[::-1]",
    ],
    // selectors
    &[
        "app",
        "=",
        "==",
        "!=",
        " in ",
        " notin ",
        "(",
        ")",
        ",",
        "!",
        "a/b",
        "web",
        ">",
        "<",
        "5",
        "é",
        "metadata.name",
        "\\",
        " ",
    ],
    // CEL
    &[
        "object",
        ".spec",
        ".containers",
        ".all(c, ",
        ".map(x, ",
        ".exists(",
        "has(",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "'a'",
        "\"b\"",
        "1",
        "2u",
        "1.5",
        "-",
        "+",
        "*",
        "/",
        "%",
        "==",
        "!=",
        "<",
        " in ",
        "&&",
        "||",
        "!",
        "?",
        ":",
        ",",
        ".",
        "true",
        "null",
        ".matches('(a+)+$')",
        ".format([",
        "size(",
        "timestamp('2026-01-01T00:00:00Z')",
        "duration('1h')",
        "quantity('1Gi')",
        "c",
        "x",
        "optional.of(",
        ".orValue(",
        ".?a",
        "[?0]",
        "b'\\x00'",
        "r'\\d'",
        "9223372036854775807",
        "ip('::1')",
        "\\",
        "é",
        "`a`",
        "//",
    ],
    // patterns
    &[
        "a",
        "*",
        "+",
        "?",
        "(",
        ")",
        "[",
        "]",
        "^",
        "$",
        "{1,3}",
        "{1000}",
        "|",
        "\\",
        "\\d",
        "\\pL",
        "(?:",
        "(?i)",
        "[^",
        "-",
        "é",
        ".",
        "[:alpha:]",
    ],
];

fn made(chance: &mut Chance, pieces: &[&str], most: usize) -> String {
    let n = 1 + chance.below(most);
    (0..n).map(|_| *chance.pick(pieces)).collect()
}

fn feed(which: usize, text: &str, object: &Object, vars: &[(&str, V)]) {
    match which {
        0 => {
            let docs = yaml::documents(text);
            docs.into_iter()
                .filter_map(|d| d.value.ok())
                .for_each(|v| drop(json::print(&v)));
            let _ = json::parse(text);
        }
        1 => {
            if let Ok(p) = json::parse(text) {
                let _ = patch::apply_json(&object.0, &p);
            }
        }
        2 => {
            if let (Ok(p), Some(ty)) = (json::parse(text), schema::of("v1", "Pod")) {
                let _ = patch::apply_merge(&object.0, &p);
                let _ = patch::apply_strategic_as(&object.0, &p, &ty);
            }
        }
        3 => {
            if let Ok(t) = Template::parse(text) {
                let _ = t.execute(&object.0, true);
                let _ = t.execute(&object.0, false);
            }
        }
        4 => {
            if let Ok(s) = Selector::parse(text) {
                s.matches(object.labels());
            }
            let _ = FieldSelector::parse(text);
        }
        5 => {
            if let Ok(p) = cel::compile(text, &[("object", T::plain("dyn"))]) {
                let _ = p.eval(vars, &NoHost, &mut { 50_000 });
            }
        }
        _ => drop(pattern::Regex::re2(text).map(|r| r.is_match("aaaaaaaaaaaaaaaaaaaaab-é"))),
    }
}

#[test]
fn fuzz_what_the_api_reads() {
    let (most, seconds) = rounds(60_000);
    let start = wall();
    let mut chance = Chance(3);
    let object = Object(json::parse(POD).expect("JSON"));
    let vars = [("object", V::of(&object.0))];
    for i in 0..most {
        let which = i % PIECES.len();
        let text = made(&mut chance, PIECES[which], 24);
        let begun = wall();
        feed(which, &text, &object, &vars);
        let took = begun.elapsed().as_millis();
        assert!(took < 2_000, "{took} ms for {text:?}");
        if seconds.is_some_and(|s| start.elapsed().as_secs() > s / 2) {
            break;
        }
    }
}

/// What is much, deep or long is refused or done in time.
#[test]
fn fuzz_large_input_has_bounds() {
    let object = Object(json::parse(POD).expect("JSON"));
    let vars = [("object", V::of(&object.0))];
    let many = |piece: &str| piece.repeat(4_000);
    for (which, text) in [
        (0, many("[")),
        (0, many("{a: ")),
        (0, many("- ")),
        (0, format!("a: &x [{}]", many("*x,"))),
        (
            1,
            format!(
                "[{}]",
                vec!["{\"op\":\"copy\",\"from\":\"/n\",\"path\":\"/n/-\"}"; 40].join(",")
            ),
        ),
        (3, many("{.a")),
        (3, many("[0]")),
        (4, many("a,")),
        (4, many("(")),
        (5, many("(")),
        (5, many("1+")),
        (5, many("a.")),
        (5, many("[")),
        (5, many("!")),
        (5, many("a?b:")),
        (5, "[1,2,3,4,5,6,7,8,9].map(a, ".repeat(9)),
        (6, many("(")),
        (6, many("a*")),
        (6, "(a{100}){100}".repeat(3)),
    ] {
        let head: String = text.chars().take(40).collect();
        if std::env::var_os("FUZZ_TRACE").is_some() {
            eprintln!("{which}: {head}");
        }
        let begun = wall();
        feed(which, &text, &object, &vars);
        let took = begun.elapsed().as_millis();
        assert!(took < 5_000, "{took} ms for {head:?}...");
    }
    let _: Value = object.0;
}
