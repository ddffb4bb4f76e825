//! Compares JSON for tests: a diff by path, and a lookup of one path.

use serde_json::Value;

/// The maximum number of differences that are listed.
const MOST_LISTED: usize = 20;

/// The differences, one line for each path: `$.users[0].name: expected "Ada", found "Eve"`. Empty if the
/// values are equal.
pub(super) fn diff(expected: &Value, found: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    compare(expected, found, "$", true, &mut lines);
    shortened(lines)
}

/// Same as `diff`, but objects of the found value may have additional members.
pub(super) fn diff_part(expected: &Value, found: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    compare(expected, found, "$", false, &mut lines);
    shortened(lines)
}

fn compare(expected: &Value, found: &Value, path: &str, whole: bool, lines: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (key, value) in expected {
                let path = member(path, key);
                match found.get(key) {
                    Some(other) => compare(value, other, &path, whole, lines),
                    None => lines.push(format!("{path}: expected {value}, and it is missing")),
                }
            }
            for (key, value) in
                found.iter().filter(|(key, _)| whole && !expected.contains_key(*key))
            {
                lines.push(format!("{}: not expected, found {value}", member(path, key)));
            }
        }
        (Value::Array(expected), Value::Array(found)) => {
            for (at, value) in expected.iter().enumerate() {
                let path = format!("{path}[{at}]");
                match found.get(at) {
                    Some(other) => compare(value, other, &path, whole, lines),
                    None => lines.push(format!("{path}: expected {value}, and it is missing")),
                }
            }
            for (at, value) in found.iter().enumerate().skip(expected.len()) {
                lines.push(format!("{path}[{at}]: not expected, found {value}"));
            }
        }
        _ if expected == found => {}
        _ => lines.push(format!("{path}: expected {expected}, found {found}")),
    }
}

fn member(path: &str, key: &str) -> String {
    let is_word = !key.is_empty()
        && key.chars().all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '-');
    match is_word {
        true => format!("{path}.{key}"),
        false => format!("{path}[{key:?}]"),
    }
}

fn shortened(mut lines: Vec<String>) -> Vec<String> {
    if lines.len() > MOST_LISTED {
        let more = lines.len() - MOST_LISTED;
        lines.truncate(MOST_LISTED);
        lines.push(format!("and {more} more"));
    }
    lines
}

/// The value at a path: `$.users[0].name`, or the RFC 6901 pointer `/users/0/name`. `$` is the whole value.
pub(super) fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    if path.is_empty() || path.starts_with('/') {
        return value.pointer(path);
    }
    let mut value = value;
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    while !rest.is_empty() {
        let (key, after) = if let Some(inside) = rest.strip_prefix('[') {
            let (key, after) = inside.split_once(']')?;
            (key.trim_matches(['"', '\'']), after)
        } else {
            let inside = rest.strip_prefix('.').unwrap_or(rest);
            let end = inside.find(['.', '[']).unwrap_or(inside.len());
            inside.split_at(end)
        };
        value = match value {
            Value::Array(items) => items.get(key.parse::<usize>().ok()?)?,
            other => other.get(key)?,
        };
        rest = after;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_difference_has_its_path() {
        let expected = json!({"id": 7, "tags": ["a", "b"], "name": {"first": "Ada"}, "x y": 1});
        let found =
            json!({"id": 8, "tags": ["a", "c", "d"], "name": {"first": "Ada", "last": "L"}});
        let mut lines = diff(&expected, &found);
        lines.sort();
        assert_eq!(
            lines,
            [
                "$.id: expected 7, found 8",
                "$.name.last: not expected, found \"L\"",
                "$.tags[1]: expected \"b\", found \"c\"",
                "$.tags[2]: not expected, found \"d\"",
                "$[\"x y\"]: expected 1, and it is missing",
            ]
        );
        assert_eq!(diff(&expected, &expected), Vec::<String>::new());
    }

    #[test]
    fn a_part_may_omit_members_but_not_items() {
        let found = json!({"id": 7, "name": {"first": "Ada", "last": "L"}, "tags": [1, 2]});
        assert!(diff_part(&json!({"name": {"last": "L"}}), &found).is_empty());
        assert_eq!(diff_part(&json!({"tags": [1]}), &found), ["$.tags[1]: not expected, found 2"]);
    }

    #[test]
    fn a_path_is_a_json_path_or_a_pointer() {
        let value = json!({"users": [{"name": "Ada", "a b": 1}]});
        for path in ["$.users[0].name", "users[0].name", "/users/0/name"] {
            assert_eq!(at(&value, path), Some(&json!("Ada")), "{path}");
        }
        assert_eq!(at(&value, "$.users[0][\"a b\"]"), Some(&json!(1)));
        assert_eq!(at(&value, "$"), Some(&value));
        assert_eq!(at(&value, "$.users[1].name"), None);
        assert_eq!(at(&value, "$.users.name"), None);
    }
}
