//! Decides whether a failed attempt is retried, and after which delay.
//!
//! A pure function: the time that remains and the jitter are part of its input.

use std::time::Duration;

use http::{Method, StatusCode};

use super::Retry;
use crate::error::{ConnectError, Cost, Error, ErrorKind, Retried, Sent};

/// The state of a call after a failed attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AttemptState {
    /// Whether the server may process the request twice: the method is idempotent, or the request has an
    /// idempotency key.
    pub(crate) repeatable: bool,
    /// Whether the body can be sent again.
    pub(crate) replayable: bool,
    /// The hop that failed: 0 for the request that the caller made.
    pub(crate) hop: u32,
    /// How often the request was tried, this attempt included.
    pub(crate) attempts: u32,
    /// The time that remains for the call. None if it is not bounded.
    pub(crate) remaining: Option<Duration>,
    /// A random fraction in `0.0..1.0`.
    pub(crate) jitter: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Retry after `delay`, if the budget of the origin has `cost` tokens.
    Retry {
        delay: Duration,
        cost: u32,
    },
    Stop(Stop),
}

/// Why a call is not retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The policy allows no more attempts.
    Attempts,
    /// The policy does not retry this kind of error.
    Kind,
    /// The request may have been processed, and is not repeatable.
    Processed,
    /// The body was a stream, which has been sent.
    Body,
    /// The server asks for a longer wait than the policy allows.
    RetryAfter,
    /// The total timeout leaves no time for the delay.
    Deadline,
}

/// The usual cost of a retry in tokens of the budget.
const TOKENS: u32 = 5;

/// Whether to try again, after `error` in this state of the call.
pub(crate) fn decide(retry: &Retry, error: &Error, state: AttemptState) -> Decision {
    let AttemptState { repeatable, replayable, hop, attempts, remaining, jitter } = state;
    let facts = error.kind().facts();
    if attempts > retry.times {
        return Decision::Stop(Stop::Attempts);
    }
    let asked_for = match &retry.on {
        Some(on) => facts.retried != Retried::Never && on(error),
        None => facts.retried == Retried::ByDefault && !is_refused_login(error),
    };
    if !asked_for {
        return Decision::Stop(Stop::Kind);
    }
    if !(repeatable || error.sent() == Sent::No || is_refusal(error, hop)) {
        return Decision::Stop(Stop::Processed);
    }
    if !replayable {
        return Decision::Stop(Stop::Body);
    }
    let backoff = backoff(retry, attempts).mul_f64(jitter);
    let delay = match error.retry_after().filter(|_| error.is_status()) {
        Some(asked) if asked > retry.max_retry_after => {
            return Decision::Stop(Stop::RetryAfter);
        }
        // With jitter, as all clients of a server may be asked for the same delay.
        Some(asked) => backoff.max(asked.saturating_add(asked.mul_f64(jitter / 10.0))),
        None => backoff,
    };
    if remaining.is_some_and(|remaining| remaining <= delay) {
        return Decision::Stop(Stop::Deadline);
    }
    let cost = match facts.cost {
        Cost::FreeIfUnsent if error.sent() == Sent::No => 0,
        Cost::FreeIfUnsent | Cost::Usual => TOKENS,
        Cost::Double => 2 * TOKENS,
    };
    Decision::Retry { delay, cost }
}

/// Whether the method is idempotent (RFC 9110 §9.2.2).
pub(crate) fn is_idempotent(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE, Method::PUT, Method::DELETE]
        .contains(method)
}

/// The longest delay before the next attempt, after this many.
fn backoff(retry: &Retry, attempts: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
    retry.backoff.start.saturating_mul(doubled).min(retry.backoff.end)
}

/// Whether the server refused the request without processing it: 429 with a valid `Retry-After` (RFC 6585
/// §4). Not after a redirect, as an earlier hop was processed then.
fn is_refusal(error: &Error, hop: u32) -> bool {
    hop == 0 && error.kind() == ErrorKind::Status(429) && error.retry_after().is_some()
}

/// Whether a proxy refused the credentials: each retry would be another failed login.
fn is_refused_login(error: &Error) -> bool {
    error.kind() == ErrorKind::Connect(ConnectError::Proxy)
        && error.status() == Some(StatusCode::PROXY_AUTHENTICATION_REQUIRED)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, header};

    use super::*;
    use crate::error::{
        BodyError, BuildError, DecodeError, DisconnectedError, RedirectError, TimeoutError,
    };

    const FRESH: AttemptState = AttemptState {
        repeatable: true,
        replayable: true,
        hop: 0,
        attempts: 1,
        remaining: Some(Duration::from_secs(30)),
        jitter: 0.5,
    };

    fn policy() -> Retry {
        Retry::times(3).backoff(Duration::from_millis(100)..Duration::from_secs(1))
    }

    fn status(code: u16, retry_after: Option<&str>) -> Error {
        let mut headers = HeaderMap::new();
        if let Some(wait) = retry_after {
            headers.insert(header::RETRY_AFTER, wait.parse().expect("a header"));
        }
        Error::new(ErrorKind::Status(code)).with_headers(headers)
    }

    /// For each kind, whether it is retried (`+`) if the request was not sent, maybe sent, and sent: first for
    /// a repeatable request, then for one that is not.
    const TABLE: &[(ErrorKind, &str, &str)] = &[
        (ErrorKind::Build(BuildError::Url), "---", "---"),
        (ErrorKind::Build(BuildError::Segment), "---", "---"),
        (ErrorKind::Build(BuildError::Method), "---", "---"),
        (ErrorKind::Build(BuildError::Header), "---", "---"),
        (ErrorKind::Build(BuildError::Body), "---", "---"),
        (ErrorKind::Build(BuildError::Prepare), "---", "---"),
        (ErrorKind::Build(BuildError::Session), "---", "---"),
        (ErrorKind::Credentials, "---", "---"),
        (ErrorKind::Connect(ConnectError::Dns), "+++", "+--"),
        (ErrorKind::Connect(ConnectError::Refused), "+++", "+--"),
        (ErrorKind::Connect(ConnectError::Tls), "+++", "+--"),
        (ErrorKind::Connect(ConnectError::Certificate), "---", "---"),
        (ErrorKind::Connect(ConnectError::Proxy), "+++", "+--"),
        (ErrorKind::Connect(ConnectError::Other), "+++", "+--"),
        (ErrorKind::Timeout(TimeoutError::Connect), "+++", "+--"),
        (ErrorKind::Timeout(TimeoutError::Attempt), "+++", "+--"),
        (ErrorKind::Timeout(TimeoutError::Idle), "+++", "+--"),
        (ErrorKind::Timeout(TimeoutError::Total), "---", "---"),
        (ErrorKind::Disconnected(DisconnectedError::Unsent), "+++", "+--"),
        (ErrorKind::Disconnected(DisconnectedError::Closed), "+++", "+--"),
        (ErrorKind::Disconnected(DisconnectedError::Reset), "+++", "+--"),
        (ErrorKind::Disconnected(DisconnectedError::Runtime), "+++", "+--"),
        (ErrorKind::Protocol, "---", "---"),
        (ErrorKind::Redirect(RedirectError::TooMany), "---", "---"),
        (ErrorKind::Redirect(RedirectError::Location), "---", "---"),
        (ErrorKind::Redirect(RedirectError::Scheme), "---", "---"),
        (ErrorKind::Redirect(RedirectError::Body), "---", "---"),
        (ErrorKind::Status(400), "---", "---"),
        (ErrorKind::Status(401), "---", "---"),
        (ErrorKind::Status(404), "---", "---"),
        (ErrorKind::Status(407), "---", "---"),
        (ErrorKind::Status(408), "+++", "+--"),
        (ErrorKind::Status(409), "---", "---"),
        (ErrorKind::Status(421), "---", "---"),
        (ErrorKind::Status(422), "---", "---"),
        (ErrorKind::Status(425), "+++", "+--"),
        (ErrorKind::Status(429), "+++", "+--"),
        (ErrorKind::Status(500), "+++", "+--"),
        (ErrorKind::Status(501), "---", "---"),
        (ErrorKind::Status(502), "+++", "+--"),
        (ErrorKind::Status(503), "+++", "+--"),
        (ErrorKind::Status(504), "+++", "+--"),
        (ErrorKind::Status(505), "---", "---"),
        (ErrorKind::Status(511), "---", "---"),
        (ErrorKind::Body(BodyError::Truncated), "+++", "+--"),
        (ErrorKind::Body(BodyError::Reset), "+++", "+--"),
        (ErrorKind::Body(BodyError::Framing), "---", "---"),
        (ErrorKind::Body(BodyError::Decompress), "---", "---"),
        (ErrorKind::Body(BodyError::TooLarge), "---", "---"),
        (ErrorKind::Body(BodyError::Storage), "---", "---"),
        (ErrorKind::Decode(DecodeError::ContentType), "---", "---"),
        (ErrorKind::Decode(DecodeError::Syntax), "---", "---"),
        (ErrorKind::Decode(DecodeError::Shape), "---", "---"),
        (ErrorKind::Decode(DecodeError::Charset), "---", "---"),
        (ErrorKind::Decode(DecodeError::Link), "---", "---"),
    ];

    #[test]
    fn each_kind_is_retried_by_method_and_by_what_was_sent() {
        let methods =
            ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "POST", "PATCH", "PURGE"];
        for (kind, repeatable, not) in TABLE {
            for method in methods {
                let expected = match method {
                    "POST" | "PATCH" | "PURGE" => not,
                    _ => repeatable,
                };
                let method = Method::from_bytes(method.as_bytes()).expect("a method");
                let shown: String = [Sent::No, Sent::Maybe, Sent::Yes]
                    .into_iter()
                    .map(|sent| {
                        let error = Error::unsent(*kind).sent_at_least(sent);
                        let state = AttemptState { repeatable: is_idempotent(&method), ..FRESH };
                        match decide(&policy(), &error, state) {
                            Decision::Retry { .. } => '+',
                            Decision::Stop(Stop::Kind | Stop::Processed) => '-',
                            Decision::Stop(_) => '?',
                        }
                    })
                    .collect();
                assert_eq!(shown, *expected, "{method} {kind:?}");
            }
        }
    }

    #[test]
    fn a_429_with_retry_after_was_not_processed() {
        let post = AttemptState { repeatable: false, ..FRESH };
        let again =
            |error, state| matches!(decide(&policy(), &error, state), Decision::Retry { .. });
        assert!(again(status(429, Some("1")), post));
        assert!(!again(status(429, None), post));
        for unreadable in ["", "soon", "-1", "2 s", "1e3"] {
            assert!(!again(status(429, Some(unreadable)), post), "{unreadable:?}");
        }
        assert!(again(status(429, Some("0.129")), post));
        assert!(!again(status(503, Some("1")), post));
        assert!(!again(status(429, Some("1")), AttemptState { hop: 1, ..post }));
    }

    #[test]
    fn a_stream_is_not_sent_again() {
        let spent = AttemptState { replayable: false, ..FRESH };
        assert_eq!(decide(&policy(), &status(503, None), spent), Decision::Stop(Stop::Body));
    }

    #[test]
    fn a_predicate_replaces_the_default_kinds_but_not_the_safety_rules() {
        let not_found = policy().on(|error| error.kind() == ErrorKind::Status(404));
        let again = |error: &Error, state| {
            matches!(decide(&not_found, error, state), Decision::Retry { .. })
        };
        assert!(again(&status(404, None), FRESH));
        assert!(!again(&status(503, None), FRESH));
        assert!(!again(&status(404, None), AttemptState { repeatable: false, ..FRESH }));

        let all = policy().on(|_| true);
        for (kind, ..) in TABLE {
            let never = matches!(
                kind,
                ErrorKind::Build(_)
                    | ErrorKind::Decode(_)
                    | ErrorKind::Timeout(TimeoutError::Total)
            );
            let decided = decide(&all, &Error::new(*kind), FRESH);
            assert_eq!(decided == Decision::Stop(Stop::Kind), never, "{kind:?}");
        }
    }

    /// The attribute's message for `retry(times = 1, on(KIND))` with this method. Empty if it is accepted.
    fn refusal(method: &str, kind: ErrorKind) -> String {
        let pattern = format!("{kind:?}").replace("Status(429)", "Status(429..=429)");
        let args = format!("method({method:?}) = \"/\", retry(times = 1, on({pattern}))");
        let item = "async fn order() -> Result<(), Error>;";
        let expansion = backstop_macros_core::request(
            args.parse().expect("tokens"),
            item.parse().expect("tokens"),
        );
        let message = expansion.to_string();
        match message.contains("compile_error") {
            true => message,
            false => String::new(),
        }
    }

    /// Whether an error of this kind may say that nothing was sent: the server sent before the request, or the
    /// timer expired without a connection.
    fn may_be_unsent(kind: ErrorKind) -> bool {
        match kind {
            ErrorKind::Protocol | ErrorKind::Timeout(TimeoutError::Attempt) => true,
            // The server refused the request.
            ErrorKind::Status(429) => true,
            _ => kind.facts().sent == Sent::No,
        }
    }

    #[test]
    fn the_attribute_refuses_kinds_that_are_never_retried() {
        for (kind, ..) in TABLE {
            let can_be_retried = kind.facts().retried != Retried::Never;
            let get = refusal("GET", *kind);
            assert_eq!(get.contains("is never retried"), !can_be_retried, "{kind:?}: {get}");
            assert_eq!(get.is_empty(), can_be_retried, "{kind:?}: {get}");
            let post = refusal("POST", *kind);
            let is_accepted = can_be_retried && may_be_unsent(*kind);
            assert_eq!(post.is_empty(), is_accepted, "{kind:?}: {post}");
        }
        for method in
            ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "POST", "PATCH", "get", "PURGE"]
        {
            let is_refused =
                !refusal(method, ErrorKind::Disconnected(DisconnectedError::Closed)).is_empty();
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            assert_eq!(is_refused, !is_idempotent(&method), "{method}");
        }
    }

    #[test]
    fn retries_end_at_the_policy_s_limit() {
        let unavailable = status(503, None);
        for attempts in 1..=3 {
            let decided = decide(&policy(), &unavailable, AttemptState { attempts, ..FRESH });
            assert!(matches!(decided, Decision::Retry { .. }));
        }
        let decided = decide(&policy(), &unavailable, AttemptState { attempts: 4, ..FRESH });
        assert_eq!(decided, Decision::Stop(Stop::Attempts));
        assert_eq!(decide(&Retry::times(0), &unavailable, FRESH), Decision::Stop(Stop::Attempts));
    }

    /// The delay in milliseconds, `None` without a retry.
    fn wait(retry: &Retry, error: &Error, state: AttemptState) -> Option<u128> {
        match decide(retry, error, state) {
            Decision::Retry { delay, .. } => Some(delay.as_millis()),
            Decision::Stop(_) => None,
        }
    }

    #[test]
    fn the_delay_is_a_random_part_of_a_backoff_that_doubles_up_to_its_cap() {
        let many =
            Retry::times(u32::MAX).backoff(Duration::from_millis(100)..Duration::from_secs(1));
        let unavailable = status(503, None);
        let at = |attempts, jitter| {
            wait(&many, &unavailable, AttemptState { attempts, jitter, ..FRESH })
        };
        assert_eq!(
            [1, 2, 3, 4, 5, 6].map(|attempt| at(attempt, 0.5)),
            [Some(50), Some(100), Some(200), Some(400), Some(500), Some(500)]
        );
        assert_eq!(at(1, 0.0), Some(0));
        assert_eq!(at(u32::MAX, 0.5), Some(500), "no overflow");
        let endless = Retry::times(u32::MAX).backoff(Duration::MAX..Duration::MAX);
        let unbounded = AttemptState {
            remaining: None,
            attempts: 64,
            jitter: 1.0 - f64::EPSILON / 2.0,
            ..FRESH
        };
        assert!(wait(&endless, &unavailable, unbounded).is_some(), "no overflow");
    }

    #[test]
    fn the_delay_is_at_least_retry_after() {
        let ask = |seconds, jitter| {
            wait(&policy(), &status(503, Some(seconds)), AttemptState { jitter, ..FRESH })
        };
        assert_eq!(ask("2", 0.0), Some(2000));
        assert_eq!(ask("2", 0.5), Some(2100));
        assert_eq!(ask("0", 0.5), Some(50), "the backoff is longer");
        assert_eq!(ask("soon", 0.5), Some(50), "not a time");
    }

    #[test]
    fn a_date_in_retry_after_is_relative_to_the_server_s_clock() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (header::DATE, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (header::RETRY_AFTER, "Sun, 06 Nov 1994 08:49:40 GMT"),
        ] {
            headers.insert(name, value.parse().expect("a header"));
        }
        let error = Error::new(ErrorKind::Status(503)).with_headers(headers);
        assert_eq!(wait(&policy(), &error, AttemptState { jitter: 0.0, ..FRESH }), Some(3000));
    }

    #[test]
    fn a_delay_that_is_too_long_ends_the_call_at_once() {
        let decided =
            |retry: &Retry, seconds, state| decide(retry, &status(503, Some(seconds)), state);
        let stop = Decision::Stop;
        assert_eq!(decided(&policy(), "31", FRESH), stop(Stop::RetryAfter));
        assert_eq!(decided(&policy(), "99999999999999999999", FRESH), stop(Stop::RetryAfter));
        let patient = policy().max_retry_after(Duration::MAX);
        assert_eq!(decided(&patient, "31", FRESH), stop(Stop::Deadline));
        let unbounded = AttemptState { remaining: None, ..FRESH };
        assert!(matches!(decided(&patient, "31", unbounded), Decision::Retry { .. }));
        assert!(matches!(decided(&policy(), "30", unbounded), Decision::Retry { .. }));
        let endless = decided(&patient, "99999999999999999999", unbounded);
        assert!(matches!(endless, Decision::Retry { .. }), "no overflow");
        let late = AttemptState { remaining: Some(Duration::from_millis(50)), ..FRESH };
        assert_eq!(decide(&policy(), &status(503, None), late), stop(Stop::Deadline));
    }

    #[test]
    fn a_retry_that_did_not_load_the_server_is_free() {
        let cost = |error: Error| match decide(&policy(), &error, FRESH) {
            Decision::Retry { cost, .. } => cost,
            Decision::Stop(why) => panic!("{why:?}"),
        };
        for kind in [
            ErrorKind::Connect(ConnectError::Refused),
            ErrorKind::Connect(ConnectError::Dns),
            ErrorKind::Disconnected(DisconnectedError::Unsent),
        ] {
            assert_eq!(cost(Error::unsent(kind)), 0, "{kind:?}");
            assert_eq!(cost(Error::unsent(kind).sent_at_least(Sent::Maybe)), 5, "{kind:?}");
        }
        for leaf in [ConnectError::Tls, ConnectError::Proxy, ConnectError::Other] {
            assert_eq!(cost(Error::new(ErrorKind::Connect(leaf))), 5, "{leaf:?}");
        }
        assert_eq!(cost(status(503, None)), 5);
        for leaf in [TimeoutError::Connect, TimeoutError::Attempt, TimeoutError::Idle] {
            assert_eq!(cost(Error::unsent(ErrorKind::Timeout(leaf))), 10, "{leaf:?}");
        }
    }

    #[test]
    fn a_proxy_that_refuses_credentials_is_not_retried() {
        let refused = |status| {
            let error = Error::new(ErrorKind::Connect(ConnectError::Proxy)).with_status(status);
            decide(&policy(), &error, FRESH)
        };
        assert_eq!(refused(StatusCode::PROXY_AUTHENTICATION_REQUIRED), Decision::Stop(Stop::Kind));
        assert!(matches!(refused(StatusCode::BAD_GATEWAY), Decision::Retry { .. }));
    }

    #[test]
    fn retry_after_applies_only_to_a_status_error() {
        let headers = status(200, Some("2")).headers().clone();
        let error = Error::new(ErrorKind::Body(BodyError::Truncated)).with_headers(headers);
        assert_eq!(wait(&policy(), &error, FRESH), Some(50));
    }

    #[test]
    fn a_delay_that_reaches_the_deadline_ends_the_call() {
        let remaining = AttemptState { remaining: Some(Duration::from_millis(50)), ..FRESH };
        assert_eq!(wait(&policy(), &status(503, None), remaining), None);
        let remaining = AttemptState { remaining: Some(Duration::from_millis(51)), ..FRESH };
        assert_eq!(wait(&policy(), &status(503, None), remaining), Some(50));
    }
}
