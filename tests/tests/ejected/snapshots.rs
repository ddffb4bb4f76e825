//! Each snapshot of an expansion compiles without the macro, and behaves as its source does.

use std::cell::RefCell;

thread_local! {
    static NOTED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// The items that the functions use.
#[allow(dead_code, unused_imports, reason = "each uses some of it")]
mod context {
    pub(super) use std::{fmt::Display, marker::PhantomData, time::Duration};

    pub(super) use backstop::{
        Bytes, CallOptions, Commas, Deadline, Ending, Error, ErrorKind, Facts, FromResponseParts,
        Json, Response, Session, StatusCode, TimeoutError, Url,
    };
    use serde::{Deserialize, Serialize};
    pub(super) use tracing::warn;

    #[derive(Debug, Default, Clone, Serialize, Deserialize)]
    pub(super) struct User {
        pub(super) id: u64,
        pub(super) name: String,
    }

    #[derive(Debug, Serialize)]
    pub(super) struct Order;

    #[derive(Debug, Deserialize)]
    pub(super) struct Receipt;

    #[derive(Debug, Deserialize)]
    pub(super) struct Page {
        #[serde(skip)]
        pub(super) status: StatusCode,
        pub(super) text: String,
    }

    #[derive(Debug, Serialize)]
    pub(super) enum State {
        Open,
    }

    #[derive(Debug)]
    pub(super) struct Mine;

    impl From<Error> for Mine {
        fn from(_: Error) -> Self {
            Self
        }
    }

    impl From<std::num::ParseIntError> for Mine {
        fn from(_: std::num::ParseIntError) -> Self {
            Self
        }
    }

    #[derive(Debug)]
    pub(super) struct Bug;

    impl From<Bug> for Error {
        fn from(_: Bug) -> Self {
            Self::new(ErrorKind::Protocol)
        }
    }

    /// A type that is read from the head of a response.
    pub(super) struct Remaining(pub(super) u64);

    impl FromResponseParts for Remaining {
        fn from_response_parts(_: &Response) -> Result<Self, Error> {
            Ok(Self(0))
        }
    }

    /// One type for each twin, because both have the same methods.
    pub(super) struct Api<T> {
        pub(super) twin: PhantomData<T>,
        pub(super) page: [(&'static str, u8); 1],
        pub(super) base: String,
        pub(super) owner: String,
        pub(super) version: (u8,),
        pub(super) session: Session,
        pub(super) token: String,
        pub(super) password: String,
    }

    impl<T> Api<T> {
        pub(super) fn new() -> Self {
            Self {
                twin: PhantomData,
                page: [("page", 1)],
                base: "http://127.0.0.1:1".into(),
                owner: "ada".into(),
                version: (1,),
                session: Session::new(),
                token: "token".into(),
                password: "password".into(),
            }
        }

        pub(super) fn release(&self) {
            note("released");
        }
    }

    pub(super) const VERSION: u8 = 1;
    pub(super) const TEAPOT: u16 = 418;
    pub(super) const TOLD: fn(&Error) = |_| note("told");

    pub(super) fn note(what: impl std::fmt::Debug) {
        super::NOTED.with_borrow_mut(|noted| noted.push(format!("{what:?}")));
    }

    pub(super) async fn notify(error: &Error) {
        note(error.kind());
    }

    pub(super) async fn picture(_: u64) -> Result<String, Error> {
        Ok(String::new())
    }

    pub(super) async fn token() -> &'static str {
        "token"
    }
}

macro_rules! twins {
    ($($name:ident $([$($item:item)*])? => $call:expr;)*) => { $(
        mod $name {
            #[allow(dead_code, unused_imports, reason = "each uses some of the context")]
            mod annotated {
                use backstop::request;

                use super::super::context::*;

                struct Twin;

                $($($item)*)?
                include!(concat!(env!("OUT_DIR"), "/", stringify!($name), "_annotated.rs"));

                pub(super) async fn call() -> String {
                    format!("{:?}", $call)
                }
            }

            #[allow(dead_code, unused_imports, reason = "as above")]
            mod ejected {
                use super::super::context::*;

                struct Twin;

                $($($item)*)?
                include!(concat!(env!("OUT_DIR"), "/", stringify!($name), "_ejected.rs"));

                pub(super) async fn call() -> String {
                    format!("{:?}", $call)
                }
            }

            #[tokio::test]
            async fn does_the_same() {
                let annotated = annotated::call().await;
                let noted = super::NOTED.take();
                assert_eq!(ejected::call().await, annotated);
                assert_eq!(super::NOTED.take(), noted);
            }
        }
    )*

        /// There is a twin for each snapshot.
        #[test]
        fn every_snapshot_has_a_twin() {
            let names = [$(stringify!($name)),*];
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../macros/core/tests/expand");
            let files = std::fs::read_dir(folder).expect("there are snapshots").flatten();
            let found = files.map(|file| file.path()).filter(|path| {
                let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
                assert!(names.contains(&name), "{name} has no twin");
                true
            });
            assert_eq!(found.count(), names.len());
        }
    };
}

twins! {
    body => user_name(1).await.map_err(|error| error.kind());
    bodyless => user(1).await.map_err(|error| error.kind());
    no_response => delete(1).await.map_err(|error| error.kind());
    several_responses => page().await.map_err(|error| error.kind());
    template => {
        let base = Url::parse("http://127.0.0.1:1").expect("a URL");
        Api::<Twin>::new().find(&base, "a/b", ("q", 1), 2).await.map_err(|error| error.url().cloned())
    };
    method => purge("key").await.map_err(|error| error.method().cloned());
    headers_and_body => order(1, "key", Order).await.map_err(|error| error.kind());
    optional_body => change(1, false, Some(Order)).await.map_err(|error| error.kind());
    optional_path => {
        let ids = Commas(&[1, 2][..]);
        contents("a.b", "x", Some("y/z"), None, ids).await.map_err(|error| error.to_string())
    };
    serialized_segment => {
        Api::<Twin>::new().issues(State::Open, 7).await.map_err(|error| error.url().cloned())
    };
    call_options => {
        user(7, &CallOptions::new().header("a b", 1)).await.map_err(|error| error.to_string())
    };
    call_options_owned => root(None).await.map_err(|error| error.kind());
    reading => root(Deadline::NONE).await.map_err(|error| error.kind());
    limits => slow(Duration::from_secs(1), 1024).await.map_err(|error| error.kind());
    retry => again().await.map_err(|error| error.attempts());
    retry_policy [
        fn retried(error: &Error, delay: Duration) {
            assert!(delay <= Duration::from_millis(200));
            note(error.kind());
        }
    ] => pay(1, &Order).await.map_err(|error| error.attempts());
    session => Api::<Twin>::new().root().await.map_err(|error| error.kind());
    renamed => root().await.map_err(|error| error.kind());
    attributes_and_generics_kept => kept(&1).await;
    on_error => user(1).await.map_err(|error| error.kind());
    response_destructured [
        #[derive(serde::Deserialize)]
        struct Page {
            names: Vec<String>,
        }
    ] => count().await.map_err(|error| error.kind());
    session_chosen => Api::<Twin>::new().root(true).await.map_err(|error| error.kind());
    diverging_action [
        fn release() {}
    ] => std::mem::size_of_val(&root());
    arms [
        fn release_resources() {
            note("released");
        }
    ] => user_name(1).await.map_err(|error| error.kind());
    patterns => all().await.map_err(|error| error.kind());
    actions [
        #[derive(Debug)]
        struct Late;

        impl From<Late> for Error {
            fn from(_: Late) -> Self {
                Self::new(ErrorKind::Protocol)
            }
        }

        fn is_late() -> bool {
            true
        }

        fn never() -> bool {
            false
        }

        fn notify(error: &Error) {
            note(error.kind());
        }
    ] => count().await.map_err(|error| error.kind());
    early_exit => count().await.map_err(|_| ());
    awaiting_body => name(1).await.map_err(|error| error.kind());
    awaiting_body_without_response => replace(1).await.map_err(|error| error.kind());
    awaiting_body_handled [
        fn release(id: u64) {
            note(id);
        }
    ] => name(1).await.map_err(|error| error.kind());
    fallback => count().await;
    only_fallback => count().await;
    every_arm_recovers => count().await;
    finally [
        fn release(id: u8) {
            note(id);
        }

        fn ended(ending: Ending) {
            note(ending);
        }
    ] => count(1).await.map_err(|error| error.kind());
    finally_awaited [
        async fn release(id: u8) {
            note(id);
        }

        async fn ended(id: u8) {
            note(id);
        }
    ] => count(1).await.map_err(|error| error.kind());
    unit_body => ping().await;
    closure => count().await.map_err(|error| error.kind());
    async_closures => count().await.map_err(|error| error.kind());
    one_call_per_statement [
        fn pages() -> [(&'static str, u8); 1] {
            note("query");
            [("page", 1)]
        }

        fn user() -> &'static str {
            note("user");
            "user"
        }

        fn password() -> &'static str {
            note("password");
            "password"
        }

        fn order() -> Order {
            note("json");
            Order
        }

        fn tries() -> u32 {
            note("tries");
            0
        }

        fn first() -> Duration {
            note("first");
            Duration::from_millis(1)
        }

        fn longest() -> Duration {
            note("longest");
            Duration::from_millis(2)
        }
    ] => order_again().await.map_err(|error| error.kind());
    head_type => remaining().await.map_err(|error| error.kind());
    head_type_last => remaining().await.map_err(|error| error.kind());
    everything [
        fn check(_: &User) -> Result<(), Error> {
            Ok(())
        }

        fn ended(ending: Ending) {
            note(ending);
        }
    ] => Api::<Twin>::new().update(1, User::default()).await.map_err(|error| error.kind());
}
