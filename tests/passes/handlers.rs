//! Handlers in every form: closures, functions in fields, and `return` in both.

use std::fmt;

use backstop::{Ending, Error, ErrorKind, Session, request};
use serde::de::DeserializeOwned;

use super::keys::release_later;

/// Handlers that are chosen at run time.
pub struct Handlers {
    pub session: Session,
    pub failed: Box<dyn Fn(&Error) + Send + Sync>,
    pub each: Vec<fn(&Error)>,
    pub released: fn(),
    pub ended: Box<dyn Fn(Ending) + Send + Sync>,
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handlers").finish_non_exhaustive()
    }
}

impl Handlers {
    #[request(
        get = "/",
        session = self.session,
        on_error = self.failed,
        cleanup = self.released,
        finally = self.ended,
    )]
    pub async fn fields(&self) -> Result<String, Error>;

    #[request(get = "/", on_error(Connect => self.each[0], _ => (self.failed)))]
    pub async fn fields_in_arms(&self) -> Result<String, Error>;

    #[request(get = "/", on_error = { log; self.failed; self.each[1] })]
    pub async fn fields_in_a_block(&self) -> Result<String, Error>;
}

#[request(get = "/", on_error = |error| eprintln!("{}", error.attempts()))]
pub async fn closure() -> Result<String, Error>;

#[request(get = "/", on_error(Connect => |error| eprintln!("{}", error.attempts()), _ => log))]
pub async fn closure_in_an_arm() -> Result<String, Error>;

#[request(get = "/", on_error = { log; |error| eprintln!("{:?}", error.status()); print })]
pub async fn closure_in_a_block() -> Result<String, Error>;

#[request(get = "/", on_error = |_: &Error| count.push(1))]
pub async fn closure_that_mutates(count: &mut Vec<u8>) -> Result<String, Error>;

#[request(get = "/", on_error = move |error| drop((name, error.elapsed())))]
pub async fn closure_that_moves(name: String) -> Result<u8, Error>;

const fn released() -> bool {
    true
}

/// A value that may be ignored.
#[request(get = "/", cleanup = released)]
pub async fn cleanup_with_a_value() -> Result<String, Error>;

#[request(get = "/", cleanup = seen.pop())]
pub async fn cleanup_by_a_method(seen: &mut Vec<u8>) -> Result<String, Error>;

#[request(get = "/", cleanup = || seen.pop())]
pub async fn cleanup_by_a_closure(seen: &mut Vec<u8>) -> Result<String, Error>;

#[request(get = "/", on_error(_ => std::process::exit(1)), cleanup = std::process::abort)]
pub async fn cleanup_that_never_returns() -> Result<String, Error>;

type Nothing = ();

/// An alias of `()` may have an empty body.
#[request(get = "/", on_error = log, cleanup = || (), finally = |_| ())]
pub async fn alias_of_nothing() -> Nothing {}

async fn later(error: &Error) {
    release_later(error.attempts().into()).await;
}

#[request(get = "/", on_error = async |error| eprintln!("{}", error.attempts()))]
pub async fn async_closure() -> Result<String, Error>;

#[request(
    get = "/",
    on_error(
        Connect => |error| later(error).await,
        Timeout => |error| async move { eprintln!("{}", error.attempts()) },
        _ => { log; async |error: &Error| later(error).await },
    ),
)]
pub async fn async_closures_in_arms() -> Result<String, Error> {
    Ok(String::new())
}

#[request(get = "/", cleanup = || eprintln!("{id}"))]
pub async fn cleanup_closure(id: u64) -> Result<String, Error> {
    Ok(id.to_string())
}

#[request(get = "/", cleanup = || release_later(id).await)]
pub async fn cleanup_closure_with_an_await(id: u64) -> Result<String, Error> {
    Ok(id.to_string())
}

#[request(get = "/", cleanup = async || release_later(id).await)]
pub async fn cleanup_async_closure(id: u64) -> Result<String, Error> {
    Ok(id.to_string())
}

#[request(get = "/", on_error = |error| { if error.is_status() { return; } eprintln!("{error}") })]
pub async fn return_in_a_closure() -> Result<String, Error>;

#[request(
    get = "/",
    on_error(
        Connect => |error| { if error.is_status() { return; } eprintln!("{error}") },
        _ => { let code = || { let status = None?; Some(status) }; eprintln!("{:?}", code().unwrap_or(404)) }
    ),
)]
pub async fn return_in_closures_of_arms() -> Result<String, Error>;

#[request(
    get = "/",
    finally = |ending| { if ending == Ending::Done { return; } eprintln!("{ending:?}") },
)]
pub async fn return_in_finally() -> Result<String, Error>;

#[request(
    get = "/",
    query = [1, 2].iter().map(|n| { if *n == 1 { return ("a", 1); } ("b", *n) }).collect::<Vec<_>>(),
    header("x-sum" = numbers.iter().try_fold(0_u8, |sum, n| Some(sum.checked_add(*n)? + 1))),
    on_error = log,
)]
pub async fn closures_in_the_request(numbers: &[u8]) -> Result<String, Error>;

#[request(get = "/", on_error(Status(_) if codes.iter().any(|n| { return *n == 1 }) => log, _ => print))]
#[allow(clippy::needless_return, reason = "the guard is written so")]
pub async fn closure_in_a_guard(codes: &[u8]) -> Result<String, Error>;

#[request(
    get = "/",
    fallback = { fn first(text: &str) -> Option<char> { let first = text.chars().next()?; Some(first) } first(name).unwrap_or('x') },
)]
pub async fn function_in_a_fallback(name: &str) -> Option<char> {
    name.chars().last()
}

#[request(get = "/", fallback = name.split(' ').find_map(|word| { let word = word.strip_prefix('a')?; Some(word.len()) }).unwrap_or_default())]
pub async fn closure_in_a_fallback(name: &str) -> Option<usize> {
    Some(name.len())
}

// Kinds are non-exhaustive: a `_` is reachable after every class, and after every leaf of a class.

#[request(
    get = "/",
    on_error(
        Build => print,
        Connect(Dns | Refused | Tls | Certificate | Proxy | Other) => log,
        Connect | Timeout | Disconnected => print,
        Protocol | Redirect | Status(_) | Body | Decode => log(warn),
    ),
)]
pub async fn every_class() -> Result<String, Error>;

#[request(
    get = "/",
    on_error(
        Build | Connect | Timeout | Disconnected | Protocol => recover(0),
        Redirect | Status | Body | Decode => recover(1),
        _ => recover(2),
    ),
)]
pub async fn every_class_and_the_rest(#[response] text: String) -> usize {
    text.len()
}
/// A value that none of these functions returns.
const fn count(_: &Error) -> u32 {
    1
}

fn die(error: &Error) -> ! {
    panic!("{error}")
}

#[request(get = "/", on_error(Connect => count, Timeout => die, Status(404) => count(&Error::new(ErrorKind::Protocol)), _ => log))]
pub async fn values_of_handlers_that_may_be_dropped() -> Result<String, Error>;

#[request(get = "/", on_error = count)]
pub async fn value_of_a_handler_in_a_generic_function<T: DeserializeOwned>() -> Result<T, Error>;

#[request(get = "/", on_error(Connect => later.await, _ => count))]
pub async fn values_of_handlers_where_nothing_is_returned() {}

#[request(get = "/", on_error(Connect => { count(&Error::new(ErrorKind::Protocol)); }, _ => |error| drop(String::from(error.kind().name()))))]
pub async fn values_that_are_dropped_by_the_word() -> Result<String, Error>;

#[request(get = "/", finally = |_| panic!("at its end"))]
pub async fn finally_that_never_returns() -> Result<String, Error>;
