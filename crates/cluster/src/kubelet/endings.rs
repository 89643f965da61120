//! What a container leaves behind: its termination message. Upstream: `kuberuntime_container.go` (`getTerminationMessage`).

use super::run::{ContainerRun, Phase};
use machinery::Object;
use std::rc::Rc;

/// A message file is read up to here.
const FILE_MAX: usize = 4096;
/// Of the log the last lines, up to here.
const LOG_MAX: usize = 2048;
const LINES_MAX: usize = 80;

/// Takes the message of a container that has ended from its file, or (if it asks for that and has failed) from its log.
pub fn note_message(pod: &Object, c: &mut ContainerRun) {
    let spec = c.spec(pod);
    let path = spec.text("terminationMessagePath");
    let by_log = spec.text("terminationMessagePolicy") == "FallbackToLogsOnError";
    let file = c.fs.as_ref().and_then(|fs| fs.read(path).ok());
    let mut text = file.map_or_else(String::new, |data| {
        let end = data.len().min(FILE_MAX);
        String::from_utf8_lossy(&data[..end]).into_owned()
    });
    let Phase::Ended { end, .. } = &c.phase else {
        return;
    };
    if text.is_empty() && by_log && end.code != 0 {
        let lines = c.log.all();
        let first = lines.len().saturating_sub(LINES_MAX);
        text = lines
            .iter()
            .skip(first)
            .map(|l| format!("{}\n", l.text))
            .collect();
        let mut from = text.len().saturating_sub(LOG_MAX);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        text.drain(..from);
    }
    // An end that has its own words (a start that failed) keeps them.
    if let Phase::Ended { end, .. } = &mut c.phase
        && end.message.is_empty()
        && !text.is_empty()
    {
        Rc::make_mut(end).message = text;
    }
}
