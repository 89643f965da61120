//! Tables of the module above.

use super::*;
use crate::value;

#[test]
fn parsed_printed_and_refused_in_upstreams_words() {
    const KEY: &str = "(regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    for (s, want) in [
        ("", ""),
        ("app=web", "app=web"),
        ("b == x , a!=y", "a!=y,b==x"),
        ("a in (x, b,a),!c,d", "a in (a,b,x),!c,d"),
        ("x notin (),y>3,z<4", "x notin (),y>3,z<4"),
        ("in in (in)", "in in (in)"),
        ("a=", "a="),
        ("a in (,b)", "a in (,b)"),
        (
            "env in prod",
            "unable to parse requirement: found 'prod' expected: '('",
        ),
        ("a=b c", "found 'c', expected: ',' or 'end of string'"),
        ("a,", "found '', expected: identifier after ','"),
        (
            ",a",
            "found ',', expected: !, identifier, or 'end of string'",
        ),
        (
            "a ! b",
            "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt",
        ),
        (
            "a=(",
            "unable to parse requirement: found '(', expected: identifier",
        ),
        (
            "a in (b",
            "unable to parse requirement: found '', expected: ',' or ')'",
        ),
        (
            "a>x",
            "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
        ),
    ] {
        assert_eq!(
            Selector::parse(s).map_or_else(|e| e, |s| s.to_string()),
            want,
            "of {s}"
        );
    }
    let err = Selector::parse("-a=b").unwrap_err();
    assert!(err.starts_with("unable to parse requirement: <nil>: Invalid value: \"-a\": name part must consist of") && err.contains("(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"), "{err} {KEY}");
}

#[test]
fn matching() {
    let labels = value!({ "app": "web", "n": "5", "tier": "a" });
    let check = |s: &str, want: bool| {
        assert_eq!(
            Selector::parse(s).unwrap().matches(labels.entries()),
            want,
            "of {s}"
        )
    };
    for s in [
        "",
        "app=web",
        "app!=x",
        "tier in (a,b)",
        "tier notin (b)",
        "no notin (b)",
        "no!=x",
        "!no",
        "app",
        "n>4",
        "n<6",
        "app=web,tier=a",
    ] {
        check(s, true);
    }
    for s in ["app=x", "no=x", "!app", "tier in (b)", "n>5", "app>1", "no"] {
        check(s, false);
    }
    let of = |v: Value| Selector::of_object(&v);
    let s = of(value!({ "matchLabels": { "app": "web" }, "matchExpressions": [{ "key": "tier", "operator": "In", "values": ["b", "a"] }, { "key": "z", "operator": "DoesNotExist" }] })).unwrap();
    assert_eq!(
        (s.to_string().as_str(), s.matches(labels.entries())),
        ("app=web,tier in (a,b),!z", true)
    );
    assert!(!of(Value::Null).unwrap().matches(&[]) && of(value!({})).unwrap().matches(&[]));
    assert_eq!(
        of(value!({ "matchExpressions": [{ "key": "a", "operator": "Is" }] })).unwrap_err(),
        "\"Is\" is not a valid label selector operator"
    );
}

#[test]
fn fields() {
    let s = FieldSelector::parse("status.phase!=Running,metadata.name==web").unwrap();
    assert_eq!(s.to_string(), "metadata.name=web,status.phase!=Running");
    assert!(s.matches(|f| if f == "metadata.name" {
        "web".into()
    } else {
        "Pending".into()
    }));
    assert_eq!(
        FieldSelector::parse("oops").unwrap_err(),
        "invalid selector: 'oops'; can't understand 'oops'"
    );
    assert_eq!(
        FieldSelector::parse("a=b=c").unwrap_err(),
        "invalid field selector: unescaped character in value: 61"
    );
}
