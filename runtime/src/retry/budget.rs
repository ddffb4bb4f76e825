//! The retry budget: limits the retries of an origin that keeps failing.
//!
//! Each origin has a bucket of tokens. A retry takes some, and returns them when it succeeds; a call that
//! succeeds at its first attempt adds one. When an origin is down, calls soon fail without a retry, and do
//! not multiply its load. Retries of requests that were never sent are free: the origin has not noticed them.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use url::Origin;

/// The tokens of a full bucket.
pub(crate) const CAPACITY: u32 = 500;

/// The largest number of origins whose buckets are kept. A full bucket is not kept.
const MAX_ORIGINS: usize = 1024;

/// The buckets of a session on one runtime.
#[derive(Debug)]
pub(crate) struct Budget {
    /// None if retries are not counted.
    capacity: Option<u32>,
    missing: Mutex<HashMap<Origin, u32>>,
}

impl Budget {
    pub(crate) fn new(capacity: Option<u32>) -> Self {
        Self { capacity, missing: Mutex::default() }
    }

    /// Takes tokens, if the bucket has as many.
    pub(crate) fn take(&self, origin: &Origin, tokens: u32) -> bool {
        let (Some(capacity), 1..) = (self.capacity, tokens) else { return true };
        let mut missing = self.missing();
        let gone = missing.get(origin).copied().unwrap_or(0);
        if gone.saturating_add(tokens) > capacity {
            return false;
        }
        if gone == 0 && missing.len() >= MAX_ORIGINS {
            forget_one(&mut missing);
        }
        missing.insert(origin.clone(), gone + tokens);
        true
    }

    /// Adds tokens, up to a full bucket.
    pub(crate) fn put(&self, origin: &Origin, tokens: u32) {
        if self.capacity.is_none() {
            return;
        }
        let mut missing = self.missing();
        if let Some(gone) = missing.get_mut(origin) {
            *gone = gone.saturating_sub(tokens);
            if *gone == 0 {
                missing.remove(origin);
            }
        }
    }

    // Nothing panics with the lock held; if something did, the map would still be consistent.
    fn missing(&self) -> MutexGuard<'_, HashMap<Origin, u32>> {
        self.missing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes room by forgetting the origin that is closest to a full bucket.
fn forget_one(missing: &mut HashMap<Origin, u32>) {
    let fullest = missing.iter().min_by_key(|(_, gone)| **gone).map(|(origin, _)| origin.clone());
    if let Some(origin) = fullest {
        missing.remove(&origin);
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn origin(number: usize) -> Origin {
        Url::parse(&format!("http://host{number}.test/")).expect("a URL").origin()
    }

    #[test]
    fn an_empty_bucket_refuses_until_a_call_succeeds() {
        let budget = Budget::new(Some(12));
        let (one, other) = (origin(1), origin(2));
        assert!(budget.take(&one, 5) && budget.take(&one, 5));
        assert!(!budget.take(&one, 5), "two tokens are left");
        assert!(budget.take(&other, 5), "each origin has its own");
        assert!(budget.take(&one, 0), "a retry without a cost is always allowed");
        budget.put(&one, 3);
        assert!(budget.take(&one, 5));
    }

    #[test]
    fn a_full_bucket_takes_no_more_tokens() {
        let budget = Budget::new(Some(5));
        let one = origin(1);
        budget.put(&one, 100);
        assert!(budget.take(&one, 5) && !budget.take(&one, 1));
        budget.put(&one, 100);
        assert_eq!(budget.missing().len(), 0, "a full bucket is removed");
    }

    #[test]
    fn a_budget_without_a_capacity_never_refuses() {
        let budget = Budget::new(None);
        assert!((0..10_000).all(|_| budget.take(&origin(1), 10)));
        assert_eq!(budget.missing().len(), 0);
    }

    #[test]
    fn the_fullest_bucket_is_dropped_when_there_are_too_many() {
        let budget = Budget::new(Some(10));
        assert!(budget.take(&origin(0), 10));
        for number in 1..=MAX_ORIGINS + 10 {
            assert!(budget.take(&origin(number), 5));
        }
        assert_eq!(budget.missing().len(), MAX_ORIGINS);
        assert!(!budget.take(&origin(0), 5));
    }
}
