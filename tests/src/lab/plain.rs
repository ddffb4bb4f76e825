//! A plain reqwest, used as its documentation shows: `send`, `error_for_status`, and `json`, `text` or
//! `bytes`. It has only the settings that the case needs (timeouts, certificates, proxy, …).

use std::{fmt, time::Duration};

use backstop::testing;
use reqwest::redirect;
use tokio::time::sleep;

use super::{
    case::{Body, Client, Read, Trust},
    client::{self, Chunks, Document, Done, Unserializable},
    stage::Stage,
};

/// The facts of the outcome that a program can see.
#[derive(Debug)]
pub(super) enum Answer {
    /// The predicates of the error that are true.
    Predicates(Vec<&'static str>),
    /// The error of another crate than reqwest, by its type.
    Foreign(&'static str),
    Success,
    Hang,
    Panic,
    /// The case cannot be run.
    Unfit(String),
}

impl From<reqwest::Error> for Answer {
    fn from(error: reqwest::Error) -> Self {
        let predicates = [
            ("is_builder", error.is_builder()),
            ("is_request", error.is_request()),
            ("is_connect", error.is_connect()),
            ("is_dns", error.is_dns()),
            ("is_timeout", error.is_timeout()),
            ("is_redirect", error.is_redirect()),
            ("is_status", error.is_status()),
            ("is_body", error.is_body()),
            ("is_decode", error.is_decode()),
            ("is_upgrade", error.is_upgrade()),
        ];
        Self::Predicates(
            predicates.into_iter().filter_map(|(name, is)| is.then_some(name)).collect(),
        )
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Predicates(predicates) if predicates.is_empty() => f.write_str("none"),
            Self::Predicates(predicates) => {
                let names: Vec<_> = predicates.iter().map(|name| format!("`{name}`")).collect();
                f.write_str(&names.join(" + "))
            }
            Self::Foreign(error) => write!(f, "`{error}`"),
            Self::Success => f.write_str("*success*"),
            Self::Hang => f.write_str("*hangs*"),
            Self::Panic => f.write_str("*panics*"),
            Self::Unfit(why) => write!(f, "not run: {why}"),
        }
    }
}

pub(super) async fn perform(case: Client, stage: &mut Stage) -> Answer {
    match attempt(&case, stage).await {
        Ok(()) => Answer::Success,
        Err(answer) => answer,
    }
}

async fn attempt(case: &Client, stage: &mut Stage) -> Result<(), Answer> {
    let client = build(case, stage)?;
    let url = stage.fill(&case.url);
    if case.warmup {
        client.get(&url).send().await?.bytes().await?;
        sleep(Duration::from_millis(case.warmup_pause_ms)).await;
    }
    let method = reqwest::Method::from_bytes(case.method.as_bytes())
        .map_err(|_| Answer::Foreign("http::method::InvalidMethod"))?;
    let mut request = client.request(method, url);
    for (name, value) in &case.headers {
        request = request.header(name, value);
    }
    request = match &case.body {
        None => request,
        Some(Body::Text { text }) => request.body(text.clone()),
        Some(Body::Fill { byte, n }) => request.body(byte.repeat(*n)),
        Some(Body::Stream { chunks, then }) => {
            request.body(reqwest::Body::wrap_stream(Chunks::new(chunks, *then)))
        }
        Some(Body::JsonUnserializable) => request.json(&Unserializable),
    };
    let mut response = request.send().await?;
    if case.raise_for_status {
        response = response.error_for_status()?;
    }
    match case.read {
        None => {}
        Some(Read::Json) => drop(response.json::<Document>().await?),
        Some(Read::Text) => drop(response.text().await?),
        // It has no other way to read a stream to its end.
        Some(Read::Bytes | Read::Stream(_)) => drop(response.bytes().await?),
        Some(Read::Line) => while response.chunk().await?.is_some_and(|it| !it.contains(&b'\n')) {},
        Some(Read::Exactly(mut left)) => {
            while left > 0
                && let Some(chunk) = response.chunk().await?
            {
                left = left.saturating_sub(chunk.len());
            }
        }
    }
    Ok(())
}

/// The authority of the lab's certificates.
fn authority() -> reqwest::Result<reqwest::Certificate> {
    reqwest::Certificate::from_pem(testing::Certificate::authority_pem().as_bytes())
}

fn build(case: &Client, stage: &mut Stage) -> Result<reqwest::Client, Answer> {
    let mut builder = reqwest::Client::builder();
    builder = match &case.proxy {
        None => builder.no_proxy(),
        Some(url) => builder.proxy(reqwest::Proxy::all(stage.fill(url))?),
    };
    if case.trust.is_none_or(|trust| trust == Trust::System) && !case.url.starts_with("https") {
        // The platform's certificates take long to load, and are not asked for.
        builder = builder.tls_certs_only([authority()?]);
    }
    if case.http2 {
        builder = builder.http2_prior_knowledge();
    }
    if case.trust == Some(Trust::TestCa) {
        builder = builder.tls_certs_only([authority()?]);
    }
    for setting in client::settings(case, stage).map_err(|done| match done {
        Done::NotMade(error) => error.into(),
        other => Answer::Unfit(format!("{other:?}")),
    })? {
        builder = setting(builder);
    }
    let timeouts = &case.timeouts_ms;
    // Zero is no limit.
    if let Some(total) = timeouts.total.filter(|total| *total > 0) {
        builder = builder.timeout(Duration::from_millis(total));
    }
    if let Some(connect) = timeouts.connect.or(timeouts.sock_connect) {
        builder = builder.connect_timeout(Duration::from_millis(connect));
    }
    if let Some(read) = timeouts.sock_read {
        builder = builder.read_timeout(Duration::from_millis(read));
    }
    builder = match (case.allow_redirects, case.max_redirects) {
        (false, _) => builder.redirect(redirect::Policy::none()),
        // The case's limit is that of the redirect that is refused.
        (true, Some(at)) => {
            builder.redirect(redirect::Policy::limited(at.saturating_sub(1) as usize))
        }
        (true, None) => builder,
    };
    Ok(builder.build()?)
}
