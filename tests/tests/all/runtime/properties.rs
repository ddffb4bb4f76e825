//! Whatever a value is, the URL keeps the origin, the segments and the keys of its template.

use std::sync::LazyLock;

use backstop::{BuildError, Error, ErrorKind, Request, Session, Url};
use proptest::{prelude::*, test_runner::RngSeed};

use crate::support::Echo;

/// The URL that a request asks for.
fn asked(request: Request) -> Result<Url, Error> {
    static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime")
    });
    let session = Session::builder().service(Echo).build().expect("a session");
    let response = RUNTIME.block_on(session.fetch(request))?;
    let text = response.text()?;
    Ok(text.split(' ').next_back().unwrap_or_default().parse().expect("a URL"))
}

/// Text with what URLs are made of in it, more often than chance has it.
fn value() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("."),
        Just(".."),
        Just("/"),
        Just("\\"),
        Just("//host/"),
        Just("?"),
        Just("#"),
        Just("&"),
        Just("="),
        Just("%"),
        Just("%2e"),
        Just("%2F"),
        Just("@"),
        Just(":"),
        Just(";"),
        Just("\t"),
        Just("\n"),
        Just("{id}"),
        Just("*"),
        Just("+"),
        Just(" "),
        Just("é"),
        Just("\u{202e}"),
        Just("a"),
        Just("http://"),
    ];
    prop_oneof![
        proptest::collection::vec(part, 0..6).prop_map(|parts| parts.concat()),
        any::<String>(),
    ]
}

fn segments(url: &Url) -> Vec<String> {
    url.path_segments().map(|segments| segments.map(str::to_owned).collect()).unwrap_or_default()
}

/// The same values in each run. `PROPTEST_CASES=100000 PROPTEST_RNG_SEED=7 cargo test properties`
/// tries more, and others.
fn config() -> ProptestConfig {
    let own_seed = std::env::var_os("PROPTEST_RNG_SEED").is_some();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    match own_seed {
        true => config,
        false => ProptestConfig { rng_seed: RngSeed::Fixed(1), ..config },
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_value_stays_in_its_segment(one in value(), two in value(), query in value()) {
        let request = Request::get("http://api.test:81/v1/{one}/x-{two}.json/end?k={query}&l=1")
            .path("one", &one)
            .path("two", &two)
            .query_param("query", &query);
        match asked(request) {
            Ok(url) => {
                prop_assert_eq!(url.origin().ascii_serialization(), "http://api.test:81");
                prop_assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
                let segments = segments(&url);
                prop_assert_eq!(segments.len(), 4, "{}", url);
                prop_assert_eq!((&*segments[0], &*segments[3]), ("v1", "end"));
                let decoded = percent_encoding::percent_decode_str(&segments[1]).decode_utf8_lossy();
                prop_assert_eq!(&decoded, &one);
                let pairs: Vec<_> = url.query_pairs().into_owned().collect();
                prop_assert_eq!(pairs, [("k".to_owned(), query), ("l".to_owned(), "1".to_owned())]);
            }
            Err(error) => {
                prop_assert_eq!(error.kind(), ErrorKind::Build(BuildError::Segment));
                prop_assert!(["", ".", ".."].contains(&&*one), "{one:?} {error}");
            }
        }
    }

    #[test]
    fn a_rest_stays_below_its_place(rest in value()) {
        let request = Request::get("http://api.test/v1/{*rest}/end").path_segments("rest", &rest);
        match asked(request) {
            Ok(url) => {
                let segments = segments(&url);
                prop_assert_eq!(url.host_str(), Some("api.test"));
                prop_assert_eq!(segments.len(), 2 + rest.split('/').count(), "{}", url);
                prop_assert_eq!((&*segments[0], segments.last().map(|last| &**last)), ("v1", Some("end")));
            }
            Err(error) => {
                prop_assert_eq!(error.kind(), ErrorKind::Build(BuildError::Segment));
                prop_assert!(rest.split('/').any(|segment| ["", ".", ".."].contains(&segment)), "{rest:?}");
            }
        }
    }

    /// Neither a base, nor a template, nor a header makes anything panic, or shows a password.
    #[test]
    fn any_text_is_a_request_or_a_build_error(text in value(), header in value()) {
        for request in [
            Request::get(text.clone()),
            Request::get("{base}/x").base("base", &text),
            Request::method(&text, "http://api.test/"),
            Request::get("http://api.test/").header(&header, "x").header("x", &*text),
            Request::get(format!("http://me:hunter2@{text}")),
        ] {
            let shown = format!("{request:?}");
            if let Err(error) = asked(request) {
                prop_assert!(error.is_build(), "{error:?}");
                let shown = format!("{shown} {error:#} {error:?}");
                prop_assert!(!shown.contains("hunter2"), "{shown}");
                prop_assert!(!format!("{error:#}").contains('\n'), "one line: {error:#}");
            }
        }
    }
}
