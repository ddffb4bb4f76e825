//! Whatever the values are, the URL has the origin, the segments and the keys of its template.

#![no_main]

use backstop_tests::properties;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|values: (&str, &str, &str)| {
    let (one, two, query) = values;
    properties::a_value_stays_in_its_place(one, two, query);
    properties::a_rest_stays_below_its_place(one);
    properties::a_template_means_what_its_url_means(one, query, two);
    properties::any_text_is_a_request_or_a_build_error(two, query);
});
