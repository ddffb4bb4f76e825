//! Finds the next page: by the `Link` header, the body, or the number of a page.

use std::{borrow::Cow, fmt};

use url::{Url, form_urlencoded};

use super::link;
use crate::{error::Error, response::Response};

/// How the next page is found: [`ByLink`], [`ByBody`], [`ByNumber`], or your own type.
///
/// ```
/// use backstop::{Error, NextPage, Paging, Response};
///
/// /// By the header that GitLab sends.
/// struct ByHeader;
///
/// impl<T> Paging<T> for ByHeader {
///     fn next_page(_: &T, response: &Response) -> Result<Option<NextPage>, Error> {
///         let number = response.headers().get("x-next-page").and_then(|value| value.to_str().ok());
///         Ok(number.filter(|number| !number.is_empty()).map(|number| NextPage::query("page", number)))
///     }
/// }
/// ```
pub trait Paging<T> {
    /// The page after this one; `None` after the last. The response has been read.
    ///
    /// # Errors
    ///
    /// If the next page cannot be determined from the response. The stream yields this page first, and then
    /// the error.
    fn next_page(page: &T, response: &Response) -> Result<Option<NextPage>, Error>;
}

/// Finds the next page in the `Link` header with the relation `next` (RFC 8288), as GitHub and many others
/// send it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ByLink;

/// Finds the next page in a field of the page: a cursor, or the URL of the next page. The page implements
/// [`HasNext`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ByBody;

/// Increments the query parameter `page` until a page is empty. It starts at 1 if the request has no such
/// parameter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ByNumber;

/// A page that contains a reference to the next page, for [`Pages<T, ByBody>`](super::Pages).
///
/// ```
/// use backstop::{HasNext, NextPage};
///
/// #[derive(serde::Deserialize)]
/// struct Messages {
///     messages: Vec<String>,
///     next_cursor: Option<String>,
/// }
///
/// impl HasNext for Messages {
///     fn next_page(&self) -> Option<NextPage> {
///         self.next_cursor.as_ref().map(|cursor| NextPage::query("cursor", cursor))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say where the next page is",
    label = "does not implement `HasNext`",
    note = "`Pages<T, ByBody>` asks the page; `Pages<T>` reads its `Link` header"
)]
pub trait HasNext {
    /// The page after this one; `None` after the last.
    fn next_page(&self) -> Option<NextPage>;
}

/// The URL of the next page, or its difference from the URL of this page.
#[derive(Clone, PartialEq, Eq)]
pub struct NextPage(Step);

#[derive(Clone, PartialEq, Eq)]
enum Step {
    Url(String),
    Query(Vec<(Cow<'static, str>, String)>),
}

impl NextPage {
    /// The page at this URL, which may be relative to the URL of the response.
    pub fn url(url: impl Into<String>) -> Self {
        Self(Step::Url(url.into()))
    }

    /// The page at the URL of the response with this query parameter set. Other parameters are unchanged.
    pub fn query(name: impl Into<Cow<'static, str>>, value: impl fmt::Display) -> Self {
        Self(Step::Query(vec![(name.into(), value.to_string())]))
    }

    /// Sets another query parameter.
    #[must_use]
    pub fn and_query(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl fmt::Display,
    ) -> Self {
        if let Step::Query(pairs) = &mut self.0 {
            pairs.push((name.into(), value.to_string()));
        }
        self
    }

    /// The reference of the page, where `url` is that of the one before it.
    pub(super) fn reference(self, url: &Url) -> String {
        match self.0 {
            Step::Url(reference) => reference,
            Step::Query(pairs) => {
                let mut url = url.clone();
                for (name, value) in pairs {
                    set_query(&mut url, &name, &value);
                }
                url.into()
            }
        }
    }
}

/// Sets a parameter and leaves the others as they are written.
fn set_query(url: &mut Url, name: &str, value: &str) {
    let is_other = |pair: &&str| {
        let mut decoded = form_urlencoded::parse(pair.as_bytes());
        !pair.is_empty() && decoded.next().is_none_or(|(found, _)| found != name)
    };
    let others = url.query().unwrap_or_default().split('&').filter(is_other);
    let mut query = others.collect::<Vec<_>>().join("&");
    if !query.is_empty() {
        query.push('&');
    }
    query.extend(form_urlencoded::byte_serialize(name.as_bytes()));
    query.push('=');
    query.extend(form_urlencoded::byte_serialize(value.as_bytes()));
    url.set_query(Some(&query));
}

impl<T> Paging<T> for ByLink {
    fn next_page(_: &T, response: &Response) -> Result<Option<NextPage>, Error> {
        Ok(link::next(response.headers(), response.url()).map(NextPage::url))
    }
}

impl<T: HasNext> Paging<T> for ByBody {
    fn next_page(page: &T, _: &Response) -> Result<Option<NextPage>, Error> {
        Ok(page.next_page())
    }
}

impl<T> Paging<T> for ByNumber
where
    for<'a> &'a T: IntoIterator,
{
    fn next_page(page: &T, response: &Response) -> Result<Option<NextPage>, Error> {
        if page.into_iter().next().is_none() {
            return Ok(None);
        }
        let number = response.url().query_pairs().find(|(name, _)| name == "page");
        let number: u64 = number.and_then(|(_, value)| value.parse().ok()).unwrap_or(1);
        Ok(Some(NextPage::query("page", number.saturating_add(1))))
    }
}

/// Omits the values, because a cursor may be secret.
impl fmt::Debug for NextPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Step::Url(_) => f.write_str("NextPage(url)"),
            Step::Query(_) => f.write_str("NextPage(query)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_set_and_the_others_are_unchanged() {
        for (url, expected) in [
            ("https://a.example/", "https://a.example/?page=2+3"),
            ("https://a.example/?page=1", "https://a.example/?page=2+3"),
            (
                "https://a.example/?q=a%20b&page=1&r=%41",
                "https://a.example/?q=a%20b&r=%41&page=2+3",
            ),
            ("https://a.example/?p%61ge=1&&page", "https://a.example/?page=2+3"),
            ("https://a.example/?pages=1", "https://a.example/?pages=1&page=2+3"),
        ] {
            let url: Url = url.parse().expect("a URL");
            assert_eq!(NextPage::query("page", "2 3").reference(&url), expected);
        }
        let url: Url = "https://a.example/?a=1".parse().expect("a URL");
        let next = NextPage::query("b", 2).and_query("a", "&=");
        assert_eq!(next.reference(&url), "https://a.example/?b=2&a=%26%3D");
    }
}
