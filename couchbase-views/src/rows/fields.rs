//! Checks one row and finds its fields. A row is checked as a whole before anyone sees it, UTF-8 included.

use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Where a row lies in its block of memory, and its fields in the row.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    pub(crate) start: usize,
    pub(crate) len: u32,
    /// Set if the id holds escapes: then it cannot be borrowed from the row.
    decoded_id: Option<Box<str>>,
    id: Span,
    key: Span,
    value: Span,
}

/// A field's JSON, within the row. No JSON value is empty: length 0 means that the field is not there.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: u32,
    len: u32,
}

impl Span {
    fn of(self, row: &[u8]) -> Option<&[u8]> {
        let start = usize::try_from(self.start).ok()?;
        let end = start + usize::try_from(self.len).ok()?;
        row.get(start..end).filter(|json| !json.is_empty())
    }
}

impl Fields {
    /// Checks `row`, which lies at `start` of its block.
    pub(crate) fn read(start: usize, row: &[u8]) -> Result<Self, serde_json::Error> {
        let mut fields = Self {
            start,
            len: u32::try_from(row.len()).map_err(serde::de::Error::custom)?,
            decoded_id: None,
            id: Span::default(),
            key: Span::default(),
            value: Span::default(),
        };
        if row.first() != Some(&b'{') {
            let _: &RawValue = serde_json::from_slice(row)?;
            return Ok(fields);
        }
        let mut reader = serde_json::Deserializer::from_slice(row);
        reader.deserialize_map(Members { row, fields: &mut fields })?;
        reader.end()?;
        if let Some(json) = fields.id.of(row).filter(|json| json.contains(&b'\\')) {
            fields.decoded_id = serde_json::from_slice(json).ok();
            if fields.decoded_id.is_none() {
                // A lone surrogate: not text.
                fields.id = Span::default();
            }
        }
        Ok(fields)
    }

    /// The same row at another place.
    pub(crate) fn moved_to(&self, start: usize) -> Self {
        Self { start, ..self.clone() }
    }

    /// Bytes that it holds beside the row.
    pub(crate) fn decoded_len(&self) -> usize {
        self.decoded_id.as_ref().map_or(0, |id| id.len())
    }

    pub(crate) fn id<'a>(&'a self, row: &'a [u8]) -> Option<&'a str> {
        match &self.decoded_id {
            Some(id) => Some(id),
            None => str::from_utf8(self.id.of(row)?.strip_prefix(b"\"")?.strip_suffix(b"\"")?).ok(),
        }
    }

    pub(crate) fn key<'a>(&self, row: &'a [u8]) -> Option<&'a [u8]> {
        self.key.of(row)
    }

    pub(crate) fn value<'a>(&self, row: &'a [u8]) -> Option<&'a [u8]> {
        self.value.of(row)
    }
}

/// The name of a member, if it is text: an escape may also make it something that no name can equal.
pub(super) fn member_name(json: &[u8]) -> Option<Cow<'_, str>> {
    if json.contains(&b'\\') {
        return serde_json::from_slice::<String>(json).ok().map(Cow::Owned);
    }
    str::from_utf8(json.strip_prefix(b"\"")?.strip_suffix(b"\"")?).ok().map(Cow::Borrowed)
}

struct Members<'a> {
    row: &'a [u8],
    fields: &'a mut Fields,
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        // Both raw: serde_json then checks grammar and UTF-8 of everything, and decodes nothing.
        while let Some((name, value)) = members.next_entry::<&RawValue, &RawValue>()? {
            let span = match member_name(name.get().as_bytes()).as_deref() {
                Some("id") => &mut self.fields.id,
                Some("key") => &mut self.fields.key,
                Some("value") => &mut self.fields.value,
                _ => continue,
            };
            *span = span_within(self.row, value.get());
        }
        Ok(())
    }
}

/// Where `part`, which borrows from `row`, lies in it.
fn span_within(row: &[u8], part: &str) -> Span {
    let start = part.as_ptr().addr().saturating_sub(row.as_ptr().addr());
    // The row is shorter than 4 GiB: `Fields::read` has made sure.
    Span { start: u32::try_from(start).unwrap_or(0), len: u32::try_from(part.len()).unwrap_or(0) }
}
