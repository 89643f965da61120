//! Expressions and what they come to; texts that do not compile and what is said.

use super::*;
use crate::json;

fn run(text: &str) -> String {
    let object = json::parse(
        r#"{"spec":{"replicas":3,"names":["a","b"],"image":"nginx:1.25","labels":{"a-b":"c"}},"n":1.5}"#,
    )
    .expect("JSON");
    let vars = [("object", V::of(&object))];
    let types = [("object", check::DYN)];
    match compile(text, &types) {
        Err(e) => e,
        Ok(p) => match p.eval(&vars, &NoHost, &mut { CALL_BUDGET }) {
            Ok(v) => json::print(&v.to_value()),
            Err(e) => format!("error: {e}"),
        },
    }
}

#[test]
fn expressions_come_to_what_upstream_says() {
    let check = |text: &str, wanted: &str| assert_eq!(run(text), wanted, "{text}");
    check("1 + 2 * 3 - 4 / 2", "5");
    check("-7 % 3", "-1");
    check("object.spec.replicas <= 5 && object.n < 2", "true");
    check("has(object.spec.nope) || object.spec.replicas == 3", "true");
    check("object.spec.nope == 1", "error: no such key: nope");
    check("object.spec.nope == 1 || true", "true");
    check("object.spec.names.all(n, n.size() == 1)", "true");
    check("object.spec.names.exists_one(n, n == 'a')", "true");
    check("object.spec.names.map(n, n + '!')", r#"["a!","b!"]"#);
    check("object.spec.names.filter(n, n != 'a')", r#"["b"]"#);
    check(
        "'a' in object.spec.names && 'a-b' in object.spec.labels",
        "true",
    );
    check("object.spec.labels['a-b']", r#""c""#);
    check("object.spec.names[5]", "error: index out of bounds: 5");
    check("object.spec.image.matches('^nginx:[0-9.]+$')", "true");
    check("object.spec.image.split(':')[1]", r#""1.25""#);
    check("'%s has %d'.format(['x', 3])", r#""x has 3""#);
    check("object.?spec.?nope.orValue(7)", "7");
    check("[1, 2, 3].sum() + [3, 1].min()", "7");
    check("quantity('1Gi').isGreaterThan(quantity('500Mi'))", "true");
    check("cidr('10.0.0.0/8').containsIP('10.1.2.3')", "true");
    check("url('https://a.b:80/c?d=e').getPort()", r#""80""#);
    check("timestamp('2026-01-02T03:04:05Z').getHours()", "3");
    check(
        "duration('90m') > duration('1h') ? 'long' : 'short'",
        r#""long""#,
    );
    check("type(1) == int && type('a') == string", "true");
    check("{'a': 1}.all(k, k == 'a')", "true");
    check("sets.contains(['a', 'b'], ['a'])", "true");
    check("!format.dns1123Label().validate('A').hasValue()", "false");
    check("'abc'.find('b+') + string(1) + string(true)", r#""b1true""#);
    check("dyn('a') + 1", "error: no such overload");
    check("1 / 0", "error: division by zero");
}

#[test]
fn what_does_not_compile_is_told_with_its_place() {
    let check = |text: &str, wanted: &str| assert_eq!(run(text), wanted, "{text}");
    check(
        "foo == 1",
        "ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')\n | foo == 1\n | ^",
    );
    check(
        "1 + 'a'",
        "ERROR: <input>:1:3: found no matching overload for '_+_' applied to '(int, string)'\n | 1 + 'a'\n | ..^",
    );
    check(
        "'a'.startsWith(1)",
        "ERROR: <input>:1:15: found no matching overload for 'startsWith' applied to 'string.(int)'\n | 'a'.startsWith(1)\n | ..............^",
    );
    check(
        "object.spec.replicas <",
        "ERROR: <input>:1:23: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | object.spec.replicas <\n | ......................^",
    );
}

#[test]
fn schemas_type_what_rules_see() {
    let schema = json::parse(
        r#"{"type":"object","properties":{"spec":{"type":"object","properties":{"n":{"type":"integer"},"s":{"type":"string"}}}}}"#,
    )
    .expect("JSON");
    let ty = T::of_schema(&schema, true).expect("a type");
    let told = |text: &str| {
        compile(text, &[("self", ty.clone())])
            .err()
            .unwrap_or_default()
    };
    assert_eq!(told("self.spec.n > 1 && self.metadata.name != ''"), "");
    assert_eq!(
        told("self.spec.m > 1"),
        "ERROR: <input>:1:10: undefined field 'm'\n | self.spec.m > 1\n | .........^"
    );
    assert_eq!(
        told("self.spec.s > 1"),
        "ERROR: <input>:1:13: found no matching overload for '_>_' applied to '(string, int)'\n | self.spec.s > 1\n | ............^"
    );
}

#[test]
fn nothing_runs_for_ever() {
    let many = "[1,2,3,4,5,6,7,8,9,10]";
    let text = format!(
        "{many}.all(a, {many}.all(b, {many}.all(c, {many}.all(d, {many}.all(e, {many}.all(f, a + b + c + d + e + f > 0))))))"
    );
    assert_eq!(
        run(&text),
        "error: operation cancelled: actual cost limit exceeded"
    );
    assert!(run(&"(".repeat(100_000)).contains("recursion limit"));
    assert!(run(&"!".repeat(100_000)).contains("recursion limit"));
    assert!(run(&"-".repeat(100_000)).contains("recursion limit"));
    assert!(run(&format!("object{}", ".a".repeat(40_000))).contains("recursion limit"));
    assert!(run(&format!("1{}", "+1".repeat(40_000))).contains("recursion limit"));
}
