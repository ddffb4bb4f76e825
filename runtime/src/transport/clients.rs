//! Keeps one HTTP client for each tokio runtime.
//!
//! A pooled connection is a task of the runtime that opened it. A client that is shared between runtimes
//! could hand out a connection whose runtime has ended or is idle, and the request would fail or hang. A
//! session therefore keeps one client per runtime, keyed by the runtime's id.
//!
//! A task that is parked on each runtime evicts its client, because the runtime drops the task when it shuts
//! down. A session that is dropped earlier aborts these tasks, so it leaves nothing behind on a live runtime.

use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasherDefault, Hasher},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak},
};

use tokio::{
    runtime::{Handle, Id},
    task::AbortHandle,
};

use super::{Client, layer::Layers};
use crate::{
    direct::Proxies,
    error::{BuildError, Error},
    retry::budget::Budget,
};

/// A client and its state: for one runtime, or the user's client, for all runtimes.
pub(crate) struct RuntimeClient {
    pub(crate) client: Client,
    pub(crate) budget: Budget,
    /// The proxies of reqwest's client, as far as they can be known.
    pub(crate) proxies: Proxies,
    /// None for the user's client, which serves all runtimes.
    pub(crate) runtime: Option<Id>,
    /// Whether it uses the proxies of the system.
    pub(crate) system_proxies: bool,
}

/// Builds the client of a runtime.
pub(crate) type Recipe = dyn Fn() -> reqwest::Result<Client> + Send + Sync;

pub(crate) struct Clients {
    recipe: Box<Recipe>,
    /// The name of the clients, for `Debug`.
    name: &'static str,
    system_proxies: bool,
    retry_budget: Option<u32>,
    proxies: Proxies,
    layers: Layers,
    by_runtime: Arc<ByRuntime>,
}

#[derive(Default)]
struct ByRuntime(RwLock<Entries>);

type Entries = HashMap<Id, Entry, BuildHasherDefault<IdHasher>>;

struct Entry {
    local: Arc<RuntimeClient>,
    /// None until the task is spawned.
    evictor: Option<Evictor>,
}

/// Hashes the id of a runtime. The id is a counter, which no peer can choose.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        // Knuth's multiplier spreads the id over the bits that the map uses.
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// The parked task, which is aborted with its entry.
struct Evictor(AbortHandle);

impl Drop for Evictor {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Clients {
    pub(crate) fn new(
        name: &'static str,
        recipe: Box<Recipe>,
        retry_budget: Option<u32>,
        proxies: Proxies,
        system_proxies: bool,
        layers: Layers,
    ) -> Self {
        let by_runtime = Arc::default();
        Self { name, recipe, system_proxies, retry_budget, proxies, layers, by_runtime }
    }

    /// The client of a runtime, built at its first use there.
    pub(crate) fn for_runtime(&self, runtime: &Handle) -> Result<Arc<RuntimeClient>, Error> {
        if let Some(entry) = self.by_runtime.read().get(&runtime.id()) {
            return Ok(Arc::clone(&entry.local));
        }
        self.add(runtime)
    }

    #[cold]
    fn add(&self, runtime: &Handle) -> Result<Arc<RuntimeClient>, Error> {
        let id = runtime.id();
        let client = (self.recipe)().map_err(|error| {
            Error::build(BuildError::Session, "the HTTP client cannot be built")
                .with_source(error.without_url())
        })?;
        let local = self.layered(RuntimeClient {
            client,
            budget: Budget::new(self.retry_budget),
            proxies: self.proxies.clone(),
            runtime: Some(id),
            system_proxies: self.system_proxies,
        });
        {
            let mut by_runtime = self.by_runtime.write();
            // Another thread of this runtime may have added one in the meantime.
            if let Some(entry) = by_runtime.get(&id) {
                return Ok(Arc::clone(&entry.local));
            }
            by_runtime.insert(id, Entry { local: Arc::clone(&local), evictor: None });
        }
        // Outside the lock: a runtime that is shutting down drops the task at once, which removes the entry.
        let evict = Evict { by_runtime: Arc::downgrade(&self.by_runtime), id };
        let task = runtime.spawn(async move {
            let _evict = evict;
            std::future::pending::<()>().await;
        });
        let evictor = Evictor(task.abort_handle());
        let mut by_runtime = self.by_runtime.write();
        if let Some(entry) = by_runtime.get_mut(&id) {
            entry.evictor = Some(evictor);
        }
        Ok(local)
    }

    /// The same client under the session's layers.
    fn layered(&self, client: RuntimeClient) -> Arc<RuntimeClient> {
        if self.layers.is_empty() {
            return Arc::new(client);
        }
        let runtime = client.runtime;
        Arc::new(RuntimeClient {
            client: Client::Layered(self.layers.over(Arc::new(client))),
            budget: Budget::new(self.retry_budget),
            proxies: Proxies::None,
            runtime,
            system_proxies: false,
        })
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.by_runtime.read().len()
    }
}

impl ByRuntime {
    // The map is consistent even if a thread panicked while it held the lock.
    fn read(&self) -> RwLockReadGuard<'_, Entries> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Entries> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A client for each runtime.
        write!(f, "{}({})", self.name, self.by_runtime.read().len())
    }
}

/// Removes the client of a runtime when it is dropped with its task, at the runtime's end.
struct Evict {
    by_runtime: Weak<ByRuntime>,
    id: Id,
}

impl Drop for Evict {
    fn drop(&mut self) {
        if let Some(by_runtime) = self.by_runtime.upgrade() {
            let entry = by_runtime.write().remove(&self.id);
            // Outside the lock: dropping a client may run user code.
            drop(entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients() -> Clients {
        let recipe = || {
            let builder = reqwest::Client::builder().no_proxy();
            // The platform may have no certificates.
            #[cfg(any(feature = "rustls", feature = "native-tls"))]
            let builder = builder.tls_certs_only([]);
            builder.build().map(Client::Reqwest)
        };
        let layers = Layers::default();
        Clients::new("Reqwest", Box::new(recipe), None, Proxies::None, false, layers)
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
    }

    #[test]
    fn a_client_is_dropped_with_its_runtime() {
        let clients = clients();
        let (one, two) = (runtime(), runtime());
        clients.for_runtime(one.handle()).expect("a client");
        clients.for_runtime(one.handle()).expect("the same client");
        clients.for_runtime(two.handle()).expect("a client");
        assert_eq!(clients.len(), 2);
        drop(one);
        assert_eq!(clients.len(), 1);
        drop(two);
        assert_eq!(clients.len(), 0);
    }

    #[test]
    fn a_session_leaves_no_task_behind() {
        let runtime = runtime();
        runtime.block_on(async {
            let alive = || Handle::current().metrics().num_alive_tasks();
            let clients = clients();
            clients.for_runtime(&Handle::current()).expect("a client");
            assert_eq!(alive(), 1);
            drop(clients);
            tokio::task::yield_now().await;
            assert_eq!(alive(), 0);
        });
    }
}
