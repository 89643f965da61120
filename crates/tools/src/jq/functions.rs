//! jq's functions of values: what `call` of `builtins` hands on after it has the arguments.

use super::builtins::{broken_down, format, matches, parse_json, split_text, strftime, to_text};
use super::eval::{Machine, Stop, error, sorted};
use super::paths::{delete_paths, occurrences as find_all, set_path};
use super::value::{J, Style, arr, order, text};

type Values = Result<Option<Vec<J>>, Stop>;

fn named(v: &J) -> String {
    format!("{} ({})", v.kind(), v.short())
}

fn contains(a: &J, b: &J) -> Result<bool, Stop> {
    Ok(match (a, b) {
        (J::Obj(_), J::Obj(fields)) => {
            for (k, v) in fields.iter() {
                let here = a.field(k);
                let same_kind = here.kind() == v.kind();
                if !same_kind || !contains(&here, v)? {
                    return Ok(false);
                }
            }
            true
        }
        (J::Arr(x), J::Arr(y)) => y.iter().all(|v| {
            x.iter()
                .any(|w| w.kind() == v.kind() && contains(w, v).is_ok_and(|c| c))
        }),
        (J::Str(x), J::Str(y)) => x.contains(&**y),
        (a, b) if a.kind() == b.kind() => a == b,
        (a, b) => {
            return error(format!(
                "{} and {} cannot have their containment checked",
                named(a),
                named(b)
            ));
        }
    })
}

fn flatten(items: &[J], depth: f64, out: &mut Vec<J>) {
    for item in items {
        match item {
            J::Arr(inner) if depth > 0.0 => flatten(inner, depth - 1.0, out),
            other => out.push(other.clone()),
        }
    }
}

fn extreme(v: &J, largest: bool) -> J {
    let mut best: Option<&J> = None;
    for item in v.items() {
        let better = best.is_none_or(|b| match largest {
            true => order(item, b).is_ge(),
            false => order(item, b).is_lt(),
        });
        if better {
            best = Some(item);
        }
    }
    best.cloned().unwrap_or_default()
}

/// None where there is no such function.
pub fn call(m: &mut Machine, name: &str, v: &J, args: &[J]) -> Values {
    let null = J::Null;
    let a = args.first().unwrap_or(&null);
    let b = args.get(1).unwrap_or(&null);
    if args.is_empty()
        && let Some(done) = math(name, v)
    {
        return done.map(|n| Some(vec![n]));
    }
    if let Some(done) = texts(name, v, a, args.len()) {
        return done.map(|v| Some(vec![v]));
    }
    let one = match (name, args.len()) {
        ("not", 0) => J::Bool(!v.truth()),
        ("length", 0) => match v {
            J::Null => J::Num(0.0),
            J::Bool(_) => return error(format!("{} has no length", named(v))),
            J::Num(n) => J::Num(n.abs()),
            J::Str(s) => J::Num(s.chars().count() as f64),
            J::Arr(items) => J::Num(items.len() as f64),
            J::Obj(fields) => J::Num(fields.len() as f64),
        },
        ("keys" | "keys_unsorted", 0) => match v {
            J::Obj(_) if name == "keys" => arr(v.keys().into_iter().map(J::Str).collect()),
            J::Obj(fields) => arr(fields.iter().map(|(k, _)| J::Str(k.clone())).collect()),
            J::Arr(items) => arr((0..items.len()).map(|i| J::Num(i as f64)).collect()),
            v => return error(format!("{} has no keys", named(v))),
        },
        ("has", 1) => match (v, a) {
            (J::Obj(fields), J::Str(k)) => J::Bool(fields.iter().any(|(name, _)| name == k)),
            (J::Arr(items), J::Num(n)) => J::Bool(*n >= 0.0 && (*n as usize) < items.len()),
            (v, a) => {
                return error(format!(
                    "Cannot check whether {} has a {} key",
                    v.kind(),
                    a.kind()
                ));
            }
        },
        ("contains", 1) => J::Bool(contains(v, a)?),
        ("add", 0) => {
            let items: Vec<J> = match v {
                J::Obj(fields) => fields.iter().map(|(_, v)| v.clone()).collect(),
                v => v.items().to_vec(),
            };
            items
                .into_iter()
                .try_fold(J::Null, |sum, x| super::builtins::binary("+", sum, x))?
        }
        ("any", 0) => J::Bool(v.items().iter().any(J::truth)),
        ("all", 0) => J::Bool(v.items().iter().all(J::truth)),
        ("flatten", 1) => {
            let mut out = Vec::new();
            flatten(v.items(), a.num().unwrap_or(0.0), &mut out);
            arr(out)
        }
        ("range", 3) => {
            let (from, to, by) = (
                a.num().unwrap_or(0.0),
                b.num().unwrap_or(0.0),
                args[2].num().unwrap_or(1.0),
            );
            let mut out = Vec::new();
            let mut at = from;
            while (by > 0.0 && at < to || by < 0.0 && at > to) && out.len() < 1_000_000 {
                out.push(J::Num(at));
                at += by;
            }
            return Ok(Some(out));
        }
        ("type", 0) => text(v.kind()),
        ("_sort" | "_group", 1) => {
            let J::Arr(items) = v else {
                return error(format!(
                    "{} cannot be sorted, as it is not an array",
                    named(v)
                ));
            };
            let pairs = a.items().iter().cloned().zip(items.iter().cloned());
            let pairs = sorted(pairs.collect());
            if name == "_sort" {
                arr(pairs.into_iter().map(|(_, v)| v).collect())
            } else {
                let mut groups: Vec<(J, Vec<J>)> = Vec::new();
                for (k, v) in pairs {
                    match groups.last_mut() {
                        Some((last, group)) if *last == k => group.push(v),
                        _ => groups.push((k, vec![v])),
                    }
                }
                arr(groups.into_iter().map(|(_, g)| arr(g)).collect())
            }
        }
        ("min", 0) => extreme(v, false),
        ("max", 0) => extreme(v, true),
        ("reverse", 0) => match v {
            J::Str(s) => text(s.chars().rev().collect::<String>()),
            J::Null => arr(Vec::new()),
            J::Arr(items) => arr(items.iter().rev().cloned().collect()),
            v => return error(format!("Cannot reverse {}", named(v))),
        },
        ("transpose", 0) => {
            let width = v.items().iter().map(|r| r.items().len()).max().unwrap_or(0);
            let column = |i: usize| {
                let cells = v
                    .items()
                    .iter()
                    .map(|r| r.items().get(i).cloned().unwrap_or_default());
                arr(cells.collect())
            };
            arr((0..width).map(column).collect())
        }
        ("setpath", 2) => set_path(v, a.items(), b.clone())?,
        ("delpaths", 1) => delete_paths(v.clone(), a.items().to_vec())?,
        ("error", 1) => return Err(Stop::Error(a.clone())),
        ("halt", 0) => return Err(Stop::Halt(0, None)),
        ("halt_error", 1) => {
            return Err(Stop::Halt(a.num().unwrap_or(5.0) as i32, Some(v.clone())));
        }
        ("now", 0) => J::Num(m.now_ms as f64 / 1000.0),
        ("env", 1) | ("strenv", 1) => {
            let found = m.environment().field(&to_text(a));
            if name == "env" {
                parse_json(&to_text(&found)).unwrap_or(found)
            } else {
                found
            }
        }
        ("input_filename", 0) => J::Null,
        ("input_line_number", 0) => J::Num(0.0),
        ("builtins", 0) => arr(Vec::new()),
        ("splits" | "getpath" | "ltrimstr", _) => return Ok(None),
        ("gmtime", 0) => {
            let words = strftime(v, "%Y %m %d %H %M %S %w %j")?;
            let mut parts: Vec<f64> = words.split(' ').filter_map(|w| w.parse().ok()).collect();
            for i in [1, 7] {
                if let Some(n) = parts.get_mut(i) {
                    *n -= 1.0;
                }
            }
            arr(parts.into_iter().map(J::Num).collect())
        }
        ("mktime", 0) => J::Num(broken_down(v)),
        ("strftime", 1) => text(strftime(v, &to_text(a))?),
        ("fromdateiso8601", 0) => match machinery::time::parse_rfc3339(&to_text(v)) {
            Some(ms) => J::Num((ms / 1000) as f64),
            None => {
                return error(format!(
                    "date \"{}\" does not match format \"%Y-%m-%dT%H:%M:%SZ\"",
                    to_text(v)
                ));
            }
        },
        ("match", 2) => return matches_of(v, a, b).map(Some),
        ("test", 2) => J::Bool(!matches_of(v, a, b)?.is_empty()),
        ("split", 2) => {
            let s = to_text(v);
            let chars: Vec<char> = s.chars().collect();
            let flags = text(format!("g{}", b.as_str().unwrap_or("")));
            let mut parts = Vec::new();
            let mut at = 0;
            for found in matches_of(v, a, &flags)? {
                let from = found.field("offset").num().unwrap_or(0.0) as usize;
                parts.push(text(
                    chars
                        .get(at..from)
                        .unwrap_or(&[])
                        .iter()
                        .collect::<String>(),
                ));
                at = from + found.field("length").num().unwrap_or(0.0) as usize;
            }
            parts.push(text(
                chars.get(at..).unwrap_or(&[]).iter().collect::<String>(),
            ));
            arr(parts)
        }
        _ => return Ok(None),
    };
    Ok(Some(vec![one]))
}

fn matches_of(v: &J, pattern: &J, flags: &J) -> Result<Vec<J>, Stop> {
    match v {
        J::Str(s) => matches(s, pattern, flags),
        v => error(format!(
            "{} cannot be matched, as it is not a string",
            named(v)
        )),
    }
}

fn math(name: &str, v: &J) -> Option<Result<J, Stop>> {
    let f: fn(f64) -> f64 = match name {
        "floor" => f64::floor,
        "ceil" => f64::ceil,
        "round" => f64::round,
        "fabs" => f64::abs,
        "sqrt" => f64::sqrt,
        "trunc" => f64::trunc,
        "infinite" => return Some(Ok(J::Num(f64::INFINITY))),
        "nan" => return Some(Ok(J::Num(f64::NAN))),
        "isnan" => return Some(Ok(J::Bool(v.num().is_some_and(f64::is_nan)))),
        "isinfinite" => return Some(Ok(J::Bool(v.num().is_some_and(f64::is_infinite)))),
        "isnormal" => return Some(Ok(J::Bool(v.num().is_some_and(f64::is_normal)))),
        "log" | "log2" | "log10" | "exp" | "exp2" | "exp10" | "sin" | "cos" => {
            return Some(error(format!("bottleship does not simulate jq's {name}")));
        }
        _ => return None,
    };
    Some(match v {
        J::Num(n) => Ok(J::Num(f(*n))),
        v => error(format!("{} number required", named(v))),
    })
}

fn texts(name: &str, v: &J, a: &J, count: usize) -> Option<Result<J, Stop>> {
    let s = v.as_str();
    let arg = a.as_str();
    let need = |what: &str| error(format!("{} {what}", named(v)));
    let map = |f: &dyn Fn(&str) -> String| match s {
        Some(s) => Ok(text(f(s))),
        None => need("cannot be trimmed"),
    };
    Some(Ok(match (name, count) {
        ("tostring", 0) => text(to_text(v)),
        ("tojson", 0) => text(v.print(&Style::default())),
        ("fromjson", 0) => return Some(parse_json(s.unwrap_or(""))),
        ("tonumber", 0) => match (v, s.and_then(|s| s.trim().parse::<f64>().ok())) {
            (J::Num(_), _) => v.clone(),
            (_, Some(n)) => J::Num(n),
            _ => return Some(need("cannot be parsed as a number")),
        },
        ("ascii_downcase", 0) => return Some(map(&|s| s.to_ascii_lowercase())),
        ("ascii_upcase", 0) => return Some(map(&|s| s.to_ascii_uppercase())),
        ("trim", 0) => return Some(map(&|s| s.trim().into())),
        ("ltrim", 0) => return Some(map(&|s| s.trim_start().into())),
        ("rtrim", 0) => return Some(map(&|s| s.trim_end().into())),
        ("utf8bytelength", 0) => J::Num(s.map_or(0, str::len) as f64),
        ("explode", 0) => {
            let codes = s.unwrap_or("").chars().map(|c| J::Num(f64::from(c as u32)));
            arr(codes.collect())
        }
        ("implode", 0) => {
            let chars = v
                .items()
                .iter()
                .filter_map(|c| char::from_u32(c.num()? as u32));
            text(chars.collect::<String>())
        }
        ("startswith" | "endswith", 1) => match (s, arg) {
            (Some(s), Some(a)) if name == "startswith" => J::Bool(s.starts_with(a)),
            (Some(s), Some(a)) => J::Bool(s.ends_with(a)),
            _ => return Some(error(format!("{name}() requires string inputs"))),
        },
        ("ltrimstr" | "rtrimstr", 1) => match (s, arg) {
            (Some(s), Some(a)) if name == "ltrimstr" => text(s.strip_prefix(a).unwrap_or(s)),
            (Some(s), Some(a)) => text(s.strip_suffix(a).unwrap_or(s)),
            _ => v.clone(),
        },
        ("split", 1) => match (s, arg) {
            (Some(s), Some(a)) => split_text(s, a),
            _ => return Some(error("split input and separator must be strings")),
        },
        ("join", 1) => {
            let mut out = String::new();
            for (i, item) in v.items().iter().enumerate() {
                if i > 0 {
                    out.push_str(arg.unwrap_or(""));
                }
                match item {
                    J::Null => {}
                    J::Arr(_) | J::Obj(_) => {
                        return Some(error(format!(
                            "{} and {} cannot be added",
                            named(&text(&out)),
                            named(item)
                        )));
                    }
                    item => out.push_str(&to_text(item)),
                }
            }
            text(out)
        }
        ("indices" | "index" | "rindex", 1) => {
            let found: Vec<J> = match (v, a) {
                (J::Str(s), J::Str(part)) if !part.is_empty() => s
                    .match_indices(&**part)
                    .map(|(i, _)| J::Num(s[..i].chars().count() as f64))
                    .collect(),
                (J::Arr(items), J::Arr(part)) => find_all(items, part),
                (J::Arr(items), one) => find_all(items, std::slice::from_ref(one)),
                _ => Vec::new(),
            };
            match name {
                "indices" => arr(found),
                "index" => found.first().cloned().unwrap_or_default(),
                _ => found.last().cloned().unwrap_or_default(),
            }
        }
        ("format", 1) => return Some(format(arg.unwrap_or(""), v).map(text)),
        _ => return None,
    }))
}
