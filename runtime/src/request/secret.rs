//! Recognizes headers that carry credentials by the words of their names.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::retry::IDEMPOTENCY_KEY;

/// Words for credentials, in the singular. They match whole words: not `x-author`, `x-design` or `x-monkey`.
const SECRET: &[&str] = &[
    "2fa",
    "assertion",
    "auth",
    "authenticated",
    "authentication",
    "authn",
    "authorisation",
    "authorization",
    "authz",
    "bearer",
    "cookie",
    "cred",
    "credential",
    "csrf",
    "dpop",
    "hmac",
    "hotp",
    "jwe",
    "jws",
    "jwt",
    "key",
    "mfa",
    "oauth",
    "oidc",
    "otp",
    "pass",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "passwort",
    "pat",
    "pin",
    "psk",
    "pwd",
    "saml",
    "secret",
    "sess",
    "session",
    "sid",
    "sig",
    "sign",
    "signature",
    "signed",
    "sso",
    "token",
    "totp",
    "webauthn",
    "xsrf",
];

/// Words that may be joined before those: `apikey`, `accesstoken`, `phpsessid`.
const BEFORE: &[&str] = &[
    "access",
    "account",
    "admin",
    "api",
    "app",
    "asp",
    "client",
    "device",
    "encryption",
    "hub",
    "id",
    "j",
    "license",
    "login",
    "master",
    "my",
    "one",
    "php",
    "private",
    "proxy",
    "public",
    "refresh",
    "security",
    "service",
    "shared",
    "signing",
    "subscription",
    "time",
    "user",
    "web",
    "x",
];

/// Words that may be joined after those: `sessionid`.
const BEHIND: &[&str] = &["code", "data", "hash", "id", "value"];

/// Whether a header of this name carries a credential.
pub(crate) fn is_secret(name: &HeaderName) -> bool {
    // An idempotency key identifies a request and is not a credential: a redirect carries it.
    *name != IDEMPOTENCY_KEY
        && name.as_str().as_bytes().split(|byte| !byte.is_ascii_alphanumeric()).any(is_secret_word)
}

/// Whether a word is, or ends in, one for a credential, in the singular or plural, with or without a number.
fn is_secret_word(word: &[u8]) -> bool {
    let digits = word.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let bare = &word[..word.len() - digits];
    if ends_in_secret(bare) {
        return true;
    }
    let singular = bare.strip_suffix(b"s");
    if singular.is_some_and(ends_in_secret) {
        return true;
    }
    let singular = singular.unwrap_or(bare);
    BEHIND
        .iter()
        .find_map(|last| singular.strip_suffix(last.as_bytes()))
        .is_some_and(ends_in_secret)
}

/// Whether a word is one for a credential, alone or after other known words.
fn ends_in_secret(word: &[u8]) -> bool {
    let Some(&last) = word.last() else { return false };
    let mut words = SECRET_BY_END.get(usize::from(last)).copied().unwrap_or(0);
    while words != 0 {
        let secret = SECRET[words.trailing_zeros() as usize];
        if word.strip_suffix(secret.as_bytes()).is_some_and(is_made_of_known_words) {
            return true;
        }
        words &= words - 1;
    }
    false
}

/// The last letters of the words as a bit set, for a fast test: all headers of all requests are checked, and
/// few names end in one of these letters.
const SECRET_BY_END: [u64; 128] = {
    let mut ends = [0; 128];
    let mut at = 0;
    while at < SECRET.len() {
        let word = SECRET[at].as_bytes();
        ends[word[word.len() - 1] as usize] |= 1 << at;
        at += 1;
    }
    ends
};

fn is_made_of_known_words(text: &[u8]) -> bool {
    let mut known = BEFORE.iter().chain(SECRET).map(|word| word.as_bytes());
    text.is_empty() || known.any(|word| text.strip_prefix(word).is_some_and(is_made_of_known_words))
}

/// Leaves out the headers that carry a credential, by their names or as they are marked.
pub(crate) fn remove(headers: &mut HeaderMap) {
    let is_secret = |name: &HeaderName| {
        is_secret(name) || headers.get_all(name).iter().any(HeaderValue::is_sensitive)
    };
    let secret: Vec<HeaderName> = headers.keys().filter(|name| is_secret(name)).cloned().collect();
    for name in secret {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_secret_name(name: &str) -> bool {
        is_secret(&HeaderName::from_bytes(name.as_bytes()).expect("a name"))
    }

    #[test]
    fn each_secret_word_makes_a_name_secret() {
        for word in SECRET {
            for name in [format!("x-{word}"), format!("x-{word}s"), format!("my{word}2")] {
                assert!(is_secret_name(&name), "{name}");
            }
        }
    }

    #[test]
    fn names_with_a_word_for_a_credential_are_secret() {
        for name in [
            "authorization",
            "proxy-authorization",
            "cookie",
            "cookie2",
            "api-key",
            "x-api-key",
            "x-api-keys",
            "x-apikey",
            "x_api_key",
            "x-api.key",
            "ocp-apim-subscription-key",
            "x-access-token",
            "x-accesstoken",
            "x-refresh-tokens",
            "private-token",
            "x-authtoken",
            "x-auth",
            "x-auth0",
            "x-oauth2-scopes",
            "x-authentication",
            "x-amzn-oidc-data",
            "x-session-id",
            "x-sessionid",
            "x-sessions",
            "x-phpsessid",
            "x-jsessionid",
            "x-sid",
            "x-amz-signature",
            "x-hub-signature-256",
            "x-shopify-hmac-sha256",
            "signature",
            "x-sig",
            "x-sign",
            "client_secret",
            "x-clientsecret",
            "x-secrets",
            "x-jwt",
            "x-jwts",
            "x-jwt-assertion",
            "cf-access-jwt-assertion",
            "cf-access-client-secret",
            "x-bearer",
            "x-passwd",
            "x-password",
            "x-passwords",
            "x-pwd",
            "x-userpwd",
            "x-pin",
            "x-pincode",
            "x-otp",
            "x-github-otp",
            "x-passphrase",
            "x-passphrases",
            "x-credentials",
            "x-creds",
            "x-csrf-token",
            "x-xsrf",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn names_with_other_words_are_not_secret() {
        for name in [
            "accept",
            "content-type",
            "content-digest",
            "user-agent",
            "idempotency-key",
            "x-tenant",
            "x-monkey",
            "x-monkeys",
            "x-turkey",
            "x-keyboard",
            "x-keyword",
            "x-author",
            "x-authors",
            "x-authority",
            "x-author-id",
            "x-design",
            "x-assign",
            "x-signal",
            "x-spin",
            "x-opinion",
            "x-pinterest",
            "x-passenger",
            "x-compass",
            "x-secretary",
            "x-tokenizer",
            "x-obsession",
            "x-side",
            "x-forwarded-for",
            "x-request-id",
            "x-user-id",
            "x-client-id",
            "x-device-id",
            "x-code",
            "x-my-app",
            "traceparent",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
