//! How a sequence is written in a query, where an API does not want the pair repeated.

use serde::{Serialize, Serializer};

use super::form::{BRACKETS, COMMAS};

/// A sequence as one value of a query or a form, with commas between its elements: `ids=1,2`.
///
/// A comma within an element is encoded, those between elements are not. `None` and an empty sequence drop
/// the pair, and an element that is `None` is left out. In a path, the elements are one segment. Other
/// serializers, such as JSON's, see the sequence alone.
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

/// A sequence as pairs of a query or a form whose key ends in brackets: `ids[]=1&ids[]=2`, with the
/// brackets percent-encoded.
///
/// `None` and an empty sequence drop the pair. Other serializers, such as JSON's, see the sequence alone.
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
