//! Lists in pages: the request of each page continues the call of the page before it.
//!
//! ```text
//! Response ─ decode ─► page ─ Paging ─► NextPage ─ Continuation ─► Response ─► …
//! ```

mod fetch;
mod items;
mod link;
mod next;

use std::{
    collections::{HashSet, hash_map::RandomState},
    fmt,
    future::poll_fn,
    hash::BuildHasher,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_core::Stream;
use serde::de::DeserializeOwned;
use url::Url;

use self::fetch::Fetch;
pub use self::{
    items::Items,
    next::{ByBody, ByLink, ByNumber, HasNext, NextPage, Paging},
};
use crate::{
    continuation::Continuation,
    error::{DecodeError, Error, ErrorKind},
    response::{FromResponse, Response},
};

/// A paginated list. Each page is requested separately and decoded from JSON.
///
/// The first page is part of the call: if it fails, the call fails, and the function's handlers run. Every
/// later page is an item of the stream, and so is its error. **A page that failed is requested again when the
/// stream is polled again**: no page is lost or duplicated. To stop at the first error, return it with `?`.
///
/// The second type parameter determines how the next page is found: by its [`Link` header](ByLink), which is
/// the default, by a [field of the page](ByBody), or by its [number](ByNumber). Each page is requested by a
/// call with the headers, limits and retries of the first one. A link to a page of another origin is an
/// error, unless [`allow_other_origins`](Pages::allow_other_origins) allows it; that page is then requested
/// without credentials. A link to a page that was read before is an error as well, because the list would
/// never end.
///
/// It implements `Stream` for the pages, and [`items`](Pages::items) returns a stream of their items.
/// [`page`](Pages::page) awaits the next page without that trait.
///
/// ```no_run
/// use backstop::{Error, Pages, request};
///
/// #[derive(serde::Deserialize)]
/// struct Repo { name: String }
///
/// #[request(get = "https://api.github.com/orgs/{org}/repos?per_page=100")]
/// async fn repos(org: &str) -> Result<Pages<Vec<Repo>>, Error>;
///
/// # async fn example() -> Result<(), Error> {
/// let mut repos = repos("rust-lang").await?.items();
/// while let Some(repo) = repos.item().await? {
///     println!("{}", repo.name);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Pages<T, By = ByLink> {
    /// A page that was read, and not yet taken.
    ready: Option<T>,
    upcoming: Upcoming,
    /// The continuation of the last page that was read. None if its request cannot be sent again.
    continuation: Option<Continuation>,
    seen: Seen,
    /// How many pages were taken.
    taken: u64,
    settings: Settings,
    by: PhantomData<fn() -> By>,
}

/// What comes after the pages that were read.
enum Upcoming {
    /// Nothing.
    End,
    /// An error, and then nothing.
    Failed(Error),
    /// A page to request.
    At(Url),
    /// A page of another origin, and the error if that is not allowed.
    Elsewhere(Url, Error),
    /// A page that is requested. If it fails, it is requested again.
    Asked(Url, Fetch),
}

struct Settings {
    max_pages: u64,
    page_timeout: Option<Duration>,
    other_origins: bool,
    prefetch: bool,
}

impl<T, By> Pages<T, By> {
    /// Ends the stream without an error after this many pages, including the first one. There is no limit by
    /// default.
    #[must_use]
    pub fn max_pages(mut self, pages: u64) -> Self {
        self.settings.max_pages = pages;
        self
    }

    /// Sets the timeout of the call for each later page. The default is the
    /// [`timeout`](crate::Request::timeout) of the first call.
    #[must_use]
    pub fn page_timeout(mut self, timeout: Duration) -> Self {
        self.settings.page_timeout = Some(timeout);
        self
    }

    /// Sets whether a page of another origin is requested, without credentials. By default, it is an error.
    #[must_use]
    pub fn allow_other_origins(mut self, allow: bool) -> Self {
        self.settings.other_origins = allow;
        self
    }

    /// Sets whether the next page is requested as soon as a page is taken, in a task that ends with the
    /// stream. Off by default.
    #[must_use]
    pub fn prefetch(mut self, prefetch: bool) -> Self {
        self.settings.prefetch = prefetch;
        self
    }

    /// The items of the pages, one after the other.
    pub fn items(self) -> Items<T, By>
    where
        T: IntoIterator,
    {
        Items::new(self)
    }

    /// Requests the upcoming page, unless it is requested already.
    fn ask(&mut self, ahead: bool) {
        let url = match &self.upcoming {
            Upcoming::Elsewhere(_, error) if !self.settings.other_origins => {
                self.upcoming = Upcoming::Failed(error.clone());
                return;
            }
            Upcoming::At(url) | Upcoming::Elsewhere(url, _) => url.clone(),
            Upcoming::End | Upcoming::Failed(_) | Upcoming::Asked(..) => return,
        };
        self.upcoming = match self.fetch(url.clone(), ahead) {
            Ok(fetch) => Upcoming::Asked(url, fetch),
            Err(error) => Upcoming::Failed(error),
        };
    }

    fn is_same_origin(&self, url: &Url) -> bool {
        self.continuation.as_ref().is_none_or(|continuation| continuation.is_same_origin(url))
    }

    fn fetch(&self, url: Url, ahead: bool) -> Result<Fetch, Error> {
        let Some(continuation) = &self.continuation else {
            return Err(refused("its request cannot be sent again"));
        };
        let mut continued = continuation.at_url(url).ends_when_read();
        if let Some(timeout) = self.settings.page_timeout {
            continued = continued.timeout(timeout);
        }
        Ok(match ahead {
            true => Fetch::ahead(continued.fetch()),
            false => Fetch::here(continued.fetch()),
        })
    }
}

impl<T: DeserializeOwned, By: Paging<T>> Pages<T, By> {
    /// The next page; `None` after the last. If the future is dropped, no page is lost.
    ///
    /// # Errors
    ///
    /// The errors of the call for the page and of decoding its JSON, with the facts of that call. The next
    /// call of this method requests the page again. [`DecodeError::Link`] if the link is not a URL, or leads
    /// to a page that was read before or to an origin that is not allowed. After this error, there are no
    /// more pages.
    pub async fn page(&mut self) -> Result<Option<T>, Error> {
        poll_fn(|context| self.poll_page(context)).await
    }

    fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<T>, Error>> {
        loop {
            if self.taken >= self.settings.max_pages {
                self.upcoming = Upcoming::End;
                return Poll::Ready(Ok(None));
            }
            if let Some(page) = self.ready.take() {
                self.taken += 1;
                if self.settings.prefetch && self.taken < self.settings.max_pages {
                    self.ask(true);
                }
                return Poll::Ready(Ok(Some(page)));
            }
            self.ask(false);
            let response = match &mut self.upcoming {
                Upcoming::Asked(_, fetch) => ready!(fetch.poll(context)),
                Upcoming::Failed(_) => match std::mem::replace(&mut self.upcoming, Upcoming::End) {
                    Upcoming::Failed(error) => return Poll::Ready(Err(error)),
                    _ => return Poll::Ready(Ok(None)),
                },
                Upcoming::End | Upcoming::At(_) | Upcoming::Elsewhere(..) => {
                    return Poll::Ready(Ok(None));
                }
            };
            if let Upcoming::Asked(url, _) = std::mem::replace(&mut self.upcoming, Upcoming::End) {
                self.upcoming = Upcoming::At(url);
            }
            self.take(response?)?;
        }
    }

    /// Reads the response of a page, and where the next one is.
    fn take(&mut self, response: Response) -> Result<(), Error> {
        let page: T = match response.json() {
            Ok(page) => page,
            Err(error) => {
                response.parts().was_read(Some(&error));
                return Err(error);
            }
        };
        response.parts().was_read(None);
        self.continuation = Continuation::of(&response);
        self.upcoming = match self.after(&page, &response) {
            Ok(Some(url)) if self.is_same_origin(&url) => Upcoming::At(url),
            Ok(Some(url)) => {
                let error = response.describe(refused("it is of another origin"));
                Upcoming::Elsewhere(url, error)
            }
            Ok(None) => Upcoming::End,
            Err(error) => Upcoming::Failed(response.describe(error)),
        };
        self.ready = Some(page);
        Ok(())
    }

    fn after(&mut self, page: &T, response: &Response) -> Result<Option<Url>, Error> {
        self.seen.insert(response.url());
        let Some(next) = By::next_page(page, response)? else { return Ok(None) };
        let reference = next.reference(response.url());
        let Some(continuation) = &self.continuation else {
            return Err(refused("its request cannot be sent again"));
        };
        let url = continuation
            .resolve(&reference)
            .map_err(|error| refused("it is not a URL that can be requested").with_source(error))?;
        match self.seen.insert(&url) {
            true => Ok(Some(url)),
            false => Err(refused("it was read before")),
        }
    }
}

/// The URLs of the pages, as hashes, so that a long list does not fill the memory.
#[derive(Default)]
struct Seen {
    hasher: RandomState,
    hashes: HashSet<u64>,
}

impl Seen {
    /// Whether it is new.
    fn insert(&mut self, url: &Url) -> bool {
        self.hashes.insert(self.hasher.hash_one(url.as_str()))
    }
}

fn refused(why: &'static str) -> Error {
    Error::new(ErrorKind::Decode(DecodeError::Link)).with_detail(why)
}

impl<T: DeserializeOwned, By: Paging<T>> FromResponse for Pages<T, By> {
    const CONTINUED: bool = true;

    fn from_response(response: Response) -> Result<Self, Error> {
        let mut pages = Self {
            ready: None,
            upcoming: Upcoming::End,
            continuation: None,
            seen: Seen::default(),
            taken: 0,
            settings: Settings {
                max_pages: u64::MAX,
                page_timeout: None,
                other_origins: false,
                prefetch: false,
            },
            by: PhantomData,
        };
        pages.take(response)?;
        Ok(pages)
    }
}

// A page is kept by value, and nothing points into it.
impl<T, By> Unpin for Pages<T, By> {}

impl<T: DeserializeOwned, By: Paging<T>> Stream for Pages<T, By> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_page(context).map(Result::transpose)
    }
}

impl<T, By> fmt::Debug for Pages<T, By> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("taken", &self.taken).finish_non_exhaustive()
    }
}
