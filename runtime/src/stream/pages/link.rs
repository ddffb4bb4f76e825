//! The `Link` header (RFC 8288 §3): where the next page is.

use http::{HeaderMap, header};
use url::Url;

/// A link of a header, as it is written.
#[derive(Debug, Default, PartialEq, Eq)]
struct Link {
    target: String,
    /// The relation types, separated by white space. None if there is no such parameter.
    rel: Option<String>,
    /// The context of the link, if it is not the page (`anchor`).
    anchor: Option<String>,
}

impl Link {
    fn is_next_of(&self, page: &Url) -> bool {
        let is_next = self.rel.as_deref().is_some_and(|rel| {
            rel.split_ascii_whitespace().any(|relation| relation.eq_ignore_ascii_case("next"))
        });
        let from_page = |anchor: &String| page.join(anchor).is_ok_and(|from| from == *page);
        is_next && self.anchor.as_ref().is_none_or(from_page)
    }
}

/// The target of the first link with the relation `next` of this page, as it is written: it may be relative.
pub(super) fn next(headers: &HeaderMap, page: &Url) -> Option<String> {
    headers.get_all(header::LINK).iter().find_map(|value| {
        let text = String::from_utf8_lossy(value.as_bytes());
        links(&text).into_iter().find(|link| link.is_next_of(page)).map(|link| link.target)
    })
}

/// The links of a value. One that is malformed is left out, and those after it are read.
fn links(text: &str) -> Vec<Link> {
    let mut reader = Reader { rest: text };
    let mut links = Vec::new();
    while !reader.is_at_end() {
        links.extend(reader.link());
    }
    links
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// The next element of the list, which ends with a comma outside of `<…>` and of quotes.
    fn link(&mut self) -> Option<Link> {
        self.skip_space();
        let target = match self.take_if('<') {
            true => self.target(),
            false => None,
        };
        let mut link =
            Link { target: target.unwrap_or_default().trim().to_owned(), ..Link::default() };
        while !self.take_if(',') && !self.is_at_end() {
            self.parameter(&mut link);
        }
        target.map(|_| link)
    }

    /// `; name = value`, with white space anywhere. The first of a name counts (RFC 8288 §3.3).
    fn parameter(&mut self, link: &mut Link) {
        self.take_if(';');
        let name = self.token().to_ascii_lowercase();
        self.skip_space();
        let value = match self.take_if('=') {
            true => self.value(),
            false => String::new(),
        };
        match &*name {
            "rel" => _ = link.rel.get_or_insert(value),
            "anchor" => _ = link.anchor.get_or_insert(value),
            _ => {}
        }
        self.skip_space();
    }

    /// A token or a quoted string (RFC 9110 §5.6.4).
    fn value(&mut self) -> String {
        self.skip_space();
        if !self.take_if('"') {
            return self.token().to_owned();
        }
        let mut value = String::new();
        let mut characters = self.rest.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return value;
                }
                '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
                _ => value.push(character),
            }
        }
        self.rest = "";
        value
    }

    /// The text before a delimiter. At least one character is taken, so that reading ends on any input.
    fn token(&mut self) -> &'a str {
        self.skip_space();
        let end = self.rest.find([',', ';', '=', '"', ' ', '\t']).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        self.rest = match end {
            0 if !rest.starts_with([',', ';', '=']) => {
                // A quoted string where none may be.
                let mut characters = rest.chars();
                match characters.next() {
                    Some('"') => characters.as_str().split_once('"').map_or("", |(_, rest)| rest),
                    _ => characters.as_str(),
                }
            }
            _ => rest,
        };
        token
    }

    /// A target, after its `<`. A target with characters that a URL cannot have counts as not closed.
    fn target(&mut self) -> Option<&'a str> {
        let (target, rest) = self.rest.split_once('>')?;
        if target.contains(['<', '"', '\t']) || target.trim().contains(' ') {
            return None;
        }
        self.rest = rest;
        Some(target)
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn take_if(&mut self, character: char) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(character) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn is_at_end(&self) -> bool {
        self.rest.trim_start_matches([' ', '\t']).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn next_of(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers
                .append(header::LINK, HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
        }
        next(&headers, &"https://api.example/list?page=1".parse().expect("a URL"))
    }

    #[test]
    fn the_next_page_is_found_among_other_links() {
        for (values, target) in [
            (&[r#"</2>; rel="next""#][..], Some("/2")),
            (
                &[
                    r#"<https://api.example/list?page=2>; rel="next", <https://api.example/list?page=9>; rel="last""#,
                ],
                Some("https://api.example/list?page=2"),
            ),
            (&[r#"</9>; rel="last", </2>; rel="next""#], Some("/2")),
            (&[r#"</9>; rel="last""#, r#"</2>; rel="next""#], Some("/2")),
            // A relation is a token, or several in quotes, case-insensitive.
            (&["</2>;rel=next"], Some("/2")),
            (&["</2>; REL=NEXT"], Some("/2")),
            (&[r#"</2>; rel="prefetch Next	last""#], Some("/2")),
            (&[r#"</2> ; rel = "next" "#], Some("/2")),
            (&[r#"</2>; rel="ne\xt""#], Some("/2")),
            // Commas, semicolons and brackets within a target or quotes are no delimiters.
            (
                &[r#"</?ids=1,2;3>; title="a, </0>; rel=next; \" b"; rel="next""#],
                Some("/?ids=1,2;3"),
            ),
            (&[r#"</0>; title="x,y"; rel="prev", </2>; rel="next""#], Some("/2")),
            (&["</2>; title*=UTF-8'de'n%c3%a4chstes%20Kapitel; rel=next"], Some("/2")),
            // A parameter may have no value, or be empty.
            (&["</2>; crossorigin; rel=next"], Some("/2")),
            (&["</2>;; rel=next;"], Some("/2")),
            (&["<>; rel=next"], Some("")),
            (&["<2?a=1>; rel=next"], Some("2?a=1")),
            // The first of several parameters and of several links is used.
            (&["</2>; rel=prev; rel=next"], None),
            (&["</2>; rel=next, </3>; rel=next"], Some("/2")),
            (&[", , </2>; rel=next ,"], Some("/2")),
            // A link with another context is not a link of this page.
            (&[r##"</2>; rel=next; anchor="/other""##], None),
            (&[r##"</2>; rel=next; anchor="?page=1""##], Some("/2")),
            (&[r#"</2>; rel="nextish next-page xnext""#], None),
            (&["</2>; title=next"], None),
            (&["</2>"], None),
            (&[""], None),
            // A malformed link does not hide the next one.
            (&["garbage, </2>; rel=next"], Some("/2")),
            (&[r#"rel="next", </2>; rel=next"#], Some("/2")),
            (&[r#"</1>; rel=prev "x, y" z, </2>; rel=next"#], Some("/2")),
            (&["</2; rel=next"], None),
            (&["</2; rel=next, </3>; rel=next"], Some("/3")),
            (&[r#"</2>; rel="next"#], Some("/2")),
            (&["=,=;=\"", "</2>; rel=next"], Some("/2")),
        ] {
            assert_eq!(next_of(values).as_deref(), target, "{values:?}");
        }
        assert_eq!(next_of(&[]), None);
    }
}
