//! An API client as a struct: annotated methods over one session.
//!
//! Run it with `cargo run --example client`: it starts its own server.

mod server;

use std::{
    fmt,
    pin::Pin,
    sync::atomic::{AtomicU32, Ordering},
    task::{Context, Poll},
};

use backstop::{Body, BodyStream, Bytes, Error, HeaderMap, Json, Session, StatusCode, request};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct User {
    id: u64,
    name: String,
    email: Option<String>,
}

/// The filters of a search; `None` is left out of the query.
#[derive(Debug, Default, Serialize)]
struct Filter<'a> {
    name: Option<&'a str>,
    tag: &'a [&'a str],
}

/// The errors of this program.
enum ApiError {
    NoSuchUser(u64),
    Request(Error),
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchUser(id) => write!(f, "there is no user {id}"),
            Self::Request(error) => write!(f, "{error:#}"),
        }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self::Request(error)
    }
}

struct Api {
    session: Session,
    token: String,
    failures: AtomicU32,
}

impl Api {
    /// An arm that fails with an error of the program.
    #[request(
        get = "/users/{id}",
        session = self.session,
        bearer = &self.token,
        on_error(
            Status(404) => fail(ApiError::NoSuchUser(id)),
            _ => self.count_failure(),
        ),
    )]
    async fn user(&self, id: u64) -> Result<User, ApiError>;

    /// A query from a struct, and a default if the request fails.
    #[request(
        get = "/users?limit={limit}",
        session = self.session,
        query = filter,
        on_error = log(warn),
        fallback = Vec::new(),
    )]
    async fn search(&self, filter: &Filter<'_>, limit: Option<u32>) -> Vec<User>;

    /// A JSON body, and several values from the response.
    #[request(post = "/users", session = self.session, json = user, expect(201))]
    async fn create(
        &self,
        user: &User,
        #[response] status: StatusCode,
        #[response] headers: HeaderMap,
        #[response] Json(created): Json<User>,
    ) -> Result<(User, String), ApiError> {
        let location = headers.get("location").and_then(|value| value.to_str().ok());
        println!("created with {status}");
        Ok((created, location.unwrap_or_default().to_owned()))
    }

    /// A streamed request body, and a streamed response body.
    #[request(put = "/upload", session = self.session, body = Body::from_stream(lines))]
    async fn upload(
        &self,
        lines: Lines,
        #[response] mut answer: BodyStream,
    ) -> Result<usize, Error> {
        let mut read = 0;
        while let Some(part) = answer.part().await? {
            read += part.len();
        }
        Ok(read)
    }

    fn count_failure(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }
}

/// A stream of three lines.
struct Lines(u8);

impl futures_core::Stream for Lines {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0 += 1;
        Poll::Ready((self.0 <= 3).then(|| Ok(format!("line {}\n", self.0).into())))
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let server = server::start();
    let session = Session::builder().base_url(server.url()).no_proxy().build()?;
    let api = Api { session, token: "s3cret".into(), failures: AtomicU32::new(0) };

    println!("user 7: {:?}", api.user(7).await);
    println!("user 404: {:?}", api.user(404).await);
    let filter = Filter { name: Some("Ada"), tag: &["staff", "on call"] };
    println!("search: {:?}", api.search(&filter, None).await);
    println!("asked: {}", server.last().target);
    let user = User { id: 9, name: "Alan".into(), email: None };
    println!("create: {:?}", api.create(&user).await);
    println!("upload: read {:?} bytes of the answer", api.upload(Lines(0)).await);
    Ok(())
}
