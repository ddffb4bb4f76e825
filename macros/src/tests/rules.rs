//! Each mistake alone: one error, what it points at, and how its message begins.

use super::mistakes;
use crate::errors::Errors;
use crate::{args, expand};

/// The function under the attribute, where the mistake is in the attribute.
const PLAIN: &str = "async fn f(id: u64) -> Result<User, Error> { g() }";
const BODYLESS: &str = "async fn f(id: u64) -> Result<User, Error>;";
const UNIT: &str = "async fn f(id: u64) { g() }";
const METHOD: &str = "async fn f(&self, #[response] text: String) -> R { g() }";

/// What points at the whole attribute, which has no place in the source.
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
    keys:
        [r#"gett = "/""#, PLAIN] at "gett", "unknown key `gett`; did you mean `get`?";
        [r#"get = "/", redirects = 3"#, PLAIN] at "redirects", "unknown key `redirects`; the keys are `get`,";
        [r#"get = "/", timout = 2s"#, PLAIN] at "timout", "unknown key `timout`; did you mean `timeout`?";
        [r#"get = "/", GET = "/""#, PLAIN] at "GET", "unknown key `GET`; did you mean `get`?";
        [r#"post = "/", text = a, text = b"#, PLAIN] at "text", "`text` is given twice";
        [r#"get = "/", timeout = 1s, timeout = 2s"#, PLAIN] at "timeout", "`timeout` is given twice";
        [r#"get = "/" timeout = 2s"#, PLAIN] at "timeout", "keys are separated by commas";
        [r#""/users""#, PLAIN] at "\"/users\"", "expected a key, such as";
        [r#"get = "/", session"#, PLAIN] at "session", "`session` takes a value: write `session = …`";
        [r#"get = "/", session(a)"#, PLAIN] at "session", "`session` takes a value";
        [r#"get = "/", session = "#, PLAIN] at "session", "the value of `session` is missing";
        [r#"get = "/", basic = a"#, PLAIN] at "basic", "`basic` takes a list: write `basic(user, password)`";
        [r#"get = "/", header()"#, PLAIN] at "header", "`header` is empty";
        [r#"get("/")"#, PLAIN] at "get", "`get` takes a value: write `get = \"/path\"`";
        ["get = path", PLAIN] at "path", "a constant is a part of the template: write `\"{path}\"`";
        [r#"get = concat!("/", "a")"#, PLAIN] at "concat!(\"/\", \"a\")", "the template is read before macros are";
        ["get = 1", PLAIN] at "1", "expected the template as a string literal";

    methods:
        ["timeout = 2s", PLAIN] at ATTRIBUTE, "the method and the template are missing";
        ["", BODYLESS] at ATTRIBUTE, "the method and the template are missing";
        [r#"get = "/", post = "/""#, PLAIN] at "post", "a request has one method, and `get` is given already";
        [r#"method("A B") = "/""#, PLAIN] at "\"A B\"", "`A B` is not the name of a method";
        [r#"method = "PURGE""#, PLAIN] at "method", "`method` takes a name and a template: write `method(\"PURGE\") = \"/path\"`";
        [r#"method(PURGE) = "/""#, PLAIN] at "PURGE", "expected a method's name";

    templates:
        [r#"get = "ftp://h/""#, PLAIN] at "ftp", "the scheme `ftp` cannot be sent";
        [r#"get = "/{idd}""#, PLAIN] at "{idd}", "no argument is named `idd`; did you mean `id`?";
        [r#"get = "/{idd}""#, BODYLESS] at "{idd}", "no argument is named `idd`; did you mean `id`?";
        [r#"get = "/{nothing}""#, PLAIN] at "{nothing}", "no argument is named `nothing`: add it";
        [r#"get = "/{text}""#, METHOD] at "{text}", "`text` comes from the response";
        [r#"get = "/{self.a}""#, PLAIN] at "{self.a}", "`self.a` needs a method";
        [r##"get = r#"/{a.b}"#"##, PLAIN] at "{a.b}", "a placeholder is an argument or `self.field`";

    arguments:
        [r#"get = "/""#, BODYLESS] at "id", "`id` is never used: put `{id}` in the template";
        [r#"get = "/{a}""#, "async fn f((a, b): (u8, u8)) -> R;"] at "b", "`b` is never used";

    bodies:
        [r#"post = "/", json = a, text = b"#, PLAIN] at "text", "a request has one body, and `json` is given already";
        [r#"head = "/", body = a"#, PLAIN] at "body", "a HEAD request has no body";

    headers:
        [r#"get = "/", bearer = a, basic(b, c)"#, PLAIN] at "basic", "`bearer` and `basic` both set";
        [r#"get = "/", basic(b)"#, PLAIN] at "b", "`basic` takes two values";
        [r#"get = "/", header("a b" = 1)"#, PLAIN] at "\"a b\"", "`a b` is not the name of a header";
        [r#"get = "/", header("Content-Length" = 1)"#, PLAIN] at "\"Content-Length\"", "`Content-Length` is computed";
        [r#"get = "/", header(accept = 1)"#, PLAIN] at "accept", "the name of a header is text: write `\"accept\"`";
        [r#"get = "/", header(x-id = 1)"#, PLAIN] at "x", "expected a header, such as";
        [r#"get = "/", headers("accept" = 1)"#, PLAIN] at "headers", "`headers` is a whole map";
        [r#"get = "/", header("accept")"#, PLAIN] at "\"accept\"", "a header needs a value: write `\"accept\" = …`";
        [r#"get = "/", header("accept", "text/plain")"#, PLAIN] at "\"accept\"", "a header needs a value";
        [r#"get = "/", header("accept", kind, "x-a" = 1)"#, PLAIN] at "\"accept\"", "a header needs a value";
        [r#"get = "/", header("accept", "x-a" = 1)"#, PLAIN] at "\"accept\"", "a header needs a value";

    expected_statuses:
        [r#"get = "/", expect(99)"#, PLAIN] at "99", "`99` is not a status";
        [r#"get = "/", expect(200..=1000)"#, PLAIN] at "200..=1000", "`1000` is not a status";
        [r#"get = "/", expect(299..=200)"#, PLAIN] at "299..=200", "this range is empty: write `200..=299`";
        [r#"get = "/", expect(100..=299)"#, PLAIN] at "100..=299", "a status below 200 is never the final one";
        [r#"get = "/", expect(200, 201)"#, PLAIN] at ",", "statuses are separated by `|`";
        [r#"get = "/", expect(200..300)"#, PLAIN] at "200..300", "a range of statuses includes its end";
        [r#"get = "/", expect(OK)"#, PLAIN] at "OK", "expected a status";

    measures:
        [r#"get = "/", timeout = 5"#, PLAIN] at "5", "a duration needs a unit: write `5s`";
        [r#"get = "/", timeout = 5sec"#, PLAIN] at "5sec", "unknown unit of time `sec`";
        [r#"get = "/", timeout = "2s""#, PLAIN] at "\"2s\"", "a number and its unit are no text: write `2s` without quotes";
        [r#"get = "/", max_body = "1MB""#, PLAIN] at "\"1MB\"", "a number and its unit are no text: write `1MB`";
        [r#"get = "/", max_body = 5KB"#, PLAIN] at "5KB", "unknown unit of size `KB`";
        [r#"get = "/", timeout(attempt = 2s, total = 1s)"#, PLAIN] at "2s", "one attempt cannot take longer than `total`";
        [r#"get = "/", timeout(idle = 2s, idle = 1s)"#, PLAIN] at "idle", "`idle` is given twice";
        [r#"get = "/", timeout(totl = 2s)"#, PLAIN] at "totl", "unknown timeout `totl`; did you mean `total`?";
        [r#"get = "/", timeout(connect = 2s)"#, PLAIN] at "connect", "unknown timeout `connect`, as it is the session's: write `Session::builder()";

    crate_paths:
        [r#"get = "/", crate = a::b"#, PLAIN] at "a::b", "`a::b` depends on the module";
        [r#"get = "/", crate = super::b"#, PLAIN] at "super::b", "`super::b` depends on the module";

    functions:
        [r#"get = "/""#, "fn f() -> R { g() }"] at "fn", "`#[request]` goes on an `async fn`: write `async fn f`";
        [r#"get = "/""#, "const fn f() -> R { g() }"] at "const", "a request cannot be sent in a `const fn`";
        [r#"get = "/""#, "async unsafe fn f() -> R { g() }"] at "unsafe", "nothing about a request is unsafe";
        [r#"get = "/""#, r#"async extern "C" fn f() -> R { g() }"#] at "extern \"C\"", "an `async fn` has no other ABI";
        [r#"get = "/""#, "#[request(get = \"/\")] async fn f() -> R { g() }"] at "#[request(get = \"/\")]", "a function is one request";
        [r#"get = "/""#, "#[backstop::request()] async fn f() -> R;"] at "#[backstop::request()]", "a function is one request";
        [r#"get = "/""#, "struct S;"] at "struct", "`#[request]` goes on an `async fn`: remove it";
        [r#"get = "/""#, "async fn f(#[response] self) -> R { g() }"] at "#[response]", "`self` comes from the caller";
        [r#"get = "/""#, "async fn f(#[response(json)] a: A) -> R { g() }"] at "response(json)", "the type of the argument says how it is read";
        [r#"get = "/""#, "async fn f(#[response] a: A, #[response] b: A, #[response] c: A, #[response] d: A, #[response] e: A, #[response ] f: A) -> R { g() }"] at "#[response ]", "a function takes at most 5 of these";
        [r#"get = "/""#, "async fn f(#[response] a: A) -> R;"] at "#[response]", "a function without a body decodes";
        [r#"get = "/""#, "async fn f() -> Result<impl T, E>;"] at "impl", "a function without a body decodes its return type";
        [r#"get = "/", cleanup = c"#, "async fn f() -> impl T { g() }"] at "impl", "`cleanup` needs to know the return type";

    lost_errors:
        [r#"get = "/""#, UNIT] at "f", "errors would be lost, as the function returns nothing";
        [r#"get = "/", cleanup = c"#, "async fn f() -> () {}"] at "f", "errors would be lost";
        [r#"get = "/", on_error(Connect => log, _ if a => log)"#, UNIT] at "on_error", "errors that no arm matches would be lost";

    patterns:
        [r#"get = "/", on_error(Status(200) => log)"#, PLAIN] at "200", "`200` counts as success here";
        [r#"get = "/", on_error(Status(404 | 201..=205) => log)"#, PLAIN] at "201..=205", "these count as success here";
        [r#"get = "/", expect(404), on_error(Status(404) => log)"#, PLAIN] at "404", "`404` counts as success here";
        [r#"get = "/", on_error(Status(4040) => log)"#, PLAIN] at "4040", "`4040` is not a status";
        [r#"get = "/", on_error(404 => log)"#, PLAIN] at "404", "a status is matched by its class";
        [r#"get = "/", on_error(e @ Connect | Timeout => log)"#, PLAIN] at "e", "`e` names the error for the whole arm: write `e @ (… | …)`";
        [r#"get = "/", on_error(timeout => log)"#, PLAIN] at "timeout", "`timeout` would name every error: write `Timeout`";
        [r#"get = "/", on_error(Connect | r#body => log)"#, PLAIN] at "r#body", "`body` would name every error: write `Body`";
        [r#"get = "/", on_error = (Connect => log)"#, PLAIN] at "on_error", "the arms of `on_error` stand in its parentheses";
        [r#"get = "/", on_error = { Connect => log, _ => print }"#, PLAIN] at "on_error", "the arms of `on_error` stand in its parentheses";
        [r#"get = "/", on_error { Connect => log }"#, PLAIN] at "on_error", "the arms of `on_error` stand in its parentheses";
        [r#"get = "/", on_error(log)"#, PLAIN] at "log", "expected `=>`: write `PATTERN => ACTION` for an arm";
        [r#"get = "/", on_error(Connect => log _ => log)"#, PLAIN] at "_", "arms are separated by commas";
        [r#"get = "/", on_error(Connect => log; recover(1), _ => log)"#, PLAIN] at ";", "several actions make a block";

    values_as_actions:
        [r#"get = "/", on_error(_ => 0)"#, PLAIN] at "0", "a value alone does nothing: write `recover(…)` to succeed";
        [r#"get = "/", on_error(_ => -1)"#, PLAIN] at "-1", "a value alone does nothing";
        [r#"get = "/", on_error(_ => None)"#, PLAIN] at "None", "a value alone does nothing";
        [r#"get = "/", on_error(_ => Ok(None))"#, PLAIN] at "Ok(None)", "a value alone does nothing";
        [r#"get = "/", on_error(_ => Problem::NotFound(id))"#, PLAIN] at "Problem::NotFound(id)", "a value alone does nothing";
        [r#"get = "/", on_error(_ => Problem::Gone)"#, PLAIN] at "Problem::Gone", "a value alone does nothing";
        [r#"get = "/", on_error(_ => { log; User { id } })"#, PLAIN] at "User { id }", "a value alone does nothing";
        [r#"get = "/", on_error(_ => (1, 2))"#, PLAIN] at "(1, 2)", "a value alone does nothing";
        [r#"get = "/", on_error(_ => if a { [0; 2] } else { log })"#, PLAIN] at "[0; 2]", "a value alone does nothing";

    actions:
        [r#"get = "/", on_error = recover"#, PLAIN] at "recover", "`recover` needs the value";
        [r#"get = "/", on_error = fail"#, PLAIN] at "fail", "`fail` needs the error";
        [r#"get = "/", on_error = fail()"#, PLAIN] at "fail", "`fail` needs the error";
        [r#"get = "/", on_error = recover(1, 2)"#, PLAIN] at "1, 2", "`recover` takes one value: for a tuple write `recover((a, b))`";
        [r#"get = "/", on_error = { recover(1); log }"#, PLAIN] at "recover", "`recover(…)` ends an arm";
        [r#"get = "/", on_error = { if a { fail(b) } log }"#, PLAIN] at "fail", "`fail(…)` ends an arm";
        [r#"get = "/", on_error = { for a in b { recover(a) } }"#, PLAIN] at "recover", "`recover(…)` ends an arm";
        [r#"get = "/", on_error = { let a = fail(b); }"#, PLAIN] at "fail", "`fail(…)` ends an arm";
        [r#"get = "/", on_error = note(recover(1))"#, PLAIN] at "recover", "`recover(…)` ends an arm";
        [r#"get = "/", on_error = |e| recover(e)"#, PLAIN] at "recover", "`recover(…)` ends an arm";
        [r#"get = "/", on_error = print(e)"#, PLAIN] at "print", "`print` takes nothing, as it is given the error";
        [r#"get = "/", on_error = print()"#, PLAIN] at "print", "`print` takes nothing";
        [r#"get = "/", on_error = log(e)"#, PLAIN] at "e", "`log` is given the error";
        [r#"get = "/", on_error = log(wran)"#, PLAIN] at "wran", "`log` is given the error: write `log`, or `log(level)` with `error`, `warn`, `info`, `debug` or `trace`; did you mean `warn`?";
        [r#"get = "/", on_error = log()"#, PLAIN] at "log", "`log` is given the error: write `log`";

    leaving:
        [r#"get = "/", on_error = a?"#, PLAIN] at "?", "`?` would leave the function past what comes after `on_error`";
        [r#"get = "/", on_error(_ if a? => log)"#, PLAIN] at "?", "`?` would leave the function past what";
        [r#"get = "/", fallback = return a"#, PLAIN] at "return", "`return` would leave the function before its end";
        [r#"get = "/", cleanup = a(b?)"#, PLAIN] at "?", "`?` would leave the function before its end";
        [r#"get = "/", query = a?, cleanup = b"#, PLAIN] at "?", "`?` would leave the function past `cleanup`";

    closing:
        [r#"get = "/", cleanup = !a()"#, PLAIN] at "!a()", "`cleanup` is a call: write `cleanup = path`";
        [r#"get = "/", finally = 1"#, PLAIN] at "1", "`finally` is a call";
        [r#"get = "/", on_error = recover(1), fallback = 2"#, PLAIN] at "fallback", "`fallback` can never be reached";
        [r#"get = "/", on_error(Connect => recover(1), _ => fail(e)), fallback = 2"#, PLAIN] at "fallback", "`fallback` can never be reached";
}

#[test]
fn accepted() {
    for (args, item) in [
        (r#"get = "/", query = a?"#, PLAIN),
        (r#"get = "/{id}""#, BODYLESS),
        (r#"get = "/""#, "async fn f(_x: u8) -> R;"),
        (r#"method("GET") = "/", text = "{id}""#, BODYLESS),
        (r#"post = "/", text = format!("{id:?}"),"#, BODYLESS),
        (r#"get = "/", cleanup = async { a? }.b()"#, PLAIN),
        (r#"get = "/", on_error = log"#, UNIT),
        (r#"get = "/", on_error(Connect => log, e @ _ => log)"#, UNIT),
        (r#"get = "/", on_error(Status(999) => log, Status(200..=404) => log)"#, PLAIN),
        (r#"get = "/", fallback = ()"#, UNIT),
        (r#"get = "/", on_error(other => f(other), _ => HANDLER)"#, PLAIN),
        (r#"get = "/", on_error = { () }"#, PLAIN),
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
fn all_mistakes_at_once() {
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

/// The item as callers know it, without what only the attribute understands, and one error.
#[test]
fn a_mistake_keeps_the_item() {
    let (args, item) = super::split(
        r#"#[request(gett = "/{id}")]
        /// Documented.
        pub async fn user(/** Documented. */ id: u64, #[response] user: User) -> Result<User, Error> {
            Ok(user)
        }"#,
    );
    let expanded = expand::request(args, item).to_string();
    let expected: proc_macro2::TokenStream = r#"
        ::core::compile_error! { "unknown key `gett`; did you mean `get`?" }
        /// Documented.
        #[allow(unused, clippy::all, clippy::pedantic)]
        pub async fn user(id: u64) -> Result<User, Error> { let user: User = loop {}; Ok(user) }
    "#
    .parse()
    .expect("the expected item is made of tokens");
    assert_eq!(expanded, expected.to_string());
}

/// A misspelt name is rustc's to report; where it is not asked, it is ours.
#[test]
fn no_mistake_is_dropped_with_its_item() {
    let source = r#"#[request(get = "/{idd}")]
        async fn f(id: u64, #[response] a: impl A) -> Result<impl B, Error> { g(id, a) }"#;
    let (args, item) = super::split(source);
    let expanded = expand::request(args, item).to_string();
    assert!(expanded.contains("no argument is named `idd`"), "{expanded}");

    let (args, item) = super::split(r#"#[request(get = "/{idd}")] async fn f(id: u64) -> R;"#);
    let expanded = expand::request(args, item).to_string();
    assert!(!expanded.contains("compile_error"), "{expanded}");
    assert!(expanded.contains("format_args ! (\"/{idd}\")"), "{expanded}");
}

/// What is no function is handed on as it was, for rustc to say what it thinks of it.
#[test]
fn a_mistaken_item_is_kept() {
    let (args, item) = super::split(r#"#[request(get = "/")] struct S;"#);
    let expanded = expand::request(args, item).to_string();
    assert!(expanded.contains("compile_error"));
    assert!(expanded.ends_with("struct S ;"));
}

#[test]
fn no_error_is_found_twice() {
    let (_, errors): (_, Errors) = args::read("get = a + b, c".parse().expect("tokens"));
    assert_eq!(errors.iter().count(), 2);
}
