//! Values → the pairs of a query or of a form: `application/x-www-form-urlencoded`.
//!
//! `None`, a unit and JSON's `null` leave a pair out, also within a sequence; a sequence, a tuple or an array
//! repeats it. Deeper values, such as a struct within a struct, are refused, and the error names the field.
//! [`Commas`](super::Commas) and [`Brackets`](super::Brackets) say how else a sequence is written: their
//! `Serialize` is that of a newtype whose name only this serializer knows.
//! One serializer is used for all levels, so that each type is compiled for it only once.

use std::fmt;

use serde::ser::{self, Serialize};
use url::form_urlencoded::byte_serialize;

use crate::error::{BuildError, Error};

/// Appends the fields of a struct, the entries of a map or a sequence of pairs.
pub(super) fn push_pairs(
    text: &mut String,
    value: &(impl Serialize + ?Sized),
) -> Result<(), FormError> {
    value.serialize(Writer { form: &mut Form::new(text), level: Level::Form })
}

/// Appends the values of one key, without the key: `=a&=b`.
pub(super) fn push_values(
    text: &mut String,
    name: &str,
    value: &(impl Serialize + ?Sized),
) -> Result<(), FormError> {
    let written = value.serialize(Writer { form: &mut Form::new(text), level: Level::Value });
    written.map_err(|error| error.within(name))
}

/// Appends a value as text, without encoding, in the form of a single value of a query.
pub(super) fn push_text(
    text: &mut String,
    value: &(impl Serialize + ?Sized),
) -> Result<(), FormError> {
    value.serialize(Writer { form: &mut Form::new(text), level: Level::Text })
}

/// Why a value cannot be written as pairs, and its path: `filter.tags[1]`.
#[derive(Debug)]
pub(super) struct FormError {
    path: String,
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    /// A field that is more than a value or a sequence of values.
    Nested(&'static str),
    NotPairs,
    NotPair,
    Key,
    NotUtf8,
    /// A message of the type's own `Serialize`.
    Own(String),
}

impl FormError {
    fn new(problem: Problem) -> Self {
        Self { path: String::new(), problem }
    }

    fn within(mut self, name: &str) -> Self {
        self.path.insert_str(0, name);
        self
    }

    /// The error of a request for such a value of its `what`. A message of the type may repeat the value, and
    /// is only the cause.
    pub(super) fn into_error(self, leaf: BuildError, what: &'static str) -> Error {
        match &self.problem {
            Problem::Own(message) => {
                let detail = match &*self.path {
                    "" => format!("the {what} cannot be serialized"),
                    path => format!("`{path}` of the {what} cannot be serialized"),
                };
                Error::build(leaf, detail).with_source(message.clone())
            }
            _ => Error::build(leaf, format!("the {what} cannot be serialized: {self}")),
        }
    }
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "`{}`: ", self.path)?;
        }
        match &self.problem {
            Problem::Nested(what) => {
                write!(f, "{what} is no value of a pair: flatten it, or give it as text")
            }
            Problem::NotPairs => {
                f.write_str("it is neither a struct, a map nor a sequence of pairs")
            }
            Problem::NotPair => f.write_str("an entry of the sequence is not a pair"),
            Problem::Key => f.write_str("a key is not text"),
            Problem::NotUtf8 => f.write_str("its bytes are not UTF-8"),
            Problem::Own(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for FormError {}

impl ser::Error for FormError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Problem::Own(message.to_string()))
    }
}

/// The pairs so far.
struct Form<'a> {
    text: &'a mut String,
    /// The start of the pairs in the text.
    start: usize,
    /// The key of the pair that is being written.
    key: String,
    /// Whether `[]` follows the key.
    has_brackets: bool,
    /// Whether the first of several values with commas between them is written.
    is_joining: bool,
    /// The name of the field that is nested too deep.
    nested: String,
}

impl<'a> Form<'a> {
    fn new(text: &'a mut String) -> Self {
        let start = text.len();
        let (key, nested) = (String::new(), String::new());
        Self { text, start, key, has_brackets: false, is_joining: false, nested }
    }

    fn push_pair(&mut self, value: &str) {
        if self.text.len() > self.start {
            self.text.push('&');
        }
        self.text.extend(byte_serialize(self.key.as_bytes()));
        if self.has_brackets {
            self.text.push_str(ENCODED_BRACKETS);
        }
        self.text.push('=');
        self.text.extend(byte_serialize(value.as_bytes()));
    }

    /// The commas are not encoded, and those within a value are: so it can be told apart.
    fn push_joined(&mut self, value: &str) {
        match std::mem::replace(&mut self.is_joining, true) {
            false => self.push_pair(value),
            true => {
                self.text.push(',');
                self.text.extend(byte_serialize(value.as_bytes()));
            }
        }
    }

    fn push_text(&mut self, value: &str) {
        if std::mem::replace(&mut self.is_joining, true) {
            self.text.push(',');
        }
        self.text.push_str(value);
    }
}

/// `[]`.
const ENCODED_BRACKETS: &str = "%5B%5D";
/// The newtype of [`Commas`](super::Commas), to this serializer.
pub(super) const COMMAS: &str = "$backstop::Commas";
/// The newtype of [`Brackets`](super::Brackets), to this serializer.
pub(super) const BRACKETS: &str = "$backstop::Brackets";

/// The level of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Form,
    /// In a sequence of pairs.
    Entry,
    Key,
    Value,
    /// In a sequence of values.
    Element,
    /// Of which those that are there stand in one pair, with commas between them.
    Joined,
    /// In such a sequence.
    JoinedElement,
    /// Without a pair, and not encoded.
    Text,
    /// In a sequence within a text, with commas between them.
    TextElement,
    /// The key of a value that is nested too deeply.
    NestedKey,
}

struct Writer<'f, 'a> {
    form: &'f mut Form<'a>,
    level: Level,
}

impl<'f, 'a> Writer<'f, 'a> {
    fn text(self, text: &str) -> Result<(), FormError> {
        match self.level {
            Level::Form => return Err(FormError::new(Problem::NotPairs)),
            Level::Entry => return Err(FormError::new(Problem::NotPair)),
            Level::Key => text.clone_into(&mut self.form.key),
            Level::NestedKey => text.clone_into(&mut self.form.nested),
            Level::Value | Level::Element => self.form.push_pair(text),
            Level::Joined | Level::JoinedElement => self.form.push_joined(text),
            Level::Text | Level::TextElement => self.form.push_text(text),
        }
        Ok(())
    }

    fn nothing(self) -> Result<(), FormError> {
        match self.level {
            Level::Key | Level::NestedKey => Err(FormError::new(Problem::Key)),
            Level::Text => Err(FormError::new(Problem::Nested("nothing"))),
            _ => Ok(()),
        }
    }

    fn refuse<T>(&self, what: &'static str) -> Result<T, FormError> {
        Err(FormError::new(match self.level {
            Level::Form => Problem::NotPairs,
            Level::Entry => Problem::NotPair,
            Level::Key | Level::NestedKey => Problem::Key,
            _ => Problem::Nested(what),
        }))
    }

    fn sequence(self) -> Result<Parts<'f, 'a>, FormError> {
        let kind = match self.level {
            Level::Form => Kind::Entries,
            Level::Entry => Kind::Pair,
            Level::Value => Kind::Elements(Level::Element),
            Level::Joined => Kind::Elements(Level::JoinedElement),
            // The text of one alone is joined by commas.
            Level::TextElement => Kind::Elements(Level::TextElement),
            Level::Text => return self.refuse("a sequence"),
            _ => return self.refuse("a sequence within a sequence"),
        };
        Ok(Parts { form: self.form, kind, index: 0 })
    }

    fn fields(self, what: &'static str) -> Result<Parts<'f, 'a>, FormError> {
        let kind = match self.level {
            Level::Form => Kind::Fields,
            Level::Entry | Level::Key | Level::NestedKey => return self.refuse(what),
            _ => Kind::Nested(what),
        };
        Ok(Parts { form: self.form, kind, index: 0 })
    }
}

macro_rules! displayed {
    ($($method:ident $type:ty;)*) => { $(
        fn $method(self, value: $type) -> Result<(), FormError> {
            self.text(&value.to_string())
        }
    )* };
}

impl<'f, 'a> ser::Serializer for Writer<'f, 'a> {
    type Ok = ();
    type Error = FormError;
    type SerializeSeq = Parts<'f, 'a>;
    type SerializeTuple = Parts<'f, 'a>;
    type SerializeTupleStruct = Parts<'f, 'a>;
    type SerializeTupleVariant = ser::Impossible<(), FormError>;
    type SerializeMap = Parts<'f, 'a>;
    type SerializeStruct = Parts<'f, 'a>;
    type SerializeStructVariant = ser::Impossible<(), FormError>;

    displayed! {
        serialize_bool bool;
        serialize_char char;
        serialize_i8 i8;
        serialize_i16 i16;
        serialize_i32 i32;
        serialize_i64 i64;
        serialize_i128 i128;
        serialize_u8 u8;
        serialize_u16 u16;
        serialize_u32 u32;
        serialize_u64 u64;
        serialize_u128 u128;
    }

    // As in Rust and JSON: `1.0`, and `1e300` without zeros.

    fn serialize_f32(self, value: f32) -> Result<(), FormError> {
        self.text(&format!("{value:?}"))
    }

    fn serialize_f64(self, value: f64) -> Result<(), FormError> {
        self.text(&format!("{value:?}"))
    }

    fn serialize_str(self, value: &str) -> Result<(), FormError> {
        self.text(value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), FormError> {
        match std::str::from_utf8(value) {
            Ok(text) => self.text(text),
            Err(_) => Err(FormError::new(Problem::NotUtf8)),
        }
    }

    fn serialize_none(self) -> Result<(), FormError> {
        self.nothing()
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), FormError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), FormError> {
        self.nothing()
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<(), FormError> {
        match self.level {
            Level::Form => Ok(()),
            _ => self.text(name),
        }
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), FormError> {
        self.text(variant)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), FormError> {
        let Self { form, level } = self;
        match (name, level) {
            (COMMAS, Level::Value | Level::Element) => {
                form.is_joining = false;
                value.serialize(Writer { form, level: Level::Joined })
            }
            (COMMAS, Level::Text) => value.serialize(Writer { form, level: Level::TextElement }),
            (BRACKETS, Level::Value) => {
                form.has_brackets = true;
                let written = value.serialize(Writer { form: &mut *form, level });
                form.has_brackets = false;
                written
            }
            _ => value.serialize(Writer { form, level }),
        }
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), FormError> {
        self.refuse(VARIANT)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'f, 'a>, FormError> {
        self.sequence()
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts<'f, 'a>, FormError> {
        self.sequence()
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts<'f, 'a>, FormError> {
        self.sequence()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, FormError> {
        self.refuse(VARIANT)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts<'f, 'a>, FormError> {
        self.fields("a map")
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<'f, 'a>, FormError> {
        self.fields("a struct")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, FormError> {
        self.refuse(VARIANT)
    }
}

const VARIANT: &str = "a variant with data";

/// The serializer of a compound value's parts.
struct Parts<'f, 'a> {
    form: &'f mut Form<'a>,
    kind: Kind,
    index: usize,
}

#[derive(Clone, Copy)]
enum Kind {
    Fields,
    Entries,
    Pair,
    /// Each at this level.
    Elements(Level),
    /// A value that is nested too deep, until the error can name its first field.
    Nested(&'static str),
}

impl Parts<'_, '_> {
    fn write<T: ?Sized + Serialize>(&mut self, value: &T, level: Level) -> Result<(), FormError> {
        value.serialize(Writer { form: self.form, level })
    }

    fn item<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), FormError> {
        let index = self.index;
        self.index += 1;
        match (self.kind, index) {
            (Kind::Entries, _) => self.write(value, Level::Entry),
            (Kind::Pair, 0) => self.write(value, Level::Key),
            (Kind::Pair, 1) => self.value(value),
            (Kind::Elements(level), _) => {
                self.write(value, level).map_err(|error| error.within(&format!("[{index}]")))
            }
            _ => Err(FormError::new(Problem::NotPair)),
        }
    }

    /// The value of the key that was written.
    fn value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), FormError> {
        match self.kind {
            Kind::Nested(what) => Err(self.too_deep(what)),
            _ => self.write(value, Level::Value).map_err(|error| error.within(&self.form.key)),
        }
    }

    fn too_deep(&self, what: &'static str) -> FormError {
        FormError::new(Problem::Nested(what)).within(&format!(".{}", self.form.nested))
    }

    fn end(self) -> Result<(), FormError> {
        match self.kind {
            Kind::Pair if self.index != 2 => Err(FormError::new(Problem::NotPair)),
            // It has no field.
            Kind::Nested(what) => Err(FormError::new(Problem::Nested(what))),
            _ => Ok(()),
        }
    }
}

impl ser::SerializeSeq for Parts<'_, '_> {
    type Ok = ();
    type Error = FormError;

    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), FormError> {
        self.item(value)
    }

    fn end(self) -> Result<(), FormError> {
        self.end()
    }
}

impl ser::SerializeTuple for Parts<'_, '_> {
    type Ok = ();
    type Error = FormError;

    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), FormError> {
        self.item(value)
    }

    fn end(self) -> Result<(), FormError> {
        self.end()
    }
}

impl ser::SerializeTupleStruct for Parts<'_, '_> {
    type Ok = ();
    type Error = FormError;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), FormError> {
        self.item(value)
    }

    fn end(self) -> Result<(), FormError> {
        self.end()
    }
}

impl ser::SerializeMap for Parts<'_, '_> {
    type Ok = ();
    type Error = FormError;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), FormError> {
        match self.kind {
            Kind::Nested(_) => self.write(key, Level::NestedKey),
            _ => self.write(key, Level::Key),
        }
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), FormError> {
        self.value(value)
    }

    fn end(self) -> Result<(), FormError> {
        self.end()
    }
}

impl ser::SerializeStruct for Parts<'_, '_> {
    type Ok = ();
    type Error = FormError;

    fn serialize_field<T: ?Sized + Serialize>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), FormError> {
        match self.kind {
            Kind::Nested(_) => name.clone_into(&mut self.form.nested),
            _ => name.clone_into(&mut self.form.key),
        }
        self.value(value)
    }

    fn end(self) -> Result<(), FormError> {
        self.end()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;
    use serde_json::json;

    use super::{
        super::{Brackets, Commas},
        *,
    };

    fn pairs(value: &impl Serialize) -> Result<String, String> {
        let mut text = String::new();
        push_pairs(&mut text, value).map(|()| text).map_err(|error| error.to_string())
    }

    fn values(value: &impl Serialize) -> Result<String, String> {
        let mut text = String::new();
        push_values(&mut text, "filter", value).map(|()| text).map_err(|error| error.to_string())
    }

    /// The error for this value in the field `filter` of a query.
    fn refused(value: impl Serialize) -> String {
        pairs(&Query { filter: value }).expect_err("refused")
    }

    #[derive(Serialize)]
    struct Query<T> {
        filter: T,
    }

    #[derive(Serialize)]
    struct Filter {
        tags: Vec<u8>,
    }

    #[derive(Serialize)]
    struct Nothing;

    #[derive(serde::Serialize)]
    struct Empty {}

    #[derive(serde::Serialize)]
    struct NoFields();

    #[derive(Serialize)]
    struct Pair(&'static str, u8);

    #[derive(Serialize)]
    struct New<T>(T);

    #[derive(Serialize)]
    enum Choice {
        Unit,
        New(u8),
        Tuple(u8, u8),
        Struct { a: u8 },
    }

    #[test]
    fn values_are_written_as_text() {
        assert_eq!(values(&"a b&c=d/é"), Ok("=a+b%26c%3Dd%2F%C3%A9".into()));
        assert_eq!(values(&true), Ok("=true".into()));
        assert_eq!(values(&'ü'), Ok("=%C3%BC".into()));
        assert_eq!(values(&-7_i8), Ok("=-7".into()));
        assert_eq!(values(&u128::MAX), Ok(format!("={}", u128::MAX)));
        assert_eq!(values(&i128::MIN), Ok(format!("={}", i128::MIN)));
        assert_eq!(values(&1.5_f32), Ok("=1.5".into()));
        assert_eq!(values(&1.0), Ok("=1.0".into()));
        assert_eq!(values(&1e300), Ok("=1e300".into()));
        assert_eq!(values(&Choice::Unit), Ok("=Unit".into()));
        assert_eq!(values(&Nothing), Ok("=Nothing".into()));
        assert_eq!(values(&New(Some(New(7)))), Ok("=7".into()));
        assert_eq!(values(&""), Ok("=".into()));
    }

    #[test]
    fn none_and_empty_sequences_omit_the_pair() {
        assert_eq!(values(&None::<u8>), Ok(String::new()));
        assert_eq!(values(&()), Ok(String::new()));
        assert_eq!(values(&json!(null)), Ok(String::new()));
        assert_eq!(values(&[(); 3]), Ok(String::new()));
        assert_eq!(values(&Vec::<u8>::new()), Ok(String::new()));
        assert_eq!(pairs(&json!({"a": null, "b": 1, "c": []})), Ok("b=1".into()));
        assert_eq!(pairs(&[("a", None), ("b", Some(1))]), Ok("b=1".into()));
        assert_eq!(pairs(&[None, Some(("b", 1))]), Ok("b=1".into()));
        for nothing in [pairs(&()), pairs(&None::<Filter>), pairs(&json!(null)), pairs(&Nothing)] {
            assert_eq!(nothing, Ok(String::new()));
        }
    }

    #[test]
    fn a_sequence_repeats_the_pair() {
        assert_eq!(values(&[1, 2]), Ok("=1&=2".into()));
        assert_eq!(values(&vec![Some(1), None, Some(3)]), Ok("=1&=3".into()));
        assert_eq!(values(&(1, "a", None::<u8>, 'c')), Ok("=1&=a&=c".into()));
        assert_eq!(values(&Pair("a", 1)), Ok("=a&=1".into()));
        assert_eq!(values(&json!([1, null, "a"])), Ok("=1&=a".into()));
        assert_eq!(pairs(&Query { filter: [1, 2] }), Ok("filter=1&filter=2".into()));
        assert_eq!(pairs(&Query { filter: (1, "a") }), Ok("filter=1&filter=a".into()));
    }

    #[test]
    fn commas_join_the_values_of_one_pair() {
        assert_eq!(values(&Commas([1, 2])), Ok("=1,2".into()));
        assert_eq!(values(&Commas(["a,b", "c d"])), Ok("=a%2Cb,c+d".into()));
        assert_eq!(values(&Commas(vec![None, Some(1), None, Some(2)])), Ok("=1,2".into()));
        assert_eq!(values(&Commas(Vec::<u8>::new())), Ok(String::new()));
        assert_eq!(values(&Commas(None::<[u8; 2]>)), Ok(String::new()));
        assert_eq!(values(&Some(Commas(Some([1, 2])))), Ok("=1,2".into()));
        assert_eq!(values(&Commas(7)), Ok("=7".into()));
        assert_eq!(values(&[Commas([1, 2]), Commas([3, 4])]), Ok("=1,2&=3,4".into()));
        assert_eq!(values(&Commas([Choice::Unit])), Ok("=Unit".into()));
        assert_eq!(
            pairs(&[("a", Commas(vec![1, 2])), ("b", Commas(vec![]))]),
            Ok("a=1,2".to_owned())
        );
        assert_eq!(pairs(&Query { filter: Commas([1, 2]) }), Ok("filter=1,2".into()));
        let refused = refused(Commas([[1]]));
        assert!(refused.starts_with("`filter[0]`"), "{refused}");
    }

    #[test]
    fn brackets_follow_the_key() {
        assert_eq!(values(&Brackets([1, 2])), Ok("%5B%5D=1&%5B%5D=2".into()));
        assert_eq!(values(&Brackets(Vec::<u8>::new())), Ok(String::new()));
        assert_eq!(
            pairs(&(("a b", Brackets(vec![1, 2])), ("c", 3))),
            Ok("a+b%5B%5D=1&a+b%5B%5D=2&c=3".to_owned())
        );
        assert_eq!(values(&Brackets(Commas([1, 2]))), Ok("%5B%5D=1,2".into()));
        assert!(refused(Brackets([[1]])).starts_with("`filter[0]`"));
    }

    #[test]
    fn a_single_value_is_written_unencoded() {
        let text = |value: &dyn Fn(&mut String) -> Result<(), FormError>| {
            let mut text = String::new();
            value(&mut text).map(|()| text).map_err(|error| error.to_string())
        };
        assert_eq!(text(&|text| push_text(text, &Choice::Unit)), Ok("Unit".into()));
        assert_eq!(text(&|text| push_text(text, &Some("a/b"))), Ok("a/b".into()));
        assert_eq!(text(&|text| push_text(text, &Commas([1, 2]))), Ok("1,2".into()));
        for refused in [
            text(&|text| push_text(text, &None::<u8>)),
            text(&|text| push_text(text, &[1])),
            text(&|text| push_text(text, &Filter { tags: vec![] })),
            text(&|text| push_text(text, &Choice::New(1))),
        ] {
            assert!(refused.is_err(), "{refused:?}");
        }
    }

    #[test]
    fn pairs_come_from_structs_maps_and_sequences() {
        let expected = Ok("a+b=1&c=2".to_owned());
        assert_eq!(pairs(&BTreeMap::from([("a b", 1), ("c", 2)])), expected);
        assert_eq!(pairs(&[("a b", 1), ("c", 2)]), expected);
        assert_eq!(pairs(&vec![["a b", "1"], ["c", "2"]]), expected);
        assert_eq!(pairs(&vec![vec!["a b", "1"], vec!["c", "2"]]), expected);
        assert_eq!(pairs(&(("a b", 1), ("c", "2"))), expected);
        assert_eq!(pairs(&[Pair("a b", 1), Pair("c", 2)]), expected);
        assert_eq!(pairs(&json!({"a b": 1, "c": "2"})), expected);
        assert_eq!(pairs(&New(Some([("a b", 1), ("c", 2)]))), expected);
        assert_eq!(pairs(&BTreeMap::from([(1, 'x'), (2, 'y')])), Ok("1=x&2=y".into()));
        assert_eq!(pairs(&[(Choice::Unit, [1, 2])]), Ok("Unit=1&Unit=2".into()));
    }

    #[test]
    fn pairs_are_appended_to_a_query() {
        let mut text = String::from("a=1&");
        push_pairs(&mut text, &[("b", 2), ("c", 3)]).expect("pairs");
        assert_eq!(text, "a=1&b=2&c=3");
    }

    #[test]
    fn an_error_names_the_field_that_is_too_deep() {
        for (refused, path, what) in [
            (refused(Filter { tags: vec![] }), "`filter.tags`", "a struct"),
            (refused(json!({"tags": [1]})), "`filter.tags`", "a map"),
            (refused(json!({})), "`filter`", "a map"),
            (refused(Empty {}), "`filter`", "a struct"),
            (refused([[1]]), "`filter[0]`", "a sequence within"),
            (refused(json!([1, [2]])), "`filter[1]`", "a sequence within"),
            (refused([Filter { tags: vec![] }]), "`filter[0].tags`", "a struct"),
            (refused(Choice::New(1)), "`filter`", "a variant"),
            (refused(Choice::Tuple(1, 2)), "`filter`", "a variant"),
            (refused(Choice::Struct { a: 1 }), "`filter`", "a variant"),
            (refused(std::time::Duration::ZERO), "`filter.secs`", "a struct"),
            (pairs(&[("filter", [[1]])]).expect_err("refused"), "`filter[0]`", "a sequence"),
            (values(&Filter { tags: vec![] }).expect_err("refused"), "`filter.tags`", "a struct"),
        ] {
            assert!(refused.starts_with(path) && refused.contains(what), "{path}: {refused}");
        }
    }

    #[test]
    fn a_serialize_error_of_the_type_is_the_cause() {
        struct Refuses;

        impl Serialize for Refuses {
            fn serialize<S: ser::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(ser::Error::custom("never"))
            }
        }

        assert_eq!(refused(Refuses), "`filter`: never");
        assert_eq!(refused([Refuses]), "`filter[0]`: never");
        assert_eq!(pairs(&Refuses), Err("never".into()));
        // The message may contain the value, so it is only the cause.
        for (value, shown) in [
            (Some(Refuses), "the query cannot be serialized"),
            (None, "`filter` of the query cannot be serialized"),
        ] {
            let mut text = String::new();
            let error = match value {
                Some(value) => push_pairs(&mut text, &value),
                None => push_pairs(&mut text, &Query { filter: Refuses }),
            };
            let error = error.expect_err("refused").into_error(BuildError::Url, "query");
            assert_eq!(error.to_string(), format!("invalid URL: {shown}"));
            assert!(format!("{error:#}").ends_with(": never"));
        }
    }

    #[test]
    fn a_value_without_pairs_is_refused() {
        struct Bytes(&'static [u8]);

        impl Serialize for Bytes {
            fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_bytes(self.0)
            }
        }

        assert_eq!(values(&Bytes(b"a b")), Ok("=a+b".into()));
        assert!(refused(Bytes(b"\xff")).contains("UTF-8"));
        for refused in
            [pairs(&7), pairs(&"a=b"), pairs(&Choice::New(1)), pairs(&Choice::Struct { a: 1 })]
        {
            assert!(refused.expect_err("refused").contains("neither a struct"));
        }
        for refused in [
            pairs(&[1]),
            pairs(&["a=b"]),
            pairs(&[("a", 1, 2)]),
            pairs(&[("a",)]),
            pairs(&vec![vec!["a"]]),
            pairs(&vec![Vec::<u8>::new()]),
            pairs(&[NoFields()]),
            pairs(&[Filter { tags: vec![] }]),
        ] {
            assert!(refused.expect_err("refused").contains("not a pair"));
        }
        for refused in [
            pairs(&[(None::<u8>, 1)]),
            pairs(&[((), 1)]),
            pairs(&[(["a"], 1)]),
            pairs(&[(BTreeMap::from([(1, 1)]), 1)]),
            pairs(&[(Choice::New(1), 1)]),
        ] {
            assert!(refused.expect_err("refused").contains("a key"));
        }
    }
}
