//! Walks the chain of an error's causes.

use std::{error::Error as StdError, io};

/// An error and its causes. `io::Error::source` skips the error that it wraps, which may be one of rustls:
/// that is returned by `get_ref`.
pub(crate) fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(carried) => Some(carried as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}

/// The first cause of this type.
pub(crate) fn find<'a, E: StdError + 'static>(
    error: &'a (dyn StdError + 'static),
) -> Option<&'a E> {
    chain(error).find_map(|cause| cause.downcast_ref())
}

/// The innermost `io::Error`: the outer ones only wrap it, with the kind `Other`.
pub(crate) fn innermost_io<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a io::Error> {
    chain(error).filter_map(|cause| cause.downcast_ref()).last()
}
