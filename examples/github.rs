//! A dozen operations of GitHub's API in one group: each has only its own keys.
//!
//! Run it with `cargo run --example github`: it starts its own servers.

mod octocat;

use std::fmt::Write as _;

use backstop::{Error, HeaderMap, Pages, Session, StatusCode, header, requests};
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

struct Repo<'a> {
    session: Session,
    uploads: String,
    token: &'a str,
    owner: &'a str,
    name: &'a str,
}

#[requests(
    base = "/repos/{self.owner}/{self.name}",
    session = self.session,
    bearer = self.token,
    header("accept" = "application/vnd.github+json", "x-github-api-version" = "2022-11-28"),
    timeout = 10s,
    retry = 2,
    on_error(Status(401 | 403) => log, Connect | Timeout => log(warn)),
)]
impl Repo<'_> {
    /// Paginated by the `Link` header.
    #[request(get = "/issues?{state}&{per_page}")]
    async fn issues(&self, state: Option<&str>, per_page: u8) -> Result<Pages<Vec<Issue>>, Error>;

    #[request(get = "/issues/{number}", on_error(Status(404 | 410) => recover(None)))]
    async fn issue(&self, number: u64) -> Result<Option<Issue>, Error>;

    #[request(post = "/issues", json = issue)]
    async fn open(&self, issue: &NewIssue<'_>) -> Result<Issue, Error>;

    #[request(patch = "/issues/{number}", json = Change { state: "closed" })]
    async fn close(&self, number: u64) -> Result<Issue, Error>;

    /// With an optional body.
    #[request(put = "/issues/{number}/lock", json(optional) = lock)]
    async fn lock(&self, number: u64, lock: Option<Lock<'_>>) -> Result<(), Error>;

    #[request(delete = "/issues/{number}/lock")]
    async fn unlock(&self, number: u64) -> Result<(), Error>;

    /// 204 is yes, 404 is no.
    #[request(get = "/assignees/{login}", on_error(Status(404) => recover(None)))]
    async fn can_be_assigned(&self, login: &str) -> Result<Option<()>, Error>;

    /// `None` if it has not changed.
    #[request(get = "", expect(200 | 304), header("if-none-match" = etag))]
    async fn changed(&self, etag: &str) -> Result<Option<String>, Error>;

    #[request(get = "/labels")]
    async fn etag_of_labels(&self, #[response] headers: HeaderMap) -> Result<String, Error> {
        let etag = headers.get(header::ETAG).and_then(|etag| etag.to_str().ok());
        Ok(etag.unwrap_or_default().to_owned())
    }

    #[request(post = "/dispatches", json = event)]
    async fn dispatch(&self, event: &[(&str, &str)]) -> Result<StatusCode, Error>;

    /// Another host, without the group's `base`.
    #[request(
        post = "{self.uploads}/repos/{self.owner}/{self.name}/releases/{release}/assets?{name}",
        body = bytes,
        header("content-type" = "application/zip"),
    )]
    async fn upload(&self, release: u64, name: &str, bytes: Vec<u8>) -> Result<Asset, Error>;

    #[request(get = "/zen", header("accept" = "text/plain"), retry = 0)]
    async fn zen(&self, #[response] text: String) -> Result<String, Error> {
        Ok(text.trim().to_owned())
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
    let session = Session::builder().base_url(server.url()).no_proxy().build()?;
    let repo =
        Repo { session, uploads: uploads.url(), token: "secret", owner: "octocat", name: "hello" };
    let mut out = String::new();

    let mut issues = repo.issues(Some("open"), 2).await?.items();
    while let Some(Issue { number, title }) = issues.item().await? {
        writeln!(out, "#{number} {title}")?;
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
    writeln!(out, "ada: {}, bob: {}", ada.is_some(), bob.is_some())?;
    let changed = (repo.changed("\"1\"").await?, repo.changed("\"0\"").await?);
    writeln!(out, "changed: {:?}, {:?}", changed.0, changed.1)?;
    writeln!(out, "labels are at {}", repo.etag_of_labels().await?)?;
    writeln!(out, "dispatched: {}", repo.dispatch(&[("event_type", "build")]).await?)?;
    let Asset { name, size } = repo.upload(1, "a b.zip", vec![0; 64]).await?;
    writeln!(out, "stored {name}, {size} bytes; {}", repo.zen().await?)?;
    Ok(out)
}
