//! What may be shown of a URL.
//!
//! User information and fragments go, and so do the values in a query: API keys and
//! signatures stand there. Names stay, as they tell what was asked.

use std::borrow::Cow;

use url::Url;

const REDACTED: &str = "REDACTED";

/// Input: `https://me:pw@host/users/7?key=secret&page=2#top`
/// Output: `https://host/users/7?key=REDACTED&page=REDACTED`
pub(crate) fn url(url: &Url) -> Url {
    let mut shown = url.clone();
    // These two fail for URLs that cannot have user information, where there is none to hide.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.set_fragment(None);
    if let Some(query) = url.query() {
        shown.set_query(Some(&hide_values(query, |_| false)));
    }
    shown
}

/// Input: `https://me:pw@host/users/{id}?key=secret&page={page}`
/// Output: `https://host/users/{id}?key=REDACTED&page={page}`
///
/// A template is the program's own text, but a program may also ask for a URL that it was given.
pub(crate) fn template(template: Cow<'static, str>) -> Cow<'static, str> {
    if !template.contains(['@', '?', '#']) {
        return template;
    }
    let text = template.split_once('#').map_or(&*template, |(kept, _)| kept);
    let (path, query) = match text.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (text, None),
    };
    let mut shown = match path.split_once("//") {
        Some((scheme, rest)) => {
            let end = rest.find(['/', '\\']).unwrap_or(rest.len());
            let (authority, rest) = rest.split_at(end);
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            format!("{scheme}//{host}{rest}")
        }
        None => path.to_owned(),
    };
    if let Some(query) = query {
        shown.push('?');
        shown.push_str(&hide_values(query, |value| value.starts_with('{') && value.ends_with('}')));
    }
    shown.into()
}

/// A pair without `=` is hidden whole: it may be a token that stands alone.
fn hide_values(query: &str, is_safe: impl Fn(&str) -> bool) -> String {
    let mut shown = String::with_capacity(query.len());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if !shown.is_empty() {
            shown.push('&');
        }
        match pair.split_once('=') {
            Some((name, value)) => {
                shown.push_str(name);
                shown.push('=');
                shown.push_str(if is_safe(value) { value } else { REDACTED });
            }
            None => shown.push_str(REDACTED),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        url(&Url::parse(text).expect("a URL")).into()
    }

    #[test]
    fn userinfo_values_and_fragment_are_hidden() {
        assert_eq!(
            shown("https://me:pw@host:81/users/7?key=secret&page=2#top"),
            "https://host:81/users/7?key=REDACTED&page=REDACTED"
        );
        assert_eq!(shown("http://host/?token"), "http://host/?REDACTED");
        assert_eq!(shown("http://host/?a=1&&b=2=3"), "http://host/?a=REDACTED&b=REDACTED");
        assert_eq!(shown("http://host/?"), "http://host/?");
        assert_eq!(shown("http://host/a"), "http://host/a");
    }

    #[test]
    fn a_template_keeps_its_placeholders() {
        let shown = |text: &'static str| template(text.into()).into_owned();
        assert_eq!(shown("https://host/users/{id}"), "https://host/users/{id}");
        assert_eq!(
            shown("https://me:p@w@host/{a}@b?key=secret&page={page}#x"),
            "https://host/{a}@b?key=REDACTED&page={page}"
        );
        assert_eq!(shown("/a?token"), "/a?REDACTED");
        assert_eq!(shown("{base}?x={x}"), "{base}?x={x}");
    }
}
