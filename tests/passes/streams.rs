//! Types that read a response as it arrives, or send further requests.

use backstop::{
    Body, BodyStream, ByBody, ByNumber, Download, Error, Event, Events, HasNext, Json, JsonLines,
    Lines, NextPage, Pages, Response, StatusCode, request,
};
use serde::Deserialize;

#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Entry {
    pub id: u64,
}

#[derive(Debug, Deserialize)]
pub struct Listing {
    pub entries: Vec<Entry>,
    next: Option<String>,
}

impl HasNext for Listing {
    fn next_page(&self) -> Option<NextPage> {
        self.next.as_ref().map(|cursor| NextPage::query("cursor", cursor))
    }
}

#[request(get = "/")]
pub async fn lines() -> Result<Lines, Error>;

#[request(get = "/", on_error = log)]
pub async fn values() -> Option<JsonLines<Entry>>;

#[request(get = "/", on_error(Status(404) => log, _ => print))]
pub async fn events() -> Result<Events, Error>;

#[request(get = "/")]
pub async fn typed_events<T: serde::de::DeserializeOwned>() -> Result<Events<Json<T>>, Error>;

#[request(get = "/", retry = 3)]
pub async fn pages() -> Result<Pages<Vec<Entry>>, Error>;

#[request(get = "/")]
pub async fn pages_by_cursor() -> Result<Pages<Listing, ByBody>, Error>;

#[request(get = "/")]
pub async fn pages_by_number() -> Result<Pages<Vec<Entry>, ByNumber>, Error>;

#[request(get = "/", timeout(idle = 5s))]
pub async fn download() -> Result<Download, Error>;

#[request(get = "/", on_error(Decode(Link) => recover(0), Body(Storage) => recover(1)))]
pub async fn count(#[response] pages: Pages<Vec<Entry>>) -> Result<usize, Error> {
    let mut items = pages.max_pages(10).items();
    let mut count = 0;
    while items.item().await?.is_some() {
        count += 1;
    }
    Ok(count)
}

#[request(get = "/")]
pub async fn last_event(
    #[response] status: StatusCode,
    #[response] mut events: Events,
) -> Result<Option<Event>, Error> {
    let mut last = None;
    while let Some(event) = events.event().await? {
        last = Some(event);
    }
    Ok(last.filter(|_| status.is_success()))
}

#[request(get = "/")]
pub async fn length(#[response] mut body: BodyStream) -> Result<usize, Error> {
    let mut length = 0;
    while let Some(part) = body.part().await? {
        length += part.len();
    }
    Ok(length)
}

#[request(put = "/", body = body, retry = 2)]
pub async fn upload(body: Body) -> Result<Response, Error>;
