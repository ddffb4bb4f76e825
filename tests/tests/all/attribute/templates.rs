//! Templates: the encoding of values, and values that are refused.

use backstop::{
    Brackets, BuildError, Commas, Error, ErrorKind, Request, Session, request, testing::request_of,
};

use super::{SERVER, base};
use crate::support::{SESSION, session};

#[request(get = "{base}/a/{one}-{two}.json?x=1&q={query}&none={none}&many={many}", session = SESSION)]
async fn filled(
    base: &str,
    one: u8,
    two: &str,
    query: &str,
    none: Option<u8>,
    many: &[u8],
) -> Result<String, Error>;

#[tokio::test]
async fn placeholders_fill_path_and_query() {
    let target = filled(&base(), 1, "a b", "c&d=e", None, &[1, 2]).await.expect("200");
    assert_eq!(target, "/a/1-a%20b.json?x=1&q=c%26d%3De&many=1&many=2");
}

#[request(get = "{base}/files/{*path}", session = SESSION)]
async fn rest(base: String, path: &str) -> Result<String, Error>;

#[tokio::test]
async fn a_rest_placeholder_spans_segments() {
    assert_eq!(rest(base(), "a/b c/d").await.expect("200"), "/files/a/b%20c/d");
    let error = rest(base(), "a/../d").await.expect_err("a parent");
    assert_eq!(error.kind(), ErrorKind::Build(BuildError::Segment));
}

#[request(get = "{base}/one/{value}/end", session = SESSION)]
async fn segment(base: &str, value: &str) -> Result<String, Error>;

#[tokio::test]
async fn a_value_stays_in_its_segment() {
    for (value, sent) in [
        ("../x", "/one/..%2Fx/end"),
        ("%2e%2e", "/one/%252e%252e/end"),
        ("a/b", "/one/a%2Fb/end"),
        ("a?b#c", "/one/a%3Fb%23c/end"),
        ("//host/x", "/one/%2F%2Fhost%2Fx/end"),
        (".\n.", "/one/.%0A./end"),
        ("{base}", "/one/%7Bbase%7D/end"),
    ] {
        assert_eq!(segment(&base(), value).await.expect(value), sent);
    }
    for value in ["", ".", ".."] {
        let error = segment(&base(), value).await.expect_err(value);
        assert_eq!(error.kind(), ErrorKind::Build(BuildError::Segment));
    }
}

#[tokio::test]
async fn a_base_keeps_its_path_and_its_origin() {
    for version in ["/api/v1", "/api/v1/"] {
        let base = format!("{}{version}", base());
        assert_eq!(segment(&base, "x").await.expect("200"), "/api/v1/one/x/end");
    }
    for base in ["/relative", "file:///etc/passwd", "javascript:alert(1)"] {
        let error = segment(base, "x").await.expect_err(base);
        assert_eq!(error.kind(), ErrorKind::Build(BuildError::Url));
    }
}

#[request(get = "users/{id}", session = session)]
async fn relative(session: &Session, id: u8) -> Result<String, Error>;

#[tokio::test]
async fn a_relative_template_is_appended_to_the_session_s_base() {
    let with_base = session(|builder| builder.base_url(format!("{}/v2", SERVER.url())));
    assert_eq!(relative(&with_base, 5).await.expect("200"), "/v2/users/5");
    let error = relative(&SESSION, 7).await.expect_err("no base");
    assert_eq!(error.kind(), ErrorKind::Build(BuildError::Url));
}

struct Api {
    base: String,
    version: (u8, &'static str),
}

impl Api {
    #[request(get = "{self.base}/v{self.version.0}/users/{id}?by={self.version.1}", session = SESSION)]
    async fn user(&self, id: u8) -> Result<String, Error>;
}

#[tokio::test]
async fn fields_of_self_are_placeholders() {
    let api = Api { base: base(), version: (3, "me") };
    assert_eq!(api.user(9).await.expect("200"), "/v3/users/9?by=me");
}

#[test]
fn an_error_has_the_template() {
    let error = futures(segment("http://127.0.0.1:1", ".."));
    assert_eq!(error.template(), Some("{base}/one/{value}/end"));
    assert!(error.to_string().starts_with("GET {base}/one/{value}/end: "), "{error}");
    drop(Request::get("x"));
}

/// Runs a call that fails, on a new runtime.
fn futures(call: impl Future<Output = Result<String, Error>>) -> Error {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(call).expect_err("a failure")
}

const VERSION: u8 = 2;

/// A name with characters that must be encoded.
const NAME: &str = "a b/c";

mod api {
    pub(super) const VERSION: u8 = 3;
}

struct Sized<const N: usize>;

impl<const N: usize> Sized<N> {
    const KIND: &str = "kind";

    #[request(get = "{base}/v{VERSION}/{Self::KIND}/{N}/{NAME}?n={N}&v={api::VERSION}", session = SESSION)]
    async fn constants(base: &str) -> Result<String, Error>;
}

#[request(get = "{base}/{N}", session = SESSION)]
async fn const_generic<const N: usize>(base: &str, _of: [u8; N]) -> Result<String, Error>;

#[tokio::test]
async fn constants_fill_a_template() {
    let target = Sized::<3>::constants(&base()).await.expect("200");
    assert_eq!(target, "/v2/kind/3/a%20b%2Fc?n=3&v=3");
    assert_eq!(const_generic(&base(), [0; 4]).await.expect("200"), "/4");
}

#[derive(Debug, Clone, Copy, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Open,
    OnHold,
}

/// Its `Display` output differs from its serialized form.
#[derive(Debug, Clone, Copy, serde::Serialize)]
struct Id(u8);

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "id-{}", self.0)
    }
}

struct Issues {
    state: State,
}

impl Issues {
    #[request(get = "https://a.test/{self.state}/{id}?by={id}")]
    async fn one(&self, id: Id) -> Result<(), Error>;
}

#[request(get = "https://a.test/issues/{state}?{state}")]
async fn in_state(state: State) -> Result<(), Error>;

#[request(get = "https://a.test/issues/{state}")]
async fn of_any<T: serde::Serialize + Sync>(state: &T) -> Result<(), Error>;

#[request(get = "https://a.test/issues/{id}")]
async fn displayed<T: std::fmt::Display + Sync>(id: &T) -> Result<(), Error>;

#[request(get = "https://a.test/users/{ids}")]
async fn joined(ids: Commas<&[u8]>) -> Result<(), Error>;

#[tokio::test]
async fn an_enum_variant_is_the_same_in_path_and_query() {
    request_of(in_state(State::OnHold))
        .await
        .assert_url("https://a.test/issues/on-hold?state=on-hold");
    request_of(of_any(&State::Open)).await.assert_path("/issues/open");
    // A type with `Display` is formatted with it.
    request_of(displayed(&Id(7))).await.assert_path("/issues/id-7");
    let issues = Issues { state: State::Open };
    request_of(issues.one(Id(7))).await.assert_url("https://a.test/open/id-7?by=7");
    request_of(joined(Commas(&[1, 2]))).await.assert_path("/users/1%2C2");
    for refused in [of_any(&vec![1]).await, of_any(&(1, 2)).await, of_any(&None::<u8>).await] {
        assert_eq!(refused.expect_err("no one value").kind(), ErrorKind::Build(BuildError::Url));
    }
    let error = joined(Commas(&[])).await.expect_err("an empty segment");
    assert_eq!(error.kind(), ErrorKind::Build(BuildError::Segment));
}

#[request(get = "https://a.test/users?{ids}&f={fields}&{tags}", query = [("more", Brackets(more))])]
async fn lists(
    ids: Commas<&[u64]>,
    fields: Option<Commas<Vec<&str>>>,
    tags: Brackets<&[&str]>,
    more: &[u8],
) -> Result<(), Error>;

#[request(post = "https://a.test/users", form = [("ids", Commas(ids))], query = Query { ids: Brackets(ids) })]
async fn sent(ids: &[u8]) -> Result<(), Error>;

#[derive(serde::Serialize)]
struct Query<T> {
    ids: T,
}

#[tokio::test]
async fn lists_are_written_with_commas_or_brackets() {
    let asked = request_of(lists(
        Commas(&[1, 2]),
        Some(Commas(vec!["a,b", "c"])),
        Brackets(&["x", "y"]),
        &[3],
    ));
    asked.await.assert_url(
        "https://a.test/users?ids=1,2&f=a%2Cb,c&tags%5B%5D=x&tags%5B%5D=y&more%5B%5D=3",
    );
    let asked = request_of(lists(Commas(&[]), None, Brackets(&[]), &[]));
    asked.await.assert_url("https://a.test/users");
    let asked = request_of(sent(&[1, 2])).await;
    asked.assert_url("https://a.test/users?ids%5B%5D=1&ids%5B%5D=2").assert_text("ids=1,2");
}

#[request(get = "https://a.test/repos/{name}/contents{/*path}?{reference}")]
async fn contents(name: &str, path: Option<&str>, reference: Option<&str>) -> Result<(), Error>;

#[request(get = "https://a.test/archive{/branch}/files{/page}")]
async fn archive(branch: Option<String>, page: &Option<u8>) -> Result<(), Error>;

#[tokio::test]
async fn an_optional_segment_is_left_out_with_its_slash() {
    let asked = request_of(contents("a b", Some("src/lib.rs"), Some("main"))).await;
    asked.assert_url("https://a.test/repos/a%20b/contents/src/lib.rs?reference=main");
    let asked = request_of(contents("a", None, None)).await;
    asked.assert_url("https://a.test/repos/a/contents");
    request_of(archive(None, &None)).await.assert_path("/archive/files");
    request_of(archive(Some("a/b".into()), &Some(2))).await.assert_path("/archive/a%2Fb/files/2");
    for path in ["", "a/../b", "/a"] {
        let error = contents("a", Some(path), None).await.expect_err(path);
        assert_eq!(error.kind(), ErrorKind::Build(BuildError::Segment));
    }
}

#[request(get = "https://{tenant}.api.test:8443/users/{tenant}")]
async fn of_tenant(tenant: &str) -> Result<(), Error>;

#[tokio::test]
async fn a_tenant_is_one_label_of_the_host() {
    request_of(of_tenant("acme")).await.assert_url("https://acme.api.test:8443/users/acme");
    for tenant in ["evil.test/", "evil.test#", "a.b", "", "-", "a:80", "me@evil.test", "a/../b"] {
        let error = of_tenant(tenant).await.expect_err(tenant);
        assert_eq!(error.kind(), ErrorKind::Build(BuildError::Url), "{tenant}");
    }
}
