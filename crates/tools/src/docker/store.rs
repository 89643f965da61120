//! The images of the learner's machine: one file, so that undo knows them.

use machinery::{Value, json, value};
use shell::Ctx;

use machinery::BuiltImage;

const STATE: &str = "/var/lib/docker/images.json";

/// The images of this machine.
pub fn images(ctx: &Ctx) -> Vec<BuiltImage> {
    let text = ctx.with_fs(|fs| fs.read_text(STATE)).unwrap_or_default();
    let list = json::parse(&text).unwrap_or_default();
    list.items().iter().map(read).collect()
}

pub(super) fn texts(v: &Value) -> Vec<String> {
    v.items()
        .iter()
        .filter_map(|w| w.as_str().map(String::from))
        .collect()
}

pub(super) fn pairs(v: &Value) -> Vec<(String, String)> {
    let pair = |p: &Value| {
        let text = |i: usize| {
            p.items()
                .get(i)
                .and_then(Value::as_str)
                .unwrap_or("")
                .to_string()
        };
        (text(0), text(1))
    };
    v.items().iter().map(pair).collect()
}

pub(super) fn read(v: &Value) -> BuiltImage {
    BuiltImage {
        reference: v.text("reference").into(),
        base: v.text("base").into(),
        size: v.int("size"),
        entrypoint: texts(v.get("entrypoint")),
        cmd: texts(v.get("cmd")),
        env: pairs(v.get("env")),
        workdir: v.text("workdir").into(),
        ports: v
            .get("ports")
            .items()
            .iter()
            .filter_map(|p| u16::try_from(p.as_i64()?).ok())
            .collect(),
        files: pairs(v.get("files")),
        has_shell: v.flag("shell"),
        page: v.flag("page"),
        created_ms: v.int("created"),
    }
}

pub(super) fn write(ctx: &Ctx, images: &[BuiltImage]) {
    let words = |w: &[String]| Value::from(w.iter().map(Value::from).collect::<Vec<_>>());
    let pairs = |p: &[(String, String)]| {
        let pair = |(a, b): &(String, String)| value!([a, b]);
        Value::from(p.iter().map(pair).collect::<Vec<_>>())
    };
    let one = |i: &BuiltImage| {
        let ports: Vec<i64> = i.ports.iter().map(|p| i64::from(*p)).collect();
        value!({
            "reference": &i.reference, "base": &i.base, "size": i.size, "entrypoint": (words(&i.entrypoint)), "cmd": (words(&i.cmd)),
            "env": (pairs(&i.env)), "workdir": &i.workdir, "ports": ports, "files": (pairs(&i.files)), "shell": i.has_shell,
            "page": i.page, "created": i.created_ms
        })
    };
    let list = Value::from(images.iter().map(one).collect::<Vec<_>>());
    // The folder is the machine's own; what cannot be written is not there next time.
    let _ = ctx.with_fs(|fs| fs.install(STATE, json::print(&list)));
}

/// What an image is known by: a digest of what it is made of.
pub(super) fn id(image: &BuiltImage) -> String {
    let mut text = format!(
        "{}{:?}{:?}{:?}",
        image.base, image.cmd, image.entrypoint, image.env
    );
    image
        .files
        .iter()
        .for_each(|(n, t)| text.push_str(&format!("{n}{t}")));
    codec::hex(&codec::sha256(text.as_bytes()))
}

/// As `docker images --no-trunc` shows it.
pub fn digest(image: &BuiltImage) -> String {
    format!("sha256:{}", id(image))
}

pub(super) fn size(bytes: i64) -> String {
    // Three digits, as go-units prints them.
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")];
    let found = units.iter().find(|(n, _)| bytes >= *n);
    let Some((n, unit)) = found else {
        return format!("{bytes}B");
    };
    let value = bytes as f64 / *n as f64;
    match value {
        v if v >= 100.0 => format!("{v:.0}{unit}"),
        v if v >= 10.0 => format!("{v:.1}{unit}").replace(".0", ""),
        v => format!("{v:.2}{unit}"),
    }
}

pub(super) fn ago(ms: i64) -> String {
    let (n, word) = match ms / 1000 {
        ..=0 => return "Less than a second ago".into(),
        1 => return "1 second ago".into(),
        s @ 2..60 => (s, "seconds"),
        60..120 => return "About a minute ago".into(),
        s @ 120..3600 => (s / 60, "minutes"),
        3600..7200 => return "About an hour ago".into(),
        s @ 7200..172_800 => (s / 3600, "hours"),
        s => (s / 86_400, "days"),
    };
    format!("{n} {word} ago")
}
