//! A future that several tasks wait for, and that each of them can drive.
//!
//! No task owns the future: a task that is cancelled or no longer polled does not block the others, as it
//! would if it held a lock while it waits. The last waiter drops the future.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError},
    task::{Context, Poll, Wake, Waker},
};

use crate::error::{Error, ErrorKind};

type Running<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// A future that is shared by its [`Waiter`]s.
pub(super) struct Flight<T> {
    state: Mutex<State<T>>,
    waiting: Arc<Waiting>,
}

enum State<T> {
    Running(Running<T>),
    /// The future is being polled, or panicked.
    Taken,
    Done(Result<T, Error>),
}

/// The wakers of all waiters, which are all woken when the future can make progress.
#[derive(Default)]
struct Waiting(Mutex<Wakers>);

#[derive(Default)]
struct Wakers {
    next: u64,
    by_waiter: Vec<(u64, Waker)>,
    /// Whether the future was woken since its last poll.
    is_woken: bool,
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, Wakers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_all(&self) {
        let woken = std::mem::take(&mut self.lock().by_waiter);
        for (_, waker) in woken {
            waker.wake();
        }
    }
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.lock().is_woken = true;
        self.wake_all();
    }
}

/// Wakes the waiters of a future that panics: each of them gets an error.
struct WakeIfPanicking<'a>(&'a Waiting);

impl Drop for WakeIfPanicking<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.wake_all();
        }
    }
}

impl<T: Clone> Flight<T> {
    pub(super) fn new(
        future: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Arc<Self> {
        let state = Mutex::new(State::Running(Box::pin(future)));
        Arc::new(Self { state, waiting: Arc::default() })
    }

    /// A future of the outcome, which drives the flight while it is polled.
    pub(super) fn wait(self: Arc<Self>) -> Waiter<T> {
        let mut wakers = self.waiting.lock();
        let id = wakers.next;
        wakers.next += 1;
        drop(wakers);
        Waiter { flight: self, id }
    }

    fn poll(&self) -> Poll<Result<T, Error>> {
        // Declared before the lock, and therefore dropped after it.
        let _if_panicking = WakeIfPanicking(&self.waiting);
        let mut state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // Another waiter is polling the future. This one is registered, and is woken when there is
            // progress to make.
            Err(TryLockError::WouldBlock) => return Poll::Pending,
        };
        let mut running = match std::mem::replace(&mut *state, State::Taken) {
            State::Running(running) => running,
            State::Done(outcome) => {
                *state = State::Done(outcome.clone());
                drop(state);
                self.waiting.wake_all();
                return Poll::Ready(outcome);
            }
            State::Taken => {
                let error = Error::new(ErrorKind::Credentials)
                    .with_source("the source of the credentials panicked");
                return Poll::Ready(Err(error));
            }
        };
        self.waiting.lock().is_woken = false;
        let waker = Waker::from(Arc::clone(&self.waiting));
        match running.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(outcome) => {
                *state = State::Done(outcome.clone());
                drop(state);
                self.waiting.wake_all();
                Poll::Ready(outcome)
            }
            Poll::Pending => {
                *state = State::Running(running);
                drop(state);
                // A waiter that was woken meanwhile may have found the future taken.
                let is_woken = self.waiting.lock().is_woken;
                if is_woken {
                    self.waiting.wake_all();
                }
                Poll::Pending
            }
        }
    }
}

impl<T> fmt::Debug for Flight<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Flight")
    }
}

/// A task's share in a [`Flight`].
pub(super) struct Waiter<T> {
    flight: Arc<Flight<T>>,
    id: u64,
}

impl<T: Clone> Future for Waiter<T> {
    type Output = Result<T, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // Registered before the future is polled, so that another waiter's poll wakes this one.
        let mut wakers = self.flight.waiting.lock();
        wakers.by_waiter.retain(|(id, _)| *id != self.id);
        wakers.by_waiter.push((self.id, context.waker().clone()));
        drop(wakers);
        self.flight.poll()
    }
}

impl<T> Drop for Waiter<T> {
    fn drop(&mut self) {
        self.flight.waiting.lock().by_waiter.retain(|(id, _)| *id != self.id);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::oneshot;

    use super::*;

    /// A flight that ends with the sender's value, and the counts of its starts and drops.
    fn flight() -> (oneshot::Sender<u8>, Arc<AtomicUsize>, Arc<Flight<u8>>) {
        struct Dropped(Arc<AtomicUsize>);
        impl Drop for Dropped {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }

        let (sender, receiver) = oneshot::channel();
        let drops = Arc::new(AtomicUsize::new(0));
        let dropped = Dropped(Arc::clone(&drops));
        let flight = Flight::new(async move {
            let _dropped = dropped;
            receiver.await.map_err(|_| Error::new(ErrorKind::Credentials))
        });
        (sender, drops, flight)
    }

    #[tokio::test]
    async fn a_waiter_that_is_not_polled_does_not_block_the_others() {
        let (sender, _, flight) = flight();
        let mut idle = Box::pin(Arc::clone(&flight).wait());
        // This waiter polled the future, and is never polled again.
        std::future::poll_fn(|context| {
            assert!(idle.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
        let other = tokio::spawn(Arc::clone(&flight).wait());
        tokio::task::yield_now().await;
        sender.send(7).expect("the future waits");
        assert_eq!(other.await.expect("no panic").expect("a value"), 7);
        assert_eq!(idle.await.expect("the same value"), 7);
    }

    #[tokio::test]
    async fn dropping_the_last_waiter_drops_the_future() {
        let (_sender, drops, flight) = flight();
        let (one, two) = (Arc::clone(&flight).wait(), flight.wait());
        drop(one);
        assert_eq!(drops.load(Ordering::SeqCst), 0);
        drop(two);
        assert_eq!(drops.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn waiters_on_many_threads_share_one_outcome() {
        for _ in 0..200 {
            let (sender, drops, flight) = flight();
            let runtime = tokio::runtime::Handle::current();
            let waiters: Vec<_> = (0..8)
                .map(|_| {
                    let (waiter, runtime) = (Arc::clone(&flight).wait(), runtime.clone());
                    tokio::task::spawn_blocking(move || runtime.block_on(waiter))
                })
                .collect();
            drop(flight);
            sender.send(7).expect("the future waits");
            for waiter in waiters {
                assert_eq!(waiter.await.expect("no panic").expect("a value"), 7);
            }
            assert_eq!(drops.load(Ordering::SeqCst), 1);
        }
    }

    #[tokio::test]
    async fn a_panic_is_an_error_to_the_other_waiters() {
        let flight = Flight::<u8>::new(async { panic!("on purpose") });
        let (one, two) = (Arc::clone(&flight).wait(), flight.wait());
        assert!(tokio::spawn(one).await.is_err());
        let error = two.await.expect_err("no value");
        assert_eq!(error.kind(), ErrorKind::Credentials);
    }
}
