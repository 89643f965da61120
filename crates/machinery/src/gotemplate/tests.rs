//! Templates of Go and what they print; those that do not parse or run, and what is said.

use super::*;
use crate::value;

/// One function, one method.
struct Small;

impl Host for Small {
    fn signature(&self, name: &str) -> Option<Signature> {
        match name {
            "include" | "tpl" => Some("sa"),
            "upper" => Some("s"),
            "set" => Some("msa"),
            _ => None,
        }
    }
    fn call(&mut self, name: &str, args: &[Value]) -> Result<Value, String> {
        match (name, args) {
            ("upper", [s]) => Ok(Value::from(go(s).to_uppercase())),
            ("set", [m, k, v]) => {
                let mut m = m.clone();
                *m.field(&go(k)) = v.clone();
                Ok(m)
            }
            _ => Err("broken".into()),
        }
    }
    fn method(&mut self, _: &Value, name: &str, args: &[Value]) -> Option<Result<Value, String>> {
        (name == "Get").then(|| {
            Ok(Value::from(format!(
                "<{}>",
                args.iter().map(go).collect::<String>()
            )))
        })
    }
    fn strict(&self) -> bool {
        true
    }
}

fn run(source: &str) -> String {
    let v = value!({
        "items": [{ "n": "a", "c": [1, 2] }, { "n": "b", "c": [] }],
        "m": { "x": 1, "y": "z" }, "on": true, "name": "web", "Files": { "\0type": "files" }
    });
    let mut templates = Templates::default();
    let done = templates
        .add("t", source, &Small)
        .and_then(|()| templates.run("t", &v, &mut Small));
    done.unwrap_or_else(|e| e)
}

#[test]
fn templates() {
    for (source, expected) in [
        (
            "{{range .items}}{{.n}}: {{len .c}}{{\"\\n\"}}{{end}}",
            "a: 2\nb: 0\n",
        ),
        ("{{if .on}}yes{{else}}no{{end}}", "yes"),
        (
            "{{if .no}}a{{else if eq .name \"web\"}}b{{else}}c{{end}}",
            "b",
        ),
        ("{{range $i, $x := .items}}{{$i}}{{$x.n}} {{end}}", "0a 1b "),
        ("{{range $k, $v := .m}}{{$k}}={{$v}},{{end}}", "x=1,y=z,"),
        ("{{(index .items 1).n}}", "b"),
        ("{{with (index .items 1)}}{{.n}}{{$.name}}{{end}}", "bweb"),
        ("{{.items | len | printf \"%03d|%-3v|\" 5}}", "005|2  |"),
        ("{{if and .on (eq (len .items) 2)}}two{{end}}", "two"),
        ("{{.nope}}", "<no value>"),
        ("a {{- \" b \" -}} c", "a b c"),
        ("a\n{{- /* c */ -}}\nb", "ab"),
        (
            "{{define \"d\"}}[{{.}}]{{end}}{{template \"d\" .name}}{{include \"d\" 1 | upper}}",
            "[web][1]",
        ),
        ("{{block \"b\" .name}}<{{.}}>{{end}}", "<web>"),
        ("{{$x := 1}}{{range .items}}{{$x = 2}}{{end}}{{$x}}", "2"),
        (
            "{{range .items}}{{if eq .n \"b\"}}{{break}}{{end}}{{.n}}{{end}}",
            "a",
        ),
        ("{{$m := .m}}{{$_ := set $m \"x\" 5}}{{$m.x}}{{.m.x}}", "51"),
        ("{{$_ := set .m \"x\" 5}}{{$.m.x}}{{.m.x}}", "55"),
        (
            "{{.Files.Get \"a\"}}{{.Files.Get (printf \"%s\" .name)}}",
            "<a><web>",
        ),
        ("{{tpl \"{{.name}}\" .}}", "web"),
        ("{{\"}}\"}}", "}}"),
        ("{{.m}}{{print 1 2 \"a\" 3}}", "map[x:1 y:z]1 2a3"),
        (
            "{{printf \"%q %5.2f %t %x\" \"a\" 1.5 true 255}}",
            "\"a\"  1.50 true ff",
        ),
        (
            "{{printf \"%d\" \"a\"}}{{printf \"%s\"}}",
            "%!d(string=a)%!s(MISSING)",
        ),
    ] {
        assert_eq!(run(source), expected, "{source}");
    }
}

#[test]
fn errors_have_places() {
    for (source, expected) in [
        (
            "x\n{{ .a.b.c }}",
            "template: t:2:5: executing \"t\" at <.a.b.c>: nil pointer evaluating interface {}.b",
        ),
        (
            "{{ .name.b }}",
            "template: t:1:8: executing \"t\" at <.name.b>: can't evaluate field b in type string",
        ),
        (
            "{{ upper .nope }}",
            "template: t:1:9: executing \"t\" at <.nope>: wrong type for value; expected string; got interface {}",
        ),
        (
            "{{ .on | upper }}",
            "template: t:1:9: executing \"t\" at <upper>: wrong type for value; expected string; got bool",
        ),
        (
            "{{ include \"no\" . }}",
            "template: t:1:3: executing \"t\" at <include \"no\" .>: error calling include: template: no template \"no\" associated with template \"gotpl\"",
        ),
        (
            "{{define \"d\"}}{{.a.b}}{{end}}{{include \"d\" .}}",
            "template: t:1:31: executing \"t\" at <include \"d\" .>: error calling include: template: t:1:18: executing \"d\" at <.a.b>: nil pointer evaluating interface {}.b",
        ),
        ("{{ foo }}", "template: t:1: function \"foo\" not defined"),
        ("\n{{ if .a }}", "template: t:2: unexpected EOF"),
        ("{{ end }}", "template: t:1: unexpected {{end}}"),
        ("{{ $x }}", "template: t:1: undefined variable \"$x\""),
        ("{{ .a", "template: t:1: unclosed action"),
        (
            "{{ eq .name 1 }}",
            "template: t:1:3: executing \"t\" at <eq .name 1>: error calling eq: incompatible types for comparison",
        ),
    ] {
        assert_eq!(run(source), expected, "{source}");
    }
    assert!(
        run("{{define \"d\"}}{{template \"d\" .}}{{end}}{{template \"d\" .}}").contains("depth")
    );
}
