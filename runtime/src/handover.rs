//! Detects whether the task of a connection took a request.
//!
//! A client passes a request to its connection's task through a channel. The task first checks whether the
//! call still waits, and drops the request if not. It then asks the body whether it is empty, which decides
//! the headers of the body. Therefore no byte was written of a request whose body was dropped before that
//! question, and a body that was not yet asked is still on its way to a task.
//!
//! The channel can lose a request: tokio drops the messages in a channel together with its receiver, but a
//! message that is sent at that moment only together with the last sender. The waiting call has that sender,
//! so nothing answers the call or wakes it. [`Handover::withdraw`] drops the sender, and thereby the request.
//!
//! The task also counts the requests that it takes ([`ConnectionTask`]): the newest one of an HTTP/2 connection
//! is the only request that hyper can fail although the server processed it.

use std::{
    cell::Cell,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::Notify;

use crate::{error::BoxError, send_body::SendBody};

/// The request waits for a connection, or for the connection's task.
const QUEUED: u8 = 0;
/// The connection's task took it.
const TAKEN: u8 = 1;
/// It was dropped before a task took it.
const DROPPED: u8 = 2;

/// The time of a logical clock, which advances with each reading: an earlier event has a smaller time.
pub(crate) fn tick() -> u64 {
    static CLOCK: AtomicU64 = AtomicU64::new(1);
    CLOCK.fetch_add(1, Ordering::AcqRel)
}

/// Follows one request to the task of a connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Handover(Arc<State>);

#[derive(Debug, Default)]
struct State {
    stage: AtomicU8,
    /// The time at which it was taken, by [`tick`].
    taken_at: AtomicU64,
    /// Its place among the requests of the connection. None until a task took it.
    place: Mutex<Option<Place>>,
    dropped: Notify,
}

impl State {
    fn is(&self, stage: u8) -> bool {
        self.stage.load(Ordering::Acquire) == stage
    }

    fn place(&self) -> MutexGuard<'_, Option<Place>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handover {
    /// Wraps `body` for sending.
    pub(crate) fn watch(&self, body: SendBody) -> WatchedBody {
        let body = (!matches!(body, SendBody::None)).then(|| Box::new(body));
        WatchedBody { body, state: Arc::clone(&self.0) }
    }

    /// Whether the task of a connection took the request.
    pub(crate) fn is_taken(&self) -> bool {
        self.0.is(TAKEN)
    }

    /// The time at which the connection's task took it; 0 if none did.
    pub(crate) fn taken_at(&self) -> u64 {
        self.0.taken_at.load(Ordering::Acquire)
    }

    /// Whether the connection's task took no other request after it. Also `true` if that is not known.
    pub(crate) fn is_newest(&self) -> bool {
        self.0.place().as_ref().is_none_or(Place::is_last)
    }

    /// Whether the request was dropped without a byte being written.
    pub(crate) fn is_unsent(&self) -> bool {
        self.0.is(DROPPED)
    }

    /// Drops `call`, the future that sends the request and waits for its response.
    pub(crate) fn withdraw<F>(self, call: F) -> Withdrawn {
        drop(call);
        Withdrawn(self)
    }
}

/// A request that no call waits for any more.
#[derive(Debug)]
pub(crate) struct Withdrawn(Handover);

impl Withdrawn {
    /// Whether no byte of it was written. `false` until a task has dropped it.
    pub(crate) fn is_unsent(&self) -> bool {
        self.0.is_unsent()
    }

    /// Same as `is_unsent`, after the task of its connection has taken or dropped the request: immediately if
    /// the channel had lost it, and otherwise when that task next runs.
    pub(crate) async fn decided(self) -> bool {
        let state = self.0.0;
        if state.is(QUEUED) {
            state.dropped.notified().await;
        }
        state.is(DROPPED)
    }
}

/// A body that notes when it is first asked whether it is empty, and when it is dropped.
#[derive(Debug)]
pub(crate) struct WatchedBody {
    /// Boxed, because the channel of each connection has room for 32 requests. None without a body.
    body: Option<Box<SendBody>>,
    state: Arc<State>,
}

impl WatchedBody {
    // Only the body changes the stage, and a body has one owner at a time.
    fn reaches(&self, stage: u8) {
        if self.state.is(QUEUED) {
            if stage == TAKEN {
                self.state.taken_at.store(tick(), Ordering::Release);
                *self.state.place() = Place::next();
            }
            self.state.stage.store(stage, Ordering::Release);
        }
    }
}

impl Drop for WatchedBody {
    fn drop(&mut self) {
        self.reaches(DROPPED);
        self.state.dropped.notify_one();
    }
}

impl Body for WatchedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.reaches(TAKEN);
        match &mut self.body {
            Some(body) => Pin::new(&mut **body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.reaches(TAKEN);
        self.body.as_ref().is_none_or(|body| body.is_end_stream())
    }

    /// Not counted as the question, because layers before the channel ask for the size too.
    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or(SizeHint::with_exact(0), |body| body.size_hint())
    }
}

/// The number of requests that the task of a connection took.
type Taken = Arc<AtomicU32>;

thread_local! {
    /// The count of the task that is being polled. None outside the tasks of connections.
    static CURRENT: Cell<Option<Taken>> = const { Cell::new(None) };
}

/// The place of a request among those that the task of its connection took.
#[derive(Debug)]
struct Place {
    number: u32,
    taken: Taken,
}

impl Place {
    /// The next place in the task that is being polled.
    fn next() -> Option<Self> {
        let place = |current: &Cell<Option<Taken>>| {
            let taken = current.take()?;
            current.set(Some(Arc::clone(&taken)));
            let number = taken.fetch_add(1, Ordering::AcqRel) + 1;
            Some(Self { number, taken })
        };
        CURRENT.try_with(place).ok()?
    }

    fn is_last(&self) -> bool {
        self.number == self.taken.load(Ordering::Acquire)
    }
}

/// The task of a connection, which counts the requests that it takes.
pub(crate) struct ConnectionTask<F> {
    task: F,
    taken: Option<Taken>,
}

impl<F> ConnectionTask<F> {
    pub(crate) fn new(task: F) -> Self {
        Self { task, taken: Some(Taken::default()) }
    }
}

impl<F: Future + Unpin> Future for ConnectionTask<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        /// Exchanges the count of the current task with this one, also when the task panics.
        struct Exchanged<'a>(&'a mut Option<Taken>);

        impl Exchanged<'_> {
            fn exchange(&mut self) {
                let _ = CURRENT.try_with(|current| *self.0 = current.replace(self.0.take()));
            }
        }

        impl Drop for Exchanged<'_> {
            fn drop(&mut self) {
                self.exchange();
            }
        }

        let Self { task, taken } = &mut *self;
        let mut exchanged = Exchanged(taken);
        exchanged.exchange();
        Pin::new(task).poll(context)
    }
}

#[cfg(test)]
mod tests {
    use std::future::{poll_fn, ready};

    use tokio::sync::mpsc;

    use super::*;

    /// A call that waits for its response, and has a sender of its connection's channel meanwhile.
    struct Call<T> {
        _channel: mpsc::Sender<T>,
    }

    /// A future that is polled by hand.
    struct Polled<F>(Pin<Box<F>>);

    impl<F: Future> Polled<F> {
        fn poll(&mut self) -> Poll<F::Output> {
            self.0.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop()))
        }
    }

    fn is_empty(body: &WatchedBody) -> bool {
        body.is_end_stream()
    }

    #[tokio::test]
    async fn a_withdrawn_request_in_a_closed_channel_is_unsent() {
        let handover = Handover::default();
        let (channel, task) = mpsc::channel(1);
        // A message whose place was reserved is the one that can be written to a closed channel without a
        // race.
        let place = channel.reserve().await.expect("an open channel");
        drop(task);
        place.send(handover.watch(SendBody::None));
        assert!(!handover.is_taken());
        assert!(!handover.is_unsent(), "it is still in the channel");
        let withdrawn = handover.withdraw(Call { _channel: channel });
        assert!(withdrawn.is_unsent());
        assert!(withdrawn.decided().await);
    }

    #[tokio::test]
    async fn a_withdrawn_request_is_undecided_until_its_task_runs() {
        for is_taken in [false, true] {
            let handover = Handover::default();
            let (channel, mut task) = mpsc::channel(1);
            channel.send(handover.watch(SendBody::None)).await.expect("an open channel");
            let withdrawn = handover.withdraw(Call { _channel: channel });
            assert!(!withdrawn.is_unsent(), "the task may still take it");
            let mut decided = Polled(Box::pin(withdrawn.decided()));
            assert!(decided.poll().is_pending());
            let body = task.recv().await.expect("the request");
            if is_taken {
                assert!(is_empty(&body));
            }
            drop(body);
            assert_eq!(decided.poll(), Poll::Ready(!is_taken));
        }
    }

    #[test]
    fn a_request_taken_by_a_task_may_have_been_sent() {
        for body in [SendBody::None, SendBody::Bytes("an order".into())] {
            let handover = Handover::default();
            let body = handover.watch(body);
            assert_eq!(body.size_hint().exact().is_some_and(|length| length == 0), is_empty(&body));
            assert!(handover.is_taken());
            drop(body);
            assert!(!handover.is_unsent());
            assert!(!handover.withdraw(()).is_unsent());
        }
    }

    #[tokio::test]
    async fn the_newest_request_is_the_last_one_that_its_connection_took() {
        let handovers = [0; 3].map(|_| Handover::default());
        let take = |handover: &Handover| is_empty(&handover.watch(SendBody::None));
        assert!(handovers[0].is_newest(), "no task took it");
        ConnectionTask::new(ready(())).await;
        let mut first = ConnectionTask::new(Box::pin(async {
            for handover in &handovers[..2] {
                take(handover);
                tokio::task::yield_now().await;
            }
        }));
        poll_fn(|context| Poll::Ready(Pin::new(&mut first).poll(context))).await.is_ready();
        assert!(handovers[0].is_newest());
        ConnectionTask::new(Box::pin(async { take(&handovers[2]) })).await;
        assert!(handovers[0].is_newest(), "the other is on another connection");
        first.await;
        assert_eq!(handovers.map(|handover| handover.is_newest()), [false, true, true]);
        assert!(Place::next().is_none(), "no task of a connection is polled");
    }

    #[test]
    fn asking_for_the_length_does_not_count_as_sending() {
        let handover = Handover::default();
        let body = handover.watch(SendBody::Bytes("an order".into()));
        assert_eq!(body.size_hint().exact(), Some(8));
        assert!(!handover.is_taken());
        assert!(handover.withdraw(body).is_unsent());
    }

    #[test]
    fn reading_the_body_counts_as_sending() {
        let handover = Handover::default();
        let mut body = handover.watch(SendBody::Bytes("an order".into()));
        let mut context = Context::from_waker(std::task::Waker::noop());
        assert!(Pin::new(&mut body).poll_frame(&mut context).is_ready());
        assert!(handover.is_taken());
        assert!(!handover.withdraw(body).is_unsent());
    }
}
