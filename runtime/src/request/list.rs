//! How a sequence is written in a query, where an API does not want the pair repeated.

use serde::{Serialize, Serializer};

use super::form::{BRACKETS, COMMAS};

/// Writes a sequence as a single value of a query or a form, with commas between its elements: `ids=1,2`.
///
/// A comma inside an element is percent-encoded, and the commas between elements are not. `None` and an empty
/// sequence omit the pair, and an element that is `None` is omitted. In a path, all elements are one segment.
/// Other serializers, such as JSON's, serialize the plain sequence.
///
/// ```
/// use backstop::{Commas, Error, request};
///
/// #[request(get = "https://api.example.com/users?{ids}&{fields}")]
/// async fn users(ids: Commas<&[u64]>, fields: Option<Commas<&[&str]>>) -> Result<String, Error>;
///
/// # async fn example() -> Result<(), Error> {
/// // GET /users?ids=1,2&fields=name,email
/// users(Commas(&[1, 2]), Some(Commas(&["name", "email"]))).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commas<T>(
    /// The sequence.
    pub T,
);

impl<T: Serialize> Serialize for Commas<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(COMMAS, &self.0)
    }
}

/// Writes a sequence as pairs of a query or a form whose key ends in brackets: `ids[]=1&ids[]=2`. The
/// brackets are percent-encoded.
///
/// `None` and an empty sequence omit the pair. Other serializers, such as JSON's, serialize the plain
/// sequence.
///
/// ```
/// use backstop::{Brackets, Error, request};
///
/// #[request(get = "https://api.example.com/users?{ids}", query = [("tags", Brackets(tags))])]
/// async fn users(ids: Brackets<&[u64]>, tags: &[&str]) -> Result<String, Error>;
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Brackets<T>(
    /// The sequence.
    pub T,
);

impl<T: Serialize> Serialize for Brackets<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(BRACKETS, &self.0)
    }
}
