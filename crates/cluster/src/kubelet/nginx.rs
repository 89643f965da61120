//! nginx's own configuration, for those who mount one: `listen`, `server_name`, `root`, `location`, `return`,
//! `proxy_pass`, `upstream`, `include`. Other directives are read and have no effect here.

use machinery::Arrange;
use shell::Fs;

/// Blocks within blocks.
const DEPTH_MAX: u32 = 32;

/// A directive with its words, and its block where it has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Directive {
    pub words: Vec<String>,
    pub block: Vec<Directive>,
    pub line: usize,
    pub file: String,
}

/// What a configuration makes of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Return { code: u16, text: String },
    Files { root: String },
    Proxy { url: String },
}

/// The whole configuration, with its includes; the error is nginx's.
pub fn load(fs: &Fs) -> Result<Vec<Directive>, String> {
    read(fs, "/etc/nginx/nginx.conf", 0)
}

fn read(fs: &Fs, path: &str, depth: u32) -> Result<Vec<Directive>, String> {
    let text = fs
        .read_text(path)
        .map_err(|_| format!("open() \"{path}\" failed (2: No such file or directory)"))?;
    let mut tokens = tokens(&text);
    let (list, _) = block(&mut tokens, path, 0, text.lines().count() + 1)?;
    let mut out = Vec::new();
    expand(fs, list, depth, &mut out)?;
    Ok(out)
}

/// Replaces `include` by what it names.
fn expand(
    fs: &Fs,
    list: Vec<Directive>,
    depth: u32,
    out: &mut Vec<Directive>,
) -> Result<(), String> {
    for mut d in list {
        if d.words.first().is_some_and(|w| w == "include") && depth < 8 {
            let pattern =
                shell::fs::resolve("/etc/nginx", d.words.get(1).map_or("", String::as_str));
            if pattern.ends_with("mime.types") {
                continue;
            }
            for path in fs.glob("/", &pattern) {
                if fs.is_file(&path) {
                    out.extend(read(fs, &path, depth + 1)?);
                }
            }
            continue;
        }
        let mut inner = Vec::new();
        expand(fs, std::mem::take(&mut d.block), depth, &mut inner)?;
        d.block = inner;
        out.push(d);
    }
    Ok(())
}

type Tokens = std::iter::Peekable<std::vec::IntoIter<(String, usize, bool)>>;

/// Words, `;`, `{`, `}` with their lines; the flag tells a quoted word from punctuation.
fn tokens(text: &str) -> Tokens {
    let mut out: Vec<(String, usize, bool)> = Vec::new();
    let (mut word, mut line, mut quote) = (String::new(), 1, None);
    let mut chars = text.chars().peekable();
    let flush = |word: &mut String, out: &mut Vec<(String, usize, bool)>, line: usize| {
        if !word.is_empty() {
            out.push((std::mem::take(word), line, true));
        }
    };
    while let Some(c) = chars.next() {
        if c == '\n' {
            line += 1;
        }
        match (quote, c) {
            (Some(q), c) if c == q => {
                out.push((std::mem::take(&mut word), line, true));
                quote = None;
            }
            (Some(_), '\\') => word.push(match chars.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some(other) => other,
                None => '\\',
            }),
            (Some(_), c) => word.push(c),
            (None, '\'' | '"') if word.is_empty() => quote = Some(c),
            (None, '#') if word.is_empty() => {
                while chars.peek().is_some_and(|c| *c != '\n') {
                    chars.next();
                }
            }
            (None, '$') if chars.peek() == Some(&'{') => word.push(c),
            (None, ';' | '}') => {
                flush(&mut word, &mut out, line);
                out.push((c.to_string(), line, false));
            }
            (None, '{') if word.ends_with('$') => word.push(c),
            (None, '{') => {
                flush(&mut word, &mut out, line);
                out.push((c.to_string(), line, false));
            }
            (None, c) if c.is_whitespace() => flush(&mut word, &mut out, line),
            (None, c) => word.push(c),
        }
    }
    flush(&mut word, &mut out, line);
    out.into_iter().peekable()
}

fn block(
    tokens: &mut Tokens,
    file: &str,
    depth: u32,
    last: usize,
) -> Result<(Vec<Directive>, bool), String> {
    let inner = depth > 0;
    if depth > DEPTH_MAX {
        return Err(format!("too deeply nested block in {file}"));
    }
    let mut out = Vec::new();
    let mut words: Vec<String> = Vec::new();
    while let Some((token, line, is_word)) = tokens.next() {
        if is_word {
            words.push(token);
            continue;
        }
        match token.as_str() {
            ";" if words.is_empty() => return Err(format!("unexpected \";\" in {file}:{line}")),
            ";" => out.push(Directive {
                words: std::mem::take(&mut words),
                block: Vec::new(),
                line,
                file: file.into(),
            }),
            "{" => {
                let (list, _) = block(tokens, file, depth + 1, last)?;
                out.push(Directive {
                    words: std::mem::take(&mut words),
                    block: list,
                    line,
                    file: file.into(),
                });
            }
            _ if inner && words.is_empty() => return Ok((out, true)),
            _ if !words.is_empty() => {
                return Err(format!(
                    "directive \"{}\" is not terminated by \";\" in {file}:{line}",
                    words[0]
                ));
            }
            _ => return Err(format!("unexpected \"}}\" in {file}:{line}")),
        }
    }
    match inner || !words.is_empty() {
        true => Err(format!(
            "unexpected end of file, expecting \"{}\" in {file}:{last}",
            if words.is_empty() { "}" } else { ";\" or \"}" }
        )),
        false => Ok((out, false)),
    }
}

fn named<'a>(list: &'a [Directive], name: &'a str) -> impl Iterator<Item = &'a Directive> {
    list.iter()
        .filter(move |d| d.words.first().is_some_and(|w| w == name))
}

fn argument<'a>(list: &'a [Directive], name: &'a str) -> Option<&'a str> {
    named(list, name)
        .next()
        .and_then(|d| d.words.get(1))
        .map(String::as_str)
}

fn servers(config: &[Directive]) -> Vec<&Directive> {
    named(config, "http")
        .flat_map(|http| named(&http.block, "server"))
        .collect()
}

fn port(server: &Directive) -> Vec<u16> {
    let all: Vec<u16> = named(&server.block, "listen")
        .filter_map(|d| d.words.get(1)?.rsplit(':').next()?.parse().ok())
        .collect();
    if all.is_empty() { vec![80] } else { all }
}

/// The ports that the configuration listens on.
pub fn ports(config: &[Directive]) -> Vec<u16> {
    let mut all: Vec<u16> = servers(config).into_iter().flat_map(port).collect();
    all.arrange();
    all.dedup();
    all
}

/// Hosts that `proxy_pass` and `upstream` name, with the place in the file: nginx looks them up when it starts.
pub fn upstreams(config: &[Directive]) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let own: Vec<&str> = named(config, "http")
        .flat_map(|h| named(&h.block, "upstream"))
        .filter_map(|u| u.words.get(1))
        .map(String::as_str)
        .collect();
    let mut todo: Vec<&Directive> = config.iter().collect();
    while let Some(d) = todo.pop() {
        todo.extend(&d.block);
        let target = match d.words.first().map(String::as_str) {
            Some("proxy_pass") => d.words.get(1).map(|u| host_of(u)),
            Some("server") if d.block.is_empty() => d.words.get(1).map(|u| host_of(u)),
            _ => None,
        };
        if let Some(host) = target
            && !host.contains('$')
            && !own.contains(&host)
        {
            out.push((host.to_string(), format!("{}:{}", d.file, d.line)));
        }
    }
    out
}

fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, r)| r);
    let authority = rest.split('/').next().unwrap_or("");
    authority.split(':').next().unwrap_or("")
}

/// What becomes of a request to a port, by host name and path (with query).
pub fn action(
    config: &[Directive],
    to_port: u16,
    host: &str,
    target: &str,
    turn: u64,
) -> Option<Action> {
    let host = host.split(':').next().unwrap_or("");
    let listening: Vec<&Directive> = servers(config)
        .into_iter()
        .filter(|s| port(s).contains(&to_port))
        .collect();
    let by_name = |s: &&&Directive| {
        named(&s.block, "server_name").any(|d| d.words.iter().skip(1).any(|n| n == host))
    };
    let server = listening.iter().find(by_name).or(listening.first())?;
    let path = target.split('?').next().unwrap_or("/");
    let location = location(server, path);
    let scope = location.map_or(&server.block, |l| &l.block);
    if let Some(d) = named(scope, "return")
        .next()
        .or_else(|| named(&server.block, "return").next())
    {
        let (first, second) = (
            d.words.get(1)?.as_str(),
            d.words.get(2).cloned().unwrap_or_default(),
        );
        return Some(match first.parse() {
            Ok(code) => Action::Return { code, text: second },
            Err(_) => Action::Return {
                code: 302,
                text: first.to_string(),
            },
        });
    }
    if let Some(url) = argument(scope, "proxy_pass") {
        let prefix = location
            .and_then(|l| l.words.last())
            .map_or("/", String::as_str);
        return Some(Action::Proxy {
            url: proxied(config, url, prefix, target, turn),
        });
    }
    let http = named(config, "http").next().map_or(&[][..], |h| &h.block);
    let root = argument(scope, "root")
        .or_else(|| argument(&server.block, "root"))
        .or_else(|| argument(http, "root"))
        .unwrap_or("/usr/share/nginx/html");
    Some(Action::Files {
        root: root.to_string(),
    })
}

/// The location for a path: an exact one, else the longest prefix. Regular expressions are not simulated.
fn location<'a>(server: &'a Directive, path: &str) -> Option<&'a Directive> {
    let all: Vec<&Directive> = named(&server.block, "location").collect();
    let exact = all
        .iter()
        .find(|l| l.words.len() == 3 && l.words[1] == "=" && l.words[2] == path);
    let prefix = |l: &Directive| match l.words.as_slice() {
        [_, p] => Some(p.clone()),
        [_, m, p] if m == "^~" => Some(p.clone()),
        _ => None,
    };
    let longest = all
        .iter()
        .filter(|l| prefix(l).is_some_and(|p| path.starts_with(&p)))
        .max_by_key(|l| prefix(l).map_or(0, |p| p.len()));
    exact.or(longest).copied()
}

fn proxied(config: &[Directive], url: &str, prefix: &str, target: &str, turn: u64) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let (authority, uri) = rest
        .find('/')
        .map_or((rest, None), |at| (&rest[..at], Some(&rest[at..])));
    let group = named(config, "http")
        .flat_map(|h| named(&h.block, "upstream"))
        .find(|u| u.words.get(1).is_some_and(|n| n == authority));
    let authority = match group {
        None => authority.to_string(),
        Some(group) => {
            let all: Vec<&str> = named(&group.block, "server")
                .filter_map(|s| s.words.get(1))
                .map(String::as_str)
                .collect();
            all.get((turn % all.len().max(1) as u64) as usize)
                .copied()
                .unwrap_or("")
                .to_string()
        }
    };
    let path = match uri {
        Some(uri) => format!("{uri}{}", target.strip_prefix(prefix).unwrap_or("")),
        None => target.to_string(),
    };
    format!("{scheme}://{authority}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mounted_configuration_is_followed() {
        let mut fs = Fs::new();
        let _ = fs.install(
            "/etc/nginx/nginx.conf",
            "events {}\nhttp { include /etc/nginx/conf.d/*.conf; }\n",
        );
        let site = "server {\n  listen 8080;\n  location / { return 200 'hi\\n'; } # words\n  location /api/ { proxy_pass http://api:9000/; }\n  location = /up { proxy_pass http://pool; }\n}\nupstream pool { server a:1; server b:2; }\n";
        let _ = fs.install("/etc/nginx/conf.d/site.conf", site);
        let config = load(&fs).expect("reads");
        assert_eq!(ports(&config), [8080]);
        let act = |target: &str| action(&config, 8080, "x", target, 1);
        assert_eq!(
            act("/"),
            Some(Action::Return {
                code: 200,
                text: "hi\n".into()
            })
        );
        assert_eq!(
            act("/api/v1?x=1"),
            Some(Action::Proxy {
                url: "http://api:9000/v1?x=1".into()
            })
        );
        assert_eq!(
            act("/up"),
            Some(Action::Proxy {
                url: "http://b:2/up".into()
            })
        );
        let _ = fs.install("/etc/nginx/conf.d/site.conf", "server {\n  listen 80;\n");
        assert_eq!(
            load(&fs),
            Err("unexpected end of file, expecting \"}\" in /etc/nginx/conf.d/site.conf:3".into())
        );
    }
}
