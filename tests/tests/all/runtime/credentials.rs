//! A session's source of credentials: when it is called, to which origins its header is sent, and how it
//! fails.

use std::{
    error::Error as _,
    sync::{
        Arc, LazyLock, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use backstop::{
    Body, Error, ErrorKind, Request, Retry, Sent, Session, TimeoutError,
    credentials::{Authorization, Bearer, Credentials, Refused, Token},
    request,
};
use backstop_tests::{Answer, Asked, Server};

use crate::support::{TRANSPORTS, Transport, bounded, fetch_with, session, session_over};

/// A server whose `/token` returns `token-1`, `token-2`, …, and whose other paths accept the tokens
/// from `first` on.
struct Realm {
    server: Server,
    handed_out: Arc<AtomicUsize>,
    first: Arc<AtomicUsize>,
}

impl Realm {
    fn start() -> Self {
        let (handed_out, first) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(1)));
        let (handing, accepted) = (Arc::clone(&handed_out), Arc::clone(&first));
        let server = Server::start(move |asked| match asked.path() {
            "/token" => {
                let number = handing.fetch_add(1, Ordering::SeqCst) + 1;
                let granted = Answer::new(200, format!("token-{number}"));
                Answer::Late(Duration::from_millis(20), Box::new(granted))
            }
            "/see-other" => Answer::redirect(303, "/data"),
            _ => match number_of(asked) >= Some(accepted.load(Ordering::SeqCst)) {
                true => Answer::new(200, "secret data"),
                false => Answer::new(401, "who are you?").header("www-authenticate", "Bearer"),
            },
        });
        Self { server, handed_out, first }
    }

    /// Stops accepting the tokens that were returned so far.
    fn revoke(&self) {
        self.first.store(self.handed_out.load(Ordering::SeqCst) + 1, Ordering::SeqCst);
    }

    /// A session that fetches its tokens over itself.
    fn session(&self, transport: Transport) -> Session {
        let own: Arc<OnceLock<Session>> = Arc::default();
        let session = session_over(transport, |builder| {
            let own = Arc::clone(&own);
            let bearer = Bearer::new(move || {
                let own = own.get().expect("a session").clone();
                async move { own.fetch(Request::post("/token")).await?.text() }
            });
            builder.base_url(self.server.url()).credentials(bearer)
        });
        own.set(session.clone()).expect("set once");
        session
    }

    fn asked_for(&self, path: &str) -> usize {
        self.server.asked().iter().filter(|asked| asked.path() == path).count()
    }
}

fn number_of(asked: &Asked) -> Option<usize> {
    asked.header("authorization").strip_prefix("Bearer token-")?.parse().ok()
}

#[tokio::test]
async fn a_token_is_fetched_over_the_same_session_once_and_kept() {
    for transport in TRANSPORTS {
        let realm = Realm::start();
        let session = realm.session(transport);
        for _ in 0..3 {
            let response = fetch_with(&session, Request::get("/data")).await.expect("accepted");
            assert_eq!(response.text().expect("text"), "secret data");
            assert_eq!(response.attempts(), 1);
        }
        assert_eq!(realm.asked_for("/token"), 1, "{transport:?}");
        let asked = realm.server.asked();
        assert_eq!(asked[0].header("authorization"), "", "the source asks without a token");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_concurrent_401s_share_one_renewal() {
    for transport in TRANSPORTS {
        let realm = Realm::start();
        let session = realm.session(transport);
        fetch_with(&session, Request::get("/data")).await.expect("accepted");
        realm.revoke();
        let calls: Vec<_> = (0..100)
            .map(|number| {
                let session = session.clone();
                let request = match number % 2 {
                    0 => Request::get("/data"),
                    // A request answered with 401 was not processed, so a POST is sent again too.
                    _ => Request::post("/data").text("order"),
                };
                tokio::spawn(async move { session.fetch(request).await })
            })
            .collect();
        for call in calls {
            bounded(call).await.expect("no panic").expect("accepted with the new token");
        }
        assert_eq!(realm.asked_for("/token"), 2, "{transport:?}");
    }
}

#[tokio::test]
async fn credentials_are_renewed_once_in_a_call() {
    let realm = Realm::start();
    realm.first.store(usize::MAX, Ordering::SeqCst);
    let session = realm.session(Transport::Direct);
    let error = fetch_with(&session, Request::post("/data").text("x")).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Status(401));
    assert_eq!(error.body(), "who are you?");
    assert_eq!((realm.asked_for("/data"), realm.asked_for("/token")), (2, 2));
    assert_eq!(error.attempts(), 1);
}

#[tokio::test]
async fn a_401_can_be_declared_a_success() {
    let realm = Realm::start();
    realm.first.store(usize::MAX, Ordering::SeqCst);
    let session = realm.session(Transport::Direct);
    let request = Request::get("/data").success_statuses(&[401..=401]);
    fetch_with(&session, request).await.expect("the declared success");
    assert_eq!(realm.asked_for("/data"), 1);
}

#[tokio::test]
async fn a_streamed_body_is_not_sent_again() {
    let realm = Realm::start();
    let session = realm.session(Transport::Direct);
    fetch_with(&session, Request::get("/data")).await.expect("accepted");
    realm.revoke();
    let stream = reqwest::Body::wrap(reqwest::Body::from("once"));
    let error = fetch_with(&session, Request::post("/data").body(stream)).await;
    assert_eq!(error.expect_err("refused").kind(), ErrorKind::Status(401));
    assert_eq!(realm.asked_for("/data"), 2);
    // The next call knows that the token was refused.
    fetch_with(&session, Request::get("/data")).await.expect("renewed");
}

#[tokio::test]
async fn a_factory_body_is_sent_again_after_a_401() {
    for transport in TRANSPORTS {
        let server = Server::start(|asked| match asked.header("authorization") {
            "Bearer 2" => Answer::new(200, asked.body.clone()),
            _ => Answer::new(401, ""),
        });
        let number = AtomicUsize::new(0);
        let source = move |_| {
            let token = (number.fetch_add(1, Ordering::SeqCst) + 1).to_string();
            async move { Authorization::bearer(token) }
        };
        let session =
            session_over(transport, |builder| builder.base_url(server.url()).credentials(source));
        let request = Request::post("/").body(Body::from_factory(super::uploads::parts));
        let response = fetch_with(&session, request).await.expect("accepted");
        assert_eq!(response.text().expect("text"), "one two", "{transport:?}");
        assert_eq!(server.asked().len(), 2);
    }
}

#[tokio::test]
async fn a_retry_policy_for_401_renews_once_in_all_attempts() {
    let server = Server::always(Answer::new(401, ""));
    let number = AtomicUsize::new(0);
    let source = move |_| {
        let token = number.fetch_add(1, Ordering::SeqCst).to_string();
        async move { Authorization::bearer(token) }
    };
    let session = session(|builder| builder.base_url(server.url()).credentials(source));
    let retry = Retry::times(2)
        .backoff(Duration::ZERO..Duration::ZERO)
        .on(|error| error.kind() == ErrorKind::Status(401));
    let error = fetch_with(&session, Request::get("/").retry(retry)).await.expect_err("refused");
    assert_eq!(error.attempts(), 3);
    let tokens: Vec<_> =
        server.asked().iter().map(|it| it.header("authorization").to_owned()).collect();
    assert_eq!(tokens, ["Bearer 0", "Bearer 1", "Bearer 2", "Bearer 3"]);
}

#[tokio::test]
async fn a_401_resends_only_the_refused_hop() {
    let realm = Realm::start();
    let session = realm.session(Transport::Direct);
    fetch_with(&session, Request::get("/data")).await.expect("accepted");
    realm.revoke();
    // The first hop needs no token, and was processed.
    let response = fetch_with(&session, Request::post("/see-other").text("x")).await;
    assert_eq!(response.expect("accepted").url().path(), "/data");
    assert_eq!(realm.asked_for("/see-other"), 1);
}

#[tokio::test]
async fn unchanged_credentials_are_not_sent_again() {
    let server = Server::always(Answer::new(401, ""));
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let source = move |refused: Option<Refused>| {
        if let Some(refused) = refused {
            count.fetch_add(1, Ordering::SeqCst);
            assert_eq!(refused.error().kind(), ErrorKind::Status(401));
            assert!(refused.error().url().is_some());
        }
        async { Authorization::bearer("always") }
    };
    let session = session(|builder| builder.base_url(server.url()).credentials(source));
    let error = fetch_with(&session, Request::get("/")).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Status(401));
    assert_eq!((told.load(Ordering::SeqCst), server.asked().len()), (1, 1));
}

#[tokio::test]
async fn each_attempt_has_current_credentials() {
    for transport in TRANSPORTS {
        let server = Server::start(|asked| match asked.header("x-api-key") {
            "key-1" => Answer::new(503, ""),
            _ => Answer::new(200, ""),
        });
        let number = AtomicUsize::new(0);
        let source = move |_| {
            let key = format!("key-{}", number.fetch_add(1, Ordering::SeqCst) + 1);
            async move { Authorization::header("x-api-key", key) }
        };
        let session = session_over(transport, |builder| {
            builder.base_url(server.url()).credentials(source).retry(1)
        });
        fetch_with(&session, Request::get("/")).await.expect("the second");
        let keys: Vec<_> =
            server.asked().iter().map(|it| it.header("x-api-key").to_owned()).collect();
        assert_eq!(keys, ["key-1", "key-2"]);
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the vault is closed")]
struct Closed;

#[tokio::test]
async fn a_failed_source_has_its_own_kind_and_cause() {
    for transport in TRANSPORTS {
        let server = Server::always(Answer::new(200, ""));
        let session = session_over(transport, |builder| {
            let source = |_| async { Err::<Authorization, _>(Closed) };
            builder.base_url(server.url()).credentials(source).retry(3)
        });
        let error = fetch_with(&session, Request::post("/")).await.expect_err("no credentials");
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert!(error.is_credentials() && !error.is_build());
        assert_eq!((error.sent(), error.attempts()), (Sent::No, 1));
        assert!(error.source().expect("a cause").is::<Closed>());
        assert_eq!(error.method().expect("a method"), "POST");
        assert!(server.asked().is_empty());
    }
}

#[tokio::test]
async fn all_waiting_calls_get_the_error_of_a_renewal() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let bearer = Bearer::new(move || {
        count.fetch_add(1, Ordering::SeqCst);
        async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Err::<Token, _>(Closed)
        }
    });
    let session = session(|builder| builder.base_url("http://127.0.0.1:9").credentials(bearer));
    let one = fetch_with(&session, Request::get("/"));
    let two = fetch_with(&session, Request::get("/"));
    let (one, two) = tokio::join!(one, two);
    for error in [one.expect_err("none"), two.expect_err("none")] {
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert!(error.source().expect("a cause").is::<Closed>());
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

/// A renewal without waiting calls is dropped, and a failure is not cached.
#[tokio::test]
async fn the_next_call_repeats_a_cancelled_or_failed_renewal() {
    let server = Server::always(Answer::new(200, ""));
    let number = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&number);
    let bearer = Bearer::new(move || {
        let nth = count.fetch_add(1, Ordering::SeqCst);
        async move {
            match nth {
                0 => std::future::pending().await,
                1 => Err(Error::new(ErrorKind::Status(503))),
                _ => Ok("token"),
            }
        }
    });
    let session = session(|builder| builder.base_url(server.url()).credentials(bearer).retry(5));
    let call = session.fetch(Request::get("/"));
    assert!(tokio::time::timeout(Duration::from_millis(20), call).await.is_err());
    let error = fetch_with(&session, Request::get("/")).await.expect_err("no token");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Credentials, 1));
    assert_eq!(error.status(), None, "the status is that of the token endpoint");
    fetch_with(&session, Request::get("/")).await.expect("a token");
    assert_eq!(number.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_panic_of_a_source_affects_one_call() {
    let server = Server::always(Answer::new(200, ""));
    let is_first = AtomicUsize::new(1);
    let bearer = Bearer::new(move || {
        let is_first = is_first.swap(0, Ordering::SeqCst) == 1;
        async move {
            tokio::time::sleep(Duration::from_millis(10)).await;
            assert!(!is_first, "on purpose");
            Ok::<_, Error>("token")
        }
    });
    let session = session(|builder| builder.base_url(server.url()).credentials(bearer));
    let calls: Vec<_> = (0..5)
        .map(|_| {
            let session = session.clone();
            tokio::spawn(async move { session.fetch(Request::get("/")).await })
        })
        .collect();
    let mut panics = 0;
    for call in calls {
        match bounded(call).await {
            Err(panic) => panics += usize::from(panic.is_panic()),
            Ok(Err(error)) => assert_eq!(error.kind(), ErrorKind::Credentials),
            Ok(Ok(_)) => {}
        }
    }
    assert_eq!(panics, 1);
    fetch_with(&session, Request::get("/")).await.expect("renewed");
}

#[tokio::test]
async fn the_timers_of_the_call_limit_a_source() {
    let server = Server::always(Answer::new(200, ""));
    let session = session(|builder| {
        let bearer = Bearer::new(std::future::pending::<Result<Token, Error>>);
        builder.base_url(server.url()).credentials(bearer)
    });
    for (request, timer) in [
        (Request::get("/").timeout(Duration::from_millis(50)), TimeoutError::Total),
        (Request::get("/").attempt_timeout(Duration::from_millis(50)), TimeoutError::Attempt),
    ] {
        let error = fetch_with(&session, request).await.expect_err("no credentials");
        assert_eq!(error.kind(), ErrorKind::Timeout(timer));
        assert_eq!(error.sent(), Sent::No);
        assert!(error.to_string().contains("waiting for the credentials"), "{error}");
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_cancelled_call_does_not_cancel_a_shared_renewal() {
    let realm = Realm::start();
    let session = realm.session(Transport::Direct);
    let mut first = Box::pin(session.fetch(Request::get("/data")));
    // It starts the renewal, and is then neither polled nor dropped.
    let begun = tokio::time::timeout(Duration::from_millis(5), &mut first).await;
    assert!(begun.is_err());
    fetch_with(&session, Request::get("/data")).await.expect("accepted");
    drop(first);
    fetch_with(&session, Request::get("/data")).await.expect("accepted");
    assert_eq!(realm.asked_for("/token"), 1);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires() {
    let server = Server::always(Answer::new(200, ""));
    let number = AtomicUsize::new(0);
    let bearer = Bearer::new(move || {
        let token = format!("token-{}", number.fetch_add(1, Ordering::SeqCst) + 1);
        async move { Ok::<_, Error>(Token::new(token).expires_in(Duration::from_millis(800))) }
    });
    // Longer than the lifetime of a token, so half of the lifetime is used.
    let bearer = bearer.renew_before(Duration::from_secs(60));
    let session = session(|builder| builder.base_url(server.url()).credentials(bearer));
    for (wait, token) in [(0, "token-1"), (0, "token-1"), (450, "token-2"), (0, "token-2")] {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        fetch_with(&session, Request::get("/")).await.expect("a response");
        assert_eq!(server.last().header("authorization"), format!("Bearer {token}"));
    }
}

#[tokio::test]
async fn a_failed_renewal_keeps_a_valid_token() {
    let server = Server::always(Answer::new(200, ""));
    let number = AtomicUsize::new(0);
    let bearer = Bearer::new(move || {
        let is_first = number.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            match is_first {
                true => Ok(Token::new("token").expires_in(Duration::from_secs(3600))),
                false => Err(Closed),
            }
        }
    });
    // A renewal after half of the lifetime is not due yet; with this margin it is due at once.
    let eager = bearer.clone().renew_before(Duration::from_secs(1800));
    let session = session(|builder| builder.base_url(server.url()).credentials(eager));
    for _ in 0..2 {
        fetch_with(&session, Request::get("/")).await.expect("a response");
        assert_eq!(server.last().header("authorization"), "Bearer token");
    }
}

#[tokio::test]
async fn credentials_are_sent_to_no_other_origin() {
    for transport in TRANSPORTS {
        for forward in [false, true] {
            let other = Server::start(|asked| match asked.path() {
                "/one" => Answer::redirect(307, "/two"),
                _ => Answer::new(200, "elsewhere"),
            });
            let away = other.url();
            let server = Server::start(move |asked| match asked.path() {
                "/away" => Answer::redirect(307, format!("{away}/one")),
                _ => Answer::new(200, ""),
            });
            let session = session_over(transport, |builder| {
                let bearer = Bearer::new(|| async { Ok::<_, Error>("t0ken") });
                builder.base_url(server.url()).credentials(bearer).forward_credentials(forward)
            });
            fetch_with(&session, Request::post("/away").text("x")).await.expect("elsewhere");
            assert_eq!(server.last().header("authorization"), "Bearer t0ken");
            // They are not sent to a URL of another origin than the base's either.
            let direct = Request::get(format!("{}/three", other.url()));
            fetch_with(&session, direct).await.expect("elsewhere");
            let asked = other.asked();
            assert_eq!(asked.len(), 3);
            assert!(asked.iter().all(|asked| asked.header("authorization").is_empty()));
        }
    }
}

#[tokio::test]
async fn removed_credentials_do_not_return_on_later_hops() {
    let home: Arc<OnceLock<String>> = Arc::default();
    let target = Arc::clone(&home);
    let other = Server::start(move |_| {
        Answer::redirect(307, format!("{}/back", target.get().expect("a URL")))
    });
    let away = other.url();
    let server = Server::start(move |asked| match asked.path() {
        "/away" => Answer::redirect(307, away.clone()),
        _ => Answer::new(401, ""),
    });
    home.set(server.url()).expect("set once");
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let session = session(|builder| {
        builder.base_url(server.url()).credentials(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            async { Authorization::bearer("t0ken") }
        })
    });
    let error = fetch_with(&session, Request::get("/away")).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Status(401));
    assert_eq!(server.last().header("authorization"), "");
    // A 401 of that hop does not refuse them.
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn credentials_of_the_request_override_the_source() {
    let server = Server::always(Answer::new(401, ""));
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let source = move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        async { Authorization::bearer("source") }
    };
    let session = session(|builder| {
        builder.base_url(server.url()).header("authorization", "session").credentials(source)
    });
    let with_userinfo = server.url().replace("http://", "http://me:pw@");
    for (request, sent) in [
        (Request::get("/").bearer_auth("own"), "Bearer own"),
        (Request::get("/").basic_auth("me", "pw"), "Basic bWU6cHc="),
        (Request::get("/").header("authorization", "own"), "own"),
        (Request::get(with_userinfo), "Basic bWU6cHc="),
    ] {
        fetch_with(&session, request).await.expect_err("refused");
        assert_eq!(server.last().header("authorization"), sent);
        assert_eq!(asked.load(Ordering::SeqCst), 0, "{sent}");
    }
    // The session's header does not override the source.
    fetch_with(&session, Request::get("/")).await.expect_err("refused");
    assert_eq!(server.last().header("authorization"), "Bearer source");
}

#[tokio::test]
async fn a_source_may_have_no_credentials() {
    let server = Server::always(Answer::new(200, ""));
    let session = session(|builder| {
        let source = |_| async { Ok::<Option<Authorization>, Error>(None) };
        builder.base_url(server.url()).credentials(source)
    });
    fetch_with(&session, Request::get("/")).await.expect("a response");
    assert_eq!(server.last().header("authorization"), "");
}

#[tokio::test]
async fn credentials_are_never_printed() {
    const SECRET: &str = "s3cr3t";
    let server = Server::always(Answer::new(401, ""));
    let bearer = Bearer::new(|| async { Ok::<_, Error>(Token::new(SECRET)) });
    let session = session(|builder| builder.base_url(server.url()).credentials(bearer.clone()));
    let error = fetch_with(&session, Request::get("/")).await.expect_err("refused");
    let unsendable = Bearer::new(|| async { Ok::<_, Error>(format!("{SECRET}\n")) });
    let unsendable = session_of(&server, unsendable);
    let unsent = fetch_with(&unsendable, Request::get("/")).await.expect_err("not a header");
    assert_eq!(unsent.kind(), ErrorKind::Credentials);
    let authorization = Authorization::bearer(SECRET).expect("a header");
    let refused = Authorization::header("x-key", format!("{SECRET}\n")).expect_err("no header");
    for shown in [
        format!("{error:#} {error:?}"),
        format!("{unsent:#} {unsent:?}"),
        format!("{bearer:?} {session:?} {authorization:?} {:?}", Token::new(SECRET)),
        format!("{refused:#} {refused:?}"),
    ] {
        assert!(!shown.contains(SECRET), "{shown}");
    }
}

fn session_of(server: &Server, bearer: Bearer) -> Session {
    session(|builder| builder.base_url(server.url()).credentials(bearer))
}

/// A type of the program as a source.
struct Vault(&'static str);

impl Credentials for Vault {
    async fn authorization(
        &self,
        _: Option<Refused>,
    ) -> Result<Option<Authorization>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Some(Authorization::basic("me", self.0)?))
    }
}

#[tokio::test]
async fn a_type_can_be_a_source() {
    let server = Server::always(Answer::new(200, ""));
    let session = session(|builder| builder.base_url(server.url()).credentials(Vault("pw")));
    fetch_with(&session, Request::get("/")).await.expect("a response");
    assert_eq!(server.last().header("authorization"), "Basic bWU6cHc=");
}

static REALM: LazyLock<Realm> = LazyLock::new(Realm::start);
static API: LazyLock<Session> = LazyLock::new(|| {
    session(|builder| {
        let bearer = Bearer::new(|| async { sign_in().await });
        builder.base_url(REALM.server.url()).credentials(bearer)
    })
});

#[request(post = "/token", session = *API)]
async fn sign_in() -> Result<String, Error>;

#[request(get = "/data", session = *API)]
async fn data() -> Result<String, Error>;

#[tokio::test]
async fn a_source_may_use_an_annotated_function_over_the_same_static_session() {
    assert_eq!(bounded(data()).await.expect("accepted"), "secret data");
    REALM.revoke();
    assert_eq!(bounded(data()).await.expect("accepted"), "secret data");
    assert_eq!(REALM.asked_for("/token"), 2);
}

#[tokio::test]
async fn two_sessions_share_a_token_fetched_over_one_of_them() {
    let realm = Realm::start();
    let own: Arc<OnceLock<Session>> = Arc::default();
    let getting = Arc::clone(&own);
    let bearer = Bearer::new(move || {
        let own = getting.get().expect("a session").clone();
        async move { own.fetch(Request::post("/token")).await?.text() }
    });
    let one = session(|builder| builder.base_url(realm.server.url()).credentials(bearer.clone()));
    let two = session(|builder| builder.base_url(realm.server.url()).credentials(bearer));
    own.set(one.clone()).expect("set once");
    fetch_with(&two, Request::get("/data")).await.expect("accepted");
    fetch_with(&one, Request::get("/data")).await.expect("accepted");
    assert_eq!(realm.asked_for("/token"), 1);
}
