//! The parts of a request, from which the plan of its call is made.

use std::{borrow::Cow, ops::RangeInclusive, sync::Arc};

use http::{HeaderMap, Method};
use url::Url;

use super::{
    body::{Content, ContentHeaders},
    bound::Bound,
    template::Template,
    value::Value,
};
use crate::{deadline::Deadline, error::Error, observe::Observer, retry::Retry};

/// The parts of a request. Those that are not set are resolved from the defaults of its session.
pub(crate) struct Parts {
    pub(crate) method: Method,
    pub(crate) template: Cow<'static, str>,
    pub(super) values: Vec<Value>,
    pub(super) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Content,
    pub(crate) content_headers: ContentHeaders,
    pub(crate) success: &'static [RangeInclusive<u16>],
    pub(crate) timeout: Bound,
    pub(crate) attempt_timeout: Bound,
    pub(crate) idle_timeout: Bound,
    pub(crate) max_body: Option<u64>,
    pub(crate) error_body: Option<u64>,
    pub(crate) retry: Option<Arc<Retry>>,
    pub(crate) streaming: bool,
    pub(crate) continued: bool,
    /// Whether JSON is read under any content type.
    pub(crate) any_content_type: bool,
    /// Those of the type that reads the response.
    pub(crate) default_headers: &'static [(&'static str, &'static str)],
    pub(crate) max_redirects: Option<u32>,
    pub(crate) deadline: Deadline,
    /// Whether the span of the call stays open while its failure is handled.
    pub(crate) is_handled: bool,
    /// Whether what reads the response tells how the call ended.
    pub(crate) is_read: bool,
    /// The observer of this call, in addition to those of its session.
    pub(crate) observer: Option<Arc<dyn Observer>>,
    /// The first mistake that was made in building the request.
    pub(crate) mistake: Option<Error>,
}

impl Parts {
    /// Allocates the parts here, so that the caller's crate does not compile their construction.
    pub(super) fn boxed(method: Method, template: Cow<'static, str>) -> Box<Self> {
        Box::new(Self {
            method,
            template,
            values: Vec::new(),
            query: String::new(),
            headers: HeaderMap::new(),
            body: Content::None,
            content_headers: ContentHeaders::default(),
            success: &[200..=299],
            timeout: Bound::Inherit,
            attempt_timeout: Bound::Inherit,
            idle_timeout: Bound::Inherit,
            max_body: None,
            error_body: None,
            retry: None,
            streaming: false,
            continued: false,
            any_content_type: false,
            default_headers: &[],
            max_redirects: None,
            deadline: Deadline::NONE,
            is_handled: false,
            is_read: false,
            observer: None,
            mistake: None,
        })
    }

    /// The template with its values, appended to `base` if it is relative.
    pub(crate) fn url(&self, base: Option<&Url>) -> Result<Url, Error> {
        if let Cow::Owned(text) = &self.template
            && self.values.is_empty()
            && self.query.is_empty()
            && let Some(url) = Template::plain_url(text)
        {
            return url;
        }
        Template::cached(&self.template)?.url(&self.values, &self.query, base)
    }
}
