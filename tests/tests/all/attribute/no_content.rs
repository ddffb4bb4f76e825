//! Responses and requests without a body.

use backstop::{Bytes, Error, Json, StatusCode, request};

use super::base;
use crate::support::{SESSION, User};

/// An alias, which the macro sees instead of the type.
type Maybe<T> = Result<Option<T>, Error>;

macro_rules! reads {
    ($name:ident, $ty:ty $(, $($keys:tt)*)?) => {
        #[request(
            get = "{base}/{*path}",
            session = SESSION,
            expect(200..=299 | 304) $(, $($keys)*)?
        )]
        async fn $name(base: &str, path: &str) -> $ty;
    };
}

reads!(text, Result<Option<String>, Error>);
reads!(text_handled, Maybe<String>, on_error(Status(404) => recover(None)));
reads!(text_total, Maybe<String>, on_error(_ => recover(None)));
reads!(json, Maybe<User>);
reads!(json_handled, Maybe<User>, on_error(Status(404) => recover(None), _ => log));
reads!(json_total, Maybe<User>, on_error(_ => recover(None)));
reads!(named_json, Maybe<Json<User>>);
reads!(bytes, Maybe<Bytes>);
reads!(yes, Maybe<()>, on_error(Status(404) => recover(None)));
reads!(status, Maybe<StatusCode>);
reads!(plain, Option<User>, on_error = panic!("no error"));
reads!(strict, Result<User, Error>);

#[tokio::test]
async fn a_response_without_a_body_is_none() {
    let base = base();
    for path in ["status/204", "status/205", "status/304"] {
        assert_eq!(text(&base, path).await.expect(path), None);
        assert_eq!(text_handled(&base, path).await.expect(path), None);
        assert_eq!(text_total(&base, path).await.expect(path), None);
        assert_eq!(json(&base, path).await.expect(path), None);
        assert_eq!(json_handled(&base, path).await.expect(path), None);
        assert_eq!(json_total(&base, path).await.expect(path), None);
        assert_eq!(named_json(&base, path).await.expect(path), None);
        assert_eq!(bytes(&base, path).await.expect(path), None);
        assert_eq!(plain(&base, path).await, None);
        assert_eq!(yes(&base, path).await.expect(path), Some(()));
        let found = status(&base, path).await.expect(path);
        assert!(found.is_some_and(|status| path.ends_with(status.as_str())), "{path}: {found:?}");
        assert!(strict(&base, path).await.expect_err(path).is_decode());
    }
    assert_eq!(yes(&base, "status/404").await.expect("recovered"), None);
}

#[tokio::test]
async fn a_response_with_a_body_is_some() {
    let base = base();
    assert_eq!(text(&base, "x").await.expect("text").as_deref(), Some("/x"));
    assert_eq!(text_handled(&base, "x").await.expect("text").as_deref(), Some("/x"));
    assert_eq!(text_total(&base, "x").await.expect("text").as_deref(), Some("/x"));
    assert_eq!(bytes(&base, "x").await.expect("bytes").as_deref(), Some(&b"/x"[..]));
    assert_eq!(json(&base, "users/7").await.expect("Ada").map(|user| user.id), Some(7));
    assert_eq!(json_handled(&base, "users/7").await.expect("Ada").map(|user| user.id), Some(7));
    assert_eq!(json_total(&base, "users/7").await.expect("Ada").map(|user| user.id), Some(7));
    assert_eq!(plain(&base, "users/7").await.map(|user| user.id), Some(7));
    assert!(json(&base, "users/8").await.expect_err("another shape").is_decode());
    assert!(json(&base, "status/200").await.expect_err("an empty body").is_decode());
    assert_eq!(yes(&base, "x").await.expect("200"), Some(()));
}

#[request(get = "{base}/{*path}", session = SESSION)]
async fn argument(
    base: &str,
    path: &str,
    #[response] status: StatusCode,
    #[response] text: Option<String>,
) -> Result<(u16, Option<String>), Error> {
    Ok((status.as_u16(), text))
}

#[tokio::test]
async fn a_response_argument_is_none_without_content() {
    assert_eq!(argument(&base(), "status/204").await.expect("204"), (204, None));
    assert_eq!(argument(&base(), "x").await.expect("200"), (200, Some("/x".to_owned())));
}

mod sent {
    use backstop::{Body, Error, request, reqwest::multipart::Form};
    use backstop_tests::{Answer, Server};

    use crate::support::SESSION;

    #[request(post = "{base}/?{a}&b=1&{list}", session = SESSION, json(optional) = body)]
    async fn json(
        base: &str,
        a: Option<u8>,
        list: &[u8],
        body: Option<&[u8]>,
    ) -> Result<String, Error>;

    #[request(post = "{base}/", session = SESSION, json = body)]
    async fn null(base: &str, body: Option<u8>) -> Result<String, Error>;

    #[request(post = "{base}/", session = SESSION, form(optional) = body.map(|id| [("id", id)]))]
    async fn form(base: &str, body: Option<u8>) -> Result<String, Error>;

    #[request(post = "{base}/", session = SESSION, text(optional) = body)]
    async fn text(base: &str, body: Option<&str>) -> Result<String, Error>;

    #[request(post = "{base}/", session = SESSION, body(optional) = body)]
    async fn body(base: &str, body: Option<Body>) -> Result<String, Error>;

    #[request(
        post = "{base}/",
        session = SESSION,
        multipart(optional) = name.map(|name| Form::new().text("name", name)),
    )]
    async fn multipart(base: &str, name: Option<String>) -> Result<String, Error>;

    #[tokio::test]
    async fn a_none_body_is_not_sent() {
        let server = Server::start(|asked| {
            Answer::new(200, format!("{} [{}]", asked.header("content-type"), asked.text()))
        });
        let base = server.url();
        let type_of = |text: &str| text.split(' ').next().unwrap_or_default().to_owned();
        assert_eq!(json(&base, None, &[], None).await.expect("200"), " []");
        assert_eq!(server.last().target, "/?b=1");
        let sent = json(&base, Some(2), &[3, 4], Some(&[1])).await.expect("200");
        assert_eq!(sent, "application/json [[1]]");
        assert_eq!(server.last().target, "/?a=2&b=1&list=3&list=4");
        assert_eq!(null(&base, None).await.expect("200"), "application/json [null]");
        assert_eq!(form(&base, None).await.expect("200"), " []");
        let sent = form(&base, Some(7)).await.expect("200");
        assert_eq!(sent, "application/x-www-form-urlencoded [id=7]");
        assert_eq!(text(&base, None).await.expect("200"), " []");
        assert_eq!(type_of(&text(&base, Some("x")).await.expect("200")), "text/plain;");
        assert_eq!(body(&base, None).await.expect("200"), " []");
        assert_eq!(body(&base, Some("x".into())).await.expect("200"), " [x]");
        assert_eq!(multipart(&base, None).await.expect("200"), " []");
        assert_eq!(server.last().header("content-length"), "0");
        let sent = multipart(&base, Some("Ada".into())).await.expect("200");
        assert!(
            sent.starts_with("multipart/form-data; boundary=") && sent.contains("Ada"),
            "{sent}"
        );
    }
}
