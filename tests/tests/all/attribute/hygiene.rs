//! Functions that cannot be ejected as text: those in a `macro_rules!`, whose tokens are not
//! known yet; those that use the names of the expansion's locals, which hygiene keeps apart and
//! text does not; and those that another attribute rewrites first.

use backstop::{Ending, Error, request, requests};

use super::{AWAY, Trace, base};
use crate::support::{SESSION, User};

#[request(
    get = "{url}/{session}/{request}/{response}/{error}/{method}/{outcome}/{failure}/{reader}/{finally}/{ending}",
    session = SESSION,
    on_error = print,
    finally = |_| (),
)]
#[expect(clippy::too_many_arguments, reason = "every name that the expansion uses")]
async fn names_of_the_expansion(
    url: &str,
    session: u8,
    request: u8,
    response: u8,
    error: u8,
    method: u8,
    outcome: u8,
    failure: u8,
    reader: u8,
    finally: u8,
    ending: u8,
) -> Result<String, Error>;

#[request(
    get = "{url}/{session}/{request}/{response}/{error}/{method}/{outcome}",
    session = SESSION,
    on_error(e @ Connect => see((e, error, outcome)), _ => print),
    cleanup = see((session, request)),
)]
async fn names_of_the_expansion_in_a_body(
    url: &str,
    session: u8,
    request: u8,
    response: u8,
    error: u8,
    method: u8,
    outcome: u8,
    #[response] text: String,
) -> Result<(String, [u8; 6]), Error> {
    Ok((text, [session, request, response, error, method, outcome]))
}

fn see<T>(_: T) {}

#[tokio::test]
async fn generated_names_do_not_shadow_the_user_s() {
    let target = names_of_the_expansion(&base(), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10).await.expect("200");
    assert_eq!(target, "/1/2/3/4/5/6/7/8/9/10");
    let (target, seen) =
        names_of_the_expansion_in_a_body(&base(), 1, 2, 3, 4, 5, 6).await.expect("200");
    assert_eq!((target.as_str(), seen), ("/1/2/3/4/5/6", [1, 2, 3, 4, 5, 6]));
}

macro_rules! endpoint {
    ($(#[$attribute:meta])* $name:ident($($argument:ident: $type:ty),*) -> $output:ty, $template:literal, $arm:expr) => {
        $(#[$attribute])*
        #[request(get = $template, session = SESSION, on_error(_ => $arm))]
        async fn $name($($argument: $type),*) -> Result<$output, Error>;
    };
}

endpoint! {
    /// Made by a macro.
    from_a_macro(base: &str, id: u8) -> User, "{base}/users/{id}", eprintln!("{id}")
}

#[tokio::test]
async fn the_attribute_works_inside_a_macro() {
    assert_eq!(from_a_macro(&base(), 7).await.expect("Ada").id, 7);
}

trait Ends {
    fn released();
    fn ended(ending: Ending);
}

static ENDED: Trace = Trace(std::sync::Mutex::new(Vec::new()));

impl Ends for Trace {
    fn released() {
        ENDED.note("released");
    }

    fn ended(ending: Ending) {
        ENDED.note(format!("{ending:?}"));
    }
}

macro_rules! written_by_a_macro {
    ($cleanup:path, $finally:expr) => {
        #[request(get = "{base}/x", session = SESSION, cleanup = $cleanup, finally = $finally)]
        async fn by_path(base: &str) -> Result<String, Error>;
    };
}

written_by_a_macro!(Trace::released, <Trace as Ends>::ended);

#[tokio::test]
async fn a_handler_may_be_any_path() {
    by_path(AWAY).await.expect_err("refused");
    assert_eq!(ENDED.take(), ["released", "Failed"]);
}

/// `async_trait` above the group.
#[async_trait::async_trait]
#[requests(session = SESSION, base = "{base}")]
trait Above: Sync {
    #[request(get = "/users/{id}")]
    async fn user(&self, base: &str, id: u8) -> Result<User, Error>;
}

impl Above for Trace {}

#[tokio::test]
async fn async_trait_may_be_above_a_group() {
    let users: &dyn Above = &Trace::default();
    assert_eq!(users.user(&base(), 7).await.expect("Ada").id, 7);
}
