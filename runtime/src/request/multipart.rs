//! Converts a multipart form to a body and its headers.

use std::sync::LazyLock;

use http::header;

use super::body::{Content, ContentHeaders};
use crate::{
    error::{BuildError, Error},
    tls::{self, Tls},
};

/// Only reqwest's request builder computes a form's length, and it needs a client. This one sends nothing.
static BUILDER: LazyLock<Result<reqwest::Client, reqwest::Error>> =
    LazyLock::new(|| tls::share(reqwest::Client::builder().no_proxy(), &Tls::default()).build());

pub(super) fn body(form: reqwest::multipart::Form) -> Result<(Content, ContentHeaders), Error> {
    let built = match &*BUILDER {
        Ok(client) => client.post("http://localhost/").multipart(form).build(),
        Err(_) => return Err(Error::build(BuildError::Session, "the TLS configuration failed")),
    };
    let mut request = built.map_err(|error| {
        Error::build(BuildError::Body, "the form is not valid").with_source(error.without_url())
    })?;
    let body = request.body_mut().take();
    let content_headers = ContentHeaders {
        content_type: request.headers_mut().remove(header::CONTENT_TYPE),
        content_length: request.headers_mut().remove(header::CONTENT_LENGTH),
    };
    Ok((body.map_or(Content::None, Content::Stream), content_headers))
}
