//! Arguments in every form, and the values that keys accept.

use std::{marker::PhantomData, time::Duration};

use backstop::{Body, Error, FromResponse, FromResponseParts, Json, Response, StatusCode, request};
use serde::Serialize;

#[request(post = "/", json = &ids[..])]
pub async fn json_of_a_slice(ids: &[u64; 4]) -> Result<(), Error>;

#[request(post = "/", json = ids[1..])]
pub async fn json_of_a_subslice(ids: &[u64]) -> Result<(), Error>;

#[request(post = "/", json = &*text)]
pub async fn json_of_a_str(text: String) -> Result<(), Error>;

#[request(post = "/", json = *value)]
pub async fn json_of_an_unsized_parameter<T: Serialize + ?Sized + Sync>(
    value: &T,
) -> Result<(), Error>;

#[request(post = "/", form = &pairs[1..])]
pub async fn form_of_a_slice(pairs: &[(&str, u8)]) -> Result<(), Error>;

#[request(get = "/", query = &pairs[1..])]
pub async fn query_of_a_slice(pairs: &[(&str, u8)]) -> Result<(), Error>;

#[request(get = "/", query = *pairs)]
pub async fn query_of_a_boxed_slice(pairs: Box<[(String, u8)]>) -> Result<(), Error>;

#[request(put = "/", body = body, header("content-length" = length))]
pub async fn body_of_known_length(body: Body, length: u64) -> Result<(), Error>;

#[request(get = "/{a}")]
pub async fn argument_kept_by_cfg(
    #[cfg(not(miri))] a: u32,
    #[cfg(miri)] b: u32,
) -> Result<u8, Error>;

#[request(get = "/{a}")]
pub async fn argument_with_a_type_by_cfg(
    #[cfg(not(miri))] a: u32,
    #[cfg(miri)] a: &str,
    #[cfg_attr(not(miri), allow(unused_variables))] b: u8,
) -> Result<u8, Error> {
    Ok(3)
}

#[request(get = "/")]
pub async fn response_with_allow(
    #[response]
    #[allow(unused_variables)]
    text: String,
) -> Result<(), Error> {
    Ok(())
}

#[request(get = "/", on_error = log)]
pub async fn one_of_several_responses_with_allow(
    #[response] status: StatusCode,
    #[allow(unused_mut)]
    #[response]
    mut text: String,
) -> Result<String, Error> {
    eprintln!("{status}");
    Ok(text)
}

#[request(get = "/", on_error = log)]
pub async fn response_with_expect(
    #[response]
    #[expect(unused_variables)]
    Json(count): Json<u8>,
) {
    eprintln!("counted");
}

#[request(get = "/")]
pub async fn response_with_allow_in_an_awaiting_body(
    #[response]
    #[cfg_attr(not(miri), allow(unused_variables))]
    text: String,
) -> Result<(), Error> {
    std::future::ready(()).await;
    Ok(())
}

#[derive(Debug, Clone, Copy)]
pub struct Remaining(pub usize);

impl FromResponseParts for Remaining {
    fn from_response_parts(response: &Response) -> Result<Self, Error> {
        Ok(Self(response.headers().len()))
    }
}

#[request(get = "/")]
pub async fn head_returned() -> Result<Remaining, Error>;

#[request(get = "/")]
pub async fn head_alone(#[response] left: Remaining) -> Result<usize, Error> {
    Ok(left.0)
}

#[request(get = "/", timeout = longest)]
pub async fn head_last(
    longest: Duration,
    #[response] status: StatusCode,
    #[response] left: Remaining,
) -> Result<usize, Error> {
    Ok(left.0 + usize::from(status.as_u16()))
}

#[request(get = "/", on_error = log)]
pub async fn head_first(#[response] left: Remaining, #[response] text: String) -> Option<usize> {
    Some(left.0 + text.len())
}

/// A type that implements `FromResponse` for any parameter.
#[derive(Debug)]
pub struct Raw<T>(pub String, pub PhantomData<T>);

impl<T> FromResponse for Raw<T> {
    fn from_response(response: Response) -> Result<Self, Error> {
        Ok(Self(response.text()?, PhantomData))
    }
}

#[request(get = "/")]
pub async fn raw_returned<T>() -> Result<Raw<T>, Error>;

#[request(get = "/")]
pub async fn raw_taken<T>(#[response] Raw(text, _): Raw<T>) -> Result<String, Error> {
    Ok(text)
}
