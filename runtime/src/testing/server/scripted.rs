//! Serves a connection from a script: hyper implements HTTP, and the script answers.

use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use http_body::Body as _;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use url::Url;

use super::{
    Counts,
    connection::{Connection, Reset},
};
use crate::{
    error::{BodyError, DisconnectedError, ErrorKind},
    testing::{
        body::ScriptedBody,
        recorded::{Call, Recorded},
        reply::{Reply, What},
        script::Shared,
        sender::{ask, redirect},
    },
};

/// Serves a connection to its end.
pub(super) async fn serve(
    connection: Connection,
    script: Arc<Shared>,
    is_http2: bool,
    counts: Arc<Counts>,
) {
    let reset = connection.reset();
    let service = service_fn(move |request| {
        let (script, counts, reset) = (Arc::clone(&script), Arc::clone(&counts), reset.clone());
        async move {
            counts.requests.fetch_add(1, Ordering::SeqCst);
            answer(request, &script, &reset).await
        }
    });
    let io = TokioIo::new(connection);
    // A connection that ends early was scripted, or closed by the client.
    #[cfg(feature = "http2")]
    if is_http2 {
        let executor = hyper_util::rt::TokioExecutor::new();
        let http2 = hyper::server::conn::http2::Builder::new(executor);
        let _ = http2.serve_connection(io, service).await;
        return;
    }
    #[cfg(not(feature = "http2"))]
    let _ = is_http2;
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
}

/// The error with which a scripted connection ends.
#[derive(Debug)]
struct Ended;

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the script ends the connection")
    }
}

impl std::error::Error for Ended {}

async fn answer(
    request: http::Request<Incoming>,
    script: &Shared,
    reset: &Reset,
) -> Result<http::Response<ScriptedBody>, Ended> {
    let request = record(request).await?;
    let reply = match ask(script, &request).await {
        Ok(reply) => reply,
        // The script reports the message too; the status keeps the client from going on.
        Err(error) => {
            let text = error.to_string();
            Reply::text(text).with_status(StatusCode::NOT_IMPLEMENTED.as_u16())
        }
    };
    let reply = match reply.what {
        What::Fault(kind) => match redirect(kind, &request) {
            Some(redirect) => redirect,
            None => {
                if kind == ErrorKind::Disconnected(DisconnectedError::Reset) {
                    reset.mark();
                }
                return Err(Ended);
            }
        },
        What::NotTaken => return Err(Ended),
        _ => reply,
    };
    if reply.breaks_by(BodyError::Reset) {
        reset.mark();
    }
    Ok(reply.into_response(&request))
}

/// The request in the form that the script records.
async fn record(request: http::Request<Incoming>) -> Result<Recorded, Ended> {
    let (parts, mut body) = request.into_parts();
    let mut whole = BytesMut::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        if let Some(data) = frame.map_err(|_| Ended)?.data_ref() {
            whole.extend_from_slice(data);
        }
    }
    let url = url(&parts.uri, &parts.headers).ok_or(Ended)?;
    let call = Call { attempt: 1, ..Call::default() };
    Ok(Recorded::new(parts.method, url, parts.headers, Bytes::from(whole), call))
}

/// The absolute URL; HTTP/1 sends the host in a header. hyper does not know whether the connection has TLS.
fn url(uri: &http::Uri, headers: &HeaderMap) -> Option<Url> {
    let host = match uri.authority() {
        Some(authority) => authority.as_str(),
        None => headers.get(header::HOST)?.to_str().ok()?,
    };
    let scheme = uri.scheme_str().unwrap_or("http");
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    Url::parse(&format!("{scheme}://{host}{path}")).ok()
}
