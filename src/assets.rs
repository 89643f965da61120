//! What the program is given as a file beside it: the page's texts in both languages and the lessons. It is one JSON
//! document, made by `js/build.mjs` from `www/i18n/` and `lessons/`, and fetched while the program itself is.

use crate::i18n::{Lang, Texts};
use machinery::{Value, json};
use playground::Lessons;
use std::rc::Rc;

#[derive(Clone)]
pub struct Assets {
    ko: Rc<Texts>,
    en: Rc<Texts>,
    pub lessons: Rc<Lessons>,
}

impl PartialEq for Assets {
    fn eq(&self, other: &Assets) -> bool {
        Rc::ptr_eq(&self.lessons, &other.lessons)
    }
}

impl Assets {
    pub fn read(text: &str) -> Result<Assets, String> {
        let v = json::parse(text).map_err(|e| e.message)?;
        let texts = |lang: Lang| Rc::new(Texts::read(lang, v.get(lang.code())));
        Ok(Assets {
            ko: texts(Lang::Ko),
            en: texts(Lang::En),
            lessons: Rc::new(lessons(v.get("lessons"))?),
        })
    }
    /// In debug builds, whose tests have no server for the file.
    #[cfg(debug_assertions)]
    pub fn embedded() -> Result<Assets, String> {
        let texts = |lang, json| {
            let read = json::parse(json).map_err(|e| e.message)?;
            Ok::<_, String>(Rc::new(Texts::read(lang, &read)))
        };
        Ok(Assets {
            ko: texts(Lang::Ko, include_str!("../www/i18n/ko.json"))?,
            en: texts(Lang::En, include_str!("../www/i18n/en.json"))?,
            lessons: Rc::new(playground::built_in_lessons()?),
        })
    }
    pub fn texts(&self, lang: Lang) -> Rc<Texts> {
        match lang {
            Lang::Ko => Rc::clone(&self.ko),
            Lang::En => Rc::clone(&self.en),
        }
    }
}

/// The lessons from a map of path to content.
fn lessons(files: &Value) -> Result<Lessons, String> {
    let read = |path: &str| files.get(path).as_str().map(str::to_string);
    let list = |dir: &str| {
        let below = |name: &str| Some(name.strip_prefix(dir)?.strip_prefix('/')?.to_string());
        let names = files.entries().iter();
        names.filter_map(|(name, _)| below(name)).collect()
    };
    Lessons::read(&read, &list)
}
