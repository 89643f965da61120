//! The line between two panes: dragged by pointer, moved by arrow keys.

use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub class: &'static str,
    /// The line stands upright, and moves sideways.
    pub vertical: bool,
    pub label: AttrValue,
    pub value: i32,
    pub range: (i32, i32),
    /// Pixels, or per mille of the height for a lying line.
    pub moved: Callback<i32>,
}

#[component(Splitter)]
pub fn splitter(props: &Props) -> Html {
    let from = use_mut_ref(|| None::<(i32, i32)>);
    let node = use_node_ref();
    let vertical = props.vertical;
    let height = {
        let node = node.clone();
        move || {
            let parent = node
                .cast::<web_sys::Element>()
                .and_then(|e| e.parent_element());
            parent.map_or(600, |p| p.client_height()).max(100)
        }
    };
    let down = {
        let (from, node) = (from.clone(), node.clone());
        Callback::from(move |e: PointerEvent| {
            e.prevent_default();
            *from.borrow_mut() = Some((e.client_x(), e.client_y()));
            if let Some(element) = node.cast::<web_sys::Element>() {
                let _ = element.set_pointer_capture(e.pointer_id());
            }
        })
    };
    let drag = {
        let (from, moved, height) = (from.clone(), props.moved.clone(), height.clone());
        Callback::from(move |e: PointerEvent| {
            let mut from = from.borrow_mut();
            let Some((x, y)) = *from else { return };
            let by = if vertical {
                e.client_x() - x
            } else {
                (e.client_y() - y) * 1000 / height()
            };
            if by != 0 {
                *from = Some((e.client_x(), e.client_y()));
                moved.emit(by);
            }
        })
    };
    let up = Callback::from(move |_: PointerEvent| *from.borrow_mut() = None);
    let keys = {
        let moved = props.moved.clone();
        Callback::from(move |e: KeyboardEvent| {
            let by = match (vertical, e.key().as_str()) {
                (true, "ArrowLeft") => -16,
                (true, "ArrowRight") => 16,
                (false, "ArrowUp") => -25,
                (false, "ArrowDown") => 25,
                _ => return,
            };
            e.prevent_default();
            moved.emit(by);
        })
    };
    html! {
        <div ref={node} class={classes!("splitter", props.class)} role="separator" tabindex="0" aria-label={props.label.clone()}
            aria-orientation={if vertical { "vertical" } else { "horizontal" }}
            aria-valuenow={props.value.to_string()} aria-valuemin={props.range.0.to_string()} aria-valuemax={props.range.1.to_string()}
            onpointerdown={down} onpointermove={drag} onpointerup={up.clone()} onpointercancel={up} onkeydown={keys} />
    }
}
