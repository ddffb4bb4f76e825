//! Name resolution by the script of a case.

use std::{future::pending, io, iter, net::SocketAddr};

use backstop::reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::case::Resolver;

impl Resolve for Resolver {
    fn resolve(&self, _: Name) -> Resolving {
        let resolver = *self;
        Box::pin(async move {
            let addresses: Addrs = match resolver {
                Resolver::Error => return Err(io::Error::other("a scripted failure").into()),
                Resolver::ErrorOther => return Err("a scripted failure, and no I/O".into()),
                Resolver::Empty => Box::new(iter::empty()),
                Resolver::Stall => pending().await,
                // The URL's port takes the place of this one.
                Resolver::ToLoopback | Resolver::Real => {
                    Box::new(iter::once(SocketAddr::from(([127, 0, 0, 1], 0))))
                }
            };
            Ok(addresses)
        })
    }
}
