//! Rows as users see them: borrowed from the block of memory that they arrived in, or owned.

use super::fields::Fields;
use bytes::Bytes;
use couchbase_core::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::fmt;

/// A row that borrows from the receive buffer or a [`BatchedView`](crate::BatchedView).
#[derive(Clone, Copy)]
pub struct Row<'a> {
    json: &'a [u8],
    fields: &'a Fields,
}

impl<'a> Row<'a> {
    pub(crate) fn new(block: &'a [u8], fields: &'a Fields) -> Self {
        Self { json: of_block(block, fields), fields }
    }

    /// The document behind the row; `None` for rows of a reduced view, and for an id that is not Unicode text.
    pub fn id(&self) -> Option<&'a str> {
        self.fields.id(self.json)
    }

    /// The key that the view emitted, read as any type, borrowed ones included.
    ///
    /// # Errors
    /// `ValueFormat` if the key is of another type or the row has none.
    pub fn key<T: Deserialize<'a>>(&self) -> Result<T> {
        decode(self.fields.key(self.json), "key")
    }

    /// The value that the view emitted, read as any type, borrowed ones included.
    ///
    /// # Errors
    /// `ValueFormat` if the value is of another type or the row has none; `ViewEngine` with the server's words if
    /// the server could not compute it.
    pub fn value<T: Deserialize<'a>>(&self) -> Result<T> {
        match (self.fields.value(self.json), self.failure()) {
            (None, Some(words)) => Err(failed(words)),
            (json, _) => decode(json, "value"),
        }
    }

    /// The whole row as it came, valid JSON.
    pub fn json(&self) -> &'a [u8] {
        self.json
    }

    /// A copy that lives on its own.
    pub fn to_owned(&self) -> OwnedRow {
        OwnedRow { json: Bytes::copy_from_slice(self.json), fields: self.fields.moved_to(0) }
    }

    pub(crate) fn fields(&self) -> &'a Fields {
        self.fields
    }

    /// What the server says instead of a value.
    fn failure(&self) -> Option<Cow<'a, str>> {
        #[derive(Deserialize)]
        struct Failure<'a> {
            #[serde(borrow)]
            error: Cow<'a, str>,
        }
        // Only objects have fields: serde would take an array for one.
        if self.fields.value(self.json).is_some() || self.json.first() != Some(&b'{') {
            return None;
        }
        serde_json::from_slice::<Failure<'a>>(self.json).ok().map(|failure| failure.error)
    }
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.json))
    }
}

/// Rows, in order: an iterator that borrows.
#[derive(Clone)]
pub struct Rows<'a> {
    block: &'a [u8],
    fields: std::slice::Iter<'a, Fields>,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(block: &'a [u8], fields: &'a [Fields]) -> Self {
        Self { block, fields: fields.iter() }
    }
}

impl<'a> Iterator for Rows<'a> {
    type Item = Row<'a>;

    fn next(&mut self) -> Option<Row<'a>> {
        self.fields.next().map(|fields| Row::new(self.block, fields))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.fields.size_hint()
    }
}

impl ExactSizeIterator for Rows<'_> {}

impl fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// A row that owns its memory.
#[derive(Clone)]
pub struct OwnedRow {
    json: Bytes,
    fields: Fields,
}

impl OwnedRow {
    fn borrow(&self) -> Row<'_> {
        Row::new(&self.json, &self.fields)
    }

    /// As [`Row::id`].
    pub fn id(&self) -> Option<&str> {
        self.borrow().id()
    }

    /// As [`Row::key`].
    ///
    /// # Errors
    /// As there.
    pub fn key<T: DeserializeOwned>(&self) -> Result<T> {
        self.borrow().key()
    }

    /// As [`Row::value`].
    ///
    /// # Errors
    /// As there.
    pub fn value<T: DeserializeOwned>(&self) -> Result<T> {
        self.borrow().value()
    }

    /// The whole row as it came, valid JSON.
    pub fn json(&self) -> &[u8] {
        &self.json
    }
}

impl fmt::Debug for OwnedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.borrow(), f)
    }
}

fn of_block<'a>(block: &'a [u8], fields: &Fields) -> &'a [u8] {
    let end = usize::try_from(fields.len).map(|len| fields.start + len);
    end.ok().and_then(|end| block.get(fields.start..end)).unwrap_or_default()
}

fn decode<'a, T: Deserialize<'a>>(json: Option<&'a [u8]>, field: &str) -> Result<T> {
    let json = json.ok_or_else(|| Error::value_format(format!("the row has no {field}")))?;
    serde_json::from_slice(json).map_err(|error| {
        Error::value_format(format!("the row's {field}: {error}; ask for the type that it has"))
    })
}

fn failed(words: Cow<'_, str>) -> Error {
    Error::new(ErrorKind::ViewEngine, "the server could not compute this row's value")
        .with_server_words(words.into_owned())
}
