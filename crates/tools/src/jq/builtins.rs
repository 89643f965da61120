//! jq's functions: those in the machine's own words, and those written in jq ([`PRELUDE`]).
//! Left out, and said so: SQL-style operators, streaming, `strptime`, `getpath` in SQL, `splits` with lazy quantifiers.

use super::eval::{At, Done, Machine, Out, Stop, error};
use super::parse::Ast;
use super::paths::get_path;
use super::regex;
use super::scope::Env;
use super::value::{J, Style, arr, order, read, text};
use shell::filters::date;
use std::rc::Rc;

/// Functions written in jq itself.
pub const PRELUDE: &str = r#"
def map(f): [.[] | f];
def select(f): if f then . else empty end;
def values: select(. != null);
def nulls: select(. == null);
def booleans: select(type == "boolean");
def numbers: select(type == "number");
def strings: select(type == "string");
def arrays: select(type == "array");
def objects: select(type == "object");
def iterables: select(type == "array" or type == "object");
def scalars: select(type != "array" and type != "object");
def map_values(f): .[] |= f;
def to_entries: [keys_unsorted[] as $k | {key: $k, value: .[$k]}];
def from_entries: reduce .[] as $x ({}; . + { ($x | if type == "object" then (if has("key") then .key elif has("k") then .k elif has("name") then .name elif has("Name") then .Name elif has("Key") then .Key else null end) else . end | if type == "string" then . elif . == null then "null" else tojson end): ($x | if type == "object" then (if has("value") then .value elif has("v") then .v elif has("Value") then .Value else null end) else null end) });
def with_entries(f): to_entries | map(f) | from_entries;
def recurse(f): def r: ., (f | r); r;
def recurse(f; c): def r: ., (f | select(c) | r); r;
def in(xs): . as $x | xs | has($x);
def inside(xs): . as $x | xs | contains($x);
def todate: strftime("%Y-%m-%dT%H:%M:%SZ");
def fromdate: fromdateiso8601;
def dateadd(u; n): . + n;
def ascii: [.] | implode;
def finites: select(isinfinite or isnan | not);
def normals: select(isnormal);
def combinations: if length == 0 then [] else .[0][] as $x | (.[1:] | combinations) as $w | [$x] + $w end;
def combinations(n): . as $dot | [range(n)] | map($dot) | combinations;
def walk(f): def w: if type == "object" then map_values(w) elif type == "array" then map(w) else . end | f; w;
def env: $ENV;
def todateiso8601: todate;
def paths(f): path(..|select(f)) | select(length > 0);
def paths: path(..) | select(length > 0);
def leaf_paths: paths(scalars);
def del(f): delpaths([path(f)]);
def toarray: if type == "array" then . else [.] end;
def add(f): reduce f as $x (null; . + $x);
def any(f): [.[] | f] | any;
def all(f): [.[] | f] | all;
def any(g; f): [g | f] | any;
def all(g; f): [g | f] | all;
def isvalid(f): try (f | true) catch false;
def flatten: flatten(1e9);
def range($n): range(0; $n);
def range($a; $b): range($a; $b; 1);
def first: .[0];
def last: .[-1];
def last(f): reduce f as $x (null; $x);
def nth($n): .[$n];
def nth($n; f): last(limit($n + 1; f));
def until(c; u): def _u: if c then . else (u | _u) end; _u;
def repeat(f): def r: ., (f | r); r;
def inputs: def r: (try input catch empty) | (., r); r;
def min_by(f): (map([f]) | min) as $m | map(select([f] == $m)) | .[0];
def max_by(f): (map([f]) | max) as $m | map(select([f] == $m)) | .[-1];
def unique_by(f): [group_by(f)[] | .[0]];
def unique: unique_by(.);
def sort: sort_by(.);
def group_by(f): _group(map([f]));
def sort_by(f): _sort(map([f]));
def test(re): test(re; null);
def match(re): match(re; null);
def capture(re): capture(re; null);
def capture(re; flags): match(re; flags) | [.captures[] | select(.name != null) | {key: .name, value: .string}] | from_entries;
def scan(re): scan(re; null);
def scan(re; flags): match(re; "g" + flags) | if (.captures | length) > 0 then [.captures[].string] else .string end;
def splits(re): splits(re; null);
def splits(re; flags): split(re; flags)[];
def sub(re; s): sub(re; s; "");
def gsub(re; s): sub(re; s; "g");
def gsub(re; s; flags): sub(re; s; flags + "g");
def sub(re; s; flags): . as $in | [match(re; flags)] as $all | [foreach ($all[], null) as $m ({at: 0, out: null}; if $m == null then .out = $in[.at:] else .out = $in[.at:$m.offset] + ($m.captures | map(select(.name != null) | {key: .name, value: .string}) | from_entries | s) | .at = $m.offset + $m.length end; .out)] | add // $in;
def pick(f): . as $in | reduce path(f) as $p (null; setpath($p; $in | getpath($p)));
def debug(m): (m | debug | empty), .;
def have_literal_numbers: true;
def halt_error: halt_error(5);
def IN(s): any(s == .; .);
def IN(src; s): any(src == s; .);
def INDEX(s; f): reduce s as $r ({}; .[$r | f | tostring] |= $r);
def INDEX(f): INDEX(.[]; f);
def while(c; u): def _w: if c then ., (u | _w) else empty end; _w;
def abs: if type == "number" and . < 0 then -. else . end;
"#;

pub fn to_text(v: &J) -> String {
    match v {
        J::Str(s) => s.to_string(),
        v => v.print(&Style::default()),
    }
}

fn named(v: &J) -> String {
    format!("{} ({})", v.kind(), v.short())
}

pub fn binary(sign: &str, a: J, b: J) -> Result<J, Stop> {
    let wrong =
        |what: &str, a: &J, b: &J| error(format!("{} and {} cannot be {what}", named(a), named(b)));
    Ok(match (sign, a, b) {
        ("==", a, b) => J::Bool(a == b),
        ("!=", a, b) => J::Bool(a != b),
        ("<", a, b) => J::Bool(order(&a, &b).is_lt()),
        ("<=", a, b) => J::Bool(order(&a, &b).is_le()),
        (">", a, b) => J::Bool(order(&a, &b).is_gt()),
        (">=", a, b) => J::Bool(order(&a, &b).is_ge()),
        ("+", J::Null, v) | ("+", v, J::Null) => v,
        ("+", J::Num(x), J::Num(y)) => J::Num(x + y),
        ("+", J::Str(x), J::Str(y)) => text(format!("{x}{y}")),
        ("+", J::Arr(x), J::Arr(y)) => arr(x.iter().chain(y.iter()).cloned().collect()),
        ("+", x @ J::Obj(_), y @ J::Obj(_)) => {
            let mut out = x;
            y.fields().iter().for_each(|(k, v)| out.set(k, v.clone()));
            out
        }
        ("+", a, b) => return wrong("added", &a, &b),
        ("-", J::Num(x), J::Num(y)) => J::Num(x - y),
        ("-", J::Arr(x), J::Arr(y)) => arr(x.iter().filter(|v| !y.contains(v)).cloned().collect()),
        ("-", a, b) => return wrong("subtracted", &a, &b),
        ("*", J::Num(x), J::Num(y)) => J::Num(x * y),
        ("*", J::Str(s), J::Num(n)) | ("*", J::Num(n), J::Str(s)) => match n > 0.0 {
            true => text(s.repeat((n.ceil() as usize).min(100_000))),
            false => J::Null,
        },
        ("*", x @ J::Obj(_), y @ J::Obj(_)) => merge(x, &y),
        ("*", a, b) => return wrong("multiplied", &a, &b),
        ("/", J::Num(_), J::Num(0.0)) | ("%", J::Num(_), J::Num(0.0)) => {
            return error("cannot be divided because the divisor is zero");
        }
        ("/", J::Num(x), J::Num(y)) => J::Num(x / y),
        ("/", J::Str(x), J::Str(y)) => split(&x, &y),
        ("/", a, b) => return wrong("divided", &a, &b),
        ("%", J::Num(x), J::Num(y)) => {
            let (x, y) = (x as i64, y as i64);
            match x.checked_rem(y) {
                Some(n) => J::Num(n as f64),
                None => return error("cannot be divided because the divisor is zero"),
            }
        }
        (_, a, b) => return wrong("divided", &a, &b),
    })
}

fn merge(a: J, b: &J) -> J {
    let mut out = a;
    for (k, v) in b.fields() {
        let merged = match (out.field(k), v) {
            (x @ J::Obj(_), J::Obj(_)) => merge(x, v),
            _ => v.clone(),
        };
        out.set(k, merged);
    }
    out
}

fn split(s: &str, by: &str) -> J {
    match (s.is_empty(), by.is_empty()) {
        (true, _) => arr(Vec::new()),
        (_, true) => arr(s.chars().map(|c| text(c.to_string())).collect()),
        _ => arr(s.split(by).map(text).collect()),
    }
}

pub fn format(name: &str, v: &J) -> Result<String, Stop> {
    let escape = |pairs: &[(char, &str)]| {
        let one = |c: char| match pairs.iter().find(|(from, _)| *from == c) {
            Some((_, to)) => (*to).to_string(),
            None => c.to_string(),
        };
        to_text(v).chars().map(one).collect::<String>()
    };
    Ok(match name {
        "text" => to_text(v),
        "json" => v.print(&Style::default()),
        "base64" => codec::encode_base64(to_text(v).as_bytes()),
        "base64d" => {
            let text = to_text(v);
            let (bytes, _) = codec::loose_base64(text.as_bytes(), false);
            if bytes.is_empty() && !text.is_empty() {
                return error(format!("{} is not valid base64 data", named(v)));
            }
            String::from_utf8_lossy(&bytes).into_owned()
        }
        "html" => escape(&[
            ('<', "&lt;"),
            ('>', "&gt;"),
            ('&', "&amp;"),
            ('\'', "&#39;"),
            ('"', "&quot;"),
        ]),
        "uri" => codec::percent(&to_text(v), b"-_.~"),
        "csv" | "tsv" | "sh" => {
            let items = match v {
                J::Arr(items) => items.to_vec(),
                v if name == "sh" => vec![v.clone()],
                v => {
                    return error(format!(
                        "{} cannot be {name}-formatted, only an array can be",
                        named(v)
                    ));
                }
            };
            let mut cells = Vec::new();
            for item in items {
                cells.push(match (name, &item) {
                    ("sh", J::Str(s)) => format!("'{}'", s.replace('\'', "'\\''")),
                    ("csv", J::Str(s)) => format!("\"{}\"", s.replace('"', "\"\"")),
                    (_, J::Str(s)) => s
                        .replace('\\', "\\\\")
                        .replace('\t', "\\t")
                        .replace('\n', "\\n")
                        .replace('\r', "\\r"),
                    (_, J::Null) if name != "sh" => String::new(),
                    (_, J::Arr(_) | J::Obj(_)) => {
                        return error(match name {
                            "sh" => format!("{} can not be escaped for shell", named(&item)),
                            _ => format!("{} is not valid in a csv row", named(&item)),
                        });
                    }
                    (_, v) => to_text(v),
                });
            }
            cells.join(match name {
                "csv" => ",",
                "tsv" => "\t",
                _ => " ",
            })
        }
        other => return error(format!("{other} is not a valid format")),
    })
}

/// Functions whose arguments are values: each combination of them in turn.
pub fn call(
    m: &mut Machine,
    name: &str,
    args: &[Rc<Ast>],
    env: &Env,
    input: &At,
    out: Out,
) -> Done {
    if let Some(done) = expressions(m, name, args, env, input, &mut *out) {
        return done;
    }
    let mut combinations = vec![Vec::new()];
    for arg in args {
        let values = m.all(arg, env, &input.v)?;
        let mut next = Vec::new();
        for value in &values {
            for before in &combinations {
                let mut longer: Vec<J> = before.clone();
                longer.push(value.clone());
                next.push(longer);
            }
        }
        combinations = next;
    }
    for values in combinations {
        match super::functions::call(m, name, &input.v, &values)? {
            Some(many) => many.into_iter().try_for_each(|v| out(At::plain(v)))?,
            None => return error(format!("{name}/{} is not defined", args.len())),
        }
    }
    Ok(())
}

/// Functions whose arguments are expressions.
fn expressions(
    m: &mut Machine,
    name: &str,
    args: &[Rc<Ast>],
    env: &Env,
    input: &At,
    out: Out,
) -> Option<Done> {
    Some(match (name, args) {
        ("empty", []) => Ok(()),
        ("recurse", []) => m.eval(&Ast::Recurse, env, input, out),
        ("path", [f]) => match m.paths(f, env, &input.v) {
            Ok(paths) => paths.into_iter().try_for_each(|p| out(At::plain(p))),
            Err(stop) => Err(stop),
        },
        ("getpath", [f]) => match m.all(f, env, &input.v) {
            Err(stop) => Err(stop),
            Ok(paths) => paths.into_iter().try_for_each(|p| {
                let v = get_path(&input.v, p.items()).or_else(|stop| match input.v {
                    J::Null => Ok(J::Null),
                    _ => Err(stop),
                })?;
                let path = input.path.as_ref().map(|before| {
                    Rc::new(before.iter().chain(p.items()).cloned().collect::<Vec<J>>())
                });
                out(At { path, v })
            }),
        },
        ("first", [f]) => match m.limited(f, env, input, 1) {
            Ok(found) => found.into_iter().try_for_each(out),
            Err(stop) => Err(stop),
        },
        ("limit" | "skip", [n, f]) => {
            let n = match m.all(n, env, &input.v) {
                Ok(values) => values.first().and_then(J::num).unwrap_or(0.0).max(0.0) as usize,
                Err(stop) => return Some(Err(stop)),
            };
            let most = if name == "limit" { n } else { usize::MAX };
            match m.limited(f, env, input, most) {
                Ok(found) if name == "skip" => found.into_iter().skip(n).try_for_each(out),
                Ok(found) => found.into_iter().try_for_each(out),
                Err(stop) => Err(stop),
            }
        }
        ("isempty", [f]) => match m.first(f, env, &input.v) {
            Ok(found) => out(At::plain(J::Bool(found.is_none()))),
            Err(stop) => Err(stop),
        },
        ("error", []) => Err(Stop::Error(input.v.clone())),
        ("input", []) => match m.inputs.next() {
            Some(v) => out(At::plain(v)),
            None => error("No more inputs"),
        },
        ("debug", []) => {
            m.messages.push_str(&format!(
                "[\"DEBUG:\",{}]\n",
                input.v.print(&Style::default())
            ));
            out(input.clone())
        }
        ("stderr", []) => {
            m.messages.push_str(&input.v.print(&Style::default()));
            out(input.clone())
        }
        _ => return None,
    })
}

impl Machine {
    /// At most so many outputs.
    fn limited(&mut self, ast: &Ast, env: &Env, input: &At, most: usize) -> Result<Vec<At>, Stop> {
        let mut found = Vec::new();
        if most == 0 {
            return Ok(found);
        }
        let done = self.eval(ast, env, input, &mut |at| {
            found.push(at);
            match found.len() < most {
                true => Ok(()),
                false => Err(Stop::Break(usize::MAX)),
            }
        });
        match done {
            Ok(()) | Err(Stop::Break(usize::MAX)) => Ok(found),
            Err(stop) => Err(stop),
        }
    }
}

/// Text of a time, by seconds.
pub fn strftime(v: &J, layout: &str) -> Result<String, Stop> {
    let seconds = match v {
        J::Num(n) => *n,
        J::Arr(_) => broken_down(v),
        v => {
            return error(format!(
                "strftime/1 requires parsed datetime inputs, not {}",
                v.kind()
            ));
        }
    };
    Ok(date::format((seconds * 1000.0) as i64, layout))
}

/// Seconds of `[year, month, day, h, m, s, …]`.
pub fn broken_down(v: &J) -> f64 {
    let part = |i: usize| v.items().get(i).and_then(J::num).unwrap_or(0.0);
    let days = machinery::time::days(part(0) as i64, part(1) as u32 + 1, part(2) as u32);
    days as f64 * 86_400.0 + part(3) * 3600.0 + part(4) * 60.0 + part(5)
}

/// The matches of a regular expression, as `match` gives them.
pub fn matches(s: &str, pattern: &J, flags: &J) -> Result<Vec<J>, Stop> {
    let (pattern, more) = match pattern {
        J::Arr(parts) => (
            parts.first().cloned().unwrap_or_default(),
            parts.get(1).cloned(),
        ),
        p => (p.clone(), None),
    };
    let flags = more.unwrap_or(flags.clone());
    let J::Str(pattern) = &pattern else {
        return error(format!(
            "{} cannot be matched, as it is not a string",
            named(&pattern)
        ));
    };
    regex::matches(s, pattern, flags.as_str().unwrap_or("")).or_else(error)
}

pub fn parse_json(s: &str) -> Result<J, Stop> {
    let mut at = 0;
    match read(s, &mut at) {
        Ok(v) => Ok(v.unwrap_or_default()),
        Err(e) => error(format!("{e} (while parsing '{s}')")),
    }
}

pub fn split_text(s: &str, by: &str) -> J {
    split(s, by)
}
