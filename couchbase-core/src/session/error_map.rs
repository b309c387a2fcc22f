//! The server's own description of its statuses (`GET_ERROR_MAP`, versions 1 and 2).
//!
//! It is consulted for statuses that this client does not know by itself, and for words to show. It is bounded in
//! entries and in text, and a map that does not parse counts as none: a link works without one.

mod attributes;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

pub use self::attributes::Attributes;
use crate::wire::Status;

/// The highest version that this client understands, which is what it asks for.
pub(super) const VERSION: u16 = 2;
/// A real map has about 10 KB and 80 entries, whose descriptions have up to 150 characters.
const MAX_BYTES: usize = 1 << 20;
const MAX_ENTRIES: usize = 1_024;
const MAX_NAME: usize = 64;
const MAX_DESCRIPTION: usize = 256;

/// What a server says about its statuses.
///
/// ```
/// use couchbase_core::session::{Attributes, ErrorMap};
/// use couchbase_core::wire::Status;
///
/// let json = br#"{"version":2,"revision":9,"errors":{
///     "86":{"name":"ETMPFAIL","desc":"Try again","attrs":["temp","retry-now"]}}}"#;
/// let map = ErrorMap::parse(json).expect("a map");
/// let entry = map.lookup(Status(0x86)).expect("an entry");
/// assert_eq!(entry.name(), "ETMPFAIL");
/// assert!(entry.attributes().contains(Attributes::TEMP));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorMap {
    version: u16,
    revision: u32,
    /// Ascending by status.
    entries: Box<[ErrorEntry]>,
}

/// What a server says about one status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorEntry {
    status: Status,
    name: Box<str>,
    description: Box<str>,
    attributes: Attributes,
}

impl ErrorMap {
    /// Reads a map; `None` if `json` is not one, has a version unknown here, or exceeds the bounds of good sense.
    pub fn parse(json: &[u8]) -> Option<Self> {
        if json.len() > MAX_BYTES {
            return None;
        }
        let document: Document<'_> = serde_json::from_slice(json).ok()?;
        if document.version == 0 || document.version > VERSION {
            return None;
        }
        let mut entries: Vec<ErrorEntry> = document.errors.0.into_iter().map(entry).collect();
        entries.sort_by_key(|entry| entry.status.0);
        entries.dedup_by_key(|entry| entry.status.0);
        Some(Self {
            version: document.version,
            revision: document.revision,
            entries: entries.into_boxed_slice(),
        })
    }

    /// The version of the map's form, 1 or 2.
    pub fn version(&self) -> u16 {
        self.version
    }

    /// Which of two maps of one version is newer: the higher.
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// The entry of `status`.
    pub fn lookup(&self, status: Status) -> Option<&ErrorEntry> {
        let at = self.entries.binary_search_by_key(&status.0, |entry| entry.status.0).ok()?;
        self.entries.get(at)
    }

    /// How many statuses are described.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no status is described.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl ErrorEntry {
    /// The status that this describes.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The server's name for it, for instance `KEY_ENOENT`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A sentence about it, for people.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// How a client that does not know the status should take it.
    pub fn attributes(&self) -> Attributes {
        self.attributes
    }
}

fn entry((status, described): (Status, Described<'_>)) -> ErrorEntry {
    ErrorEntry {
        status,
        name: shortened(&described.name, MAX_NAME),
        description: shortened(&described.desc, MAX_DESCRIPTION),
        attributes: described.attrs,
    }
}

fn shortened(text: &str, limit: usize) -> Box<str> {
    text.chars().take(limit).collect()
}

#[derive(Deserialize)]
struct Document<'a> {
    version: u16,
    #[serde(default)]
    revision: u32,
    #[serde(borrow)]
    errors: Errors<'a>,
}

#[derive(Deserialize)]
struct Described<'a> {
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    desc: Cow<'a, str>,
    #[serde(default)]
    attrs: Attributes,
}

struct Errors<'a>(Vec<(Status, Described<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Errors<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<'a>(core::marker::PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for Entries<'a> {
            type Value = Errors<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("statuses in hexadecimal with their descriptions")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(code) = map.next_key::<Cow<'de, str>>()? {
                    if entries.len() == MAX_ENTRIES {
                        return Err(A::Error::custom("too many statuses"));
                    }
                    // A key that is no status describes none that could ever arrive.
                    match u16::from_str_radix(&code, 16) {
                        Ok(code) => entries.push((Status(code), map.next_value()?)),
                        Err(_) => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(Errors(entries))
            }
        }

        deserializer.deserialize_map(Entries(core::marker::PhantomData))
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;

        impl<'de> Visitor<'de> for Names {
            type Value = Attributes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("names of attributes")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Self::Value, A::Error> {
                let mut attributes = Attributes::default();
                while let Some(name) = names.next_element::<Cow<'de, str>>()? {
                    attributes = attributes.with(Attributes::from_name(&name));
                }
                Ok(attributes)
            }
        }

        deserializer.deserialize_seq(Names)
    }
}

impl fmt::Display for ErrorEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:#04x}): {}", self.name, self.status.0, self.description)
    }
}
