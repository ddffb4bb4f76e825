//! The client's side of a case: a session, a request, and the reading of the response.

use std::{
    collections::{BTreeMap, VecDeque},
    future::Future as _,
    io,
    ops::RangeInclusive,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use backstop::{Error, Request, Response, Retry, Session, reqwest, testing::Certificate};
use futures_core::Stream;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};
use tokio::time::{Sleep, sleep};

use super::{
    case::{Body, Client, LocalAddress, Read, Resolver, Then, Trust},
    stage::Stage,
    streams,
};

/// The outcome of a case.
#[derive(Debug)]
pub(super) enum Done {
    /// A success, and the content that was read.
    Read {
        status: u16,
        attempts: u32,
        value: Value,
    },
    Failed(Error),
    /// A constructor of reqwest refused a setting, before the library was called.
    NotMade(reqwest::Error),
    /// The case cannot be run.
    Unfit(String),
}

/// The timer that stands for aiohttp's timeout between two reads. The idle timeout covers only the body: if
/// the silence is before the head, the attempt timeout is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ReadTimer {
    Idle,
    Attempt,
}

/// What `read: json` reads: an object, as the servers send. A struct would do, but serde reads those
/// from arrays too.
pub(super) type Document = BTreeMap<String, Value>;

/// Every status. A redirect that counts as success is not followed.
const ANY: &[RangeInclusive<u16>] = &[200..=999];
/// Every status except redirects.
const ANSWERED: &[RangeInclusive<u16>] = &[200..=300, 304..=306, 309..=999];
/// The statuses that `raise_for_status` accepts.
const NO_ERROR: &[RangeInclusive<u16>] = &[200..=399];
const NO_ERROR_ANSWERED: &[RangeInclusive<u16>] = &[200..=300, 304..=306, 309..=399];

/// What carries the requests of the cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// The session's own sender, where a case asks for nothing that only reqwest's client has.
    Direct,
    /// reqwest's client.
    Reqwest,
}

/// The session of a case.
pub(super) enum With {
    Own(Transport),
    /// A session of its own, with this number of retries.
    Retrying(u32),
    Shared(Session),
}

/// Sends the request of a case.
pub(super) async fn perform(
    client: Client,
    stage: &mut Stage,
    timer: ReadTimer,
    with: With,
) -> Done {
    let session = match with {
        With::Shared(session) => Ok(session),
        With::Own(transport) => session(&client, stage, transport, 0),
        With::Retrying(times) => session(&client, stage, Transport::Direct, times),
    };
    let session = match session {
        Ok(session) => session,
        Err(done) => return *done,
    };
    let url = stage.fill(&client.url);
    if client.warmup {
        let warmup = session.fetch(Request::get(url.clone()).success_statuses(ANY)).await;
        if let Err(error) = warmup {
            return Done::Unfit(format!("the first request failed: {error:#}"));
        }
        sleep(Duration::from_millis(client.warmup_pause_ms)).await;
    }
    let request = request(&client, url, timer);
    let response = match session.fetch(request).await {
        Ok(response) => response,
        Err(error) => return Done::Failed(error),
    };
    let (status, attempts) = (response.status().as_u16(), response.attempts());
    match read(response, client.read).await {
        Ok(value) => Done::Read { status, attempts, value },
        Err(error) => Done::Failed(error),
    }
}

/// Whether a session with the defaults suffices for this client.
pub(super) fn can_share(client: &Client) -> bool {
    let Client {
        timeouts_ms,
        max_redirects,
        trust,
        resolver,
        proxy,
        unix_socket,
        local_addr,
        http2,
        ..
    } = client;
    timeouts_ms.connect.is_none()
        && timeouts_ms.sock_connect.is_none()
        && max_redirects.is_none()
        && matches!(trust, None | Some(Trust::System))
        && matches!(resolver, None | Some(Resolver::Real))
        && proxy.is_none()
        && unix_socket.is_none()
        && local_addr.is_none()
        && !http2
}

fn session(
    client: &Client,
    stage: &mut Stage,
    transport: Transport,
    retries: u32,
) -> Result<Session, Box<Done>> {
    let builder = Session::builder()
        .retry(Retry::times(retries).backoff(Duration::ZERO..Duration::ZERO))
        .use_reqwest(transport == Transport::Reqwest)
        .http2_prior_knowledge(client.http2);
    let mut builder = match (&client.proxy, transport) {
        (None, _) => builder.no_proxy(),
        (Some(url), Transport::Direct) => builder.proxy(stage.fill(url)),
        (Some(url), Transport::Reqwest) => {
            builder.proxy(reqwest::Proxy::all(stage.fill(url)).map_err(Done::NotMade)?)
        }
    };
    if client.trust == Some(Trust::TestCa) {
        builder = builder.root_certificate(Certificate::authority_pem());
    }
    let timeouts = &client.timeouts_ms;
    if let Some(connect) = timeouts.connect.or(timeouts.sock_connect) {
        builder = builder.connect_timeout(Duration::from_millis(connect));
    }
    if let Some(at) = client.max_redirects {
        // The case's limit is that of the redirect that is refused.
        builder = builder.max_redirects(at.saturating_sub(1));
    }
    for setting in settings(client, stage)? {
        builder = builder.configure(setting);
    }
    builder.build().map_err(|error| Box::new(Done::Failed(error)))
}

/// A setting for reqwest's own builder.
pub(super) type Setting =
    Box<dyn Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync>;

pub(super) fn settings(client: &Client, stage: &mut Stage) -> Result<Vec<Setting>, Done> {
    let mut settings: Vec<Setting> = Vec::new();
    match client.trust {
        None | Some(Trust::System | Trust::TestCa) => {}
        Some(Trust::None) => {
            settings.push(Box::new(|client| client.tls_danger_accept_invalid_certs(true)));
        }
    }
    if let Some(resolver) = client.resolver.filter(|resolver| *resolver != Resolver::Real) {
        settings.push(Box::new(move |client| client.dns_resolver(resolver)));
    }
    if let Some(LocalAddress::Host(address) | LocalAddress::Pair((address, _))) = client.local_addr
    {
        settings.push(Box::new(move |client| client.local_address(address)));
    }
    if let Some(path) = &client.unix_socket {
        #[cfg(unix)]
        {
            let path = stage.unix_socket(path).map_err(|error| Done::Unfit(error.to_string()))?;
            settings.push(Box::new(move |client| client.unix_socket(path.as_path())));
        }
        #[cfg(not(unix))]
        return Err(Done::Unfit(format!("no Unix sockets here: {path}")));
    }
    Ok(settings)
}

fn request(client: &Client, url: String, timer: ReadTimer) -> Request {
    let mut request = Request::method(&client.method, url);
    for (name, value) in &client.headers {
        request = request.header(name, value.as_str());
    }
    request = match &client.body {
        None => request,
        Some(Body::Text { text }) => request.body(text.clone()),
        Some(Body::Fill { byte, n }) => request.body(byte.repeat(*n)),
        Some(Body::Stream { chunks, then }) => {
            request.body(backstop::Body::from_stream(Chunks::new(chunks, *then)))
        }
        Some(Body::JsonUnserializable) => request.json(&Unserializable),
    };
    request = request.success_statuses(match (client.raise_for_status, client.allow_redirects) {
        (false, true) => ANSWERED,
        (false, false) => ANY,
        (true, true) => NO_ERROR_ANSWERED,
        (true, false) => NO_ERROR,
    });
    let timeouts = &client.timeouts_ms;
    if let Some(total) = timeouts.total {
        // Zero is no limit.
        request = request.timeout((total > 0).then(|| Duration::from_millis(total)));
    }
    if let Some(read) = timeouts.sock_read.map(Duration::from_millis) {
        request = request.idle_timeout(read);
        if timer == ReadTimer::Attempt {
            request = request.attempt_timeout(read);
        }
    }
    if let Some(Read::Stream(stream)) = client.read {
        return streams::request(request, stream);
    }
    // What does not read the body leaves it.
    request.streaming(matches!(client.read, None | Some(Read::Line | Read::Exactly(_))))
}

async fn read(response: Response, how: Option<Read>) -> Result<Value, Error> {
    Ok(match how {
        None => Value::Null,
        Some(Read::Json) => json!(response.json::<Document>()?),
        Some(Read::Text) => response.text()?.into(),
        Some(Read::Bytes) => response.bytes()?.len().into(),
        Some(Read::Line) => {
            let line = collect(response, |line| line.contains(&b'\n')).await?;
            let end = line.iter().position(|byte| *byte == b'\n').map_or(line.len(), |at| at + 1);
            end.into()
        }
        Some(Read::Stream(stream)) => streams::read(response, stream).await?.into(),
        Some(Read::Exactly(n)) => {
            collect(response, |body| body.len() >= n).await?.len().min(n).into()
        }
    })
}

/// Reads a body until it is enough.
async fn collect(response: Response, enough: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>, Error> {
    let (mut stream, mut body) = (response.into_stream(), Vec::new());
    while !enough(&body) {
        match stream.part().await? {
            Some(part) => body.extend_from_slice(&part),
            None => break,
        }
    }
    Ok(body)
}

/// A request body in chunks, which may then fail.
pub(super) struct Chunks {
    left: VecDeque<String>,
    then: Option<Then>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Chunks {
    pub(super) fn new(chunks: &[String], then: Then) -> Self {
        Self { left: chunks.iter().cloned().collect(), then: Some(then), pause: None }
    }
}

impl Stream for Chunks {
    type Item = io::Result<String>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(context));
            self.pause = None;
        }
        if let Some(chunk) = self.left.pop_front() {
            self.pause = Some(Box::pin(sleep(Duration::from_millis(50))));
            return Poll::Ready(Some(Ok(chunk)));
        }
        Poll::Ready(match self.then.take() {
            None | Some(Then::End) => None,
            Some(Then::Raise) => Some(Err(io::Error::other("the source of the body broke"))),
            // EIO, as a disk reports it.
            Some(Then::RaiseOs) => Some(Err(io::Error::from_raw_os_error(5))),
        })
    }
}

/// A value that cannot be serialized.
pub(super) struct Unserializable;

impl Serialize for Unserializable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("this value has no form"))
    }
}
