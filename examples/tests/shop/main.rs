//! The tests of the shop that `docs/walk.md` builds, without a network.

#[allow(unreachable_pub, reason = "it stands as in a crate of its own")]
mod shop;

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use backstop::{
    DisconnectedError,
    testing::{Reply, Script},
};
use serde_json::{Value, json};
use shop::{Warehouse, app};
use tower::ServiceExt;

async fn ask(script: &Script, method: &str, path: &str, body: &str) -> (StatusCode, Value) {
    let warehouse = Warehouse::new("https://warehouse.example.com", "s3cret").expect("a session");
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .expect("a request");
    let response = script.run(app(warehouse).oneshot(request)).await.expect("an answer");
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

/// A warehouse that signs in.
fn warehouse() -> Script {
    let script = Script::new();
    script.post("/token").json(&json!({"access_token": "one", "expires_in": 3600}));
    script
}

#[tokio::test]
async fn the_pages_are_returned_as_one_list() {
    let script = warehouse();
    script.get("/items").with_query("page", 2).json(&json!([{"name": "Sencha", "left": 2}]));
    script
        .get("/items")
        .json(&json!([{"name": "Assam", "left": 3}]))
        .header("link", "</items?page=2>; rel=\"next\"");

    let (status, items) = ask(&script, "GET", "/", "").await;

    assert_eq!(status, StatusCode::OK);
    assert_eq!(items, json!([{"name": "Assam", "left": 3}, {"name": "Sencha", "left": 2}]));
}

#[tokio::test]
async fn a_refused_token_is_renewed() {
    let script = Script::new();
    let token = script.post("/token").with_header("authorization", "Basic c2hvcDpzM2NyZXQ=");
    token
        .clone()
        .json(&json!({"access_token": "one", "expires_in": 3600}))
        .then(Reply::json(&json!({"access_token": "two", "expires_in": 3600})));
    script.get("/items/{id}").with_header("authorization", "Bearer one").status(401);
    script
        .get("/items/{id}")
        .with_header("authorization", "Bearer two")
        .json(&json!({"name": "Assam", "left": 3}));

    assert_eq!(ask(&script, "GET", "/7", "").await.0, StatusCode::OK);
    token.assert_calls(2);
}

#[tokio::test(start_paused = true)]
async fn a_503_from_the_warehouse_is_retried() {
    let script = warehouse();
    let items = script.get("/items/{id}").status(503).repeat(2);
    items.clone().then(Reply::json(&json!({"name": "Assam", "left": 3})));

    assert_eq!(ask(&script, "GET", "/7", "").await.0, StatusCode::OK);
    items.assert_calls(3);
}

#[tokio::test(start_paused = true)]
async fn a_retried_order_has_the_same_idempotency_key() {
    let script = warehouse();
    let orders = script.post("/items/{id}/orders").with_json(&2);
    orders.clone().fault(DisconnectedError::Reset).then(Reply::status(201));

    assert_eq!(ask(&script, "POST", "/7/orders", "2").await.0, StatusCode::CREATED);
    let sent = orders.requests();
    assert!(sent.len() == 2 && sent[0].header("idempotency-key").is_some());
    assert_eq!(sent[0].header("idempotency-key"), sent[1].header("idempotency-key"));
}

#[tokio::test]
async fn a_sold_out_item_is_a_409() {
    let script = warehouse();
    script.post("/items/{id}/orders").status(409);
    assert_eq!(ask(&script, "POST", "/7/orders", "2").await.0, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_missing_item_is_a_404() {
    let script = warehouse();
    script.get("/items/{id}").status(404);
    assert_eq!(ask(&script, "GET", "/7", "").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn a_silent_warehouse_is_a_504() {
    let script = warehouse();
    script.get("/items/{id}").reply(Reply::silence());
    assert_eq!(ask(&script, "GET", "/7", "").await.0, StatusCode::GATEWAY_TIMEOUT);
}
