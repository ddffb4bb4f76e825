//! What runs when a function ends, however it ends.

use std::{
    fmt,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
    thread,
};

use tokio::runtime::Handle;

/// How a function with `finally` ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ending {
    /// It succeeded, or recovered from a failure.
    Done,
    /// It failed: a request error went on, or its body returned an error.
    Failed,
    /// Its future was dropped before it was done. The request may have been processed.
    Cancelled,
    /// It panicked.
    Panicked,
}

impl Ending {
    /// How a function ends whose guard is dropped before its end.
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
pub struct Finally<F>(Option<(F, Call<F>)>);

/// Calls the function, of whose type the guard thus knows nothing: one that does not fit is one error,
/// where the guard is made.
type Call<F> = fn(F, Ending);

/// Makes a guard that calls `run`, for the key `finally`.
pub fn finally<F: FnOnce(Ending) -> V, V: FinallyOutput>(run: F) -> Finally<F> {
    Finally(Some((run, |run, ending| drop(run(ending)))))
}

/// What a function in `finally` returns: nothing, or `!`.
///
/// As a bound, it says in its own words what does not fit. A closure that had to return `()` would be told
/// to drop a future by a semicolon.
#[diagnostic::on_unimplemented(
    message = "a function in `finally` returns nothing",
    label = "returns `{Self}`",
    note = "to wait for a future, write `.await` behind it; to drop a value, `drop(…)` around it"
)]
pub trait FinallyOutput {}

#[diagnostic::do_not_recommend]
impl FinallyOutput for () {}

/// `!` can only be named as what a function returns.
#[diagnostic::do_not_recommend]
impl FinallyOutput for <fn() -> ! as Returns>::Output {}

/// The type that a function returns.
pub trait Returns {
    /// The type.
    type Output;
}

impl<V> Returns for fn() -> V {
    type Output = V;
}

impl<F> Finally<F> {
    /// Calls the function with this ending.
    pub fn end(mut self, ending: Ending) {
        if let Some((run, call)) = self.0.take() {
            call(run, ending);
        }
    }
}

impl<F> Drop for Finally<F> {
    fn drop(&mut self) {
        if let Some((run, call)) = self.0.take() {
            guarded(|| call(run, Ending::unexpected()));
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
pub struct FinallyAsync<F>(Option<(F, Begin<F>)>);

/// Calls the function for its future, of whose type the guard thus knows nothing.
type Begin<F> = fn(F, Ending) -> FinallyFuture;

/// Makes a guard that runs the future of `run`, for a `finally` that awaits. The future owns what it
/// uses, as it may outlive the function.
pub fn finally_async<F, Fut>(run: F) -> FinallyAsync<F>
where
    F: FnOnce(Ending) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    FinallyAsync(Some((run, |run, ending| FinallyFuture(Some(Box::pin(run(ending)))))))
}

impl<F> FinallyAsync<F> {
    /// The future of this ending.
    pub fn end(mut self, ending: Ending) -> FinallyFuture {
        match self.0.take() {
            Some((run, begin)) => begin(run, ending),
            None => FinallyFuture(None),
        }
    }
}

impl<F> Drop for FinallyAsync<F> {
    fn drop(&mut self) {
        if let Some((run, begin)) = self.0.take() {
            guarded(|| drop(begin(run, Ending::unexpected())));
        }
    }
}

impl<F> fmt::Debug for FinallyAsync<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FinallyAsync")
    }
}

/// The future of [`FinallyAsync::end`]. If it is dropped before it is done, it goes on as a task.
#[must_use = "it goes on as a task when it is dropped"]
pub struct FinallyFuture(Option<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Future for FinallyFuture {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // One that panics stays taken: it cannot be polled again.
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

/// A second panic while the thread unwinds would abort the program.
fn guarded(run: impl FnOnce()) {
    if thread::panicking() {
        let _ = catch_unwind(AssertUnwindSafe(run));
    } else {
        run();
    }
}
