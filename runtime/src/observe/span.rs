//! The spans of a call, by OpenTelemetry's semantic conventions for HTTP clients (1.x, stable names).
//!
//! | span | level | kind | name |
//! |---|---|---|---|
//! | `call` | INFO | internal | `{method} {url.template}` |
//! | `attempt` | DEBUG | internal | `attempt` |
//! | `hop` | INFO | client | `{method} {url.template}`, or `{method}` after a redirect |
//!
//! A hop is what the conventions call a request, and has their attributes. `tracing-opentelemetry` reads the
//! name, kind and status of a span from `otel.name`, `otel.kind` and `otel.status_code`.

use std::{
    borrow::Cow,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http::{Method, StatusCode, Version};
use tracing::{Level, Span, field::Empty};
use url::Url;

use super::Target;
use crate::{error::Error, redact};

/// `http.request.method`: the method, or `_OTHER` for one that OpenTelemetry does not know.
pub(crate) fn method_name(method: &Method) -> &'static str {
    const KNOWN: [&str; 10] =
        ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"];
    KNOWN.into_iter().find(|known| method.as_str() == *known).unwrap_or("_OTHER")
}

/// How the name of a span begins for a method of this name; an unknown method is `HTTP`.
fn method_label(name: &'static str) -> &'static str {
    match name {
        "_OTHER" => "HTTP",
        known => known,
    }
}

/// The name of a span; an unknown method is `HTTP`.
pub(super) fn name(method: &Method, template: Option<&str>) -> Cow<'static, str> {
    let method = method_label(method_name(method));
    match template {
        // Concatenated, as formatting takes several times as long.
        Some(template) => Cow::Owned([method, " ", template].concat()),
        None => Cow::Borrowed(method),
    }
}

/// The original method, if its name is `_OTHER`.
fn original<'a>(method: &'a Method, name: &str) -> Option<&'a str> {
    (name == "_OTHER").then_some(method.as_str())
}

/// The span of a call, as a child of the current one.
pub(super) fn call(target: &Target) -> Span {
    let method = target.method_name();
    tracing::span!(
        target: "backstop",
        Level::INFO,
        "call",
        "otel.name" = target.span_name(),
        "otel.kind" = "internal",
        "otel.status_code" = Empty,
        "http.request.method" = method,
        "http.request.method_original" = original(target.method(), method),
        "url.template" = target.template(),
        "server.address" = target.host(),
        "server.port" = target.port().map(i64::from),
        "http.response.status_code" = Empty,
        "error.type" = Empty,
        "backstop.attempts" = Empty,
        "backstop.outcome" = Empty,
    )
}

/// The span of an attempt, as a child of the current one.
pub(super) fn attempt(number: u32) -> Span {
    tracing::span!(
        target: "backstop",
        Level::DEBUG,
        "attempt",
        "otel.kind" = "internal",
        "otel.status_code" = Empty,
        "backstop.attempt" = i64::from(number),
        "http.response.status_code" = Empty,
        "error.type" = Empty,
    )
}

/// The facts of one hop, for its span.
pub(crate) struct HopFacts<'a> {
    pub(crate) method: &'a Method,
    pub(crate) url: &'a Url,
    /// What the call requests. `None` after a redirect, as its URL has no template.
    pub(crate) target: Option<&'a Target>,
    /// How many hops the call has sent before.
    pub(crate) resends: u32,
}

/// The span of a hop, as a child of the current one.
pub(crate) fn hop(hop: &HopFacts<'_>) -> Span {
    let HopFacts { method, url, target, resends } = *hop;
    let known = method_name(method);
    tracing::span!(
        target: "backstop",
        Level::INFO,
        "hop",
        "otel.name" = target.map_or(method_label(known), Target::span_name),
        "otel.kind" = "client",
        "otel.status_code" = Empty,
        "http.request.method" = known,
        "http.request.method_original" = original(method, known),
        "http.request.resend_count" = (resends > 0).then_some(i64::from(resends)),
        "http.response.status_code" = Empty,
        "url.full" = &*redact::url_text(url),
        "url.scheme" = url.scheme(),
        "url.template" = target.and_then(Target::template),
        "server.address" = url.host_str(),
        "server.port" = url.port_or_known_default().map(i64::from),
        "network.protocol.version" = Empty,
        "error.type" = Empty,
    )
}

/// Records the head of a response in the span of its hop. For a client, 4xx and 5xx are errors.
pub(crate) fn record_head(span: &Span, status: StatusCode, version: Version) {
    if span.is_none() {
        return;
    }
    record_status(span, status);
    let version = match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    };
    span.record("network.protocol.version", version);
    if status.as_u16() >= 400 {
        span.record("error.type", status.as_str());
        span.record("otel.status_code", "ERROR");
    }
}

pub(super) fn record_status(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", i64::from(status.as_u16()));
}

/// Records an error in a span. A span records only one.
pub(crate) fn record_error(span: &Span, error: &Error) {
    if span.is_none() {
        return;
    }
    span.record("error.type", &*error.kind().name());
    span.record("otel.status_code", "ERROR");
}

/// The event of a retry, before its delay.
pub(super) fn retry(error: &Error, delay: Duration) {
    tracing::event!(
        target: "backstop",
        Level::WARN,
        "error.type" = &*error.kind().name(),
        "http.response.status_code" = error.status().map(|status| i64::from(status.as_u16())),
        "backstop.attempt" = i64::from(error.attempts()),
        "backstop.delay_ms" = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX),
        "retry: {error}",
    );
}

/// The event of a redirect that is followed.
pub(crate) fn redirect(status: StatusCode, to: &Url) {
    tracing::event!(
        target: "backstop",
        Level::DEBUG,
        "http.response.status_code" = i64::from(status.as_u16()),
        "url.full" = &*redact::url_text(to),
        "redirect",
    );
}

/// The event of a call whose future was dropped, which is not an error.
pub(super) fn cancelled() {
    tracing::event!(target: "backstop", Level::DEBUG, "cancelled");
}

/// Runs a future in a span, which becomes the parent of its spans and events.
pub(crate) fn within<'a, F: Future>(span: &'a Span, future: Pin<&'a mut F>) -> Within<'a, F> {
    Within { span, future }
}

/// The future of [`within`].
pub(crate) struct Within<'a, F> {
    span: &'a Span,
    future: Pin<&'a mut F>,
}

impl<F: Future> Future for Within<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Self { span, future } = &mut *self;
        let _entered = span.enter();
        future.as_mut().poll(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_method_is_named_other() {
        assert_eq!(method_name(&Method::PATCH), "PATCH");
        let purge = Method::from_bytes(b"PURGE").expect("a method");
        assert_eq!(method_name(&purge), "_OTHER");
        assert_eq!(method_name(&Method::from_bytes(b"get").expect("a method")), "_OTHER");
        assert_eq!(name(&purge, Some("/a/{id}")), "HTTP /a/{id}");
        assert_eq!(name(&Method::GET, None), "GET");
    }
}
