//! From an empty document to a running app: the panic hook, the session that the address may carry, the first render.

use super::{App, Start, bridge};
use wasm_bindgen_futures::spawn_local;

pub fn start() {
    std::panic::set_hook(Box::new(|info| bridge::crashed(&info.to_string())));
    spawn_local(async {
        let shared = bridge::shared().await.ok().and_then(|s| s.as_string());
        yew::Renderer::<App>::with_props(Start { shared }).render();
    });
}
