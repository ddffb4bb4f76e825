//! Content codings (RFC 9110 §8.4): which are asked for, and how a body is decompressed as it arrives.
//!
//! ```text
//! chunk ─► Layer: the coding that was applied last ─► … ─► Layer: the first ─► piece
//! ```
//!
//! reqwest's own decoders are off: they stop after the first member of a gzip body and ignore the rest. A
//! layer decompresses one piece at a time, on demand, so that a limit on the body also bounds the memory.

mod layer;
#[cfg(test)]
mod tests;

use std::{io, sync::LazyLock};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use self::layer::Layer;
use crate::error::{BodyError, Error, ErrorKind, Sent};

/// The size of a decompressed piece, in bytes.
const PIECE: usize = 16 * 1024;

/// The most codings of one body that are decoded. More than one is rare.
const MAX_CODINGS: usize = 5;

/// A supported coding.
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
    /// In order of preference.
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

    /// The coding of this name, case-insensitively; `x-gzip` is `gzip` (RFC 9110 §8.4.1.3).
    fn named(name: &str) -> Option<Self> {
        let name = if name.eq_ignore_ascii_case("x-gzip") { "gzip" } else { name };
        Self::ALL.iter().copied().find(|coding| coding.name().eq_ignore_ascii_case(name))
    }
}

/// Sets `Accept-Encoding` to the supported codings, unless the caller has set it. Not with `Range`, which
/// would be a range of the compressed bytes.
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

/// The result of one step of a decoder.
pub(super) enum Decoded {
    /// The length of the next piece, not 0, whose bytes [`Decoder::piece`] returns.
    Piece(usize),
    /// The decoder needs the next chunk.
    NeedInput,
    /// The body is complete.
    End,
}

/// Decompresses one body: it takes chunks and returns pieces.
pub(super) struct Decoder {
    /// In the order in which they are decoded.
    layers: Vec<Layer>,
    /// The current piece.
    scratch: Box<[u8]>,
    chunk: Bytes,
    ended: bool,
}

impl Decoder {
    /// The decoder of a body with these headers, from which it removes `Content-Encoding` and
    /// `Content-Length`. None if the body is not coded, or in an unknown coding: it is then left as it is, with its headers.
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

    /// Takes the next chunk, after [`Decoded::NeedInput`].
    pub(super) fn feed(&mut self, chunk: Bytes) {
        self.chunk = chunk;
    }

    /// Signals the end of the chunks.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Decodes the next piece.
    pub(super) fn next(&mut self) -> Result<Decoded, Error> {
        let Self { layers, scratch, chunk, ended } = self;
        pull(layers, chunk, *ended, scratch).map_err(|error| {
            Error::new(ErrorKind::Body(BodyError::Decompress))
                .sent_at_least(Sent::Yes)
                .with_source(error)
        })
    }

    /// The bytes of the last [`Decoded::Piece`], of this length.
    pub(super) fn piece(&self, length: usize) -> &[u8] {
        &self.scratch[..length]
    }
}

/// The next piece of the last layer, decoded from pieces of the layers before.
fn pull(
    layers: &mut [Layer],
    chunk: &mut Bytes,
    ended: bool,
    scratch: &mut [u8],
) -> io::Result<Decoded> {
    // Not reached: a decoder has at least one layer.
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

/// The codings of a body in the order in which they were applied, without `identity`. None if one of them is
/// unknown, or there are too many.
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
