//! The operations of `github.rs` by hand on reqwest. `docs/by_hand.md` compares both.
//!
//! Run it with `cargo run --example github_by_hand`: it starts its own servers.

mod octocat;

use std::{fmt::Write as _, time::Duration};

use reqwest::{
    Client, Method, RequestBuilder, Response, StatusCode, Url,
    header::{self, HeaderMap, HeaderValue},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
struct Issue {
    number: u64,
    title: String,
}

#[derive(Debug, Serialize)]
struct NewIssue<'a> {
    title: &'a str,
}

#[derive(Debug, Serialize)]
struct Change {
    state: &'static str,
}

#[derive(Debug, Serialize)]
struct Lock<'a> {
    lock_reason: &'a str,
}

#[derive(Debug, Deserialize)]
struct Asset {
    name: String,
    size: usize,
}

#[derive(Debug)]
enum Error {
    Request(reqwest::Error),
    /// A status that is not success, and the body.
    Status(StatusCode, String),
    /// The call with its retries took too long.
    Timeout,
    /// A path or a link that is not a URL of the server.
    Url,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Request(error) => error.fmt(f),
            Self::Status(status, body) => write!(f, "{status}: {body}"),
            Self::Timeout => f.write_str("the call timed out"),
            Self::Url => f.write_str("not a URL of the server"),
        }
    }
}

impl std::error::Error for Error {}

impl From<reqwest::Error> for Error {
    fn from(error: reqwest::Error) -> Self {
        Self::Request(error)
    }
}

struct Repo<'a> {
    client: Client,
    api: Url,
    uploads: Url,
    token: &'a str,
    owner: &'a str,
    name: &'a str,
}

impl Repo<'_> {
    /// A path below the repository. A value that would add a segment is refused.
    fn url(&self, server: &Url, path: &[&str]) -> Result<Url, Error> {
        let mut url = server.clone();
        let whole = ["repos", self.owner, self.name].into_iter().chain(path.iter().copied());
        for segment in whole {
            if ["", ".", ".."].contains(&segment) {
                return Err(Error::Url);
            }
            url.path_segments_mut().map_err(|()| Error::Url)?.pop_if_empty().push(segment);
        }
        Ok(url)
    }

    fn request(&self, method: Method, path: &[&str]) -> Result<RequestBuilder, Error> {
        Ok(self.request_of(method, self.url(&self.api, path)?))
    }

    fn request_of(&self, method: Method, url: Url) -> RequestBuilder {
        self.client
            .request(method, url)
            .bearer_auth(self.token)
            .header(header::ACCEPT, "application/vnd.github+json")
            .header("x-github-api-version", "2022-11-28")
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Error> {
        let sent = tokio::time::timeout(Duration::from_secs(10), self.attempts(request)).await;
        let outcome = sent.unwrap_or(Err(Error::Timeout));
        match &outcome {
            Err(Error::Status(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _)) => {
                eprintln!("error: refused");
            }
            Err(Error::Request(error)) if error.is_connect() => eprintln!("warning: {error}"),
            Err(error @ Error::Timeout) => eprintln!("warning: {error}"),
            _ => {}
        }
        outcome
    }

    /// Retries a request if it is safe to repeat, or was not sent.
    async fn attempts(&self, request: RequestBuilder) -> Result<Response, Error> {
        let mut wait = Duration::from_millis(100);
        for _ in 0..2 {
            let Some(again) = request.try_clone() else { break };
            let is_idempotent = again.try_clone().is_some_and(|request| {
                let method = request.build().map(|request| request.method().clone());
                method.is_ok_and(|method| method.is_idempotent())
            });
            match once(again).await {
                Err(Error::Request(error)) if error.is_connect() => {}
                Err(Error::Request(error)) if is_idempotent && error.is_request() => {}
                Err(Error::Status(status, _)) if is_idempotent && is_temporary(status) => {}
                outcome => return outcome,
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        once(request).await
    }

    /// One page, and the URL of the next.
    async fn issues(&self, url: Url) -> Result<(Vec<Issue>, Option<Url>), Error> {
        let response = self.send(self.request_of(Method::GET, url)).await?;
        let next = next_page(&response)?;
        Ok((response.json().await?, next))
    }

    fn first_issues(&self, state: Option<&str>, per_page: u8) -> Result<Url, Error> {
        let mut url = self.url(&self.api, &["issues"])?;
        if let Some(state) = state {
            url.query_pairs_mut().append_pair("state", state);
        }
        url.query_pairs_mut().append_pair("per_page", &per_page.to_string());
        Ok(url)
    }

    async fn issue(&self, number: u64) -> Result<Option<Issue>, Error> {
        let request = self.request(Method::GET, &["issues", &number.to_string()])?;
        match self.send(request).await {
            Ok(response) => Ok(Some(response.json().await?)),
            Err(Error::Status(StatusCode::NOT_FOUND | StatusCode::GONE, _)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn open(&self, issue: &NewIssue<'_>) -> Result<Issue, Error> {
        let request = self.request(Method::POST, &["issues"])?.json(issue);
        Ok(self.send(request).await?.json().await?)
    }

    async fn close(&self, number: u64) -> Result<Issue, Error> {
        let request = self.request(Method::PATCH, &["issues", &number.to_string()])?;
        Ok(self.send(request.json(&Change { state: "closed" })).await?.json().await?)
    }

    async fn lock(&self, number: u64, lock: Option<Lock<'_>>) -> Result<(), Error> {
        let mut request = self.request(Method::PUT, &["issues", &number.to_string(), "lock"])?;
        if let Some(lock) = lock {
            request = request.json(&lock);
        }
        self.send(request).await.map(|_| ())
    }

    async fn unlock(&self, number: u64) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["issues", &number.to_string(), "lock"])?;
        self.send(request).await.map(|_| ())
    }

    async fn can_be_assigned(&self, login: &str) -> Result<bool, Error> {
        match self.send(self.request(Method::GET, &["assignees", login])?).await {
            Ok(_) => Ok(true),
            Err(Error::Status(StatusCode::NOT_FOUND, _)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn changed(&self, etag: &str) -> Result<Option<String>, Error> {
        let request = self.request(Method::GET, &[])?.header(header::IF_NONE_MATCH, etag);
        match self.send(request).await {
            Ok(response) => Ok(Some(response.text().await?)),
            Err(Error::Status(StatusCode::NOT_MODIFIED, _)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn etag_of_labels(&self) -> Result<String, Error> {
        let response = self.send(self.request(Method::GET, &["labels"])?).await?;
        let etag = response.headers().get(header::ETAG).and_then(|etag| etag.to_str().ok());
        Ok(etag.unwrap_or_default().to_owned())
    }

    async fn dispatch(&self, event: &[(&str, &str)]) -> Result<StatusCode, Error> {
        let request = self.request(Method::POST, &["dispatches"])?.json(event);
        Ok(self.send(request).await?.status())
    }

    async fn upload(&self, release: u64, name: &str, bytes: Vec<u8>) -> Result<Asset, Error> {
        let path = ["releases", &release.to_string(), "assets"];
        let mut url = self.url(&self.uploads, &path)?;
        url.query_pairs_mut().append_pair("name", name);
        let request = self.request_of(Method::POST, url);
        let request = request.header(header::CONTENT_TYPE, "application/zip").body(bytes);
        Ok(self.send(request).await?.json().await?)
    }

    async fn zen(&self) -> Result<String, Error> {
        // `header` would add a second `Accept`.
        let accept =
            HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("text/plain"))]);
        let response = once(self.request(Method::GET, &["zen"])?.headers(accept)).await?;
        Ok(response.text().await?.trim().to_owned())
    }
}

async fn once(request: RequestBuilder) -> Result<Response, Error> {
    let response = request.send().await?;
    match response.status() {
        status if status.is_success() => Ok(response),
        status => Err(Error::Status(status, response.text().await.unwrap_or_default())),
    }
}

fn is_temporary(status: StatusCode) -> bool {
    [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::BAD_GATEWAY,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::GATEWAY_TIMEOUT,
    ]
    .contains(&status)
}

/// The target of `rel="next"` in the `Link` header, if it is on the same server.
fn next_page(response: &Response) -> Result<Option<Url>, Error> {
    let link = response.headers().get(header::LINK).and_then(|link| link.to_str().ok());
    let next = link.unwrap_or_default().split(',').find(|link| link.contains("rel=\"next\""));
    let Some(next) = next else { return Ok(None) };
    let target = next.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    let (target, _) = target.ok_or(Error::Url)?;
    let url = response.url().join(target).map_err(|_| Error::Url)?;
    match url.origin() == response.url().origin() {
        true => Ok(Some(url)),
        false => Err(Error::Url),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    print!("{}", report().await?);
    Ok(())
}

/// Calls the operations, and reports their results.
pub(crate) async fn report() -> Result<String, Box<dyn std::error::Error>> {
    let (server, uploads) = (octocat::api(), octocat::uploads());
    let client = Client::builder().no_proxy().build()?;
    let (api, uploads) = (server.url().parse()?, uploads.url().parse()?);
    let repo = Repo { client, api, uploads, token: "secret", owner: "octocat", name: "hello" };
    let mut out = String::new();

    let mut page = Some(repo.first_issues(Some("open"), 2)?);
    while let Some(url) = page {
        let (issues, next) = repo.issues(url).await?;
        for Issue { number, title } in issues {
            writeln!(out, "#{number} {title}")?;
        }
        page = next;
    }
    let missing = repo.issue(404).await?.map(|issue| issue.title);
    writeln!(out, "a missing issue: {missing:?}")?;
    let opened = repo.open(&NewIssue { title: "It fails" }).await?;
    let closed = repo.close(opened.number).await?;
    writeln!(out, "opened #{}, closed #{}", opened.number, closed.number)?;
    repo.lock(3, Some(Lock { lock_reason: "spam" })).await?;
    repo.lock(4, None).await?;
    repo.unlock(3).await?;
    let (ada, bob) = (repo.can_be_assigned("ada").await?, repo.can_be_assigned("bob").await?);
    writeln!(out, "ada: {ada}, bob: {bob}")?;
    let changed = (repo.changed("\"1\"").await?, repo.changed("\"0\"").await?);
    writeln!(out, "changed: {:?}, {:?}", changed.0, changed.1)?;
    writeln!(out, "labels are at {}", repo.etag_of_labels().await?)?;
    writeln!(out, "dispatched: {}", repo.dispatch(&[("event_type", "build")]).await?)?;
    let Asset { name, size } = repo.upload(1, "a b.zip", vec![0; 64]).await?;
    writeln!(out, "stored {name}, {size} bytes; {}", repo.zen().await?)?;
    Ok(out)
}
