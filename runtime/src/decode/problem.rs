//! Problem details (RFC 9457): how many APIs describe an error in its response.

use std::fmt;

use http::header;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::Error;

impl Error {
    /// The problem that the response describes, if its content type is `application/problem+json` (RFC 9457).
    /// `None` for any other content type, and for a body that is not a JSON object or was [cut
    /// off](Error::is_body_cut). For an API with a format of its own there is [`json`](Error::json).
    ///
    /// ```
    /// use backstop::{Error, ErrorKind, HeaderMap};
    ///
    /// let mut headers = HeaderMap::new();
    /// headers.insert("content-type", "application/problem+json".parse()?);
    /// let error = Error::new(ErrorKind::Status(403)).with_headers(headers).with_body(
    ///     r#"{"type":"https://example.com/credit","title":"Not enough credit.","balance":30}"#,
    /// );
    /// let problem = error.problem().unwrap();
    /// assert_eq!(problem.type_uri(), "https://example.com/credit");
    /// assert_eq!(problem.title(), Some("Not enough credit."));
    /// assert_eq!(problem.member::<u32>("balance"), Some(30));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn problem(&self) -> Option<Problem> {
        let content_type = self.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
        let media_type = content_type.split(';').next().unwrap_or(content_type).trim();
        if !media_type.eq_ignore_ascii_case("application/problem+json") {
            return None;
        }
        self.json().ok().map(Problem)
    }
}

/// The details of a problem (RFC 9457 §3). A member whose type is another than the RFC's is taken as absent,
/// as §3.1 asks for.
///
/// It is the server's text, and may repeat values of the request, so error messages do not include it.
#[derive(Clone, PartialEq, Eq)]
pub struct Problem(Map<String, Value>);

impl Problem {
    /// The URI reference that identifies the type of the problem, as it was sent; `about:blank` if there is none,
    /// which says no more than the status.
    pub fn type_uri(&self) -> &str {
        self.text("type").unwrap_or("about:blank")
    }

    /// A summary of the type of the problem, for people.
    pub fn title(&self) -> Option<&str> {
        self.text("title")
    }

    /// The status that the origin server made. A proxy may have changed that of the
    /// [response](Error::status).
    pub fn status(&self) -> Option<u16> {
        self.member("status").filter(|status| (100..=599).contains(status))
    }

    /// An explanation of this occurrence, for people.
    pub fn detail(&self) -> Option<&str> {
        self.text("detail")
    }

    /// A URI reference that identifies this occurrence.
    pub fn instance(&self) -> Option<&str> {
        self.text("instance")
    }

    /// Any member, such as an extension (RFC 9457 §3.2). `None` if there is none of this name, or it is not a
    /// `T`.
    pub fn member<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        T::deserialize(self.0.get(name)?).ok()
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }
}

/// The title and the detail, as far as there are any, or else the type.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.title(), self.detail()) {
            (Some(title), Some(detail)) => write!(f, "{title}: {detail}"),
            (Some(text), None) | (None, Some(text)) => f.write_str(text),
            (None, None) => f.write_str(self.type_uri()),
        }
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The values may be secret.
        let mut debug = f.debug_struct("Problem");
        debug.field("type", &self.type_uri()).field("title", &self.title());
        debug.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;
    use crate::error::ErrorKind;

    fn problem(content_type: &'static str, body: &'static str) -> Option<Problem> {
        let headers =
            HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(content_type))]);
        Error::new(ErrorKind::Status(403)).with_headers(headers).with_body(body).problem()
    }

    #[test]
    fn a_problem_is_read_by_its_content_type() {
        let body = r#"{"type":"/credit","title":"No credit","status":402,"detail":"30 of 50",
            "instance":"/account/7","accounts":["/a","/b"]}"#;
        for content_type in ["application/problem+json", "Application/Problem+JSON; charset=utf-8"]
        {
            let problem = problem(content_type, body).expect("a problem");
            assert_eq!(problem.type_uri(), "/credit");
            assert_eq!(problem.status(), Some(402));
            assert_eq!(problem.instance(), Some("/account/7"));
            assert_eq!(problem.member("accounts"), Some(vec!["/a".to_owned(), "/b".to_owned()]));
            assert_eq!(problem.member::<u8>("accounts"), None);
            assert_eq!(problem.to_string(), "No credit: 30 of 50");
            assert!(!format!("{problem:?}").contains("30 of 50"));
        }
        for content_type in ["application/json", "text/plain", "application/problem+xml", ""] {
            assert_eq!(problem(content_type, body), None, "{content_type}");
        }
    }

    #[test]
    fn members_of_another_type_are_absent() {
        let body = r#"{"type":7,"title":null,"status":"403","detail":[],"instance":{}}"#;
        let problem = problem("application/problem+json", body).expect("a problem");
        assert_eq!(problem.type_uri(), "about:blank");
        assert_eq!((problem.title(), problem.detail(), problem.instance()), (None, None, None));
        assert_eq!(problem.status(), None);
        assert_eq!(problem.to_string(), "about:blank");
        for status in ["99", "600", "70000", "-1", "4.5"] {
            let body: &'static str = format!(r#"{{"status":{status}}}"#).leak();
            let problem = super::tests::problem("application/problem+json", body);
            assert_eq!(problem.expect("a problem").status(), None, "{status}");
        }
    }

    #[test]
    fn only_objects_are_problems() {
        for body in ["", "[]", "7", "null", "{", "\"text\""] {
            assert_eq!(problem("application/problem+json", body), None, "{body}");
        }
    }
}
