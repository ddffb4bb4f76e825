//! Redacts URLs for errors and logs.
//!
//! User information, fragments and the values of a query are removed: API keys and signatures are sent in
//! them. The names in a query are kept, as they say what was asked for.

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

/// The text of [`url`], without a copy where nothing is to be hidden.
pub(crate) fn url_text(url: &Url) -> Cow<'_, str> {
    let is_plain = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    match is_plain {
        true => Cow::Borrowed(url.as_str()),
        false => Cow::Owned(self::url(url).into()),
    }
}

/// Input: `https://me:pw@host/users/{id}?key=secret&page={page}`
/// Output: `https://host/users/{id}?key=REDACTED&page={page}`
///
/// A template is the program's own text, but a program may also ask for a URL that it was given, and
/// for one that is malformed.
pub(crate) fn template(template: Cow<'static, str>) -> Cow<'static, str> {
    // Most templates are plain. All bytes are looked at, as a loop without an exit compares many at once.
    let is_plain =
        |byte: u8| matches!(byte, b' '..=b'~') & (byte != b'@') & (byte != b'?') & (byte != b'#');
    if template.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
        return template;
    }
    if !template.contains(|character: char| "@?#".contains(character) || character.is_control()) {
        return template;
    }
    let text = template.split_once('#').map_or(&*template, |(kept, _)| kept);
    let (path, query) = match text.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (text, None),
    };
    let mut shown = match path.rfind('@') {
        None => path.to_owned(),
        Some(at) => without_userinfo(path, at),
    };
    if let Some(query) = query {
        shown.push('?');
        shown.push_str(&hide_values(query, |value| value.starts_with('{') && value.ends_with('}')));
    }
    match shown.contains(char::is_control) {
        true => shown.escape_debug().to_string().into(),
        false => shown.into(),
    }
}

/// Drops the user information of a URL's start. An `@` of the path stays where it is certain to be
/// one: behind the host of a URL that is one, or of a template.
fn without_userinfo(path: &str, last_at: usize) -> String {
    let start = match path.split_once("://") {
        // Slashes too many are passed by, as a browser does.
        Some((scheme, rest)) if scheme.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            path.len() - rest.trim_start_matches(['/', '\\']).len()
        }
        _ if path.starts_with(['{', '/']) => return path.to_owned(),
        // Not the start of a URL: any text before the `@` may be a password.
        _ => return path[last_at + 1..].to_owned(),
    };
    let end = path[start..].find(['/', '\\']).map_or(path.len(), |at| start + at);
    let is_url = path.contains('{') || Url::parse(path).is_ok();
    let kept = match path[start..end].rfind('@') {
        Some(at) => start + at + 1,
        None if is_url => start,
        None => last_at + 1,
    };
    format!("{}{}", &path[..start], &path[kept..])
}

/// A pair without a value is hidden whole: it may be a token that stands alone, with the `=` of its
/// base64.
fn hide_values(query: &str, is_safe: impl Fn(&str) -> bool) -> String {
    let mut shown = String::with_capacity(query.len());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if !shown.is_empty() {
            shown.push('&');
        }
        match pair.split_once('=') {
            Some((name, value)) if !value.trim_matches('=').is_empty() => {
                shown.push_str(name);
                shown.push('=');
                shown.push_str(if is_safe(value) { value } else { REDACTED });
            }
            _ => shown.push_str(REDACTED),
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
        assert_eq!(shown("http://host/?dG9rZW4=="), "http://host/?REDACTED");
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
        assert_eq!(shown("http://host/{a}/b@c"), "http://host/{a}/b@c");
        assert_eq!(shown("http://host/b@c"), "http://host/b@c");
        assert_eq!(shown("/a?token"), "/a?REDACTED");
        assert_eq!(shown("{base}?x={x}"), "{base}?x={x}");
    }

    #[test]
    fn passwords_in_invalid_urls_are_hidden() {
        for text in [
            "https:/me:pw@host",
            "https:\\\\me:pw@host/a",
            "https:///me:pw@host/a",
            "http:me:pw@host",
            "me:pw@host/a",
            "https://me:p/w@host/",
            "https://me:p@w@host/\n",
            "https://[me:pw@host",
        ] {
            let shown = template(text.into());
            assert!(
                shown.contains("host") && !shown.contains('p') || shown.starts_with("http"),
                "{shown}"
            );
            assert!(
                !shown.contains("pw") && !shown.contains("p/w") && !shown.contains("me:"),
                "{shown}"
            );
            assert!(!shown.contains('\n'), "{shown:?}");
        }
    }
}
