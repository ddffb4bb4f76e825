//! The route that answers, and the message if none matches.

use backstop::{BuildError, ErrorKind, Request, Session, request, testing::Script};
use serde_json::json;

use super::{failures, fetch, text};

#[tokio::test]
async fn the_first_route_that_matches_answers() {
    let script = Script::new();
    script.get("/users/{id}").with_path("id", 7).text("seven");
    script.get("/users/{id}").text("another");
    script.any("/{*rest}").status(404);
    assert_eq!(text(&script, "https://a.test/users/7").await.expect("seven"), "seven");
    assert_eq!(text(&script, "https://a.test/users/8").await.expect("another"), "another");
    let error = text(&script, "https://a.test/nothing/here").await.expect_err("404");
    assert_eq!(error.kind(), ErrorKind::Status(404));
}

#[tokio::test]
async fn a_route_has_the_template_of_the_attribute() {
    #[request(get = "{base}/repos/{*path}?page={page}")]
    async fn repos(base: &str, path: &str, page: Option<u32>) -> Result<String, backstop::Error>;

    let script = Script::new();
    let whole = script.get("{base}/repos/{*path}?page={page}").text("found");
    let found = script.run(repos("https://a.test/api/v3", "a/b", Some(2))).await;
    assert_eq!(found.expect("found"), "found");
    whole.last().assert_url("https://a.test/api/v3/repos/a/b?page=2");
}

#[tokio::test]
async fn a_route_answers_only_if_every_condition_holds() {
    let script = Script::new();
    script
        .post("/orders")
        .with_query("dry", true)
        .without_query("force")
        .with_header("x-tenant", "acme")
        .with_any_header("content-type")
        .without_header("authorization")
        .with_json(&json!({"items": [{"name": "tea", "count": 2}]}))
        .with_json_part(&json!({"items": [{"name": "tea"}]}))
        .with_json_at("$.items[0].count", &2)
        .when(|request| request.attempt() == 1)
        .text("taken");
    script.post("/orders").status(400);
    let order = |query: &'static str, tenant: &str, count: u32| {
        Request::post(query)
            .header("x-tenant", tenant)
            .json(&json!({"items": [{"name": "tea", "count": count}]}))
    };
    let taken = fetch(&script, order("https://a.test/orders?dry=true", "acme", 2)).await;
    assert_eq!(taken.expect("taken").text().expect("text"), "taken");
    for request in [
        order("https://a.test/orders", "acme", 2),
        order("https://a.test/orders?dry=true&force=1", "acme", 2),
        order("https://a.test/orders?dry=true", "other", 2),
        order("https://a.test/orders?dry=true", "acme", 3),
        order("https://a.test/orders?dry=true", "acme", 2).bearer_auth("token"),
    ] {
        let error = fetch(&script, request).await.expect_err("another route");
        assert_eq!(error.kind(), ErrorKind::Status(400));
    }
}

#[tokio::test]
async fn a_form_and_a_body_can_be_conditions() {
    let script = Script::new();
    script.post("/token").with_form("grant_type", "client credentials").text("form");
    script.post("/token").with_body("plain").text("body");
    let form = Request::post("https://a.test/token").form(&[("grant_type", "client credentials")]);
    assert_eq!(fetch(&script, form).await.expect("form").text().expect("text"), "form");
    let body = Request::post("https://a.test/token").text("plain");
    assert_eq!(fetch(&script, body).await.expect("body").text().expect("text"), "body");
}

/// A form may repeat a field, and any of its values satisfies the condition.
#[tokio::test]
async fn a_field_of_a_form_may_have_several_values() {
    let scope = |value: &str| {
        let script = Script::new();
        script.post("/token").with_form("scope", value).text("granted");
        script
    };
    let form = || {
        let pairs = [("scope", "read"), ("client", "a"), ("scope", "write all")];
        Request::post("https://a.test/token").form(&pairs)
    };
    for value in ["read", "write all"] {
        fetch(&scope(value), form()).await.expect(value);
    }
    let script = scope("admin");
    fetch(&script, form()).await.expect_err("another value");
    let failure = script.check().expect_err("no route");
    assert!(failure.contains("the form: `scope` is `read`, `write all`, not `admin`"), "{failure}");
}

#[tokio::test]
async fn a_request_that_no_route_takes_is_an_error_and_fails_the_test() {
    let script = Script::new();
    script.post("/users/{id}").status(201);
    script.get("/users/{id}/posts").status(200);
    let error = text(&script, "https://a.test/users/7").await.expect_err("no route");
    assert_eq!(error.kind(), ErrorKind::Build(BuildError::Session));
    let told = failures(&script);
    assert!(error.to_string().contains("no route of the script matches"), "{error}");
    for expected in [
        "no route of the script matches GET https://a.test/users/7",
        "nearest route: POST /users/{id} (",
        "routes.rs:",
        "differs in the method: the route is for POST, the request is GET",
        "all routes: POST /users/{id}, GET /users/{id}/posts",
    ] {
        assert!(told.contains(expected), "{expected}\n{told}");
    }
}

#[tokio::test]
async fn the_message_lists_differences_from_the_nearest_route() {
    let differs = async |set: fn(&Script), request: Request, expected: &str| {
        let script = Script::new();
        set(&script);
        fetch(&script, request).await.expect_err("no route");
        let told = failures(&script);
        assert!(told.contains(expected), "{expected}\n{told}");
    };
    let get = || Request::get("https://a.test/users/7/likes?page=2").header("x-tenant", "acme");
    differs(
        |script| drop(script.get("/users/{id}/posts")),
        get(),
        "differs in segment 3 of the path: `likes`, not `posts`",
    )
    .await;
    differs(
        |script| drop(script.get("/users/{id}/likes").with_path("id", 8)),
        get(),
        "differs in the path: `{id}` is `7`, not `8`",
    )
    .await;
    differs(
        |script| drop(script.get("https://b.test/users/{id}/likes")),
        get(),
        "differs in the server: the route is for `https://b.test`, the request goes to `https://a.test`",
    )
    .await;
    differs(
        |script| drop(script.get("/users/{id}/likes").with_query("page", 3)),
        get(),
        "differs in the query: `page` is `2`, not `3`",
    )
    .await;
    differs(
        |script| drop(script.get("/users/{id}/likes").with_header("x-tenant", "other")),
        get(),
        "differs in header `x-tenant`: it is `acme`, not `other`",
    )
    .await;
    differs(
        |script| drop(script.post("/orders").with_json(&json!({"items": [{"count": 2}]}))),
        Request::post("https://a.test/orders").json(&json!({"items": [{"count": 3}]})),
        "differs in the JSON: $.items[0].count: expected 2, found 3",
    )
    .await;
    differs(|_| {}, get(), "the script has no route").await;
}

#[tokio::test]
async fn a_fallback_does_not_hide_a_request_without_a_route() {
    #[request(get = "https://a.test/name", fallback = "nobody".to_owned())]
    async fn name() -> Result<String, backstop::Error>;

    let script = Script::new();
    script.run(name()).await.expect_err("a build error");
    failures(&script);
}

#[tokio::test]
async fn the_number_of_calls_of_a_route_is_verified() {
    let script = Script::new();
    let once = script.get("/a").text("first").once();
    script.get("/a").text("then").times(1..=2);
    script.get("/b").times(2..);
    script.get("/c").never();
    assert_eq!(text(&script, "https://a.test/a").await.expect("a"), "first");
    assert_eq!(text(&script, "https://a.test/a").await.expect("a"), "then");
    once.assert_calls(1).assert_calls(..2);
    text(&script, "https://a.test/b").await.expect("b");
    let told = script.check().expect_err("one call too few");
    assert!(told.contains("GET /b ("), "{told}");
    assert!(told.contains("was called once, expected at least twice"), "{told}");
    text(&script, "https://a.test/b").await.expect("b");
    script.check().expect("as written");
    text(&script, "https://a.test/c").await.expect_err("never");
    assert!(failures(&script).contains("it must not be called"));
    text(&script, "https://a.test/a").await.expect("a");
    text(&script, "https://a.test/a").await.expect_err("too often");
    assert!(failures(&script).contains("it has no calls left: it was called once"));
}

#[tokio::test]
async fn routes_can_be_ordered() {
    let script = Script::new();
    let login = script.post("/login");
    let me = script.get("/me").text("me").after(&login).times(..);
    script.get("/free").times(..);
    text(&script, "https://a.test/free").await.expect("without an order");
    text(&script, "https://a.test/me").await.expect_err("too soon");
    assert!(failures(&script).contains("POST /login must be called first"));
    fetch(&script, Request::post("https://a.test/login")).await.expect("the first");
    text(&script, "https://a.test/me").await.expect("the second");
    text(&script, "https://a.test/me").await.expect("the second again");
    me.assert_calls(2);
    failures(&script);
}

#[tokio::test]
async fn a_whole_script_can_be_in_order() {
    let script = Script::new();
    script.in_order();
    script.get("/a");
    script.get("/b");
    script.get("/c");
    text(&script, "https://a.test/a").await.expect("the first");
    text(&script, "https://a.test/c").await.expect_err("out of turn");
    assert!(failures(&script).contains("GET /b must be called first"));
    text(&script, "https://a.test/a").await.expect_err("once");
    text(&script, "https://a.test/b").await.expect("the second");
    text(&script, "https://a.test/c").await.expect("the third");
    failures(&script);
}

#[test]
#[should_panic(expected = "was called 0 times, expected once")]
fn a_route_that_was_not_called_fails_the_test_when_the_script_is_dropped() {
    let script = Script::new();
    script.get("/a").once();
}

#[test]
#[should_panic(expected = "was called 0 times, expected at least twice")]
fn a_script_can_be_verified_before_it_is_dropped() {
    let script = Script::new();
    script.get("/a").times(2..);
    script.verify();
}

#[test]
#[should_panic(expected = "the panic of the test")]
fn a_script_does_not_panic_while_the_test_does() {
    let script = Script::new();
    script.get("/a").once();
    panic!("the panic of the test");
}

#[test]
fn a_script_is_verified_once_by_its_last_handle() {
    let script = Script::new();
    script.get("/a").once();
    drop(script.clone());
    drop(Session::scripted(&script));
    failures(&script);
}

#[test]
#[should_panic(expected = "the path of `/users/{id}` has no placeholder `{user}`")]
fn a_value_for_an_unknown_placeholder_panics() {
    let script = Script::new();
    script.get("/users/{id}").with_path("user", 7);
}
