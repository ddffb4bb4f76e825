//! What can be put in the place of a session's client, by a session or by the scope that a call is awaited in:
//! a script or a recorder of the feature `testing`, which this module does not know.

use std::{any::Any, borrow::Cow, future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use http_body::Body;

use super::{Head, Outgoing, Sender};
use crate::{classify::NoHead, error::Error, retry::budget::Budget, timers::AttemptTimers};

/// A stand-in for the client, of one call.
pub(crate) trait StandIn: Send + Sync {
    /// Says what the call asks for, before anything is sent.
    fn begin(&self, template: Cow<'static, str>);

    /// Answers one hop.
    fn send(self: Arc<Self>, outgoing: Outgoing) -> StandInFuture;

    fn budget(&self) -> &Budget;

    /// The error of an attempt, with what the timers of the call add to it.
    fn describe(&self, error: Error, timers: &AttemptTimers) -> Error;

    /// Whether the call was refused before its first attempt.
    fn has_refused(&self) -> bool;
}

pub(crate) type StandInFuture = Pin<Box<dyn Future<Output = Result<Head, NoHead>> + Send>>;

/// Makes the stand-in of each call, which draws on the budget of its session.
pub(crate) type MakeStandIn = dyn Fn(Arc<Budget>) -> Arc<dyn StandIn> + Send + Sync;

/// A body that fails with errors of ours.
pub(crate) type StandInBody = Pin<Box<dyn Body<Data = Bytes, Error = Error> + Send + Sync>>;

tokio::task_local! {
    static CURRENT: Arc<dyn Scope>;
}

/// What a scope puts in the place of the clients of all calls that are awaited in it.
pub(crate) trait Scope: Any + Send + Sync {
    /// The sender, which is a stand-in, of a call that would be sent by `sender`.
    fn stand_in(&self, sender: Sender) -> Sender;
}

/// Runs a future in a scope, the innermost of which counts.
pub(crate) fn scope<F: Future>(
    scope: Arc<dyn Scope>,
    future: F,
) -> impl Future<Output = F::Output> + use<F> {
    CURRENT.scope(scope, future)
}

/// The scope that this runs in.
pub(crate) fn current_scope() -> Option<Arc<dyn Scope>> {
    CURRENT.try_with(Arc::clone).ok()
}

impl Sender {
    /// The stand-in of the current scope, if there is one, and else this sender.
    #[allow(clippy::ptr_arg, reason = "a template that is borrowed is kept so")]
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
