//! Arguments of every form, and what is sent of them.

use std::time::Duration;

use backstop::{Body, Error, FromResponseParts, Json, Response, StatusCode, request};
use serde::Serialize;

#[request(post = "/", json = &ids[..])]
pub async fn json_of_a_slice(ids: &[u64; 4]) -> Result<(), Error>;

#[request(post = "/", json = ids[1..])]
pub async fn json_of_a_part(ids: &[u64]) -> Result<(), Error>;

#[request(post = "/", json = &*text)]
pub async fn json_of_text(text: String) -> Result<(), Error>;

#[request(post = "/", json = *value)]
pub async fn json_of_any<T: Serialize + ?Sized + Sync>(value: &T) -> Result<(), Error>;

#[request(post = "/", form = &pairs[1..])]
pub async fn form_of_a_slice(pairs: &[(&str, u8)]) -> Result<(), Error>;

#[request(get = "/", query = &pairs[1..])]
pub async fn query_of_a_slice(pairs: &[(&str, u8)]) -> Result<(), Error>;

#[request(get = "/", query = *pairs)]
pub async fn query_of_a_box(pairs: Box<[(String, u8)]>) -> Result<(), Error>;

#[request(put = "/", body = body, header("content-length" = length))]
pub async fn body_of_known_length(body: Body, length: u64) -> Result<(), Error>;

#[request(get = "/{a}")]
pub async fn argument_that_is_there(
    #[cfg(not(miri))] a: u32,
    #[cfg(miri)] b: u32,
) -> Result<u8, Error>;

#[request(get = "/{a}")]
pub async fn argument_of_two_types(
    #[cfg(not(miri))] a: u32,
    #[cfg(miri)] a: &str,
    #[cfg_attr(not(miri), allow(unused_variables))] b: u8,
) -> Result<u8, Error> {
    Ok(3)
}

#[request(get = "/")]
pub async fn allowed(
    #[response]
    #[allow(unused_variables)]
    text: String,
) -> Result<(), Error> {
    Ok(())
}

#[request(get = "/", on_error = log)]
pub async fn allowed_of_several(
    #[response] status: StatusCode,
    #[allow(unused_mut)]
    #[response]
    mut text: String,
) -> Result<String, Error> {
    eprintln!("{status}");
    Ok(text)
}

#[request(get = "/", on_error = log)]
pub async fn expected(
    #[response]
    #[expect(unused_variables)]
    Json(count): Json<u8>,
) {
    eprintln!("counted");
}

#[request(get = "/")]
pub async fn allowed_where_it_waits(
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
