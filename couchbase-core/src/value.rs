//! Documents as bytes and flags, and how values become documents.

mod decode;

pub use decode::Decode;
pub(crate) use decode::decode_borrowed;

use crate::{Error, Flags, Result};
use alloc::string::{String, ToString};
use bytes::Bytes;
use core::fmt;
use serde::Serialize;

/// The largest value that a server stores, in bytes: 20 MiB.
pub const MAX_VALUE_LEN: usize = 20 * 1024 * 1024;

/// A document as the server has it: bytes, and the flags that say what they are.
///
/// Its `Debug` tells how many bytes there are, not what they say.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Encoded {
    /// The bytes as they are stored, 20 MiB at most.
    pub bytes: Bytes,
    /// What the bytes are.
    pub flags: Flags,
    /// The bytes were made here, so that nothing but memory goes with them.
    is_ours: bool,
}

impl PartialEq for Encoded {
    fn eq(&self, other: &Self) -> bool {
        (&self.bytes, self.flags) == (&other.bytes, other.flags)
    }
}

impl Eq for Encoded {}

impl fmt::Debug for Encoded {
    // Without the bytes: they may be large, or secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoded")
            .field("len", &self.bytes.len())
            .field("flags", &self.flags)
            .finish_non_exhaustive()
    }
}

impl Encoded {
    /// Bytes under any flags, for formats that the client does not know.
    pub fn new(bytes: impl Into<Bytes>, flags: Flags) -> Self {
        Self { bytes: bytes.into(), flags, is_ours: false }
    }

    /// Bytes that were made here.
    fn ours(bytes: impl Into<Bytes>, flags: Flags) -> Self {
        Self { is_ours: true, ..Self::new(bytes, flags) }
    }

    /// Whether somebody else's code may run when the last of the bytes goes.
    pub(crate) fn may_have_owner(&self) -> bool {
        !self.is_ours
    }
}

/// Something that can be stored.
///
/// A reference to anything that implements `serde::Serialize` is stored as JSON; numbers and `bool` are taken by value
/// too. `Bytes` and [`Raw`] are stored as they are, [`Text`] without quotes, [`Encoded`] under any flags. Implement it
/// for your own type to give that type a format of its own.
///
/// ```
/// use couchbase_core::{Encode, Flags, Raw, Text};
///
/// assert_eq!("text".encode()?.bytes, "\"text\"");
/// assert_eq!((&[1_u16, 2]).encode()?.bytes, "[1,2]");
/// assert_eq!(Text("text").encode()?.bytes, "text");
/// assert_eq!(Raw(vec![0, 1]).encode()?.flags, Flags::BYTES);
/// # Ok::<(), couchbase_core::Error>(())
/// ```
///
/// A number that is not finite is refused; within other values it becomes `null`, as serde_json has it.
///
/// A reference to bytes (`&[u8]`, `&Vec<u8>`, also in a box or an option) is refused: it would silently become a JSON
/// array of numbers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored as a document",
    label = "not a value that the client can encode",
    note = "JSON: pass a reference to anything that implements `serde::Serialize`, as in `cb.set(key, &value)`",
    note = "bytes and text: pass `Raw(bytes)`, `Text(string)`, or `Bytes`",
    note = "your own format: implement `Encode` for your type"
)]
pub trait Encode {
    /// The document to store.
    ///
    /// # Errors
    /// `ValueFormat`, if the value cannot be stored. The operation then ends with it, and nothing is sent.
    fn encode(self) -> Result<Encoded>;
}

/// What is stored as if it were not there.
const WRAPPERS: [&str; 8] = [
    "&mut ",
    "&",
    // A lifetime, as some compilers write it.
    "'_, ",
    "alloc::boxed::Box<",
    "alloc::borrow::Cow<",
    "alloc::rc::Rc<",
    "alloc::sync::Arc<",
    "core::option::Option<",
];

/// What is bytes and nothing else. The last ones can only be encoded where a feature of their crate is on.
const BYTES: [&str; 6] = [
    "[u8]",
    "[u8; ",
    "alloc::vec::Vec<u8>",
    "alloc::collections::vec_deque::VecDeque<u8>",
    "bytes::bytes::Bytes",
    "bytes::bytes_mut::BytesMut",
];

/// By name, because no bound can say "anything but bytes".
fn looks_like_bytes<T: ?Sized>() -> bool {
    let mut name = core::any::type_name::<T>();
    while let Some(inner) = WRAPPERS.iter().find_map(|wrapper| name.strip_prefix(wrapper)) {
        name = inner;
    }
    // Brackets of wrappers may follow.
    BYTES.iter().any(|bytes| name.starts_with(bytes))
}

impl<T: Serialize + ?Sized> Encode for &T {
    fn encode(self) -> Result<Encoded> {
        if looks_like_bytes::<T>() {
            return Err(Error::value_format(
                "a reference to bytes: store them with `Raw(..)`, or as an array of numbers with `Json(..)`",
            ));
        }
        json(self)
    }
}

/// By name too, as it takes references.
fn is_float<T: ?Sized>() -> bool {
    matches!(core::any::type_name::<T>().trim_start_matches('&'), "f32" | "f64")
}

fn json<T: Serialize + ?Sized>(value: &T) -> Result<Encoded> {
    match serde_json::to_vec(value) {
        Ok(text) if text == b"null" && is_float::<T>() => {
            Err(Error::value_format("not a finite number, which JSON does not have"))
        }
        Ok(text) => Ok(Encoded::ours(text, Flags::JSON)),
        // As text: without std, serde's errors are no `core::error::Error`.
        Err(error) => Err(Error::value_format(error.to_string())),
    }
}

macro_rules! by_value {
    ($($number:ty),*) => { $(
        impl Encode for $number {
            fn encode(self) -> Result<Encoded> {
                json(&self)
            }
        }
    )* };
}
by_value!(bool, i8, i16, i32, i64, isize, u8, u16, u32, u64, usize, f32, f64, ());

/// JSON, spelled out: also takes what is refused or ambiguous elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// Bytes as they are: anything that converts into `Bytes`, without a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw<B>(pub B);

/// Text as it is, without JSON's quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<S>(pub S);

impl<T: Serialize> Encode for Json<T> {
    fn encode(self) -> Result<Encoded> {
        json(&self.0)
    }
}

impl<B: Into<Bytes>> Encode for Raw<B> {
    fn encode(self) -> Result<Encoded> {
        Ok(Encoded::new(self.0, Flags::BYTES))
    }
}

impl<S: Into<String>> Encode for Text<S> {
    fn encode(self) -> Result<Encoded> {
        Ok(Encoded::ours(self.0.into(), Flags::TEXT))
    }
}

impl Encode for Bytes {
    fn encode(self) -> Result<Encoded> {
        Raw(self).encode()
    }
}

impl Encode for Encoded {
    fn encode(self) -> Result<Encoded> {
        // Its bytes may have been exchanged since.
        Ok(Self { is_ours: false, ..self })
    }
}

/// What can be appended and prepended: text or bytes, nothing else. JSON would not be JSON afterwards.
#[derive(Clone, Debug)]
pub struct Fragment(Encoded);

impl Fragment {
    pub(crate) fn into_encoded(self) -> Encoded {
        self.0
    }
}

impl From<&str> for Fragment {
    fn from(text: &str) -> Self {
        Self(Encoded::ours(Bytes::copy_from_slice(text.as_bytes()), Flags::default()))
    }
}

impl From<String> for Fragment {
    fn from(text: String) -> Self {
        Self(Encoded::ours(text, Flags::default()))
    }
}

impl From<Bytes> for Fragment {
    fn from(bytes: Bytes) -> Self {
        Self(Encoded::new(bytes, Flags::default()))
    }
}

impl<B: Into<Bytes>> From<Raw<B>> for Fragment {
    fn from(bytes: Raw<B>) -> Self {
        Self(Encoded::new(bytes.0, Flags::default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use alloc::borrow::Cow;
    use alloc::boxed::Box;
    use alloc::collections::VecDeque;
    use alloc::sync::Arc;
    use alloc::vec;
    use alloc::vec::Vec;

    #[test]
    fn references_to_bytes_are_refused_whatever_their_form() {
        let bytes: Vec<u8> = vec![1, 2];
        let (boxed, shared): (Box<[u8]>, Arc<[u8]>) = (bytes.clone().into(), bytes.clone().into());
        let mut array = [1_u8, 2];
        let refused = [
            (&bytes).encode(),
            (&bytes[..]).encode(),
            (&array).encode(),
            (&&bytes[..]).encode(),
            (&&mut array[..]).encode(),
            (&boxed).encode(),
            (&Box::new(bytes.clone())).encode(),
            (&shared).encode(),
            (&Cow::Borrowed(&bytes[..])).encode(),
            (&Some(bytes.clone())).encode(),
            (&VecDeque::from([1_u8])).encode(),
            (&Vec::<u8>::new()).encode(),
        ];
        for result in refused {
            let error = result.expect_err("bytes by reference");
            assert_eq!(error.kind(), ErrorKind::ValueFormat);
            assert!(alloc::format!("{error}").contains("Raw"), "{error}");
        }
        assert_eq!(Json(&bytes).encode().unwrap().bytes, "[1,2]");
        assert_eq!((&vec![1_u16, 2]).encode().unwrap(), Encoded::new("[1,2]", Flags::JSON));
        assert!(looks_like_bytes::<Bytes>() && looks_like_bytes::<bytes::BytesMut>());
        // Not bytes, but something that has some.
        assert_eq!((&vec![bytes]).encode().unwrap().bytes, "[[1,2]]");
        assert_eq!((&(1_u8, 2_u8)).encode().unwrap().bytes, "[1,2]");
    }

    #[test]
    fn what_is_no_number_is_not_stored_as_null() {
        for result in [f64::NAN.encode(), (&f64::INFINITY).encode(), f32::NEG_INFINITY.encode()] {
            assert_eq!(result.expect_err("refused").kind(), ErrorKind::ValueFormat);
        }
        assert_eq!((&[1.5, f64::NAN]).encode().unwrap().bytes, "[1.5,null]");
        assert_eq!((&None::<f64>).encode().unwrap().bytes, "null");
    }

    #[test]
    fn json_is_compact_and_leaves_text_unescaped() {
        assert_eq!("é\n".encode().unwrap().bytes, "\"é\\n\"");
        assert_eq!((&("a", 1, [true])).encode().unwrap().bytes, "[\"a\",1,[true]]");
        assert_eq!(7_u64.encode().unwrap(), Encoded::new("7", Flags::JSON));
        assert_eq!(().encode().unwrap().bytes, "null");
    }

    #[test]
    fn a_document_is_not_said_in_debug() {
        let said = alloc::format!("{:?}", "secret words".encode().unwrap());
        assert!(said.contains("len: 14") && !said.contains("secret"), "{said}");
    }

    #[test]
    fn what_serde_refuses_is_a_value_format_error() {
        let map = alloc::collections::BTreeMap::from([(vec![1_u8], 1)]);
        assert_eq!((&map).encode().expect_err("a key that is no text").kind(), ErrorKind::ValueFormat);
    }
}
