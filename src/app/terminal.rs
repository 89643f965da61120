//! The terminal: xterm.js in an element; keys go to the session, what it prints comes back through the app.

use super::bridge;
use super::ui::{Act, use_ui};
use crate::i18n::T;
use playground::Input;
use wasm_bindgen::prelude::Closure;
use yew::prelude::*;

#[component(TerminalPane)]
pub fn terminal_pane() -> Html {
    let ui = use_ui();
    let node = use_node_ref();
    let label = ui.t(T::terminal_label);
    let act = ui.act.clone();
    use_effect_with(node.clone(), move |node| {
        let keys = act.clone();
        let size = act.clone();
        let on_data = Closure::<dyn FnMut(String)>::new(move |data| {
            keys.emit(Act::Input(Input::Keys(data)));
        });
        let on_resize = Closure::<dyn FnMut(u16, u16)>::new(move |columns, rows| {
            size.emit(Act::Input(Input::Resize { columns, rows }));
        });
        if let Some(element) = node.cast::<web_sys::Element>() {
            bridge::terminal_open(&element, &label, &on_data, &on_resize);
            act.emit(Act::TerminalReady);
            bridge::terminal_focus();
        }
        move || drop((on_data, on_resize))
    });
    html! { <div class="xterm-holder" ref={node}></div> }
}
