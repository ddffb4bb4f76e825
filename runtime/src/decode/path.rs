//! Finds the JSON path of a position in a text: `$.users[3].email`.
//!
//! serde_json gives the line and column at which it stopped. This walks the text to there, once, and returns
//! the path of the innermost value that contains the position, or ends at it. It is only used on text that
//! failed to decode, and accepts any text.

/// Input: a text, and a line and column from 1 as serde_json counts them, in bytes.
pub(super) fn at(text: &[u8], line: usize, column: usize) -> String {
    let start = match line.checked_sub(2) {
        None => 0,
        Some(nth) => text
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n')
            .nth(nth)
            .map_or(text.len(), |(at, _)| at + 1),
    };
    let mut walk = Walk {
        text,
        at: 0,
        end: start.saturating_add(column).min(text.len()),
        open: Vec::new(),
        deeper: 0,
    };
    walk.run();
    walk.path()
}

struct Walk<'a> {
    text: &'a [u8],
    at: usize,
    end: usize,
    open: Vec<Container<'a>>,
    /// The number of open containers beyond those that are kept.
    deeper: usize,
}

/// The most levels of a path.
const DEEPEST: usize = 64;

/// An array or object that is open at the position.
enum Container<'a> {
    Array {
        index: usize,
    },
    /// With the key of the current member.
    Object {
        key: Option<&'a [u8]>,
        in_value: bool,
    },
}

impl<'a> Walk<'a> {
    /// Walks to the end position, or past the scalar or container that ends there.
    fn run(&mut self) {
        while self.at < self.end {
            let byte = self.text[self.at];
            match byte {
                b'"' => {
                    let string = self.string();
                    if let Some(Container::Object { key, in_value: false }) = self.innermost() {
                        *key = Some(string);
                    }
                    continue;
                }
                b'{' | b'[' => {
                    // A value that is refused for being a container is refused before it is
                    // entered: it is the value itself that does not fit.
                    if self.at + 1 >= self.end {
                        return;
                    }
                    match self.open.len() < DEEPEST {
                        true => self.open.push(match byte {
                            b'[' => Container::Array { index: 0 },
                            _ => Container::Object { key: None, in_value: false },
                        }),
                        false => self.deeper += 1,
                    }
                }
                b'}' | b']' => {
                    // What does not fit as a whole is noticed at its end.
                    match self.deeper.checked_sub(1) {
                        Some(deeper) => self.deeper = deeper,
                        None => drop(self.open.pop()),
                    }
                    if self.at + 1 >= self.end {
                        return;
                    }
                }
                b':' => {
                    if let Some(Container::Object { in_value, .. }) = self.innermost() {
                        *in_value = true;
                    }
                }
                // A value that is checked once it has been read is refused where the next begins.
                b',' if self.text[self.at + 1..self.end].iter().all(u8::is_ascii_whitespace) => {
                    return;
                }
                b',' => match self.innermost() {
                    Some(Container::Array { index }) => *index += 1,
                    Some(Container::Object { key, in_value }) => (*key, *in_value) = (None, false),
                    None => {}
                },
                _ => {}
            }
            self.at += 1;
        }
    }

    /// The container that the walk is in, if it is one of those that are kept.
    fn innermost(&mut self) -> Option<&mut Container<'a>> {
        match self.deeper {
            0 => self.open.last_mut(),
            _ => None,
        }
    }

    /// Steps over a string, and returns what stands between its quotes.
    fn string(&mut self) -> &'a [u8] {
        let start = self.at + 1;
        let mut at = start;
        while at < self.text.len() && self.text[at] != b'"' {
            at += if self.text[at] == b'\\' { 2 } else { 1 };
        }
        let end = at.min(self.text.len());
        self.at = end + 1;
        &self.text[start..end]
    }

    fn path(&self) -> String {
        let mut path = String::from("$");
        for container in &self.open {
            match container {
                Container::Array { index } => path.push_str(&format!("[{index}]")),
                Container::Object { key: Some(key), in_value: true } => push_key(&mut path, key),
                Container::Object { .. } => {}
            }
        }
        if self.deeper > 0 {
            path.push('…');
        }
        path
    }
}

/// Shortens keys that are data rather than names, such as those of a map.
fn push_key(path: &mut String, key: &[u8]) {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-$".contains(byte);
    match std::str::from_utf8(key) {
        Ok(name) if !key.is_empty() && key.len() <= 64 && key.iter().all(is_name) => {
            path.push('.');
            path.push_str(name);
        }
        _ => path.push_str("[…]"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::{Deserialize, de::DeserializeOwned};

    use super::*;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only decoded")]
    struct Page {
        users: Vec<User>,
        next: Option<u8>,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only decoded")]
    struct User {
        email: String,
        tags: HashMap<String, bool>,
    }

    fn path<T: DeserializeOwned + std::fmt::Debug>(text: &str) -> String {
        let error = serde_json::from_str::<T>(text).expect_err(text);
        at(text.as_bytes(), error.line(), error.column())
    }

    #[test]
    fn the_path_leads_to_the_invalid_value() {
        for (text, found) in [
            (r#"{"users": [{"email": 1, "tags": {}}]}"#, "$.users[0].email"),
            (r#"{"users": [{"email": "a", "tags": {}}, {"email": null}]}"#, "$.users[1].email"),
            (
                "{\n \"users\": [\n  {\"email\": \"a\",\n   \"tags\": {\"x,]\\\"\": true, \"b\": 3}}]}",
                "$.users[0].tags.b",
            ),
            (r#"{"users": [{"email": "a", "tags": []}]}"#, "$.users[0].tags"),
            (r#"{"users": [{"email": "a", "tags": {"b": {"c": 1}}}]}"#, "$.users[0].tags.b"),
            (r#"{"users": [{"email": ["a"], "tags": {}}]}"#, "$.users[0].email"),
            (r#"{"users": [{"tags": {}}]}"#, "$.users[0]"),
            (r#"{"users": {}}"#, "$.users"),
            (r#"{"users": [1]}"#, "$.users[0]"),
            (r#"{"users": [], "next": 300}"#, "$.next"),
            (r#"{"next": 3}"#, "$"),
            (r#"[]"#, "$"),
            (r#"7"#, "$"),
        ] {
            assert_eq!(path::<Page>(text), found, "{text}");
        }
    }

    /// A type that checks its value after reading it.
    #[derive(Debug, Deserialize)]
    #[serde(try_from = "u8")]
    struct Even;

    impl TryFrom<u8> for Even {
        type Error = &'static str;

        fn try_from(number: u8) -> Result<Self, &'static str> {
            if number.is_multiple_of(2) { Ok(Self) } else { Err("odd") }
        }
    }

    #[test]
    fn the_path_leads_to_a_value_refused_after_it_was_read() {
        assert_eq!(path::<Vec<Even>>("[2, 4, 5, 6]"), "$[2]");
        assert_eq!(path::<Vec<Vec<Even>>>("[[2], [4, 5], [6]]"), "$[1]");
        assert_eq!(path::<HashMap<String, Even>>(r#"{"a": 2, "b": 3, "c": 4}"#), "$.b");
    }

    #[test]
    fn a_path_has_a_maximum_length() {
        let deep = format!("{}1", "[".repeat(100_000));
        let path = at(deep.as_bytes(), 1, deep.len());
        assert!(path.len() < 300 && path.ends_with('…'), "{path}");
    }

    #[test]
    fn every_text_and_position_has_a_path() {
        let text = r#"{"a":["\"#.as_bytes();
        for line in 0..4 {
            for column in 0..12 {
                assert!(at(text, line, column).starts_with('$'));
            }
        }
        assert_eq!(at(b"", usize::MAX, usize::MAX), "$");
        assert_eq!(at(b"}}]],,::\"", 1, 9), "$");
    }
}
