//! The library: conversions, texts, lists, times, and Kubernetes' own types. Each function is one arm of a match by
//! family. Upstream: `cel-go:ext`, `apiserver:pkg/cel/library/*.go`.

mod net;
mod text;

use super::Host;
use super::format;
use super::value::{Outcome, V, no_overload};
use crate::{Quantity, Value, value};
use net::{address, network, url, url_part};
use std::cmp::Ordering;
use std::net::IpAddr;
use std::rc::Rc;
use text::text;

/// A name that stands for a type, as in `type(x) == string`.
pub(super) fn type_named(name: &str) -> Option<V> {
    const TYPES: &[&str] = &[
        "bool", "int", "uint", "double", "string", "bytes", "list", "map", "type",
    ];
    TYPES.iter().find(|t| **t == name).map(|t| V::Type(t))
}

pub(super) fn call(name: &str, method: bool, args: &[V], host: &dyn Host) -> Outcome {
    if let Some(f) = name.strip_prefix("format.") {
        return format_named(f, args);
    }
    match args {
        [V::Str(s), rest @ ..] if method || name == "matches" || name == "strings.quote" => {
            text(name, s, rest)
        }
        [V::Time(t), rest @ ..] if method => moment(name, *t, rest),
        [V::Span(s)] if method => duration(name, *s),
        [V::Quantity(q), rest @ ..] if method => quantity(name, q, rest),
        [V::Ip(a)] if method => address(name, a),
        [V::Cidr(a, n), rest @ ..] if method => network(name, *a, *n, rest),
        [V::Url(u)] if method => url_part(name, u),
        [V::Optional(o), ..] if method => match (name, o) {
            ("hasValue", o) => Ok(V::Bool(o.is_some())),
            ("value", Some(v)) => Ok((**v).clone()),
            ("value", None) => Err("optional.none() dereference".into()),
            _ => no_overload(),
        },
        [V::Format(f), V::Str(s)] if name == "validate" => {
            let found: Vec<V> = format::wrong(f, s).iter().map(|w| V::str(w)).collect();
            Ok(V::Optional(
                (!found.is_empty()).then(|| Rc::new(V::List(Rc::new(found)))),
            ))
        }
        [V::Asked(v, _), rest @ ..] if method => ask(name, v, rest, host),
        [V::Decision(allowed, why)] if method => Ok(match name {
            "allowed" => V::Bool(*allowed),
            "reason" => V::Str(why.clone()),
            "errored" => V::Bool(false),
            _ => V::str(""),
        }),
        [v, rest @ ..] if name == "size" && rest.is_empty() => match v.size() {
            Some(n) => Ok(V::Int(n as i64)),
            None => no_overload(),
        },
        [v, rest @ ..] if method || name.starts_with("sets.") => match v.items() {
            Some(items) => list(name, items, rest),
            None => no_overload(),
        },
        _ => plain(name, args),
    }
}

fn text_list(list: impl IntoIterator<Item = String>) -> V {
    V::List(Rc::new(list.into_iter().map(|s| V::str(&s)).collect()))
}

/// Functions that are no methods: conversions and constructors.
fn plain(name: &str, args: &[V]) -> Outcome {
    let [v] = args else {
        return match name {
            "optional.none" => Ok(V::Optional(None)),
            _ => no_overload(),
        };
    };
    match name {
        "dyn" => Ok(v.clone()),
        "type" => Ok(V::Type(v.type_name())),
        "size" => v.size().map_or_else(no_overload, |n| Ok(V::Int(n as i64))),
        "optional.of" => Ok(V::Optional(Some(Rc::new(v.clone())))),
        "optional.ofNonZeroValue" => {
            let empty = v.to_value().is_empty();
            Ok(V::Optional((!empty).then(|| Rc::new(v.clone()))))
        }
        "lists.range" => match v {
            V::Int(n) if *n <= 100_000 => Ok(V::List(Rc::new((0..*n).map(V::Int).collect()))),
            _ => no_overload(),
        },
        "string" => match v {
            V::List(_) | V::Map(_) | V::Data(..) | V::Null | V::Quantity(_) => no_overload(),
            _ => Ok(V::str(&v.show())),
        },
        "int" | "uint" | "double" => number(name, v),
        "bool" => match (v, v.text()) {
            (V::Bool(_), _) => Ok(v.clone()),
            (_, Some("true" | "True" | "TRUE" | "t" | "1")) => Ok(V::Bool(true)),
            (_, Some("false" | "False" | "FALSE" | "f" | "0")) => Ok(V::Bool(false)),
            (_, Some(_)) => Err("type conversion error from 'string' to 'bool'".into()),
            _ => no_overload(),
        },
        "bytes" => match v {
            V::Bytes(_) => Ok(v.clone()),
            V::Str(s) => Ok(V::Bytes(s.as_bytes().into())),
            _ => no_overload(),
        },
        "timestamp" => match v {
            V::Time(_) => Ok(v.clone()),
            V::Int(s) => Ok(V::Time(s.saturating_mul(1_000_000_000))),
            V::Str(s) => format::time(s).map(V::Time).ok_or_else(|| {
                format!("parsing time {s:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {s:?} as \"2006\"")
            }),
            _ => no_overload(),
        },
        "duration" => match v {
            V::Span(_) => Ok(v.clone()),
            V::Str(s) => format::span(s)
                .map(V::Span)
                .ok_or_else(|| format!("time: invalid duration {s:?}")),
            _ => no_overload(),
        },
        _ => match v.text() {
            Some(s) => parsed(name, s),
            None => no_overload(),
        },
    }
}

fn number(name: &str, v: &V) -> Outcome {
    let out_of_range = || {
        Err(format!(
            "{} overflow",
            if name == "int" {
                "integer"
            } else {
                "unsigned integer"
            }
        ))
    };
    let bad = || Err(format!("type conversion error from 'string' to '{name}'"));
    match (name, v) {
        ("double", V::Str(s)) => s.parse().map_or_else(|_| bad(), |d| Ok(V::Double(d))),
        ("double", _) => v.float().map_or_else(no_overload, |d| Ok(V::Double(d))),
        ("int", V::Str(s)) => s.parse().map_or_else(|_| bad(), |i| Ok(V::Int(i))),
        ("int", V::Time(t)) => Ok(V::Int(t.div_euclid(1_000_000_000))),
        ("int", V::Span(s)) => Ok(V::Int(*s)),
        ("int", V::Uint(u)) => i64::try_from(*u).map_or_else(|_| out_of_range(), |i| Ok(V::Int(i))),
        ("int", V::Double(d)) if d.abs() < 9.2e18 => Ok(V::Int(*d as i64)),
        ("int", V::Double(_)) => out_of_range(),
        ("uint", V::Str(s)) => s.parse().map_or_else(|_| bad(), |u| Ok(V::Uint(u))),
        ("uint", V::Int(i)) => {
            u64::try_from(*i).map_or_else(|_| out_of_range(), |u| Ok(V::Uint(u)))
        }
        ("uint", V::Double(d)) if *d >= 0.0 && *d < 1.8e19 => Ok(V::Uint(*d as u64)),
        ("uint", V::Double(_)) => out_of_range(),
        (_, V::Int(_) | V::Uint(_)) => Ok(v.clone()),
        _ => no_overload(),
    }
}

/// Kubernetes' types from their texts.
fn parsed(name: &str, s: &str) -> Outcome {
    let ip = |s: &str| s.parse::<IpAddr>().ok().filter(|_| !s.contains('%'));
    let made = match name {
        "quantity" | "isQuantity" => Quantity::parse(s)
            .map(|q| V::Quantity(Rc::new(q)))
            .map_err(str::to_string),
        "ip" | "isIP" => ip(s)
            .map(V::Ip)
            .ok_or_else(|| format!("IP Address {s:?} parse error during conversion from string: ParseAddr({s:?}): unable to parse IP")),
        "ip.isCanonical" => ip(s)
            .map(|a| V::Bool(a.to_string() == s))
            .ok_or_else(|| format!("IP Address {s:?} parse error during conversion from string: ParseAddr({s:?}): unable to parse IP")),
        "cidr" | "isCIDR" => s
            .split_once('/')
            .and_then(|(a, n)| Some((ip(a)?, n.parse::<u8>().ok()?)))
            .filter(|(a, n)| *n <= if a.is_ipv4() { 32 } else { 128 })
            .map(|(a, n)| V::Cidr(a, n))
            .ok_or_else(|| format!("network address parse error during conversion from string: netip.ParsePrefix({s:?}): no '/'")),
        "url" | "isURL" => url(s)
            .map(|u| V::Url(Rc::new(u)))
            .ok_or_else(|| format!("URL parse error during conversion from string: parse {s:?}: invalid URI for request")),
        _ => return no_overload(),
    };
    match (name.starts_with("is"), made) {
        (true, made) => Ok(V::Bool(made.is_ok())),
        (false, made) => made,
    }
}

fn quantity(name: &str, q: &Quantity, rest: &[V]) -> Outcome {
    let other = match rest {
        [V::Quantity(o)] => Some((**o).clone()),
        [V::Int(i)] => Some(Quantity::whole(*i, q.format())),
        _ => None,
    };
    let order = |o: &Quantity| q.sub(o).sign();
    let made = |q: Quantity| V::Quantity(Rc::new(q));
    Ok(match (name, other) {
        ("isInteger", None) => V::Bool(q.as_i64().is_some()),
        ("asInteger", None) => match q.as_i64() {
            Some(i) => V::Int(i),
            None => return Err("cannot convert value to integer".into()),
        },
        ("asApproximateFloat", None) => V::Double(q.as_f64()),
        ("sign", None) => V::Int(i64::from(q.sign())),
        ("add", Some(o)) => made(q.add(&o)),
        ("sub", Some(o)) => made(q.sub(&o)),
        ("isLessThan", Some(o)) => V::Bool(order(&o) < 0),
        ("isGreaterThan", Some(o)) => V::Bool(order(&o) > 0),
        ("compareTo", Some(o)) => V::Int(i64::from(order(&o))),
        _ => return no_overload(),
    })
}

fn format_named(f: &str, args: &[V]) -> Outcome {
    let known = |n: &str| {
        format::NAMED
            .iter()
            .find(|k| **k == n)
            .map(|k| V::Format(k))
    };
    match (f, args) {
        ("named", [V::Str(s)]) => Ok(V::Optional(known(s).map(Rc::new))),
        (f, []) => known(f).map_or_else(no_overload, Ok),
        _ => no_overload(),
    }
}

/// The authorizer: what is asked grows method by method, until `check`.
fn ask(name: &str, asked: &Value, rest: &[V], host: &dyn Host) -> Outcome {
    let texts: Vec<&str> = rest.iter().filter_map(V::text).collect();
    let mut asked = asked.clone();
    let kind = match (name, texts.as_slice()) {
        ("check", [verb]) => {
            asked.set("verb", Value::str(verb));
            let (allowed, why) = host.authorized(&asked);
            return Ok(V::Decision(allowed, why.as_str().into()));
        }
        ("serviceAccount", [ns, account]) => {
            asked.set("user", format!("system:serviceaccount:{ns}:{account}"));
            "kubernetes.authorization.Authorizer"
        }
        ("path", [p]) => {
            asked.set("path", Value::str(p));
            "kubernetes.authorization.PathCheck"
        }
        ("group" | "resource" | "subresource" | "namespace" | "name", [s]) => {
            asked.set(name, Value::str(s));
            match name {
                "group" => "kubernetes.authorization.GroupCheck",
                _ => "kubernetes.authorization.ResourceCheck",
            }
        }
        ("fieldSelector" | "labelSelector", [_]) => "kubernetes.authorization.ResourceCheck",
        _ => return no_overload(),
    };
    Ok(V::Asked(asked, kind))
}

/// An authorizer of whom nothing was asked yet, or everything about one resource.
pub fn authorizer(resource: Option<Value>) -> V {
    match resource {
        None => V::Asked(value!({}), "kubernetes.authorization.Authorizer"),
        Some(v) => V::Asked(v, "kubernetes.authorization.ResourceCheck"),
    }
}

fn moment(name: &str, nanos: i64, rest: &[V]) -> Outcome {
    let offset = match rest {
        [] => 0,
        [V::Str(zone)] => offset(zone)?,
        _ => return no_overload(),
    };
    let t = nanos.saturating_add(offset * 60_000_000_000);
    let seconds = t.div_euclid(1_000_000_000);
    let day = seconds.div_euclid(86_400);
    let (year, month, date) = crate::time::civil(day);
    let of_day = seconds.rem_euclid(86_400);
    Ok(V::Int(match name {
        "getFullYear" => year,
        "getMonth" => i64::from(month) - 1,
        "getDate" => i64::from(date),
        "getDayOfMonth" => i64::from(date) - 1,
        "getDayOfWeek" => (day + 4).rem_euclid(7),
        "getDayOfYear" => day - crate::time::days(year, 1, 1),
        "getHours" => of_day / 3600,
        "getMinutes" => of_day / 60 % 60,
        "getSeconds" => of_day % 60,
        "getMilliseconds" => t.rem_euclid(1_000_000_000) / 1_000_000,
        _ => return no_overload(),
    }))
}

/// `UTC`, `+09:00`: minutes.
fn offset(zone: &str) -> Result<i64, String> {
    if matches!(zone, "UTC" | "" | "Z") {
        return Ok(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let parts = zone.trim_start_matches(['+', '-']).split_once(':');
    let minutes =
        parts.and_then(|(h, m)| Some(h.parse::<i64>().ok()? * 60 + m.parse::<i64>().ok()?));
    minutes
        .map(|m| sign * m)
        .ok_or_else(|| format!("bottleship does not simulate time zones by name ({zone})"))
}

fn duration(name: &str, nanos: i64) -> Outcome {
    Ok(V::Int(match name {
        "getHours" => nanos / 3_600_000_000_000,
        "getMinutes" => nanos / 60_000_000_000,
        "getSeconds" => nanos / 1_000_000_000,
        "getMilliseconds" => nanos / 1_000_000,
        _ => return no_overload(),
    }))
}

fn list(name: &str, mut items: Vec<V>, rest: &[V]) -> Outcome {
    let other = rest.first().and_then(V::items);
    let all = |a: &[V], b: &[V]| b.iter().all(|x| a.iter().any(|y| y.same(x)));
    let sorted = |items: &[V]| {
        items
            .windows(2)
            .all(|w| matches!(w, [a, b] if a.compare(b) != Some(Ordering::Greater)))
    };
    if items
        .len()
        .saturating_mul(other.as_ref().map_or(0, Vec::len))
        > 1_000_000
    {
        return Err("operation cancelled: actual cost limit exceeded".into());
    }
    Ok(match (name, rest, other) {
        ("sets.contains", _, Some(o)) => V::Bool(all(&items, &o)),
        ("sets.equivalent", _, Some(o)) => V::Bool(all(&items, &o) && all(&o, &items)),
        ("sets.intersects", _, Some(o)) => {
            V::Bool(items.iter().any(|x| o.iter().any(|y| y.same(x))))
        }
        ("isSorted", [], _) => V::Bool(sorted(&items)),
        ("sum", [], _) => {
            let mut total = match items.first() {
                None => return Ok(V::Int(0)),
                Some(first) => first.clone(),
            };
            for i in items.iter().skip(1) {
                total = super::operators::call("_+_", &[total, i.clone()])?;
            }
            total
        }
        ("min" | "max", [], _) => {
            let wanted = if name == "min" {
                Ordering::Less
            } else {
                Ordering::Greater
            };
            let Some(mut best) = items.first() else {
                return Err(format!("{name} called on empty list"));
            };
            for i in &items {
                match i.compare(best) {
                    Some(o) if o == wanted => best = i,
                    Some(_) => {}
                    None => return no_overload(),
                }
            }
            best.clone()
        }
        ("indexOf", [x], _) => V::Int(
            items
                .iter()
                .position(|i| i.same(x))
                .map_or(-1, |i| i as i64),
        ),
        ("lastIndexOf", [x], _) => V::Int(
            items
                .iter()
                .rposition(|i| i.same(x))
                .map_or(-1, |i| i as i64),
        ),
        ("join", rest, _) => {
            let texts: Option<Vec<&str>> = items.iter().map(V::text).collect();
            match (texts, rest) {
                (Some(t), []) => V::str(&t.concat()),
                (Some(t), [V::Str(s)]) => V::str(&t.join(s)),
                _ => return no_overload(),
            }
        }
        ("first", [], _) => V::Optional(items.first().cloned().map(Rc::new)),
        ("last", [], _) => V::Optional(items.last().cloned().map(Rc::new)),
        ("reverse", [], _) => {
            items.reverse();
            V::List(Rc::new(items))
        }
        ("distinct", [], _) if items.len() <= 2000 => {
            let mut out: Vec<V> = Vec::new();
            for i in items {
                if !out.iter().any(|o| o.same(&i)) {
                    out.push(i);
                }
            }
            V::List(Rc::new(out))
        }
        ("sort", [], _) => {
            items.sort_by(|a, b| a.compare(b).unwrap_or(Ordering::Equal));
            V::List(Rc::new(items))
        }
        ("slice", [V::Int(from), V::Int(to)], _) => {
            let range = usize::try_from(*from).ok().zip(usize::try_from(*to).ok());
            match range.and_then(|(a, b)| items.get(a..b)) {
                Some(part) => V::List(Rc::new(part.to_vec())),
                None => {
                    return Err(format!(
                        "cannot slice({from}, {to}), list is length {}",
                        items.len()
                    ));
                }
            }
        }
        ("flatten", _, _) => {
            let flat = items
                .into_iter()
                .flat_map(|i| i.items().unwrap_or_else(|| vec![i]));
            V::List(Rc::new(flat.collect()))
        }
        _ => return no_overload(),
    })
}
