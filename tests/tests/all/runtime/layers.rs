//! Tower layers over a session's own clients: the requests that they see, limit and refuse.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use backstop::{
    BuildError, DisconnectedError, Error, ErrorKind, Method, Request, Retry, Sent, TimeoutError,
    layer::{RequestBody, ResponseBody, SessionService},
    testing::{Reply, Script, Server as ScriptServer},
};
use backstop_tests::{Answer, Server};
use tower::{
    BoxError, Layer, Service, ServiceBuilder,
    buffer::BufferLayer,
    layer::{layer_fn, util::Identity},
    limit::{ConcurrencyLimitLayer, GlobalConcurrencyLimitLayer, RateLimitLayer},
    load_shed::{LoadShedLayer, error::Overloaded},
    service_fn,
    timeout::TimeoutLayer,
    util::MapRequestLayer,
};
use tower_resilience_circuitbreaker::CircuitBreakerLayer;

use crate::support::{TRANSPORTS, bounded, fetch_with, session, session_over};

const UNSENT: ErrorKind = ErrorKind::Disconnected(DisconnectedError::Unsent);

/// This many retries, without delays.
fn at_once(times: u32) -> Retry {
    Retry::times(times).backoff(Duration::ZERO..Duration::ZERO)
}

#[tokio::test]
async fn a_layer_sees_each_hop_of_each_attempt() {
    for transport in TRANSPORTS {
        let server = Server::start(|asked| match asked.path() {
            "/a" => Answer::redirect(302, "/b"),
            _ if asked.header("x-seen") == "2" => Answer::new(503, ""),
            _ => Answer::new(200, "b"),
        });
        let seen = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&seen);
        let mark = MapRequestLayer::new(move |mut request: http::Request<RequestBody>| {
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            request.headers_mut().insert("x-seen", number.into());
            request
        });
        let session =
            session_over(transport, |builder| builder.base_url(server.url()).retry(1).layer(mark));
        let response = fetch_with(&session, Request::get("/a")).await.expect("the second attempt");
        assert_eq!(response.text().expect("text"), "b");
        assert_eq!(response.attempts(), 2);
        assert_eq!(seen.load(Ordering::SeqCst), 4, "{transport:?}");
        let marks: Vec<_> =
            server.asked().iter().map(|it| it.header("x-seen").to_owned()).collect();
        assert_eq!(marks, ["1", "2", "3", "4"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_concurrency_limit_bounds_the_requests_in_flight() {
    for transport in TRANSPORTS {
        let flying = Arc::new(Flying::default());
        let count = Arc::clone(&flying);
        let done = Answer::Late(Duration::from_millis(10), Box::new(Answer::new(200, "done")));
        let server = Server::always(done);
        let session = session_over(transport, |builder| {
            builder
                .base_url(server.url())
                .layer(ConcurrencyLimitLayer::new(4))
                .layer(layer_fn(move |inner| Counted { inner, flying: Arc::clone(&count) }))
        });
        let calls: Vec<_> = (0..40)
            .map(|_| {
                let session = session.clone();
                tokio::spawn(async move { session.fetch(Request::get("/")).await })
            })
            .collect();
        for call in calls {
            bounded(call).await.expect("no panic").expect("a response");
        }
        assert_eq!(server.asked().len(), 40);
        assert_eq!(flying.most.load(Ordering::SeqCst), 4, "{transport:?}");
    }
}

/// The number of concurrent requests of a service.
#[derive(Default)]
struct Flying {
    now: AtomicUsize,
    most: AtomicUsize,
}

#[derive(Clone)]
struct Counted<S> {
    inner: S,
    flying: Arc<Flying>,
}

impl<S> Service<http::Request<RequestBody>> for Counted<S>
where
    S: Service<http::Request<RequestBody>, Future: Send + 'static>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<RequestBody>) -> Self::Future {
        let answer = self.inner.call(request);
        let flying = Arc::clone(&self.flying);
        Box::pin(async move {
            let now = flying.now.fetch_add(1, Ordering::SeqCst) + 1;
            flying.most.fetch_max(now, Ordering::SeqCst);
            let answer = answer.await;
            flying.now.fetch_sub(1, Ordering::SeqCst);
            answer
        })
    }
}

#[tokio::test]
async fn a_rate_limit_works_under_a_buffer() {
    let server = Server::always(Answer::new(200, "done"));
    let limit = ServiceBuilder::new()
        .layer(BufferLayer::new(16))
        .layer(RateLimitLayer::new(2, Duration::from_millis(300)));
    let session = session(|builder| builder.base_url(server.url()).layer(limit));
    let start = std::time::Instant::now();
    for _ in 0..5 {
        fetch_with(&session, Request::get("/")).await.expect("a response");
    }
    // Two requests at once, then two per period.
    assert!(start.elapsed() >= Duration::from_millis(600));
    assert_eq!(server.asked().len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stack_of_layers_carries_many_calls_over_one_connection_of_http2() {
    for transport in TRANSPORTS {
        let script = Script::new();
        let route = script.post("/orders").text("done").delay(Duration::from_millis(10));
        let server = ScriptServer::builder().http2().start(&script);
        let stack = ServiceBuilder::new()
            .layer(BufferLayer::new(64))
            .layer(TimeoutLayer::new(Duration::from_secs(10)))
            .layer(ConcurrencyLimitLayer::new(4))
            .layer(RateLimitLayer::new(1000, Duration::from_millis(1)));
        let session = session_over(transport, |builder| {
            builder.base_url(server.url()).http2_prior_knowledge(true).layer(stack)
        });
        let calls: Vec<_> = (0..40)
            .map(|_| {
                let session = session.clone();
                let order = Request::post("/orders").text("an order");
                tokio::spawn(async move { session.fetch(order).await })
            })
            .collect();
        for call in calls {
            bounded(call).await.expect("no panic").expect("a response");
        }
        assert_eq!((route.calls(), server.connections()), (40, 1), "{transport:?}");
    }
}

/// A buffer drops a request whose call was dropped.
#[tokio::test]
async fn a_call_that_times_out_in_a_queue_is_never_sent() {
    for transport in TRANSPORTS {
        for http2 in [false, true] {
            let script = Script::new();
            script.get("/first").reply(Reply::silence());
            let orders = script.post("/orders").text("done");
            let server = match http2 {
                true => ScriptServer::builder().http2().start(&script),
                false => ScriptServer::start(&script),
            };
            let stack = ServiceBuilder::new()
                .layer(TimeoutLayer::new(Duration::from_millis(500)))
                .layer(BufferLayer::new(8))
                .layer(ConcurrencyLimitLayer::new(1));
            let session = session_over(transport, |builder| {
                builder.base_url(server.url()).http2_prior_knowledge(http2).layer(stack)
            });
            let first = {
                let session = session.clone();
                tokio::spawn(async move { session.fetch(Request::get("/first")).await })
            };
            while server.requests() == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let order = Request::post("/orders").timeout(Duration::from_millis(50));
            let error = fetch_with(&session, order).await.expect_err("in the queue");
            assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutError::Total));
            assert_eq!(error.sent(), Sent::No, "{transport:?} {http2}");
            let error = bounded(first).await.expect("no panic").expect_err("no answer");
            assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutError::Attempt));
            assert_eq!(error.sent(), Sent::Maybe, "{transport:?} {http2}");
            fetch_with(&session, Request::post("/orders")).await.expect("its turn");
            assert_eq!(orders.calls(), 1, "{transport:?} {http2}");
        }
    }
}

#[tokio::test]
async fn a_post_that_times_out_in_a_queue_or_is_shed_is_retried() {
    for transport in TRANSPORTS {
        for is_shed in [false, true] {
            let server = Server::always(Answer::new(200, "done"));
            let permits = Arc::new(tokio::sync::Semaphore::new(0));
            let limit = GlobalConcurrencyLimitLayer::with_semaphore(Arc::clone(&permits));
            let session = session_over(transport, |builder| {
                let builder = builder.base_url(server.url());
                match is_shed {
                    true => builder.layer(LoadShedLayer::new()).layer(limit),
                    false => builder
                        .layer(TimeoutLayer::new(Duration::from_millis(50)))
                        .layer(BufferLayer::new(8))
                        .layer(limit),
                }
            });
            let expected = match is_shed {
                true => UNSENT,
                false => ErrorKind::Timeout(TimeoutError::Attempt),
            };
            let retry = at_once(1).on_retry(move |error, _| {
                assert_eq!((error.kind(), error.sent()), (expected, Sent::No));
                permits.add_permits(8);
            });
            let order = Request::post("/").text("an order").retry(retry);
            let response = fetch_with(&session, order).await.expect("the second attempt");
            assert_eq!(response.attempts(), 2, "{transport:?} {is_shed}");
            assert_eq!(server.asked().len(), 1, "{transport:?} {is_shed}");
        }
    }
}

#[tokio::test]
async fn a_timeout_layer_ends_the_attempt() {
    for transport in TRANSPORTS {
        let server = Server::always(Answer::Stall(Vec::new()));
        let session = session_over(transport, |builder| {
            builder.base_url(server.url()).layer(TimeoutLayer::new(Duration::from_millis(200)))
        });
        let error = fetch_with(&session, Request::get("/")).await.expect_err("no answer");
        assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutError::Attempt));
        assert_eq!(error.sent(), Sent::Maybe, "{transport:?}");
    }
}

#[tokio::test]
async fn a_request_that_waits_in_a_layer_is_unsent() {
    for transport in TRANSPORTS {
        let server = Server::always(Answer::Stall(Vec::new()));
        let session = session_over(transport, |builder| {
            builder.base_url(server.url()).layer(ConcurrencyLimitLayer::new(1))
        });
        let first = {
            let session = session.clone();
            tokio::spawn(async move { session.fetch(Request::get("/")).await })
        };
        while server.asked().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let second = Request::post("/").timeout(Duration::from_millis(100));
        let error = fetch_with(&session, second).await.expect_err("no room");
        assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutError::Total));
        assert_eq!(error.sent(), Sent::No, "{transport:?}");
        first.abort();
    }
}

#[tokio::test]
async fn a_request_that_load_shed_refuses_is_unsent() {
    for transport in TRANSPORTS {
        let server = Server::always(Answer::Stall(Vec::new()));
        let session = session_over(transport, |builder| {
            builder
                .base_url(server.url())
                .layer(LoadShedLayer::new())
                .layer(ConcurrencyLimitLayer::new(1))
        });
        let first = {
            let session = session.clone();
            tokio::spawn(async move { session.fetch(Request::get("/")).await })
        };
        while server.asked().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let error = fetch_with(&session, Request::post("/")).await.expect_err("shed");
        assert_eq!((error.kind(), error.sent()), (UNSENT, Sent::No), "{transport:?}");
        assert!(format!("{error:#}").contains("overloaded"), "{error:#}");
        assert_eq!(server.asked().len(), 1);
        first.abort();
    }
}

/// A layer that refuses a request if `refuses` returns an error for the number of earlier requests.
#[derive(Clone)]
struct Refusing<S, F> {
    inner: S,
    refuses: F,
    seen: Arc<AtomicUsize>,
}

impl<S, F> Service<http::Request<RequestBody>> for Refusing<S, F>
where
    S: Service<http::Request<RequestBody>, Future: Send + 'static>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    F: Fn(usize) -> Option<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = S::Response;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<S::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: http::Request<RequestBody>) -> Self::Future {
        if let Some(error) = (self.refuses)(self.seen.fetch_add(1, Ordering::SeqCst)) {
            return Box::pin(async move { Err(error) });
        }
        let answer = self.inner.call(request);
        Box::pin(async move { answer.await.map_err(Into::into) })
    }
}

#[tokio::test]
async fn a_post_that_a_layer_refused_can_be_retried() {
    for transport in TRANSPORTS {
        let server = Server::always(Answer::new(200, "done"));
        let refusing = layer_fn(|inner| Refusing {
            inner,
            refuses: |seen| (seen == 0).then(|| "the circuit is open".into()),
            seen: Arc::default(),
        });
        // The layer is applied once for this runtime, so it counts all requests.
        let session =
            session_over(transport, |builder| builder.base_url(server.url()).layer(refusing));
        let error = fetch_with(&session, Request::post("/")).await.expect_err("refused");
        assert_eq!((error.kind(), error.sent()), (UNSENT, Sent::No));
        assert!(format!("{error:#}").contains("the circuit is open"), "{error:#}");
        fetch_with(&session, Request::post("/")).await.expect("passed on");
        assert_eq!(server.asked().len(), 1);

        let always = layer_fn(|inner| Refusing {
            inner,
            refuses: |seen| (seen % 2 == 0).then(|| "the circuit is open".into()),
            seen: Arc::default(),
        });
        let session = session_over(transport, |builder| {
            builder.base_url(server.url()).retry(1).layer(always)
        });
        let response = fetch_with(&session, Request::post("/")).await.expect("the second time");
        assert_eq!(response.attempts(), 2);
    }
}

#[tokio::test]
async fn an_error_of_this_crate_passes_through_layers_unchanged() {
    for transport in TRANSPORTS {
        let own = layer_fn(|inner| Refusing {
            inner,
            refuses: |_| Some(Error::new(ErrorKind::Status(429)).with_body("slow down").into()),
            seen: Arc::default(),
        });
        let session =
            session_over(transport, |builder| builder.base_url("http://127.0.0.1:9/").layer(own));
        let error = fetch_with(&session, Request::get("/")).await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Status(429));
        assert_eq!(error.body(), "slow down");

        // An error of the session's own client is the same as without a layer.
        let plain = session_over(transport, |builder| builder.base_url("http://127.0.0.1:9/"));
        let layered = session_over(transport, |builder| {
            builder
                .base_url("http://127.0.0.1:9/")
                .layer(TimeoutLayer::new(Duration::from_secs(10)))
                .layer(Identity::new())
        });
        let plain = fetch_with(&plain, Request::get("/")).await.expect_err("refused");
        let layered = fetch_with(&layered, Request::get("/")).await.expect_err("refused");
        assert_eq!(format!("{plain:#}"), format!("{layered:#}"));
        assert_eq!(plain.sent(), layered.sent());
    }
}

#[tokio::test]
async fn a_layer_can_answer_by_itself() {
    #[derive(Clone)]
    struct Cache;
    impl Service<http::Request<RequestBody>> for Cache {
        type Response = http::Response<ResponseBody>;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Self::Response, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: http::Request<RequestBody>) -> Self::Future {
            let body = format!("kept: {}", request.uri().path());
            std::future::ready(Ok(http::Response::new(ResponseBody::from(backstop::Bytes::from(
                body,
            )))))
        }
    }
    let session =
        session(|builder| builder.base_url("http://nowhere.invalid").layer(layer_fn(|_| Cache)));
    let response = fetch_with(&session, Request::get("/users/7")).await.expect("kept");
    assert_eq!(response.text().expect("text"), "kept: /users/7");
}

#[test]
fn layers_are_applied_for_each_runtime() {
    let server = Server::always(Answer::new(200, "done"));
    let applied = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&applied);
    let session = session(|builder| {
        builder.base_url(server.url()).layer(layer_fn(move |inner| {
            count.fetch_add(1, Ordering::SeqCst);
            // The buffer spawns its worker on the current runtime.
            BufferLayer::new(4).layer(inner)
        }))
    });
    for _ in 0..3 {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        for _ in 0..2 {
            runtime.block_on(fetch_with(&session, Request::get("/"))).expect("a response");
        }
    }
    assert_eq!(applied.load(Ordering::SeqCst), 3);
}

#[test]
fn a_layer_over_a_given_client_is_refused() {
    let built = backstop::Session::builder()
        .client(reqwest::Client::new())
        .layer(ConcurrencyLimitLayer::new(1))
        .build();
    let error = built.expect_err("refused");
    assert!(error.is_build() && error.to_string().contains("`layer`"), "{error}");
}

#[tokio::test]
async fn an_open_circuit_breaker_is_not_a_server_failure() {
    for transport in TRANSPORTS {
        let server = Server::always(Answer::Close);
        let breaker = CircuitBreakerLayer::builder()
            .failure_rate_threshold(1.0)
            .sliding_window_size(2)
            .minimum_number_of_calls(2)
            .wait_duration_in_open(Duration::from_secs(60))
            .build()
            .expect("a breaker");
        let session =
            session_over(transport, |builder| builder.base_url(server.url()).layer(breaker));
        for _ in 0..2 {
            // The breaker does not return the client's error as its source; the kind is known all the same.
            let error = fetch_with(&session, Request::post("/")).await.expect_err("closed");
            assert_eq!(error.kind(), ErrorKind::Disconnected(DisconnectedError::Closed));
            assert_eq!(error.sent(), Sent::Maybe, "{transport:?}");
        }
        let error = fetch_with(&session, Request::post("/")).await.expect_err("open");
        assert_eq!((error.kind(), error.sent()), (UNSENT, Sent::No));
        assert!(format!("{error:#}").contains("circuit is open"), "{error:#}");
        assert_eq!(server.asked().len(), 2);
    }
}

#[tokio::test]
async fn a_breaker_that_counts_statuses_ends_retries_and_closes_again() {
    type Outcome = Result<http::Response<ResponseBody>, Box<dyn std::error::Error + Send + Sync>>;
    for transport in TRANSPORTS {
        let is_down = Arc::new(AtomicUsize::new(1));
        let down = Arc::clone(&is_down);
        let server = Server::start(move |_| match down.load(Ordering::SeqCst) {
            1 => Answer::new(503, "busy"),
            _ => Answer::new(200, "done"),
        });
        let breaker = CircuitBreakerLayer::builder()
            .failure_rate_threshold(0.5)
            .sliding_window_size(2)
            .minimum_number_of_calls(2)
            .wait_duration_in_open(Duration::from_millis(300))
            .permitted_calls_in_half_open(1)
            .failure_classifier(|outcome: &Outcome| {
                outcome.as_ref().map_or(true, |response| response.status().is_server_error())
            })
            .build()
            .expect("a breaker");
        let session =
            session_over(transport, |builder| builder.base_url(server.url()).layer(breaker));
        let request = Request::get("/").retry(at_once(3));
        let error = fetch_with(&session, request).await.expect_err("open");
        assert_eq!((error.kind(), error.attempts()), (UNSENT, 4), "{error:#}");
        assert_eq!(error.sent(), Sent::Yes, "the first attempts were sent");
        assert_eq!(server.asked().len(), 2, "{transport:?}");
        is_down.store(0, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(350)).await;
        fetch_with(&session, Request::get("/")).await.expect("closed again");
    }
}

/// With another length, a server would read the next request on the connection as the body.
#[tokio::test]
async fn a_layer_cannot_change_the_content_length() {
    for transport in TRANSPORTS {
        for (method, body, length) in
            [("GET", None, "40"), ("DELETE", None, "1"), ("POST", Some("an order"), "7")]
        {
            let server = Server::always(Answer::new(200, ""));
            let set = MapRequestLayer::new(move |mut request: http::Request<RequestBody>| {
                request.headers_mut().insert("content-length", length.parse().expect("a header"));
                request
            });
            let session = session_over(transport, |builder| builder.layer(set).retry(1));
            let request = Request::method(method, server.url())
                .optional(body, |request, body| request.text(body));
            let error = fetch_with(&session, request).await.expect_err(length);
            assert_eq!(
                error.kind(),
                ErrorKind::Build(BuildError::Header),
                "{method} {transport:?}"
            );
            assert_eq!((error.sent(), error.attempts()), (Sent::No, 1));
            assert!(server.asked().is_empty());
        }
    }
}

#[tokio::test]
async fn a_layer_cannot_set_two_hosts_or_an_invalid_one() {
    for transport in TRANSPORTS {
        for hosts in [&["one.test", "two.test"][..], &[""], &[" "], &["one.test/path"]] {
            let server = Server::always(Answer::new(200, ""));
            let set = MapRequestLayer::new(move |mut request: http::Request<RequestBody>| {
                for host in hosts {
                    request.headers_mut().append("host", host.parse().expect("a header"));
                }
                request
            });
            let session = session_over(transport, |builder| builder.layer(set));
            let get = Request::get(server.url());
            let error = fetch_with(&session, get).await.expect_err("no host");
            assert_eq!(error.kind(), ErrorKind::Build(BuildError::Header), "{hosts:?}");
            assert_eq!(error.sent(), Sent::No);
            assert!(server.asked().is_empty());
        }
    }
}

#[tokio::test]
async fn a_layer_cannot_set_the_method_connect() {
    let server = Server::always(Answer::new(200, ""));
    let set = MapRequestLayer::new(|mut request: http::Request<RequestBody>| {
        *request.method_mut() = Method::CONNECT;
        request
    });
    let session = session(|builder| builder.layer(set));
    let error = fetch_with(&session, Request::get(server.url())).await.expect_err("CONNECT");
    assert_eq!(error.kind(), ErrorKind::Build(BuildError::Method));
    assert!(server.asked().is_empty());
}

/// This happens with a retry layer above a load-shedding layer.
#[tokio::test]
async fn a_request_shed_after_it_was_sent_is_not_unsent() {
    let server = Server::always(Answer::new(200, ""));
    let pass_on_and_shed = layer_fn(|inner: SessionService| {
        service_fn(move |request| {
            let mut inner = inner.clone();
            async move {
                inner.call(request).await?;
                Err::<http::Response<ResponseBody>, _>(BoxError::from(Overloaded::new()))
            }
        })
    });
    let session = session(|builder| builder.layer(pass_on_and_shed).retry(2));
    let error = fetch_with(&session, Request::post(server.url())).await.expect_err("shed");
    assert_eq!(error.kind(), ErrorKind::Disconnected(DisconnectedError::Closed));
    assert_eq!((error.sent(), error.attempts()), (Sent::Yes, 1));
    assert_eq!(server.asked().len(), 1);
}
