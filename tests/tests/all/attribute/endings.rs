//! `cleanup` and `finally`: how often and when they run, and with which ending.

use std::{
    future::poll_fn,
    panic::AssertUnwindSafe,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    task::Poll,
    time::Duration,
};

use backstop::{CallSummary, Ending, Error, ErrorKind, Json, request};

use super::{AWAY, Trace, base};
use crate::support::{SESSION, User, bounded};

#[request(
    get = "{base}/users/{id}",
    session = SESSION,
    on_error(Connect => recover("recovered".into()), _ => trace.note("arm")),
    cleanup = release(trace, id),
    finally = |ending| trace.note(format!("finally {ending:?}")),
)]
async fn everything(
    base: &str,
    id: u8,
    trace: &Trace,
    #[response] Json(user): Json<User>,
) -> Result<String, Error> {
    trace.note("body");
    match user.name.as_str() {
        "Ada" => Ok(user.name),
        _ => Err(Error::new(ErrorKind::Protocol)),
    }
}

fn release(trace: &Trace, id: u8) {
    trace.note(format!("cleanup {id}"));
}

#[tokio::test]
async fn handlers_cleanup_and_finally_run_once_in_order() {
    let trace = Trace::default();
    everything(&base(), 7, &trace).await.expect("Ada");
    assert_eq!(trace.take(), ["body", "finally Done"]);
    everything(&base(), 8, &trace).await.expect_err("another shape");
    assert_eq!(trace.take(), ["arm", "cleanup 8", "finally Failed"]);
    everything(AWAY, 7, &trace).await.expect("recovered");
    assert_eq!(trace.take(), ["cleanup 7", "finally Done"]);
}

fn count(ending: Ending) {
    ENDINGS[ending as usize].fetch_add(1, Ordering::SeqCst);
}

static ENDINGS: [AtomicU32; 4] = [const { AtomicU32::new(0) }; 4];

fn endings() -> [u32; 4] {
    [0, 1, 2, 3].map(|at| ENDINGS[at].load(Ordering::SeqCst))
}

#[request(get = "{base}/users/{id}", session = SESSION, finally = count)]
async fn counted(
    base: &str,
    id: u8,
    panics: bool,
    #[response] Json(user): Json<User>,
) -> Option<u64> {
    assert!(!panics, "the panic of the test");
    if user.id == 0 {
        return None;
    }
    tokio::task::yield_now().await;
    Some(user.id)
}

/// Every ending calls `finally` once. This is one test because the counters are shared.
#[tokio::test]
async fn finally_receives_the_ending() {
    let base = base();
    assert_eq!(counted(&base, 7, false).await, Some(7));
    assert_eq!(endings(), [1, 0, 0, 0]);
    assert_eq!(counted(&base, 8, false).await, None);
    assert_eq!(endings(), [1, 1, 0, 0]);

    let panicked = futures_catch(counted(&base, 7, true)).await;
    assert!(panicked.is_err());
    assert_eq!(endings(), [1, 1, 0, 1]);

    // Dropped before the first poll, so the call never began.
    drop(counted(&base, 7, false));
    assert_eq!(endings(), [1, 1, 0, 1]);

    // Dropped after some number of polls, unless the call is done by then.
    let before = endings();
    let mut done = 0;
    for run in 0..1_000_u32 {
        let mut call = Box::pin(counted(&base, 7, false));
        let polls = 1 + run.wrapping_mul(2_654_435_761) % 7;
        let mut polled = 0;
        let ended = poll_fn(|context| {
            polled += 1;
            match call.as_mut().poll(context) {
                Poll::Ready(_) => Poll::Ready(true),
                Poll::Pending if polled == polls => Poll::Ready(false),
                Poll::Pending => Poll::Pending,
            }
        });
        done += u32::from(bounded(ended).await);
        drop(call);
    }
    let after = endings();
    assert_eq!(after[0] - before[0], done);
    assert_eq!(after[2] - before[2], 1_000 - done);
    assert_eq!((after[1], after[3]), (before[1], before[3]));
    assert!(done > 0 && done < 1_000, "both endings were seen: {done}");
}

/// The outcome of a future, or its panic.
async fn futures_catch<F: Future>(future: F) -> Result<F::Output, ()> {
    let mut future = Box::pin(future);
    poll_fn(|context| {
        match std::panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(_) => Poll::Ready(Err(())),
        }
    })
    .await
}

#[request(
    get = "{base}/{path}",
    session = SESSION,
    timeout = 5s,
    on_error = trace.note("arm"),
    cleanup = clean(&trace).await,
    finally = finish(Arc::clone(&trace)).await,
)]
async fn waits(base: &str, path: &str, trace: Arc<Trace>) -> Result<String, Error>;

async fn clean(trace: &Trace) {
    tokio::task::yield_now().await;
    trace.note("cleanup");
}

async fn finish(trace: Arc<Trace>) {
    tokio::task::yield_now().await;
    trace.note("finally");
}

#[tokio::test]
async fn cleanup_and_finally_may_await() {
    let trace = Arc::new(Trace::default());
    waits(&base(), "x", Arc::clone(&trace)).await.expect("200");
    assert_eq!(trace.take(), ["finally"]);
    waits(AWAY, "x", Arc::clone(&trace)).await.expect_err("refused");
    assert_eq!(trace.take(), ["arm", "cleanup", "finally"]);

    // Cancelled: `finally` is spawned, and ends soon after.
    let patience = Duration::from_millis(50);
    tokio::time::timeout(patience, waits(&base(), "stall", Arc::clone(&trace)))
        .await
        .expect_err("a stall");
    bounded(async {
        while trace.lock().is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(trace.take(), ["finally"]);
}

async fn told(trace: Arc<Trace>, ending: Ending) {
    trace.note(format!("{ending:?}"));
}

#[request(get = "{base}/x", session = SESSION, finally = |ending| told(Arc::clone(trace), ending).await)]
async fn told_and_waits(base: &str, trace: &Arc<Trace>) -> Result<String, Error>;

#[tokio::test]
async fn an_awaited_finally_receives_the_ending() {
    let trace = Arc::new(Trace::default());
    told_and_waits(&base(), &trace).await.expect("200");
    told_and_waits(AWAY, &trace).await.expect_err("refused");
    assert_eq!(trace.take(), ["Done", "Failed"]);
}

/// `finally` also runs when a call is dropped outside of a runtime.
#[test]
fn a_call_may_be_dropped_outside_of_its_runtime() {
    let trace = Trace::default();
    let base = base();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut call = Box::pin(everything_stalls(&base, &trace));
    runtime.block_on(poll_fn(|context| {
        assert!(call.as_mut().poll(context).is_pending());
        Poll::Ready(())
    }));
    drop(runtime);
    drop(call);
    assert_eq!(trace.take(), ["Cancelled"]);
}

#[request(get = "{base}/stall", session = SESSION, finally = |ending| trace.note(format!("{ending:?}")))]
async fn everything_stalls(base: &str, trace: &Trace) -> Result<(), Error>;

/// The body may move what an arm and the cleanup use, if those take a copy before.
#[request(
    get = "{base}/users/7",
    session = SESSION,
    on_error(_ => { let heard = kept.len(); assert_eq!(heard, 3) }),
    cleanup = drop(kept),
)]
async fn moves(
    base: &str,
    kept: String,
    moved: String,
    #[response] Json(user): Json<User>,
) -> Result<String, Error> {
    let mut name = moved;
    name.insert_str(0, &user.name);
    Ok(name)
}

#[tokio::test]
async fn arguments_are_in_scope_and_may_be_moved() {
    assert_eq!(moves(&base(), "abc".into(), "!".into()).await.expect("Ada"), "Ada!");
    moves(AWAY, "abc".into(), "!".into()).await.expect_err("refused");
}

/// Polled by hand to catch the panic; `finally` then runs as a task.
#[request(get = "{base}/x", session = SESSION, finally = |ending| told(Arc::clone(trace), ending).await)]
async fn panics(base: &str, trace: &Arc<Trace>, #[response] text: String) -> Result<u8, Error> {
    Ok(text.parse().expect("a number"))
}

#[tokio::test]
async fn an_awaited_finally_runs_after_a_panic() {
    let trace = Arc::new(Trace::default());
    futures_catch(panics(&base(), &trace)).await.expect_err("a panic");
    bounded(async {
        while trace.lock().is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(trace.take(), ["Panicked"]);
}

#[request(
    get = "{base}/x",
    session = SESSION,
    finally = async move |ending| told(trace, ending).await,
)]
async fn told_by_an_async_closure(base: &str, trace: Arc<Trace>) -> Result<String, Error>;

#[request(get = "{base}/x", session = SESSION, finally = async move |_| trace.note("finally"))]
async fn told_by_one_that_does_not_wait(base: &str, trace: Arc<Trace>) -> Result<String, Error>;

#[tokio::test]
async fn an_async_closure_is_awaited() {
    let trace = Arc::new(Trace::default());
    told_by_an_async_closure(&base(), Arc::clone(&trace)).await.expect("200");
    told_by_an_async_closure(AWAY, Arc::clone(&trace)).await.expect_err("refused");
    told_by_one_that_does_not_wait(&base(), Arc::clone(&trace)).await.expect("200");
    assert_eq!(trace.take(), ["Done", "Failed", "finally"]);
}

/// The outcome does not have to be `Sync`.
#[request(get = "{base}/x", session = SESSION, finally = finish(Arc::clone(&trace)).await)]
async fn not_shared(
    base: &str,
    trace: Arc<Trace>,
    #[response] text: String,
) -> Result<std::cell::Cell<usize>, Error> {
    Ok(text.len().into())
}

#[tokio::test]
async fn a_function_with_an_awaited_finally_can_be_spawned() {
    let trace = Arc::new(Trace::default());
    let call = {
        let trace = Arc::clone(&trace);
        async move { not_shared(&base(), trace).await.map(std::cell::Cell::into_inner) }
    };
    assert_eq!(tokio::spawn(call).await.expect("no panic").expect("200"), 2);
    assert_eq!(trace.take(), ["finally"]);
}

struct Chosen<'a> {
    failed: Box<dyn Fn(&Error) + Send + Sync + 'a>,
    released: Box<dyn Fn() + Send + Sync + 'a>,
    ended: Vec<Box<dyn Fn(Ending) + Send + Sync + 'a>>,
}

impl Chosen<'_> {
    #[request(
        get = "{AWAY}",
        session = SESSION,
        on_error = self.failed,
        cleanup = self.released,
        finally = self.ended[0],
    )]
    async fn fields(&self) -> Result<(), Error>;

    #[request(get = "{AWAY}", session = SESSION, on_error(Connect => { self.failed; self.failed }, _ => log))]
    async fn fields_in_an_arm(&self) -> Result<(), Error>;
}

#[tokio::test]
async fn functions_in_fields_are_called() {
    let trace = Trace::default();
    let chosen = Chosen {
        failed: Box::new(|error| trace.note(format!("failed {}", error.is_connect()))),
        released: Box::new(|| trace.note("released")),
        ended: vec![Box::new(|ending| trace.note(format!("{ending:?}")))],
    };
    chosen.fields().await.expect_err("refused");
    assert_eq!(trace.take(), ["failed true", "released", "Failed"]);
    chosen.fields_in_an_arm().await.expect_err("refused");
    assert_eq!(trace.take(), ["failed true", "failed true"]);
}

#[request(
    get = "{AWAY}",
    session = SESSION,
    on_error = |error| { if !error.is_connect() { return; } trace.note(format!("{} attempt", error.attempts())) },
    cleanup = || { if trace.lock().is_empty() { return; } trace.note("cleaned") },
    finally = |ending| { if ending == Ending::Done { return; } trace.note("ended") },
)]
async fn closures(trace: &Trace) -> Result<(), Error>;

#[request(get = "{AWAY}", session = SESSION, cleanup = async || { tokio::task::yield_now().await; trace.note("later") })]
async fn cleaned_by_an_async_closure(trace: &Trace) -> Result<(), Error>;

#[request(get = "{AWAY}", session = SESSION, cleanup = || note_later(trace).await)]
async fn cleaned_by_a_closure_that_waits(trace: &Trace) -> Result<(), Error>;

async fn note_later(trace: &Trace) {
    tokio::task::yield_now().await;
    trace.note("later");
}

#[tokio::test]
async fn closures_handle_clean_up_and_return_early() {
    let trace = Trace::default();
    closures(&trace).await.expect_err("refused");
    assert_eq!(trace.take(), ["1 attempt", "cleaned", "ended"]);
    cleaned_by_an_async_closure(&trace).await.expect_err("refused");
    cleaned_by_a_closure_that_waits(&trace).await.expect_err("refused");
    assert_eq!(trace.take(), ["later", "later"]);
}

/// The facts of a summary that the tests compare.
#[derive(Default)]
struct Summaries(Mutex<Vec<CallSummary>>);

impl Summaries {
    fn add(&self, call: CallSummary) {
        self.0.lock().expect("no panic").push(call);
    }

    /// The only recorded summary.
    fn take(&self) -> CallSummary {
        let mut told = std::mem::take(&mut *self.0.lock().expect("no panic"));
        assert_eq!(told.len(), 1);
        told.remove(0)
    }
}

#[request(
    get = "{base}/users/{id}",
    session = SESSION,
    retry = 1,
    on_error(Status(404) => recover(0)),
    finally = |call: CallSummary| told.add(call),
)]
async fn summed(
    base: &str,
    id: u8,
    told: &Summaries,
    #[response] Json(user): Json<User>,
) -> Result<u64, Error> {
    Ok(user.id)
}

#[tokio::test]
async fn finally_receives_the_facts_of_the_call() {
    let (base, told) = (base(), Summaries::default());
    summed(&base, 7, &told).await.expect("Ada");
    let call = told.take();
    assert_eq!((call.ending(), call.attempts()), (Ending::Done, 1));
    assert_eq!(call.status().expect("a status"), 200);
    assert_eq!(call.template(), Some("{base}/users/{id}"));
    assert_eq!(call.method(), Some(&backstop::Method::GET));
    assert!(call.error().is_none() && call.elapsed() > Duration::ZERO);

    // Nothing listens at this address.
    let error = summed(AWAY, 7, &told).await.expect_err("away");
    let call = told.take();
    assert_eq!((call.ending(), call.attempts(), call.status()), (Ending::Failed, 2, None));
    assert_eq!(call.error().expect("an error").kind(), error.kind());

    // A value of another type.
    let error = summed(&base, 0, &told).await.expect_err("no such user");
    let call = told.take();
    assert_eq!(call.ending(), Ending::Failed);
    assert_eq!(call.error().expect("an error").kind(), error.kind());

    // Before the call begins there are no facts.
    let error = summed("no URL", 7, &told).await.expect_err("not built");
    let call = told.take();
    assert!(error.is_build());
    assert_eq!((call.ending(), call.attempts(), call.status()), (Ending::Failed, 0, None));
}

fn keep(call: CallSummary) {
    KEPT.add(call);
}

static KEPT: LazyLock<Summaries> = LazyLock::new(Summaries::default);

#[request(get = "{base}/slow", session = SESSION, finally = keep)]
async fn kept(base: &str) -> Option<String>;

#[request(get = "{base}/users/7", session = SESSION, finally = keep_later.await)]
async fn kept_later(base: &str) -> Option<String>;

async fn keep_later(call: CallSummary) {
    tokio::task::yield_now().await;
    KEPT.add(call);
}

/// One test, because the recorded summaries are shared.
#[tokio::test]
async fn the_argument_type_decides_what_finally_receives() {
    let server = backstop_tests::Server::always(backstop_tests::Answer::Stall(Vec::new()));
    let url = server.url();
    let given_up = tokio::time::timeout(Duration::from_millis(200), kept(&url));
    assert!(given_up.await.is_err());
    let call = KEPT.take();
    assert_eq!((call.ending(), call.attempts(), call.status()), (Ending::Cancelled, 1, None));
    assert!(call.elapsed() >= Duration::from_millis(100) && call.error().is_none());

    assert!(kept_later(&base()).await.is_some());
    assert_eq!(KEPT.take().ending(), Ending::Done);
}
