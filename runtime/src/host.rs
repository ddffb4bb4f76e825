//! The valid values of `Host` (RFC 9110 §7.2): a host, with its port unless that is the scheme's.

use http::{HeaderValue, uri::Authority};

/// Whether the value is a host with an optional port. Servers answer any other value with 400 (RFC 9112 §3.2),
/// and proxies read it in different ways.
pub(crate) fn is_host(value: &HeaderValue) -> bool {
    value.to_str().is_ok_and(is_host_and_port)
}

/// The same for text.
pub(crate) fn is_host_and_port(text: &str) -> bool {
    let Ok(authority) = text.parse::<Authority>() else { return false };
    let host = authority.host();
    let port = text.strip_prefix(host);
    // User information would stand before the host.
    !host.is_empty()
        && port.is_some_and(|port| matches!(port, "" | ":") || authority.port_u16().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_with_or_without_a_port() {
        for (value, expected) in [
            ("example.com", true),
            ("Example.COM:8080", true),
            ("example.com:", true),
            ("127.0.0.1", true),
            ("[::1]:80", true),
            ("xn--bcher-kva.example", true),
            ("my_service", true),
            ("", false),
            (" ", false),
            (" example.com", false),
            ("one.test two.test", false),
            ("one.test, two.test", false),
            ("me@example.com", false),
            ("https://example.com", false),
            ("example.com/path", false),
            ("example.com?q", false),
            (":80", false),
            ("example.com:http", false),
            ("example.com:65536", false),
            ("::1", false),
            ("bücher.example", false),
        ] {
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header");
            assert_eq!(is_host(&value), expected, "{value:?}");
        }
    }
}
