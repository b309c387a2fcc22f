//! Document keys: shared text, cheap to clone.

use alloc::borrow::Cow;
use alloc::string::String;
use bytes::Bytes;
use core::borrow::Borrow;
use core::fmt;

/// A document key: UTF-8 text of 1 to 250 bytes, shared, cheap to clone.
///
/// A `String` moves in, a `&str` is copied once, a `&Key` costs a reference count. The length is checked when an
/// operation is sent, not here. Implement `From<YourId> for Key` to pass typed ids wherever a key is wanted:
///
/// ```
/// use couchbase_core::Key;
///
/// struct UserId(u64);
/// impl From<UserId> for Key {
///     fn from(id: UserId) -> Self {
///         format!("user::{}", id.0).into()
///     }
/// }
/// assert_eq!(Key::from(UserId(7)).as_str(), "user::7");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(Bytes);

const _: () = assert!(size_of::<Key>() == 4 * size_of::<usize>());

impl Key {
    /// The longest key that a server takes, in bytes.
    pub const MAX_LEN: usize = 250;

    /// A key that costs no allocation.
    pub const fn from_static(text: &'static str) -> Self {
        Self(Bytes::from_static(text.as_bytes()))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).expect("a Key is made of text only")
    }

    /// The key as it stands on the wire.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if it has no bytes at all; no operation takes such a key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl core::hash::Hash for Key {
    // As `str` does it: `Borrow<str>` promises equal hashes.
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Key {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq<str> for Key {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Key {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&String> for Key {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<&&str> for Key {
    fn from(text: &&str) -> Self {
        (*text).into()
    }
}

impl From<&Self> for Key {
    fn from(key: &Self) -> Self {
        key.clone()
    }
}

impl From<Cow<'_, str>> for Key {
    fn from(text: Cow<'_, str>) -> Self {
        text.into_owned().into()
    }
}
