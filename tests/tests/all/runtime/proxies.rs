//! Proxies: errors that name the proxy, and refusals.

use backstop::{ConnectError, Error, ErrorKind, Request, Retry, Sent, SessionBuilder, reqwest};
use backstop_tests::{Answer, Server};

use crate::support::{fetch_with, session};

/// A session that sends through a proxy, over each transport.
fn sessions(url: &str, set: impl Fn(SessionBuilder) -> SessionBuilder) -> [backstop::Session; 2] {
    let of_reqwest = reqwest::Proxy::all(url).expect("a proxy");
    [session(|builder| set(builder.proxy(url))), session(|builder| set(builder.proxy(of_reqwest)))]
}

async fn fails(session: &backstop::Session, request: Request) -> Error {
    let error = fetch_with(session, request).await.expect_err("the proxy fails");
    assert!(!format!("{error:#} {error:?}").contains("secret"), "{error:#}");
    error
}

fn host(server: &Server) -> String {
    server.url().replace("http://", "")
}

#[tokio::test]
async fn an_error_names_the_unreachable_proxy() {
    let refusing = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
        listener.local_addr().expect("a bound socket has an address").to_string()
    };
    let unknown = "no-such-proxy.invalid:3128".to_owned();
    for proxy in [refusing, unknown] {
        for session in sessions(&format!("http://user:secret@{proxy}"), |builder| builder) {
            // With the default port, with an explicit port, and in a tunnel.
            for url in ["http://127.0.0.1/", "http://127.0.0.1:9/", "https://127.0.0.1/"] {
                let error = fails(&session, Request::post(url).text("an order")).await;
                assert_eq!(error.kind(), ErrorKind::Connect(ConnectError::Proxy), "{url} {proxy}");
                assert_eq!(error.sent(), Sent::No);
                assert!(error.to_string().contains(&proxy), "{error}");
            }
        }
    }
}

/// hyper-util, which reqwest uses to connect, keeps only the status 407.
#[tokio::test]
async fn a_refused_tunnel_keeps_its_status() {
    for status in [403, 407, 502, 503] {
        let proxy = Server::always(Answer::new(status, ""));
        let [direct, reqwest] = sessions(&proxy.url(), |builder| builder);
        for (session, keeps) in [(direct, true), (reqwest, status == 407)] {
            let error = fails(&session, Request::get("https://api.test/")).await;
            assert_eq!(error.kind(), ErrorKind::Connect(ConnectError::Proxy));
            let found = error.status().map(|status| status.as_u16());
            assert_eq!(found, keeps.then_some(status));
            assert!(error.to_string().contains(&host(&proxy)), "{error}");
        }
    }
}

/// Each attempt would be another failed login.
#[tokio::test]
async fn credentials_that_a_proxy_refuses_are_not_sent_again() {
    for url in ["https://api.test/", "http://api.test/"] {
        let proxy = Server::always(Answer::new(407, ""));
        let retry = Retry::times(3).backoff(std::time::Duration::ZERO..std::time::Duration::ZERO);
        let proxied = proxy.url().replace("http://", "http://user:secret@");
        for session in sessions(&proxied, |builder| builder.retry(retry.clone())) {
            let before = proxy.asked().len();
            let error = fails(&session, Request::get(url)).await;
            assert_eq!(error.status().map(|status| status.as_u16()), Some(407));
            assert_eq!(proxy.asked().len() - before, 1);
        }
        let asked = proxy.asked();
        assert!(
            asked
                .iter()
                .all(|asked| asked.header("proxy-authorization") == "Basic dXNlcjpzZWNyZXQ="),
            "the credentials went to the proxy"
        );
    }
}
