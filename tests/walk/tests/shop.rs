use std::time::Duration;

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use serde_json::{Value, json};
use shop::{Warehouse, app};
use tower::ServiceExt;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_json, header, method, path, query_param, query_param_is_missing},
};

async fn ask(server: &MockServer, verb: &str, path: &str, body: &str) -> (StatusCode, Value) {
    let warehouse = Warehouse::new(server.uri(), "s3cret").unwrap();
    let request = Request::builder()
        .method(verb)
        .uri(path)
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap();
    let response = app(warehouse).oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

fn token(token: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"access_token": token, "expires_in": 3600}))
}

fn assam() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"name": "Assam", "left": 3}))
}

/// A warehouse that signs in.
async fn warehouse() -> MockServer {
    let server = MockServer::start().await;
    let signs_in = Mock::given(method("POST")).and(path("/token")).respond_with(token("one"));
    signs_in.mount(&server).await;
    server
}

#[tokio::test]
async fn the_pages_are_returned_as_one_list() {
    let server = warehouse().await;
    Mock::given(method("GET"))
        .and(path("/items"))
        .and(query_param("page", "2"))
        .respond_with(
            ResponseTemplate::new(200).set_body_json(json!([{"name": "Sencha", "left": 2}])),
        )
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path("/items"))
        .and(query_param_is_missing("page"))
        .respond_with(
            ResponseTemplate::new(200)
                .insert_header("link", "</items?page=2>; rel=\"next\"")
                .set_body_json(json!([{"name": "Assam", "left": 3}])),
        )
        .mount(&server)
        .await;

    let (status, items) = ask(&server, "GET", "/", "").await;

    assert_eq!(status, StatusCode::OK);
    assert_eq!(items, json!([{"name": "Assam", "left": 3}, {"name": "Sencha", "left": 2}]));
}

#[tokio::test]
async fn a_refused_token_is_renewed() {
    let server = MockServer::start().await;
    let signs_in = |answer, times| {
        Mock::given(method("POST"))
            .and(path("/token"))
            .and(header("authorization", "Basic c2hvcDpzM2NyZXQ="))
            .respond_with(token(answer))
            .up_to_n_times(times)
            .expect(1)
    };
    signs_in("one", 1).mount(&server).await;
    signs_in("two", 1).mount(&server).await;
    Mock::given(method("GET"))
        .and(path("/items/7"))
        .and(header("authorization", "Bearer one"))
        .respond_with(ResponseTemplate::new(401))
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path("/items/7"))
        .and(header("authorization", "Bearer two"))
        .respond_with(assam())
        .mount(&server)
        .await;

    assert_eq!(ask(&server, "GET", "/7", "").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_503_from_the_warehouse_is_retried() {
    let server = warehouse().await;
    Mock::given(method("GET"))
        .and(path("/items/7"))
        .respond_with(ResponseTemplate::new(503))
        .up_to_n_times(2)
        .expect(2)
        .mount(&server)
        .await;
    Mock::given(method("GET")).and(path("/items/7")).respond_with(assam()).mount(&server).await;

    assert_eq!(ask(&server, "GET", "/7", "").await.0, StatusCode::OK);
}

/// The mock server cannot close a connection, so it answers with a status.
#[tokio::test]
async fn a_retried_order_has_the_same_idempotency_key() {
    let server = warehouse().await;
    let orders = || Mock::given(method("POST")).and(path("/items/7/orders")).and(body_json(2));
    orders().respond_with(ResponseTemplate::new(503)).up_to_n_times(1).mount(&server).await;
    orders().respond_with(ResponseTemplate::new(201)).mount(&server).await;

    assert_eq!(ask(&server, "POST", "/7/orders", "2").await.0, StatusCode::CREATED);
    let sent = server.received_requests().await.unwrap();
    let keys: Vec<_> = sent
        .iter()
        .filter(|request| request.url.path() == "/items/7/orders")
        .map(|request| request.headers.get("idempotency-key").cloned())
        .collect();
    assert!(keys.len() == 2 && keys[0].is_some());
    assert_eq!(keys[0], keys[1]);
}

#[tokio::test]
async fn a_sold_out_item_is_a_409() {
    let server = warehouse().await;
    Mock::given(method("POST"))
        .and(path("/items/7/orders"))
        .respond_with(ResponseTemplate::new(409))
        .mount(&server)
        .await;
    assert_eq!(ask(&server, "POST", "/7/orders", "2").await.0, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_missing_item_is_a_404() {
    let server = warehouse().await;
    Mock::given(method("GET"))
        .and(path("/items/7"))
        .respond_with(ResponseTemplate::new(404))
        .mount(&server)
        .await;
    assert_eq!(ask(&server, "GET", "/7", "").await.0, StatusCode::NOT_FOUND);
}

/// Over a socket tokio's clock cannot be paused, so this takes three timeouts.
#[tokio::test]
async fn a_silent_warehouse_is_a_504() {
    let server = warehouse().await;
    Mock::given(method("GET"))
        .and(path("/items/7"))
        .respond_with(assam().set_delay(Duration::from_secs(20)))
        .mount(&server)
        .await;
    assert_eq!(ask(&server, "GET", "/7", "").await.0, StatusCode::GATEWAY_TIMEOUT);
}
