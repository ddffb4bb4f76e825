//! A download to a file.
//!
//! Until the file is whole, its part (`name.part`) and a description of its content (`name.part.json`) stand
//! beside it. A crash leaves the file as it was, and a part that a later run resumes.

use std::{
    ffi::OsString,
    future::poll_fn,
    io::{self, SeekFrom},
    path::{Path, PathBuf},
};

use http::HeaderValue;
use serde_json::{Value, json};
use tokio::{
    fs::{self, File},
    io::{AsyncSeekExt as _, AsyncWriteExt as _},
    task::spawn_blocking,
};

use super::{Download, entity::Entity, transfer::Piece};
use crate::error::{BodyError, Error, ErrorKind};

impl Download {
    /// Writes the content to a file and returns its length in bytes. The transfer is resumed if it fails.
    ///
    /// The content is written to `name.part` beside the file, flushed to the disk (`fsync`), and then
    /// renamed. The file therefore is either complete or unchanged. **A partial file of an earlier run is
    /// resumed** if the content is still the same; if it is already complete, nothing is transferred. If the
    /// content has changed, the download starts again. `name.part.json` holds the validators of the content,
    /// and no part of the URL.
    ///
    /// If the future is dropped or the program ends, the partial file is kept. It is also kept after an
    /// error, if it can be resumed.
    ///
    /// # Errors
    ///
    /// The errors of [`part`](Download::part). [`BodyError::Storage`] if the file cannot be written, for
    /// example because the disk is full or another download writes to the same file. Its
    /// [source](std::error::Error::source) is the `io::Error`.
    ///
    /// ```no_run
    /// use backstop::{Download, Error, request};
    ///
    /// #[request(get = "https://example.com/images/{name}.iso", timeout(idle = 10s))]
    /// async fn save(name: &str, #[response] image: Download) -> Result<u64, Error> {
    ///     image
    ///         .on_progress(|progress| eprintln!("{} of {:?}", progress.received, progress.total))
    ///         .save(format!("{name}.iso"))
    ///         .await
    /// }
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "fs")))]
    pub async fn save(self, path: impl AsRef<Path>) -> Result<u64, Error> {
        Box::pin(self.save_to(path.as_ref().to_owned())).await
    }

    async fn save_to(mut self, path: PathBuf) -> Result<u64, Error> {
        self.transfer.may_restart = true;
        let identity = Identity::of(self.transfer.entity(), self.transfer.url());
        let opened = Part::open(path, identity).await;
        let mut part = opened.map_err(|error| self.transfer.describe(error))?;
        if part.length > 0 {
            self.transfer.go_on_from(part.length);
        }
        match self.write(&mut part).await {
            Ok(()) => part.finish().await,
            Err(error) => {
                part.keep().await;
                Err(error)
            }
        }
        .map_err(|error| self.transfer.describe(error))
    }

    async fn write(&mut self, part: &mut Part) -> Result<(), Error> {
        while let Some(piece) = poll_fn(|context| self.poll_piece(context)).await? {
            match piece {
                Piece::Data(data) => part.write(&data).await?,
                Piece::Restart => {
                    let entity = self.transfer.entity();
                    part.restart(Identity::of(entity, self.transfer.url())).await?;
                }
            }
        }
        Ok(())
    }
}

/// The description of a part's content, in the file beside it.
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    /// A hash: a URL may hold a secret.
    url: u64,
    validator: String,
    length: Option<u64>,
}

impl Identity {
    /// None for a content without a validator.
    fn of(entity: &Entity, url: Option<&str>) -> Option<Self> {
        let validator = entity.validator.as_ref().map(HeaderValue::as_bytes)?;
        let validator = String::from_utf8_lossy(validator).into_owned();
        Some(Self { url: fnv1a(url?.as_bytes()), validator, length: entity.length })
    }

    /// The description that an earlier run has left, if it can be read.
    async fn read(path: &Path) -> Option<Self> {
        let found: Value = serde_json::from_slice(&fs::read(path).await.ok()?).ok()?;
        let validator = found["validator"].as_str()?.to_owned();
        Some(Self { url: found["url"].as_u64()?, validator, length: found["length"].as_u64() })
    }

    fn to_json(&self) -> Value {
        json!({ "url": self.url, "validator": self.validator, "length": self.length })
    }
}

/// A hash that does not change with the version of Rust or of the program.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A file that is not whole.
struct Part {
    file: File,
    target: PathBuf,
    path: PathBuf,
    identity_path: PathBuf,
    identity: Option<Identity>,
    length: u64,
}

impl Part {
    /// Opens the part of an earlier run, if it is one of the same content, or else an empty one.
    async fn open(target: PathBuf, identity: Option<Identity>) -> Result<Self, Error> {
        let path = with_suffix(&target, ".part");
        let identity_path = with_suffix(&target, ".part.json");
        let file = lock(path.clone()).await.map_err(|error| failed(error, &path, 0))?;
        let length = file.metadata().await.map_err(|error| failed(error, &path, 0))?.len();
        let mut part = Self { file, target, path, identity_path, identity: None, length };
        let is_same = identity.is_some() && Identity::read(&part.identity_path).await == identity;
        let fits = |identity: &Identity| identity.length.is_none_or(|length| part.length <= length);
        match is_same && identity.as_ref().is_some_and(fits) {
            true => {
                part.identity = identity;
                let end = SeekFrom::Start(part.length);
                part.file.seek(end).await.map_err(|error| part.failed(error))?;
            }
            false => part.restart(identity).await?,
        }
        Ok(part)
    }

    /// Empties it for another content, before the description changes.
    async fn restart(&mut self, identity: Option<Identity>) -> Result<(), Error> {
        let before = std::mem::take(&mut self.length);
        self.identity = identity;
        let outcome = async {
            self.file.flush().await?;
            if before > 0 {
                self.file.set_len(0).await?;
                self.file.sync_all().await?;
            }
            self.file.seek(SeekFrom::Start(0)).await?;
            match &self.identity {
                Some(identity) => {
                    let mut file = File::create(&self.identity_path).await?;
                    file.write_all(identity.to_json().to_string().as_bytes()).await?;
                    file.flush().await?;
                    file.sync_all().await
                }
                None => remove(&self.identity_path).await,
            }
        }
        .await;
        outcome.map_err(|error| self.failed(error))
    }

    async fn write(&mut self, data: &[u8]) -> Result<(), Error> {
        match self.file.write_all(data).await {
            Ok(()) => {
                self.length += data.len() as u64;
                Ok(())
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Makes it the file.
    async fn finish(mut self) -> Result<u64, Error> {
        let outcome = async {
            self.file.flush().await?;
            self.file.sync_all().await?;
            fs::rename(&self.path, &self.target).await?;
            sync_folder_of(&self.target).await;
            remove(&self.identity_path).await
        }
        .await;
        match outcome {
            Ok(()) => Ok(self.length),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Keeps it for a later run, unless its content has no validator.
    async fn keep(mut self) {
        // The error that led here is the one to return.
        let _ = self.file.flush().await;
        if self.identity.is_none() {
            let _ = fs::remove_file(&self.path).await;
        }
    }

    fn failed(&self, error: io::Error) -> Error {
        failed(error, &self.path, self.length)
    }
}

fn failed(error: io::Error, part: &Path, length: u64) -> Error {
    let what = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full",
        io::ErrorKind::WouldBlock => "another download writes to it",
        _ => "the file cannot be written",
    };
    let detail = format!("{what}; `{}` has {length} bytes", part.display());
    Error::new(ErrorKind::Body(BodyError::Storage)).with_detail(detail).with_source(error)
}

/// Opens a file for this download alone.
async fn lock(path: PathBuf) -> io::Result<File> {
    let opened = spawn_blocking(move || {
        let file = std::fs::File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            // Not every file system has locks.
            Err(std::fs::TryLockError::Error(_)) => Ok(file),
        }
    });
    opened.await.map_err(io::Error::other)?.map(File::from_std)
}

async fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// So that the name of the file survives as well. Not every system can do that.
async fn sync_folder_of(path: &Path) {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if let Ok(folder) = File::open(folder).await {
        let _ = folder.sync_all().await;
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
