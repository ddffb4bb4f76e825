//! Without the features for codings, none is asked for and none is decoded.

use bytes::Bytes;
use http::HeaderMap;

use crate::error::Error;

pub(crate) fn request_codings(_: &mut HeaderMap) {}

#[expect(dead_code, reason = "a decoder would make them")]
pub(super) enum Decoded {
    Piece(usize),
    NeedInput,
    End,
}

pub(super) enum Decoder {}

impl Decoder {
    pub(super) fn for_headers(_: &mut HeaderMap) -> Option<Self> {
        None
    }

    pub(super) fn feed(&mut self, _: Bytes) {
        match *self {}
    }

    pub(super) fn end(&mut self) {
        match *self {}
    }

    pub(super) fn next(&mut self) -> Result<Decoded, Error> {
        match *self {}
    }

    pub(super) fn piece(&self, _: usize) -> &[u8] {
        match *self {}
    }
}
