//! The server of some examples, on 127.0.0.1.

use backstop_tests::{Answer, Server};

/// Starts a small API: users, a slow report, and a page that is not JSON.
pub(crate) fn start() -> Server {
    Server::start(|asked| match asked.path() {
        "/users/7" => Answer::json(r#"{"id":7,"name":"Ada","email":"ada@example.com"}"#),
        "/users/8" => Answer::json(r#"{"id":8,"name":"Grace","email":null}"#),
        "/users" if asked.method == "POST" => {
            let answer = Answer::new(201, asked.body.clone());
            answer.header("content-type", "application/json").header("location", "/users/9")
        }
        "/users" => {
            Answer::json(format!("[{}]", r#"{"id":7,"name":"Ada","email":"ada@example.com"}"#))
        }
        "/report" => Answer::Stall(Vec::new()),
        "/page" => Answer::new(200, "<!doctype html>").header("content-type", "text/html"),
        "/upload" => Answer::json(format!(r#"{{"received":{}}}"#, asked.body.len())),
        _ => Answer::new(404, r#"{"title":"no such thing"}"#)
            .header("content-type", "application/problem+json"),
    })
}
