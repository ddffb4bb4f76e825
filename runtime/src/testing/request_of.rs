//! The request that a function would send.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use super::{recorded::Recorded, reply::Reply, script::Script};

/// Returns the first request that a future would send. Nothing is sent. The future is dropped where it would
/// wait for the response, so its handlers do not run, and its `finally` receives `Cancelled`.
///
/// ```
/// use backstop::{Error, request, testing::request_of};
///
/// #[request(get = "https://api.example.com/users/{id}?fields={fields}", bearer = "s3cret")]
/// async fn user(id: u64, fields: &[&str]) -> Result<String, Error>;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let request = request_of(user(7, &["name", "email"])).await;
/// assert_eq!(request.method(), "GET");
/// assert_eq!(request.template(), Some("https://api.example.com/users/{id}?fields={fields}"));
/// request
///     .assert_url("https://api.example.com/users/7?fields=name&fields=email")
///     .assert_header("authorization", "Bearer s3cret");
/// # }
/// ```
///
/// # Panics
///
/// If the future ends without a request, for example because the request cannot be built. To inspect that
/// error, await the future itself, which sends nothing either.
pub async fn request_of<F: Future>(future: F) -> Recorded {
    let script = Script::new();
    script.any("/").reply(Reply::silence());
    script.any("/{*rest}").reply(Reply::silence());
    let mut running = pin!(script.run(future));
    poll_fn(|context| {
        let polled = running.as_mut().poll(context);
        match script.requests().into_iter().next() {
            Some(request) => Poll::Ready(request),
            None if polled.is_ready() => panic!("the future ended without a request"),
            None => Poll::Pending,
        }
    })
    .await
}
