//! How documents become values: the flags choose the deserializer.

use super::{Encoded, Raw, Text};
use crate::flags::Format;
use crate::{Error, Result};
use alloc::string::{String, ToString};
use bytes::Bytes;
use core::fmt;
use serde::Deserialize;
use serde::de::value::{Error as PlainError, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};

/// What a document can be read as: everything that implements `serde::de::DeserializeOwned`, [`Raw<Bytes>`](Raw),
/// [`Text<String>`](Text), and your own types.
///
/// The document's flags choose how serde reads it: JSON, text, or bytes. So `String` reads both the JSON document
/// `"quoted"` and a plain text document; `Vec<u8>` reads bytes, and a JSON array of numbers. `Raw<Bytes>` takes the
/// bytes and `Text<String>` the text whatever the flags say.
///
/// ```
/// use couchbase_core::{Decode, Encode, Text};
///
/// assert_eq!(String::decode(&"hello".encode()?)?, "hello");
/// assert_eq!(String::decode(&Text("hello").encode()?)?, "hello");
/// assert_eq!(u64::decode(&7.encode()?)?, 7);
/// # Ok::<(), couchbase_core::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a document cannot be read as `{Self}`",
    note = "say which type is wanted: `let user: User = ...` or `.value::<User>()`",
    note = "derive `serde::Deserialize` for it, or implement `Decode`",
    note = "the bytes as they are: `result.bytes()`"
)]
pub trait Decode: Sized {
    /// The value.
    ///
    /// # Errors
    /// `ValueFormat`, if the document is something else.
    fn decode(doc: &Encoded) -> Result<Self>;
}

impl<T: DeserializeOwned> Decode for T {
    fn decode(doc: &Encoded) -> Result<Self> {
        decode_borrowed(doc)
    }
}

impl Decode for Raw<Bytes> {
    fn decode(doc: &Encoded) -> Result<Self> {
        Ok(Self(doc.bytes.clone()))
    }
}

impl Decode for Text<String> {
    fn decode(doc: &Encoded) -> Result<Self> {
        match core::str::from_utf8(&doc.bytes) {
            Ok(text) => Ok(Self(text.into())),
            Err(error) => Err(Error::value_format(error)),
        }
    }
}

/// As [`Decode`], for values that borrow from the document.
pub(crate) fn decode_borrowed<'a, T: Deserialize<'a>>(doc: &'a Encoded) -> Result<T> {
    let decoded = match doc.flags.format() {
        Format::Json => {
            return serde_json::from_slice(&doc.bytes)
                .map_err(|error| Error::value_format(error.to_string()));
        }
        Format::Bytes => T::deserialize(Plain { bytes: &doc.bytes, is_text: false }),
        Format::Text => T::deserialize(Plain { bytes: &doc.bytes, is_text: true }),
        Format::Private | Format::Unknown => {
            return Err(Error::value_format(alloc::format!(
                "flags {} are another client's own format; take the document with `bytes()`",
                doc.flags
            )));
        }
    };
    // As text: without std, serde's errors are no `core::error::Error`.
    decoded.map_err(|error| Error::value_format(error.to_string()))
}

/// A document that is no JSON, as serde sees it: one string, or one string of bytes.
struct Plain<'de> {
    bytes: &'de [u8],
    is_text: bool,
}

impl<'de> Plain<'de> {
    fn text(&self) -> Result<&'de str, PlainError> {
        core::str::from_utf8(self.bytes).map_err(PlainError::custom)
    }
}

impl<'de> Deserializer<'de> for Plain<'de> {
    type Error = PlainError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, PlainError> {
        if self.is_text {
            visitor.visit_borrowed_str(self.text()?)
        } else {
            visitor.visit_borrowed_bytes(self.bytes)
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, PlainError> {
        visitor.visit_borrowed_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, PlainError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, PlainError> {
        visitor.visit_borrowed_bytes(self.bytes)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, PlainError> {
        self.deserialize_bytes(visitor)
    }

    // `Vec<u8>` asks for a sequence.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, PlainError> {
        visitor.visit_seq(SeqDeserializer::new(self.bytes.iter().copied()))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, PlainError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, PlainError> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char unit unit_struct tuple tuple_struct map struct enum
        identifier ignored_any
    }
}

impl fmt::Debug for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plain").field("len", &self.bytes.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Encode, ErrorKind, Flags};
    use alloc::vec;
    use alloc::vec::Vec;

    #[test]
    fn the_flags_choose_the_deserializer() {
        let text = Text("42").encode().unwrap();
        assert_eq!(String::decode(&text).unwrap(), "42");
        assert_eq!(Option::<String>::decode(&text).unwrap().as_deref(), Some("42"));
        assert_eq!(
            u64::decode(&text).map_err(|e| e.kind()),
            Err(ErrorKind::ValueFormat),
            "text is no number"
        );

        let json = Encoded::new("42", Flags::JSON);
        assert_eq!(u64::decode(&json).unwrap(), 42);
        assert_eq!(
            u64::decode(&Encoded::new("42", Flags::default())).unwrap(),
            42,
            "counters carry no flags"
        );

        let bytes = Raw(vec![0, 159]).encode().unwrap();
        assert_eq!(Vec::<u8>::decode(&bytes).unwrap(), [0, 159]);
        assert_eq!(String::decode(&bytes).map_err(|e| e.kind()), Err(ErrorKind::ValueFormat), "no UTF-8");
        assert_eq!(Raw::<Bytes>::decode(&json).unwrap().0, "42");
        assert_eq!(Text::<String>::decode(&json).unwrap().0, "42");
    }

    #[test]
    fn borrowed_values_borrow() {
        let json = "\"plain\"".to_owned_doc(Flags::JSON);
        assert_eq!(decode_borrowed::<&str>(&json).unwrap(), "plain");
        let raw = "{\"a\":[1, 2]}".to_owned_doc(Flags::JSON);
        assert_eq!(decode_borrowed::<&serde_json::value::RawValue>(&raw).unwrap().get(), "{\"a\":[1, 2]}");
        let text = "plain".to_owned_doc(Flags::TEXT);
        assert_eq!(decode_borrowed::<&str>(&text).unwrap(), "plain");
    }

    #[test]
    fn private_formats_are_refused_with_their_flags() {
        for flags in [0x0100_0001, 1, 0x0600_0000] {
            let error = u64::decode(&Encoded::new("1", Flags::from_bits(flags))).expect_err("private");
            assert!(alloc::format!("{error}").contains(&alloc::format!("{flags:#x}")), "{error}");
        }
    }

    trait ToDoc {
        fn to_owned_doc(&self, flags: Flags) -> Encoded;
    }
    impl ToDoc for str {
        fn to_owned_doc(&self, flags: Flags) -> Encoded {
            Encoded::new(Bytes::copy_from_slice(self.as_bytes()), flags)
        }
    }
}
