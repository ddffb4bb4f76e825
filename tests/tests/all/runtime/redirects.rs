//! Redirects: which are followed, which parts of the request are sent again, and which are refused.

use backstop::{Body, ErrorKind, Method, RedirectError, Request, Sent};
use backstop_tests::{Answer, Server};

use crate::support::{fetch, fetch_with, session};

/// A server whose `/from` redirects to its `/to`.
fn redirecting(status: u16) -> Server {
    Server::start(move |asked| match asked.path() {
        "/from" => Answer::redirect(status, "/to?x=1"),
        _ => Answer::new(200, "there"),
    })
}

fn from(server: &Server, method: Method) -> Request {
    Request::new(method, "{base}/from").base("base", &server.url())
}

#[tokio::test]
async fn method_and_body_follow_rfc_9110() {
    for (status, method, followed, keeps_body) in [
        (301, Method::POST, Method::GET, false),
        (302, Method::POST, Method::GET, false),
        (303, Method::POST, Method::GET, false),
        (303, Method::PUT, Method::GET, false),
        (302, Method::PUT, Method::PUT, true),
        (307, Method::POST, Method::POST, true),
        (308, Method::PATCH, Method::PATCH, true),
        (303, Method::HEAD, Method::HEAD, false),
    ] {
        let server = redirecting(status);
        let response = fetch(from(&server, method.clone()).json(&1)).await.expect("200");
        assert_eq!(response.url().as_str(), format!("{}/to?x=1", server.url()));
        let asked = server.last();
        assert_eq!(
            (asked.method.clone(), asked.target.as_str()),
            (followed, "/to?x=1"),
            "{status} {method}"
        );
        assert_eq!(asked.text(), if keeps_body { "1" } else { "" }, "{status} {method}");
        assert_eq!(asked.headers.contains_key("content-type"), keeps_body, "{status} {method}");
    }
}

#[tokio::test]
async fn secrets_are_sent_to_no_other_origin_on_any_hop() {
    // A → B → B: headers that were dropped on the first hop must not return on the second.
    let other = Server::start(|asked| match asked.path() {
        "/one" => Answer::redirect(302, "/two"),
        _ => Answer::new(200, ""),
    });
    let target = format!("{}/one", other.url());
    let origin = Server::start(move |_| Answer::redirect(302, target.clone()));
    let request = || {
        let mut private = backstop::HeaderValue::from_static("private");
        private.set_sensitive(true);
        Request::get("{base}/from?q=secret")
            .base("base", &origin.url())
            .bearer_auth("secret")
            .header("cookie", "a=secret")
            .header("x-api-key", "secret")
            .header("x-private", private)
            .header("x-public", "public")
    };
    fetch(request()).await.expect("200");
    for asked in other.asked() {
        let text = format!("{:?}", asked.headers);
        assert!(!text.contains("secret") && !text.contains("private"), "{}: {text}", asked.target);
        assert_eq!(asked.header("x-public"), "public");
        assert_eq!(asked.header("referer"), "");
    }
    assert_eq!(origin.last().header("authorization"), "Bearer secret");

    let trusting = session(|builder| builder.forward_credentials(true).referer(true));
    fetch_with(&trusting, request()).await.expect("200");
    assert_eq!(other.last().header("authorization"), "Bearer secret");
    assert_eq!(other.last().header("referer"), format!("{}/one", other.url()));
}

#[tokio::test]
async fn user_information_in_a_location_is_dropped() {
    let target = Server::always(Answer::new(200, ""));
    let location = target.url().replace("http://", "http://me:pw@");
    let server = Server::start(move |_| Answer::redirect(302, location.clone()));
    let response = fetch(Request::get(server.url())).await.expect("200");
    assert_eq!(target.last().header("authorization"), "");
    assert!(!response.url().as_str().contains("pw"));
}

/// A Latin-1 byte of the location is sent to the server unchanged.
#[tokio::test]
async fn a_location_in_latin_1_is_followed() {
    let server = Server::start(|asked| match asked.path() {
        "/from" => Answer::Raw(
            b"HTTP/1.1 302 Found\r\nlocation: /caf\xe9\r\ncontent-length: 0\r\n\r\n".to_vec(),
        ),
        _ => Answer::new(200, ""),
    });
    let response = fetch(from(&server, Method::GET)).await.expect("200");
    assert_eq!(response.url().path(), "/caf%E9");
    assert_eq!(server.last().target, "/caf%E9");
}

/// A folded line is one line, with spaces in place of its end (RFC 9112 §5.2).
#[tokio::test]
async fn a_folded_header_is_read_as_one_line() {
    let server = Server::always(Answer::Raw(
        b"HTTP/1.1 200 OK\r\nx-long: one\r\n two\r\n\tthree\r\ncontent-length: 2\r\n\r\nok"
            .to_vec(),
    ));
    let response = fetch(Request::get(server.url())).await.expect("200");
    let value = response.headers()["x-long"].to_str().expect("text");
    assert_eq!(value.split_whitespace().collect::<Vec<_>>(), ["one", "two", "three"]);
    assert_eq!(response.text().expect("text"), "ok");
}

/// The session does not see the client's redirects, only the final URL.
#[tokio::test]
async fn redirects_by_the_user_s_client_change_the_url() {
    let client = |policy| {
        let client = backstop::reqwest::Client::builder().no_proxy().redirect(policy);
        backstop::Session::from(client.build().expect("a client"))
    };
    // A redirect to another origin, which redirects again with a relative location.
    let other = Server::start(|asked| match asked.path() {
        "/v2/one" => Answer::redirect(302, "two"),
        _ => Answer::new(200, ""),
    });
    let target = format!("{}/v2/one", other.url());
    let first = Server::start(move |_| Answer::redirect(302, target.clone()));
    let last = format!("{}/v2/two", other.url());
    let once =
        backstop::reqwest::redirect::Policy::custom(|attempt| match attempt.previous().len() {
            1 => attempt.follow(),
            _ => attempt.stop(),
        });
    for policy in [once, backstop::reqwest::redirect::Policy::default()] {
        let request = from(&first, Method::GET).bearer_auth("secret").header("x-api-key", "secret");
        let response = fetch_with(&client(policy), request).await.expect("200");
        assert_eq!(response.url().as_str(), last);
        assert_eq!(other.last().target, "/v2/two");
    }
    // The hop of the session sends no secret to the other origin.
    let request = from(&first, Method::GET).header("x-api-key", "secret");
    let once =
        backstop::reqwest::redirect::Policy::custom(|attempt| match attempt.previous().len() {
            1 => attempt.follow(),
            _ => attempt.stop(),
        });
    fetch_with(&client(once), request).await.expect("200");
    assert_eq!(other.last().header("x-api-key"), "");
}

#[tokio::test]
async fn refused_redirects_have_their_leaf() {
    let long = format!("/{}", "x".repeat(70_000));
    let cases: [(Answer, RedirectError); 7] = [
        (Answer::redirect(302, long), RedirectError::Location),
        (Answer::redirect(302, "/again"), RedirectError::TooMany),
        (Answer::new(302, ""), RedirectError::Location),
        (Answer::redirect(302, "http://[::bad"), RedirectError::Location),
        (Answer::redirect(302, ""), RedirectError::Location),
        (Answer::redirect(302, "ftp://host/"), RedirectError::Scheme),
        (Answer::redirect(302, "mailto:me@host"), RedirectError::Scheme),
    ];
    for (answer, leaf) in cases {
        let server = Server::always(answer);
        let error = fetch(from(&server, Method::GET)).await.expect_err("a bad redirect");
        assert_eq!(error.kind(), ErrorKind::Redirect(leaf), "{error:#}");
        assert_eq!(error.sent(), Sent::Yes);
        assert_eq!(error.status().map(|status| status.as_u16()), Some(302));
    }
}

#[tokio::test]
async fn redirects_end_at_the_session_s_limit() {
    let server = Server::always(Answer::redirect(302, "/again"));
    let three = session(|builder| builder.max_redirects(3));
    let error = fetch_with(&three, from(&server, Method::GET)).await.expect_err("a loop");
    assert_eq!(error.kind(), ErrorKind::Redirect(RedirectError::TooMany));
    assert_eq!(server.asked().len(), 4);

    let none = session(|builder| builder.max_redirects(0));
    let error = fetch_with(&none, from(&server, Method::GET)).await.expect_err("a redirect");
    assert_eq!(error.kind(), ErrorKind::Status(302));
}

#[tokio::test]
async fn a_redirect_that_needs_a_streamed_body_again_is_refused() {
    let server = redirecting(307);
    let body = || Body::from(backstop::reqwest::Body::wrap(String::from("one")));
    let error = fetch(from(&server, Method::POST).body(body())).await.expect_err("307");
    assert_eq!(error.kind(), ErrorKind::Redirect(RedirectError::Body));
    // A redirect that drops the body is followed.
    let server = redirecting(303);
    fetch(from(&server, Method::POST).body(body())).await.expect("303");
}

#[tokio::test]
async fn a_later_hop_that_cannot_connect_reports_sent_yes() {
    let refused = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let location = format!("http://{}/", refused.local_addr().expect("an address"));
    drop(refused);
    let server = Server::start(move |_| Answer::redirect(303, location.clone()));
    let error = fetch(Request::post(server.url()).json(&1)).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Connect(backstop::ConnectError::Refused));
    assert_eq!(error.sent(), Sent::Yes, "the first hop was answered");
}
