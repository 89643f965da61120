//! News for those who listen rather than look: what became of pods, in moderation.

use super::App;
use crate::i18n::T;
use crate::model::pod::PodState;
use std::collections::BTreeMap;

impl App {
    /// Tells those who listen what became of pods, a few words at a time.
    pub(super) fn announce(&mut self) -> bool {
        let news = std::mem::take(&mut self.model.borrow_mut().cluster.news);
        if news.is_empty() {
            return false;
        }
        let texts = &self.ui.texts;
        let mut last: BTreeMap<&str, (Option<PodState>, &str)> = BTreeMap::new();
        for n in &news {
            last.insert(&n.pod, (n.state, &n.word));
        }
        self.news = if last.len() <= 3 {
            let say = |(pod, (state, word)): (&&str, &(Option<PodState>, &str))| match state {
                None => texts.fill(T::news_gone, &[("pod", pod)]),
                Some(PodState::Ready) => texts.fill(T::news_ready, &[("pod", pod)]),
                Some(_) => texts.fill(T::news_state, &[("pod", pod), ("word", word)]),
            };
            last.iter().map(say).collect::<Vec<_>>().join(" ")
        } else {
            let ready = last
                .values()
                .filter(|(s, _)| *s == Some(PodState::Ready))
                .count();
            let (n, r) = (last.len().to_string(), ready.to_string());
            texts.fill(T::news_many, &[("n", &n), ("ready", &r)])
        };
        true
    }
}
