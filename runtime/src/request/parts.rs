//! A request from the other side: what the exchange takes from it, for each attempt and hop.

use std::{borrow::Cow, ops::RangeInclusive, time::Duration};

use http::{HeaderMap, Method, StatusCode, header as names};
use url::Url;

use super::{
    body::{Content, ContentHeaders},
    credentials, header,
    header::set_default,
    template::Template,
    value::Value,
};
use crate::{
    error::{BuildError, Error},
    retry::{IDEMPOTENCY_KEY, Retry, decision::is_idempotent},
    session::Config,
};

/// What the exchange takes apart.
pub(crate) struct Parts {
    pub(crate) method: Method,
    pub(crate) template: Cow<'static, str>,
    pub(super) values: Vec<Value>,
    pub(super) query: String,
    url: Option<Url>,
    pub(super) headers: HeaderMap,
    pub(crate) body: Content,
    pub(super) content_headers: ContentHeaders,
    pub(super) success: &'static [RangeInclusive<u16>],
    pub(crate) timeout: Option<Option<Duration>>,
    pub(crate) attempt_timeout: Option<Option<Duration>>,
    pub(crate) idle_timeout: Option<Option<Duration>>,
    pub(crate) max_body: Option<u64>,
    pub(super) error_body: Option<u64>,
    pub(super) retry: Option<Box<Retry>>,
    pub(crate) streaming: bool,
    pub(super) mistake: Option<Error>,
}

impl Parts {
    /// In the box that a request is, so that no caller has a copy of what makes it.
    pub(super) fn boxed(method: Method, template: Cow<'static, str>) -> Box<Self> {
        Box::new(Self {
            method,
            template,
            values: Vec::new(),
            query: String::new(),
            url: None,
            headers: HeaderMap::new(),
            body: Content::None,
            content_headers: ContentHeaders::default(),
            success: &[200..=299],
            timeout: None,
            attempt_timeout: None,
            idle_timeout: None,
            max_body: None,
            error_body: None,
            retry: None,
            streaming: false,
            mistake: None,
        })
    }

    /// What is settled once for all attempts: the URL of the first hop, and with it who asks, and
    /// the headers that are the call's own.
    pub(crate) fn settle(&mut self, config: &Config) -> Result<(), Error> {
        if let Some(mistake) = self.mistake.take() {
            return Err(mistake);
        }
        let url = self.make_url(config)?;
        self.check_framing(&config.headers)?;
        if let Some(credentials) = config.credentials_for(&url)
            && !config.headers.contains_key(names::AUTHORIZATION)
        {
            set_default(&mut self.headers, names::AUTHORIZATION, credentials.clone())?;
        }
        let retry = self.retry.as_deref();
        if retry.is_some_and(Retry::is_any) && !self.body.is_replayable() {
            return Err(Error::build(
                BuildError::Body,
                "a body that can be sent only once cannot be retried: give its bytes, or no `retry`",
            ));
        }
        if let Some(key) = self.retry(config).and_then(Retry::key)
            && !is_idempotent(&self.method)
        {
            set_default(&mut self.headers, IDEMPOTENCY_KEY, key)?;
        }
        self.url = Some(url);
        Ok(())
    }

    /// Refuses headers that do not fit the body, whoever gave them: what follows on the connection would
    /// be read as the body, or the body as what follows (RFC 9112 §11.2).
    fn check_framing(&self, session: &HeaderMap) -> Result<(), Error> {
        let given = |name| self.headers.get(name).or_else(|| session.get(name));
        if let Some(length) = given(&names::CONTENT_LENGTH)
            && !self.body.has_length(length.as_bytes())
        {
            return Err(Error::build(
                BuildError::Header,
                "`content-length` is not the length of the body: leave it out",
            ));
        }
        if given(&names::EXPECT).is_some() && self.body.is_empty() {
            return Err(Error::build(
                BuildError::Header,
                "`expect` is for a request with a body (RFC 9110 §10.1.1)",
            ));
        }
        Ok(())
    }

    /// The policy of this request, or of its session.
    pub(crate) fn retry<'a>(&'a self, config: &'a Config) -> Option<&'a Retry> {
        self.retry.as_deref().or(config.retry.as_ref())
    }

    /// How much of a body an error keeps, in bytes.
    pub(crate) fn error_body(&self, config: &Config) -> usize {
        let limit = self.error_body.unwrap_or(config.error_body);
        usize::try_from(limit).unwrap_or(usize::MAX)
    }

    /// Whether what was processed can be processed again.
    pub(crate) fn is_repeatable(&self) -> bool {
        is_idempotent(&self.method) || self.headers.contains_key(IDEMPOTENCY_KEY)
    }

    /// The headers of a hop that carries all of them: the request's own, then its body's, then the
    /// session's, each where there is none before. Of the session's, the secret ones and its `Host` are
    /// left out if the hop must not have them.
    pub(crate) fn headers(
        &self,
        session: &Config,
        session_secrets: bool,
    ) -> Result<HeaderMap, Error> {
        let mut headers = self.headers.clone();
        let ContentHeaders { content_type, content_length } = &self.content_headers;
        for (name, value) in
            [(names::CONTENT_TYPE, content_type), (names::CONTENT_LENGTH, content_length)]
        {
            if let Some(value) = value {
                set_default(&mut headers, name, value.clone())?;
            }
        }
        for name in session.headers.keys() {
            if headers.contains_key(name) || !session_secrets && *name == names::HOST {
                continue;
            }
            for value in session.headers.get_all(name) {
                let is_secret = value.is_sensitive() || session.sensitive.contains(name);
                if session_secrets || !is_secret {
                    header::append(&mut headers, name.clone(), value.clone())?;
                }
            }
        }
        for name in &session.sensitive {
            if let names::Entry::Occupied(mut values) = headers.entry(name) {
                values.iter_mut().for_each(|value| value.set_sensitive(true));
            }
        }
        Ok(headers)
    }

    /// The URL of the first hop: the one that was settled for the first attempt, and made anew for each
    /// further one.
    pub(crate) fn url(&mut self, config: &Config) -> Result<Url, Error> {
        match self.url.take() {
            Some(url) => Ok(url),
            None => self.make_url(config),
        }
    }

    /// The URL to request. User information in it moves to the `Authorization` header.
    fn make_url(&mut self, config: &Config) -> Result<Url, Error> {
        let mut url = self.fill(config)?;
        match credentials::take_userinfo(&mut url)? {
            None => Ok(url),
            Some(credentials) => {
                set_default(&mut self.headers, names::AUTHORIZATION, credentials)?;
                Ok(url)
            }
        }
    }

    fn fill(&self, config: &Config) -> Result<Url, Error> {
        if let Cow::Owned(text) = &self.template
            && self.values.is_empty()
            && self.query.is_empty()
            && let Some(url) = Template::plain_url(text)
        {
            return url;
        }
        Template::cached(&self.template)?.url(&self.values, &self.query, config.base.as_ref())
    }

    pub(crate) fn is_success(&self, status: StatusCode) -> bool {
        self.success.iter().any(|range| range.contains(&status.as_u16()))
    }
}
