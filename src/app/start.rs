//! From an empty document to a running app: the panic hook, what is fetched beside the program, what the address asks
//! for, the first render.

use super::{App, Start, bridge};
use crate::assets::Assets;
use wasm_bindgen_futures::spawn_local;

pub fn start() {
    std::panic::set_hook(Box::new(|info| bridge::crashed(&info.to_string())));
    bridge::rest_for(&wasm_bindgen::exports());
    if super::measure::measure() {
        return;
    }
    spawn_local(async {
        let fetched = bridge::site_data().await.ok().and_then(|s| s.as_string());
        let read = Assets::read(&fetched.unwrap_or_default());
        #[cfg(debug_assertions)]
        let read = read.or_else(|_| Assets::embedded());
        let assets = match read {
            Ok(assets) => assets,
            Err(why) => return bridge::crashed(&format!("site data: {why}")),
        };
        let props = Start {
            assets,
            shared: bridge::shared().await.ok().and_then(|s| s.as_string()),
            embed: bridge::asked("embed"),
            lesson: bridge::asked("lesson"),
        };
        // A failure is met again, and told, by whatever asks for the second module next.
        let _ = bridge::rest_first().await;
        // A document that keeps a place for the app (the tests' does) keeps the rest of itself.
        match gloo::utils::document().get_element_by_id("app") {
            Some(place) => yew::Renderer::<App>::with_root_and_props(place, props).render(),
            None => yew::Renderer::<App>::with_props(props).render(),
        };
    });
}
