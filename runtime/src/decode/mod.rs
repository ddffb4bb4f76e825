//! Bytes → text and JSON, with errors that say where reading failed and do not repeat the data.

mod json;
mod path;
mod problem;
mod text;

pub use self::problem::Problem;
#[cfg(feature = "stream")]
pub(crate) use self::{json::describe_from as json_error_from, text::LineCharset};
pub(crate) use self::{
    json::{describe as json_error, without_mark},
    text::{decode as text, is_wide},
};
