//! Limits the number of open connections: to each origin, and in total.
//!
//! A connection holds a permit of each limit from before it is dialled until it is closed, so idle
//! connections count. A call that waits for a permit takes a connection to its origin if one becomes idle.
//! Idle connections to other origins are closed, because they would keep it waiting.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
};

use http::Uri;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Closes idle connections.
pub(super) trait CloseIdle: Send + Sync {
    /// Closes connections to other origins, now or as soon as they are idle.
    fn close_idle_except(&self, origin: &str);
}

/// The limits of a session. `None` for no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct MaxConnections {
    pub(crate) per_origin: Option<usize>,
    pub(crate) total: Option<usize>,
}

impl MaxConnections {
    pub(crate) fn is_none(self) -> bool {
        self == Self::default()
    }
}

/// The permits of the connections of one runtime.
pub(super) struct Limits {
    per_origin: Option<usize>,
    by_origin: Mutex<HashMap<String, Arc<Semaphore>>>,
    total: Option<Arc<Semaphore>>,
    pools: OnceLock<Weak<dyn CloseIdle>>,
}

/// The permits that a connection holds until it is closed. Boxed, as most connections have none.
#[derive(Debug, Default)]
pub(super) struct Permits {
    _held: Option<Box<[Option<OwnedSemaphorePermit>; 2]>>,
}

/// The scheme, host and port of a URI.
pub(super) fn origin(uri: &Uri) -> String {
    format!(
        "{}://{}",
        uri.scheme_str().unwrap_or_default(),
        uri.authority().map_or("", |at| at.as_str())
    )
}

fn semaphore(permits: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)))
}

impl Limits {
    pub(super) fn new(max: MaxConnections) -> Self {
        Self {
            per_origin: max.per_origin,
            by_origin: Mutex::default(),
            total: max.total.map(semaphore),
            pools: OnceLock::new(),
        }
    }

    /// Sets the pools that close idle connections. Weak, because their connector has these limits.
    pub(super) fn set_pools(&self, pools: Weak<dyn CloseIdle>) {
        // Called once, where both are created.
        let _ = self.pools.set(pools);
    }

    /// Waits until another connection to the server may be opened.
    pub(super) async fn acquire(&self, server: &Uri) -> Permits {
        let origin = origin(server);
        let per_origin = match self.of_origin(&origin) {
            Some(semaphore) => semaphore.acquire_owned().await.ok(),
            None => None,
        };
        let total = match &self.total {
            Some(semaphore) => self.acquire_total(semaphore, &origin).await,
            None => None,
        };
        // The semaphores are never closed, so this does not fail.
        Permits { _held: Some(Box::new([per_origin, total])) }
    }

    async fn acquire_total(
        &self,
        semaphore: &Arc<Semaphore>,
        origin: &str,
    ) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(semaphore).try_acquire_owned() {
            return Some(permit);
        }
        if let Some(pools) = self.pools.get().and_then(Weak::upgrade) {
            pools.close_idle_except(origin);
        }
        Arc::clone(semaphore).acquire_owned().await.ok()
    }

    fn of_origin(&self, origin: &str) -> Option<Arc<Semaphore>> {
        /// Above this number of origins, those without a connection are removed.
        const MANY: usize = 64;
        let most = self.per_origin?;
        let mut by_origin = self.lock();
        if by_origin.len() >= MANY && !by_origin.contains_key(origin) {
            // A permit, and a call that waits for one, holds a handle of its semaphore.
            by_origin.retain(|_, semaphore| Arc::strong_count(semaphore) > 1);
        }
        let semaphore = by_origin.entry(origin.to_owned());
        Some(Arc::clone(semaphore.or_insert_with(|| self::semaphore(most))))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Semaphore>>> {
        self.by_origin.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Limits")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn limits(per_origin: Option<usize>, total: Option<usize>) -> Limits {
        Limits::new(MaxConnections { per_origin, total })
    }

    async fn waits(limits: &Limits, server: &str) -> bool {
        let server: Uri = server.parse().expect("a URI");
        let mut acquiring = Box::pin(limits.acquire(&server));
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(acquiring.as_mut().poll(context).is_pending())
        })
        .await
    }

    #[tokio::test]
    async fn each_origin_has_its_own_permits_and_all_share_the_total() {
        let limits = limits(Some(2), Some(3));
        let one = "http://one.test/a".parse().expect("a URI");
        let _first = limits.acquire(&one).await;
        let second = limits.acquire(&one).await;
        assert!(waits(&limits, "http://one.test/b").await);
        let _third = limits.acquire(&"https://one.test/".parse().expect("a URI")).await;
        assert!(waits(&limits, "http://two.test/").await);
        drop(second);
        assert!(!waits(&limits, "http://one.test/b").await);
        assert!(!waits(&limits, "http://two.test/").await);
    }

    #[tokio::test]
    async fn a_call_at_the_total_limit_closes_idle_connections() {
        struct Pools(AtomicUsize);
        impl CloseIdle for Pools {
            fn close_idle_except(&self, origin: &str) {
                assert_eq!(origin, "http://two.test");
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        let limits = limits(None, Some(1));
        let pools = Arc::new(Pools(AtomicUsize::new(0)));
        let weak: Weak<dyn CloseIdle> = Arc::<Pools>::downgrade(&pools);
        limits.set_pools(weak);
        let _first = limits.acquire(&"http://one.test/".parse().expect("a URI")).await;
        assert_eq!(pools.0.load(Ordering::SeqCst), 0);
        assert!(waits(&limits, "http://two.test/").await);
        assert_eq!(pools.0.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn origins_without_a_connection_are_removed() {
        let limits = limits(Some(1), None);
        let kept = limits.acquire(&"http://kept.test/".parse().expect("a URI")).await;
        for number in 0..200 {
            let server = format!("http://{number}.test/").parse().expect("a URI");
            drop(limits.acquire(&server).await);
        }
        assert!(limits.lock().len() <= 65);
        assert!(waits(&limits, "http://kept.test/").await);
        drop(kept);
    }
}
