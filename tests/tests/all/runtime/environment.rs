//! The effects of environment variables: proxies and certificates.

use std::process::Command;

use backstop::testing::Certificate;
use backstop_tests::{
    Answer, Server,
    faults::{Endpoint, Step},
};

/// The sessions that the program supports.
const SESSIONS: [&str; 3] = ["direct", "reqwest", "configured"];

/// The output of a process with only these proxy and certificate variables.
fn fetched(session: &str, url: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_environment"));
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_ascii_lowercase());
    }
    for name in ["REQUEST_METHOD", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
        command.env_remove(name);
    }
    let output = command.args([session, url]).envs(variables.iter().copied()).output();
    String::from_utf8(output.expect("it runs").stdout).expect("UTF-8").trim().to_owned()
}

/// A proxy and a server, each of which answers with its name.
fn proxy_and_server() -> (Server, Server) {
    (Server::always(Answer::new(200, "proxy")), Server::always(Answer::new(200, "server")))
}

#[test]
fn plain_http_needs_no_certificate_store() {
    let server = Server::always(Answer::new(200, "plain"));
    let empty = [("SSL_CERT_FILE", "/dev/null"), ("SSL_CERT_DIR", "/dev/null")];
    for session in SESSIONS {
        assert_eq!(fetched(session, &server.url(), &empty), "ok plain", "{session}");
    }
}

/// The error says that no certificate is accepted because there is no store.
#[tokio::test]
async fn without_a_certificate_store_no_certificate_is_accepted() {
    let empty = [("SSL_CERT_FILE", "/dev/null"), ("SSL_CERT_DIR", "/dev/null")];
    for session in SESSIONS {
        let server = Endpoint::script(vec![vec![Step::tls(Certificate::Good)]]).expect("a port");
        let url = format!("https://{}/", server.address());
        let said = tokio::task::spawn_blocking(move || fetched(session, &url, &empty));
        let said = said.await.expect("no panic");
        assert!(said.starts_with("connect.certificate No"), "{session}: {said}");
        assert!(said.contains("No CA certificates"), "{session}: {said}");
    }
}

#[test]
fn an_unsupported_socks_proxy_of_the_environment_is_an_error() {
    let (_, server) = proxy_and_server();
    let has_socks = fetched("has socks", "", &[]) == "true";
    for session in SESSIONS {
        for (name, value) in [
            ("http_proxy", "socks5://127.0.0.1:1"),
            ("HTTP_PROXY", "socks5h://127.0.0.1:1"),
            ("all_proxy", "socks4://127.0.0.1:1"),
            ("ALL_PROXY", "socks4a://127.0.0.1:1"),
        ] {
            let said = fetched(session, &server.url(), &[(name, value)]);
            match has_socks {
                true => assert!(said.starts_with("connect."), "{session} {name}: {said}"),
                false => {
                    assert!(said.starts_with("build.session No"), "{session} {name}: {said}");
                    assert!(said.contains(&format!("`{name}`")), "{session} {name}: {said}");
                    assert!(said.contains("feature `socks`"), "{session} {name}: {said}");
                }
            }
        }
        // The proxy is not used for these requests.
        for variables in [
            &[("https_proxy", "socks5://127.0.0.1:1")][..],
            &[("http_proxy", "socks5://127.0.0.1:1"), ("no_proxy", "127.0.0.1")],
            &[("http_proxy", "socks5://127.0.0.1:1"), ("REQUEST_METHOD", "GET")],
        ] {
            let said = fetched(session, &server.url(), variables);
            assert_eq!(said, "ok server", "{session} {variables:?}");
        }
    }
    let said = fetched("without proxies", &server.url(), &[("http_proxy", "socks5://127.0.0.1:1")]);
    assert_eq!(said, "ok server");
}

/// reqwest and curl read them in the same way. This test checks what the documentation says.
#[test]
fn the_proxy_variables_are_read_as_in_reqwest() {
    let (proxy, server) = proxy_and_server();
    let (url, proxy) = (server.url(), proxy.url());
    let without_scheme = proxy.trim_start_matches("http://").to_owned();
    let named = url.replace("127.0.0.1", "localhost");
    for session in SESSIONS {
        for (url, variables, expected) in [
            (&url, &[("http_proxy", &*proxy)][..], "ok proxy"),
            (&url, &[("HTTP_PROXY", &proxy)], "ok proxy"),
            (&url, &[("all_proxy", &proxy)], "ok proxy"),
            (&url, &[("http_proxy", &without_scheme)], "ok proxy"),
            (&url, &[("https_proxy", &proxy)], "ok server"),
            (&url, &[("http_proxy", &proxy), ("REQUEST_METHOD", "GET")], "ok server"),
            (&url, &[("http_proxy", &proxy), ("no_proxy", "127.0.0.0/8")], "ok server"),
            // An invalid URL is ignored.
            (&url, &[("http_proxy", "http://[bad")], "ok server"),
            (&url, &[("http_proxy", "")], "ok server"),
            // `*` matches every name, but no address.
            (&named, &[("http_proxy", &proxy), ("no_proxy", "*")], "ok server"),
            (&url, &[("http_proxy", &proxy), ("no_proxy", "*")], "ok proxy"),
        ] {
            let said = fetched(session, url, variables);
            assert_eq!(said, expected, "{session} {variables:?}");
        }
    }
}
