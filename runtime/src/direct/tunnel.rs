//! A tunnel through an HTTP proxy (RFC 9110 §9.3.6). hyper speaks to the proxy; hyper-util's tunnel
//! would lose the status with which the proxy refuses.

use std::future::poll_fn;

use http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use hyper::{client::conn::http1, rt};

use crate::{error::BoxError, send_body::SendBody};

/// Why there is no tunnel.
pub(super) enum NoTunnel {
    Refused(StatusCode),
    Failed(BoxError),
}

/// Input: a connection to the proxy. Output: the same, which then leads to the server.
pub(super) async fn open<T>(
    io: T,
    server: &Uri,
    credentials: Option<HeaderValue>,
) -> Result<T, NoTunnel>
where
    T: rt::Read + rt::Write + Unpin + Send,
{
    let failed = |error: hyper::Error| NoTunnel::Failed(error.into());
    let request = connect(server, credentials).map_err(|error| NoTunnel::Failed(error.into()))?;
    let (mut sender, mut connection) = http1::handshake::<T, SendBody>(io).await.map_err(failed)?;
    let mut response = std::pin::pin!(sender.send_request(request));
    let response = poll_fn(|context| {
        // The connection drives what the response waits for, and its error is told by the response.
        let _ = connection.poll_without_shutdown(context);
        response.as_mut().poll(context)
    })
    .await
    .map_err(failed)?;
    if !response.status().is_success() {
        return Err(NoTunnel::Refused(response.status()));
    }
    let parts = connection.into_parts();
    match parts.read_buf.is_empty() {
        true => Ok(parts.io),
        // The server speaks second, in TLS; what came with the answer is not from it.
        false => Err(NoTunnel::Failed("the proxy sent bytes after its answer".into())),
    }
}

fn connect(
    server: &Uri,
    credentials: Option<HeaderValue>,
) -> Result<Request<SendBody>, http::Error> {
    let authority =
        format!("{}:{}", server.host().unwrap_or_default(), server.port_u16().unwrap_or(443));
    let mut request = Request::builder()
        .method(Method::CONNECT)
        .header(header::HOST, &authority)
        .uri(authority)
        .body(SendBody::None)?;
    if let Some(credentials) = credentials {
        request.headers_mut().insert(header::PROXY_AUTHORIZATION, credentials);
    }
    Ok(request)
}
