//! awk (being written)
use super::{Cx, Tool};
pub(super) fn start(cx: &mut Cx<'_>) -> Result<Box<dyn Tool>, i32> {
    cx.complain("bottleship does not simulate awk");
    Err(2)
}
