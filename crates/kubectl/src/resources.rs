//! From words and files to objects: `TYPE NAME`, `TYPE/NAME`, `TYPE,TYPE`, `all`, `-f`, `-l`, `-A`.
//! Upstream: `cli-runtime:pkg/resource/builder.go`.

use crate::cx::Cx;
use crate::discovery::{Mapper, Res};
use crate::fail::{Fail, text};
use crate::manifest::{self, Check};
use machinery::{Object, Request};
use std::rc::Rc;

/// What is asked for.
#[derive(Clone)]
pub struct Ask {
    pub words: Vec<String>,
    pub files: Vec<String>,
    pub kustomize: String,
    pub recursive: bool,
    pub check: Check,
    /// None where no selector was given; `Some("")` selects everything.
    pub selector: Option<String>,
    pub fields: String,
    pub namespace: String,
    pub explicit: bool,
    pub all_namespaces: bool,
    /// A type alone means all of its objects.
    pub type_alone: bool,
}

impl Ask {
    /// The request as the usual flags of the command say it: -f, -k, -R, -l, --field-selector, --all, -A, -n.
    pub fn of(cx: &Cx, words: &[String]) -> Result<Ask, Fail> {
        let selector = match cx.flag("selector") {
            "" if cx.on("all") || !cx.flag("field-selector").is_empty() => Some(String::new()),
            "" => None,
            s => Some(s.to_string()),
        };
        let all_namespaces = cx.on("all-namespaces");
        Ok(Ask {
            words: words.to_vec(),
            files: cx.list("filename"),
            kustomize: cx.flag("kustomize").to_string(),
            recursive: cx.on("recursive"),
            check: Check::Loose,
            selector,
            fields: cx.flag("field-selector").to_string(),
            namespace: cx.namespace()?,
            explicit: cx.namespace_is_explicit(),
            all_namespaces,
            type_alone: false,
        })
    }
    pub fn type_alone(mut self) -> Ask {
        self.type_alone = true;
        self
    }
    pub fn strict(mut self) -> Ask {
        self.check = Check::Strict;
        self
    }
    pub fn has_files(&self) -> bool {
        !self.files.is_empty() || !self.kustomize.is_empty()
    }
}

/// An object that is named, on the command line or in a file; `object` is what the file, or the server, says of it.
#[derive(Clone, Debug)]
pub struct Info {
    pub res: Rc<Res>,
    pub namespace: String,
    pub name: String,
    /// The file it stands in; "" for names on the command line.
    pub source: String,
    pub object: Object,
}

impl Info {
    pub fn path(&self) -> String {
        self.res.item(&self.namespace, &self.name)
    }
    /// `deployment.apps/web`
    pub fn shown(&self) -> String {
        format!("{}/{}", self.res.kind_name(), self.name)
    }
    /// The server's version of it.
    pub fn fetch(&self, cx: &Cx) -> Result<Object, Fail> {
        if self.name.is_empty() {
            return Err(text("resource name may not be empty"));
        }
        cx.get(&self.path()).map(Object)
    }
}

/// One thing to visit.
#[derive(Clone, Debug)]
pub enum Target {
    One(Info),
    /// A collection; the namespace is "" for all.
    Many {
        res: Rc<Res>,
        namespace: String,
        selector: String,
        fields: String,
    },
}

/// What the words and files stand for.
#[derive(Default)]
pub struct Found {
    pub targets: Vec<Target>,
    pub fails: Vec<Fail>,
    /// One object was named: its YAML is not wrapped into a list.
    pub single: bool,
}

const MISSING: &str = "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'";

/// Resolves what is asked for, without reading the objects themselves.
pub async fn find(cx: &Cx, ask: &Ask) -> Result<Found, Fail> {
    if ask.has_files() {
        if !ask.words.is_empty() {
            return Err(text(
                "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well",
            ));
        }
        return from_files(cx, ask).await;
    }
    cx.config()?.check()?;
    let mapper = cx.mapper()?;
    let words: Vec<String> = ask.words.clone();
    let slashes = words.iter().filter(|w| w.contains('/')).count();
    if slashes > 0 {
        return from_pairs(&mapper, ask, &words, slashes);
    }
    let Some((types, names)) = words.split_first() else {
        return Err(text(match ask.selector {
            Some(_) => "at least one resource must be specified to use a selector",
            None => MISSING,
        }));
    };
    let types = resources(&mapper, types)?;
    let selector = match &ask.selector {
        None if names.is_empty() && ask.type_alone => Some(String::new()),
        other => other.clone(),
    };
    let mut found = Found::default();
    match selector {
        Some(_) if !names.is_empty() => {
            return Err(text("name cannot be provided when a selector is specified"));
        }
        Some(selector) => {
            for res in types {
                found.targets.push(many(ask, &res, &selector));
            }
        }
        None if names.is_empty() => {
            return Err(text("resource(s) were provided, but no name was specified"));
        }
        None => {
            found.single = types.len() == 1 && names.len() == 1;
            for res in &types {
                for name in names {
                    found.targets.push(Target::One(one(ask, res, name)?));
                }
            }
        }
    }
    Ok(found)
}

/// The types of `pods,svc` or `all`.
pub fn resources(mapper: &Mapper, word: &str) -> Result<Vec<Rc<Res>>, Fail> {
    let mut out: Vec<Rc<Res>> = Vec::new();
    for part in word.split(',') {
        let members = mapper.category(part);
        if !members.is_empty() && mapper.find(part).is_none() {
            out.extend(members);
        } else {
            if part.is_empty() {
                return Err(text(
                    "arguments must consist of a resource or a resource and name",
                ));
            }
            out.push(mapper.resource(part)?);
        }
    }
    let mut unique: Vec<Rc<Res>> = Vec::new();
    for r in out {
        if !unique.contains(&r) {
            unique.push(r);
        }
    }
    Ok(unique)
}

fn many(ask: &Ask, res: &Rc<Res>, selector: &str) -> Target {
    let namespace = if !res.namespaced || ask.all_namespaces {
        String::new()
    } else {
        ask.namespace.clone()
    };
    Target::Many {
        res: res.clone(),
        namespace,
        selector: selector.to_string(),
        fields: ask.fields.clone(),
    }
}

fn one(ask: &Ask, res: &Rc<Res>, name: &str) -> Result<Info, Fail> {
    if ask.all_namespaces && res.namespaced {
        return Err(text(
            "a resource cannot be retrieved by name across all namespaces",
        ));
    }
    Ok(Info {
        res: res.clone(),
        namespace: if res.namespaced {
            ask.namespace.clone()
        } else {
            String::new()
        },
        name: name.to_string(),
        source: String::new(),
        object: Object::default(),
    })
}

/// `TYPE/NAME` words.
fn from_pairs(mapper: &Mapper, ask: &Ask, words: &[String], slashes: usize) -> Result<Found, Fail> {
    if slashes != words.len() {
        return Err(text(
            "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
        ));
    }
    if ask.selector.is_some() {
        return Err(text(
            "selectors and the all flag cannot be used when passing resource/name arguments",
        ));
    }
    let mut found = Found::default();
    let words: Vec<&str> = words.iter().flat_map(|w| w.split(',')).collect();
    for word in &words {
        let parts: Vec<&str> = word.split('/').collect();
        let [kind, name] = parts[..] else {
            return Err(text(
                "arguments in resource/name form may not have more than one slash",
            ));
        };
        if kind.is_empty() || name.is_empty() {
            return Err(text(
                "arguments in resource/name form must have a single resource and name",
            ));
        }
        let res = mapper.resource(kind)?;
        found.targets.push(Target::One(one(ask, &res, name)?));
    }
    found.single = words.len() == 1;
    Ok(found)
}

async fn from_files(cx: &Cx, ask: &Ask) -> Result<Found, Fail> {
    let (documents, fails) = if ask.kustomize.is_empty() {
        manifest::read(cx, &ask.files, ask.recursive, ask.check).await
    } else {
        let objects = crate::kustomize::build(cx, &ask.kustomize)?;
        let docs = objects.into_iter().map(|object| {
            Ok(manifest::Document {
                object,
                source: ask.kustomize.clone(),
            })
        });
        (docs.collect(), Vec::new())
    };
    let mut found = Found {
        fails,
        ..Found::default()
    };
    let mapper = cx.mapper()?;
    for document in documents {
        let info = document.and_then(|d| info(&mapper, ask, d));
        match info {
            Ok(info) => {
                let wanted = ask.selector.as_deref().unwrap_or("");
                if selects(wanted, &info.object)? {
                    found.targets.push(Target::One(info));
                }
            }
            Err(e) => found.fails.push(e),
        }
    }
    found.single = found.targets.len() == 1 && found.fails.is_empty();
    Ok(found)
}

fn selects(selector: &str, object: &Object) -> Result<bool, Fail> {
    if selector.is_empty() {
        return Ok(true);
    }
    crate::forms::selects(selector, object).map_err(text)
}

/// A document's place in the cluster.
fn info(mapper: &Mapper, ask: &Ask, d: manifest::Document) -> Result<Info, Fail> {
    let mut object = d.object;
    let (version, kind) = (object.api_version().to_string(), object.kind().to_string());
    let Some(res) = mapper.of_kind(&version, &kind) else {
        return Err(text(format!(
            "resource mapping not found for name: \"{}\" namespace: \"{}\" from \"{}\": no matches for kind \"{kind}\" in version \"{version}\"\nensure CRDs are installed first",
            object.name(),
            object.namespace(),
            d.source,
        )));
    };
    let mut namespace = String::new();
    if res.namespaced {
        let own = object.namespace().to_string();
        if own.is_empty() {
            namespace = ask.namespace.clone();
            let ns = namespace.clone();
            object = object.edit(|o| o.set("metadata.namespace", ns));
        } else if ask.explicit && own != ask.namespace {
            return Err(text(format!(
                "the namespace from the provided object \"{own}\" does not match the namespace \"{}\". You must pass '--namespace={own}' to perform this operation.",
                ask.namespace
            )));
        } else {
            namespace = own;
        }
    }
    Ok(Info {
        res,
        namespace,
        name: object.name().to_string(),
        source: d.source,
        object,
    })
}

/// A request for a collection.
pub fn list_request(res: &Res, namespace: &str, selector: &str, fields: &str) -> Request {
    let mut r = Request::get(res.path(namespace));
    if !selector.is_empty() {
        r = r.with("labelSelector", selector);
    }
    if !fields.is_empty() {
        r = r.with("fieldSelector", fields);
    }
    r
}

/// The words around a collection that could not be read because of its selectors.
pub fn list_error(fail: Fail, res: &Res, selector: &str, fields: &str) -> Fail {
    match fail {
        Fail::Status(mut s) if ["BadRequest", "NotFound"].contains(&s.reason) => {
            if s.reason == "NotFound" {
                s.message.push_str(&format!(" (get {})", res.qualified()));
            }
            let what = match selector.is_empty() && fields.is_empty() {
                true => "list",
                false => "find",
            };
            let by = match what {
                "list" => String::new(),
                _ => format!(
                    " that match label selector \"{selector}\", field selector \"{fields}\""
                ),
            };
            s.message = format!(
                "Unable to {what} \"{}, Resource={}\"{by}: {}",
                if res.group.is_empty() {
                    format!("/{}", res.version)
                } else {
                    res.api_version()
                },
                res.plural,
                s.message
            );
            Fail::Status(s)
        }
        other => other,
    }
}

/// All objects behind a target, read from the server.
pub fn objects(cx: &Cx, target: &Target) -> Result<Vec<Info>, Fail> {
    match target {
        Target::One(info) => {
            let object = info.fetch(cx)?;
            Ok(vec![Info {
                object,
                ..info.clone()
            }])
        }
        Target::Many {
            res,
            namespace,
            selector,
            fields,
        } => {
            let list = cx
                .ask(list_request(res, namespace, selector, fields))
                .map_err(|e| list_error(e, res, selector, fields))?;
            Ok(items(res, &list))
        }
    }
}

/// The items of a list, which carry neither kind nor version of their own.
pub fn items(res: &Rc<Res>, list: &machinery::Value) -> Vec<Info> {
    let items = list.get("items").items().iter();
    items
        .map(|item| {
            let object = Object(item.clone()).edit(|o| {
                o.set("apiVersion", res.api_version());
                o.set("kind", res.kind.clone());
            });
            Info {
                res: res.clone(),
                namespace: object.namespace().to_string(),
                name: object.name().to_string(),
                source: String::new(),
                object,
            }
        })
        .collect()
}

/// Everything that was asked for, read from the server, or with `--local` from the files alone; what failed is beside it.
pub async fn read(cx: &Cx, ask: &Ask) -> Result<(Vec<Info>, Vec<Fail>), Fail> {
    if cx.on("local") {
        return local(cx, ask).await;
    }
    let found = find(cx, ask).await?;
    let mut fails = found.fails;
    let mut out = Vec::new();
    for target in &found.targets {
        match objects(cx, target) {
            Ok(infos) => out.extend(infos),
            Err(e) => fails.push(e),
        }
    }
    Ok((out, fails))
}

/// `--local`: the objects as the files have them.
async fn local(cx: &Cx, ask: &Ask) -> Result<(Vec<Info>, Vec<Fail>), Fail> {
    if !ask.words.is_empty() {
        return Err(text(
            "error: you must specify resources by --filename when --local is set.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'",
        ));
    }
    let found = find(cx, ask).await?;
    let infos = found.targets.into_iter().filter_map(|t| match t {
        Target::One(i) => Some(i),
        Target::Many { .. } => None,
    });
    Ok((infos.collect(), found.fails))
}
