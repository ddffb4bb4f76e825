//! Replaces a session's client, for one session or for a scope in which calls are awaited. The feature
//! `testing` does so with scripts and recorders, which this module does not know.

use std::{any::Any, borrow::Cow, future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use http_body::Body;

use super::{Head, Outgoing, Sender};
use crate::{classify::NoHead, error::Error, retry::budget::Budget, timers::AttemptTimers};

/// A stand-in for the client, of one call.
pub(crate) trait StandIn: Send + Sync {
    /// Receives the template of the call, before anything is sent.
    fn begin(&self, template: Cow<'static, str>);

    /// Answers one hop.
    fn send(self: Arc<Self>, outgoing: Outgoing) -> StandInFuture;

    fn budget(&self) -> &Budget;

    /// Completes the error of an attempt with the timers of the call.
    fn describe(&self, error: Error, timers: &AttemptTimers) -> Error;

    /// Whether the call was refused before its first attempt.
    fn has_refused(&self) -> bool;
}

pub(crate) type StandInFuture = Pin<Box<dyn Future<Output = Result<Head, NoHead>> + Send>>;

/// Makes the stand-in of each call, which uses the retry budget of its session.
pub(crate) type MakeStandIn = dyn Fn(Arc<Budget>) -> Arc<dyn StandIn> + Send + Sync;

/// A body that fails with errors of this crate.
pub(crate) type StandInBody = Pin<Box<dyn Body<Data = Bytes, Error = Error> + Send + Sync>>;

tokio::task_local! {
    static CURRENT: Arc<dyn Scope>;
}

/// A scope that replaces the clients of all calls that are awaited in it.
pub(crate) trait Scope: Any + Send + Sync {
    /// The stand-in for the sender of a call.
    fn stand_in(&self, sender: Sender) -> Sender;
}

/// Runs a future in a scope. Of nested scopes, the innermost counts.
pub(crate) fn scope<F: Future>(
    scope: Arc<dyn Scope>,
    future: F,
) -> impl Future<Output = F::Output> + use<F> {
    CURRENT.scope(scope, future)
}

/// The current scope, if any.
pub(crate) fn current_scope() -> Option<Arc<dyn Scope>> {
    CURRENT.try_with(Arc::clone).ok()
}

impl Sender {
    /// The stand-in of the current scope, or this sender if there is none.
    #[allow(clippy::ptr_arg, reason = "a borrowed template stays borrowed")]
    pub(crate) fn scoped(self, template: &Cow<'static, str>) -> Self {
        let sender = match current_scope() {
            Some(scope) => scope.stand_in(self),
            None => self,
        };
        if let Self::StandIn(stand_in, _) = &sender {
            stand_in.begin(template.clone());
        }
        sender
    }
}
