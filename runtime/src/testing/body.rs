//! The body of a scripted response: parts, pauses, trailers, and a failure anywhere.

use std::{
    collections::VecDeque,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::fault;
use crate::error::{Error, ErrorKind};

/// A step of a body.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Data(Bytes),
    Wait(Duration),
    Trailers(HeaderMap),
    /// The body stalls.
    Stall,
    /// The body fails with an error of this kind.
    Break(ErrorKind),
}

impl Step {
    pub(super) fn length(&self) -> usize {
        match self {
            Self::Data(data) => data.len(),
            _ => 0,
        }
    }
}

/// A body that plays its steps.
pub(crate) struct ScriptedBody {
    steps: VecDeque<Step>,
    /// The current pause.
    wait: Option<Pin<Box<Sleep>>>,
    /// The error to fail with. The lock makes it `Sync`, as other bodies are.
    failure: Option<Mutex<Pin<Box<dyn Future<Output = Error> + Send>>>>,
}

impl ScriptedBody {
    pub(super) fn new(steps: Vec<Step>) -> Self {
        Self { steps: steps.into(), wait: None, failure: None }
    }
}

impl Body for ScriptedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        loop {
            if let Some(wait) = &mut self.wait {
                ready!(wait.as_mut().poll(context));
                self.wait = None;
            }
            if let Some(failure) = &mut self.failure {
                let failure = failure.get_mut().unwrap_or_else(PoisonError::into_inner);
                let error = ready!(failure.as_mut().poll(context));
                (self.failure, self.steps) = (None, VecDeque::new());
                return Poll::Ready(Some(Err(error)));
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Data(data)) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Some(Step::Trailers(trailers)) => {
                    return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
                }
                Some(Step::Wait(time)) => self.wait = Some(Box::pin(sleep(time))),
                Some(Step::Break(kind)) => {
                    self.failure = Some(Mutex::new(Box::pin(fault::of_body(kind))));
                }
                Some(Step::Stall) => {
                    self.steps.push_front(Step::Stall);
                    return Poll::Pending;
                }
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        let is_plain = self.steps.iter().all(|step| matches!(step, Step::Data(_)));
        let length: usize = self.steps.iter().map(Step::length).sum();
        match is_plain {
            true => SizeHint::with_exact(length as u64),
            false => SizeHint::default(),
        }
    }
}

impl fmt::Debug for ScriptedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScriptedBody")
    }
}
