//! Whether a request of reqwest's client waits for a connection, which reqwest does not tell.
//!
//! Connecting is a future that is polled within the request's own for as long as the request waits for
//! it: a layer around reqwest's connector notes each poll that ends without a connection. A request that
//! was given a pooled connection meanwhile polls it no more, and goes on without the note.

use std::{
    cell::Cell,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use tower_layer::Layer;
use tower_service::Service;

thread_local! {
    static IS_CONNECTING: Cell<bool> = const { Cell::new(false) };
}

/// Polls a request. Output: also, whether it waits for a connection to be made.
pub(crate) fn poll<F: Future + Unpin>(
    request: &mut F,
    context: &mut Context<'_>,
) -> (Poll<F::Output>, bool) {
    note(false);
    let polled = Pin::new(request).poll(context);
    (polled, IS_CONNECTING.try_with(Cell::get).unwrap_or(false))
}

// A request may be polled while its thread ends: there is nothing to note then.
fn note(is_connecting: bool) {
    let _ = IS_CONNECTING.try_with(|noted| noted.set(is_connecting));
}

/// Watches a connector.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watch;

impl<S> Layer<S> for Watch {
    type Service = Watched<S>;

    fn layer(&self, connector: S) -> Watched<S> {
        Watched(connector)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Watched<S>(S);

impl<S, R> Service<R> for Watched<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Connecting<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, server: R) -> Self::Future {
        Connecting(Box::pin(self.0.call(server)))
    }
}

pub(crate) struct Connecting<F>(Pin<Box<F>>);

impl<F: Future> Future for Connecting<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let polled = self.0.as_mut().poll(context);
        // Last, as what it polls may be another request's client.
        note(polled.is_pending());
        polled
    }
}
