//! Server-sent events: a stream that reconnects and continues where it was.
//!
//! Run it with `cargo run --example events`: it starts its own server, a kitchen whose connections break
//! while the tea is made.

use std::sync::{
    OnceLock,
    atomic::{AtomicUsize, Ordering},
};

use backstop::{Error, Event, Events, FromEvent, Session, request};
use backstop_tests::{Answer, Asked, Server};
use serde::Deserialize;

/// An event, by its type.
#[derive(Debug)]
enum News {
    Step(Step),
    Ready,
    Other(String),
}

#[derive(Debug, Deserialize)]
struct Step {
    what: String,
    percent: u8,
}

impl FromEvent for News {
    fn from_event(event: Event) -> Result<Self, Error> {
        Ok(match &*event.event {
            "step" => Self::Step(event.json()?),
            "ready" => Self::Ready,
            _ => Self::Other(event.data),
        })
    }
}

/// The server sends a comment now and then, so 60 s of silence are a stall.
#[request(get = "/orders/{id}/news", session = kitchen(), timeout(idle = 60s), on_error = log)]
async fn news(id: u64) -> Result<Events<News>, Error>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let server = Server::start(answer);
    let session = Session::builder().base_url(server.url()).no_proxy().build()?;
    KITCHEN.get_or_init(|| session);
    println!("A server listens at {}.\n", server.url());

    let mut news = news(7).await?;
    while let Some(item) = news.event().await? {
        match item {
            News::Step(Step { what, percent }) => {
                let done = usize::from(percent / 5);
                println!("  [{:<20}] {percent:>3} %  {what}", "#".repeat(done));
            }
            News::Ready => println!("  The tea is ready."),
            News::Other(text) => println!("  {text}"),
        }
    }

    println!("\nThe server was asked {} times:", server.asked().len());
    for asked in server.asked() {
        match asked.header("last-event-id") {
            "" => println!("  for all events"),
            id => println!("  for the events after {id}"),
        }
    }
    Ok(())
}

fn kitchen() -> &'static Session {
    KITCHEN.get().expect("`main` sets it first")
}

static KITCHEN: OnceLock<Session> = OnceLock::new();

/// Each connection ends in the middle of the stream, the second without any event. Status 204 ends the
/// stream.
fn answer(_: &Asked) -> Answer {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let events = match COUNT.fetch_add(1, Ordering::SeqCst) {
        0 => {
            "retry: 300\n\nid: 1\nevent: step\ndata: {\"what\":\"filling the kettle\",\"percent\":10}\n\n\
             : still there\n\nid: 2\nevent: step\ndata: {\"what\":\"boiling\",\"percent\":45}\n\n"
        }
        1 => return Answer::Reset,
        2 => {
            "id: 3\nevent: step\ndata: {\"what\":\"steeping\",\"percent\":90}\n\n\
             data: Milk or lemon?\n\nid: 4\nevent: ready\ndata\n\n"
        }
        _ => return Answer::new(204, ""),
    };
    Answer::new(200, events).header("content-type", "text/event-stream")
}
