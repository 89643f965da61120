//! Images that learners build, and what is known of those in the catalogue: for `docker build`, `minikube image load` and `kind load`.
//!
//! A built image is its base with other files, environment and command. Images are `&'static`, as those of the catalogue: a
//! built one is leaked once per load.

use super::catalogue::{self, App, Base, Image};
use super::images;
use crate::Cluster;
use crate::world::NodeSpec;
use machinery::{BuiltImage, Str};
use std::rc::Rc;

/// What the catalogue knows of a reference; false: the repository is unknown, true: only the tag is.
pub fn facts(reference: &str) -> Result<BuiltImage, bool> {
    let parsed = images::parse(reference).ok_or(false)?;
    let found = images::find(&parsed).map_err(|_| {
        catalogue::images().any(|i| i.repositories.contains(&parsed.repository.as_str()))
    })?;
    let words = |list: &[&str]| list.iter().map(|w| (*w).to_string()).collect();
    let pairs = |list: &[(&str, &str)]| {
        list.iter()
            .map(|(a, b)| ((*a).to_string(), (*b).to_string()))
            .collect()
    };
    Ok(BuiltImage {
        reference: parsed.full(),
        base: reference.to_string(),
        size: found.size,
        entrypoint: words(found.entrypoint),
        cmd: words(found.cmd),
        env: pairs(found.env),
        workdir: found.workdir.to_string(),
        ports: found.ports.to_vec(),
        files: pairs(found.files),
        has_shell: found.base != Base::Scratch,
        page: matches!(found.app, App::Python | App::Node),
        created_ms: 0,
    })
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.to_string().into_boxed_str())
}

fn leak_words(words: &[String]) -> &'static [&'static str] {
    let words: Vec<&'static str> = words.iter().map(|w| leak(w)).collect();
    Box::leak(words.into_boxed_slice())
}

fn leak_pairs(pairs: &[(String, String)]) -> &'static [(&'static str, &'static str)] {
    let pairs: Vec<(&'static str, &'static str)> =
        pairs.iter().map(|(a, b)| (leak(a), leak(b))).collect();
    Box::leak(pairs.into_boxed_slice())
}

/// The image as containers use it; none if its base is not in the catalogue.
fn image(built: &BuiltImage) -> Option<&'static Image> {
    let reference = images::parse(&built.reference)?;
    let base = images::find(&images::parse(&built.base)?).ok()?;
    // Files are laid out once per repository and tag: another content needs another key.
    let digest = built.files.iter().fold(0u64, |h, (name, text)| {
        name.bytes()
            .chain(text.bytes())
            .fold(h, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
    });
    let key = format!("{}#{digest:x}", reference.tag);
    let image = Image {
        repositories: leak_words(&[reference.repository]),
        tags: leak_words(&[key]),
        size: built.size,
        base: base.base,
        app: if built.page && !built.ports.is_empty() {
            App::Page
        } else {
            base.app
        },
        entrypoint: leak_words(&built.entrypoint),
        cmd: leak_words(&built.cmd),
        env: leak_pairs(&built.env),
        workdir: leak(&built.workdir),
        ports: Box::leak(built.ports.clone().into_boxed_slice()),
        start_ms: base.start_ms,
        memory_mi: base.memory_mi,
        cpu_milli: base.cpu_milli,
        request_us: base.request_us,
        boot: base.boot,
        files: leak_pairs(&built.files),
        wants: base.wants,
        refusal: base.refusal,
        on_term: base.on_term,
    };
    Some(Box::leak(Box::new(image)))
}

impl Cluster {
    /// Puts an image on every node; false if it is of no known base.
    pub fn load_image(&mut self, built: &BuiltImage) -> bool {
        let (Some(image), Some(reference)) = (image(built), images::parse(&built.reference)) else {
            return false;
        };
        let names: Vec<Str> = self.kubelets.nodes.keys().cloned().collect();
        for name in names {
            if let Some(node) = self.kubelets.node_mut(&name) {
                Rc::make_mut(&mut node.images).insert(Str::from(reference.full()), image);
            }
        }
        true
    }
    /// One more machine joins.
    pub fn join_node(&mut self, spec: NodeSpec) {
        Rc::make_mut(&mut self.world).nodes.push(spec);
        super::node::join(self);
    }
}
