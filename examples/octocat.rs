//! The servers of `github.rs`: the API, and the host for uploads.

use backstop_tests::{Answer, Asked, Server};

pub(crate) fn api() -> Server {
    Server::start(answer)
}

pub(crate) fn uploads() -> Server {
    Server::start(|asked| {
        let name = asked.query().trim_start_matches("name=");
        Answer::json(format!(r#"{{"name":"{name}","size":{}}}"#, asked.body.len()))
    })
}

fn answer(asked: &Asked) -> Answer {
    let issue = |number: u64| format!(r#"{{"number":{number},"title":"It fails"}}"#);
    let path = asked.path().trim_start_matches("/repos/octocat/hello");
    match (asked.method.as_str(), path) {
        ("GET", "/issues")
            if asked.query().contains("page=2") && asked.query().contains("&page") =>
        {
            Answer::json(format!("[{}]", issue(3)))
        }
        ("GET", "/issues") => Answer::json(format!("[{},{}]", issue(1), issue(2))).header(
            "link",
            r#"</repos/octocat/hello/issues?state=open&per_page=2&page=2>; rel="next""#,
        ),
        ("POST", "/issues") => Answer::json(issue(9)),
        ("PATCH", "/issues/9") => Answer::json(issue(9)),
        ("PUT" | "DELETE", _) | (_, "/assignees/ada" | "/dispatches") => Answer::new(204, ""),
        ("GET", "") if asked.header("if-none-match") == "\"1\"" => Answer::new(304, ""),
        ("GET", "") => Answer::new(200, "a repository"),
        ("GET", "/labels") => Answer::json("[]").header("etag", "\"7\""),
        ("GET", "/zen") => Answer::new(200, "Design for failure.\n"),
        _ => Answer::new(404, r#"{"message":"Not Found"}"#),
    }
}
