//! What can be put in the place of a session's client: a script of the feature `testing`, which this module
//! does not know.

use std::{borrow::Cow, future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use http_body::Body;

use super::{Head, Outgoing};
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
