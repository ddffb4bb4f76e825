//! Files as bodies.

use std::{
    future::Future,
    io::{self, Seek as _},
    path::{Path, PathBuf},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_core::Stream;
use tokio::{
    fs::File,
    io::{AsyncRead as _, ReadBuf},
};

use super::Body;

/// How much of a file is read at a time, in bytes.
const PART: usize = 64 * 1024;

impl Body {
    /// Creates a body from a file, with the length of the file. The file is opened each time the body is
    /// sent, so the request can be retried, and can follow a redirect that keeps the method.
    ///
    /// # Errors
    ///
    /// If the file does not exist or cannot be read. If the length of the file changes before it is sent, the
    /// call fails with [`BuildError::Body`](crate::BuildError::Body).
    ///
    /// ```no_run
    /// use backstop::{Body, Error, request};
    ///
    /// #[request(put = "https://example.com/images/{name}", body = body, retry = 3)]
    /// async fn upload(name: &str, body: Body) -> Result<(), Error>;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let body = Body::file("disk.iso").await?.on_progress(|sent| eprintln!("{sent} bytes"));
    /// upload("disk", body).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "fs")))]
    pub async fn file(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref().to_owned();
        let file = File::open(&path).await?;
        let metadata = file.metadata().await?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let body = Self::from_factory(move || Parts::Closed(path.clone()));
        Ok(match metadata.is_file() {
            true => body.with_length(metadata.len()),
            // A pipe, say, which has none.
            false => body,
        })
    }
}

/// Sends the rest of a file, from its current position, with its length. The body can be sent only once;
/// [`Body::file`] can be sent again.
///
/// If this is not a regular file, or if it is still being written or read, the length is unknown and the body
/// is sent in chunks.
#[cfg_attr(docsrs, doc(cfg(feature = "fs")))]
impl From<File> for Body {
    fn from(file: File) -> Self {
        match file.try_into_std() {
            Ok(mut file) => {
                // No I/O: the system knows both.
                let length = match file.metadata() {
                    Ok(metadata) if metadata.is_file() => {
                        file.stream_position().ok().map(|at| metadata.len().saturating_sub(at))
                    }
                    _ => None,
                };
                let body = Self::from_stream(Parts::Open(File::from_std(file)));
                match length {
                    Some(length) => body.with_length(length),
                    None => body,
                }
            }
            Err(file) => Self::from_stream(Parts::Open(file)),
        }
    }
}

/// The parts of a file, which is opened when the first is asked for.
enum Parts {
    Closed(PathBuf),
    Opening(Pin<Box<dyn Future<Output = io::Result<File>> + Send>>),
    Open(File),
    End,
}

impl Stream for Parts {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            *self = match &mut *self {
                Self::Closed(path) => Self::Opening(Box::pin(File::open(std::mem::take(path)))),
                Self::Opening(opening) => match ready!(opening.as_mut().poll(context)) {
                    Ok(file) => Self::Open(file),
                    Err(error) => {
                        *self = Self::End;
                        return Poll::Ready(Some(Err(error)));
                    }
                },
                Self::Open(file) => {
                    let mut part = vec![0; PART];
                    let mut buffer = ReadBuf::new(&mut part);
                    let outcome = ready!(Pin::new(file).poll_read(context, &mut buffer));
                    let length = buffer.filled().len();
                    part.truncate(length);
                    match outcome {
                        Ok(()) if length > 0 => return Poll::Ready(Some(Ok(part.into()))),
                        Ok(()) => Self::End,
                        Err(error) => {
                            *self = Self::End;
                            return Poll::Ready(Some(Err(error)));
                        }
                    }
                }
                Self::End => return Poll::Ready(None),
            };
        }
    }
}
