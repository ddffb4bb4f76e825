//! The items of a list in pages.

use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use serde::de::DeserializeOwned;

use super::{ByLink, Pages, Paging};
use crate::error::Error;

/// The items of [`Pages`], one after the other. [`Pages::items`] creates it. Empty pages are skipped.
pub struct Items<T: IntoIterator, By = ByLink> {
    pages: Pages<T, By>,
    /// The rest of the last page.
    page: Option<T::IntoIter>,
}

impl<T: IntoIterator, By> Items<T, By> {
    pub(super) fn new(pages: Pages<T, By>) -> Self {
        Self { pages, page: None }
    }
}

impl<T: IntoIterator + DeserializeOwned, By: Paging<T>> Items<T, By> {
    /// The next item; `None` after the last. If the future is dropped, no item is lost.
    ///
    /// # Errors
    ///
    /// The errors of [`Pages::page`], after the items of the pages before the one that failed. The next call
    /// of this method requests that page again.
    pub async fn item(&mut self) -> Result<Option<T::Item>, Error> {
        poll_fn(|context| self.poll_item(context)).await
    }

    fn poll_item(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<T::Item>, Error>> {
        loop {
            if let Some(item) = self.page.as_mut().and_then(Iterator::next) {
                return Poll::Ready(Ok(Some(item)));
            }
            self.page = None;
            let Some(page) = ready!(self.pages.poll_page(context))? else {
                return Poll::Ready(Ok(None));
            };
            self.page = Some(page.into_iter());
        }
    }
}

// Items are kept by value, and nothing points into them.
impl<T: IntoIterator, By> Unpin for Items<T, By> {}

impl<T: IntoIterator + DeserializeOwned, By: Paging<T>> Stream for Items<T, By> {
    type Item = Result<T::Item, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_item(context).map(Result::transpose)
    }
}

impl<T: IntoIterator, By> fmt::Debug for Items<T, By> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("pages", &self.pages).finish_non_exhaustive()
    }
}
