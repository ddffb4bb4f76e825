//! URL templates: `https://host/users/{id}?page={page}` and values → a URL.
//!
//! A value never leaves the place of its placeholder. It is encoded when it is set ([`Value`]); a segment that
//! encoding cannot protect (an empty one, `.` or `..`) is refused when the URL is built ([`Template::url`]),
//! before anything is sent. A value that contains `{other}` is plain text, as only the template is parsed.
//!
//! The template of a program is a `&'static str`, and is parsed once ([`Template::cached`]): each call only
//! copies the parsed origin and sets its path and query.

use std::{borrow::Cow, cell::RefCell, collections::BTreeMap, rc::Rc};

use url::Url;

use super::{
    reference::{MAX_URL, NO_HOST, OTHER_SCHEME, UrlStart, parse_http},
    value::{Place, Value},
};
use crate::error::{BuildError, Error};

/// A parsed template.
pub(crate) struct Template {
    start: Start,
    path: Vec<Segment>,
    query: Vec<Pair>,
    /// The places of its placeholders, each once.
    places: Vec<(String, Place)>,
}

/// The part before the path.
enum Start {
    /// The template's own scheme and host. It has a path that is replaced, so that a copy has the capacity for
    /// one.
    Origin(Url),
    /// The same with placeholders for labels of the host.
    Host(Vec<Piece>),
    /// The value of this name, if it was set as a base URL; else it is a part of the path.
    Base { name: String, or_path: Box<Template>, last: LastBase },
    /// The session's base URL.
    Session,
}

/// The last base URL of a template, as text and parsed: most programs use only one. A base URL with
/// credentials is not kept.
#[derive(Default)]
struct LastBase(RefCell<Option<(String, Url)>>);

impl LastBase {
    fn parse(&self, text: &str) -> Result<Url, Error> {
        if let Some((last, url)) = &*self.0.borrow()
            && last == text
        {
            return Ok(url.clone());
        }
        let url = parse_http(text)?;
        if !text.contains('@') {
            *self.0.borrow_mut() = Some((text.to_owned(), url.clone()));
        }
        Ok(url)
    }
}

/// A piece of the path, with the `/` before it.
enum Segment {
    /// Segments without placeholders.
    Literal(String),
    /// A segment with placeholders.
    Filled(Vec<Piece>),
    /// `{/name}`: its value has the `/`, or is empty.
    Optional(String, Place),
}

enum Piece {
    Literal(String),
    Value(String, Place),
}

/// A pair of the query.
enum Pair {
    Literal(String),
    Value { key: String, name: String },
}

/// The parsed templates by the address of their text. The text is compared as well: a leaked one may be
/// freed, or a library unloaded, and another text stored at its address.
struct Templates(BTreeMap<(usize, usize), (Box<str>, Rc<Template>)>);

impl Templates {
    fn get(&self, address: (usize, usize), text: &str) -> Option<Rc<Template>> {
        let (read, template) = self.0.get(&address)?;
        (**read == *text).then(|| Rc::clone(template))
    }
}

impl Template {
    /// The template of this text. A `&'static str` is parsed once for each thread.
    #[allow(clippy::ptr_arg, reason = "a text that is borrowed is one of the program's")]
    pub(crate) fn cached(text: &Cow<'static, str>) -> Result<Rc<Self>, Error> {
        /// More than a program has. One that leaks texts at run time must not fill the memory.
        const MAX_TEMPLATES: usize = 4096;
        thread_local! {
            static READ: RefCell<Templates> = const { RefCell::new(Templates(BTreeMap::new())) };
        }
        let Cow::Borrowed(text) = *text else { return Self::parse(text).map(Rc::new) };
        let address = (text.as_ptr().addr(), text.len());
        // Within the destructor of another thread-local, it may be gone.
        let read = READ.try_with(|read| read.borrow().get(address, text)).ok().flatten();
        if let Some(template) = read {
            return Ok(template);
        }
        let template = Rc::new(Self::parse(text)?);
        let _ = READ.try_with(|read| {
            let mut read = read.borrow_mut();
            if read.0.len() < MAX_TEMPLATES || read.0.contains_key(&address) {
                read.0.insert(address, (text.into(), Rc::clone(&template)));
            }
        });
        Ok(template)
    }

    /// Parses a text without placeholders as a URL, which is faster for a text that is used only once. None if
    /// the template might make another URL of it.
    pub(crate) fn plain_url(text: &str) -> Option<Result<Url, Error>> {
        let text = text.trim_matches(' ');
        let query = text.split_once('?').map(|(_, query)| query);
        // A template drops empty pairs of the query, and the fragment.
        let differs = text.contains(['{', '}', '\\', '#'])
            || text.contains(|character: char| character.is_ascii_control())
            || query.is_some_and(|query| query.split('&').any(str::is_empty))
            || UrlStart::detect(text) != UrlStart::Origin;
        (!differs).then(|| parse_http(text).and_then(within_bounds))
    }

    /// Parses a template. Mistakes in its text are found here, those in its values when it is
    /// [filled](Template::url).
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        // Spaces around a URL are dropped, those within are encoded (WHATWG URL §4.4).
        let (start, rest) = split_start(text.trim_matches(' '))?;
        Self::starting(start, rest)
    }

    fn starting(start: Start, rest: &str) -> Result<Self, Error> {
        let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut template = Self { start, path: Vec::new(), query: Vec::new(), places: Vec::new() };
        match &template.start {
            Start::Base { name, .. } => template.places.push((name.clone(), Place::Base)),
            Start::Host(pieces) => {
                for piece in pieces {
                    if let Piece::Value(name, place) = piece
                        && !template.places.iter().any(|(other, _)| other == name)
                    {
                        template.places.push((name.clone(), *place));
                    }
                }
            }
            Start::Origin(_) | Start::Session => {}
        }
        if !path.is_empty() {
            for segment in segments(path.strip_prefix('/').unwrap_or(path)) {
                template.push_segment(segment)?;
            }
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let pair = Pair::parse(pair)?;
            if let Pair::Value { name, .. } = &pair {
                template.add_place(name, Place::Query);
            }
            template.query.push(pair);
        }
        Ok(template)
    }

    fn push_segment(&mut self, segment: &str) -> Result<(), Error> {
        if let Some((before, optional)) = segment.split_once("{/") {
            if !before.is_empty() {
                self.push_segment(before)?;
            }
            return self.push_optional(optional);
        }
        if !segment.contains('{') {
            let segment = literal(segment)?;
            match self.path.last_mut() {
                Some(Segment::Literal(text)) => text.extend(["/", segment]),
                _ => self.path.push(Segment::Literal(format!("/{segment}"))),
            }
            return Ok(());
        }
        let mut pieces = Vec::new();
        let mut rest = segment;
        while let Some((before, after)) = rest.split_once('{') {
            pieces.push(Piece::Literal(literal(before)?.to_owned()));
            let (name, after) = split_name(after)?;
            let (name, place) = match name.strip_prefix('*') {
                Some(name) => (name, Place::Segments),
                None => (name, Place::Segment),
            };
            self.add_place(name, place);
            pieces.push(Piece::Value(name.to_owned(), place));
            rest = after;
        }
        pieces.push(Piece::Literal(literal(rest)?.to_owned()));
        self.path.push(Segment::Filled(pieces));
        Ok(())
    }

    /// `name}` of `{/name}`, and what follows it in the same segment: another one, or nothing.
    fn push_optional(&mut self, text: &str) -> Result<(), Error> {
        let (name, after) = split_name(text)?;
        let (name, place) = match name.strip_prefix('*') {
            Some(name) => (name, Place::OptionalSegments),
            None => (name, Place::OptionalSegment),
        };
        self.add_place(name, place);
        self.path.push(Segment::Optional(name.to_owned(), place));
        match (after, after.strip_prefix("{/")) {
            ("", _) => Ok(()),
            (_, Some(next)) => self.push_optional(next),
            _ => Err(Error::build(
                BuildError::Url,
                format!("`{{/{name}}}` is a whole segment, and is followed by `/`"),
            )),
        }
    }

    /// The URL with these values and the pairs of `query`, appended to `base` if the template is relative.
    pub(crate) fn url(
        &self,
        values: &[Value],
        query: &str,
        base: Option<&Url>,
    ) -> Result<Url, Error> {
        if let Start::Base { name, or_path, .. } = &self.start
            && !values.iter().any(|value| value.place == Place::Base && value.name == name)
        {
            return or_path.url(values, query, base);
        }
        self.check_values_used(values)?;
        let mut url = self.start(values, base)?;
        let mut text = String::with_capacity(TYPICAL_URL);
        let is_origin = matches!(self.start, Start::Origin(_) | Start::Host(_));
        if !self.path.is_empty() || is_origin {
            if !is_origin {
                text.push_str(url.path().strip_suffix("/").unwrap_or(url.path()));
            }
            for segment in &self.path {
                match segment {
                    Segment::Literal(literal) => text.push_str(literal),
                    Segment::Filled(pieces) => fill(&mut text, pieces, values)?,
                    Segment::Optional(name, place) => {
                        let start = text.len();
                        text.push_str(&find(values, name, *place)?.text);
                        if let Some(filled) = text[start..].strip_prefix('/') {
                            check_segments(filled, name)?;
                        }
                    }
                }
            }
            url.set_path(&text);
            text.clear();
        }
        push_pairs(&mut text, url.query().unwrap_or_default());
        for pair in &self.query {
            pair.fill(&mut text, values)?;
        }
        push_pairs(&mut text, query);
        // Each pair was pushed after a `&`.
        if !text.is_empty() || url.query().is_some() {
            url.set_query(text.get(1..));
        }
        if url.fragment().is_some() {
            url.set_fragment(None);
        }
        within_bounds(url)
    }

    fn start(&self, values: &[Value], base: Option<&Url>) -> Result<Url, Error> {
        match (&self.start, base) {
            (Start::Origin(url), _) => Ok(url.clone()),
            (Start::Host(pieces), _) => {
                host(pieces, |name| Ok(&find(values, name, Place::Label)?.text))
            }
            (Start::Base { name, last, .. }, _) => {
                last.parse(&find(values, name, Place::Base)?.text)
            }
            (Start::Session, Some(base)) => Ok(base.clone()),
            (Start::Session, None) => Err(Error::build(
                BuildError::Url,
                "the template has no scheme and host, and the session has no base URL",
            )),
        }
    }

    /// Refuses a value without a placeholder, which would be dropped silently.
    fn check_values_used(&self, values: &[Value]) -> Result<(), Error> {
        // Values differ in name or place, and every place has found its value at this point.
        if values.len() == self.places.len() {
            return Ok(());
        }
        let is_used = |value: &&Value| {
            self.places.iter().any(|(name, place)| *name == value.name && *place == value.place)
        };
        match values.iter().find(|value| !is_used(value)) {
            None => Ok(()),
            Some(Value { name, .. }) => Err(Error::build(
                BuildError::Url,
                format!("a value was given for `{name}`, which the template does not hold there"),
            )),
        }
    }

    /// Adds a place, unless the template has it already.
    fn add_place(&mut self, name: &str, place: Place) {
        if !self.places.iter().any(|(named, other)| named == name && *other == place) {
            self.places.push((name.to_owned(), place));
        }
    }
}

impl Pair {
    fn parse(pair: &str) -> Result<Self, Error> {
        let Some((before, after)) = pair.split_once('{') else {
            return Ok(Self::Literal(literal(pair)?.to_owned()));
        };
        let (name, after) = split_name(after)?;
        // `?{page}` is `?page={page}`.
        if before.is_empty() && after.is_empty() && !name.contains(['.', ':']) {
            return Ok(Self::Value { key: literal(name)?.to_owned(), name: name.to_owned() });
        }
        match before.strip_suffix('=') {
            Some(key) if !key.is_empty() && after.is_empty() => {
                Ok(Self::Value { key: literal(key)?.to_owned(), name: name.to_owned() })
            }
            _ => Err(Error::build(
                BuildError::Url,
                format!("in the query, write the placeholder as `key={{{name}}}`"),
            )),
        }
    }

    fn fill(&self, text: &mut String, values: &[Value]) -> Result<(), Error> {
        match self {
            Self::Literal(pair) => push_pairs(text, pair),
            // `=a&=b` are two values of the key; an empty text is one that was left out.
            Self::Value { key, name } => {
                let value = find(values, name, Place::Query)?;
                for value in value.text.split('&').filter(|value| !value.is_empty()) {
                    text.extend(["&", key, value]);
                }
            }
        }
        Ok(())
    }
}

fn within_bounds(url: Url) -> Result<Url, Error> {
    match url.as_str().len() <= MAX_URL {
        true => Ok(url),
        false => Err(Error::build(BuildError::Url, format!("it is longer than {MAX_URL} bytes"))),
    }
}

/// The initial capacity for a path with a query.
const TYPICAL_URL: usize = 96;

/// Splits off the base URL or the origin.
fn split_start(text: &str) -> Result<(Start, &str), Error> {
    if let Some(after) = text.strip_prefix('{')
        && !after.starts_with('/')
    {
        let (name, rest) = split_name(after)?;
        let or_path = Box::new(Template::starting(Start::Session, text)?);
        let last = LastBase::default();
        return Ok((Start::Base { name: name.to_owned(), or_path, last }, rest));
    }
    let refuse = |detail| Err(Error::build(BuildError::Url, detail));
    match UrlStart::detect(text) {
        UrlStart::Origin => split_origin(text),
        UrlStart::Relative => Ok((Start::Session, text)),
        UrlStart::Host => refuse("`//` starts a host without a scheme"),
        UrlStart::NoHost => refuse(NO_HOST),
        UrlStart::OtherScheme => refuse(OTHER_SCHEME),
    }
}

/// Splits off a scheme and host.
fn split_origin(text: &str) -> Result<(Start, &str), Error> {
    let after = text.find("://").map_or(0, |at| at + "://".len());
    let end = text[after..].find(['/', '?', '#', '\\']).map_or(text.len(), |at| after + at);
    // The `{` of `{/name}` begins the path.
    let end = if text[..end].ends_with('{') { end - 1 } else { end };
    let (origin, rest) = text.split_at(end);
    if origin.contains(['{', '}']) {
        return Ok((Start::Host(labels(origin)?), rest));
    }
    // With a path: a parser would trim spaces at the end of the origin, which are within the URL here.
    let mut origin = parse_http(&format!("{}/", literal(origin)?))?;
    origin.set_path(&"0".repeat(TYPICAL_URL));
    Ok((Start::Origin(origin), rest))
}

/// Reads `https://{tenant}.example.com`, where a placeholder is a whole label, and a label of the template
/// follows: so the value never names the domain.
fn labels(origin: &str) -> Result<Vec<Piece>, Error> {
    let refuse = || {
        Error::build(
            BuildError::Url,
            "a placeholder in the host is one label of the template's domain, as in \
             `https://{tenant}.example.com`; for a whole host start the template with one for the base URL",
        )
    };
    let mut pieces = Vec::new();
    let mut rest = origin;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = split_name(after)?;
        let is_label = before.ends_with(['.', '/']) && after.starts_with('.');
        if !is_label || name.starts_with('*') {
            return Err(refuse());
        }
        pieces.push(Piece::Literal(literal(before)?.to_owned()));
        pieces.push(Piece::Value(name.to_owned(), Place::Label));
        rest = after;
    }
    let is_domain = rest.trim_matches('.').starts_with(|first: char| first.is_ascii_alphanumeric());
    if !is_domain || origin.contains('@') {
        return Err(refuse());
    }
    pieces.push(Piece::Literal(literal(rest)?.to_owned()));
    host(&pieces, |_| Ok("x")).map(|_| pieces)
}

fn host<'a>(
    pieces: &'a [Piece],
    value: impl Fn(&'a str) -> Result<&'a str, Error>,
) -> Result<Url, Error> {
    let mut text = String::with_capacity(TYPICAL_URL);
    for piece in pieces {
        text.push_str(match piece {
            Piece::Literal(literal) => literal,
            Piece::Value(name, _) => value(name)?,
        });
    }
    text.push('/');
    parse_http(&text)
}

/// The parts of a path between the `/` that are not in a placeholder.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    let mut is_inside = false;
    path.split(move |character| {
        match character {
            '{' => is_inside = true,
            '}' => is_inside = false,
            _ => {}
        }
        character == '/' && !is_inside
    })
}

/// Builds a segment, and refuses one that would be another segment: an empty one, `.` or `..`.
fn fill(text: &mut String, pieces: &[Piece], values: &[Value]) -> Result<(), Error> {
    text.push('/');
    let start = text.len();
    let mut filled = "";
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => text.push_str(literal),
            Piece::Value(name, place) => {
                text.push_str(&find(values, name, *place)?.text);
                filled = name;
            }
        }
    }
    check_segments(&text[start..], filled)
}

/// Refuses a segment that would be another one. `{*rest}` may be several.
fn check_segments(text: &str, filled: &str) -> Result<(), Error> {
    for segment in text.split('/') {
        let what = match dots(segment) {
            Some(0) => "empty",
            Some(1) => "`.`",
            Some(2) => "`..`",
            _ => continue,
        };
        return Err(Error::build(
            BuildError::Segment,
            format!("the segment of `{{{filled}}}` is {what}"),
        ));
    }
    Ok(())
}

/// The value of a placeholder.
fn find<'a>(values: &'a [Value], name: &str, place: Place) -> Result<&'a Value, Error> {
    values.iter().find(|value| value.place == place && value.name == name).ok_or_else(|| {
        Error::build(
            BuildError::Url,
            format!("the placeholder `{{{name}}}` was given no value for its place"),
        )
    })
}

/// Splits the text after a `{` at the `}`: the placeholder's name, and the rest.
fn split_name(after: &str) -> Result<(&str, &str), Error> {
    match after.split_once('}') {
        Some(("" | "*", _)) => Err(Error::build(BuildError::Url, "a placeholder has no name")),
        Some((name, rest)) if !name.contains('{') => Ok((name, rest)),
        _ => Err(Error::build(BuildError::Url, "a `{` in the template is not closed")),
    }
}

/// The number of dots of a segment that has nothing else. A URL parser reads `%2e` as a dot.
fn dots(segment: &str) -> Option<usize> {
    let mut rest = segment;
    let mut dots = 0;
    while !rest.is_empty() {
        rest = [".", "%2e", "%2E"].iter().find_map(|dot| rest.strip_prefix(dot))?;
        dots += 1;
    }
    Some(dots)
}

/// Checks the text of the template itself. A URL parser would drop tabs and line ends, and read `\` as `/`.
fn literal(text: &str) -> Result<&str, Error> {
    if text.contains('}') {
        return Err(Error::build(BuildError::Url, "a `}` in the template closes nothing"));
    }
    if text.contains(|character: char| character.is_ascii_control() || character == '\\') {
        return Err(Error::build(
            BuildError::Url,
            "the template holds a `\\` or a control character",
        ));
    }
    Ok(text)
}

fn push_pairs(text: &mut String, pairs: &str) {
    if !pairs.is_empty() {
        text.push('&');
        text.push_str(pairs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn filled(text: &str, values: &[Value], base: Option<&str>) -> Result<String, Error> {
        let base = base.map(|base| parse_http(base).expect("a base"));
        Template::parse(text)?.url(values, "", base.as_ref()).map(String::from)
    }

    fn segment(value: &str) -> Value {
        Value::for_path("v", Place::Segment, &value).expect("displayed")
    }

    #[test]
    fn a_value_stays_in_its_segment() {
        for (value, path) in [
            ("7", "/u/7/posts"),
            ("../x", "/u/..%2Fx/posts"),
            ("%2e%2e", "/u/%252e%252e/posts"),
            ("a/b", "/u/a%2Fb/posts"),
            ("a?b#c", "/u/a%3Fb%23c/posts"),
            ("//host/x", "/u/%2F%2Fhost%2Fx/posts"),
            (".\n.", "/u/.%0A./posts"),
            ("a\tb", "/u/a%09b/posts"),
            ("..\\..\\admin", "/u/..%5C..%5Cadmin/posts"),
            ("{w}", "/u/%7Bw%7D/posts"),
            ("é", "/u/%C3%A9/posts"),
            ("...", "/u/.../posts"),
        ] {
            assert_eq!(
                filled("http://h/u/{v}/posts", &[segment(value)], None).expect(value),
                format!("http://h{path}")
            );
        }
    }

    #[test]
    fn empty_and_dot_segments_are_refused() {
        for (template, value) in [
            ("http://h/u/{v}/posts", ""),
            ("http://h/u/{v}/posts", "."),
            ("http://h/u/{v}/posts", ".."),
            ("http://h/u/.{v}/posts", "."),
            ("http://h/u/%2E{v}/posts", "."),
            ("http://h/u/%2{v}./posts", "e"),
        ] {
            let error = filled(template, &[segment(value)], None).expect_err(value);
            assert_eq!(error.kind(), ErrorKind::Build(BuildError::Segment), "{template} {value}");
        }
        let rest =
            |value: &str| [Value::for_path("v", Place::Segments, &value).expect("displayed")];
        assert_eq!(
            filled("http://h/{*v}/end", &rest("a/b c"), None).expect("a/b c"),
            "http://h/a/b%20c/end"
        );
        for value in ["a/../b", "a//b", "/a", ""] {
            let error = filled("http://h/{*v}/end", &rest(value), None).expect_err(value);
            assert_eq!(error.kind(), ErrorKind::Build(BuildError::Segment), "{value}");
        }
    }

    #[test]
    fn a_base_keeps_its_path_and_query() {
        let base = |value: &str| [Value::for_path("b", Place::Base, &value).expect("displayed")];
        for (text, value, url) in [
            ("{b}/users", "http://h/api/v1", "http://h/api/v1/users"),
            ("{b}/users", "http://h/api/v1/", "http://h/api/v1/users"),
            ("{b}users", "http://h/api/v1/", "http://h/api/v1/users"),
            ("{b}", "http://h/a/?x=1#top", "http://h/a/?x=1"),
            ("{b}?y=2", "http://h/a?x=1", "http://h/a?x=1&y=2"),
        ] {
            assert_eq!(filled(text, &base(value), None).expect(text), url);
        }
        assert_eq!(
            filled("users?y=2", &[], Some("http://h/v1")).expect("relative"),
            "http://h/v1/users?y=2"
        );
        assert_eq!(
            filled("/users", &[], Some("http://h/v1/")).expect("relative"),
            "http://h/v1/users"
        );
        for value in ["/relative", "ftp://h/", "mailto:x", "https://", "not a url"] {
            let error = filled("{b}/users", &base(value), None).expect_err(value);
            assert_eq!(error.kind(), ErrorKind::Build(BuildError::Url), "{value}");
        }
    }

    #[test]
    fn a_placeholder_at_the_start_can_be_a_segment() {
        let url = filled("{v}/posts?a=1", &[segment("7")], Some("http://h/users?b=2"));
        assert_eq!(url.expect("relative"), "http://h/users/7/posts?b=2&a=1");
        filled("{v}/posts", &[segment("7")], None).expect_err("no base URL");
    }

    #[test]
    fn a_static_template_is_parsed_once() {
        let read = || Template::cached(&Cow::Borrowed("http://h/once/{v}")).expect("a template");
        assert!(Rc::ptr_eq(&read(), &read()));
        let other =
            Template::cached(&Cow::Owned("http://h/once/{v}".to_owned())).expect("a template");
        assert!(!Rc::ptr_eq(&read(), &other));
        // A prefix of the text has the same address, but is another template.
        let text = "http://h/once/twice";
        for text in [text, &text[..13], text] {
            let url =
                Template::cached(&Cow::Borrowed(text)).expect("a template").url(&[], "", None);
            assert_eq!(url.expect("a URL").as_str(), text);
        }
    }

    #[test]
    fn a_cached_template_must_have_the_same_text() {
        let template = Rc::new(Template::parse("http://one/").expect("a template"));
        let read = Templates(BTreeMap::from([((7, 11), ("http://one/".into(), template))]));
        assert!(read.get((7, 11), "http://one/").is_some());
        assert!(read.get((7, 11), "http://two/").is_none());
    }

    #[test]
    fn a_plain_url_equals_the_filled_template() {
        let long = format!("http://h/{}", "a".repeat(MAX_URL));
        for (text, is_parsed) in [
            ("http://h", true),
            (" HTTPS://H:443/a/../b/./c ", true),
            ("http://h/a b/?c=d e&f=%zz&g=\"'<>", true),
            ("http://h//a//?x", true),
            ("http://h/%2e%2E/a;b=c|d^`", true),
            ("http://h?a=b", true),
            ("http://me:pass@h/é?é=é", true),
            ("http://[::1]:8080/", true),
            ("http://h:99999/", true),
            ("http://ho st/", true),
            ("http://exa%mple/", true),
            (&long, true),
            ("http://h/?", false),
            ("http://h/?a&&b", false),
            ("http://h/#top", false),
            ("http://h/{v}", false),
            ("http://h/v}", false),
            ("http://h/a\\b", false),
            ("http://h/a\tb", false),
            ("http:///a", false),
            ("/users", false),
            ("ftp://h/", false),
        ] {
            let parsed = Template::plain_url(text);
            assert_eq!(parsed.is_some(), is_parsed, "{text}");
            let Some(parsed) = parsed else { continue };
            let shown =
                |outcome: Result<String, Error>| outcome.map_err(|error| format!("{error:#}"));
            assert_eq!(shown(parsed.map(String::from)), shown(filled(text, &[], None)), "{text}");
        }
    }

    #[test]
    fn each_call_uses_its_own_base_url() {
        let template = Template::parse("{b}/users").expect("a template");
        for base in ["http://one", "http://one", "http://two", "http://me:pass@two", "http://one"] {
            let values = [Value::for_path("b", Place::Base, &base).expect("displayed")];
            let url = template.url(&values, "", None).expect(base);
            assert_eq!(url.as_str(), format!("{base}/users"));
        }
    }

    #[test]
    fn spaces_around_a_template_are_dropped() {
        let base = Some("http://h/v1");
        for (text, url) in [
            (" http://h/a ", "http://h/a"),
            ("http://h/a?b=c  ", "http://h/a?b=c"),
            ("http://h ", "http://h/"),
            (" /users ", "http://h/v1/users"),
            ("http://h/a b/?c=d e", "http://h/a%20b/?c=d%20e"),
        ] {
            assert_eq!(filled(text, &[], base).expect(text), url);
        }
        for text in ["http://h /a", "http://h\t/a", "ht\ntp://h/a", "\u{1}http://h/"] {
            let error = filled(text, &[], base).expect_err(text);
            assert_eq!(error.kind(), ErrorKind::Build(BuildError::Url), "{text:?}");
        }
    }

    #[test]
    fn an_optional_segment_is_left_out_with_its_slash() {
        let value = |value: Option<&str>| {
            let value = value.as_ref().map(|value| value as &dyn std::fmt::Display);
            [Value::optional("v", Place::OptionalSegment, value).expect("displayed")]
        };
        for (template, given, url) in [
            ("http://h/a{/v}", Some("b c/d"), "http://h/a/b%20c%2Fd"),
            ("http://h/a{/v}", None, "http://h/a"),
            ("http://h/a{/v}/end?x=1", Some("b"), "http://h/a/b/end?x=1"),
            ("http://h/a{/v}/end?x=1", None, "http://h/a/end?x=1"),
            ("http://h{/v}", Some("b"), "http://h/b"),
            ("http://h{/v}?x=1", None, "http://h/?x=1"),
        ] {
            assert_eq!(filled(template, &value(given), None).expect(template), url);
        }
        let base = Some("http://h/v1");
        assert_eq!(filled("{/v}/a", &value(None), base).expect("relative"), "http://h/v1/a");
        assert_eq!(filled("{/v}/a", &value(Some("b")), base).expect("relative"), "http://h/v1/b/a");
        for given in ["", ".", ".."] {
            let error = filled("http://h/a{/v}", &value(Some(given)), None).expect_err(given);
            assert_eq!(error.kind(), ErrorKind::Build(BuildError::Segment), "{given}");
        }
        let rest = |value: Option<&dyn std::fmt::Display>| {
            [Value::optional("v", Place::OptionalSegments, value).expect("displayed")]
        };
        let text = "http://h/contents{/*v}?ref=1";
        assert_eq!(
            filled(text, &rest(Some(&"src/lib.rs")), None).expect("a path"),
            "http://h/contents/src/lib.rs?ref=1"
        );
        assert_eq!(filled(text, &rest(None), None).expect("none"), "http://h/contents?ref=1");
        for given in ["a/../b", "/a", "a/"] {
            let error = filled(text, &rest(Some(&given)), None).expect_err(given);
            assert_eq!(error.kind(), ErrorKind::Build(BuildError::Segment), "{given}");
        }
        let two = [value(None), value(Some("c"))].concat();
        let two = [Value { name: "u", ..two[0].clone() }, two[1].clone()];
        assert_eq!(filled("http://h/a{/u}{/v}", &two, None).expect("two"), "http://h/a/c");
    }

    #[test]
    fn a_placeholder_in_the_host_is_one_label_of_the_domain() {
        let labelled = |template: &str, value: &str| {
            filled(template, &[Value::for_host("v", &value)?], Some("http://base"))
        };
        for (template, value, url) in [
            ("https://{v}.api.com/users", "acme", "https://acme.api.com/users"),
            ("https://{v}.api.com", "ACME-2", "https://acme-2.api.com/"),
            ("https://eu.{v}.api.com:8443?x=1", "7", "https://eu.7.api.com:8443/?x=1"),
            ("http://{v}.localhost:80/{v}", "a", "http://a.localhost/"),
        ] {
            let values = [Value::for_host("v", &value).expect("a label"), segment(value)];
            let used = if template.ends_with("/{v}") { &values[..] } else { &values[..1] };
            let expected = if used.len() == 2 { format!("{url}{value}") } else { url.to_owned() };
            assert_eq!(filled(template, used, None).expect(template), expected);
        }
        let long = "a".repeat(64);
        for value in [
            "",
            ".",
            "..",
            "a.b",
            "evil.com/",
            "evil.com#",
            "a/b",
            "a@b",
            "a:80",
            "a_b",
            "-a",
            "a-",
            "a b",
            "ü",
            "%2e",
            "a\nb",
            "[::1]",
            &long,
        ] {
            let error = labelled("https://{v}.api.com/", value).expect_err(value);
            assert_eq!(error.kind(), ErrorKind::Build(BuildError::Url), "{value}");
            assert!(
                value.is_empty() || value == "." || !error.to_string().contains(value),
                "{error}"
            );
        }
        for template in [
            "https://{v}/",
            "https://{v}:80/",
            "https://{v}",
            "https://a{v}.com/",
            "https://{v}a.com/",
            "https://a.{v}/",
            "https://{v}./",
            "https://{v}.:80/",
            "https://a:{v}.b/",
            "https://{v}.a@b.com/",
            "https://me:{v}.a@b.com/",
            "https://{*v}.a.com/",
            "https://[{v}.a]/",
            "https://{v}.a.com:99999/",
            "https://{v}.a com/",
        ] {
            let error = labelled(template, "x").expect_err(template);
            assert_eq!(error.kind(), ErrorKind::Build(BuildError::Url), "{template}");
        }
    }

    #[test]
    fn none_drops_a_query_pair_and_a_sequence_repeats_it() {
        let query =
            |values: Option<Vec<&str>>| [Value::for_query("v", &values).expect("a query value")];
        let text = "http://h/?a=1&k={v}";
        assert_eq!(filled(text, &query(None), None).expect("none"), "http://h/?a=1");
        assert_eq!(
            filled(text, &query(Some(vec!["x&y=z", "b c"])), None).expect("two"),
            "http://h/?a=1&k=x%26y%3Dz&k=b+c"
        );
        assert_eq!(filled(text, &query(Some(vec![])), None).expect("empty"), "http://h/?a=1");
        let empty = [Value::for_query("v", &"").expect("a query value")];
        assert_eq!(filled(text, &empty, None).expect("empty"), "http://h/?a=1&k=");
    }

    #[test]
    fn an_invalid_template_is_a_build_error() {
        for text in [
            "http://{v}/",
            "http:///{v}",
            "http://h/a\\{v}",
            "http://h/{v",
            "http://h/v}",
            "http://h/{v}{w}",
            "http://h/{}?k={v}",
            "http://h/?{v}=1",
            "http://h/?k=a{v}",
            "http://h/",
            "//h/{v}",
            "/{v}",
            "ftp://h/{v}",
            "mailto:{v}",
            "localhost:80/{v}",
            "http:/{v}",
            "http:{v}",
            "http://h/a\tb/{v}",
        ] {
            // Also with a base URL.
            for base in [None, Some("http://h/v1")] {
                let Err(error) = filled(text, &[segment("x")], base) else {
                    assert_eq!((text, base.is_some()), ("/{v}", true));
                    continue;
                };
                assert_eq!(error.kind(), ErrorKind::Build(BuildError::Url), "{text}: {error}");
            }
        }
    }
}
