//! Settings of a session that change its requests and its connections, over both transports.

use std::{net::SocketAddr, sync::Arc};

use backstop::{Request, reqwest::cookie::Jar};
use backstop_tests::{Answer, Server};
use reqwest::cookie::CookieStore as _;

use crate::support::{TRANSPORTS, fetch_with, session_over};

#[tokio::test]
async fn a_user_agent_of_the_request_overrides_the_session_s() {
    for transport in TRANSPORTS {
        let server = Server::always(Answer::new(200, ""));
        let session = session_over(transport, |builder| {
            builder.base_url(server.url()).user_agent("inventory/1.4")
        });
        fetch_with(&session, Request::get("/")).await.expect("a response");
        assert_eq!(server.last().header("user-agent"), "inventory/1.4");
        let own = Request::get("/").header("user-agent", "other/2");
        fetch_with(&session, own).await.expect("a response");
        assert_eq!(server.last().header("user-agent"), "other/2");
    }
}

#[tokio::test]
async fn a_host_is_resolved_to_the_configured_addresses() {
    for transport in TRANSPORTS {
        let server = Server::always(Answer::new(200, "reached"));
        let address: SocketAddr = server.url().trim_start_matches("http://").parse().expect("one");
        // The port of the URL is used, or else the port of the address.
        let with_port = format!("http://API.test:{}/", address.port());
        for (url, port, host) in [
            (with_port.as_str(), 0, format!("api.test:{}", address.port())),
            (with_port.as_str(), 1, format!("api.test:{}", address.port())),
            ("http://api.test/", address.port(), "api.test".to_owned()),
        ] {
            let session = session_over(transport, |builder| {
                builder.resolve("Api.Test", [SocketAddr::new(address.ip(), port)])
            });
            let response = fetch_with(&session, Request::get(url.to_owned())).await.expect(url);
            assert_eq!(response.text().expect("text"), "reached");
            assert_eq!(server.last().header("host"), host, "{transport:?} {url}");
        }
        // If one of several addresses works, it is used.
        let dead = SocketAddr::from(([127, 0, 0, 2], 9));
        let session = session_over(transport, |builder| {
            builder.resolve("api.test", [dead, SocketAddr::new(address.ip(), address.port())])
        });
        fetch_with(&session, Request::get("http://api.test/")).await.expect("the second");
    }
}

#[tokio::test]
async fn cookies_are_kept_in_the_jar_and_sent_back() {
    for transport in TRANSPORTS {
        let other = Server::always(Answer::new(200, ""));
        let away = other.url().replace("127.0.0.1", "localhost");
        let server = Server::start(move |asked| match asked.path() {
            "/login" => Answer::redirect(302, "/home").header("set-cookie", "sid=7; Path=/"),
            "/away" => Answer::redirect(302, away.clone()),
            _ => Answer::new(200, "home"),
        });
        let jar = Arc::new(Jar::default());
        let session = session_over(transport, |builder| {
            builder.base_url(server.url()).cookie_jar(Arc::clone(&jar))
        });
        // A cookie that a redirect sets is sent on the next hop.
        fetch_with(&session, Request::get("/login")).await.expect("home");
        assert_eq!(server.last().header("cookie"), "sid=7", "{transport:?}");
        let url = server.url().parse().expect("a URL");
        assert_eq!(jar.cookies(&url).expect("kept"), "sid=7");

        let own = Request::get("/").header("cookie", "mine=1");
        fetch_with(&session, own).await.expect("home");
        assert_eq!(server.last().header("cookie"), "mine=1");

        fetch_with(&session, Request::get("/away")).await.expect("the other");
        assert_eq!(other.last().header("cookie"), "");
    }
}
