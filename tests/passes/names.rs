//! Constants in templates and as names of headers.

use backstop::{Error, HeaderMap, HeaderName, request};

pub const BASE: &str = "https://api.example.com/v2";

pub mod api {
    pub const VERSION: u8 = 2;
    pub const TENANT: &str = "x-tenant";
}

#[derive(Debug, Clone, Copy)]
pub struct Api<const N: usize>;

pub trait Versioned {
    const VERSION: u8;
}

impl<const N: usize> Api<N> {
    pub const PATH: &str = "users";
    pub const KIND: HeaderName = HeaderName::from_static("x-kind");

    #[request(get = "{BASE}/{Self::PATH}/{N}?version={api::VERSION}", on_error = log)]
    pub async fn associated_constants() -> Result<String, Error>;

    #[request(
        get = "/",
        header(api::TENANT = tenant, Self::KIND = "a", backstop::reqwest::header::ACCEPT = "text/plain"),
    )]
    pub async fn header_names_by_constant(tenant: Option<&str>) -> Result<String, Error>;
}

#[request(get = "{BASE}")]
pub async fn constant_as_the_whole_template() -> Result<String, Error>;

#[request(get = "/{N}?id={id}")]
pub async fn const_generic<const N: usize>(id: &[u8]) -> Result<usize, Error> {
    Ok(id.len() + N)
}

#[request(get = "/{T::VERSION}/{id}")]
pub async fn constant_of_a_type_parameter<T: Versioned>(id: u64) -> Result<String, Error>;

#[request(get = "/", headers = headers)]
pub async fn header_map(headers: HeaderMap) -> Result<String, Error>;

#[request(post = "/", headers = &headers, header("x-a" = 1), retry(times = 2, on(Status(503))))]
pub async fn borrowed_header_map(headers: &HeaderMap) -> Result<String, Error>;

#[request(get = "/", header(name = value))]
pub async fn header_name_by_argument(name: &str, value: &str) -> Result<String, Error>;
