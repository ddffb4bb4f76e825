//! A script as a tower service, for other clients and stacks of middleware.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use tower_service::Service;

use super::{
    recorded::Call,
    reply::What,
    script::{Script, Shared},
    sender::{ask, fail, record, redirect},
};
use crate::{
    error::{BuildError, DisconnectedError, Error, ErrorKind},
    send_body::SendBody,
    transport::Outgoing,
};

type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// Answers each request from the script: instead of the `reqwest::Client` at the end of a stack of
/// middleware, or as the [`service`](crate::SessionBuilder::service) of a session.
///
/// Redirects and decompression are the client's work, and are not done here. A fault is an [`Error`] without
/// the facts of a call.
impl Service<reqwest::Request> for Script {
    type Response = reqwest::Response;
    type Error = Error;
    type Future = Answer<reqwest::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: reqwest::Request) -> Self::Future {
        let script = Arc::clone(self.shared());
        Box::pin(async move {
            let request = http::Request::try_from(request).map_err(|error| {
                Error::build(BuildError::Url, "the URL cannot be requested")
                    .with_source(error.without_url())
            })?;
            respond(&script, request).await.map(Into::into)
        })
    }
}

impl Script {
    /// Returns the script as a tower service for requests of the crate `http`. `Script` itself is a service
    /// for reqwest's.
    pub fn http_service(&self) -> HttpService {
        HttpService(self.clone())
    }
}

/// Answers `http::Request`s from a script. Returned by [`Script::http_service`]. It counts as a handle of the
/// script.
#[derive(Debug, Clone)]
pub struct HttpService(Script);

impl<B: Into<reqwest::Body>> Service<http::Request<B>> for HttpService {
    type Response = http::Response<reqwest::Body>;
    type Error = Error;
    type Future = Answer<http::Response<reqwest::Body>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let script = Arc::clone(self.0.shared());
        let request = request.map(Into::into);
        Box::pin(async move { respond(&script, request).await })
    }
}

async fn respond(
    script: &Shared,
    request: http::Request<reqwest::Body>,
) -> Result<http::Response<reqwest::Body>, Error> {
    let (parts, body) = request.into_parts();
    let url = parts.uri.to_string().parse().map_err(|error: url::ParseError| {
        Error::build(BuildError::Url, "it is not an absolute URL").with_source(error)
    })?;
    let body = match body.as_bytes() {
        Some([]) => SendBody::None,
        Some(bytes) => SendBody::Bytes(Bytes::copy_from_slice(bytes)),
        None => SendBody::Stream(body),
    };
    let outgoing = Outgoing { method: parts.method, url, headers: parts.headers, body };
    let call = Call { attempt: 1, ..Call::default() };
    let request = record(outgoing, call).await.map_err(|no_head| no_head.error)?;
    let reply = ask(script, &request).await?;
    let reply = match reply.what {
        What::NotTaken => {
            return Err(fail(ErrorKind::Disconnected(DisconnectedError::Unsent)).await.error);
        }
        What::Fault(kind) => match redirect(kind, &request) {
            Some(reply) => reply,
            None => return Err(fail(kind).await.error),
        },
        _ => reply,
    };
    Ok(reply.into_response(&request).map(reqwest::Body::wrap))
}
