//! The one door to JavaScript: xterm.js, Monaco, packing of shared links. Plain functions over plain data.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/www/gen/bridge.js")]
extern "C" {
    #[wasm_bindgen(js_name = terminalOpen)]
    pub fn terminal_open(
        element: &web_sys::Element,
        label: &str,
        on_data: &Closure<dyn FnMut(String)>,
        on_resize: &Closure<dyn FnMut(u16, u16)>,
    );
    #[wasm_bindgen(js_name = terminalWrite)]
    pub fn terminal_write(text: &str);
    #[wasm_bindgen(js_name = terminalLabel)]
    pub fn terminal_label(label: &str);
    #[wasm_bindgen(js_name = terminalFocus)]
    pub fn terminal_focus();
    #[wasm_bindgen(js_name = editorLoad, catch)]
    pub async fn editor_load(
        element: web_sys::Element,
        language: String,
        label: String,
        on_change: JsValue,
        on_complete: JsValue,
        on_hover: JsValue,
    ) -> Result<JsValue, JsValue>;
    /// The editor speaks this language from now on; true if it had to be made anew.
    #[wasm_bindgen(js_name = editorLanguage, catch)]
    pub async fn editor_language(language: String, label: String) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = editorShow)]
    pub fn editor_show(path: &str, text: &str);
    #[wasm_bindgen(js_name = editorForget)]
    pub fn editor_forget(path: &str);
    #[wasm_bindgen(js_name = editorMark)]
    pub fn editor_mark(path: &str, json: &str);
    #[wasm_bindgen(js_name = editorFocus)]
    pub fn editor_focus();
    #[wasm_bindgen]
    pub fn retheme();
    /// What the first Wasm module exports, for the second to import. Without a second one (a debug build) these three do nothing.
    #[wasm_bindgen(js_name = restFor)]
    pub fn rest_for(first: &JsValue);
    /// Fetches the second Wasm module.
    #[wasm_bindgen(js_name = restLater)]
    pub fn rest_later();
    /// Waits for it, if a session is to be taken up again and needs it at once.
    #[wasm_bindgen(js_name = restFirst, catch)]
    pub async fn rest_first() -> Result<JsValue, JsValue>;
    /// The second module, now: waits for it without letting anything else run. The stubs of its functions call this.
    #[wasm_bindgen(js_name = restNow)]
    pub fn rest_now();
    /// For those who measure: what our own code took of a frame, in milliseconds.
    #[wasm_bindgen(js_name = frameTook)]
    pub fn frame_took(ms: f64, session: f64, folding: f64);
    /// Puts a plain message over the page: the program stopped, reload or start afresh.
    #[wasm_bindgen]
    pub fn crashed(message: &str);
    /// The address of this session, and whether it is on the clipboard.
    #[wasm_bindgen(catch)]
    pub async fn share(session: String) -> Result<JsValue, JsValue>;
    /// The file of texts and lessons beside the program.
    #[wasm_bindgen(js_name = siteData, catch)]
    pub async fn site_data() -> Result<JsValue, JsValue>;
    /// What the API says of its fields: fetched once it is asked for.
    #[wasm_bindgen(js_name = apiDocs, catch)]
    pub async fn api_docs() -> Result<JsValue, JsValue>;
    /// What the address asks for by this name (`?embed`, `?lesson=...`); undefined if it does not.
    #[wasm_bindgen(js_name = addressAsks)]
    pub fn asked(name: &str) -> Option<String>;
    /// Hands a file to the learner.
    #[wasm_bindgen]
    pub fn download(name: &str, text: &str);
    /// The text of a file that the learner chooses.
    #[wasm_bindgen(catch)]
    pub async fn choose() -> Result<JsValue, JsValue>;
    /// The session that the address carries; undefined for none.
    #[wasm_bindgen(catch)]
    pub async fn shared() -> Result<JsValue, JsValue>;
}
