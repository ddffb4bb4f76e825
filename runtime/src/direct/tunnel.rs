//! Opens a tunnel through an HTTP proxy (RFC 9110 §9.3.6), by hyper: hyper-util's tunnel loses the status
//! with which the proxy refuses.

use std::future::poll_fn;

use http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use hyper::{client::conn::http1, rt};

use crate::{error::BoxError, send_body::SendBody};

/// Why there is no tunnel.
pub(super) enum NoTunnel {
    Refused(StatusCode),
    Failed(BoxError),
}

/// Turns a connection to the proxy into one to the server.
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
        // Polling the connection makes progress on the response, which also has the connection's error.
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
        // In TLS the client sends first, so bytes after the proxy's response are not the server's.
        false => Err(NoTunnel::Failed("the proxy sent bytes after its response".into())),
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
