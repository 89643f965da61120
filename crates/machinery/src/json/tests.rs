//! Tables of the module above.

use super::*;

#[test]
fn errors_are_in_gos_words() {
    let check = |text: &str, want: &str| {
        let got = match parse(text) {
            Ok(v) => print(&v),
            Err(e) => format!("{} @{}", e.message, e.offset),
        };
        assert_eq!(got, want, "of {text}");
    };
    check(
        r#"{"b": [1, -2.5e3, "\u00e9\ud83d\ude00\n"], "a": null}"#,
        "{\"a\":null,\"b\":[1,-2500,\"é😀\\n\"]}",
    );
    check("12345678901234567890", "12345678901234567000");
    check("[1e30, 1e-9]", "[1e+30,1e-9]");
    check("", "unexpected end of JSON input @0");
    check("{\"a\"", "unexpected end of JSON input @4");
    check(
        "{x",
        "invalid character 'x' looking for beginning of object key string @2",
    );
    check("[1 2]", "invalid character '2' after array element @4");
    check("{\"a\" 1}", "invalid character '1' after object key @6");
    check(
        "{\"a\": 1 x}",
        "invalid character 'x' after object key:value pair @9",
    );
    check(
        "hello",
        "invalid character 'h' looking for beginning of value @1",
    );
    check(
        "nul!",
        "invalid character '!' in literal null (expecting 'l') @4",
    );
    check("01", "invalid character '1' after top-level value @2");
    check(
        "1.x",
        "invalid character 'x' after decimal point in numeric literal @3",
    );
    check("\"a\nb\"", "invalid character '\\n' in string literal @3");
    check("\"\\q\"", "invalid character 'q' in string escape code @3");
    check(
        "'a'",
        "invalid character '\\'' looking for beginning of value @1",
    );
    check(&"[".repeat(10_000), "exceeded max depth @401");
}

#[test]
fn duplicates_are_listed_and_streams_read_one_by_one() {
    let (v, d) = parse_strict(r#"{"s":{"r":1,"r":2},"l":[{"i":1,"i":2}]}"#).unwrap();
    assert_eq!(
        (print(&v).as_str(), d),
        (
            r#"{"l":[{"i":2}],"s":{"r":2}}"#,
            vec!["s.r".to_string(), "l[0].i".to_string()]
        )
    );
    assert_eq!(parse_prefix("{\"a\":1} {").unwrap().1, 7);
    assert_eq!(
        parse_prefix("{\"a\":").unwrap_err().message,
        "unexpected EOF"
    );
}

#[test]
fn indented_as_kubectl_prints() {
    let v = parse(r#"{"a":{},"b":[1,"<x>"],"c":[]}"#).unwrap();
    assert_eq!(
        print_indented(&v, 4),
        "{\n    \"a\": {},\n    \"b\": [\n        1,\n        \"\\u003cx\\u003e\"\n    ],\n    \"c\": []\n}"
    );
}
