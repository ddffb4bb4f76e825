//! Values that are read beside the body, and the bodies of errors.

use backstop::{
    DecodeError, Error, ErrorKind, Facts, FromResponseParts, Json, Response, StatusCode, Url,
    request,
    testing::{Reply, Script},
};

use crate::support::{ADA, User};

const URL: &str = "https://a.test";

#[request(get = "{URL}/user")]
async fn strict() -> Result<User, Error>;

#[request(get = "{URL}/user", any_content_type)]
async fn lenient() -> Result<User, Error>;

#[request(get = "{URL}/user", any_content_type, on_error = log)]
async fn lenient_argument(#[response] Json(user): Json<User>) -> Result<Option<User>, Error> {
    Ok(Some(user))
}

#[tokio::test]
async fn json_of_any_content_type_is_read_with_the_key() {
    for content_type in ["text/html", "application/octet-stream", "nonsense", ""] {
        let script = Script::new();
        script.get("/user").reply(Reply::text(ADA).header("content-type", content_type));
        let error = script.run(strict()).await.expect_err(content_type);
        assert_eq!(error.kind(), ErrorKind::Decode(DecodeError::ContentType), "{content_type}");
        assert_eq!(script.run(lenient()).await.expect(content_type).id, 7);
        let user = script.run(lenient_argument()).await.expect(content_type);
        assert_eq!(user.map(|user| user.id), Some(7));
    }
    let script = Script::new();
    script.get("/user").text("<html>");
    let error = script.run(lenient()).await.expect_err("no JSON");
    assert_eq!(error.kind(), ErrorKind::Decode(DecodeError::Syntax));
}

#[request(get = "{URL}/old", retry(times = 2, backoff(1ms..1ms)))]
async fn facts(
    #[response] facts: Facts,
    #[response] text: String,
) -> Result<(Facts, String), Error> {
    Ok((facts, text))
}

#[request(get = "{URL}/old")]
async fn only_facts() -> Result<Facts, Error>;

#[request(get = "{URL}/old")]
async fn url(#[response] url: Url, #[response] _status: StatusCode) -> Result<String, Error> {
    Ok(url.into())
}

#[request(get = "{URL}/old")]
async fn only_url() -> Result<Url, Error>;

#[tokio::test(start_paused = true)]
async fn the_facts_of_a_call_are_read_beside_its_body() {
    let script = Script::new();
    script.get("/old").status(503).then(Reply::redirect(302, "/new?page=2"));
    script.get("/new").text("here");
    let (facts, text) = script.run(facts()).await.expect("200");
    assert_eq!((text.as_str(), facts.attempts(), facts.status().as_u16()), ("here", 2, 200));
    assert_eq!(facts.url().as_str(), "https://a.test/new?page=2");
    assert_eq!(facts.version(), backstop::Version::HTTP_11);
    let hops: Vec<_> =
        facts.history().iter().map(|hop| (hop.status().as_u16(), hop.url().path())).collect();
    assert_eq!(hops, [(302, "/old"), (200, "/new")]);
    assert!(facts.elapsed() > std::time::Duration::ZERO);
    assert_eq!(script.run(only_facts()).await.expect("200").attempts(), 1);
    assert_eq!(script.run(url()).await.expect("200"), "https://a.test/new?page=2");
    assert_eq!(script.run(only_url()).await.expect("200").path(), "/new");
}

/// An entity tag: a type that reads only the head, in which the tag may be missing.
#[derive(Debug, PartialEq)]
struct Etag(String);

impl FromResponseParts for Etag {
    fn from_response_parts(response: &Response) -> Result<Self, Error> {
        let etag = response.headers().get("etag").and_then(|etag| etag.to_str().ok());
        match etag {
            Some(etag) => Ok(Self(etag.to_owned())),
            None => Err(response.error(ErrorKind::Decode(DecodeError::Shape))),
        }
    }
}

#[request(get = "{URL}/tagged", on_error(Status(404) => recover(None)))]
async fn etag() -> Result<Option<Etag>, Error>;

#[request(get = "{URL}/tagged")]
async fn etag_or_none() -> Option<Etag>;

#[request(get = "{URL}/tagged")]
async fn etag_argument(
    #[response] etag: Option<Etag>,
    #[response] text: Option<String>,
) -> Result<String, Error> {
    Ok(format!("{etag:?} {text:?}"))
}

#[request(get = "{URL}/tagged")]
async fn etag_last(
    #[response] _status: StatusCode,
    #[response] etag: Option<Etag>,
) -> Result<String, Error> {
    Ok(format!("{etag:?}"))
}

#[tokio::test]
async fn an_option_of_a_from_response_parts_type_ignores_the_body() {
    for status in [200, 204, 205] {
        let script = Script::new();
        script.get("/tagged").reply(Reply::status(status).header("etag", "1"));
        let tag = || Some(Etag("1".into()));
        assert_eq!(script.run(etag()).await.expect("a tag"), tag());
        assert_eq!(script.run(etag_or_none()).await, tag());
        assert_eq!(script.run(etag_last()).await.expect("a tag"), format!("{:?}", tag()));
        let text = if status == 200 { "Some(\"\")" } else { "None" };
        let both = script.run(etag_argument()).await.expect("a tag");
        assert_eq!(both, format!("{:?} {text}", tag()));
    }
    let script = Script::new();
    script.get("/tagged").status(404);
    assert_eq!(script.run(etag()).await.expect("recovered"), None);
    assert_eq!(script.run(etag_or_none()).await, None);
    let script = Script::new();
    script.get("/tagged").status(200);
    assert!(script.run(etag()).await.expect_err("no tag").is_decode());
}

/// The errors of an API: those that it describes, and all others.
#[derive(Debug, serde::Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
enum ApiError {
    Taken {
        name: String,
    },
    RateLimited,
    #[serde(skip)]
    Other(Error),
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        error.json().unwrap_or(Self::Other(error))
    }
}

#[request(post = "{URL}/users")]
async fn create() -> Result<(), ApiError>;

#[request(post = "{URL}/users", on_error(error @ Status(409 | 429) => fail(ApiError::from(error.clone())), _ => log))]
async fn create_handled() -> Result<(), ApiError>;

#[tokio::test]
async fn the_body_of_an_error_becomes_a_variant_of_the_user_s_enum() {
    let script = Script::new();
    script
        .post("/users")
        .reply(Reply::json(&serde_json::json!({"code": "taken", "name": "ada"})).with_status(409))
        .repeat(2)
        .then(Reply::json(&serde_json::json!({"code": "rate_limited"})).with_status(429))
        .then(Reply::json(&serde_json::json!({"code": "unknown"})).with_status(400))
        .then(Reply::status(500));
    assert!(matches!(script.run(create()).await, Err(ApiError::Taken { name }) if name == "ada"));
    assert!(matches!(script.run(create_handled()).await, Err(ApiError::Taken { .. })));
    assert!(matches!(script.run(create_handled()).await, Err(ApiError::RateLimited)));
    for status in [400, 500] {
        let error = script.run(create()).await.expect_err("an error");
        assert!(
            matches!(error, ApiError::Other(error) if error.kind() == ErrorKind::Status(status))
        );
    }
}

#[request(get = "{URL}/credit", on_error(error @ Status(403) => {
    recover(error.problem().map(|problem| problem.to_string()))
}))]
async fn refusal() -> Result<Option<String>, Error>;

#[tokio::test]
async fn the_problem_of_an_error_is_read_in_an_arm() {
    let script = Script::new();
    let problem = serde_json::json!({"title": "No credit", "detail": "30 of 50"});
    script.get("/credit").problem(403, &problem);
    let refused = script.run(refusal()).await.expect("recovered");
    assert_eq!(refused.as_deref(), Some("No credit: 30 of 50"));
    let script = Script::new();
    script.get("/credit").reply(Reply::json(&problem).with_status(403));
    assert_eq!(script.run(refusal()).await.expect("recovered"), None);
}
