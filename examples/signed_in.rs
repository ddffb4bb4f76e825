//! Signing in: a token that expires while calls are in flight.
//!
//! Run it with `cargo run --example signed_in`: it starts its own server, whose tokens are valid for fifteen
//! requests.

use std::sync::{
    LazyLock, OnceLock,
    atomic::{AtomicUsize, Ordering},
};
use std::time::Duration;

use backstop::{Bearer, Error, Session, credentials::Token, request};
use backstop_tests::{Answer, Asked, Server};
use serde::Deserialize;

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u64,
}

/// An annotated function like any other, over the same session: a source's own requests are sent without a
/// token.
#[request(post = "/token", session = *SHOP, basic("inventory", "s3cret"), retry = 2)]
async fn sign_in() -> Result<Granted, Error>;

/// This function has no code for tokens.
#[request(get = "/teas/{id}", session = *SHOP)]
async fn tea(id: u64) -> Result<String, Error>;

#[request(post = "/orders", session = *SHOP, json = &tea)]
async fn order(tea: u64) -> Result<String, Error>;

static SHOP: LazyLock<Session> = LazyLock::new(|| {
    let bearer = Bearer::new(|| async {
        let Granted { access_token, expires_in } = sign_in().await?;
        Ok::<_, Error>(Token::new(access_token).expires_in(Duration::from_secs(expires_in)))
    });
    let url = URL.get().expect("`main` sets it first");
    let builder = Session::builder().base_url(url).no_proxy().credentials(bearer);
    builder.build().expect("a valid URL")
});

static URL: OnceLock<String> = OnceLock::new();

#[tokio::main]
async fn main() -> Result<(), Error> {
    let server = Server::start(answer);
    URL.set(server.url()).expect("set once");

    let calls: Vec<_> = (1..=24)
        .map(|id| {
            tokio::spawn(async move {
                match id % 3 {
                    // A request that was answered 401 was not processed, so an order is sent again too, and
                    // processed once.
                    0 => order(id).await,
                    _ => tea(id).await,
                }
            })
        })
        .collect();
    let mut answered = 0;
    for call in calls {
        call.await.expect("no panic")?;
        answered += 1;
    }

    let asked = server.asked();
    let count = |path: &str| asked.iter().filter(|asked| asked.path().starts_with(path)).count();
    println!("{answered} of 24 calls were answered.");
    println!(
        "The shop received {} orders, and accepted {}.",
        count("/orders"),
        TAKEN.load(Ordering::SeqCst)
    );
    println!("It issued {} tokens.", count("/token"));
    Ok(())
}

static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// The shop accepts the last token that it issued, for fifteen requests.
fn answer(asked: &Asked) -> Answer {
    static TOKEN: AtomicUsize = AtomicUsize::new(0);
    static USES: AtomicUsize = AtomicUsize::new(0);
    if asked.path() == "/token" {
        USES.store(0, Ordering::SeqCst);
        let number = TOKEN.fetch_add(1, Ordering::SeqCst) + 1;
        return Answer::json(format!(r#"{{"access_token":"token-{number}","expires_in":3600}}"#));
    }
    let current = format!("Bearer token-{}", TOKEN.load(Ordering::SeqCst));
    if asked.header("authorization") != current || USES.fetch_add(1, Ordering::SeqCst) >= 15 {
        return Answer::new(401, "");
    }
    if asked.path() == "/orders" {
        TAKEN.fetch_add(1, Ordering::SeqCst);
    }
    Answer::json(r#""Assam""#)
}
