//! Matches a URL against the template of a route: the inverse of filling a template.
//!
//! ```text
//! https://host/users/{id}?page={page} ─► Start + segments + literal pairs ─► a URL ─► values, or what differs
//! ```
//!
//! A template with a scheme and host is compared with the whole URL. A relative template is compared with the
//! path below the session's base URL, or with the whole path. A template that starts with a base
//! (`{base}/users`) is compared with each end of the path.

use percent_encoding::percent_decode_str;
use url::Url;

use super::recorded::Recorded;

/// A parsed template.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    start: Start,
    path: Vec<Segment>,
    /// The query pairs without a placeholder. All others are optional, so they decide nothing.
    query: Vec<(String, String)>,
    /// The text after the start, to be compared with the template of a request.
    tail: String,
}

#[derive(Debug, Clone)]
enum Start {
    Origin(Url),
    /// A server whose host has placeholders: the URL with `x` in their place, and the labels.
    Host(Url, Vec<Segment>),
    /// A placeholder at the start: a base URL, or the first segment.
    Base,
    Relative,
}

/// A segment of the path.
type Segment = Vec<Piece>;

#[derive(Debug, Clone)]
enum Piece {
    Literal(String),
    Value(String),
    /// Any number of segments.
    Rest(String),
    /// An optional segment, which has no other pieces; any number of segments if `is_rest`.
    Optional {
        name: String,
        is_rest: bool,
    },
}

/// The values of a pattern's placeholders, by name.
pub(super) type Values = Vec<(String, String)>;

/// A difference between a request and what a route takes.
#[derive(Debug, Clone)]
pub(super) struct Difference {
    /// How much the difference counts: the nearest route has the smallest sum.
    pub(super) weight: usize,
    pub(super) text: String,
}

impl Difference {
    pub(super) fn new(weight: usize, text: impl Into<String>) -> Self {
        Self { weight, text: text.into() }
    }
}

impl Pattern {
    /// Parses a template. The error says what is wrong with it.
    pub(super) fn parse(template: &str) -> Result<Self, String> {
        let (start, tail) = split_start(template)?;
        let (path, query) = tail.split_once('?').unwrap_or((&tail, ""));
        let path = segments(path)?;
        let query = query
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.contains('{'))
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decode_form(name), decode_form(value))
            })
            .collect();
        Ok(Self { start, path, query, tail })
    }

    /// Whether the path has a placeholder of this name.
    pub(super) fn has_value(&self, name: &str) -> bool {
        self.path.iter().flatten().any(|piece| match piece {
            Piece::Literal(_) => false,
            Piece::Value(found) | Piece::Rest(found) | Piece::Optional { name: found, .. } => {
                found == name
            }
        })
    }

    /// Returns the values of the placeholders if the request's URL matches, and the differences otherwise.
    pub(super) fn compare(&self, request: &Recorded) -> (Option<Values>, Vec<Difference>) {
        let mut differences = Vec::new();
        if let Some(server) = self.other_server(request.url()) {
            differences.push(Difference::new(
                2,
                format!(
                    "the server: the route is for `{server}`, the request goes to `{}`",
                    request.url().origin().ascii_serialization()
                ),
            ));
        }
        let paths = self.paths(request);
        let values = paths.iter().find_map(|path| {
            let segments: Vec<&str> = path.split('/').collect();
            let mut values = Values::new();
            match_path(&self.path, &segments, &mut values).then_some(values)
        });
        if values.is_none() && !self.is_written_alike(request) {
            let nearest = paths.iter().map(|path| self.path_differences(path));
            differences.extend(nearest.min_by_key(|found| weight(found)).unwrap_or_default());
        }
        for (name, value) in &self.query {
            let found: Vec<String> = request.query_values(name).collect();
            if !found.contains(value) {
                differences.push(Difference::new(
                    1,
                    match found.first() {
                        None => format!("the query: the request has no `{name}={value}`"),
                        Some(found) => {
                            format!("the query: `{name}` is `{found}`, not `{value}`")
                        }
                    },
                ));
            }
        }
        (differences.is_empty().then(|| values.unwrap_or_default()), differences)
    }

    /// The server in the template, if the URL has another one.
    fn other_server(&self, url: &Url) -> Option<String> {
        match &self.start {
            Start::Origin(origin) if origin.origin() != url.origin() => {
                Some(origin.origin().ascii_serialization())
            }
            Start::Host(origin, labels) => {
                let is_same = origin.scheme() == url.scheme()
                    && origin.port_or_known_default() == url.port_or_known_default()
                    && has_labels(labels, url.host_str().unwrap_or_default());
                let labels = || labels.iter().map(|label| shown(label)).collect::<Vec<_>>();
                (!is_same).then(|| format!("{}://{}", origin.scheme(), labels().join(".")))
            }
            _ => None,
        }
    }

    /// Whether the template of the request is the same text.
    fn is_written_alike(&self, request: &Recorded) -> bool {
        request.hop() == 0
            && request
                .template()
                .and_then(|text| split_start(text).ok())
                .is_some_and(|(_, tail)| tail == self.tail)
    }

    /// The paths of the request that the template may match, without their leading `/`.
    fn paths<'a>(&self, request: &'a Recorded) -> Vec<&'a str> {
        let whole = request.url().path();
        let whole = whole.strip_prefix('/').unwrap_or(whole);
        let ends = || {
            let starts = whole.match_indices('/').map(|(at, _)| &whole[at + 1..]);
            std::iter::once(whole).chain(starts).collect()
        };
        match &self.start {
            Start::Origin(_) | Start::Host(..) => vec![whole],
            // A base URL alone, which may have any path.
            Start::Base if self.path_text().is_empty() => vec![""],
            Start::Base => ends(),
            Start::Relative => match below_base(request) {
                Below::Segments(count) => {
                    let ends: Vec<&str> = ends();
                    let below = ends[ends.len().saturating_sub(count)];
                    if below == whole { vec![whole] } else { vec![below, whole] }
                }
                Below::Some => ends(),
                Below::Whole => vec![whole],
            },
        }
    }

    fn path_differences(&self, path: &str) -> Vec<Difference> {
        let segments: Vec<&str> = path.split('/').collect();
        let differing = self.differing(&segments);
        let has_other_length = !self.has_rest() && segments.len() != self.path.len();
        // The segments may match one by one although the path as a whole does not.
        if !has_other_length && !differing.is_empty() {
            return differing;
        }
        let apart = segments.len().abs_diff(self.path.len()).max(1);
        vec![Difference::new(
            2 * apart + differing.len(),
            format!("the path: `/{path}` is not of the form `/{}`", self.path_text()),
        )]
    }

    /// The segments that differ, one by one.
    fn differing(&self, segments: &[&str]) -> Vec<Difference> {
        let pairs = self.path.iter().zip(segments).enumerate();
        let differing = pairs.filter_map(|(at, (pattern, segment))| {
            let found = decode(segment);
            let is_match = match_segment(pattern, &found, &mut Values::new());
            (!is_match).then(|| {
                let expected = shown(pattern);
                let number = at + 1;
                Difference::new(
                    2,
                    format!("segment {number} of the path: `{found}`, not `{expected}`"),
                )
            })
        });
        differing.collect()
    }

    fn has_rest(&self) -> bool {
        let is_any = |piece: &Piece| matches!(piece, Piece::Rest(_) | Piece::Optional { .. });
        self.path.iter().flatten().any(is_any)
    }

    fn path_text(&self) -> &str {
        self.tail.split_once('?').map_or(&self.tail, |(path, _)| path)
    }
}

/// Which part of a request's path is below the base URL.
enum Below {
    /// The whole path: there is no base URL.
    Whole,
    Segments(usize),
    /// A part that cannot be told from the template.
    Some,
}

/// The part of a request's path that its template describes, without the base URL that starts it.
fn below_base(request: &Recorded) -> Below {
    let template = request.template().filter(|_| request.hop() == 0);
    match template.map(split_start) {
        Some(Ok((Start::Base | Start::Relative, tail))) => {
            let path = tail.split_once('?').map_or(&*tail, |(path, _)| path);
            match path.contains("{*") || path.contains("{/") {
                true => Below::Some,
                false => Below::Segments(path.split('/').count()),
            }
        }
        _ => Below::Whole,
    }
}

/// The weight of several differences.
pub(super) fn weight(differences: &[Difference]) -> usize {
    differences.iter().map(|difference| difference.weight).sum()
}

/// Splits off the scheme and host, or the base. The rest has no leading `/` and no fragment.
fn split_start(template: &str) -> Result<(Start, String), String> {
    let text = template.trim_matches(' ');
    let text = text.split_once('#').map_or(text, |(text, _)| text);
    if let Some((before, _)) = text.split_once("://")
        && !before.contains(['/', '?', '{'])
    {
        let after = before.len() + "://".len();
        let end = text[after..].find(['/', '?']).map_or(text.len(), |at| after + at);
        let end = if text[..end].ends_with('{') { end - 1 } else { end };
        return Ok((origin(&text[..end])?, without_slash(&text[end..])));
    }
    if text.starts_with('{')
        && !text.starts_with("{*")
        && !text.starts_with("{/")
        && let Some((_, rest)) = text.split_once('}')
        && (rest.is_empty() || rest.starts_with(['/', '?']))
    {
        return Ok((Start::Base, without_slash(rest)));
    }
    Ok((Start::Relative, without_slash(text)))
}

fn origin(text: &str) -> Result<Start, String> {
    let parse = |url: &str| Url::parse(url).map_err(|error| format!("`{text}`: {error}"));
    if !text.contains('{') {
        return parse(text).map(Start::Origin);
    }
    let mut literal = String::new();
    let mut is_inside = false;
    for character in text.chars() {
        match character {
            '{' => {
                is_inside = true;
                literal.push('x');
            }
            '}' => is_inside = false,
            _ if is_inside => {}
            _ => literal.push(character),
        }
    }
    let host = text.split_once("://").map_or(text, |(_, host)| host);
    let host = host
        .rsplit_once(':')
        .filter(|(_, port)| !port.contains('}'))
        .map_or(host, |(host, _)| host);
    let labels = host.to_ascii_lowercase();
    let labels = labels.split('.').map(segment).collect::<Result<_, _>>()?;
    Ok(Start::Host(parse(&literal)?, labels))
}

fn has_labels(labels: &[Segment], host: &str) -> bool {
    let found: Vec<&str> = host.split('.').collect();
    found.len() == labels.len()
        && labels
            .iter()
            .zip(found)
            .all(|(label, found)| match_segment(label, found, &mut Values::new()))
}

/// The segments of a path. An optional segment is one of its own.
fn segments(path: &str) -> Result<Vec<Segment>, String> {
    let mut found = Vec::new();
    for (at, part) in path.split("{/").enumerate() {
        let part = match at {
            0 => part,
            _ => {
                let (name, rest) = part
                    .split_once('}')
                    .ok_or_else(|| format!("a placeholder of `{path}` is not closed"))?;
                let is_rest = name.starts_with('*');
                let name = name.trim_start_matches('*').to_owned();
                found.push(vec![Piece::Optional { name, is_rest }]);
                match rest.strip_prefix('/') {
                    Some(rest) => rest,
                    None => continue,
                }
            }
        };
        // The text before the first optional segment has segments, unless it is empty.
        if at > 0 || !part.is_empty() || !path.starts_with("{/") {
            for text in part.split('/') {
                found.push(segment(text)?);
            }
        }
    }
    Ok(found)
}

fn without_slash(text: &str) -> String {
    text.strip_prefix('/').unwrap_or(text).to_owned()
}

fn segment(text: &str) -> Result<Segment, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after
            .split_once('}')
            .ok_or_else(|| format!("a placeholder of `{text}` is not closed"))?;
        if !before.is_empty() {
            pieces.push(Piece::Literal(decode(before)));
        }
        pieces.push(match name.strip_prefix('*') {
            Some(name) => Piece::Rest(name.to_owned()),
            None => Piece::Value(name.to_owned()),
        });
        rest = after;
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Literal(decode(rest)));
    }
    Ok(pieces)
}

/// Whether the segments of a path match; adds the values of the placeholders.
fn match_path(pattern: &[Segment], path: &[&str], values: &mut Values) -> bool {
    let Some((first, others)) = pattern.split_first() else { return path.is_empty() };
    if let [Piece::Optional { name, is_rest }] = first.as_slice() {
        let value = match is_rest {
            true => Piece::Rest(name.clone()),
            false => Piece::Value(name.clone()),
        };
        let with: Vec<Segment> = [vec![value]].into_iter().chain(others.iter().cloned()).collect();
        return match_path(&with, path, values) || match_path(others, path, values);
    }
    let most = match first.iter().any(|piece| matches!(piece, Piece::Rest(_))) {
        true => path.len(),
        false => path.len().min(1),
    };
    (1..=most).any(|length| {
        let before = values.len();
        let text: Vec<String> = path[..length].iter().map(|segment| decode(segment)).collect();
        let is_match = match_segment(first, &text.join("/"), values)
            && match_path(others, &path[length..], values);
        if !is_match {
            values.truncate(before);
        }
        is_match
    })
}

fn match_segment(pattern: &[Piece], text: &str, values: &mut Values) -> bool {
    // A value that is a whole segment is not empty.
    if let [Piece::Value(_) | Piece::Rest(_)] = pattern
        && text.is_empty()
    {
        return false;
    }
    match_pieces(pattern, text, values)
}

fn match_pieces(pattern: &[Piece], text: &str, values: &mut Values) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((Piece::Literal(literal), others)) => text
            .strip_prefix(literal.as_str())
            .is_some_and(|rest| match_pieces(others, rest, values)),
        Some((Piece::Value(name) | Piece::Rest(name) | Piece::Optional { name, .. }, others)) => {
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.rev().any(|end| {
                let before = values.len();
                values.push((name.clone(), text[..end].to_owned()));
                let is_match = match_pieces(others, &text[end..], values);
                if !is_match {
                    values.truncate(before);
                }
                is_match
            })
        }
    }
}

fn shown(pattern: &[Piece]) -> String {
    let pieces = pattern.iter().map(|piece| match piece {
        Piece::Literal(text) => text.clone(),
        Piece::Value(name) => format!("{{{name}}}"),
        Piece::Rest(name) => format!("{{*{name}}}"),
        Piece::Optional { name, is_rest: true } => format!("{{/*{name}}}"),
        Piece::Optional { name, is_rest: false } => format!("{{/{name}}}"),
    });
    pieces.collect()
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Decodes a name or value of a query, where `+` is a space.
fn decode_form(text: &str) -> String {
    decode(&text.replace('+', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(template: &str, request: &Recorded) -> Option<String> {
        let pattern = Pattern::parse(template).expect("a template");
        let (values, _) = pattern.compare(request);
        values.map(|values| {
            let pairs = values.iter().map(|(name, value)| format!("{name}={value}"));
            pairs.collect::<Vec<_>>().join(" ")
        })
    }

    #[test]
    fn a_url_matches_its_template() {
        for (template, url, expected) in [
            ("https://h/users/{id}", "https://h/users/7", Some("id=7")),
            ("https://h:443/users/{id}", "https://h/users/a%2Fb%20c", Some("id=a/b c")),
            ("https://h/users/{id}", "https://other/users/7", None),
            ("https://h/users/{id}", "http://h/users/7", None),
            ("https://h/users/{id}", "https://h/users/7/posts", None),
            ("https://h/users/{id}", "https://h/users/", None),
            ("https://h", "https://h/", Some("")),
            ("/users/{id}", "https://h/users/7", Some("id=7")),
            ("users/{id}", "https://h/users/7", Some("id=7")),
            ("/users/7", "https://h/users/7", Some("")),
            ("/users/{id}", "https://h/admin/users/7", None),
            ("{base}/users/{id}", "https://h/admin/users/7", Some("id=7")),
            ("{base}", "https://h/admin/users", Some("")),
            ("/{*rest}", "https://h/a/b/c", Some("rest=a/b/c")),
            ("/a{/b}", "https://h/a", Some("")),
            ("/a{/b}", "https://h/a/x", Some("b=x")),
            ("/a{/b}", "https://h/a/x/y", None),
            ("/a{/b}/c?d=1", "https://h/a/c?d=1", Some("")),
            ("/a{/b}/c?d=1", "https://h/a/x/c?d=1", Some("b=x")),
            ("/a{/*b}", "https://h/a/x/y", Some("b=x/y")),
            ("/a{/*b}", "https://h/a", Some("")),
            ("/a{/b}{/c}", "https://h/a/x/y", Some("b=x c=y")),
            ("{/a}/b", "https://h/b", Some("")),
            ("{/a}/b", "https://h/x/b", Some("a=x")),
            ("https://h{/b}", "https://h/x", Some("b=x")),
            ("https://{t}.a.com/u/{id}", "https://acme.a.com/u/7", Some("id=7")),
            ("https://{t}.A.com:443/u", "https://acme.a.com/u", Some("")),
            ("https://{t}.a.com/u", "https://a.com/u", None),
            ("https://{t}.a.com/u", "https://b.c.a.com/u", None),
            ("https://{t}.a.com/u", "https://acme.b.com/u", None),
            ("https://{t}.a.com/u", "http://acme.a.com/u", None),
            ("/{*rest}/end", "https://h/a/b/end", Some("rest=a/b")),
            ("/a/{*rest}", "https://h/a/", None),
            ("/a/{*rest}", "https://h/a", None),
            ("/v{major}.{minor}/x", "https://h/v1.2.3/x", Some("major=1.2 minor=3")),
            ("/{name}.json", "https://h/ada.json", Some("name=ada")),
            ("/{name}.json", "https://h/ada.xml", None),
            ("/a b", "https://h/a%20b", Some("")),
            ("/q?sort=up&page={page}", "https://h/q?sort=up", Some("")),
            ("/q?sort=up&page={page}", "https://h/q?page=2&sort=up&more=1", Some("")),
            ("/q?sort=up&page={page}", "https://h/q?sort=down", None),
            ("/q?text=a+b", "https://h/q?text=a%20b", Some("")),
        ] {
            let request = Recorded::of("GET", url);
            assert_eq!(values(template, &request).as_deref(), expected, "{template} {url}");
        }
    }

    #[test]
    fn a_relative_template_is_compared_below_the_base_url() {
        let request = Recorded::of("GET", "https://h/api/v1/users/7").with_template("/users/{id}");
        assert_eq!(values("/users/{id}", &request).as_deref(), Some("id=7"));
        assert_eq!(values("/users/{user}", &request).as_deref(), Some("user=7"));
        assert_eq!(values("/api/v1/users/{id}", &request).as_deref(), Some("id=7"));
        assert_eq!(values("/v1/users/{id}", &request), None);
        let request =
            Recorded::of("GET", "https://h/api/users/7").with_template("{api}/users/{id}");
        assert_eq!(values("/users/{id}", &request).as_deref(), Some("id=7"));
    }

    #[test]
    fn the_differences_are_listed() {
        let differs = |template: &str, url: &str| {
            let pattern = Pattern::parse(template).expect("a template");
            let (_, differences) = pattern.compare(&Recorded::of("GET", url));
            differences.into_iter().map(|difference| difference.text).collect::<Vec<_>>()
        };
        assert_eq!(
            differs("/users/{id}/posts", "https://h/users/7/likes"),
            ["segment 3 of the path: `likes`, not `posts`"]
        );
        assert_eq!(
            differs("https://a/users/{id}", "https://b/user"),
            [
                "the server: the route is for `https://a`, the request goes to `https://b`",
                "the path: `/user` is not of the form `/users/{id}`"
            ]
        );
        assert_eq!(
            differs("/q?sort=up", "https://h/q?sort=down"),
            ["the query: `sort` is `down`, not `up`"]
        );
        assert_eq!(
            differs("https://{t}.a.com/u", "https://b.com/u"),
            [
                "the server: the route is for `https://{t}.a.com`, the request goes to `https://b.com`"
            ]
        );
        Pattern::parse("/users/{id").expect_err("an open placeholder");
    }
}
