//! Cookies (RFC 6265): those that a hop sends from the session's jar, and those that its response sets.

use http::{HeaderMap, header};
use reqwest::cookie::CookieStore;
use url::Url;

/// Adds the cookies of a URL to a hop that has none of its own.
pub(super) fn add(jar: &dyn CookieStore, headers: &mut HeaderMap, url: &Url) {
    if !headers.contains_key(header::COOKIE)
        && let Some(mut cookies) = jar.cookies(url)
    {
        cookies.set_sensitive(true);
        headers.insert(header::COOKIE, cookies);
    }
}

/// Puts the cookies of a response into the jar.
pub(super) fn store(jar: &dyn CookieStore, headers: &HeaderMap, url: &Url) {
    let mut cookies = headers.get_all(header::SET_COOKIE).iter().peekable();
    if cookies.peek().is_some() {
        jar.set_cookies(&mut cookies, url);
    }
}
