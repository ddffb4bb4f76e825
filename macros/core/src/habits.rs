//! Words from other libraries, or from other places in the attribute → what to write here.

use proc_macro2::Ident;

use crate::suggest::nearest;

/// The end of the message for an unknown key: what to write instead.
pub(crate) fn key(word: &str) -> Option<&'static str> {
    const TARGET: &str = ": write the method and the template, such as `get = \"/path\"`";
    Some(match word.to_ascii_lowercase().as_str() {
        "url" | "uri" | "path" | "endpoint" | "route" | "template" | "target" | "href" => TARGET,
        "base" | "base_url" | "baseurl" | "host" | "origin" | "root" => {
            ": write `get = \"{base}/path\"`, with `base` an argument, or give the session a \
             `base_url`"
        }
        "auth" | "authorization" | "authentication" | "credentials" => {
            ": write `bearer = token`, or `basic(user, password)`"
        }
        "token" | "bearer_auth" | "bearer_token" | "access_token" | "jwt" => {
            "; did you mean `bearer`?"
        }
        "basic_auth" | "user" | "username" | "password" | "login" => {
            ": write `basic(user, password)`"
        }
        "api_key" | "apikey" => ": write `header(\"x-api-key\" = key)`",
        "client" | "http" | "http_client" | "agent" | "connection" | "transport" | "pool" => {
            "; did you mean `session`?"
        }
        "params" | "param" | "query_params" | "querystring" | "query_string" | "search"
        | "args" => "; did you mean `query`?",
        "accept" => ": write `header(\"accept\" = …)`",
        "content_type" => ": write `header(\"content-type\" = …)`",
        "user_agent" => ": write `header(\"user-agent\" = …)`",
        "data" | "payload" | "content" | "send" => {
            ": write `json = …`, `form = …`, `text = …` or `body = …`"
        }
        "optional" => ": for a body that `None` leaves out write `json(optional) = value`",
        "call_options" | "request_options" => {
            ": an argument of the type `CallOptions` is applied without a key"
        }
        "files" | "file" | "upload" => ": write `multipart = …`, or `body = …`",
        "status" | "statuses" | "status_code" | "success" | "ok" | "expected" => {
            ": write `expect(200..=299)`"
        }
        "total" | "total_timeout" | "time_limit" => ": write `timeout = 30s`",
        "attempt" | "attempt_timeout" => ": write `timeout(attempt = 10s)`",
        "idle" | "idle_timeout" | "read_timeout" => ": write `timeout(idle = 20s)`",
        "connect" | "connect_timeout" => {
            ", which is set on the session: write `Session::builder().connect_timeout(…)`"
        }
        "max_size" | "max_length" | "max_len" | "size" | "size_limit" | "limit" | "body_limit"
        | "max_body_size" | "max_bytes" => "; did you mean `max_body`?",
        "times" | "attempts" | "tries" | "retries" | "max_retries" | "max_attempts"
        | "max_tries" => ": write `retry = 3`",
        "backoff" | "delay" | "wait" => {
            ", which is a part of `retry`: write `retry(times = 3, backoff(100ms..10s))`"
        }
        "on" | "retry_on" => {
            ", which is a part of `retry`: write `retry(times = 3, on(Timeout | Connect))`"
        }
        "idempotency_key" | "idempotent" => {
            ", which is a part of `retry`: write `retry(times = 3, idempotency_key)`"
        }
        "on_retry" => ", which is a part of `retry`: write `retry(times = 3, on_retry = path)`",
        "catch" | "except" | "rescue" | "error" | "errors" | "error_handler" | "handler"
        | "handle_error" | "on_failure" | "map_err" | "or_else" => "; did you mean `on_error`?",
        "log" | "print" => ", which is an action: write `on_error = log`",
        "default" | "or" | "otherwise" | "unwrap_or" | "recover" | "default_value" => {
            "; did you mean `fallback`?"
        }
        "ensure" | "always" | "defer" | "on_end" | "at_end" => "; did you mean `finally`?",
        "release" | "teardown" | "close" | "rollback" => "; did you mean `cleanup`?",
        "redirects" | "redirect" | "follow_redirects" => "; did you mean `max_redirects`?",
        "ignore_content_type" | "lenient_json" | "json_anyway" => {
            "; did you mean `any_content_type`?"
        }
        "proxy" => ", which is set on the session: write `Session::builder().proxy(…)`",
        "cookies" | "cookie_store" => {
            ", which is set on the session: write `Session::builder().cookie_store(true)`"
        }
        _ => return None,
    })
}

/// The same for an unknown key of a group.
pub(crate) fn shared_key(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_lowercase().as_str() {
        "url" | "uri" | "path" | "prefix" | "base_url" | "baseurl" | "base_path" | "host"
        | "origin" | "root" | "endpoint" | "route" | "template" => "; did you mean `base`?",
        "send" | "not_send" | "local" => ": for futures that stay on one thread write `?Send`",
        "data" | "payload" | "content" | "files" | "file" | "upload" => {
            ": each function sends its own body, so write `json = …` in its `#[request]`"
        }
        "default" | "or" | "otherwise" | "unwrap_or" | "recover" | "default_value" => {
            ": each function returns its own type, so write `fallback = …` in its `#[request]`"
        }
        word => return key(word),
    })
}

/// The leaves of each class that has any.
const LEAVES: [(&str, &[&str]); 7] = [
    ("Build", &["Url", "Segment", "Method", "Header", "Body", "Prepare", "Session"]),
    ("Connect", &["Dns", "Refused", "Tls", "Certificate", "Proxy", "Other"]),
    ("Timeout", &["Connect", "Attempt", "Idle", "Total"]),
    ("Disconnected", &["Unsent", "Closed", "Reset", "Runtime"]),
    ("Redirect", &["TooMany", "Location", "Scheme", "Body"]),
    ("Body", &["Truncated", "Reset", "Framing", "Decompress", "TooLarge", "Storage"]),
    ("Decode", &["ContentType", "Syntax", "Shape", "Charset", "Link"]),
];

/// The classes with a leaf of this name.
pub(crate) fn classes_of(leaf: &Ident) -> Vec<&'static str> {
    let has = |leaves: &[&str]| leaves.iter().any(|other| leaf == other);
    LEAVES.iter().filter(|(_, leaves)| has(leaves)).map(|(class, _)| *class).collect()
}

/// The leaves of a class.
pub(crate) fn leaves_of(class: &Ident) -> &'static [&'static str] {
    LEAVES.iter().find(|(name, _)| class == name).map_or(&[], |(_, leaves)| leaves)
}

/// The statuses by the names of `StatusCode`'s constants.
const STATUSES: [(&str, u16); 48] = [
    ("MULTIPLE_CHOICES", 300),
    ("MOVED_PERMANENTLY", 301),
    ("FOUND", 302),
    ("SEE_OTHER", 303),
    ("NOT_MODIFIED", 304),
    ("USE_PROXY", 305),
    ("TEMPORARY_REDIRECT", 307),
    ("PERMANENT_REDIRECT", 308),
    ("BAD_REQUEST", 400),
    ("UNAUTHORIZED", 401),
    ("PAYMENT_REQUIRED", 402),
    ("FORBIDDEN", 403),
    ("NOT_FOUND", 404),
    ("METHOD_NOT_ALLOWED", 405),
    ("NOT_ACCEPTABLE", 406),
    ("PROXY_AUTHENTICATION_REQUIRED", 407),
    ("REQUEST_TIMEOUT", 408),
    ("CONFLICT", 409),
    ("GONE", 410),
    ("LENGTH_REQUIRED", 411),
    ("PRECONDITION_FAILED", 412),
    ("PAYLOAD_TOO_LARGE", 413),
    ("URI_TOO_LONG", 414),
    ("UNSUPPORTED_MEDIA_TYPE", 415),
    ("RANGE_NOT_SATISFIABLE", 416),
    ("EXPECTATION_FAILED", 417),
    ("IM_A_TEAPOT", 418),
    ("MISDIRECTED_REQUEST", 421),
    ("UNPROCESSABLE_ENTITY", 422),
    ("LOCKED", 423),
    ("FAILED_DEPENDENCY", 424),
    ("TOO_EARLY", 425),
    ("UPGRADE_REQUIRED", 426),
    ("PRECONDITION_REQUIRED", 428),
    ("TOO_MANY_REQUESTS", 429),
    ("RATE_LIMITED", 429),
    ("REQUEST_HEADER_FIELDS_TOO_LARGE", 431),
    ("UNAVAILABLE_FOR_LEGAL_REASONS", 451),
    ("INTERNAL_SERVER_ERROR", 500),
    ("NOT_IMPLEMENTED", 501),
    ("BAD_GATEWAY", 502),
    ("SERVICE_UNAVAILABLE", 503),
    ("GATEWAY_TIMEOUT", 504),
    ("HTTP_VERSION_NOT_SUPPORTED", 505),
    ("VARIANT_ALSO_NEGOTIATES", 506),
    ("INSUFFICIENT_STORAGE", 507),
    ("LOOP_DETECTED", 508),
    ("NETWORK_AUTHENTICATION_REQUIRED", 511),
];

/// 404 for `NOT_FOUND` and for `NotFound`.
pub(crate) fn status(name: &str) -> Option<u16> {
    let plain = |text: &str| text.replace('_', "").to_ascii_lowercase();
    let name = plain(name);
    STATUSES.iter().find(|(other, _)| plain(other) == name).map(|(_, status)| *status)
}

/// The pattern to write for an unknown class.
pub(crate) fn class(word: &str) -> Option<&'static str> {
    Some(match word {
        "ClientError" => "Status(400..=499)",
        "ServerError" => "Status(500..=599)",
        "Network" | "NetworkError" | "Transport" | "Io" | "IoError" => "Connect | Disconnected",
        "Dropped" | "Disconnect" | "Hangup" => "Disconnected",
        "TimedOut" | "Elapsed" => "Timeout",
        "Json" | "Serde" | "Parse" | "Deserialize" | "ParseError" => "Decode",
        "Http" | "HttpStatus" | "StatusCode" | "Code" | "HttpError" => "Status(400..=599)",
        "Any" | "Other" | "Else" | "Default" | "Error" | "All" | "Unknown" => "_",
        _ => return None,
    })
}

/// Whether `word` is another library's name for `Status`, as in `Http(404)`.
pub(crate) fn means_status(word: &str) -> bool {
    class(word) == class("Http")
}

/// The message for the name of a macro or of a level in place of an action.
pub(crate) fn action(word: &str) -> Option<String> {
    Some(match word {
        "error" | "warn" | "info" | "debug" | "trace" => {
            format!("`{word}` is a log level: write `log({word})`")
        }
        "println" | "eprintln" | "dbg" | "eprint" => {
            format!("`{word}` is a macro: write `print`, or `error @ _ => {word}!(\"{{error}}\")`")
        }
        _ => return None,
    })
}

/// The level that is meant by another name for it, such as `warning`.
pub(crate) fn level(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_lowercase().as_str() {
        "warning" => "warn",
        "err" | "critical" | "fatal" => "error",
        "information" | "notice" => "info",
        "verbose" => "trace",
        _ => return None,
    })
}

/// What to write in place of an attribute that other libraries have for arguments.
pub(crate) fn argument_attribute(word: &str) -> Option<&'static str> {
    Some(match word {
        "json" | "body" | "form" | "text" | "multipart" => {
            "to send the argument, write `json = argument` in `#[request]`; to read the response, write \
             `#[response]`"
        }
        "path" | "param" | "path_param" => "write `{argument}` in the template",
        "query" | "query_param" => {
            "write `?name={argument}` in the template, or `query = argument`"
        }
        "header" | "headers" => "write `header(\"name\" = argument)` in `#[request]`",
        "bearer" | "auth" | "token" => "write `bearer = argument` in `#[request]`",
        _ => return None,
    })
}

/// The unit that is meant by another name for it, such as `secs`.
pub(crate) fn unit(word: &str) -> Option<&'static str> {
    Some(match word {
        "sec" | "secs" | "second" | "seconds" | "S" => "s",
        "msec" | "millis" | "milli" | "milliseconds" | "millisecond" | "MS" => "ms",
        "min" | "mins" | "minute" | "minutes" => "m",
        "hr" | "hrs" | "hour" | "hours" | "H" => "h",
        "bytes" | "byte" | "b" => "B",
        "KB" | "Kb" | "kb" | "K" | "k" => "kB",
        "Mb" | "mb" | "M" => "MB",
        "Gb" | "gb" | "G" => "GB",
        "kib" | "Kib" | "kiB" => "KiB",
        "mib" | "Mib" | "miB" => "MiB",
        "gib" | "Gib" => "GiB",
        _ => return None,
    })
}

/// Whether `word` may be a misspelling or an abbreviation of the argument `name`.
pub(crate) fn may_mean(word: &str, name: &str) -> bool {
    let shortened = |short: &str, long: &str| short.len() > 1 && long.starts_with(short);
    nearest(word, [name]).is_some() || shortened(word, name) || shortened(name, word)
}

#[cfg(test)]
mod tests {
    use super::{LEAVES, may_mean, status};

    #[test]
    fn statuses_are_found_in_both_spellings() {
        assert_eq!(status("NOT_FOUND"), Some(404));
        assert_eq!(status("NotFound"), Some(404));
        assert_eq!(status("TooManyRequests"), Some(429));
        assert_eq!(status("Connect"), None);
    }

    #[test]
    fn misspelt_and_abbreviated_arguments_are_recognized() {
        assert!(may_mean("tokn", "token"));
        assert!(may_mean("tok", "token"));
        assert!(may_mean("usr", "user"));
        assert!(!may_mean("json", "token"));
        assert!(!may_mean("a", "account"));
    }

    /// The macro does not depend on the runtime, so the table is a copy of the runtime's enums.
    #[test]
    fn the_leaves_match_the_runtime() {
        let source = include_str!("../../../runtime/src/error/kind.rs");
        for (class, leaves) in LEAVES {
            let (_, rest) = source.split_once(&format!("enum {class}Error {{")).expect("an enum");
            let (body, _) = rest.split_once("\n}").expect("its end");
            let names = body.lines().map(str::trim).filter(|line| !line.starts_with(['/', '#']));
            let found: Vec<&str> = names
                .map(|line| line.trim_end_matches(','))
                .filter(|line| !line.is_empty())
                .collect();
            assert_eq!(found, leaves, "{class}");
        }
    }
}
