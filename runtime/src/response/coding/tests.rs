//! Compressed bodies, in chunks of all sizes.

use compression_codecs::{
    EncodeV2,
    core::util::{PartialBuffer, WriteBuffer},
};

use super::*;

/// Repetitive text, followed by random bytes.
fn text() -> Vec<u8> {
    let mut state = 1_u32;
    let mut text = b"the quick brown fox ".repeat(4);
    text.extend((0..60).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    }));
    text
}

#[cfg(any(feature = "deflate", feature = "gzip"))]
fn level() -> compression_codecs::flate::params::FlateEncoderParams {
    compression_codecs::core::Level::Default.into()
}

fn encode(mut encoder: impl EncodeV2, plain: &[u8]) -> Vec<u8> {
    let mut coded = vec![0; plain.len() + 1024];
    let mut output = WriteBuffer::new_initialized(&mut coded);
    let mut input = PartialBuffer::new(plain);
    while !input.unwritten().is_empty() {
        encoder.encode(&mut input, &mut output).expect("encoded");
    }
    assert!(encoder.finish(&mut output).expect("finished"), "there was room");
    let length = output.written_len();
    coded.truncate(length);
    coded
}

fn coded(coding: Coding, plain: &[u8]) -> Vec<u8> {
    match coding {
        #[cfg(feature = "zstd")]
        Coding::Zstd => encode(compression_codecs::ZstdEncoder::new(3), plain),
        #[cfg(feature = "gzip")]
        Coding::Gzip => encode(compression_codecs::GzipEncoder::new(level()), plain),
        #[cfg(feature = "deflate")]
        Coding::Deflate => encode(compression_codecs::ZlibEncoder::new(level()), plain),
        #[cfg(feature = "brotli")]
        Coding::Brotli => {
            let params = compression_codecs::brotli::params::EncoderParams::default();
            encode(compression_codecs::BrotliEncoder::new(params), plain)
        }
    }
}

fn headers(codings: &[&'static str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for coding in codings {
        headers.append(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    headers
}

/// Decodes a body of these chunks.
fn decode<'a>(coding: &str, chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, Error> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_ENCODING, coding.parse().expect("a value"));
    let mut decoder = Decoder::for_headers(&mut headers).expect("known codings");
    let mut chunks = chunks.into_iter();
    let mut plain = Vec::new();
    loop {
        match decoder.next()? {
            Decoded::Piece(length) => {
                assert!(length > 0 && length <= PIECE, "{length}");
                plain.extend_from_slice(decoder.piece(length));
            }
            Decoded::NeedInput => match chunks.next() {
                Some(chunk) => decoder.feed(Bytes::copy_from_slice(chunk)),
                None => decoder.end(),
            },
            Decoded::End => return Ok(plain),
        }
    }
}

/// Decodes a body whole, cut in two at every place, and byte by byte.
fn decode_alike(coding: &str, body: &[u8]) -> Result<Vec<u8>, Error> {
    let whole = decode(coding, [body]);
    let split = (0..=body.len()).map(|at| {
        let (start, end) = body.split_at(at);
        decode(coding, [start, end])
    });
    for outcome in split.chain([decode(coding, body.chunks(1))]) {
        match (&whole, outcome) {
            (Ok(whole), Ok(plain)) => assert_eq!(*whole, plain, "{coding}"),
            (Err(error), Err(other)) => {
                assert_eq!(error.kind(), ErrorKind::Body(BodyError::Decompress));
                assert_eq!(error.kind(), other.kind(), "{coding}");
            }
            (whole, other) => panic!("{coding}: {whole:?}, and split {other:?}"),
        }
    }
    whole
}

#[test]
fn a_body_cut_at_any_position_is_an_error() {
    let plain = text();
    for coding in Coding::ALL {
        let body = coded(*coding, &plain);
        assert_eq!(decode_alike(coding.name(), &body).expect("whole"), plain);
        for end in 1..body.len() {
            let cut = decode(coding.name(), [&body[..end]]);
            assert!(cut.is_err(), "{coding:?} ends after {end} of {} bytes", body.len());
        }
        assert_eq!(decode_alike(coding.name(), b"").expect("empty"), b"");
        let empty = coded(*coding, b"");
        assert_eq!(decode_alike(coding.name(), &empty).expect("nothing, coded"), b"");
    }
}

#[test]
fn all_members_are_read_and_other_trailing_bytes_are_refused() {
    let plain = text();
    for coding in Coding::ALL {
        let one = coded(*coding, &plain);
        let two = decode_alike(coding.name(), &one.repeat(2));
        match coding.has_members() {
            true => assert_eq!(two.expect("two members"), plain.repeat(2)),
            false => assert!(two.is_err(), "{coding:?} has one stream"),
        }
        decode_alike(coding.name(), &[&one[..], b"garbage"].concat()).expect_err("garbage");
        decode_alike(coding.name(), &[&one[..], b"\0"].concat()).expect_err("padding");
    }
}

#[test]
fn a_corrupted_byte_is_an_error() {
    let plain = text();
    for coding in Coding::ALL {
        let body = coded(*coding, &plain);
        for at in 0..body.len() {
            let mut damaged = body.clone();
            damaged[at] ^= 0x55;
            let whole = decode(coding.name(), [&damaged[..]]).ok();
            assert_eq!(whole, decode(coding.name(), damaged.chunks(1)).ok(), "{coding:?} at {at}");
            // Brotli has no checksum, zstd has none by default, and gzip checks only part of its header.
            if let (Some(decoded), "gzip" | "deflate") = (whole, coding.name()) {
                assert_eq!(decoded, plain, "{coding:?} at {at}");
            }
        }
    }
}

#[test]
fn several_codings_are_decoded_in_reverse_order() {
    let plain = text();
    for outer in Coding::ALL {
        for inner in Coding::ALL {
            let body = coded(*outer, &coded(*inner, &plain));
            let named = format!("{}, identity,,{}", inner.name(), outer.name().to_uppercase());
            assert_eq!(decode_alike(&named, &body).expect("undone"), plain, "{named}");
        }
    }
}

/// A limit on the body limits the memory, because the next piece is not decoded.
#[test]
fn a_large_body_is_decoded_piece_by_piece() {
    let plain = vec![0; 5 * PIECE + 1];
    for coding in Coding::ALL {
        let body = coded(*coding, &plain);
        assert!(body.len() < 1000);
        assert_eq!(decode(coding.name(), [&body[..]]).expect("whole"), plain, "{coding:?}");
        assert_eq!(decode(coding.name(), body.chunks(1)).expect("whole"), plain, "{coding:?}");
    }
}

#[test]
fn unknown_codings_are_left_as_they_are() {
    let known = Coding::ALL[0].name();
    for codings in
        [&["compress"][..], &[known, "compress"], &["identity"], &[""], &[known; MAX_CODINGS + 1]]
    {
        let mut headers = headers(codings);
        assert!(Decoder::for_headers(&mut headers).is_none(), "{codings:?}");
        assert_eq!(headers.get_all(header::CONTENT_ENCODING).iter().count(), codings.len());
    }
    let mut headers = headers(&[known; MAX_CODINGS]);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("9"));
    assert!(Decoder::for_headers(&mut headers).is_some());
    assert!(headers.is_empty(), "headers of the coded body: {headers:?}");
}

#[test]
fn supported_codings_are_requested() {
    let mut asked = HeaderMap::new();
    request_codings(&mut asked);
    let names: Vec<&str> = Coding::ALL.iter().map(|coding| coding.name()).collect();
    assert_eq!(asked[header::ACCEPT_ENCODING], names.join(", "));
    for name in [header::ACCEPT_ENCODING, header::RANGE] {
        let mut given = HeaderMap::new();
        given.insert(name, HeaderValue::from_static("x"));
        let before = given.clone();
        request_codings(&mut given);
        assert_eq!(given, before);
    }
}

#[cfg(feature = "gzip")]
#[test]
fn x_gzip_is_gzip() {
    let body = coded(Coding::Gzip, b"text");
    assert_eq!(decode_alike("X-GZip", &body).expect("undone"), b"text");
}

#[cfg(feature = "deflate")]
#[test]
fn raw_deflate_is_decoded() {
    let raw = encode(compression_codecs::DeflateEncoder::new(level()), &text());
    assert_eq!(decode_alike("deflate", &raw).expect("undone"), text());
}

/// A few bytes must not allocate a large window.
#[cfg(feature = "brotli")]
#[test]
fn a_brotli_window_beyond_the_rfc_is_refused() {
    decode_alike("br", &[0x11, 30, 0, 0]).expect_err("a large window");
}

#[cfg(feature = "zstd")]
#[test]
fn a_window_of_more_than_8_mib_is_refused() {
    // A frame with a window of 8 or 16 MiB, and one raw block of one byte.
    let frame = |exponent: u8| [0x28, 0xb5, 0x2f, 0xfd, 0, (exponent - 10) << 3, 9, 0, 0, b'a'];
    assert_eq!(decode_alike("zstd", &frame(23)).expect("8 MiB"), b"a");
    decode_alike("zstd", &frame(24)).expect_err("16 MiB");
}
