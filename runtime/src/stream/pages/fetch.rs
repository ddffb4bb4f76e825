//! The call of a page, in the task that awaits the page or ahead of it in a task of its own.

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::task::JoinHandle;
use tracing::{Instrument as _, Span, instrument::WithSubscriber as _};

use crate::{
    deadline::Deadline,
    error::{DisconnectedError, Error, ErrorKind},
    exchange::Exchange,
    response::Response,
};

pub(super) enum Fetch {
    Here(Exchange),
    /// In a task, which is aborted when this is dropped.
    Ahead(Task),
}

pub(super) struct Task(JoinHandle<Result<Response, Error>>);

impl Fetch {
    pub(super) fn here(exchange: Exchange) -> Self {
        Self::Here(exchange)
    }

    /// Starts the call in a task of the current runtime.
    pub(super) fn ahead(exchange: Exchange) -> Self {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return Self::Here(exchange);
        };
        // A task inherits neither the deadline, nor the span and its subscriber, nor the script that it is
        // spawned under.
        let exchange = Deadline::current().scope(exchange);
        let exchange = exchange.instrument(Span::current()).with_current_subscriber();
        #[cfg(feature = "testing")]
        if let Some(scope) = crate::transport::current_scope() {
            return Self::Ahead(Task(runtime.spawn(crate::transport::scope(scope, exchange))));
        }
        Self::Ahead(Task(runtime.spawn(exchange)))
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Response, Error>> {
        match self {
            Self::Here(exchange) => Pin::new(exchange).poll(context),
            Self::Ahead(Task(task)) => Pin::new(task).poll(context).map(|response| {
                // The task does not panic, and is aborted with this alone: its runtime ended.
                let gone = ErrorKind::Disconnected(DisconnectedError::Runtime);
                response.unwrap_or_else(|error| Err(Error::new(gone).with_source(error)))
            }),
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
