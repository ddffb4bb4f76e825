//! A script as a tower service, for clients that are made of those.

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

/// Answers each request as the script says: for a stack of middleware that ends in a
/// `reqwest::Client`, or a [`service`](crate::SessionBuilder::service) of a session.
///
/// What the client does itself (redirects, decompression) is not done here; a fault is the
/// [`Error`] that it is, without the facts of a call.
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
                Error::build(BuildError::Url, "it cannot be requested")
                    .with_source(error.without_url())
            })?;
            respond(&script, request).await.map(Into::into)
        })
    }
}

impl Script {
    /// The script as a tower service of the crate `http`'s requests, where `Script` itself is one of reqwest's.
    pub fn http_service(&self) -> HttpService {
        HttpService(self.clone())
    }
}

/// Answers `http::Request`s as a script says: what [`Script::http_service`] returns. It is a handle of the
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
        Error::build(BuildError::Url, "it is not a whole URL").with_source(error)
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
