//! The browser's entry point. Natively there is nothing to run here: the binary of that world is `bottleship`.

#[cfg(target_arch = "wasm32")]
fn main() {
    page::app::start();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("the page runs in a browser: cargo xtask serve");
}
