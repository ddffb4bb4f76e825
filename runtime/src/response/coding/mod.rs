//! Content codings: which are asked for, and how they are undone while a body arrives (RFC 9110
//! §8.4).
//!
//! ```text
//! chunk ─► Layer: the coding that was applied last ─► … ─► Layer: the first ─► piece
//! ```
//!
//! reqwest's own decoders are off: they stop after the first member of a gzip body, and pass by what
//! follows. A layer decompresses when it is asked for a piece, and no more than one piece: whoever
//! stops asking, at a limit, has had no more made than that.

mod layer;
#[cfg(test)]
mod tests;

use std::{io, sync::LazyLock};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use self::layer::Layer;
use crate::error::{BodyError, Error, ErrorKind, Sent};

/// The most that is decompressed at a time, in bytes.
const PIECE: usize = 16 * 1024;

/// The most codings of one body that are undone. Nobody needs two.
const MAX_CODINGS: usize = 5;

/// A coding that can be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    #[cfg(feature = "zstd")]
    Zstd,
    #[cfg(feature = "gzip")]
    Gzip,
    #[cfg(feature = "deflate")]
    Deflate,
    #[cfg(feature = "brotli")]
    Brotli,
}

impl Coding {
    /// In the order in which they are asked for.
    const ALL: &[Self] = &[
        #[cfg(feature = "zstd")]
        Self::Zstd,
        #[cfg(feature = "gzip")]
        Self::Gzip,
        #[cfg(feature = "deflate")]
        Self::Deflate,
        #[cfg(feature = "brotli")]
        Self::Brotli,
    ];

    /// Its name in the registry of RFC 9110 §16.6.1.
    fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "zstd")]
            Self::Zstd => "zstd",
            #[cfg(feature = "gzip")]
            Self::Gzip => "gzip",
            #[cfg(feature = "deflate")]
            Self::Deflate => "deflate",
            #[cfg(feature = "brotli")]
            Self::Brotli => "br",
        }
    }

    /// The coding of this name, in whatever case; `x-gzip` is `gzip` (RFC 9110 §8.4.1.3).
    fn named(name: &str) -> Option<Self> {
        let name = if name.eq_ignore_ascii_case("x-gzip") { "gzip" } else { name };
        Self::ALL.iter().copied().find(|coding| coding.name().eq_ignore_ascii_case(name))
    }
}

/// Asks for a body in a coding that can be undone, unless the caller did. A range is one of the coded
/// bytes: for a part of the plain ones, no coding is asked for.
pub(crate) fn request_codings(headers: &mut HeaderMap) {
    static ALL: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
        let names: Vec<&str> = Coding::ALL.iter().map(|coding| coding.name()).collect();
        HeaderValue::try_from(names.join(", ")).ok()
    });
    if !headers.contains_key(header::ACCEPT_ENCODING)
        && !headers.contains_key(header::RANGE)
        && let Some(all) = &*ALL
    {
        headers.insert(header::ACCEPT_ENCODING, all.clone());
    }
}

/// What a decoder has to say.
pub(super) enum Decoded {
    /// So many plain bytes, and never none, for [`Decoder::piece`].
    Piece(usize),
    /// Nothing before the next chunk.
    NeedInput,
    /// The body is whole.
    End,
}

/// Undoes the codings of one body. It is fed chunks, and gives pieces.
pub(super) struct Decoder {
    /// In the order in which they are undone.
    layers: Vec<Layer>,
    /// Where a piece is made, and stays until the next one.
    scratch: Box<[u8]>,
    chunk: Bytes,
    ended: bool,
}

impl Decoder {
    /// The decoder of a body with these headers, which then no longer say that it is coded, nor how
    /// long that was. None if it is not coded, or in a coding that is not known: that is left as it
    /// is, headers and all.
    pub(super) fn for_headers(headers: &mut HeaderMap) -> Option<Self> {
        if !headers.contains_key(header::CONTENT_ENCODING) {
            return None;
        }
        let codings = codings(headers)?;
        if codings.is_empty() {
            return None;
        }
        headers.remove(header::CONTENT_ENCODING);
        headers.remove(header::CONTENT_LENGTH);
        Some(Self {
            layers: codings.into_iter().rev().map(Layer::new).collect(),
            scratch: vec![0; PIECE].into_boxed_slice(),
            chunk: Bytes::new(),
            ended: false,
        })
    }

    /// Takes the next chunk. The one before has to be used up: a piece was [`Decoded::NeedInput`].
    pub(super) fn feed(&mut self, chunk: Bytes) {
        self.chunk = chunk;
    }

    /// There are no more chunks.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// The next piece of the plain body.
    pub(super) fn next(&mut self) -> Result<Decoded, Error> {
        let Self { layers, scratch, chunk, ended } = self;
        pull(layers, chunk, *ended, scratch).map_err(|error| {
            Error::new(ErrorKind::Body(BodyError::Decompress))
                .sent_at_least(Sent::Yes)
                .with_source(error)
        })
    }

    /// The bytes of the last [`Decoded::Piece`], which is its length.
    pub(super) fn piece(&self, length: usize) -> &[u8] {
        &self.scratch[..length]
    }
}

/// The next piece of the last of the layers, which is made from pieces of those before it.
fn pull(
    layers: &mut [Layer],
    chunk: &mut Bytes,
    ended: bool,
    scratch: &mut [u8],
) -> io::Result<Decoded> {
    // A decoder has a layer, and each of them looks at those before it.
    let Some((layer, before)) = layers.split_last_mut() else { return Ok(Decoded::NeedInput) };
    loop {
        if let Some(length) = layer.piece(scratch)? {
            return Ok(Decoded::Piece(length));
        }
        let input = match &mut *before {
            [] if !chunk.is_empty() => std::mem::take(chunk),
            [] if !ended => return Ok(Decoded::NeedInput),
            [] => return layer.end().map(|()| Decoded::End),
            before => match pull(before, chunk, ended, scratch)? {
                Decoded::Piece(length) => Bytes::copy_from_slice(&scratch[..length]),
                Decoded::NeedInput => return Ok(Decoded::NeedInput),
                Decoded::End => return layer.end().map(|()| Decoded::End),
            },
        };
        layer.feed(input);
    }
}

/// The codings of a body in the order in which they were applied, `identity` left out. None if one of
/// them is not known, or there are more than anyone needs.
fn codings(headers: &HeaderMap) -> Option<Vec<Coding>> {
    let mut codings = Vec::new();
    for value in headers.get_all(header::CONTENT_ENCODING) {
        for name in value.to_str().ok()?.split(',').map(str::trim) {
            if name.is_empty() || name.eq_ignore_ascii_case("identity") {
                continue;
            }
            if codings.len() == MAX_CODINGS {
                return None;
            }
            codings.push(Coding::named(name)?);
        }
    }
    Some(codings)
}
