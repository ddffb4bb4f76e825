//! Decodes one coding.

use std::io;

use bytes::{Buf as _, Bytes};
use compression_codecs::{
    DecodeV2,
    core::util::{PartialBuffer, WriteBuffer},
};

use super::Coding;

pub(super) struct Layer {
    coding: Coding,
    /// None before the first byte, which may select the decoder. A body without bytes is empty.
    decoder: Option<Box<dyn DecodeV2 + Send + Sync>>,
    input: Bytes,
    /// Whether the decoder may hold output for which there was no room.
    holds_back: bool,
    /// Whether the last byte was the end of a stream.
    ended: bool,
}

impl Layer {
    pub(super) fn new(coding: Coding) -> Self {
        Self { coding, decoder: None, input: Bytes::new(), holds_back: false, ended: false }
    }

    /// Takes more bytes, once those before are consumed.
    pub(super) fn feed(&mut self, input: Bytes) {
        self.input = input;
    }

    /// Decodes the next piece to the start of `scratch`. Returns its length, not 0, or `None` if more bytes are
    /// needed.
    pub(super) fn piece(&mut self, scratch: &mut [u8]) -> io::Result<Option<usize>> {
        while self.holds_back || !self.input.is_empty() {
            let decoder = match &mut self.decoder {
                Some(decoder) => decoder,
                none => none.insert(self.coding.decoder(self.input[0])?),
            };
            if self.ended {
                if !self.coding.has_members() {
                    return Err(invalid("there are bytes after its end"));
                }
                decoder.reinit()?;
                self.ended = false;
            }
            let mut input = PartialBuffer::new(&*self.input);
            let mut output = WriteBuffer::new_initialized(scratch);
            let decoded = decoder.decode(&mut input, &mut output);
            let (read, written) = (input.written_len(), output.written_len());
            let is_full = output.has_no_spare_space();
            match decoded {
                Ok(ended) => self.ended = ended,
                // A decoder without held output may return an error if there is no input. A real error is
                // returned again with more input.
                Err(_) if self.input.is_empty() && written == 0 => {}
                Err(error) => return Err(error),
            }
            self.holds_back = is_full && !self.ended;
            if read == 0 && written == 0 && !self.ended && !self.input.is_empty() {
                return Err(invalid("the decoder made no progress"));
            }
            self.input.advance(read);
            if written > 0 {
                return Ok(Some(written));
            }
        }
        Ok(None)
    }

    /// Checks that the body may end here.
    pub(super) fn end(&self) -> io::Result<()> {
        match self.ended || self.decoder.is_none() {
            true => Ok(()),
            false => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ends in the middle")),
        }
    }
}

impl Coding {
    /// The decoder of a stream with this first byte.
    #[cfg_attr(
        not(any(feature = "brotli", feature = "deflate")),
        expect(unused_variables, reason = "only these select by it")
    )]
    fn decoder(self, first: u8) -> io::Result<Box<dyn DecodeV2 + Send + Sync>> {
        Ok(match self {
            #[cfg(feature = "zstd")]
            Self::Zstd => {
                use compression_codecs::zstd::{ZstdDecoder, params::DParameter};

                // 8 MiB, the largest window that RFC 9659 §3 allows.
                Box::new(ZstdDecoder::new_with_params(&[DParameter::window_log_max(23)]))
            }
            #[cfg(feature = "gzip")]
            Self::Gzip => Box::new(compression_codecs::GzipDecoder::new()),
            // `deflate` means zlib. Some servers send raw DEFLATE (RFC 9110 §8.4.1.2), whose first byte is
            // never that of zlib: it would be a stored block with padding that is not zero.
            #[cfg(feature = "deflate")]
            Self::Deflate if first & 0x0f == 8 => Box::new(compression_codecs::ZlibDecoder::new()),
            #[cfg(feature = "deflate")]
            Self::Deflate => Box::new(compression_codecs::DeflateDecoder::new()),
            // A window of up to 1 GiB: an extension that is not part of `br`.
            #[cfg(feature = "brotli")]
            Self::Brotli if first & 0x7f == 0x11 => {
                return Err(invalid("its window is larger than RFC 7932 allows"));
            }
            #[cfg(feature = "brotli")]
            Self::Brotli => Box::new(compression_codecs::BrotliDecoder::new()),
        })
    }

    /// Whether a body may be several streams, one after the other (RFC 1952 §2.2, RFC 8878 §3).
    pub(super) fn has_members(self) -> bool {
        match self {
            #[cfg(feature = "zstd")]
            Self::Zstd => true,
            #[cfg(feature = "gzip")]
            Self::Gzip => true,
            #[cfg(feature = "deflate")]
            Self::Deflate => false,
            #[cfg(feature = "brotli")]
            Self::Brotli => false,
        }
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
