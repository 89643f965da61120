//! What the API says of each type and field, for `kubectl explain` and the editor's hover. Half a megabyte of text:
//! native builds embed it (feature `docs`), the page fetches it as a file of its own.

use crate::arrange::Arrange;
/// The documentation, ready to be asked.
#[derive(Clone, Default)]
pub struct Docs {
    text: std::rc::Rc<str>,
    /// Full type name, and where its lines start in `text`; sorted.
    types: Vec<(String, usize)>,
}

impl Docs {
    /// Reads the asset: `=TYPE<tab>text` lines, each followed by its fields' `.FIELD<tab>text` lines.
    pub fn parse(text: &str) -> Docs {
        let mut types = Vec::new();
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            if let Some((name, _)) = line.strip_prefix('=').and_then(|l| l.split_once('\t')) {
                types.push((name.to_string(), at));
            }
            at += line.len();
        }
        types.arrange();
        Docs {
            text: text.into(),
            types,
        }
    }

    /// The documentation that this program carries.
    #[cfg(feature = "docs")]
    pub fn embedded() -> Docs {
        Docs::parse(ASSET)
    }

    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    /// What is said of a field; of the type itself where `field` is "". `type_name` as [`super::TypeRef::name`].
    pub fn of(&self, type_name: &str, field: &str) -> Option<String> {
        let i = self
            .types
            .binary_search_by(|(n, _)| n.as_str().cmp(type_name))
            .ok()?;
        let (_, at) = self.types.get(i)?;
        let mut lines = self.text.get(*at..)?.lines();
        let own = lines.next()?.split_once('\t')?.1;
        if field.is_empty() {
            return Some(unescape(own));
        }
        lines.take_while(|l| l.starts_with('.')).find_map(|l| {
            let (name, text) = l.get(1..)?.split_once('\t')?;
            (name == field).then(|| unescape(text))
        })
    }
}

/// The asset's text, for writing it out as a file of the page.
#[cfg(feature = "docs")]
pub const ASSET: &str = include_str!(concat!(env!("OUT_DIR"), "/docs.txt"));

fn unescape(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    let mut chars = s.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => out.push('\n'),
                Some(e) => out.push(e),
                None => {}
            },
            (c, _) => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asked_by_type_and_field() {
        let d = Docs::parse("=b.Pod\tA pod.\\nTwo.\n.spec\tIts spec.\n=a.Node\tA node.\n");
        assert_eq!(d.of("b.Pod", "").as_deref(), Some("A pod.\nTwo."));
        assert_eq!(d.of("b.Pod", "spec").as_deref(), Some("Its spec."));
        assert_eq!((d.of("b.Pod", "status"), d.of("c", "")), (None, None));
    }
}
