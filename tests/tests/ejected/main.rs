//! Functions that were ejected from the attribute: their expansions, pasted in their place, behave the
//! same without the macro. `build.rs` writes them.

#![allow(clippy::all, reason = "one form for all of a kind: the macro knows no types")]

// The snapshot of a renamed crate uses this name.
extern crate backstop as web;

#[path = "../all/support.rs"]
#[expect(dead_code, reason = "other tests need more of it")]
mod support;

mod examples;
mod snapshots;

/// All the tests of the attribute.
mod attribute {
    include!(concat!(env!("OUT_DIR"), "/attribute.rs"));
}

/// The correct programs, which only have to compile.
#[allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    unused_variables,
    reason = "they are a library's, and some never end"
)]
mod passing {
    include!(concat!(env!("OUT_DIR"), "/passing.rs"));
}

/// No attribute is left in the ejected code.
#[test]
fn the_macro_is_absent() {
    let ejected = [
        include_str!(concat!(env!("OUT_DIR"), "/attribute.rs")),
        include_str!(concat!(env!("OUT_DIR"), "/client_ejected.rs")),
        include_str!(concat!(env!("OUT_DIR"), "/quickstart_ejected.rs")),
    ];
    for text in ejected {
        assert!(!text.contains("#[request(") && !text.contains("#[backstop::request("));
        assert!(!text.contains("use backstop::request"));
        assert!(text.contains("::backstop::Request::get("));
    }
}
