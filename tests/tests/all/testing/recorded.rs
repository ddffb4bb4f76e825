//! Recorded requests, and assertions on them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use backstop::{
    Body, Ending, Error, Request, Session,
    credentials::Bearer,
    request,
    testing::{Recorded, Script, request_of},
};
use serde_json::json;

use super::fetch;

async fn order() -> Recorded {
    let script = Script::new();
    script.post("/orders/{id}");
    let request = Request::post("https://a.test/orders/{id}?notify={notify}&note=a+b")
        .path("id", &"a/7")
        .query_param("notify", &["mail", "sms"])
        .bearer_auth("s3cret")
        .json(&json!({"items": [{"name": "tea", "count": 2}], "rush": false}));
    fetch(&script, request).await.expect("a response");
    script.last()
}

#[tokio::test]
async fn every_part_of_a_request_is_recorded() {
    let order = order().await;
    assert_eq!(order.method(), "POST");
    assert_eq!(order.template(), Some("https://a.test/orders/{id}?notify={notify}&note=a+b"));
    assert_eq!(order.path(), "/orders/a%2F7");
    assert_eq!(order.query("note").as_deref(), Some("a b"));
    assert_eq!(order.query_values("notify").collect::<Vec<_>>(), ["mail", "sms"]);
    assert_eq!(order.header("authorization"), Some("Bearer s3cret"));
    assert_eq!(order.header("host"), Some("a.test"));
    assert_eq!(order.header("content-length"), Some("49"));
    assert_eq!((order.attempt(), order.hop()), (1, 0));
    let shown = format!("{order:?}");
    assert!(shown.contains("s3cret"), "a test shows its secrets: {shown}");
}

#[tokio::test]
async fn assertions_hold_and_can_be_chained() {
    order()
        .await
        .assert_method("POST")
        .assert_url("https://a.test/orders/a%2F7?notify=mail&notify=sms&note=a+b")
        .assert_path("/orders/a%2F7")
        .assert_query("notify", "sms")
        .assert_no_query("page")
        .assert_header("content-type", "application/json")
        .assert_no_header("cookie")
        .assert_json(&json!({"items": [{"name": "tea", "count": 2}], "rush": false}))
        .assert_json_part(&json!({"rush": false}))
        .assert_json_at("$.items[0]", &json!({"name": "tea", "count": 2}))
        .assert_json_at("/items/0/count", &2);
}

#[tokio::test]
async fn a_failed_assertion_lists_the_differences() {
    let order = order().await;
    let told = |assert: &dyn Fn(&Recorded)| -> String {
        let panic = catch_unwind(AssertUnwindSafe(|| assert(&order))).expect_err("a panic");
        panic.downcast_ref::<String>().expect("a message").clone()
    };
    let differs = |assert: &dyn Fn(&Recorded), expected: &[&str]| {
        let told = told(assert);
        for expected in expected {
            assert!(told.contains(expected), "{expected}\n{told}");
        }
    };
    differs(
        &|it| _ = it.assert_json(&json!({"items": [{"name": "tea", "count": 3}]})),
        &["$.items[0].count: expected 3, found 2", "$.rush: not expected, found false"],
    );
    differs(
        &|it| _ = it.assert_json_at("$.items[0].name", &"coffee"),
        &["$.items[0].name: expected \"coffee\", found \"tea\""],
    );
    differs(
        &|it| _ = it.assert_json_at("$.items[1]", &1),
        &["$.items[1]: expected 1, and it is missing"],
    );
    differs(&|it| _ = it.assert_method("PUT"), &["is not PUT", "POST https://a.test/orders"]);
    differs(&|it| _ = it.assert_path("/orders"), &["expected: /orders\n", "/orders/a%2F7"]);
    differs(&|it| _ = it.assert_query("notify", "post"), &["`notify` is `mail`, not `post`"]);
    differs(&|it| _ = it.assert_no_query("note"), &["the query has `note=a b`"]);
    differs(&|it| _ = it.assert_header("x-id", "7"), &["header `x-id`: it is missing"]);
    differs(&|it| _ = it.assert_no_header("authorization"), &["Bearer s3cret"]);
    differs(&|it| _ = it.assert_text("tea"), &["expected: \"tea\""]);
    differs(&|it| _ = it.assert_no_body(), &["has a body"]);
}

#[tokio::test]
async fn a_streamed_body_is_recorded_completely() {
    let script = Script::new();
    script.post("/upload");
    let body = Body::from(backstop::reqwest::Body::wrap(http_body_of(["one ", "two"])));
    fetch(&script, Request::post("https://a.test/upload").body(body)).await.expect("a response");
    script.last().assert_text("one two").assert_header("transfer-encoding", "chunked");
}

/// A body of several parts, without a known length.
fn http_body_of(
    parts: impl IntoIterator<Item = &'static str>,
) -> impl futures_body::Body<Data = backstop::Bytes, Error = std::convert::Infallible> + Send {
    futures_body::Parts(parts.into_iter().collect())
}

mod futures_body {
    use std::{
        collections::VecDeque,
        convert::Infallible,
        pin::Pin,
        task::{Context, Poll},
    };

    use backstop::Bytes;
    pub(super) use http_body::Body;
    use http_body::Frame;

    pub(super) struct Parts(pub(super) VecDeque<&'static str>);

    impl Body for Parts {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.pop_front().map(|part| Ok(Frame::data(part.into()))))
        }
    }
}

#[tokio::test]
async fn request_of_returns_the_request_without_sending_it() {
    #[request(
        put = "https://a.test/users/{id}",
        json = name,
        retry = 3,
        on_error = |_| unreachable!("no handler runs"),
        finally = |ending| assert_eq!(ending, Ending::Cancelled),
    )]
    async fn rename(id: u64, name: &str) -> Result<(), Error>;

    request_of(rename(7, "Ada"))
        .await
        .assert_method("PUT")
        .assert_url("https://a.test/users/7")
        .assert_json("Ada");
}

/// Also if a layer sends the request in another task.
#[tokio::test]
async fn request_of_includes_the_stream_the_credentials_and_the_base() {
    let session = Session::builder()
        .base_url("https://a.test/api")
        .credentials(Bearer::new(|| async { Ok::<_, Error>("token") }))
        .layer(tower::buffer::BufferLayer::new(4))
        .build()
        .expect("a session");
    let body = Body::from(backstop::reqwest::Body::wrap(http_body_of(["one ", "two"])));
    let upload = Request::put("/uploads/{name}").path("name", &"a b").body(body.with_length(7));
    request_of(session.fetch(upload))
        .await
        .assert_path("/api/uploads/a%20b")
        .assert_header("authorization", "Bearer token")
        .assert_header("content-length", "7")
        .assert_text("one two");
}

#[tokio::test]
#[should_panic(expected = "the future ended without a request")]
async fn request_of_panics_without_a_request() {
    request_of(async {}).await;
}
