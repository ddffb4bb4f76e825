//! The text of a template → its placeholders, or its problems, each with a byte range.
//!
//! Independent of tokens and types: `check` decides which names a placeholder may have.

use std::ops::Range;

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Template {
    pub(crate) placeholders: Vec<Placeholder>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Placeholder {
    /// The text between the braces, without the `/` and `*` of `{/*rest}`.
    pub(crate) text: String,
    pub(crate) place: Place,
    /// Its range in the template, including the braces.
    pub(crate) range: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Place {
    Base,
    /// `https://{name}.example.com`: one label of the host.
    Label,
    /// In one segment of the path.
    Segment,
    /// `{*rest}`: any number of segments.
    Rest,
    /// `{/name}`: a segment with the `/` before it, or nothing.
    OptionalSegment,
    /// `{/*rest}`: any number of segments with the `/` before them, or nothing.
    OptionalRest,
    /// The value of a query pair.
    Query,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Problem {
    pub(crate) range: Range<usize>,
    pub(crate) message: String,
}

/// The placeholders from left to right, or all problems in the same order.
pub(crate) fn parse(text: &str) -> Result<Template, Vec<Problem>> {
    let mut reader = Reader { text, problems: Vec::new(), placeholders: Vec::new() };
    reader.characters();
    let braces = reader.braces();
    if reader.problems.is_empty() {
        let path = reader.origin(&braces);
        for range in braces {
            reader.placeholder(range, path);
        }
    }
    if reader.problems.is_empty() {
        Ok(Template { placeholders: reader.placeholders })
    } else {
        Err(reader.problems)
    }
}

struct Reader<'a> {
    text: &'a str,
    problems: Vec<Problem>,
    placeholders: Vec<Placeholder>,
}

impl Reader<'_> {
    fn refuse(&mut self, range: Range<usize>, message: impl Into<String>) {
        self.problems.push(Problem { range, message: message.into() });
    }

    /// Refuses characters that a URL cannot contain, or that URL parsers treat differently.
    fn characters(&mut self) {
        let text = self.text;
        let mut depth = 0;
        for (at, character) in text.char_indices() {
            let outside = depth == 0;
            depth += i32::from(character == '{') - i32::from(character == '}');
            if !outside {
                continue;
            }
            let range = at..at + character.len_utf8();
            match character {
                '#' => {
                    return self.refuse(
                        at..text.len(),
                        "a fragment is never sent: leave out all from `#` on, or write `%23`",
                    );
                }
                '\\' => self.refuse(range, "a URL cannot contain `\\`: write `/` or `%5C`"),
                ' ' => self.refuse(range, "a URL cannot contain spaces: write `%20`"),
                _ if character.is_whitespace() || character.is_control() => {
                    self.refuse(range, "a URL cannot contain whitespace or control characters: leave it out, or write it as `%09`");
                }
                _ => {}
            }
        }
    }

    /// The ranges of `{…}`. Refuses unmatched braces.
    fn braces(&mut self) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut open = None;
        let mut characters = self.text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            match (character, open) {
                ('{' | '}', None) if characters.next_if(|next| next.1 == character).is_some() => {
                    let encoded = if character == '{' { "%7B" } else { "%7D" };
                    self.refuse(
                        at..at + 2,
                        format!("a brace is not escaped by doubling it: write `{encoded}`"),
                    );
                    return found;
                }
                ('{', None) => open = Some(at),
                ('}', Some(start)) => {
                    found.push(start..at + 1);
                    open = None;
                }
                ('}', None) => self.refuse(
                    at..at + 1,
                    "this `}` has no `{` before it: write `%7D` for the character",
                ),
                ('{', Some(start)) => {
                    self.refuse(start..at, "this `{` is never closed: write `{name}`");
                    open = Some(at);
                }
                _ => {}
            }
        }
        if let Some(start) = open {
            self.refuse(start..self.text.len(), "this `{` is never closed: write `{name}`");
        }
        found
    }

    /// Checks the scheme and the authority, and returns where the path begins.
    fn origin(&mut self, braces: &[Range<usize>]) -> usize {
        let text = self.text;
        if text.starts_with("//") {
            self.refuse(0..2, "the scheme is missing: write `https://` or `http://`");
            return 0;
        }
        let first_end = text.find(['/', '?', '{']).unwrap_or(text.len());
        let Some(colon) = text[..first_end].find(':') else {
            return 0;
        };
        if !text[colon..].starts_with("://") {
            self.refuse(
                0..first_end,
                "a relative template has no `:` before its first `/`: write `https://…` for a URL, \
                 `/…` for a path",
            );
            return 0;
        }
        let scheme = &text[..colon];
        if !["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) {
            self.refuse(
                0..colon,
                format!("the scheme `{scheme}` cannot be sent: write `https` or `http`"),
            );
            return 0;
        }
        let start = colon + "://".len();
        let end = text[start..].find(['/', '?']).map_or(text.len(), |length| start + length);
        // The `{` of `{/name}` begins the path.
        let end = if text[start..end].ends_with('{') { end - 1 } else { end };
        let braces = braces.iter().filter(|range| range.start < end);
        let refused = self.problems.len();
        let mut literal = String::new();
        let mut from = start;
        for range in braces {
            self.label(range.clone(), start..end);
            if self.problems.len() > refused {
                return end;
            }
            literal.push_str(&text[from..range.start]);
            literal.push('x');
            from = range.end;
        }
        literal.push_str(&text[from..end]);
        self.authority(start..end, &literal);
        end
    }

    /// A placeholder in the authority is a whole label of the host, and a literal label follows, so the
    /// domain is fixed.
    fn label(&mut self, range: Range<usize>, authority: Range<usize>) {
        let text = self.text;
        let name = &text[range.start + 1..range.end - 1];
        let (before, after) =
            (&text[authority.start..range.start], &text[range.end..authority.end]);
        let host = &after[..colon_outside(after).unwrap_or(after.len())];
        let begins = before.is_empty() || before.ends_with('.');
        let has_domain = host
            .rsplit('.')
            .take_while(|label| !label.contains('}'))
            .any(|label| !label.is_empty());
        if colon_outside(before).is_some() {
            self.refuse(
                range,
                "a placeholder cannot be the port: write `{base}/…` for a base URL that is an argument",
            );
        } else if !begins || !host.starts_with('.') {
            self.refuse(
                range,
                format!(
                    "a placeholder in the host is a whole label: write `https://{{{name}}}.example.com/…`, or \
                     `{{base}}/…` for a base URL that is an argument"
                ),
            );
        } else if !has_domain {
            self.refuse(
                range,
                format!(
                    "a placeholder cannot be the whole domain: write `{{{name}}}.example.com`, or \
                     `{{base}}/…` for a base URL that is an argument"
                ),
            );
        }
    }

    /// Checks an authority. `written` has `x` in the place of each placeholder.
    fn authority(&mut self, range: Range<usize>, written: &str) {
        let authority = written;
        if let Some(at) = authority.find('@') {
            let at = self.text[range.clone()].find('@').unwrap_or(at);
            return self.refuse(
                range.start..range.start + at + 1,
                "a user name in a URL ends up in logs: write `basic(user, password)`",
            );
        }
        let (host, port) = split_port(authority);
        let port_start = range.end - port.map_or(0, |port| port.len() + 1);
        if host.is_empty() {
            let around = range.start.saturating_sub(3)..range.end;
            return self.refuse(around, "the host is missing: write `https://host/path`");
        }
        if !host.is_ascii() {
            return self.refuse(
                range.start..port_start,
                "a host is written in ASCII: write its punycode, `xn--…`",
            );
        }
        let literal = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let good = match literal {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)),
        };
        if !good {
            self.refuse(
                range.start..port_start,
                format!(
                    "`{}` is not a host: write a name, an IPv4 address or `[IPv6]`",
                    &self.text[range.start..port_start]
                ),
            );
        }
        if let Some(port) = port
            && (port.parse::<u16>().is_err() || !port.bytes().all(|byte| byte.is_ascii_digit()))
        {
            self.refuse(
                port_start..range.end,
                format!("`{port}` is not a port: write a number up to 65535"),
            );
        }
    }

    /// Checks the name and the place of one `{…}`. The path begins at `path`.
    fn placeholder(&mut self, range: Range<usize>, path: usize) {
        let inner = &self.text[range.start + 1..range.end - 1];
        let (named, is_optional) = match inner.strip_prefix('/') {
            Some(named) => (named, true),
            None => (inner, false),
        };
        let (text, spans) = match named.strip_prefix('*') {
            Some(text) => (text, true),
            None => (named, false),
        };
        if let Some(message) = misnamed(text) {
            return self.refuse(range, message);
        }
        let before = &self.text[..range.start];
        if before.ends_with('$') {
            return self.refuse(
                range.start - 1..range.end,
                format!(
                    "a placeholder is written without `$`: write `{{{inner}}}`, or `%24{{{inner}}}` for \
                     the character"
                ),
            );
        }
        let after = &self.text[range.end..];
        let placed = if before.contains('?') {
            match is_optional {
                true => Err(format!(
                    "`{{{inner}}}` is a segment of the path: in the query write `{{{text}}}`, where `None` \
                     drops the pair"
                )),
                false => in_query(text, before, after, spans),
            }
        } else if range.start < path {
            match spans {
                true => Err(format!("`{{{inner}}}` spans segments of a path: write `{{{text}}}`")),
                false => Ok(Place::Label),
            }
        } else if is_optional && before.ends_with("://") {
            // `origin` has reported the missing host.
            return;
        } else if is_optional {
            optional_segment(inner, before, after, spans)
        } else if spans {
            whole_segment(text, &before[path..], after)
        } else if before.is_empty() {
            base(text, after)
        } else {
            Ok(Place::Segment)
        };
        match placed {
            Ok(place) => {
                self.placeholders.push(Placeholder { text: text.to_owned(), place, range })
            }
            Err(message) => self.refuse(range, message),
        }
    }
}

/// The placeholders in the syntax of other libraries, `:id` and `<id>`, each with its name.
pub(crate) fn foreign_placeholders(text: &str) -> Vec<(&str, &str)> {
    text.split(['/', '?', '&', '='])
        .filter_map(|part| {
            let name = part
                .strip_prefix(':')
                .or_else(|| part.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')))?;
            is_name(name).then_some((part, name))
        })
        .collect()
}

fn in_query(text: &str, before: &str, after: &str, spans: bool) -> Result<Place, String> {
    let query = &before[before.find('?').map_or(0, |at| at + 1)..];
    let pair = query.rsplit('&').next().unwrap_or(query);
    let ends = after.is_empty() || after.starts_with('&');
    match pair.split_once('=') {
        _ if spans => {
            Err(format!("`{{*{text}}}` spans segments of a path: in the query write `{{{text}}}`"))
        }
        // `?{page}` is `?page={page}`.
        None if pair.is_empty() && ends && is_name(text) && !is_constant(text) => Ok(Place::Query),
        None if pair.is_empty() && ends => {
            Err(format!("a pair needs a name here: write `name={{{text}}}`"))
        }
        None => Err(format!(
            "a placeholder is the value of a query pair, not its name: write `name={{{text}}}`, or \
             `query = …` for names that vary"
        )),
        Some((_, "")) if ends => Ok(Place::Query),
        Some((name, _)) => Err(format!(
            "a placeholder is the whole value of a query pair: write `{name}={{{text}}}`"
        )),
    }
}

fn optional_segment(inner: &str, before: &str, after: &str, spans: bool) -> Result<Place, String> {
    if before.ends_with('/') {
        return Err(format!(
            "`{{{inner}}}` includes its `/`: write `{{{inner}}}` without a `/` before it"
        ));
    }
    if !(after.is_empty() || after.starts_with(['/', '?']) || after.starts_with("{/")) {
        return Err(format!("`{{{inner}}}` is a whole segment: write `{{{inner}}}/…`"));
    }
    Ok(if spans { Place::OptionalRest } else { Place::OptionalSegment })
}

fn whole_segment(text: &str, before: &str, after: &str) -> Result<Place, String> {
    let begins = before.is_empty() || before.ends_with('/');
    let ends = after.is_empty() || after.starts_with(['/', '?']);
    if begins && ends {
        Ok(Place::Rest)
    } else {
        Err(format!(
            "`{{*{text}}}` stands for whole segments: write `/{{*{text}}}/`, or `{{{text}}}` for a \
             part of one"
        ))
    }
}

fn base(text: &str, after: &str) -> Result<Place, String> {
    if after.is_empty() || after.starts_with(['/', '?']) {
        Ok(Place::Base)
    } else {
        Err(format!(
            "a placeholder at the start is the base URL and ends there: write `{{{text}}}/…`, or \
             `/{{{text}}}…` for a path"
        ))
    }
}

/// Where the first `:` is that is not in a placeholder.
fn colon_outside(text: &str) -> Option<usize> {
    let mut is_inside = false;
    text.find(|character| {
        match character {
            '{' => is_inside = true,
            '}' => is_inside = false,
            _ => {}
        }
        character == ':' && !is_inside
    })
}

/// The host, and the port after its last `:`. The colons of an IPv6 address are part of the host.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    let after_address = authority.rfind(']').map_or(0, |at| at + 1);
    match authority[after_address..].rfind(':') {
        Some(at) => {
            let at = after_address + at;
            (&authority[..at], Some(&authority[at + 1..]))
        }
        None => (authority, None),
    }
}

/// The message for a `text` that cannot be the name of a placeholder.
fn misnamed(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("a placeholder needs a name: write `{name}`".to_owned());
    }
    let trimmed = text.trim();
    if trimmed != text {
        return Some(format!("a placeholder cannot contain spaces: write `{{{trimmed}}}`"));
    }
    let spanning = text.trim_matches(['*', '.']);
    if (text.contains('*') || text.contains("..")) && is_name(spanning) {
        return Some(format!("for several segments `*` comes first: write `{{*{spanning}}}`"));
    }
    let plain = text.trim_matches(['?', '$', ':', '<', '>', '&', '!']);
    if plain != text && !text.contains("::") && is_name(plain) {
        return Some(format!("a placeholder contains only a name: write `{{{plain}}}`"));
    }
    if let Some(plain) = text.strip_prefix("r#") {
        return Some(format!("a placeholder is written without `r#`: write `{{{plain}}}`"));
    }
    if text.contains("::") && text.split("::").all(is_name) {
        return None;
    }
    if let Some((name, _)) = text.split_once(':')
        && is_name(name)
    {
        return Some(format!(
            "a placeholder takes no format specifier: write `{{{name}}}` and let the argument's `Display` \
             format it"
        ));
    }
    let (first, fields) = match text.split_once('.') {
        Some((first, fields)) => (first, Some(fields)),
        None => (text, None),
    };
    match fields {
        None if text == "self" => Some("`self` cannot be sent: write `{self.field}`".to_owned()),
        None if is_name(text) => None,
        Some(fields) if first == "self" && fields.split('.').all(is_field) => None,
        Some(_) if is_name(first) && first != "self" => Some(format!(
            "a placeholder is an argument or `self.field`: write `{{{first}}}` and take the field as \
             an argument"
        )),
        _ => Some(format!(
            "`{text}` is not a name: write `{{name}}` for an argument, `{{self.field}}` for a field"
        )),
    }
}

/// Whether a placeholder names a constant: a path, or a word in capitals.
pub(crate) fn is_constant(text: &str) -> bool {
    let capitals = |text: &str| {
        text.contains(char::is_uppercase) && !text.contains(|c: char| c.is_lowercase() || c == '.')
    };
    text.contains("::") || capitals(text)
}

fn is_field(text: &str) -> bool {
    is_name(text) || (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first == '_' || first.is_alphabetic())
        && characters.all(|character| character == '_' || character.is_alphanumeric())
        && text != "_"
}

#[cfg(test)]
mod tests {
    use super::{Place, parse};

    fn places(text: &str) -> Vec<(String, Place)> {
        match parse(text) {
            Ok(template) => template
                .placeholders
                .into_iter()
                .map(|placeholder| (placeholder.text, placeholder.place))
                .collect(),
            Err(problems) => panic!("{text}: {problems:?}"),
        }
    }

    /// The range and the message of the only problem of `text`.
    fn problem(text: &str) -> (&str, String) {
        match parse(text).expect_err("the template is refused").as_slice() {
            [problem] => (&text[problem.range.clone()], problem.message.clone()),
            problems => panic!("{text}: {problems:?}"),
        }
    }

    #[test]
    fn templates_without_placeholders_are_accepted() {
        for text in [
            "",
            "/",
            "users",
            "https://example.com",
            "HTTPS://example.com:8443/a?b=c&d",
            "http://127.0.0.1/",
            "http://[::1]:80/x",
            "/time/12:30",
            "/größe",
        ] {
            assert!(places(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn the_place_of_a_placeholder_is_parsed() {
        let named = |name: &str, place| (name.to_owned(), place);
        assert_eq!(
            places("{base}/users/{id}.json?q={q}&page={self.page.0}"),
            [
                named("base", Place::Base),
                named("id", Place::Segment),
                named("q", Place::Query),
                named("self.page.0", Place::Query),
            ]
        );
        assert_eq!(places("https://h/{*rest}?x=1"), [named("rest", Place::Rest)]);
        assert_eq!(places("{*rest}"), [named("rest", Place::Rest)]);
        assert_eq!(places("{base}"), [named("base", Place::Base)]);
        assert_eq!(places("/{type}{ext}").len(), 2);
        assert_eq!(
            places("https://{tenant}.{self.zone}.a.com:80{/*rest}{/last}/end"),
            [
                named("tenant", Place::Label),
                named("self.zone", Place::Label),
                named("rest", Place::OptionalRest),
                named("last", Place::OptionalSegment),
            ]
        );
        assert_eq!(places("{/a}/b"), [named("a", Place::OptionalSegment)]);
        assert_eq!(places("http://{a}.localhost"), [named("a", Place::Label)]);
        assert_eq!(
            places("{BASE}/{Self::VERSION}/{N}?q={api::KEY}"),
            [
                named("BASE", Place::Base),
                named("Self::VERSION", Place::Segment),
                named("N", Place::Segment),
                named("api::KEY", Place::Query),
            ]
        );
    }

    #[test]
    fn each_problem_has_its_range_and_message() {
        for (text, part, message) in [
            ("ftp://host/x", "ftp", "the scheme `ftp` cannot be sent"),
            ("//host/x", "//", "the scheme is missing"),
            ("localhost:80/x", "localhost:80", "a relative template has no `:`"),
            ("https://", "://", "the host is missing"),
            ("https:///x", "://", "the host is missing"),
            ("https://{/h}.a.com/x", "://", "the host is missing"),
            ("https://u:p@host/", "u:p@", "a user name in a URL"),
            ("https://müller.de/", "müller.de", "a host is written in ASCII"),
            ("https://a%20b/", "a%20b", "`a%20b` is not a host"),
            ("https://[::x]/", "[::x]", "`[::x]` is not a host"),
            ("https://h:99999/", ":99999", "`99999` is not a port"),
            ("https://h:+1/", ":+1", "`+1` is not a port"),
            ("https://{h}/x", "{h}", "a placeholder in the host is a whole label"),
            ("https://h.{h}/x", "{h}", "a placeholder in the host is a whole label"),
            ("https://h{h}.com/x", "{h}", "a placeholder in the host is a whole label"),
            ("https://{h}x.com/x", "{h}", "a placeholder in the host is a whole label"),
            ("https://h.com:{h}/x", "{h}", "a placeholder cannot be the port"),
            ("https://h:{h}.com/x", "{h}", "a placeholder cannot be the port"),
            ("https://{h}:80/x", "{h}", "a placeholder in the host is a whole label"),
            ("https://[{h}.a]/x", "{h}", "a placeholder in the host is a whole label"),
            ("https://{h}./x", "{h}", "a placeholder cannot be the whole domain"),
            ("https://{h}.:80/x", "{h}", "a placeholder cannot be the whole domain"),
            ("https://{*h}.a.com/x", "{*h}", "`{*h}` spans segments of a path: write `{h}`"),
            ("https://{h}.a@b.com/x", "{h}.a@", "a user name in a URL"),
            ("https://{h}.a_%.com/x", "{h}.a_%.com", "`{h}.a_%.com` is not a host"),
            ("https://{h}.a.com:99999/x", ":99999", "`99999` is not a port"),
            ("/a/{/b}", "{/b}", "`{/b}` includes its `/`"),
            ("/a{/b}.json", "{/b}", "`{/b}` is a whole segment"),
            ("/a{/b}{c}", "{/b}", "`{/b}` is a whole segment"),
            ("/a?b={/c}", "{/c}", "`{/c}` is a segment of the path: in the query write `{c}`"),
            ("/a?{/c}", "{/c}", "`{/c}` is a segment of the path"),
            ("/a{/}", "{/}", "a placeholder needs a name"),
            ("/a{/*}", "{/*}", "a placeholder needs a name"),
            ("/a{*/b}", "{*/b}", "`/b` is not a name"),
            ("/a b", " ", "a URL cannot contain spaces"),
            ("/a\tb", "\t", "a URL cannot contain whitespace"),
            ("/a\\b", "\\", "a URL cannot contain `\\`"),
            ("/a#b", "#b", "a fragment is never sent"),
            ("/{{id}}", "{{", "a brace is not escaped by doubling it: write `%7B`"),
            ("/id}}", "}}", "a brace is not escaped by doubling it: write `%7D`"),
            ("/{id", "{id", "this `{` is never closed"),
            ("/{id/{x}", "{id/", "this `{` is never closed"),
            ("/id}", "}", "this `}` has no `{`"),
            ("/{}", "{}", "a placeholder needs a name"),
            ("/{*}", "{*}", "a placeholder needs a name"),
            ("/{ id }", "{ id }", "a placeholder cannot contain spaces: write `{id}`"),
            ("/{id:>5}", "{id:>5}", "a placeholder takes no format specifier: write `{id}`"),
            ("/{r#type}", "{r#type}", "a placeholder is written without `r#`: write `{type}`"),
            ("/${id}", "${id}", "a placeholder is written without `$`: write `{id}`"),
            ("/?a=${id}", "${id}", "a placeholder is written without `$`: write `{id}`"),
            ("/{id*}", "{id*}", "for several segments `*` comes first: write `{*id}`"),
            ("/{id...}", "{id...}", "for several segments `*` comes first: write `{*id}`"),
            ("/{..id}", "{..id}", "for several segments `*` comes first: write `{*id}`"),
            ("/{**id}", "{**id}", "for several segments `*` comes first: write `{*id}`"),
            ("/{id?}", "{id?}", "a placeholder contains only a name: write `{id}`"),
            ("/{:id}", "{:id}", "a placeholder contains only a name: write `{id}`"),
            ("/{0}", "{0}", "`0` is not a name"),
            ("/{_}", "{_}", "`_` is not a name"),
            ("/{Self::}", "{Self::}", "a placeholder takes no format specifier"),
            ("/{::ID}", "{::ID}", "`::ID` is not a name"),
            ("/{self}", "{self}", "`self` cannot be sent"),
            ("/{self.}", "{self.}", "`self.` is not a name"),
            (
                "/{user.id}",
                "{user.id}",
                "a placeholder is an argument or `self.field`: write `{user}`",
            ),
            ("/?{key}=1", "{key}", "a placeholder is the value of a query pair, not its name"),
            ("/?{self.key}", "{self.key}", "a pair needs a name here: write `name={self.key}`"),
            ("/?a=1&{KEY}", "{KEY}", "a pair needs a name here: write `name={KEY}`"),
            ("/?a={b}c", "{b}", "a placeholder is the whole value of a query pair: write `a={b}`"),
            ("/?a=c{b}", "{b}", "a placeholder is the whole value"),
            ("/?a={*b}", "{*b}", "`{*b}` spans segments of a path"),
            ("/x{*b}", "{*b}", "`{*b}` stands for whole segments"),
            ("/{*b}.json", "{*b}", "`{*b}` stands for whole segments"),
            ("{id}.json", "{id}", "a placeholder at the start is the base URL"),
        ] {
            let (at, found) = problem(text);
            assert_eq!(at, part, "{text}: {found}");
            assert!(found.starts_with(message), "{text}: {found}");
        }
    }

    #[test]
    fn placeholders_of_other_libraries_are_found() {
        use super::foreign_placeholders;
        assert_eq!(
            foreign_placeholders("/a/:id/<name>?q=:q"),
            [(":id", "id"), ("<name>", "name"), (":q", "q")]
        );
        assert!(foreign_placeholders("https://h:80/v1/a:batch/{id}?t=12:30").is_empty());
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let problems = parse("/{a.b}/{}?{x}=1").expect_err("the template is refused");
        assert_eq!(problems.len(), 3);
    }

    #[test]
    fn parsing_any_slice_of_a_template_terminates() {
        let text = "https://[::1]:80/ü{*rest}/{self.a.0}?q={q}&{{}}#\\ ";
        for (at, _) in text.char_indices() {
            let _ = parse(&text[..at]);
            let _ = parse(&text[at..]);
        }
    }
}
