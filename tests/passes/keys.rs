//! Every key in each of its forms.

use std::{fmt::Display, process, sync::Mutex, time::Duration};

use backstop::{
    Body, BodyStream, Bytes, Ending, Error, ErrorKind, Json, Response, Retry, Session, StatusCode,
    request, reqwest,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    pub id: u64,
    pub name: String,
}

#[derive(Debug)]
pub struct Api {
    pub base: String,
    pub session: Session,
    pub token: String,
}

pub async fn token() -> Option<String> {
    std::future::ready(None).await
}

#[must_use]
pub const fn is_late(_: &Error) -> bool {
    true
}

pub fn notify(error: &Error) {
    eprintln!("{error}");
}

pub async fn notify_later(error: &Error) {
    let _is_status = std::future::ready(error.is_status()).await;
}

pub fn die(error: &Error) -> ! {
    panic!("{error}")
}

pub const fn release() {}

pub async fn release_later(id: u64) {
    let _id = std::future::ready(id).await;
}

pub const fn ended(_: Ending) {}

pub async fn ended_later(_: Ending) {
    std::future::ready(()).await;
}

pub const fn retried(_: &Error, _: Duration) {}

#[request(get = "{base}/users/{id}")]
pub async fn bodyless(base: &str, id: u64) -> Result<User, Error>;

#[request(get = "https://example.com/users/{id}")]
pub async fn with_body(id: u64, #[response] Json(user): Json<User>) -> Result<String, Error> {
    Ok(user.name)
}

#[request(get = "https://example.com/users/{id}")]
pub async fn without_response(id: u64) -> Result<u64, Error> {
    Ok(id)
}

#[request(get = "https://example.com/users/{id}")]
pub async fn several_responses(
    id: u64,
    #[response] status: StatusCode,
    #[response] mut text: String,
) -> Result<String, Error> {
    text.push_str(status.as_str());
    Ok(text)
}

#[request(get = "{base}/users/{id}")]
pub async fn awaiting(
    base: &str,
    id: u64,
    #[response] Json(user): Json<User>,
) -> Result<User, Error> {
    let mut again = bodyless(base, user.id).await?;
    again.id = id;
    Ok(again)
}

#[request(get = "{base}/users/{id}")]
pub async fn awaiting_without_response(base: &str, id: u64) -> Result<User, Error> {
    bodyless(base, id).await
}

#[request(get = "{base}/users/{id}", on_error = log)]
pub async fn awaiting_handled(
    base: &str,
    id: u64,
    #[response] Json(user): Json<User>,
) -> Result<User, Error> {
    let mut again = bodyless(base, user.id).await?;
    again.id = id;
    Ok(again)
}

#[request(get = "/{id}", on_error = log, cleanup = drop(id))]
pub async fn early_exit(
    id: String,
    #[response] text: String,
) -> Result<User, Box<dyn std::error::Error>> {
    Ok(serde_json::from_str(&text)?)
}

#[request(get = "/{id}")]
pub async fn option_returned(id: impl Display) -> Option<Bytes>;

#[request(get = "/{id}", fallback = 0)]
pub async fn plain_type_without_a_body(id: u64) -> u64;

#[request(get = "/{id}", fallback = String::new())]
pub async fn plain_type_with_a_body(id: u64, #[response] text: String) -> String {
    text + "!"
}

#[request(get = "/{id}", on_error(Build => panic!("a bug"), _ => recover(0)))]
pub async fn recovered_by_every_arm(id: u64, #[response] text: String) -> usize {
    text.len()
}

#[request(get = "/")]
pub async fn streamed() -> Result<BodyStream, Error>;

#[request(get = "/", on_error = log)]
pub async fn unit_with_an_empty_body() {}

#[request(get = "/", on_error = log)]
pub async fn unit_without_a_body();

#[request(get = "/", on_error = log)]
pub async fn unit_with_a_body(#[response] text: String) {
    println!("{text}");
}

#[request(get = "/", on_error = log, finally = ended)]
pub async fn unit_with_finally(#[response] text: String) {
    println!("{text}");
}

#[request(get = "/", on_error = log)]
pub async fn unit_awaiting(#[response] text: String) {
    let _text = std::future::ready(text).await;
}

impl Api {
    #[request(
        get = "{self.base}/{*rest}/{name}.json?page={page}&tags={tags}",
        session = self.session,
        query = [("q", "x")],
        header("accept" = "text/plain", "x-tenant" = tenant, "x-length" = name.len()),
        bearer = token().await,
        expect(200..=299 | 304),
        timeout(total = 30s, attempt = 2.5s, idle = idle),
        max_body = 64KiB,
        error_body = 1KiB,
        retry = 3,
    )]
    pub async fn get(
        &self,
        rest: &str,
        name: &str,
        page: Option<u8>,
        tags: &[&str],
        tenant: Option<&str>,
        idle: Duration,
    ) -> Result<String, Error>;

    #[request(
        post = "{self.base}/users",
        session = &self.session,
        basic("user", &self.token),
        json = user,
        timeout = 2s,
        max_body = limit,
        error_body = limit,
        retry(
            times = tries,
            on(Connect | Timeout(Connect) | Status(429 | 500..=599)),
            backoff(100ms..longest),
            idempotency_key,
            on_retry = retried,
        ),
        on_error(
            Connect(Dns | Refused) | Timeout(Connect) => log(warn),
            Timeout(leaf @ (Idle | Total)) => eprintln!("{leaf}"),
            error @ Status(code @ 500..=599) if code != 503 && is_late(error) => notify(error),
            Status(404) => recover(None),
            Protocol => notify_later.await,
            ErrorKind::Build(_) => fail(Error::new(ErrorKind::Protocol)),
            Decode => |error| eprintln!("{error}"),
            Body => {
                let name = user.name.len();
                log(info);
                if name > 3 { print; recover(Some(3)) } else if name > 2 { fail(Error::new(ErrorKind::Protocol)) }
            }
            other => { tracing::warn!("{other}") }
        ),
        fallback = None,
        cleanup = release,
        finally = ended,
    )]
    pub async fn post(
        &self,
        user: &User,
        limit: u64,
        tries: u32,
        longest: Duration,
        #[response] Json(made): Json<User>,
    ) -> Result<Option<u64>, Error> {
        Ok(Some(made.id))
    }
}

#[request(put = "/", form = [("a", value)], on_error = print)]
pub async fn put(value: &str) -> Result<(), Error>;

#[request(patch = "/", text = text, on_error = notify)]
pub async fn patch(text: String) -> Result<(), Error>;

#[request(post = "/", body = body, on_error = |_| {})]
pub async fn body(body: impl Into<Body>) -> Result<(), Error>;

#[request(post = "/", multipart = reqwest::multipart::Form::new().text("name", name), on_error = notify_later.await)]
pub async fn multipart(name: String) -> Result<(), Error>;

#[request(delete = "/{id}", session = if local { Session::new() } else { Session::shared().clone() })]
pub async fn delete(id: u64, local: bool) -> Result<StatusCode, Error>;

#[request(head = "/", timeout = longest)]
pub async fn head(longest: Duration) -> Result<Response, Error>;

#[request(options = "/", retry = Retry::times(2).on_retry(|error, _| eprintln!("{error}")))]
pub async fn options() -> Result<Response, Error>;

#[request(method("PURGE") = "/cache/{key}", crate = ::backstop)]
pub async fn purge(key: &str) -> Result<(), Error>;

#[request(get = "/", on_error(_ => die))]
pub async fn diverging_function_in_an_arm() -> Result<String, Error>;

#[request(get = "/", on_error = die)]
pub async fn diverging_function_for_every_error() -> Result<String, Error>;

#[request(get = "/", on_error(error @ _ => die(error)))]
pub async fn diverging_function_given_the_error(#[response] text: String) -> Result<String, Error> {
    Ok(text)
}

#[request(get = "/", on_error(_ => process::exit(1)), cleanup = release)]
pub async fn exit_in_an_arm() -> Result<String, Error>;

#[request(get = "/", on_error(error @ _ => panic!("{error}")))]
pub async fn panic_in_an_arm(#[response] text: String) -> String {
    text
}

#[request(get = "/", on_error = { log; panic!("no error is expected") }, cleanup = release)]
pub async fn panic_before_cleanup() -> Result<String, Error>;

#[request(get = "/", cleanup = eprintln!("cleaned"))]
pub async fn cleanup_macro() -> Result<String, Error>;

#[request(get = "/", cleanup = tracing::info!("cleaned"), finally = tracing::info!("ended"))]
pub async fn cleanup_event() -> Result<String, Error>;

#[request(get = "/", on_error = eprintln!("failed"), cleanup = release_later(id).await)]
pub async fn cleanup_awaited(id: u64) -> Result<String, Error> {
    Ok(id.to_string())
}

#[request(get = "/", on_error(Connect => eprintln!("failed"), _ => { eprintln!("x"); log }))]
pub async fn macros_in_arms() -> Result<String, Error>;

#[request(get = "/", on_error(_ => tracing::warn!("failed")))]
pub async fn event_in_an_arm() -> Result<String, Error>;

#[request(get = "/", finally = ended_later.await)]
pub async fn finally_awaited() -> Result<String, Error>;

#[request(get = "/", finally = |ending| eprintln!("{ending:?}"))]
pub async fn finally_closure() -> Result<String, Error>;

#[request(get = "/", finally = async |ending| ended_later(ending).await)]
pub async fn finally_async_closure() -> Result<String, Error>;

#[request(get = "/", on_error = match seen.lock() { Ok(seen) if *seen > 3 => log, _ => print })]
pub async fn match_as_an_action(seen: &Mutex<u8>) -> Result<String, Error>;

#[request(get = "/")]
pub async fn todo() -> Result<String, Error> {
    unimplemented!()
}

#[request(get = "/", on_error = log)]
pub async fn todo_handled() -> Result<String, Error> {
    unimplemented!()
}

#[request(get = "/", on_error = log)]
pub async fn todo_of_unit() {
    unimplemented!()
}

#[request(get = "/", on_error = log)]
pub async fn loop_that_breaks(#[response] text: String) {
    let mut left = text.chars();
    loop {
        if left.next().is_none() {
            break;
        }
    }
}

#[request(get = "/", on_error = log, finally = ended)]
pub async fn loop_with_a_value(#[response] text: String) {
    let mut left = text.chars();
    let _n = loop {
        if left.next().is_none() {
            break 1;
        }
    };
}

#[allow(clippy::diverging_sub_expression, reason = "the function itself is like that")]
#[request(get = "/", on_error = log, cleanup = release)]
pub async fn exit_as_an_alternative(#[response] text: String) {
    let _ok = text.is_empty() || process::exit(1);
}

#[request(get = "/", on_error = log)]
pub async fn endless_loop(#[response] text: String) {
    loop {
        eprintln!("{text}");
    }
}

#[request(get = "/", on_error = log, finally = ended)]
pub async fn endless_loop_with_finally(#[response] text: String) {
    loop {
        eprintln!("{text}");
    }
}

#[request(get = "/", on_error = log)]
pub async fn loop_returning_a_value(#[response] text: String) -> Result<char, Error> {
    let mut left = text.chars();
    loop {
        if let Some(digit) = left.next() {
            break Ok(digit);
        }
    }
}

#[request(get = "/", on_error = log)]
pub async fn endless_loop_for_a_value(#[response] text: String) -> Result<char, Error> {
    loop {
        eprintln!("{text}");
    }
}

#[request(get = "/", on_error = log)]
pub async fn exit_at_the_end(#[response] text: String) {
    eprintln!("{text}");
    process::exit(1)
}

#[request(get = "/", on_error = log, cleanup = release, finally = ended)]
pub async fn exit_at_the_end_with_finally(#[response] text: String) -> Result<u8, Error> {
    eprintln!("{text}");
    process::exit(1)
}

#[request(get = "/", on_error = log, finally = ended)]
pub async fn exit_in_both_branches(#[response] text: String) {
    if text.is_empty() { process::exit(1) } else { process::exit(2) }
}

#[request(get = "/", on_error = log)]
pub async fn return_without_a_value(#[response] text: String) {
    if text.is_empty() {
        return;
    }
    eprintln!("{text}");
}
