//! The page in a real browser's document: it renders, the prompt and the nodes come, keys reach the shell, both languages
//! are there. What a learner does from end to end is tested in `tests/e2e`.
#![cfg(target_arch = "wasm32")]

use gloo::timers::future::TimeoutFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Document, Element, HtmlElement};

wasm_bindgen_test_configure!(run_in_browser);

fn document() -> Document {
    web_sys::window()
        .and_then(|w| w.document())
        .expect("a document")
}
fn text(selector: &str) -> String {
    let found: Option<Element> = document().query_selector(selector).ok().flatten();
    found.and_then(|e| e.text_content()).unwrap_or_default()
}
fn count(selector: &str) -> u32 {
    document()
        .query_selector_all(selector)
        .map_or(0, |l| l.length())
}
/// Waits until something holds, for ten seconds at most.
async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..200 {
        if holds() {
            return;
        }
        TimeoutFuture::new(50).await;
    }
    panic!("never came: {what}; the page shows: {}", text("body"));
}

#[wasm_bindgen_test]
async fn the_page_shows_a_running_cluster_a_prompt_and_a_lesson() {
    // The document's own content is the harness's: the app gets a place of its own in it.
    let place = document().create_element("div").expect("an element");
    place.set_id("app");
    place
        .set_attribute("style", "width: 1280px; height: 800px")
        .expect("an attribute");
    let body = document().body().expect("a body");
    body.append_child(&place).expect("it is appended");
    page::app::start();
    until("a header", || text("header h1") == "bottleship").await;
    until("three nodes", || count(".node") == 3).await;
    until("a prompt", || text(".xterm-rows").contains('$')).await;
    until("a step to do", || count(".step.now") == 1).await;

    // The other language, live.
    let before = text(".step.now h3");
    let other = document()
        .query_selector(".languages button:not(.on)")
        .ok()
        .flatten();
    let other = other.and_then(|e| wasm_bindgen::JsCast::dyn_into::<HtmlElement>(e).ok());
    other.expect("a language to change to").click();
    until("the lesson in the other language", || {
        text(".step.now h3") != before
    })
    .await;
}

#[wasm_bindgen_test]
fn wasm_gives_the_trace_that_native_gives() {
    assert_eq!(playground::trace::trace(), include_str!("../trace.txt"));
}
