//! Reads the body of a response part by part, decompressed, under the timers of its attempt.

use std::{
    future::{Future as _, poll_fn},
    pin::pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Version};

use super::coding::{Decoded, Decoder};
use crate::{
    error::{Error, Sent},
    timers::{AttemptTimers, IdleTimer},
    transport::{Head, ReceivedBody, cut_short},
};

/// The longest body of an error that is read to its end, in bytes. Less of it is kept.
const DRAINED: u64 = 256 * 1024;

/// A response whose body is still to be read.
pub(crate) struct Payload {
    response: http::Response<ReceivedBody>,
    /// The length that the head announces, before decompression. None if the response has no body.
    announced: Option<u64>,
    arrived: u64,
    /// None for a body that is not compressed.
    decoder: Option<Box<Decoder>>,
}

impl Payload {
    /// If the user's client or service has decompressed the body, it has removed `Content-Encoding`, and the
    /// body is not decoded twice.
    pub(crate) fn new(head: Head, method: &Method) -> Self {
        let Head { mut response, announced, .. } = head;
        let status = response.status();
        // The headers of these describe the body that another request would get (RFC 9110 §6.4.1).
        let has_body = *method != Method::HEAD
            && ![StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status);
        // A range of compressed bytes cannot be decoded by itself (RFC 9110 §14.2).
        let is_coded = has_body && status != StatusCode::PARTIAL_CONTENT;
        let decoder =
            is_coded.then(|| Decoder::for_headers(response.headers_mut())).flatten().map(Box::new);
        let announced = announced.filter(|_| has_body);
        Self { response, announced, arrived: 0, decoder }
    }

    /// Whether a content coding is undone.
    #[cfg(feature = "stream")]
    pub(super) fn is_decoded(&self) -> bool {
        self.decoder.is_some()
    }

    /// The length of the body after decoding, if it is announced.
    pub(super) fn expected(&self) -> Option<u64> {
        self.announced.filter(|_| self.decoder.is_none())
    }

    /// The estimated length of the body after decoding. Text and JSON are compressed to a fifth or a tenth.
    pub(super) fn estimate(&self) -> Option<usize> {
        const RATIO: u64 = 8;
        let ratio = if self.decoder.is_some() { RATIO } else { 1 };
        usize::try_from(self.announced?.saturating_mul(ratio)).ok()
    }

    /// Whether the announced length has arrived, so that the end need not be awaited. Not for HTTP/2, where a
    /// stream that is dropped before its end is reset.
    pub(super) fn is_whole(&self) -> bool {
        self.expected() == Some(self.arrived) && self.response.version() <= Version::HTTP_11
    }

    /// Whether some bytes are still to arrive, and no more than so many, as their number is announced. With HTTP/2
    /// there is nothing to save: the connection outlives the stream.
    pub(super) fn is_near_end(&self, limit: u64) -> bool {
        let is_alone = self.response.version() <= Version::HTTP_11;
        let remaining = self.announced.and_then(|length| length.checked_sub(self.arrived));
        is_alone && remaining.is_some_and(|remaining| (1..=limit).contains(&remaining))
    }

    /// The next part of the body, decompressed.
    pub(super) async fn part(&mut self, timers: &AttemptTimers) -> Result<Option<Bytes>, Error> {
        Ok(self.pull(timers).await?.map(|part| match part {
            Part::Chunk(chunk) => chunk,
            Part::Decoded(length) => Bytes::copy_from_slice(self.decoded(length)),
        }))
    }

    /// Polls for the next part of a body that the user streams. A part is never empty.
    pub(super) fn poll_part(
        &mut self,
        context: &mut Context<'_>,
        idle: &mut IdleTimer,
    ) -> Poll<Result<Option<Bytes>, Error>> {
        // As in `pull`.
        ready!(pin!(tokio::task::coop::consume_budget()).poll(context));
        loop {
            if let Some(decoder) = &mut self.decoder {
                match decoder.next()? {
                    Decoded::Piece(length) => {
                        return Poll::Ready(Ok(Some(Bytes::copy_from_slice(self.decoded(length)))));
                    }
                    Decoded::End => return Poll::Ready(Ok(None)),
                    Decoded::NeedInput => {}
                }
            }
            let chunk = match self.response.body_mut().poll_data(context) {
                Poll::Ready(chunk) => chunk.transpose()?,
                Poll::Pending => {
                    let error = ready!(idle.poll_over(context, WAIT));
                    return Poll::Ready(Err(error.sent_at_least(Sent::Yes)));
                }
            };
            idle.stop();
            let chunk = self.arrived(chunk)?;
            match (&mut self.decoder, chunk) {
                (None, chunk) => return Poll::Ready(Ok(chunk)),
                (Some(decoder), Some(chunk)) => decoder.feed(chunk),
                (Some(decoder), None) => decoder.end(),
            }
        }
    }

    /// The bytes of the last [`Part::Decoded`], of this length.
    pub(super) fn decoded(&self, length: usize) -> &[u8] {
        self.decoder.as_ref().map_or(&[], |decoder| decoder.piece(length))
    }

    /// The next part, not copied out of the decoder.
    pub(super) async fn pull(&mut self, timers: &AttemptTimers) -> Result<Option<Part>, Error> {
        loop {
            // Bytes that are there already never suspend, and a little input can decode to much output: yield to
            // other tasks, and check the timers.
            tokio::task::coop::consume_budget().await;
            if let Some(timer) = timers.passed() {
                return Err(timers.timed_out(timer, WAIT).sent_at_least(Sent::Yes));
            }
            if let Some(decoder) = &mut self.decoder {
                match decoder.next()? {
                    Decoded::Piece(length) => return Ok(Some(Part::Decoded(length))),
                    Decoded::End => return Ok(None),
                    Decoded::NeedInput => {}
                }
            }
            let chunk = self.chunk(timers).await?;
            match (&mut self.decoder, chunk) {
                (None, chunk) => return Ok(chunk.map(Part::Chunk)),
                (Some(decoder), Some(chunk)) => decoder.feed(chunk),
                (Some(decoder), None) => decoder.end(),
            }
        }
    }

    /// The next chunk, before decoding.
    async fn chunk(&mut self, timers: &AttemptTimers) -> Result<Option<Bytes>, Error> {
        let body = self.response.body_mut();
        let chunk = pin!(poll_fn(|context| body.poll_data(context)));
        match timers.part(chunk).await {
            Ok(chunk) => self.arrived(chunk.transpose()?),
            Err(timer) => Err(timers.timed_out(timer, WAIT).sent_at_least(Sent::Yes)),
        }
    }

    /// Counts a part that has arrived, or sees whether the end may be here.
    fn arrived(&mut self, chunk: Option<Bytes>) -> Result<Option<Bytes>, Error> {
        match &chunk {
            Some(chunk) => self.arrived += chunk.len() as u64,
            // hyper lets a stream of HTTP/2 end early, if that is done without an error.
            None if self.announced.is_some_and(|length| self.arrived < length) => {
                return Err(cut_short());
            }
            None => {}
        }
        Ok(chunk)
    }

    /// Reads and drops the rest of a short body, so that its connection can be used again.
    pub(super) async fn drain(&mut self, timers: &AttemptTimers) {
        if self.announced.is_some_and(|length| length > DRAINED) {
            return;
        }
        while self.announced != Some(self.arrived)
            && self.arrived <= DRAINED
            && let Ok(Some(_)) = self.chunk(timers).await
        {}
    }

    /// Adds the status and the headers to an error of the body.
    pub(crate) fn failed(&mut self, error: Error) -> Error {
        error.with_status(self.status()).with_headers(self.take_headers())
    }

    /// How many bytes have arrived, before decompression.
    pub(crate) fn transferred(&self) -> u64 {
        self.arrived
    }

    pub(super) fn version(&self) -> Version {
        self.response.version()
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(super) fn take_headers(&mut self) -> HeaderMap {
        std::mem::take(self.response.headers_mut())
    }
}

/// A part of the body.
pub(super) enum Part {
    /// A chunk of a body that is not compressed.
    Chunk(Bytes),
    /// The length of a piece, which the decoder keeps until the next step.
    Decoded(usize),
}

/// The wait that a timer here ends, for its message.
const WAIT: &str = "the rest of the body";
