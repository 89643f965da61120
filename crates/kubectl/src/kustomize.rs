//! `-k FOLDER`: being written.

use crate::cx::Cx;
use crate::fail::{Fail, text};
use machinery::Object;

pub fn build(_cx: &Cx, folder: &str) -> Result<Vec<Object>, Fail> {
    Err(text(format!(
        "bottleship does not simulate kustomize yet ({folder})"
    )))
}
