//! Recording: writes the exchanges of a session to a file that a script can replay.
//!
//! A recorder wraps the client and passes each hop on. It hides the same secrets that error messages hide,
//! before it stores anything.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    fmt, fs,
    future::Future,
    io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use http_body::{Body, Frame};
use serde_json::{Value, json};

use super::{
    recorded::Recorded,
    reply::Reply,
    script::{Current, Script},
};
use crate::{
    classify::NoHead,
    error::{Error, ErrorKind},
    redact,
    request::is_secret,
    retry::budget::Budget,
    session::Session,
    timers::AttemptTimers,
    transport::{Head, Outgoing, ReceivedBody, Sender, StandIn, StandInFuture},
};

/// The replacement for a secret.
const REDACTED: &str = "REDACTED";

/// Records requests and responses to a file for [`Script::replay`], so that tests can run without the server.
///
/// Each hop is passed on to the network, and recorded with its method, URL and headers, and with the response
/// as it arrived or the kind of the error. As in error messages, user information, query values and the
/// values of headers that carry credentials are hidden. Request bodies are left out. **Response bodies are
/// recorded unchanged**: check the file before you publish it.
///
/// ```
/// use backstop::{Error, Request, Session, testing::{Recorder, Script, Server}};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let script = Script::new();
/// # script.get("/users/{id}").text("Ada");
/// # let server = Server::start(&script);
/// # let api = Session::builder().base_url(server.url()).no_proxy().build()?;
/// # let path = std::env::temp_dir().join("backstop-recorder-example.json");
/// let get = || Request::get("/users/{id}?key={key}").path("id", &7).query_param("key", "s3cret");
///
/// // Once, with the server running:
/// let recorder = Recorder::new(&path);
/// recorder.run(api.fetch(get())).await?;
/// recorder.save()?;
///
/// // In the tests:
/// let script = Script::replay(&path)?;
/// assert_eq!(script.run(api.fetch(get())).await?.text()?, "Ada");
/// # assert!(!std::fs::read_to_string(&path)?.contains("s3cret"));
/// # std::fs::remove_file(&path)?;
/// # Ok(())
/// # }
/// ```
///
/// The file is written by [`save`](Recorder::save), and when a recorder with unsaved exchanges is dropped.
pub struct Recorder {
    log: Arc<Log>,
    path: PathBuf,
}

/// The recorded exchanges, in the order in which they were sent.
#[derive(Default)]
pub(super) struct Log(Mutex<Exchanges>);

#[derive(Default)]
struct Exchanges {
    all: Vec<Value>,
    is_saved: bool,
}

impl Recorder {
    /// Creates a recorder that will write this file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { log: Arc::default(), path: path.into() }
    }

    /// Runs a future, and records every call that is awaited in it, whichever session makes the call. Tasks
    /// that the future spawns are not recorded.
    pub fn run<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        Current::Recorder(Arc::clone(&self.log)).scope(future)
    }

    /// Returns a session with the settings of this one, whose calls are recorded wherever they are awaited.
    /// It has its own retry budget.
    pub fn session(&self, session: &Session) -> Session {
        let (log, beneath) = (Arc::clone(&self.log), session.clone());
        session.with_stand_in(Box::new(move |budget| {
            Arc::new(Recording {
                log: Arc::clone(&log),
                beneath: Beneath::Session(beneath.clone(), budget),
            })
        }))
    }

    /// Writes the file.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn save(&self) -> io::Result<()> {
        let mut exchanges = self.log.exchanges();
        let file = json!({ "exchanges": exchanges.all });
        let text = serde_json::to_string_pretty(&file)?;
        fs::write(&self.path, text + "\n")?;
        exchanges.is_saved = true;
        Ok(())
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let is_saved = {
            let exchanges = self.log.exchanges();
            exchanges.is_saved || exchanges.all.is_empty()
        };
        if !is_saved && let Err(error) = self.save() {
            tracing::error!("cannot write the recording: {error}");
        }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("path", &self.path)
            .field("exchanges", &self.log.exchanges().all.len())
            .finish()
    }
}

impl Log {
    fn exchanges(&self) -> MutexGuard<'_, Exchanges> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores the request of an exchange, and returns the number of the exchange.
    fn begin(&self, request: Value) -> usize {
        let mut exchanges = self.exchanges();
        exchanges.is_saved = false;
        exchanges.all.push(json!({ "request": request }));
        exchanges.all.len() - 1
    }

    fn end(&self, number: usize, key: &str, value: Value) {
        let mut exchanges = self.exchanges();
        exchanges.is_saved = false;
        exchanges.all[number][key] = value;
    }
}

/// A recorder that wraps the client of one call.
pub(super) struct Recording {
    log: Arc<Log>,
    beneath: Beneath,
}

enum Beneath {
    Sender(Box<Sender>),
    Session(Session, Arc<Budget>),
}

impl Recording {
    pub(super) fn new(log: Arc<Log>, sender: Sender) -> Self {
        Self { log, beneath: Beneath::Sender(Box::new(sender)) }
    }

    async fn pass_on(&self, outgoing: Outgoing) -> Result<Head, NoHead> {
        let sending = match &self.beneath {
            Beneath::Sender(sender) => sender.send(outgoing)?,
            Beneath::Session(session, _) => session.transport().sender()?.send(outgoing)?,
        };
        sending.await
    }
}

impl StandIn for Recording {
    fn begin(&self, _: Cow<'static, str>) {}

    fn send(self: Arc<Self>, outgoing: Outgoing) -> StandInFuture {
        Box::pin(async move {
            let number = self.log.begin(json!({
                "method": outgoing.method.as_str(),
                "url": redact::url(&outgoing.url).as_str(),
                "headers": headers(&outgoing.headers),
            }));
            match self.pass_on(outgoing).await {
                Ok(head) => Ok(record(head, Arc::clone(&self.log), number)),
                Err(no_head) => {
                    let kind = no_head.error.kind();
                    self.log.end(number, "error", kind.name().into());
                    Err(no_head)
                }
            }
        })
    }

    fn budget(&self) -> &Budget {
        match &self.beneath {
            Beneath::Sender(sender) => sender.budget(),
            Beneath::Session(_, budget) => budget,
        }
    }

    fn describe(&self, error: Error, _: &AttemptTimers) -> Error {
        error
    }

    fn has_refused(&self) -> bool {
        false
    }
}

/// Records the head of the response; its body is recorded while it is read.
fn record(head: Head, log: Arc<Log>, number: usize) -> Head {
    let Head { response, announced, url } = head;
    let kept = json!({
        "status": response.status().as_u16(),
        "headers": headers(response.headers()),
    });
    let response = response.map(|body| {
        ReceivedBody::StandIn(Box::pin(Tee {
            body: Mutex::new(body),
            so_far: BytesMut::new(),
            failed: None,
            kept,
            log,
            number,
        }))
    });
    Head { response, announced, url }
}

/// A body that is recorded while it is read, up to the point where its reader stops.
struct Tee {
    /// The lock makes it `Sync`.
    body: Mutex<ReceivedBody>,
    so_far: BytesMut,
    failed: Option<ErrorKind>,
    kept: Value,
    log: Arc<Log>,
    number: usize,
}

impl Body for Tee {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let body = self.body.get_mut().unwrap_or_else(PoisonError::into_inner);
        let data = ready!(body.poll_data(context));
        Poll::Ready(data.map(|data| match data {
            Ok(data) => {
                self.so_far.extend_from_slice(&data);
                Ok(Frame::data(data))
            }
            Err(error) => {
                self.failed = Some(error.kind());
                Err(error)
            }
        }))
    }
}

impl Drop for Tee {
    fn drop(&mut self) {
        let mut kept = std::mem::take(&mut self.kept);
        match std::str::from_utf8(&self.so_far) {
            Ok(text) => kept["text"] = text.into(),
            Err(_) => kept["base64"] = BASE64_STANDARD.encode(&self.so_far).into(),
        }
        if let Some(kind) = self.failed {
            kept["broken"] = kind.name().into();
        }
        self.log.end(self.number, "response", kept);
    }
}

/// Headers as pairs, with secrets hidden.
fn headers(headers: &HeaderMap) -> Value {
    let pairs = headers.iter().map(|(name, value)| json!([name.as_str(), shown(name, value)]));
    pairs.collect()
}

fn shown(name: &HeaderName, value: &HeaderValue) -> String {
    let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
    match *name {
        _ if value.is_sensitive() || is_secret(name) => REDACTED.to_owned(),
        header::LOCATION | header::CONTENT_LOCATION | header::REFERER => {
            redact::template(text.into()).into_owned()
        }
        _ => text,
    }
}

impl Script {
    /// Creates a script from the file of a [`Recorder`]. Requests with the same method, path and query names
    /// are answered in the order in which they were recorded; the last answer is repeated.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or is not a recording.
    #[track_caller]
    pub fn replay(path: impl AsRef<Path>) -> io::Result<Self> {
        let text = fs::read_to_string(path)?;
        let file: Value = serde_json::from_str(&text)?;
        let script = Self::new();
        let mut routes: Vec<((String, String), Vec<Reply>)> = Vec::new();
        for exchange in file["exchanges"].as_array().ok_or_else(|| no_recording("exchanges"))? {
            let text = |key: &str| {
                exchange["request"][key]
                    .as_str()
                    .map(str::to_owned)
                    .ok_or_else(|| no_recording(key))
            };
            let asked = (text("method")?, text("url")?);
            let reply = reply(exchange)?;
            match routes.iter_mut().find(|(other, _)| *other == asked) {
                Some((_, replies)) => replies.push(reply),
                None => routes.push((asked, vec![reply])),
            }
        }
        for ((method, url), replies) in routes {
            let (path, query) = url.split_once('?').unwrap_or((&url, ""));
            let mut route = script.route(method, path);
            let names: BTreeSet<String> = names(query.as_bytes());
            for name in &names {
                route = route.with_any_query(name);
            }
            // A request with more names is a different request.
            let has_no_more = move |request: &Recorded| {
                let query = request.url().query().unwrap_or_default();
                self::names(query.as_bytes()).is_subset(&names)
            };
            route.when(has_no_more).replies(replies);
        }
        Ok(script)
    }
}

/// The names in a query, decoded.
fn names(query: &[u8]) -> BTreeSet<String> {
    url::form_urlencoded::parse(query).map(|(name, _)| name.into_owned()).collect()
}

fn no_recording(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("this is not a recording: `{what}` is missing"),
    )
}

/// The reply of an exchange. An exchange that did not end, because its future was dropped, is silence.
fn reply(exchange: &Value) -> io::Result<Reply> {
    if let Some(error) = exchange["error"].as_str() {
        return Ok(Reply::fault(kind(error)?));
    }
    let response = &exchange["response"];
    if response.is_null() {
        return Ok(Reply::silence());
    }
    let status = response["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    let status = status.filter(|status| (100..1000).contains(status));
    let body = match (response["text"].as_str(), response["base64"].as_str()) {
        (Some(text), _) => Bytes::copy_from_slice(text.as_bytes()),
        (None, Some(base64)) => {
            BASE64_STANDARD.decode(base64).map_err(|_| no_recording("base64"))?.into()
        }
        (None, None) => return Err(no_recording("text")),
    };
    let mut reply = Reply::status(status.ok_or_else(|| no_recording("status"))?);
    reply = match response["broken"].as_str() {
        None => reply.with_bytes(body),
        Some(broken) => match kind(broken)? {
            ErrorKind::Body(leaf) => reply.part(body).breaks(leaf),
            _ => reply.part(body).stalls(),
        },
    };
    let pairs = response["headers"].as_array().ok_or_else(|| no_recording("headers"))?;
    for pair in pairs {
        let (Some(name), Some(value)) = (pair[0].as_str(), pair[1].as_str()) else {
            return Err(no_recording("headers"));
        };
        let header = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value));
        let (Ok(name), Ok(value)) = header else { return Err(no_recording("headers")) };
        // The recorded body is complete, and has a length.
        if name != header::TRANSFER_ENCODING {
            reply.head.headers.append(name, value);
        }
    }
    Ok(reply)
}

/// The kind of this name.
fn kind(name: &str) -> io::Result<ErrorKind> {
    ErrorKind::all()
        .find(|kind| kind.name() == name)
        .ok_or_else(|| no_recording("the name of an error"))
}
