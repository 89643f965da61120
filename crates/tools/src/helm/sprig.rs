//! The functions of helm's templates: sprig's usual ones, and helm's own (`toYaml`, `lookup`, `required`, …).
//!
//! Upstream: `Masterminds/sprig` and `helm:pkg/engine/funcs.go`. Left out, and said so when called: what makes certificates and
//! password hashes. Random texts come from one seeded generator.

use machinery::gotemplate::{Host, METHODS, Signature, TEXT, go, go_type};
use machinery::{Api, Map, Request, Value, value, yaml};
use shell::filters::date;
use std::collections::BTreeMap;
use std::rc::Rc;

mod lists;
mod text_functions;

use super::kube::Kube;

/// What stands around the message of `required` and `fail`, so that it can be found again.
pub const FAILED: &str = "\u{1}";

/// Names by their parameters; see [`Signature`].
const FUNCTIONS: &[(Signature, &str)] = &[
    (
        "s",
        "upper lower title untitle trim nospace initials camelcase snakecase kebabcase swapcase b64enc b64dec b32enc sha256sum sha1sum \
         adler32sum md5sum fromYaml fromJson fromYamlArray fromJsonArray fromToml osBase osDir osExt osClean base dir ext clean semver urlParse \
         mustFromJson regexQuoteMeta fail toDate htmlDate",
    ),
    (
        "a",
        "toYaml toJson toPrettyJson toRawJson mustToJson toYamlPretty toToml toString toStrings int int64 float64 toDecimal \
         empty kindOf typeOf first last rest initial reverse uniq keysOf compact mustCompact sortAlpha values not_ floor ceil typeIsNil \
         mustFirst mustLast mustUniq deepCopy mustDeepCopy all_ atoi unixEpoch ago duration htmlEscape",
    ),
    (
        "aa",
        "default ternary_ append prepend without_ has cat_ kindIs typeIs typeIsLike sub div mod join date dateInZone_ deepEqual mustAppend \
         mustPrepend mustHas required round_ hasKeyAny",
    ),
    ("aaa", "ternary"),
    ("aa*", "dateInZone round"),
    (
        "a*",
        "list tuple coalesce all any dict add mul max min addf mulf subf divf concat keys cat seq without chunk quote squote biggest",
    ),
    ("a", "add1 lookupNothing"),
    ("is", "trunc indent nindent repeat randomly abbrev wrap"),
    (
        "i",
        "randAlphaNum randAlpha randNumeric randAscii until randInt_",
    ),
    ("i*", "untilStep randInt"),
    (
        "ss",
        "trimSuffix trimPrefix trimAll hasPrefix hasSuffix contains splitList regexMatch mustRegexMatch regexFind semverCompare split trimall",
    ),
    (
        "sss",
        "replace regexReplaceAll regexReplaceAllLiteral mustRegexReplaceAll mustRegexReplaceAllLiteral",
    ),
    ("ssi", "regexFindAll regexSplit mustRegexSplit splitn_"),
    ("sis", "splitn"),
    ("isi", "substr_"),
    ("iis", "substr"),
    ("ms", "hasKey unset"),
    ("msa", "set"),
    (
        "ma*",
        "get_ pick omit merge mustMerge mergeOverwrite mustMergeOverwrite pluck_",
    ),
    ("ms", "get"),
    ("sm*", "pluck"),
    ("ssss", "lookup"),
    (
        "a*",
        "dig slice_ genCA genSelfSignedCert genSignedCert genPrivateKey htpasswd bcrypt derivePassword encryptAES decryptAES now uuidv4 env expandenv getHostByName",
    ),
    ("sa", "include tpl"),
];

fn refuse<T>(name: &str) -> Result<T, String> {
    Err(format!("bottleship does not simulate {name}"))
}

fn int(v: &Value) -> i64 {
    match v {
        Value::Bool(b) => i64::from(*b),
        Value::Str(s) => {
            let s = s.trim();
            let whole = s.parse::<i64>().ok();
            whole
                .or_else(|| s.parse::<f64>().ok().map(|f| f as i64))
                .unwrap_or(0)
        }
        v => v.as_f64().map_or(0, |f| match v {
            Value::Int(i) => *i,
            _ => f as i64,
        }),
    }
}

fn float(v: &Value) -> f64 {
    match v {
        Value::Str(s) => s.trim().parse().unwrap_or(0.0),
        v => v.as_f64().unwrap_or(0.0),
    }
}

fn kind(v: &Value) -> &'static str {
    match v {
        Value::Null => "invalid",
        Value::List(_) => "slice",
        Value::Map(_) => "map",
        other => go_type(other),
    }
}

pub fn to_yaml(v: &Value) -> String {
    yaml::print(v).trim_end_matches('\n').to_string()
}

fn texts(v: &Value) -> Vec<String> {
    match v {
        Value::List(items) => items.iter().filter(|i| !i.is_null()).map(go).collect(),
        Value::Null => Vec::new(),
        other => vec![go(other)],
    }
}

fn list(items: impl IntoIterator<Item = String>) -> Value {
    Value::from(items.into_iter().map(Value::from).collect::<Vec<_>>())
}

/// The functions' world.
pub struct Functions {
    /// For `lookup`; none for `helm template`.
    pub api: Option<Rc<dyn Api>>,
    pub now_ms: i64,
    pub seed: u64,
    /// Files of charts, by the chart's path and their name.
    pub files: BTreeMap<(String, String), String>,
    pub lint: bool,
}

/// A Go layout (`2006-01-02`) as `date` of coreutils has it.
fn layout(go: &str) -> String {
    let mut out = String::new();
    let mut rest = go;
    const PARTS: &[(&str, &str)] = &[
        ("2006", "%Y"),
        ("January", "%B"),
        ("Jan", "%b"),
        ("Monday", "%A"),
        ("Mon", "%a"),
        ("MST", "UTC"),
        ("-07:00", "+00:00"),
        ("-0700", "+0000"),
        ("Z07:00", "Z"),
        ("15", "%H"),
        ("01", "%m"),
        ("02", "%d"),
        ("03", "%I"),
        ("04", "%M"),
        ("05", "%S"),
        ("06", "%y"),
        ("PM", "%p"),
        ("_2", "%e"),
    ];
    while let Some(c) = rest.chars().next() {
        match PARTS.iter().find(|(go, _)| rest.starts_with(go)) {
            Some((go, ours)) => {
                out.push_str(ours);
                rest = &rest[go.len()..];
            }
            None => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    out
}

/// A point in time: prints as Go prints one.
fn time(ms: i64) -> Value {
    let text = date::format(ms, "%Y-%m-%d %H:%M:%S +0000 UTC");
    value!({ "\0type": "Time", "\0text": text, "\0ms": ms })
}

fn millis(v: &Value, now_ms: i64) -> i64 {
    match v {
        Value::Int(s) => s * 1000,
        v if v.has("\0ms") => v.get("\0ms").as_i64().unwrap_or(now_ms),
        _ => now_ms,
    }
}

/// A set of files, for `.Files`: of a chart, or those that `.Glob` found.
fn glob(pattern: &str, name: &str) -> bool {
    let (p, n): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    fn fits(p: &[char], n: &[char], left: &mut u32) -> bool {
        *left = left.saturating_sub(1);
        if *left == 0 {
            return false;
        }
        match (p.first(), n.first()) {
            (None, None) => true,
            (Some('*'), _) if p.get(1) == Some(&'*') => {
                let after = p.get(2..).unwrap_or(&[]);
                let after_slash = after.strip_prefix(&['/']).unwrap_or(after);
                fits(after_slash, n, left)
                    || n.split_first().is_some_and(|(_, rest)| fits(p, rest, left))
            }
            (Some('*'), _) => {
                fits(&p[1..], n, left)
                    || n.first().is_some_and(|c| *c != '/') && fits(p, &n[1..], left)
            }
            (Some('?'), Some(c)) if *c != '/' => fits(&p[1..], &n[1..], left),
            (Some('{'), _) => {
                let Some(end) = p.iter().position(|c| *c == '}') else {
                    return false;
                };
                p[1..end].split(|c| *c == ',').any(|choice| {
                    n.starts_with(choice) && fits(&p[end + 1..], &n[choice.len()..], left)
                })
            }
            (Some(a), Some(b)) => a == b && fits(&p[1..], &n[1..], left),
            _ => false,
        }
    }
    fits(&p, &n, &mut 20_000)
}

impl Functions {
    fn random(&mut self) -> u64 {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let x = self.seed ^ self.seed >> 29;
        x.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 16
    }
    fn random_text(&mut self, n: i64, alphabet: &str) -> String {
        let letters = alphabet.as_bytes();
        let pick = |_| {
            let at = self.random() as usize % letters.len().max(1);
            letters.get(at).map_or('a', |b| *b as char)
        };
        (0..n.clamp(0, 4096)).map(pick).collect()
    }
    fn uuid(&mut self) -> String {
        let hex = format!(
            "{:012x}{:012x}{:012x}",
            self.random(),
            self.random(),
            self.random()
        );
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or("");
        format!(
            "{}-{}-4{}-a{}-{}",
            part(0, 8),
            part(8, 12),
            part(12, 15),
            part(15, 18),
            part(18, 30)
        )
    }
    fn lookup(&self, args: &[Value]) -> Result<Value, String> {
        let Some(api) = &self.api else {
            return Ok(Value::map());
        };
        let text = |i: usize| args.get(i).map(go).unwrap_or_default();
        let (version, kind, namespace, name) = (text(0), text(1), text(2), text(3));
        let kube = Kube::new(api.clone());
        let Ok(resource) = kube.resource(&version, &kind) else {
            return Err(format!(
                "unable to get apiresource from unstructured: {version}, Kind={kind}"
            ));
        };
        let mut path = resource.path(&namespace);
        if !name.is_empty() {
            path.push_str(&format!("/{name}"));
        }
        match api.request(Request::get(path)).value() {
            Ok(v) => Ok(v),
            Err(s) if s.code == 404 => Ok(Value::map()),
            Err(s) => Err(s.message),
        }
    }
    /// The files of a `.Files` value: name and content.
    fn files_of(&self, on: &Value) -> Vec<(String, String)> {
        match on.get("\0chart") {
            Value::Str(chart) => self
                .files
                .iter()
                .filter(|((c, _), _)| c == chart.as_str())
                .map(|((_, name), text)| (name.clone(), text.clone()))
                .collect(),
            _ => on
                .entries()
                .iter()
                .filter(|(k, _)| !k.starts_with('\0'))
                .map(|(k, v)| (k.to_string(), go(v)))
                .collect(),
        }
    }
}

impl Host for Functions {
    fn signature(&self, name: &str) -> Option<Signature> {
        FUNCTIONS
            .iter()
            .find(|(_, names)| names.split_whitespace().any(|n| n == name))
            .map(|(signature, _)| *signature)
    }
    fn strict(&self) -> bool {
        true
    }
    fn call(&mut self, name: &str, args: &[Value]) -> Result<Value, String> {
        let null = Value::Null;
        let a = args.first().unwrap_or(&null);
        let b = args.get(1).unwrap_or(&null);
        let c = args.get(2).unwrap_or(&null);
        let name = match name.strip_prefix("must") {
            Some(rest) if name.len() > 4 => {
                let mut chars = rest.chars();
                let first = chars.next().map(|c| c.to_ascii_lowercase());
                first.into_iter().chain(chars).collect::<String>()
            }
            _ => name.to_string(),
        };
        if let Some(done) = text_functions::call(&name, a, b, c) {
            return done;
        }
        if let Some(done) = lists::call(&name, args) {
            return done;
        }
        Ok(match name.as_str() {
            "required" => match b.is_null() || b.as_str() == Some("") {
                true if self.lint => Value::from(""),
                true => return Err(format!("{FAILED}{}{FAILED}", go(a))),
                false => b.clone(),
            },
            "fail" if self.lint => Value::from(""),
            "fail" => return Err(format!("{FAILED}{}{FAILED}", go(a))),
            "lookup" => self.lookup(args)?,
            "now" => time(self.now_ms),
            "date" => Value::from(date::format(millis(b, self.now_ms), &layout(&go(a)))),
            "dateInZone" => Value::from(date::format(millis(b, self.now_ms), &layout(&go(a)))),
            "htmlDate" => Value::from(date::format(millis(a, self.now_ms), "%Y-%m-%d")),
            "unixEpoch" => Value::from((millis(a, self.now_ms) / 1000).to_string()),
            "uuidv4" => Value::from(self.uuid()),
            "randAlphaNum" => Value::from(self.random_text(
                int(a),
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
            )),
            "randAlpha" => Value::from(self.random_text(
                int(a),
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
            )),
            "randNumeric" => Value::from(self.random_text(int(a), "0123456789")),
            "randAscii" => {
                let all: String = (33u8..127).map(char::from).collect();
                Value::from(self.random_text(int(a), &all))
            }
            "randInt" => {
                let (from, to) = (int(a), int(b));
                let span = to.saturating_sub(from).max(1) as u64;
                Value::Int(from.saturating_add((self.random() % span) as i64))
            }
            "env" | "expandenv" => return Err(format!("function {name:?} not defined")),
            "getHostByName" => Value::from(""),
            _ => return refuse(&name),
        })
    }
    fn method(&mut self, on: &Value, name: &str, args: &[Value]) -> Option<Result<Value, String>> {
        let text = args.first().map(go).unwrap_or_default();
        let kind = on.get(METHODS).as_str().unwrap_or("");
        Some(Ok(match (kind, name) {
            ("Files", "Get" | "GetBytes") => {
                let found = self.files_of(on).into_iter().find(|(n, _)| *n == text);
                Value::from(found.map_or(String::new(), |(_, content)| content))
            }
            ("Files", "Lines") => {
                let found = self.files_of(on).into_iter().find(|(n, _)| *n == text);
                let content = found.map_or(String::new(), |(_, content)| content);
                list(content.trim_end_matches('\n').split('\n').map(String::from))
            }
            ("Files", "Glob") => {
                let mut out = Map::default();
                out.insert(METHODS, "Files");
                for (file, content) in self.files_of(on) {
                    if glob(&text, &file) {
                        out.insert(file, content);
                    }
                }
                Value::from(out)
            }
            ("Files", "AsConfig" | "AsSecrets") => {
                let mut out = Map::default();
                for (file, content) in self.files_of(on) {
                    let base = file.rsplit('/').next().unwrap_or("").to_string();
                    out.insert(
                        base,
                        match name {
                            "AsConfig" => content,
                            _ => codec::encode_base64(content.as_bytes()),
                        },
                    );
                }
                let out = Value::from(out);
                Value::from(if out.is_empty() {
                    String::new()
                } else {
                    to_yaml(&out)
                })
            }
            ("APIVersions", "Has") => Value::Bool(self.serves(&text)),
            ("Time", "Unix") => Value::Int(millis(on, self.now_ms) / 1000),
            ("Time", "Year") => Value::Int(int(&Value::from(date::format(
                millis(on, self.now_ms),
                "%Y",
            )))),
            ("Time", "Format") => {
                Value::from(date::format(millis(on, self.now_ms), &layout(&text)))
            }
            ("Time", "UTC" | "Local") => on.clone(),
            _ => return None,
        }))
    }
}

impl Functions {
    /// Whether the server has `apps/v1`, or `networking.k8s.io/v1/Ingress`.
    fn serves(&self, what: &str) -> bool {
        let known = machinery::schema::kinds().any(|(version, kind)| {
            version == what || what.strip_prefix(version) == Some(&format!("/{kind}"))
        });
        let Some(api) = self.api.as_ref().filter(|_| !known) else {
            return known;
        };
        let mut parts = what.split('/');
        let (group, version) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        let path = format!("/apis/{group}/{version}");
        let found = api.request(Request::get(path)).value();
        let kind = parts.next();
        found.is_ok_and(|v| {
            let resources = v.get("resources").items();
            kind.is_none_or(|kind| resources.iter().any(|r| r.text("kind") == kind))
        })
    }
}

/// The object that `.Files` is, for the chart at this path.
pub fn files_object(chart: &str) -> Value {
    value!({ "\0type": "Files", "\0chart": Value::str(chart) })
}

/// A value with fields that prints as one text.
pub fn printing(mut fields: Value, text: &str) -> Value {
    *fields.field(TEXT) = Value::str(text);
    fields
}
