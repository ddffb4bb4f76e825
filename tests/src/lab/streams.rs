//! The outcome of a case with each type that reads a body as it arrives.

use backstop::{Download, Error, Events, JsonLines, Lines, Pages, Request, Response};
use serde::Deserialize;

/// A type that reads a body as it arrives, or continues after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stream {
    Lines,
    JsonLines,
    Events,
    Pages,
    Download,
}

/// The request for such a type.
pub(super) fn request(request: Request, stream: Stream) -> Request {
    match stream {
        Stream::Lines => request.reads::<Lines>(),
        Stream::JsonLines => request.reads::<JsonLines<u64>>(),
        Stream::Events => request.reads::<Events<String>>(),
        Stream::Pages => request.reads::<Pages<Vec<u64>>>(),
        Stream::Download => request.reads::<Download>(),
    }
}

/// Reads it to its end, and returns the number of items or bytes.
pub(super) async fn read(response: Response, stream: Stream) -> Result<usize, Error> {
    let mut count = 0;
    match stream {
        Stream::Lines => {
            let mut lines = response.read::<Lines>()?;
            while lines.line().await?.is_some() {
                count += 1;
            }
        }
        Stream::JsonLines => {
            let mut values = response.read::<JsonLines<u64>>()?;
            while values.value().await?.is_some() {
                count += 1;
            }
        }
        Stream::Events => {
            let mut events = response.read::<Events<String>>()?;
            while events.event().await?.is_some() {
                count += 1;
            }
        }
        Stream::Pages => {
            let mut pages = response.read::<Pages<Vec<u64>>>()?;
            while pages.page().await?.is_some() {
                count += 1;
            }
        }
        Stream::Download => {
            let mut download = response.read::<Download>()?;
            while let Some(part) = download.part().await? {
                count += part.len();
            }
        }
    }
    Ok(count)
}
