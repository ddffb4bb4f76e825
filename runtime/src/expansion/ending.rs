//! Runs the function in `finally` when a function ends, however it ends.

use std::{
    fmt,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    thread,
};

use tokio::runtime::Handle;

use super::summary::{CallSummary, FinallyArgument, Tracker, summary};
use crate::observe::Observer;

/// How a function with `finally` ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ending {
    /// It succeeded, or recovered from a failure.
    Done,
    /// It failed: it returned a request error, or its body returned an error.
    Failed,
    /// Its future was dropped before it completed. The request may have been processed.
    Cancelled,
    /// It panicked.
    Panicked,
}

impl Ending {
    /// The ending of a function whose guard is dropped before its normal end.
    fn unexpected() -> Self {
        match thread::panicking() {
            true => Self::Panicked,
            false => Self::Cancelled,
        }
    }
}

/// Calls a function once, at the end of the scope that it guards.
///
/// [`end`](Finally::end) calls it at a normal end. If the guard is dropped before that, the function is
/// called with [`Ending::Cancelled`], or [`Ending::Panicked`] while the thread unwinds; a panic of
/// the function itself is then swallowed, as it would abort the program. A future that was never
/// polled has no guard yet, and one that is leaked never drops it.
///
/// ```
/// use backstop::{Ending, expansion::finally};
///
/// let mut seen = Vec::new();
/// let guard = finally(|ending| seen.push(ending));
/// guard.end(Ending::Done);
/// drop(finally(|ending| seen.push(ending)));
/// assert_eq!(seen, [Ending::Done, Ending::Cancelled]);
/// ```
#[must_use = "it runs at once when it is dropped"]
pub struct Finally<F> {
    /// None after it was called.
    run: Option<(F, Call<F>)>,
    /// The observer of the call, if the function takes a summary.
    tracker: Option<Arc<Tracker>>,
}

/// Calls the function. The guard does not name its type, so a function that does not fit is one compile
/// error, where the guard is made.
type Call<F> = fn(F, CallSummary);

/// Makes a guard that calls `run`, for the key `finally`.
pub fn finally<F: FnOnce(Ending) -> V, V: ReturnsNothing>(run: F) -> Finally<F> {
    finally_of::<Ending, F, V>(run)
}

/// Same as [`finally`], for a function whose argument is an [`Ending`] or a
/// [`CallSummary`](crate::CallSummary).
///
/// ```
/// use backstop::{CallSummary, Error, Request, Session, expansion::finally_of};
///
/// # async fn example() -> Result<(), Error> {
/// let guard = finally_of(|call: CallSummary| println!("{} attempts", call.attempts()));
/// let request = Request::get("https://api.example.com/users/7").handled_by(guard.observer());
/// let response = Session::shared().fetch(request).await?;
/// # Ok(())
/// # }
/// ```
pub fn finally_of<A, F, V>(run: F) -> Finally<F>
where
    A: FinallyArgument,
    F: FnOnce(A) -> V,
    V: ReturnsNothing,
{
    let call: Call<F> = |run, call| drop(run(A::from_summary(call)));
    Finally { run: Some((run, call)), tracker: Tracker::of::<A>() }
}

/// The return type of a function in `finally`: `()`, or `!`.
///
/// As a bound, it has its own message. For a closure that must return `()`, rustc would suggest a semicolon,
/// which drops a future.
#[diagnostic::on_unimplemented(
    message = "a function in `finally` returns nothing",
    label = "returns `{Self}`",
    note = "to wait for a future, write `.await` behind it; to drop a value, `drop(…)` around it"
)]
pub trait ReturnsNothing {}

#[diagnostic::do_not_recommend]
impl ReturnsNothing for () {}

/// On stable Rust, `!` can only be named as the return type of a function.
#[diagnostic::do_not_recommend]
impl ReturnsNothing for <fn() -> ! as Returns>::Output {}

/// The type that a function returns.
pub trait Returns {
    /// The type.
    type Output;
}

impl<V> Returns for fn() -> V {
    type Output = V;
}

impl<F> Finally<F> {
    /// The observer of the call, if the function takes a summary: the argument of
    /// [`Request::handled_by`](crate::Request::handled_by).
    pub fn observer(&self) -> Option<Arc<dyn Observer>> {
        observer(&self.tracker)
    }

    /// Calls the function with this ending.
    pub fn end(mut self, ending: Ending) {
        if let Some((run, call)) = self.run.take() {
            call(run, summary(ending, self.tracker.as_deref()));
        }
    }
}

impl<F> Drop for Finally<F> {
    fn drop(&mut self) {
        if let Some((run, call)) = self.run.take() {
            let tracker = self.tracker.take();
            guarded(|| call(run, summary(Ending::unexpected(), tracker.as_deref())));
        }
    }
}

impl<F> fmt::Debug for Finally<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Finally")
    }
}

/// Runs a future once, at the end of the scope that it guards.
///
/// [`end`](FinallyAsync::end) returns the future at a normal end, to be awaited. If the guard or that
/// future is dropped before it is done, the future is spawned on the current tokio runtime. Without a
/// runtime, or when the runtime shuts down, it does not finish: what must happen belongs in a
/// [`Finally`].
#[must_use = "it is spawned at once when it is dropped"]
pub struct FinallyAsync<F> {
    /// None after it was called.
    run: Option<(F, Begin<F>)>,
    /// The observer of the call, if the function takes a summary.
    tracker: Option<Arc<Tracker>>,
}

/// Calls the function for its future. The guard does not name the future's type.
type Begin<F> = fn(F, CallSummary) -> FinallyFuture;

/// Makes a guard that runs the future of `run`, for a `finally` that awaits. The future owns what it
/// uses, as it may outlive the function.
pub fn finally_async<F, Fut>(run: F) -> FinallyAsync<F>
where
    F: FnOnce(Ending) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    finally_async_of::<Ending, F, Fut>(run)
}

/// Same as [`finally_async`], for a function whose argument is an [`Ending`] or a
/// [`CallSummary`](crate::CallSummary).
pub fn finally_async_of<A, F, Fut>(run: F) -> FinallyAsync<F>
where
    A: FinallyArgument,
    F: FnOnce(A) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    let begin: Begin<F> = |run, call| FinallyFuture(Some(Box::pin(run(A::from_summary(call)))));
    FinallyAsync { run: Some((run, begin)), tracker: Tracker::of::<A>() }
}

impl<F> FinallyAsync<F> {
    /// The observer of the call, if the function takes a summary: the argument of
    /// [`Request::handled_by`](crate::Request::handled_by).
    pub fn observer(&self) -> Option<Arc<dyn Observer>> {
        observer(&self.tracker)
    }

    /// Returns the future for this ending.
    pub fn end(mut self, ending: Ending) -> FinallyFuture {
        match self.run.take() {
            Some((run, begin)) => begin(run, summary(ending, self.tracker.as_deref())),
            None => FinallyFuture(None),
        }
    }
}

impl<F> Drop for FinallyAsync<F> {
    fn drop(&mut self) {
        if let Some((run, begin)) = self.run.take() {
            let tracker = self.tracker.take();
            guarded(|| drop(begin(run, summary(Ending::unexpected(), tracker.as_deref()))));
        }
    }
}

impl<F> fmt::Debug for FinallyAsync<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FinallyAsync")
    }
}

/// The future of [`FinallyAsync::end`]. If it is dropped before it completes, it continues as a task.
#[must_use = "it continues as a task when it is dropped"]
pub struct FinallyFuture(Option<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Future for FinallyFuture {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // A future that panics stays taken, as it cannot be polled again.
        let Some(mut future) = self.0.take() else { return Poll::Ready(()) };
        let polled = future.as_mut().poll(context);
        if polled.is_pending() {
            self.0 = Some(future);
        }
        polled
    }
}

impl Drop for FinallyFuture {
    fn drop(&mut self) {
        if let Some(future) = self.0.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(future);
        }
    }
}

impl fmt::Debug for FinallyFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FinallyFuture")
    }
}

fn observer(tracker: &Option<Arc<Tracker>>) -> Option<Arc<dyn Observer>> {
    let tracker = tracker.clone()?;
    Some(tracker)
}

/// Swallows a panic while the thread unwinds, as a second panic would abort the program.
fn guarded(run: impl FnOnce()) {
    if thread::panicking() {
        let _ = catch_unwind(AssertUnwindSafe(run));
    } else {
        run();
    }
}
