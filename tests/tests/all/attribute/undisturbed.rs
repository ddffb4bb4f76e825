//! The macro does not change the user's code: the future is `Send` if its values are, a panic is reported
//! at its line, and a body may hold any value that it could hold without the macro.

use std::{
    cell::Cell,
    sync::{Arc, Mutex},
};

use backstop::{BodyStream, Ending, Error, request};

use super::base;
use crate::support::SESSION;

#[request(get = "{base}/x", session = SESSION, retry = 1)]
async fn bodyless(base: &str) -> Result<String, Error>;

#[request(get = "{base}/x", session = SESSION, on_error = log, cleanup = done, finally = |_| ())]
async fn handled(base: &str, #[response] text: String) -> Result<usize, Error> {
    let text = Cell::new(text);
    Ok(text.take().len())
}

fn done() {}

/// A value that is held across an `.await` only needs to be `Send`.
#[request(get = "{base}/x", session = SESSION, on_error = log)]
async fn waits(base: &str, count: Cell<usize>, #[response] text: String) -> Result<usize, Error> {
    tokio::task::yield_now().await;
    count.set(count.get() + text.len());
    tokio::task::yield_now().await;
    Ok(count.get())
}

#[request(get = "{base}/x", session = SESSION)]
async fn streams(base: &str, #[response] mut body: BodyStream) -> Result<usize, Error> {
    let mut read = 0;
    while let Some(part) = body.part().await? {
        read += part.len();
    }
    Ok(read)
}

#[request(get = "{base}/x", session = SESSION, finally = ended(name.clone()).await)]
async fn ends_and_waits(base: &str, name: Arc<str>) -> Result<String, Error>;

async fn ended(name: Arc<str>) {
    drop(name);
}

/// A future that is not `Send` fails to compile here, not where it is spawned.
#[tokio::test]
async fn futures_are_send() {
    fn send<F: Future + Send>(future: F) -> F {
        future
    }
    let base = base();
    assert_eq!(send(bodyless(&base)).await.expect("200"), "/x");
    assert_eq!(send(handled(&base)).await.expect("200"), 2);
    assert_eq!(send(waits(&base, Cell::new(1))).await.expect("200"), 3);
    assert_eq!(send(streams(&base)).await.expect("200"), 2);
    assert_eq!(send(ends_and_waits(&base, "x".into())).await.expect("200"), "/x");
}

/// A boxed error of the body, in a block that awaits: it coerces as in a function.
#[request(get = "{base}/x", session = SESSION)]
async fn coerces(
    base: &str,
    fails: bool,
) -> Result<Box<dyn Fn() -> u8>, Box<dyn std::error::Error>> {
    tokio::task::yield_now().await;
    if fails {
        return Err("failed".into());
    }
    let number: u8 = "7".parse()?;
    Ok(Box::new(move || number))
}

/// The outcome may borrow from the arguments.
#[request(get = "{base}/x", session = SESSION)]
async fn borrows<'a>(
    base: &str,
    names: &'a mut Vec<String>,
    #[response] text: String,
) -> Result<&'a str, Error> {
    tokio::task::yield_now().await;
    names.push(text);
    Ok(&names[0])
}

/// The same for a body that returns early and does not await.
#[request(get = "{base}/x", session = SESSION, on_error = log)]
async fn leaves(
    base: String,
    names: &mut Vec<String>,
    #[response] text: String,
) -> Result<Names<'_>, Error> {
    names.push(text);
    if base.is_empty() {
        return Ok(Names(names));
    }
    Ok(Names(names))
}

struct Names<'a>(&'a mut Vec<String>);

#[tokio::test]
async fn bodies_return_and_await_like_functions() {
    let base = base();
    assert_eq!(coerces(&base, false).await.expect("200")(), 7);
    assert_eq!(coerces(&base, true).await.err().expect("it fails").to_string(), "failed");
    let mut names = Vec::new();
    assert_eq!(borrows(&base, &mut names).await.expect("200"), "/x");
    assert_eq!(leaves(base, &mut names).await.expect("200").0.len(), 2);
}

static EXPECTED: Mutex<Vec<u32>> = Mutex::new(Vec::new());

fn panics_below(line: u32) {
    EXPECTED.lock().expect("no panic while it is held").push(line + 1);
}

#[request(get = "{base}/x", session = SESSION)]
async fn panics(base: &str, #[response] text: String) -> Result<(), Error> {
    panics_below(line!());
    panic!("{text} in a body that is left as it is");
}

#[request(get = "{base}/x", session = SESSION, on_error = log, finally = |_: Ending| ())]
async fn panics_later(base: &str) -> Result<(), Error> {
    tokio::task::yield_now().await;
    panics_below(line!());
    assert!(base.is_empty(), "in a body that awaits");
    Ok(())
}

/// Debuggers, backtraces and messages show the line that the user wrote.
#[tokio::test]
async fn a_panic_is_reported_at_its_line() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let hook = std::panic::take_hook();
    let noting = Arc::clone(&seen);
    std::panic::set_hook(Box::new(move |panic| {
        let at = panic.location().map(|at| (at.file().to_owned(), at.line()));
        match at {
            Some((file, line))
                if file.ends_with("undisturbed.rs") || file.ends_with("attribute.rs") =>
            {
                noting.lock().expect("no panic in a hook").push(line);
            }
            _ => hook(panic),
        }
    }));
    tokio::spawn(async { panics(&base()).await }).await.expect_err("it panics");
    tokio::spawn(async { panics_later(&base()).await }).await.expect_err("it panics");
    let expected = EXPECTED.lock().expect("no panic while it is held");
    assert_eq!(expected.len(), 2);
    assert_eq!(*seen.lock().expect("no panic in the hook"), *expected);
}
