//! The pools of connections: one for all origins, or one for each origin if the total number of connections
//! is limited.
//!
//! hyper-util's pool closes its idle connections only when it is dropped. A total limit has to close the idle
//! connections of other origins, and therefore keeps a pool for each origin.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use http::Request;
use hyper_util::client::legacy::{self, Client, ResponseFuture};

use super::{
    connector::Connector,
    limits::{CloseIdle, origin},
};
use crate::handover::WatchedBody;

type Pool = Client<Connector, WatchedBody>;

/// The pools of one runtime.
#[derive(Debug, Clone)]
pub(super) enum Pools {
    One(Box<Pool>),
    ByOrigin(Arc<ByOrigin>),
}

impl Pools {
    /// Sends a request, when the returned future is polled.
    pub(super) fn request(&self, request: Request<WatchedBody>) -> ResponseFuture {
        match self {
            Self::One(pool) => pool.request(request),
            Self::ByOrigin(pools) => pools.of(&origin(request.uri())).request(request),
        }
    }
}

pub(super) struct ByOrigin {
    builder: legacy::Builder,
    connector: Connector,
    pools: Mutex<HashMap<String, Pool>>,
}

impl ByOrigin {
    pub(super) fn new(builder: legacy::Builder, connector: Connector) -> Self {
        Self { builder, connector, pools: Mutex::default() }
    }

    fn of(&self, origin: &str) -> Pool {
        /// Above this number of pools, all others are closed. A pool without connections is small.
        const MANY: usize = 64;
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(origin) {
            return pool.clone();
        }
        let closed = if pools.len() >= MANY { std::mem::take(&mut *pools) } else { HashMap::new() };
        let pool: Pool = self.builder.build(self.connector.clone());
        pools.insert(origin.to_owned(), pool.clone());
        drop(pools);
        // Outside the lock, as it closes connections.
        drop(closed);
        pool
    }
}

impl CloseIdle for ByOrigin {
    /// A waiting request keeps its pool until it completes.
    fn close_idle_except(&self, origin: &str) {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        let own = pools.remove_entry(origin);
        let others = std::mem::replace(&mut *pools, own.into_iter().collect());
        drop(pools);
        drop(others);
    }
}

impl fmt::Debug for ByOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByOrigin")
    }
}
