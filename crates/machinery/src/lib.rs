//! The machinery of the Kubernetes API: objects, schema, YAML, patches, selectors, quantities, requests. It knows no kind.
//!
//! Layout, in reading order:
//! - [`value`]: the persistent tree that every object is; [`view`]: typed reading of it; [`object`]: what all objects have.
//! - Sorting that costs little code: [`arrange`].
//! - [`status`], [`field`]: the one error type, and what validation finds.
//! - [`request`]: what goes through the one door. [`http`]: what travels through the simulated network. [`image`]: what docker builds and nodes run.
//! - [`time`], [`duration`], [`json`], [`yaml`], [`quantity`], [`selector`], [`labels`]: small values and their texts.
//! - [`cel`]: the expressions that rules and policies are written in.
//! - [`validate_names`]: rules for names that kinds share.
//! - [`structural`]: the schemas of custom kinds, and what they do to values.
//! - [`schema`]: types and fields of all kinds; [`strict`]: decoding against them; [`patch`]: changing by them; [`managed`]: who owns which field.

pub mod arrange;
pub mod cel;
pub mod duration;
pub mod field;
pub mod gotemplate;
pub mod http;
pub mod image;
pub mod intern;
pub mod json;
pub mod jsonpath;
pub mod labels;
pub mod managed;
pub mod object;
pub mod patch;
pub mod quantity;
pub mod request;
pub mod schema;
pub mod selector;
pub mod status;
pub mod strict;
pub mod structural;
pub mod time;
pub mod validate_names;
pub mod value;
pub mod view;
pub mod yaml;

pub use arrange::Arrange;
pub use field::{Errors, Path};
pub use image::BuiltImage;
pub use object::Object;
pub use quantity::Quantity;
pub use request::{
    Accept, Api, Body, Cause, Method, PatchType, Proxy, Request, Response, StreamId, StreamIn,
    StreamOut, Trigger, User, WatchEvent, WatchType,
};
pub use selector::Selector;
pub use status::Status;
pub use value::{Map, NULL, Str, Value};
pub use view::List;
