//! Each mistake alone: its only error, with the place and the start of the message.

use super::mistakes;
use crate::args;
use crate::errors::Errors;

/// The function for mistakes in the attribute.
const PLAIN: &str = "async fn f(id: u64) -> Result<User, Error> { g() }";
const BODYLESS: &str = "async fn f(id: u64) -> Result<User, Error>;";
const UNIT: &str = "async fn f(id: u64) { g() }";
const METHOD: &str = "async fn f(&self, #[response] text: String) -> R { g() }";

/// The place of an error at the whole attribute, which has no source text here.
const ATTRIBUTE: &str = "";

#[track_caller]
fn refused(args: &str, item: &str, at: &str, message: &str) {
    let source = format!("#[request({args})] {item}");
    match mistakes(&source).as_slice() {
        [(found_at, found)] => {
            assert!(found.starts_with(message), "{source}\n{found}");
            assert_eq!(found_at, at, "{source}\n{found}");
            let first = found.trim_start_matches('`').chars().next();
            assert!(found.starts_with('`') || first.is_some_and(char::is_lowercase), "{found}");
            assert!(!found.ends_with('.'), "{found}");
        }
        found => panic!("{source}\n{found:#?}"),
    }
}

macro_rules! refuses {
    ($($name:ident: $([$args:expr, $item:expr] at $at:expr, $message:expr;)*)*) => {
        $(
            #[test]
            fn $name() {
                $(refused($args, $item, $at, $message);)*
            }
        )*
    };
}

refuses! {
    invalid_keys_are_refused:
        [r#"gett = "/""#, PLAIN] at "gett", "unknown key `gett`; did you mean `get`?";
        [r#"get = "/", colour = 3"#, PLAIN] at "colour", "unknown key `colour`; the keys are `get`,";
        [r#"get = "/", proxy = p"#, PLAIN] at "proxy", "unknown key `proxy`, which is set on the session: write";
        [r#"get = "/", auth = a"#, PLAIN] at "auth", "unknown key `auth`: write `bearer = token`, or `basic(user, password)`";
        [r#"get = "/", token = a"#, PLAIN] at "token", "unknown key `token`; did you mean `bearer`?";
        [r#"get = "/", client = a"#, PLAIN] at "client", "unknown key `client`; did you mean `session`?";
        [r#"get = "/", params = a"#, PLAIN] at "params", "unknown key `params`; did you mean `query`?";
        [r#"get = "/", max_size = 1MB"#, PLAIN] at "max_size", "unknown key `max_size`; did you mean `max_body`?";
        [r#"get = "/", backoff(1s..2s)"#, PLAIN] at "backoff", "unknown key `backoff`, which is a part of `retry`: write `retry(times = 3, backoff(";
        [r#"post = "/", optional json = id"#, PLAIN] at "optional", "unknown key `optional`: for a body that `None` leaves out write `json(optional) = value`";
        [r#"get = "/", call_options = o"#, PLAIN] at "call_options", "unknown key `call_options`: an argument of the type `CallOptions` is applied without a key";
        [r#"get = "/", options = o"#, PLAIN] at "options", "`options` is the method OPTIONS: an argument of the type `CallOptions` is applied";
        [r#"get = "/", options = &o"#, PLAIN] at "options", "`options` is the method OPTIONS: an argument of the type `CallOptions` is applied";
        [r#"options = PATH"#, PLAIN] at "PATH", "a constant goes into the template";
        [r#"get = "/", attempts = 3"#, PLAIN] at "attempts", "unknown key `attempts`: write `retry = 3`";
        [r#"get = "/", on_retry = f"#, PLAIN] at "on_retry", "unknown key `on_retry`, which is a part of `retry`: write `retry(times = 3, on_retry = path)`";
        [r#"get = "/", base = f"#, PLAIN] at "base", "unknown key `base`: write `get = \"{base}/path\"`";
        [r#"path = "/""#, PLAIN] at "path", "unknown key `path`: write the method and the template";
        [r#"url = "/""#, PLAIN] at "url", "unknown key `url`: write the method and the template, such as `get = \"/path\"`";
        [r#"get = "/", catch = log"#, PLAIN] at "catch", "unknown key `catch`; did you mean `on_error`?";
        [r#"get = "/", timout = 2s"#, PLAIN] at "timout", "unknown key `timout`; did you mean `timeout`?";
        [r#"get = "/", GET = "/""#, PLAIN] at "GET", "unknown key `GET`; did you mean `get`?";
        [r#"post = "/", text = a, text = b"#, PLAIN] at "text", "`text` is given twice";
        [r#"get = "/", timeout = 1s, timeout = 2s"#, PLAIN] at "timeout", "`timeout` is given twice";
        [r#"get = "/" timeout = 2s"#, PLAIN] at "timeout", "keys are separated by commas";
        [r#""/users""#, PLAIN] at "\"/users\"", "expected a key, such as";
        [r#"get = "/", session"#, PLAIN] at "session", "`session` takes a value: write `session = …`";
        [r#"get = "/", session(a)"#, PLAIN] at "session", "`session` takes a value";
        [r#"get = "/", session = "#, PLAIN] at "session", "the value of `session` is missing";
        [r#"get = "/", session = S."#, PLAIN] at ".", "a name is missing after this `.`: write";
        [r#"get = "/", session = self.s"#, PLAIN] at "self", "`self` needs a method: write `&self`";
        [r#"get = "/" + id"#, PLAIN] at "\"/\"", "a template is one string literal: write";
        [r#"get = "/", query(a = b)"#, PLAIN] at "query", "`query` takes a value: write";
        [r#"get = "/", retry = 3 times"#, PLAIN] at "times", "`retry` takes a number alone: write `retry = 3`";
        [r#"get = "/", on_error(Connect, Timeout => log)"#, PLAIN] at "Connect", "alternatives are separated by `|`: write `Connect | Timeout => …`";
        [r#"get = "/", on_error(else => log)"#, PLAIN] at "else", "the pattern for all other errors is `_`";
        [r#"get = "/", on_error(Timeout() => log)"#, PLAIN] at "Timeout", "these parentheses are empty: write `Timeout`, or `Timeout(Connect)`";
        [r#"get = "/", on_error(Status() => log)"#, PLAIN] at "Status", "these parentheses are empty: write `Status`, or `Status(404)`";
        [r#"get = "/", on_error(Status(NotFound) => log)"#, PLAIN] at "NotFound", "a status is a number: write `404`";
        [r#"get = "/", on_error(_ => return Err(error))"#, PLAIN] at "return", "`return` would leave the function inside `on_error`";
        [r#"get = "/", basic = a"#, PLAIN] at "basic", "`basic` takes a list: write `basic(user, password)`";
        [r#"get = "/", header()"#, PLAIN] at "header", "`header` is empty";
        [r#"get("/")"#, PLAIN] at "get", "`get` takes a value: write `get = \"/path\"`";
        ["get = path", PLAIN] at "path", "a constant goes into the template: write `\"{path}\"`";
        [r#"get = concat!("/", "a")"#, PLAIN] at "concat!(\"/\", \"a\")", "the template is read before macros expand";
        ["get = 1", PLAIN] at "1", "expected the template as a string literal";
        [r#"get = "/{}", id"#, BODYLESS] at "{}", "a placeholder needs a name: write `{id}`";
        [r#"get = "/{}", id, timeout = 2s"#, PLAIN] at "{}", "a placeholder needs a name: write `{id}`";

    invalid_methods_are_refused:
        ["timeout = 2s", PLAIN] at ATTRIBUTE, "the method and the template are missing";
        ["", BODYLESS] at ATTRIBUTE, "the method and the template are missing";
        [r#"get = "/", post = "/""#, PLAIN] at "post", "a request has one method, and `get` is already given";
        [r#"method("A B") = "/""#, PLAIN] at "\"A B\"", "`A B` is not the name of a method";
        [r#"method = "PURGE""#, PLAIN] at "method", "`method` takes a name and a template: write `method(\"PURGE\") = \"/path\"`";
        [r#"method(PURGE) = "/""#, PLAIN] at "PURGE", "expected a method's name";

    invalid_templates_are_refused:
        [r#"get = "/:id""#, BODYLESS] at "\"/:id\"", "`:id` is not a placeholder: write `{id}`";
        [r#"get = "/:id""#, PLAIN] at "\"/:id\"", "`:id` is not a placeholder: write `{id}`";
        [r#"get = "/<id>/x""#, BODYLESS] at "\"/<id>/x\"", "`<id>` is not a placeholder: write `{id}`";
        [r#"get = "/${id}""#, BODYLESS] at "${id}", "a placeholder is written without `$`: write `{id}`";
        [r#"get = "ftp://h/""#, PLAIN] at "ftp", "the scheme `ftp` cannot be sent";
        [r#"get = "/{idd}""#, PLAIN] at "{idd}", "no argument is named `idd`; did you mean `id`?";
        [r#"get = "/{idd}""#, BODYLESS] at "{idd}", "no argument is named `idd`; did you mean `id`?";
        [r#"get = "/{nothing}""#, PLAIN] at "{nothing}", "no argument is named `nothing`: add it";
        [r#"get = "/{text}""#, METHOD] at "{text}", "`text` comes from the response";
        [r#"get = "/{self.a}""#, PLAIN] at "{self.a}", "`self.a` needs a method";
        [r##"get = r#"/{a.b}"#"##, PLAIN] at "{a.b}", "a placeholder is an argument or `self.field`";

    unused_arguments_are_refused:
        [r#"get = "/""#, BODYLESS] at "id", "`id` is never used: put `{id}` in the template";
        [r#"get = "/{a}""#, "async fn f((a, b): (u8, u8)) -> R;"] at "b", "`b` is never used";

    invalid_bodies_are_refused:
        [r#"post = "/", json = a, text = b"#, PLAIN] at "text", "a request has one body, and `json` is already given";
        [r#"head = "/", body = a"#, PLAIN] at "body", "a HEAD request has no body";

    invalid_headers_are_refused:
        [r#"get = "/", bearer = a, basic(b, c)"#, PLAIN] at "basic", "`bearer` and `basic` both set";
        [r#"get = "/", basic(b)"#, PLAIN] at "b", "`basic` takes two values";
        [r#"get = "/", header("a b" = 1)"#, PLAIN] at "\"a b\"", "`a b` is not the name of a header";
        [r#"get = "/", header("Content-Length" = 1)"#, PLAIN] at "\"Content-Length\"", "`Content-Length` is computed";
        [r#"get = "/", header(accept = 1)"#, PLAIN] at "accept", "the name of a header is a string: write `\"accept\"`";
        [r#"get = "/", header(x-id = 1)"#, PLAIN] at "x", "expected a header, such as";
        [r#"get = "/", headers("accept" = 1)"#, PLAIN] at "headers", "`headers` takes a whole map";
        [r#"get = "/", header("accept")"#, PLAIN] at "\"accept\"", "a header needs a value: write `\"accept\" = …`";
        [r#"get = "/", header("accept", "text/plain")"#, PLAIN] at "\"accept\"", "a header needs a value";
        [r#"get = "/", header("accept", kind, "x-a" = 1)"#, PLAIN] at "\"accept\"", "a header needs a value";
        [r#"get = "/", header("accept", "x-a" = 1)"#, PLAIN] at "\"accept\"", "a header needs a value";

    invalid_expected_statuses_are_refused:
        [r#"get = "/", expect(99)"#, PLAIN] at "99", "`99` is not a status";
        [r#"get = "/", expect(200..=1000)"#, PLAIN] at "200..=1000", "`1000` is not a status";
        [r#"get = "/", expect(299..=200)"#, PLAIN] at "299..=200", "this range is empty: write `200..=299`";
        [r#"get = "/", expect(100..=299)"#, PLAIN] at "100..=299", "a status below 200 is never final";
        [r#"get = "/", expect(200, 201)"#, PLAIN] at ",", "statuses are separated by `|`";
        [r#"get = "/", expect(200..300)"#, PLAIN] at "200..300", "a range of statuses includes its end";
        [r#"get = "/", expect(OK)"#, PLAIN] at "OK", "expected a status";

    invalid_durations_and_sizes_are_refused:
        [r#"get = "/", timeout = 5"#, PLAIN] at "5", "a duration needs a unit: write `5s`";
        [r#"get = "/", timeout = 5sec"#, PLAIN] at "5sec", "unknown unit of time `sec`";
        [r#"get = "/", max_body = 16 MB"#, PLAIN] at "16 MB", "a number and its unit are one word: write `16MB`";
        [r#"get = "/", timeout = 3 seconds, expect(200)"#, PLAIN] at "3 seconds", "a number and its unit are one word: write `3s`";
        [r#"get = "/", timeout(total = 3 s)"#, PLAIN] at "3 s", "a number and its unit are one word: write `3s`";
        [r#"get = "/", timeout = 3 lightyears"#, PLAIN] at "3 lightyears", "unknown unit of time `lightyears`";
        [r#"get = "/", timeout = -3s"#, PLAIN] at "-3s", "a duration or size is not negative: write `3s`";
        [r#"get = "/", max_body = -1"#, PLAIN] at "-1", "a duration or size is not negative: write `1`";
        [r#"get = "/", timeout = "2s""#, PLAIN] at "\"2s\"", "a duration or size is not a string: write `2s` without quotes";
        [r#"get = "/", max_body = "1MB""#, PLAIN] at "\"1MB\"", "a duration or size is not a string: write `1MB`";
        [r#"get = "/", error_body = "1MB""#, PLAIN] at "\"1MB\"", "a duration or size is not a string: write `1MB`";
        [r#"get = "/", error_body = 5s"#, PLAIN] at "5s", "unknown unit of size `s`";
        [r#"get = "/", error_body = 1KiB, error_body = 2KiB"#, PLAIN] at "error_body", "`error_body` is given twice";
        [r#"get = "/", max_body = 5KB"#, PLAIN] at "5KB", "unknown unit of size `KB`";
        [r#"get = "/", timeout(attempt = 2s, total = 1s)"#, PLAIN] at "2s", "one attempt cannot take longer than `total`";
        [r#"get = "/", timeout(idle = 2s, idle = 1s)"#, PLAIN] at "idle", "`idle` is given twice";
        [r#"get = "/", timeout(totl = 2s)"#, PLAIN] at "totl", "unknown timeout `totl`; did you mean `total`?";
        [r#"get = "/", timeout(connect = 2s)"#, PLAIN] at "connect", "unknown timeout `connect`, which is set on the session: write `Session::builder()";

    relative_crate_paths_are_refused:
        [r#"get = "/", crate = "backstop""#, PLAIN] at "\"backstop\"", "a path is not a string: write `crate = backstop` without quotes";
        [r#"get = "/", crate = a::b"#, PLAIN] at "a::b", "`a::b` depends on the module";
        [r#"get = "/", crate = super::b"#, PLAIN] at "super::b", "`super::b` depends on the module";

    invalid_functions_are_refused:
        [r#"get = "/""#, "fn f() -> R { g() }"] at "fn", "`#[request]` goes on an `async fn`: write `async fn f`";
        [r#"get = "/""#, "const fn f() -> R { g() }"] at "const", "a request cannot be sent in a `const fn`";
        [r#"get = "/""#, "async unsafe fn f() -> R { g() }"] at "unsafe", "nothing about a request is unsafe";
        [r#"get = "/""#, r#"async extern "C" fn f() -> R { g() }"#] at "extern \"C\"", "an `async fn` has no other ABI";
        [r#"get = "/""#, "#[request(get = \"/\")] async fn f() -> R { g() }"] at "#[request(get = \"/\")]", "a function has one `#[request]`";
        [r#"get = "/""#, "#[backstop::request()] async fn f() -> R;"] at "#[backstop::request()]", "a function has one `#[request]`";
        [r#"get = "/""#, "struct S;"] at "struct", "`#[request]` goes on an `async fn`: remove it";
        [r#"get = "/""#, "async fn f(#[response] self) -> R { g() }"] at "#[response]", "`self` comes from the caller";
        [r#"get = "/""#, "async fn f(#[response(json)] a: A) -> R { g() }"] at "response(json)", "`#[response]` takes no arguments, as the type says how to read it";
        [r#"get = "/""#, "async fn f(#[response] a: A, #[response] b: A, #[response] c: A, #[response] d: A, #[response] e: A, #[response ] f: A) -> R { g() }"] at "#[response ]", "a function takes at most 5 of these";
        [r#"get = "/""#, "async fn f(#[response] a: A) -> R;"] at "#[response]", "a function without a body decodes";
        [r#"get = "/""#, "async fn f() -> Result<impl T, E>;"] at "impl", "a function without a body decodes its return type";
        [r#"get = "/", cleanup = c"#, "async fn f() -> impl T { g() }"] at "impl", "`cleanup` needs to know the return type";

    rewritten_functions_are_refused:
        [r#"get = "/", on_error = log"#, "#[::core::prelude::v1::test] fn f() { let body = async {}; rt().block_on(body) }"] at "fn", "an attribute above rewrote this function, which is no longer an `async fn`: write `#[request]` above that attribute";
        [r#"get = "/", on_error = log"#, "fn f() { rt().block_on(async { g() }) }"] at "fn", "an attribute above rewrote this function";
        [r#"get = "/""#, "fn f() -> Pin<Box<dyn Future<Output = u8>>> { Box::pin(async { g() }) }"] at "fn", "an attribute above rewrote this function";

    empty_bodies_are_refused:
        [r#"get = "/""#, "async fn f() -> Result<User, Error> {}"] at "{}", "an empty body returns no value: write `;` in its place to decode the response, or `{ Ok(…) }`";
        [r#"get = "/""#, "async fn f() -> Result<()> { /* nothing */ }"] at "{ /* nothing */ }", "an empty body returns no value: write `;` in its place to decode the response, or `{ Ok(()) }`";
        [r#"get = "/", on_error = log"#, "async fn f() -> Option<User> {}"] at "{}", "an empty body returns no value: write `;` in its place to decode the response, or `{ Some(…) }`";
        [r#"get = "/", fallback = a()"#, "async fn f() -> Vec<User> {}"] at "{}", "an empty body returns no value: write `;` in its place to decode the response, or the value";
        [r#"get = "/""#, "async fn f(#[response] Json(user): Json<User>) -> Result<User, E> {}"] at "{}", "an empty body returns no value: write `{ Ok(user) }`";

    forgotten_response_attributes_are_refused:
        [r#"get = "/""#, "async fn f(Json(u): Json<User>) -> R { Ok(u) }"] at "Json", "`Json` is read from a response: write `#[response] Json(u): Json<User>`";
        [r#"get = "/""#, "async fn f(user: Json<User>) -> R { Ok(user.0) }"] at "user", "`Json` is read from a response: write `#[response] user: Json<User>`";
        [r#"get = "/""#, "async fn f(Json(u): Json<User>) -> R;"] at "Json", "`Json` is read from a response, which a function without a body decodes as its return type: remove this argument";

    type_parameters_that_cannot_be_decoded_are_refused:
        [r#"get = "/""#, "async fn f<T>() -> Result<T, Error>;"] at "T", "`T` is read from the response: write `T: serde::de::DeserializeOwned`";
        [r#"get = "/""#, "async fn f<T: Clone + Send>() -> Result<Vec<T>, Error>;"] at "T", "`T` is read from the response: write `T: Clone + Send + serde::de::DeserializeOwned`";
        [r#"get = "/""#, "async fn f<T>() -> Option<T> where T: Sized + 'static;"] at "T", "`T` is read from the response: write `T: serde::de::DeserializeOwned`";

    lost_errors_are_refused:
        [r#"get = "/""#, UNIT] at "f", "errors would be lost, as the function returns nothing";
        [r#"get = "/", cleanup = c"#, "async fn f() -> () {}"] at "f", "errors would be lost";
        [r#"get = "/", on_error(Connect => log, _ if a => log)"#, UNIT] at "on_error", "errors that no arm matches would be lost";

    invalid_patterns_are_refused:
        [r#"get = "/", on_error(Dns | Refused => log)"#, PLAIN] at "Dns | Refused", "a leaf is written inside its class: write `Connect(Dns | Refused)`";
        [r#"get = "/", on_error(Timeout | Dns => log)"#, PLAIN] at "Dns", "a leaf is written inside its class: write `Connect(Dns)`";
        [r#"get = "/", on_error(e @ Idle => log)"#, PLAIN] at "Idle", "a leaf is written inside its class: write `Timeout(Idle)`";
        [r#"get = "/", on_error(Reset => log)"#, PLAIN] at "Reset", "a leaf is written inside its class: write `Disconnected(Reset)` or `Body(Reset)`";
        [r#"get = "/", on_error(Dns | TooMany => log)"#, PLAIN] at "Dns", "a leaf is written inside its class: write `Connect(Dns)`";
        [r#"get = "/", on_error(NotFound => log)"#, PLAIN] at "NotFound", "a status is a number: write `Status(404)`";
        [r#"get = "/", on_error(Http(404) => log)"#, PLAIN] at "Http", "the class of a status is `Status`: write `Status(404)`";
        [r#"get = "/", on_error(Err(e) if e.a() => log)"#, PLAIN] at "Err", "an arm matches the kind of an error: write `e @ _`";
        [r#"get = "/", on_error(Ok(_) => log)"#, PLAIN] at "Ok", "arms are for errors, and the body is for success";
        [r#"get = "/", on_error(Status(StatusCode::NOT_FOUND) => log)"#, PLAIN] at "StatusCode::NOT_FOUND", "a status is a number here: write `404`";
        [r#"get = "/", on_error(Status(http::StatusCode::GONE | 404) => log)"#, PLAIN] at "http::StatusCode::GONE", "a status is a number here: write `410`";
        [r#"get = "/", on_error(Status(4xx) => log)"#, PLAIN] at "4xx", "a range of statuses has two ends: write `400..=499`";
        [r#"get = "/", on_error(5XX => log)"#, PLAIN] at "5XX", "a status is matched by the class `Status`: write `Status(500..=599)`";
        [r#"get = "/", on_error(Status(>= 500) => log)"#, PLAIN] at ">", "a range has two ends: write `Status(500..=599)`";
        [r#"get = "/", on_error(Status(404, 410) => log)"#, PLAIN] at "404, 410", "alternatives are separated by `|`: write `Status(404 | 410)`";
        [r#"get = "/", on_error(Connect(Dns, Refused) => log)"#, PLAIN] at "Dns, Refused", "alternatives are separated by `|`: write `Connect(Dns | Refused)`";
        [r#"get = "/", on_error(Protocol(_) => log)"#, PLAIN] at "_", "`Protocol` has no leaves: write `Protocol`";
        [r#"get = "/", on_error(Credentials(Token) => log)"#, PLAIN] at "Token", "`Credentials` has no leaves: write `Credentials`";
        [r#"get = "/", on_error(ErrorKind::Timeout => log)"#, PLAIN] at "ErrorKind::Timeout", "patterns are written without a path: write `Timeout`";
        [r#"get = "/", on_error(Timeout::Idle => log)"#, PLAIN] at "Timeout::Idle", "patterns are written without a path: write `Timeout(Idle)`";
        [r#"get = "/", on_error(ClientError => log)"#, PLAIN] at "ClientError", "there is no class `ClientError`: write `Status(400..=499)`";
        [r#"get = "/", on_error(TimeoutError => log)"#, PLAIN] at "TimeoutError", "there is no class `TimeoutError`: write `Timeout`";
        [r#"get = "/", on_error(Status(200) => log)"#, PLAIN] at "200", "`200` counts as success here";
        [r#"get = "/", on_error(Status(404 | 201..=205) => log)"#, PLAIN] at "201..=205", "these count as success here";
        [r#"get = "/", expect(404), on_error(Status(404) => log)"#, PLAIN] at "404", "`404` counts as success here";
        [r#"get = "/", on_error(Status(4040) => log)"#, PLAIN] at "4040", "`4040` is not a status";
        [r#"get = "/", on_error(404 => log)"#, PLAIN] at "404", "a status is matched by the class `Status`";
        [r#"get = "/", on_error(e @ Connect | Timeout => log)"#, PLAIN] at "e", "`e` has to bind the error of every alternative: write `e @ (… | …)`";
        [r#"get = "/", on_error(timeout => log)"#, PLAIN] at "timeout", "`timeout` would bind every error: write `Timeout`";
        [r#"get = "/", on_error(Connect | r#body => log)"#, PLAIN] at "r#body", "`body` would bind every error: write `Body`";
        [r#"get = "/", on_error = (Connect => log)"#, PLAIN] at "on_error", "the arms of `on_error` go into its parentheses";
        [r#"get = "/", on_error = { Connect => log, _ => print }"#, PLAIN] at "on_error", "the arms of `on_error` go into its parentheses";
        [r#"get = "/", on_error { Connect => log }"#, PLAIN] at "on_error", "the arms of `on_error` go into its parentheses";
        [r#"get = "/", on_error(log)"#, PLAIN] at "log", "expected `=>`: write `PATTERN => ACTION` for an arm";
        [r#"get = "/", on_error(Connect => log _ => log)"#, PLAIN] at "_", "arms are separated by commas";
        [r#"get = "/", on_error(Connect => log; recover(1), _ => log)"#, PLAIN] at ";", "several actions need a block";

    values_as_actions_are_refused:
        [r#"get = "/", on_error(_ => 0)"#, PLAIN] at "0", "a value alone does nothing: write `recover(…)` to succeed";
        [r#"get = "/", on_error(_ => -1)"#, PLAIN] at "-1", "a value alone does nothing";
        [r#"get = "/", on_error(_ => None)"#, PLAIN] at "None", "a value alone does nothing";
        [r#"get = "/", on_error(_ => Ok(None))"#, PLAIN] at "Ok(None)", "a value alone does nothing";
        [r#"get = "/", on_error(_ => Problem::NotFound(id))"#, PLAIN] at "Problem::NotFound(id)", "a value alone does nothing";
        [r#"get = "/", on_error(_ => Problem::Gone)"#, PLAIN] at "Problem::Gone", "a value alone does nothing";
        [r#"get = "/", on_error(_ => { log; User { id } })"#, PLAIN] at "User { id }", "a value alone does nothing";
        [r#"get = "/", on_error(_ => (1, 2))"#, PLAIN] at "(1, 2)", "a value alone does nothing";
        [r#"get = "/", on_error(_ => if a { [0; 2] } else { log })"#, PLAIN] at "[0; 2]", "a value alone does nothing";

    words_that_are_no_actions_are_refused:
        [r#"get = "/", on_error(_ => warn)"#, PLAIN] at "warn", "`warn` is a log level: write `log(warn)`";
        [r#"get = "/", on_error = println"#, PLAIN] at "println", "`println` is a macro: write `print`";
        [r#"get = "/", on_error(Connect => retry(3))"#, PLAIN] at "retry", "an arm cannot retry, as it runs after the last attempt: write `retry = 3`";
        [r#"get = "/", on_error(Connect => retry)"#, PLAIN] at "retry", "an arm cannot retry";
        [r#"get = "/", on_error = [log, print]"#, PLAIN] at "[log, print]", "several actions need a block: write `{ log; print }`";
        [r#"get = "/", on_error(_ => (log, note))"#, PLAIN] at "(log, note)", "several actions need a block: write `{ log; note }`";
        [r#"get = "/", on_error(_ => log, print)"#, PLAIN] at "print", "several actions in an arm need a block: write `{ …; print }`";
        [r#"get = "/", on_error(_ => log(warning))"#, PLAIN] at "warning", "`log` receives the error and takes only a level: write `log`, or `log(level)` with `error`, `warn`, `info`, `debug` or `trace`; did you mean `warn`?";
        [r#"get = "/", on_error = |e| recover(None)"#, PLAIN] at "recover", "`recover(…)` ends an arm and cannot be called in a closure: write `on_error(error @ _ => recover(…))`";
        [r#"get = "/", on_error = |e| Ok(None)"#, PLAIN] at "Ok(None)", "the value of a closure is not used: write `on_error(error @ _ => recover(…))`";
        [r#"get = "/", on_error(_ => |e| { log(e); Err(e) })"#, PLAIN] at "Err(e)", "the value of a closure is not used";
        [r#"get = "/", on_error = async { a().await }"#, PLAIN] at "async", "an `async` block does nothing until it is awaited";

    unbound_names_of_the_error_are_refused:
        [r#"get = "/", on_error(_ => eprintln!("{error}"))"#, PLAIN] at "\"{error}\"", "this arm does not bind its error: write `error @ _ => …`";
        [r#"get = "/", on_error(Connect => eprintln!("{}", err))"#, PLAIN] at "err", "this arm does not bind its error: write `err @ Connect => …`";
        [r#"get = "/", on_error(Connect(Dns) | Timeout => note(&e))"#, PLAIN] at "e", "this arm does not bind its error: write `e @ (…) => …`";
        [r#"get = "/", on_error(Status(404) => fail(error))"#, PLAIN] at "error", "this arm does not bind its error: write `error @ Status(…) => …`";
        [r#"get = "/", on_error(_ if error.is_timeout() => log)"#, PLAIN] at "error", "this arm does not bind its error: write `error @ _ if …`";
        [r#"get = "/", on_error = note(&error)"#, PLAIN] at "error", "the error is not available here: write `on_error(error @ _ => …)`";
        [r#"get = "/", on_error(_ => { log; warn!(%error); })"#, PLAIN] at "error", "this arm does not bind its error";
        [r#"get = "/", fallback = of(error)"#, PLAIN] at "error", "the error is not available here: write `on_error(error @ _ => …)`";
        [r#"get = "/", cleanup = release(&error)"#, PLAIN] at "error", "the error is not available here";

    invalid_actions_are_refused:
        [r#"get = "/", on_error = recover"#, PLAIN] at "recover", "`recover` needs the value";
        [r#"get = "/", on_error = fail"#, PLAIN] at "fail", "`fail` needs the error";
        [r#"get = "/", on_error = fail()"#, PLAIN] at "fail", "`fail` needs the error";
        [r#"get = "/", on_error = recover(1, 2)"#, PLAIN] at "1, 2", "`recover` takes one value: for a tuple write `recover((a, b))`";
        [r#"get = "/", on_error = { recover(1); log }"#, PLAIN] at "recover", "`recover(…)` ends an arm";
        [r#"get = "/", on_error = { if a { fail(b) } log }"#, PLAIN] at "fail", "`fail(…)` ends an arm";
        [r#"get = "/", on_error = { for a in b { recover(a) } }"#, PLAIN] at "recover", "`recover(…)` ends an arm";
        [r#"get = "/", on_error = { let a = fail(b); }"#, PLAIN] at "fail", "`fail(…)` ends an arm";
        [r#"get = "/", on_error = note(recover(1))"#, PLAIN] at "recover", "`recover(…)` ends an arm";
        [r#"get = "/", on_error = |e| recover(e)"#, PLAIN] at "recover", "`recover(…)` ends an arm and cannot be called in a closure";
        [r#"get = "/", on_error = print(e)"#, PLAIN] at "print", "`print` takes no arguments, as it receives the error";
        [r#"get = "/", on_error = print()"#, PLAIN] at "print", "`print` takes no arguments";
        [r#"get = "/", on_error = log(e)"#, PLAIN] at "e", "`log` receives the error and takes only a level";
        [r#"get = "/", on_error = log(wran)"#, PLAIN] at "wran", "`log` receives the error and takes only a level: write `log`, or `log(level)` with `error`, `warn`, `info`, `debug` or `trace`; did you mean `warn`?";
        [r#"get = "/", on_error = log()"#, PLAIN] at "log", "`log` receives the error and takes only a level: write `log`";

    early_exits_are_refused:
        [r#"get = "/", on_error = a?"#, PLAIN] at "?", "`?` would leave the function inside `on_error`";
        [r#"get = "/", on_error(_ if a? => log)"#, PLAIN] at "?", "`?` would leave the function inside";
        [r#"get = "/", fallback = return a"#, PLAIN] at "return", "`return` would leave the function early";
        [r#"get = "/", cleanup = a(b?)"#, PLAIN] at "?", "`?` would leave the function early";
        [r#"get = "/", query = a?, cleanup = b"#, PLAIN] at "?", "`?` would skip `cleanup`";

    invalid_cleanups_and_fallbacks_are_refused:
        [r#"get = "/", cleanup = !a()"#, PLAIN] at "!a()", "`cleanup` takes a function or a call: write `cleanup = path`";
        [r#"get = "/", finally = 1"#, PLAIN] at "1", "`finally` takes a function or a call";
        [r#"get = "/", on_error = recover(1), fallback = 2"#, PLAIN] at "fallback", "`fallback` can never be reached";
        [r#"get = "/", on_error(Connect => recover(1), _ => fail(x)), fallback = 2"#, PLAIN] at "fallback", "`fallback` can never be reached";
}

#[test]
fn valid_attributes_are_accepted() {
    for (args, item) in [
        (r#"get = "/", query = a?"#, PLAIN),
        (r#"get = "/{id}""#, BODYLESS),
        (r#"get = "/""#, "async fn f(_x: u8) -> R;"),
        (r#"method("GET") = "/", text = "{id}""#, BODYLESS),
        (r#"post = "/", text = format!("{id:?}"),"#, BODYLESS),
        (r#"get = "/", cleanup = async { a? }.b()"#, PLAIN),
        (r#"get = "/", on_error = log"#, "async fn f() {}"),
        (r#"get = "/""#, "async fn f() -> Nothing {}"),
        (r#"get = "/""#, "async fn f() -> impl Sized { g() }"),
        (r#"get = "/""#, "async fn f<T: Model>() -> Result<T, Error>;"),
        (r#"get = "/""#, "async fn f<T>() -> Result<T, Error> where Vec<T>: Model;"),
        (r#"get = "/{id}""#, "async fn f<T: Display>(id: T) -> Result<u8, Error>;"),
        (r#"post = "/", json = u"#, "async fn f(Json(u): Json<User>) -> R { g() }"),
        (r#"post = "/""#, "async fn f(a: Json<User>, #[response] b: Json<User>) -> R { g(a, b) }"),
        (r#"post = "/", json = tokn"#, "async fn f(token: u8) -> R;"),
        (r#"post = "/", json = json!({"a": lenght})"#, "async fn f(length: u8) -> R;"),
        (r#"get = "/", on_error = log"#, UNIT),
        (r#"get = "/", on_error(Connect => log, e @ _ => log)"#, UNIT),
        (r#"get = "/", on_error(Status(999) => log, Status(200..=404) => log)"#, PLAIN),
        (r#"get = "/", fallback = ()"#, UNIT),
        (r#"get = "/", on_error(other => f(other), _ => HANDLER)"#, PLAIN),
        (r#"get = "/", on_error = { () }"#, PLAIN),
        (r#"get = "/", on_error(_ => { let error = 1; f(error) })"#, PLAIN),
        (r#"get = "/", on_error(_ => |error: &Error| hear(error))"#, PLAIN),
        (r#"get = "/", on_error(_ => each(|a, error, b| hear(error)))"#, PLAIN),
        (r#"get = "/", on_error(_ => Known { error: 1 }.hear(error::LEVEL))"#, PLAIN),
        (r#"get = "/", on_error(_ => list.retain(|e| keep(e)))"#, PLAIN),
        (
            r#"get = "/", on_error(_ => if let Err(error) = close() { eprintln!("{error}") })"#,
            PLAIN,
        ),
        (r#"get = "/", on_error(_ => match close() { Err(e) => note(&e), Ok(()) => log })"#, PLAIN),
        (r#"get = "/", on_error(_ => tracing::warn!(error = 1, "x"))"#, PLAIN),
        (r#"get = "/", on_error(_ => self.error.note(|e| e))"#, "async fn f(&self) -> R { g() }"),
        (r#"get = "/", on_error(Status(error) => f(error), other => f(other))"#, PLAIN),
        (r#"get = "/", on_error(_ => f(error))"#, "async fn f(error: u64) -> R { g() }"),
        (r#"get = "/", on_error(_ => f(error()), Connect => error!("x"))"#, PLAIN),
        (r#"get = "/", on_error(_ => f("{error}"))"#, PLAIN),
        (r#"get = "/", on_error(Protocol => self::warn, Connect => logs::error)"#, PLAIN),
        (r#"get = "/$metadata/a:batch/:other?$filter={id}""#, PLAIN),
        (r#"get = "/", timeout = limit, max_body = -limit"#, PLAIN),
        (r#"get = "/", on_error = { a.fail(b); c::recover(d); fn fail() {} }"#, PLAIN),
        (r#"get = "/", on_error = { match a { _ => log } }"#, PLAIN),
        (r#"get = "/""#, "async fn f(#[response] a: A) -> impl T { g() }"),
        (r#"get = "/", crate = crate::http"#, PLAIN),
        (r#"get = "/", timeout(total = LIMIT, attempt = 2s)"#, PLAIN),
    ] {
        let source = format!("#[request({args})] {item}");
        assert_eq!(mistakes(&source), [], "{source}");
    }
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let found = mistakes(
        r#"#[request(
            get = "/{idd}/{}",
            timout = 2s,
            header("a b" = 1, 3 = 2),
            on_error(404 => log, Connect => recover, Status(200) => log),
            max_body = 1KB,
        )]
        fn f(id: u64) -> R;"#,
    );
    let at: Vec<&str> = found.iter().map(|(at, _)| at.as_str()).collect();
    assert_eq!(at, ["timout", "3", "404", "recover", "1KB", "fn", "\"a b\"", "200", "{}"]);
}

#[test]
fn an_item_with_a_mistake_keeps_its_signature() {
    let (args, item) = super::split(
        r#"#[request(gett = "/{id}")]
        /// Documented.
        pub async fn user(/** Documented. */ id: u64, #[response] user: User) -> Result<User, Error> {
            Ok(user)
        }"#,
    );
    let expanded = crate::request(args, item).to_string();
    let expected: proc_macro2::TokenStream = r#"
        /// Documented.
        #[allow(unused, clippy::all, clippy::pedantic)]
        pub async fn user(id: u64) -> Result<User, Error> {
            let _ = ::core::compile_error! { "unknown key `gett`; did you mean `get`?" };
            let user: User = loop {};
            Ok(user)
        }
    "#
    .parse()
    .expect("the expected item is made of tokens");
    assert_eq!(expanded, expected.to_string());
}

/// rustc reports a misspelt name in a template, unless the item is dropped.
#[test]
fn a_misspelt_name_is_reported_when_the_item_is_dropped() {
    let source = r#"#[request(get = "/{idd}")]
        async fn f(id: u64, #[response] a: impl A) -> Result<impl B, Error> { g(id, a) }"#;
    let (args, item) = super::split(source);
    let expanded = crate::request(args, item).to_string();
    assert!(expanded.contains("no argument is named `idd`"), "{expanded}");

    let (args, item) = super::split(r#"#[request(get = "/{idd}")] async fn f(id: u64) -> R;"#);
    let expanded = crate::request(args, item).to_string();
    assert!(!expanded.contains("compile_error"), "{expanded}");
    assert!(expanded.contains("format_args ! (\"/{idd}\")"), "{expanded}");
}

/// An item that is not a function is kept, so that rustc checks it.
#[test]
fn an_item_that_is_not_a_function_is_kept() {
    let (args, item) = super::split(r#"#[request(get = "/")] struct S;"#);
    let expanded = crate::request(args, item).to_string();
    assert!(expanded.contains("compile_error"));
    assert!(expanded.ends_with("struct S ;"));
}

#[test]
fn no_error_is_reported_twice() {
    let (_, errors): (_, Errors) = args::read("get = a + b, c".parse().expect("tokens"));
    assert_eq!(errors.iter().count(), 2);
}
