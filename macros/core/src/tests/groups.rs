//! Functions in a group: each expands as if it had the group's keys itself.

use proc_macro2::TokenStream;

use super::split;

fn tokens(text: &str) -> TokenStream {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn pretty(expansion: TokenStream) -> String {
    let text = expansion.to_string();
    let file = syn2::parse2(expansion).unwrap_or_else(|error| panic!("{error}: {text}"));
    prettyplease::unparse(&file)
}

/// The expansion of an `impl` without a group.
fn alone(functions: &[(&str, &str)]) -> String {
    let mut inside = TokenStream::new();
    for (keys, function) in functions {
        inside.extend(crate::request(tokens(keys), tokens(function)));
    }
    pretty(quote::quote!(impl Api { #inside }))
}

/// The group's keys `shared` and the function's keys `own` have the same expansion as `whole`.
#[track_caller]
fn merges(shared: &str, own: &str, whole: &str) {
    const FUNCTION: &str = "async fn f(&self, id: u64, key: &str) -> Result<u8, Error> { g() }";
    let group = format!("impl Api {{ #[request({own})] {FUNCTION} }}");
    let found = pretty(crate::requests(tokens(shared), tokens(&group)));
    let expected = alone(&[(whole, FUNCTION)]);
    assert!(!found.contains("compile_error"), "{shared}; {own}\n{found}");
    assert_eq!(found, expected, "{shared}; {own}");
}

#[test]
fn a_function_s_key_overrides_the_group_s() {
    for (shared, own, whole) in [
        ("session = self.a", "", "session = self.a"),
        ("session = crate::A", "", "session = crate::A"),
        ("session = self.a", "session = self.b", "session = self.b"),
        ("query = q", "", "query = q"),
        ("query = q", "query = key", "query = key"),
        ("headers = self.h", "", "headers = self.h"),
        ("expect(200 | 304)", "", "expect(200 | 304)"),
        ("expect(200 | 304)", "expect(201)", "expect(201)"),
        (
            "max_body = 1KiB, error_body = 2KiB",
            "max_body = 3KiB",
            "max_body = 3KiB, error_body = 2KiB",
        ),
        ("retry = 3", "", "retry = 3"),
        ("retry = 3", "retry = 5", "retry = 5"),
        ("retry = 3", "retry = 0", ""),
        ("cleanup = a, finally = b", "cleanup = c", "cleanup = c, finally = b"),
        ("crate = web", "", "crate = web"),
        ("crate = web", "crate = ::other", "crate = ::other"),
    ] {
        merges(
            shared,
            &format!("get = \"/{{id}}\", {own}"),
            &format!("get = \"/{{id}}\", {whole}"),
        );
    }
}

#[test]
fn timeouts_merge_by_part() {
    let get = |keys: &str| format!("get = \"/\", {keys}");
    for (shared, own, whole) in [
        ("timeout(total = 30s, idle = 9s)", "timeout = 5s", "timeout(total = 5s, idle = 9s)"),
        ("timeout = 30s", "timeout(attempt = 5s)", "timeout(total = 30s, attempt = 5s)"),
        ("timeout(attempt = 10s)", "timeout = 5s", "timeout = 5s"),
        ("timeout(attempt = 10s)", "timeout = long", "timeout(total = long, attempt = 10s)"),
    ] {
        merges(shared, &get(own), &get(whole));
    }
}

#[test]
fn headers_merge_by_name() {
    let get = |keys: &str| format!("get = \"/\", {keys}");
    for (shared, own, whole) in [
        (r#"header("a" = 1, "b" = 2)"#, r#"header("B" = 3)"#, r#"header("B" = 3, "a" = 1)"#),
        (r#"header("accept" = 1)"#, "header(header::ACCEPT = 3)", "header(header::ACCEPT = 3)"),
        ("header(USER_AGENT = 1)", r#"header("user-agent" = 3)"#, r#"header("user-agent" = 3)"#),
        ("bearer = token", "", "bearer = token"),
        ("bearer = token", "basic(key, key)", "basic(key, key)"),
        ("basic(a, b)", "bearer = key", "bearer = key"),
        ("bearer = token", r#"header("authorization" = key)"#, r#"header("authorization" = key)"#),
        (r#"header("Authorization" = key)"#, "bearer = key", "bearer = key"),
    ] {
        merges(shared, &get(own), &get(whole));
    }
}

#[test]
fn the_group_s_arms_follow_the_function_s() {
    let get = |keys: &str| match keys {
        "" => "get = \"/\"".to_owned(),
        keys => format!("get = \"/\", on_error({keys})"),
    };
    for (shared, own, whole) in [
        ("_ => log", "", "_ => log"),
        ("_ => log", "Status(404) => recover(1)", "Status(404) => recover(1), _ => log"),
        ("_ => log", "_ => print", "_ => print"),
        ("Connect => log, _ => print", "e @ _ => note(e)", "e @ _ => note(e)"),
        ("_ => log", "_ if busy() => print", "_ if busy() => print, _ => log"),
        // Alternatives that the function's arms match are omitted.
        ("Connect | Timeout => log", "Connect => print", "Connect => print, Timeout => log"),
        ("Connect(Dns) => log", "Connect => print", "Connect => print"),
        (
            "Connect(Dns | Tls) => log",
            "Connect(Dns) => print",
            "Connect(Dns) => print, Connect(Tls) => log",
        ),
        ("Connect => log", "Connect(Dns) => print", "Connect(Dns) => print, Connect => log"),
        (
            "Timeout(x @ (Idle | Total)) => f(x)",
            "Timeout(Idle) => print",
            "Timeout(Idle) => print, Timeout(x @ Total) => f(x)",
        ),
        (
            "Status(404 | 410) => log",
            "Status(404) => print",
            "Status(404) => print, Status(410) => log",
        ),
        ("Status(404) => log", "Status(400..=499) => print", "Status(400..=499) => print"),
        (
            "Status(400..=499) => log",
            "Status(400..450 | 450..=499) => print",
            "Status(400..450 | 450..=499) => print",
        ),
        (
            "Status(400..=499) => log",
            "Status(404) => print",
            "Status(404) => print, Status(400..=499) => log",
        ),
        ("Status(404) => log", "Status(x) => f(x)", "Status(x) => f(x)"),
        ("Status(404) => log", "Status => print", "Status => print"),
        (
            "Status(x @ (404 | 410 | 500..)) => f(x)",
            "Status(410) => print",
            "Status(410) => print, Status(x @ (404 | 500..)) => f(x)",
        ),
        (
            "Status(TEAPOT) => log",
            "Status(404) => print",
            "Status(404) => print, Status(TEAPOT) => log",
        ),
        ("Build => log", "ErrorKind::Build(_) => print", "ErrorKind::Build(_) => print"),
        ("ErrorKind::Build(_) => log", "Build => print", "Build => print"),
        ("Connect(ConnectError::Dns) => log", "Connect(Dns) => print", "Connect(Dns) => print"),
        ("Protocol => log", "Protocol => print", "Protocol => print"),
        // The guard may be false.
        ("Connect => log", "Connect if a() => print", "Connect if a() => print, Connect => log"),
    ] {
        merges(&format!("on_error({shared})"), &get(own), &get(whole));
    }
    merges("on_error = log", &get("Connect => print"), &get("Connect => print, _ => log"));
    merges("on_error = log", "get = \"/\"", "get = \"/\", on_error = log");
    merges("on_error(_ => log)", "get = \"/\", on_error = print", "get = \"/\", on_error = print");
}

#[test]
fn an_arm_for_a_success_status_is_omitted() {
    merges(
        "on_error(Status(304 | 404) => log, _ => print)",
        "get = \"/\", expect(200..=299 | 304)",
        "get = \"/\", expect(200..=299 | 304), on_error(Status(404) => log, _ => print)",
    );
}

#[test]
fn the_group_s_retry_is_adapted_to_the_function() {
    for (shared, own, whole) in [
        ("retry(times = 2, idempotency_key)", "get = \"/\"", "get = \"/\", retry(times = 2)"),
        (
            "retry(times = 2, idempotency_key)",
            "post = \"/\"",
            "post = \"/\", retry(times = 2, idempotency_key)",
        ),
        (
            "retry(times = 2, on(Connect | Timeout(Idle)))",
            "post = \"/\"",
            "post = \"/\", retry(times = 2, on(Connect))",
        ),
        (
            "retry(times = 2, on(Connect | Timeout(Idle)))",
            "get = \"/\"",
            "get = \"/\", retry(times = 2, on(Connect | Timeout(Idle)))",
        ),
        ("retry(times = 2, on(Status(500..=599)))", "post = \"/\"", "post = \"/\""),
        ("retry = 2", "post = \"/\", multipart = key", "post = \"/\", multipart = key"),
        (
            "retry = 2",
            "post = \"/\", body = Body::from_stream(key)",
            "post = \"/\", body = Body::from_stream(key)",
        ),
        (
            "retry(times = 2, idempotency_key)",
            "post = \"/\", header(\"idempotency-key\" = key)",
            "post = \"/\", header(\"idempotency-key\" = key), retry(times = 2)",
        ),
    ] {
        merges(shared, own, whole);
    }
}

#[test]
fn the_base_is_prepended_to_the_templates() {
    for (base, own, whole) in [
        ("/a/{id}", "/b/{key}", "/a/{id}/b/{key}"),
        ("/a/{id}", "", "/a/{id}"),
        ("/a/{id}", "?q={key}", "/a/{id}?q={key}"),
        ("https://example.com/a", "/{id}", "https://example.com/a/{id}"),
        ("{key}/a", "/{id}", "{key}/a/{id}"),
        ("/a", "https://example.com/{id}", "https://example.com/{id}"),
        ("/a", "{key}/{id}", "{key}/{id}"),
    ] {
        merges(&format!("base = {base:?}"), &format!("get = {own:?}"), &format!("get = {whole:?}"));
    }
}

#[test]
fn the_rest_of_the_item_is_unchanged() {
    let group = r#"
        /// Docs.
        #[derive_nothing]
        unsafe impl<const N: usize, T: Into<u8>> Api<{ N }, T> for X<{ N }> where T: Send {
            #![allow(unused)]
            /// A constant.
            pub const A: [u8; { 1 }] = { [0] };
            type B = Matrix<{ N }, u8>;
            pub fn plain<#[cfg(all())] 'a>(&self) -> impl Fn() -> Matrix<{ N }> where T: Clone { other! { impl } }
            make! { #[request(get = "/")] async fn hidden(); }
        }
    "#;
    let with = group.replace("make!", "#[request(get = \"/\")] async fn f() -> R; make!");
    let expansion = crate::requests(TokenStream::new(), tokens(&with)).to_string();
    let function = crate::request(tokens("get = \"/\""), tokens("async fn f() -> R;")).to_string();
    let expected = tokens(&group.replace("make!", &format!("{function} make!"))).to_string();
    assert_eq!(tokens(&expansion).to_string(), expected);
}

#[test]
fn a_module_is_a_group_of_the_functions_in_it() {
    let (args, item) = split(
        r#"#[requests(timeout = 2s)] pub(crate) mod api {
            use a::B;
            #[request(get = "/one")] pub async fn one() -> R;
            impl Api { #[backstop::request(get = "/two", timeout = 3s)] async fn two() -> R; }
            mod inner { #[::backstop::request(get = "/three")] async fn three() -> R; }
            mod file;
            fn plain() -> impl Fn() { #[request(get = "/four")] async fn four() -> R; }
            #[requests(base = "/five", timeout(attempt = 1s))]
            impl Five { #[request(get = "/six")] async fn six() -> R; }
        }"#,
    );
    let (alone, f) = (crate::request, tokens);
    let one = alone(f(r#"get = "/one", timeout = 2s"#), f("pub async fn one() -> R;"));
    let two = alone(f(r#"get = "/two", timeout = 3s"#), f("async fn two() -> R;"));
    let three = alone(f(r#"get = "/three", timeout = 2s"#), f("async fn three() -> R;"));
    let six = alone(
        f(r#"get = "/five/six", timeout(attempt = 1s, total = 2s)"#),
        f("async fn six() -> R;"),
    );
    let expected = quote::quote! {
        pub(crate) mod api {
            use a::B;
            #one
            impl Api { #two }
            mod inner { #three }
            mod file;
            fn plain() -> impl Fn() { #[request(get = "/four")] async fn four() -> R; }
            impl Five { #six }
        }
    };
    assert_eq!(crate::requests(args, item).to_string(), expected.to_string());
}

#[test]
fn a_trait_s_functions_return_futures() {
    let expand = |keys: &str, item: &str| pretty(crate::requests(tokens(keys), tokens(item)));
    let api = "trait Api { #[request(get = \"/\")] async fn f(&self) -> R; }";
    let found = expand("", api);
    assert!(found.contains("trait Api: ::core::marker::Sync {"), "{found}");
    let future = "fn f(&self) -> impl ::core::future::Future<Output = R> + ::core::marker::Send {";
    assert!(found.contains(future), "{found}");
    let found = expand("?Send", api);
    assert!(found.contains("trait Api {"), "{found}");
    assert!(found.contains("fn f(&self) -> impl ::core::future::Future<Output = R> {"), "{found}");
    let found = expand("", &api.replace("&self", "&mut self").replace("Api", "Api<T>: Clone"));
    assert!(found.contains("trait Api<T>: ::core::marker::Send + Clone {"), "{found}");
    let found = expand("", &api.replace("&self", "").replace("Api", "Api where Self: Clone"));
    let clause: String = found.split_whitespace().collect();
    assert!(clause.contains("traitApiwhereSelf:Clone,{"), "{found}");
    // `async_trait` rewrites `async` functions.
    let found = expand("", &format!("#[async_trait::async_trait] {api}"));
    assert!(found.contains("async fn f(&self) -> R {"), "{found}");
}
