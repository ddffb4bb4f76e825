//! Half-typed attributes and functions: they expand without a panic, as an editor needs.

use proc_macro2::{Group, TokenStream, TokenTree};

use super::{snapshots, split};

/// Sources beyond those of the snapshots: the whole grammar, and mistakes.
const MORE: [&str; 4] = [
    r#"#[request(
        post = "https://example.com/{id}/{*rest}?q={q}", session = &session, query = &[(1, 2)],
        header("accept" = "text/plain", "x" = f(id)?), bearer = token, json = &body,
        expect(200..=299 | 304), timeout(total = 30s, attempt = 2.5s), max_body = 64KiB, error_body = 1KiB,
        on_error(
            Connect(Dns | x @ Refused) => print,
            e @ Status(404 | 500..=599) if e.is_late() => { log(warn); if a { recover(1) } else { fail(e) } }
            Timeout => match x { A => log, B => recover(2) },
            _ => log,
        ),
        fallback = Some(1), cleanup = release(id).await, finally = ended, crate = ::backstop,
    )]
    pub(crate) async fn f<'a, T: Into<u8>>(&self, id: u8, (rest, q): (&'a str, T), #[response] Json(u): Json<U>)
    -> Result<u8, Error> where T: Send { #![allow(x)] let a = b?; Ok(a) }"#,
    r#"#[request(method("PURGE") = "{base}/x", basic(user, password), form = x, timeout = 2s, on_error = log)]
    async fn f(base: &str);"#,
    r#"#[request(patch = "/{id}", body = Body::from_stream(x), header("idempotency-key" = k),
        retry(times = n, on(Status(429 | 500..=599) | Timeout(Idle)), backoff(a..2s), on_retry = |e, d| x(e, d)))]
    async fn f<const N: usize>(mut self, id: u8) { loop { g().await?; tokio::join!(a, b) } }"#,
    r#"#[request(gett = "/", timeout(connect = 2s), header("a b" = 1, ), on_error(x), expect(1, 2), basic(1))] fn f() -> impl T {}"#,
];

fn sources() -> impl Iterator<Item = &'static str> {
    let all = snapshots::SOURCES.iter().copied().chain(MORE);
    assert!(all.clone().count() > 20, "real functions");
    all
}

/// Every way to stop in the middle of `tokens`, in its groups too.
fn prefixes(tokens: &TokenStream) -> Vec<TokenStream> {
    let mut all = vec![TokenStream::new()];
    let mut before = TokenStream::new();
    for tree in tokens.clone() {
        if let TokenTree::Group(group) = &tree {
            for inside in prefixes(&group.stream()) {
                let mut cut = Group::new(group.delimiter(), inside);
                cut.set_span(group.span());
                let mut prefix = before.clone();
                prefix.extend([TokenTree::Group(cut)]);
                all.push(prefix);
            }
        }
        before.extend([tree]);
        all.push(before.clone());
    }
    all
}

fn is_rust(tokens: &TokenStream) -> bool {
    syn2::parse2::<syn2::File>(tokens.clone()).is_ok()
}

/// Expands. The expansion must be Rust if the function is: rustc passes no other to a macro.
#[track_caller]
fn expand(args: TokenStream, item: TokenStream) {
    let is_rust = is_rust(&item);
    let expansion = crate::request(args.clone(), item);
    if is_rust && let Err(error) = syn2::parse2::<syn2::File>(expansion.clone()) {
        panic!("#[request({args})] expands to invalid Rust: {error}\n{expansion}");
    }
}

#[test]
fn every_prefix_of_the_attribute_expands() {
    for source in sources() {
        let (args, item) = split(source);
        assert!(is_rust(&item), "{source}");
        for prefix in prefixes(&args) {
            expand(prefix, item.clone());
        }
    }
}

#[test]
fn every_prefix_of_the_function_expands() {
    for source in sources() {
        let (args, item) = split(source);
        for prefix in prefixes(&item) {
            expand(args.clone(), prefix);
        }
    }
}

#[test]
fn the_attribute_without_any_one_token_expands() {
    for source in sources() {
        let (args, item) = split(source);
        for left_out in 0..args.clone().into_iter().count() {
            let rest = args
                .clone()
                .into_iter()
                .enumerate()
                .filter(|(index, _)| *index != left_out)
                .map(|(_, tree)| tree)
                .collect();
            expand(rest, item.clone());
        }
    }
}
