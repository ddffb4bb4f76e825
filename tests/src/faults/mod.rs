//! A server that does what a network, a server or a proxy can do wrong.
//!
//! It plays scripts over real sockets on 127.0.0.1: an [`Endpoint`] accepts connections, and each of
//! them runs its list of [`Step`]s. A step is one thing that a peer can do: read, send these bytes,
//! wait, shake hands, close in an orderly way or not. HTTP is known to it only where a request is
//! read; what is sent is bytes, so that it can be as wrong as it has to be.
//!
//! Endpoints live on the caller's runtime and end when they are dropped.
//!
//! ```
//! use backstop_tests::faults::{Endpoint, Step};
//!
//! # #[tokio::main]
//! # async fn main() -> std::io::Result<()> {
//! // Announces ten bytes, sends four, and closes.
//! let cut_short = Endpoint::script(vec![vec![
//!     Step::ReadRequest,
//!     Step::send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfour"),
//! ]])?;
//! let url = format!("http://{}/", cut_short.address());
//! # let session = backstop::Session::builder().no_proxy().build().expect("a session");
//! # let error = session.fetch(backstop::Request::get(url)).await.expect_err("cut short");
//! # assert_eq!(error.kind().name(), "body.truncated");
//! # Ok(())
//! # }
//! ```

mod certificates;
mod endpoint;
mod play;
mod socket;
mod step;

pub use self::{
    endpoint::{Endpoint, Seen},
    step::{Handshake, Step},
};
