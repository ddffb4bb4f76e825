//! Detects whether a call waits for a new connection, which hyper-util's client does not report.
//!
//! A call polls the future of its connection only while it waits for it, and each of these polls is noted. A
//! call that receives a pooled connection meanwhile no longer polls that future: a task of the client
//! completes it.

use std::{
    cell::Cell,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

thread_local! {
    static IS_CONNECTING: Cell<bool> = const { Cell::new(false) };
    /// Whether a call is being polled.
    static IS_CALLED: Cell<bool> = const { Cell::new(false) };
}

/// Polls a call. Also returns whether the call waits for a new connection.
pub(super) fn poll<F: Future + Unpin>(
    call: &mut F,
    context: &mut Context<'_>,
) -> (Poll<F::Output>, bool) {
    note(false);
    let before = IS_CALLED.try_with(|called| called.replace(true)).unwrap_or(false);
    let polled = Pin::new(call).poll(context);
    let _ = IS_CALLED.try_with(|called| called.set(before));
    (polled, IS_CONNECTING.try_with(Cell::get).unwrap_or(false))
}

// A call may be polled while its thread ends. Nothing is noted then.
fn note(is_connecting: bool) {
    let _ = IS_CONNECTING.try_with(|noted| noted.set(is_connecting));
}

/// A connection that is being established.
pub(super) struct Connecting<T>(Pin<Box<dyn Future<Output = T> + Send>>);

impl<T> Connecting<T> {
    pub(super) fn new(connecting: impl Future<Output = T> + Send + 'static) -> Self {
        Self(Box::pin(connecting))
    }
}

impl<T> Future for Connecting<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let polled = self.0.as_mut().poll(context);
        note(polled.is_pending());
        polled
    }
}

/// A future that only makes progress while a call polls it. It is for the wait for a permit, which depends on
/// other calls. `None` if the call no longer needs the connection.
pub(super) struct WhileCalled<F>(pub(super) Pin<Box<F>>);

impl<F: Future> Future for WhileCalled<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match IS_CALLED.try_with(Cell::get).unwrap_or(false) {
            true => self.0.as_mut().poll(context).map(Some),
            false => Poll::Ready(None),
        }
    }
}
