//! With any value, the URL keeps the origin, the segments and the keys of its template.

use backstop_tests::properties;
use proptest::{prelude::*, test_runner::RngSeed};

/// Random text with a high share of URL characters.
fn value() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("."),
        Just(".."),
        Just("/"),
        Just("\\"),
        Just("//host/"),
        Just("?"),
        Just("#"),
        Just("&"),
        Just("="),
        Just("%"),
        Just("%2e"),
        Just("%2F"),
        Just("@"),
        Just(":"),
        Just(";"),
        Just("\t"),
        Just("\n"),
        Just("{id}"),
        Just("*"),
        Just("+"),
        Just(" "),
        Just("é"),
        Just("\u{202e}"),
        Just("a"),
        Just("http://"),
    ];
    prop_oneof![
        proptest::collection::vec(part, 0..6).prop_map(|parts| parts.concat()),
        any::<String>(),
    ]
}

/// The same values in each run. `PROPTEST_CASES=100000 PROPTEST_RNG_SEED=7 cargo test properties`
/// runs more cases, with other values.
fn config() -> ProptestConfig {
    let own_seed = std::env::var_os("PROPTEST_RNG_SEED").is_some();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    match own_seed {
        true => config,
        false => ProptestConfig { rng_seed: RngSeed::Fixed(1), ..config },
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_value_stays_in_its_place(one in value(), two in value(), query in value()) {
        properties::a_value_stays_in_its_place(&one, &two, &query);
    }

    #[test]
    fn a_rest_stays_below_its_place(rest in value()) {
        properties::a_rest_stays_below_its_place(&rest);
    }

    #[test]
    fn a_template_means_what_its_url_means(before in value(), value in value(), after in value()) {
        properties::a_template_means_what_its_url_means(&before, &value, &after);
    }

    #[test]
    fn any_text_is_a_request_or_a_build_error(text in value(), header in value()) {
        properties::any_text_is_a_request_or_a_build_error(&text, &header);
    }

    #[test]
    fn nothing_shows_a_secret(text in value()) {
        properties::nothing_shows_a_secret(&text);
    }
}
