//! Whatever stands around a secret, nothing that is printed shows it.

#![no_main]

use backstop_tests::properties;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| properties::nothing_shows_a_secret(text));
