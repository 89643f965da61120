//! Functions of URLs, IP addresses and networks. Upstream: `apiserver:pkg/cel/library/{urls,ip,cidr}.go`.

use super::{parsed, text_list};
use crate::cel::value::{Outcome, Url, V, no_overload};
use std::net::IpAddr;
use std::rc::Rc;

pub(super) fn url(s: &str) -> Option<Url> {
    if s.contains([' ', '\u{7f}']) || s.is_empty() {
        return None;
    }
    let (scheme, rest) = match s.split_once("://") {
        Some((scheme, rest)) if scheme.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            (scheme, rest)
        }
        _ if s.starts_with('/') => ("", s),
        _ => return None,
    };
    let rest = rest.split('#').next().unwrap_or("");
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (host, path) = match rest.find('/') {
        _ if scheme.is_empty() => ("", rest),
        Some(i) => rest.split_at(i),
        None => (rest, ""),
    };
    let host = host.rsplit('@').next().unwrap_or("");
    Some(Url {
        scheme: scheme.into(),
        host: host.into(),
        path: path.into(),
        query: query.into(),
    })
}

pub(super) fn url_part(name: &str, u: &Url) -> Outcome {
    let bracket = u.host.find(']').map_or(0, |i| i + 1);
    let colon = u
        .host
        .get(bracket..)
        .and_then(|h| h.rfind(':'))
        .map(|i| i + bracket);
    let (hostname, port) = match colon {
        Some(i) => (
            u.host.get(..i).unwrap_or(""),
            u.host.get(i + 1..).unwrap_or(""),
        ),
        None => (u.host.as_str(), ""),
    };
    Ok(match name {
        "getScheme" => V::str(&u.scheme),
        "getHost" => V::str(&u.host),
        "getHostname" => V::str(hostname.trim_matches(['[', ']'])),
        "getPort" => V::str(port),
        "getEscapedPath" => V::str(&u.path),
        "getQuery" => {
            let mut out: Vec<(String, Vec<String>)> = Vec::new();
            for (k, v) in codec::query_pairs(&u.query) {
                match out.iter_mut().find(|(have, _)| *have == k) {
                    Some((_, list)) => list.push(v),
                    None => out.push((k, vec![v])),
                }
            }
            V::Map(Rc::new(
                out.into_iter()
                    .map(|(k, v)| (V::str(&k), text_list(v)))
                    .collect(),
            ))
        }
        _ => return no_overload(),
    })
}

pub(super) fn address(name: &str, a: &IpAddr) -> Outcome {
    let link = match a {
        IpAddr::V4(v) => (v.is_link_local(), v.octets().starts_with(&[224, 0, 0])),
        IpAddr::V6(v) => (
            v.segments()[0] & 0xffc0 == 0xfe80,
            v.segments()[0] & 0xff0f == 0xff02,
        ),
    };
    let broadcast = matches!(a, IpAddr::V4(v) if v.is_broadcast());
    let ordinary = !a.is_unspecified() && !a.is_loopback() && !a.is_multicast();
    Ok(match name {
        "family" => V::Int(if a.is_ipv4() { 4 } else { 6 }),
        "isUnspecified" => V::Bool(a.is_unspecified()),
        "isLoopback" => V::Bool(a.is_loopback()),
        "isLinkLocalUnicast" => V::Bool(link.0),
        "isLinkLocalMulticast" => V::Bool(link.1),
        "isGlobalUnicast" => V::Bool(ordinary && !link.0 && !broadcast),
        _ => return no_overload(),
    })
}

fn bits(a: &IpAddr) -> (u128, u32) {
    match a {
        IpAddr::V4(v) => (u128::from(u32::from(*v)), 32),
        IpAddr::V6(v) => (u128::from(*v), 128),
    }
}

fn masked(a: IpAddr, n: u8) -> IpAddr {
    let (value, width) = bits(&a);
    let low = width.saturating_sub(u32::from(n));
    let kept = value
        .checked_shr(low)
        .unwrap_or(0)
        .checked_shl(low)
        .unwrap_or(0);
    match a {
        IpAddr::V4(_) => IpAddr::V4((kept as u32).into()),
        IpAddr::V6(_) => IpAddr::V6(kept.into()),
    }
}

pub(super) fn network(name: &str, a: IpAddr, n: u8, rest: &[V]) -> Outcome {
    let holds =
        |b: IpAddr, m: u8| a.is_ipv4() == b.is_ipv4() && m >= n && masked(b, n) == masked(a, n);
    let other = match rest {
        [V::Str(s)] if name == "containsIP" => Some(parsed("ip", s)?),
        [V::Str(s)] => Some(parsed("cidr", s)?),
        [v] => Some(v.clone()),
        _ => None,
    };
    Ok(match (name, other) {
        ("containsIP", Some(V::Ip(b))) => V::Bool(holds(b, n)),
        ("containsCIDR", Some(V::Cidr(b, m))) => V::Bool(holds(b, m)),
        ("ip", None) => V::Ip(a),
        ("masked", None) => V::Cidr(masked(a, n), n),
        ("prefixLength", None) => V::Int(i64::from(n)),
        _ => return no_overload(),
    })
}
