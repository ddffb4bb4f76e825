#![doc = include_str!("../docs/guide/index.md")]

// Each page is a file of its own, and each of its examples a test.

#[doc = include_str!("../docs/guide/first_request.md")]
pub mod first_request {}

#[doc = include_str!("../docs/guide/errors.md")]
#[doc = ""]
#[doc = include_str!("../docs/guide/errors.svg")]
#[doc = ""]
#[doc = include_str!("../docs/guide/errors_by_class.md")]
pub mod errors {}

#[doc = include_str!("../docs/guide/api_client.md")]
pub mod api_client {}

#[doc = include_str!("../docs/guide/retries.md")]
pub mod retries {}

#[doc = include_str!("../docs/guide/sessions.md")]
pub mod sessions {}

#[doc = include_str!("../docs/guide/credentials.md")]
pub mod credentials {}

#[doc = include_str!("../docs/guide/streams.md")]
pub mod streams {}

#[doc = include_str!("../docs/guide/testing.md")]
pub mod testing {}

#[doc = include_str!("../docs/guide/watching.md")]
pub mod watching {}

#[doc = include_str!("../docs/guide/tower.md")]
pub mod tower {}

#[doc = include_str!("../docs/guide/cancellation.md")]
pub mod cancellation {}

#[doc = include_str!("../docs/guide/network.md")]
pub mod network {}

#[doc = include_str!("../docs/guide/ejecting.md")]
pub mod ejecting {}

#[doc = include_str!("../docs/guide/performance.md")]
pub mod performance {}

#[doc = include_str!("../docs/guide/coming_from_aiohttp.md")]
pub mod coming_from_aiohttp {}

#[doc = include_str!("../docs/guide/coming_from_reqwest.md")]
pub mod coming_from_reqwest {}

#[doc = include_str!("../docs/guide/coming_from_retrofit.md")]
pub mod coming_from_retrofit {}
