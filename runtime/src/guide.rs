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

#[doc = include_str!("../docs/guide/streams.md")]
pub mod streams {}

#[doc = include_str!("../docs/guide/testing.md")]
pub mod testing {}
