//! The page's words in two languages. The texts are in `www/i18n/{en,ko}.json`, fetched beside the program; a key is a
//! variant of [`T`], so a misspelt one does not compile, and a test holds both files to the same keys.

use machinery::Value;

/// A language of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Lang {
    #[default]
    Ko,
    En,
}

impl Lang {
    pub fn code(self) -> &'static str {
        match self {
            Lang::Ko => "ko",
            Lang::En => "en",
        }
    }
    /// By a language tag such as `ko-KR`; what is neither is English.
    pub fn of(tag: &str) -> Lang {
        if tag.starts_with("ko") {
            Lang::Ko
        } else {
            Lang::En
        }
    }
}

pub use crate::keys::{KEYS, T};

/// All texts of one language.
#[derive(Debug, PartialEq)]
pub struct Texts {
    pub lang: Lang,
    texts: Vec<String>,
}

impl Texts {
    /// From a map of key to text; what is missing shows its key.
    pub fn read(lang: Lang, entries: &Value) -> Texts {
        let text = |key: &&str| entries.get(key).as_str().unwrap_or(key).to_string();
        Texts {
            lang,
            texts: KEYS.iter().map(text).collect(),
        }
    }
    pub fn get(&self, key: T) -> &str {
        self.texts.get(key as usize).map_or("", String::as_str)
    }
    /// The text with `{name}` places filled.
    pub fn fill(&self, key: T, values: &[(&str, &str)]) -> String {
        let mut text = self.get(key).to_string();
        for (name, value) in values {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }
    /// As [`Texts::fill`] for one number.
    pub fn count(&self, key: T, n: usize) -> String {
        // English has one plural; the text gives both, as "pod|pods".
        let text = self.fill(key, &[("n", &n.to_string())]);
        match text.split_once('|') {
            Some((one, _)) if n == 1 => one.to_string(),
            Some((_, many)) => many.to_string(),
            None => text,
        }
    }
}

/// The texts of a language's file, for tests.
#[cfg(test)]
pub fn of_file(lang: Lang) -> Texts {
    Texts::read(lang, &tests::file(lang))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn file(lang: Lang) -> Value {
        let text = match lang {
            Lang::Ko => include_str!("../www/i18n/ko.json"),
            Lang::En => include_str!("../www/i18n/en.json"),
        };
        machinery::json::parse(text).expect("it is JSON")
    }
    fn flat(lang: Lang) -> Vec<(String, String)> {
        let read = file(lang);
        let pair = |(k, v): &(machinery::Str, Value)| {
            (k.to_string(), v.as_str().unwrap_or("").to_string())
        };
        read.entries().iter().map(pair).collect()
    }

    #[test]
    fn both_languages_have_exactly_the_keys_of_the_program() {
        for lang in [Lang::Ko, Lang::En] {
            let have: Vec<String> = flat(lang).into_iter().map(|(k, _)| k).collect();
            for key in KEYS {
                assert!(
                    have.iter().any(|k| k == key),
                    "{}.json lacks {key}",
                    lang.code()
                );
            }
            for key in &have {
                assert!(
                    KEYS.contains(&key.as_str()),
                    "{}.json has an unused {key}",
                    lang.code()
                );
            }
        }
    }

    #[test]
    fn both_languages_fill_the_same_places() {
        let places = |s: &str| {
            let mut p: Vec<&str> = s
                .split('{')
                .skip(1)
                .filter_map(|r| r.split_once('}').map(|x| x.0))
                .collect();
            p.sort_unstable();
            p.dedup();
            p.join(",")
        };
        let (ko, en) = (flat(Lang::Ko), flat(Lang::En));
        for (key, text) in &ko {
            let other = en.iter().find(|(k, _)| k == key).map_or("", |(_, v)| v);
            assert_eq!(places(text), places(other), "{key}");
        }
    }
}
