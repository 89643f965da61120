//! `kubectl get -w`: the list, then each change as a line of the same table.

use super::{has_rows, options, res, whole};
use crate::cx::Cx;
use crate::fail::{self, Fail, text};
use crate::print::{self, Format, table};
use crate::resources::{self, Ask, Target};
use machinery::{Accept, Request, Response, Value, WatchType};

/// `-w`: the list, then each change as a line of the same table.
pub async fn watch(cx: &Cx, ask: &Ask, format: Option<Format>) -> Result<(), Fail> {
    let found = resources::find(cx, ask).await?;
    fail::all(found.fails)?;
    let [target] = &found.targets[..] else {
        return Err(text(
            "watch is only supported on individual resources and resource collections - more than 1 resource was found",
        ));
    };
    let accept = if format.is_some() {
        Accept::Json
    } else {
        Accept::Table
    };
    let mut shown = Watched {
        format,
        options: options(cx),
        widths: Vec::new(),
        headed: false,
    };
    shown.options.namespace &= res(target).namespaced;
    shown.options.kind_prefix = cx.on("show-kind").then(|| res(target).kind_name());
    let first = whole(cx, target, accept, "rows")?;
    let mut version = first.text("metadata.resourceVersion").to_string();
    if version.is_empty() {
        version = first
            .at("rows")
            .items()
            .first()
            .map(|r| r.text("object.metadata.resourceVersion").to_string())
            .unwrap_or_default();
    }
    if !cx.on("watch-only") {
        match accept {
            Accept::Table if has_rows(&first) => shown.table(cx, &first, "ADDED"),
            Accept::Table => {}
            _ => {
                let items = match target {
                    Target::One(_) => vec![first.clone()],
                    Target::Many { res, .. } => resources::items(res, &first)
                        .into_iter()
                        .map(|i| i.object.0)
                        .collect(),
                };
                for v in items {
                    shown.object(cx, &v, "ADDED")?;
                }
            }
        }
    }
    let deadline = deadline(cx);
    let path = watch_request(target, accept);
    loop {
        let request = path.clone().with("resourceVersion", version.clone());
        let Response::Watch {
            events,
            version: next,
        } = cx.send(request)?
        else {
            return Err(text("the server did not answer with a watch"));
        };
        version = next.to_string();
        for event in events.iter().filter(|e| e.kind != WatchType::Bookmark) {
            if accept == Accept::Table {
                shown.table(cx, &event.object, event.kind.as_str());
            } else {
                shown.object(cx, &event.object, event.kind.as_str())?;
            }
        }
        if deadline.is_some_and(|d| cx.now() >= d) {
            return Ok(());
        }
        cx.host.changed_until(deadline).await;
    }
}

/// When `--request-timeout` ends a watch.
fn deadline(cx: &Cx) -> Option<i64> {
    let given = cx.flag("request-timeout");
    let ms =
        crate::flags::duration(given).or_else(|| given.parse::<i64>().ok().map(|s| s * 1000))?;
    (ms > 0).then(|| cx.now() + ms)
}

/// The watch request for a target, without its resourceVersion.
pub fn watch_request(target: &Target, accept: Accept) -> Request {
    let r = match target {
        Target::One(info) => Request::get(info.res.path(&info.namespace))
            .with("fieldSelector", format!("metadata.name={}", info.name)),
        Target::Many {
            res,
            namespace,
            selector,
            fields,
        } => resources::list_request(res, namespace, selector, fields),
    };
    r.accept(accept).with("watch", "true")
}

struct Watched {
    format: Option<Format>,
    options: table::Options,
    widths: Vec<usize>,
    headed: bool,
}

impl Watched {
    fn table(&mut self, cx: &Cx, t: &Value, event: &str) {
        let mut rows = Vec::new();
        // Only the first Table of a watch carries column definitions that are shown as a header.
        if self.options.headers && !self.headed {
            rows.push(table::header(t, &self.options));
        }
        self.headed = true;
        rows.extend(table::rows(t, &self.options, event));
        cx.out(table::align(&rows, &mut self.widths));
    }
    fn object(&mut self, cx: &Cx, v: &Value, event: &str) -> Result<(), Fail> {
        let clean = print::without_managed(v);
        let clean = if cx.on("output-watch-events") {
            machinery::value!({ "type": Value::str(event), "object": clean })
        } else {
            clean
        };
        match &self.format {
            Some(Format::Columns(spec)) => {
                let mut rows = Vec::new();
                if self.options.headers && !self.headed {
                    rows.push(spec.header());
                }
                self.headed = true;
                rows.push(spec.row(&clean));
                cx.out(table::align(&rows, &mut self.widths));
            }
            Some(Format::Yaml) => {
                if self.headed {
                    cx.out("---\n");
                }
                self.headed = true;
                cx.out(crate::forms::yaml(&clean));
            }
            Some(f) => cx.out(print::render(f, &clean)?),
            None => {}
        }
        Ok(())
    }
}
