//! The expansion of each feature, written to `tests/expand/NAME.rs` below its source.
//!
//! `BLESS=1 cargo test` writes the files.

use std::path::Path;

use super::{mistakes, split};

/// The maximum number of lines for a function with one or two keys.
const SIMPLE: usize = 25;
/// The maximum number of lines for a function with every key.
const LONGEST: usize = 60;

fn snapshot(name: &str, limit: usize, source: &str) {
    assert_eq!(mistakes(source), [], "{name}");
    let (args, item) = split(source);
    let expanded = crate::request(args, item);
    let file = syn2::parse2(expanded).expect("an expansion is Rust");
    let expanded = prettyplease::unparse(&file);
    let lines = expanded.lines().count();
    assert!(lines <= limit, "{name} has {lines} lines:\n{expanded}");

    let source: String = source
        .trim()
        .lines()
        .map(|line| format!("// {}\n", line.strip_prefix("    ").unwrap_or(line)))
        .collect();
    let found = format!("{source}\n{expanded}");
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expand").join(name).with_extension("rs");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &found).expect("the snapshot can be written");
    }
    let kept = std::fs::read_to_string(&path)
        .unwrap_or_else(|_| panic!("{name} has no snapshot: run with BLESS=1"));
    assert_eq!(found, kept, "{name} has changed: look at it, then run with BLESS=1");
}

macro_rules! snapshots {
    ($($name:ident < $limit:ident: $source:literal)*) => {
        /// The sources of all of them.
        pub(super) const SOURCES: &[&str] = &[$($source),*];

        $(
            #[test]
            fn $name() {
                snapshot(stringify!($name), $limit, $source);
            }
        )*

        #[test]
        fn every_snapshot_belongs_to_a_test() {
            let names = [$(stringify!($name)),*];
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expand");
            for file in std::fs::read_dir(folder).expect("there are snapshots").flatten() {
                let path = file.path();
                let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
                assert!(names.contains(&name), "{name} belongs to no test: remove it");
            }
        }
    };
}

snapshots! {
    body < SIMPLE: r#"
    #[request(get = "https://api.example.com/users/{id}")]
    async fn user_name(id: u64, #[response] Json(user): Json<User>) -> Result<String, Error> {
        Ok(user.name)
    }"#

    bodyless < SIMPLE: r#"
    #[request(get = "https://api.example.com/users/{id}")]
    async fn user(id: u64) -> Result<User, Error>;"#

    no_response < SIMPLE: r#"
    #[request(delete = "https://api.example.com/users/{id}")]
    async fn delete(id: u64) -> Result<(), Error> {
        Ok(())
    }"#

    several_responses < SIMPLE: r#"
    #[request(get = "https://api.example.com/")]
    async fn page(#[response] status: StatusCode, #[response] text: String) -> Result<Page, Error> {
        Ok(Page { status, text })
    }"#

    template < SIMPLE: r#"
    #[request(get = "{base}/files/{*path}/{self.version.0}.json?q={query}&n={type}&again={query}")]
    async fn find(&self, base: &Url, path: &str, (query, _n): (&str, u8), r#type: u8) -> Result<(), Error>;"#

    method < SIMPLE: r#"
    #[request(method("PURGE") = "/cache/{key}")]
    async fn purge(key: &str) -> Result<(), Error>;"#

    headers_and_body < SIMPLE: r#"
    #[request(
        post = "https://api.example.com/orders",
        query = page + 1,
        header("idempotency-key" = key, "accept" = "application/json"),
        bearer = token().await,
        json = order,
        expect(200..=299 | 304),
    )]
    async fn order(page: u8, key: &str, order: Order) -> Result<Receipt, Error>;"#

    optional_body < SIMPLE: r#"
    #[request(patch = "https://api.example.com/orders/{id}?{dry_run}", json(optional) = order)]
    async fn change(id: u64, dry_run: bool, order: Option<Order>) -> Result<Option<Receipt>, Error>;"#

    optional_path < SIMPLE: r#"
    #[request(get = "https://{tenant}.example.com/repos/{name}/contents{/*path}{/page}?{ids}")]
    async fn contents(
        tenant: &str,
        name: &str,
        path: Option<&str>,
        page: Option<u8>,
        ids: Commas<&[u64]>,
    ) -> Result<Bytes, Error>;"#

    serialized_segment < SIMPLE: r#"
    #[request(get = "https://api.example.com/issues/{state}/{self.owner}/{id}/{VERSION}")]
    async fn issues(&self, state: State, id: u64) -> Result<Bytes, Error>;"#

    call_options < SIMPLE: r#"
    #[request(get = "/users/{id}", timeout = 2s)]
    async fn user(id: u64, options: &CallOptions) -> Result<User, Error>;"#

    call_options_owned < SIMPLE: r#"
    #[request(get = "/", on_error = log)]
    async fn root(options: Option<CallOptions>) -> Result<User, Error>;"#

    reading < SIMPLE: r#"
    #[request(get = "/", any_content_type, max_redirects = 0, deadline = end)]
    async fn root(end: Deadline, #[response] facts: Facts, #[response] Json(user): Json<User>) -> Result<User, Error> {
        note(facts.attempts());
        Ok(user)
    }"#

    limits < SIMPLE: r#"
    #[request(
        get = "/",
        timeout(total = 1m, attempt = 2.5s, idle = idle),
        max_body = 64KiB,
        error_body = kept,
    )]
    async fn slow(idle: Duration, kept: u64) -> Result<Bytes, Error>;"#

    retry < SIMPLE: r#"
    #[request(get = "/", retry = 3)]
    async fn again() -> Result<String, Error>;"#

    retry_policy < LONGEST: r#"
    #[request(
        post = "/orders",
        json = order,
        retry(
            times = tries,
            on(Connect | Timeout(Connect | Idle) | Status(429 | 500..=599)),
            backoff(100ms..10s),
            idempotency_key,
            on_retry = retried,
        ),
    )]
    async fn pay(tries: u32, order: &Order) -> Result<Receipt, Error>;"#

    session < SIMPLE: r#"
    #[request(get = "/", session = self.session, basic("user", &self.password))]
    async fn root(&self) -> Result<String, Error>;"#

    renamed < SIMPLE: r#"
    #[request(get = "/", crate = web)]
    async fn root() -> Result<String, Error>;"#

    attributes_and_generics_kept < SIMPLE: r#"
    #[request(get = "/{id}")]
    /// Documented.
    #[must_use]
    pub(crate) async fn kept<'a, T: Display + ?Sized>(
        /// Documented.
        #[cfg(all())]
        id: &'a T,
    ) -> Option<&'a T>
    where
        T: Sync,
    {
        #![allow(clippy::unused_async)]
        Some(id)
    }"#

    on_error < LONGEST: r#"
    #[request(get = "/users/{id}", on_error = log)]
    async fn user(id: u64, #[response] Json(user): Json<User>) -> Result<User, Error> {
        Ok(user)
    }"#

    response_destructured < LONGEST: r#"
    #[request(get = "/", on_error = log)]
    async fn count(#[response] Json(Page { names, .. }): Json<Page>) -> Result<usize, Error> {
        Ok(names.len())
    }"#

    session_chosen < SIMPLE: r#"
    #[request(get = "/", session = if secure { &self.session } else { Session::shared() })]
    async fn root(&self, secure: bool) -> Result<String, Error>;"#

    diverging_action < LONGEST: r#"
    #[request(get = "/", on_error = panic!("no error is expected"), cleanup = release)]
    async fn root() -> Result<String, Error>;"#

    arms < LONGEST: r#"
    #[request(
        get = "https://api.example.com/users/{id}",
        on_error(
            Connect => print,
            Status(404) => recover(None),
            _ => log,
        ),
        cleanup = release_resources,
    )]
    async fn user_name(
        id: u64,
        #[response] Json(user): Json<User>,
    ) -> Result<Option<String>, Error> {
        Ok(Some(user.name))
    }"#

    patterns < LONGEST: r#"
    #[request(
        get = "/",
        on_error(
            Connect(Dns | Refused) | Timeout(Connect) => log(warn),
            Timeout(leaf @ (Idle | Total)) => note(leaf),
            error @ Status(code @ 500..=599) if code != 503 => note(error),
            Status(404 | TEAPOT) => TOLD,
            Protocol => notify.await,
            ErrorKind::Build(_) => fail(Bug),
            other => { warn!("{other}") }
        ),
    )]
    async fn all() -> Result<(), Error>;"#

    actions < LONGEST: r#"
    #[request(
        get = "/",
        on_error = {
            let late = is_late();
            log(info);
            if late { notify; recover(1) } else if never() { fail(Late) }
        },
    )]
    async fn count() -> Result<u8, Error>;"#

    early_exit < LONGEST: r#"
    #[request(get = "/", on_error = log)]
    async fn count(#[response] text: String) -> Result<u8, Mine> {
        let count = text.parse()?;
        Ok(count)
    }"#

    awaiting_body < LONGEST: r#"
    #[request(get = "https://api.example.com/users/{id}")]
    async fn name(id: u64, #[response] Json(user): Json<User>) -> Result<String, Error> {
        let picture = picture(user.id).await?;
        Ok(format!("{}: {picture}", user.name))
    }"#

    awaiting_body_without_response < SIMPLE: r#"
    #[request(delete = "https://api.example.com/users/{id}")]
    async fn replace(id: u64) -> Result<String, Error> {
        picture(id).await
    }"#

    awaiting_body_handled < LONGEST: r#"
    #[request(get = "https://api.example.com/users/{id}", on_error = log, cleanup = release(id))]
    async fn name(id: u64, #[response] Json(user): Json<User>) -> Result<String, Error> {
        Ok(picture(user.id).await? + &user.name)
    }"#

    fallback < LONGEST: r#"
    #[request(get = "/", on_error(Status(404) => recover(1), _ => log), fallback = 0)]
    async fn count() -> u8;"#

    only_fallback < SIMPLE: r#"
    #[request(get = "/", fallback = 0)]
    async fn count() -> u8;"#

    every_arm_recovers < LONGEST: r#"
    #[request(get = "/", on_error(Build => panic!("a bug"), _ => recover(0)))]
    async fn count(#[response] text: String) -> usize {
        text.len()
    }"#

    finally < LONGEST: r#"
    #[request(get = "/{id}", cleanup = release(id), finally = ended)]
    async fn count(id: u8, #[response] text: String) -> Result<usize, Error> {
        Ok(text.len())
    }"#

    finally_awaited < LONGEST: r#"
    #[request(get = "/{id}", cleanup = release(id).await, finally = ended(id).await)]
    async fn count(id: u8) -> Result<usize, Error>;"#

    unit_body < LONGEST: r#"
    #[request(get = "/", on_error = log)]
    async fn ping() {
        println!("up");
    }"#

    closure < LONGEST: r#"
    #[request(get = "/", on_error = |error| note(error.kind()))]
    async fn count() -> Result<usize, Error>;"#

    async_closures < LONGEST: r#"
    #[request(get = "/", on_error(Connect => async |error| note(error.kind())), cleanup = async || note("cleaned"))]
    async fn count() -> Result<usize, Error>;"#

    one_call_per_statement < SIMPLE: r#"
    #[request(
        post = "/orders",
        query = pages(),
        basic(user(), password()),
        json = &order(),
        retry(times = tries(), backoff(first()..longest())),
    )]
    async fn order_again() -> Result<Receipt, Error>;"#

    head_type < SIMPLE: r#"
    #[request(get = "/")]
    async fn remaining(#[response] Remaining(count): Remaining) -> Result<u64, Error> {
        Ok(count)
    }"#

    head_type_last < LONGEST: r#"
    #[request(get = "/", on_error = log)]
    async fn remaining(#[response] status: StatusCode, #[response] left: Remaining) -> Result<(u16, u64), Error> {
        Ok((status.as_u16(), left.0))
    }"#

    everything < LONGEST: r#"
    #[request(
        post = "{self.base}/users/{id}",
        session = &self.session,
        query = self.page,
        header("accept" = "application/json"),
        bearer = &self.token,
        json = &user,
        expect(200..=299 | 304),
        timeout(total = 30s, attempt = 10s, idle = 20s),
        max_body = 16MiB,
        retry = 3,
        on_error(
            Connect => print,
            e @ Status(404) => { note(e); recover(None) }
            _ => log,
        ),
        fallback = Some(id),
        cleanup = self.release(),
        finally = ended,
    )]
    async fn update(&self, id: u64, user: User, #[response] Json(user): Json<User>) -> Result<Option<u64>, Error> {
        check(&user)?;
        Ok(Some(user.id))
    }"#
}
