//! The browser app: panes over one session of [`playground`].
//!
//! Layout, in reading order:
//! - [`model`]: the read model that outputs are folded into; [`layout`]: where things stand; both pure.
//! - [`i18n`], [`words`], [`markdown`]: texts in two languages, and lesson prose as plain data; pure too.
//! - [`assets`]: what is fetched beside the program.
//! - `app` (browser only): the frame loop, what the browser keeps, and thin components that show the model.
//!
//! The UI is told, it never asks: inputs go in, outputs come out, and no component looks into the cluster.

pub mod assets;
pub mod i18n;
mod keys;
pub mod layout;
pub mod markdown;
pub mod model;
pub mod words;

#[cfg(target_arch = "wasm32")]
pub mod app;
