//! The object around the rows: which member comes, where each value starts and ends.
//!
//! Punctuation is checked byte by byte here; every value is checked as a whole once its end was found. Both together
//! accept what `serde_json` accepts.

use super::fields::{Fields, member_name};
use super::metadata::{self, Metadata};
use super::scan::{Scan, TooDeep};
use super::{MAX_DEPTH, RowsError};
use serde_json::value::RawValue;

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Start,
    /// A name, or the end of an empty object.
    FirstName,
    Name,
    Colon,
    Value,
    AfterValue,
    /// A row, or the end of an empty array.
    FirstRow,
    Row,
    AfterRow,
    End,
}

/// The members of an answer that mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    TotalRows,
    Rows,
    Errors,
    Error,
    Reason,
    DebugInfo,
    Unknown,
}

#[derive(Debug)]
pub(super) struct Envelope {
    max_value: usize,
    place: Place,
    member: Member,
    /// The known members that have come.
    seen: Vec<Member>,
    /// The value in progress, and where it starts in the buffer.
    value: Option<(usize, Scan)>,
    /// How far the buffer was read.
    at: usize,
    /// Bytes of the answer before the buffer.
    before: u64,
    metadata: Metadata,
}

impl Envelope {
    pub(super) fn new(max_value: usize) -> Self {
        Self {
            // Spans within a row have 32 bits.
            max_value: max_value.min(usize::try_from(u32::MAX).unwrap_or(usize::MAX)),
            place: Place::Start,
            member: Member::Unknown,
            seen: Vec::new(),
            value: None,
            at: 0,
            before: 0,
            metadata: Metadata::default(),
        }
    }

    pub(super) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// How many bytes at the front of the buffer are no longer needed. They must be removed now.
    pub(super) fn release(&mut self) -> usize {
        let needed_from = self.value.as_ref().map_or(self.at, |&(start, _)| start);
        self.at -= needed_from;
        if let Some((start, _)) = &mut self.value {
            *start = 0;
        }
        self.before = self.before.saturating_add(u64::try_from(needed_from).unwrap_or(u64::MAX));
        needed_from
    }

    /// Reads what the buffer has grown by; rows that are complete go to `rows`.
    pub(super) fn advance(&mut self, buffer: &[u8], rows: &mut Vec<Fields>) -> Result<(), RowsError> {
        while let Some(&byte) = buffer.get(self.at) {
            let Some((start, mut scan)) = self.value else {
                self.take_byte(byte)?;
                continue;
            };
            // No further than the limit, or the pieces would decide whether too large or too deep comes first.
            let room = self.max_value.saturating_sub(self.at - start).saturating_add(1);
            let piece = &buffer[self.at..];
            let piece = &piece[..piece.len().min(room)];
            let end = scan.advance(piece);
            let end = end.map_err(|TooDeep| self.fault(format!("more than {MAX_DEPTH} levels deep")))?;
            self.at += end.unwrap_or(piece.len());
            if self.at - start > self.max_value {
                return Err(RowsError::TooLarge(self.max_value));
            }
            if end.is_some() {
                self.value = None;
                self.take_value(start, &buffer[start..self.at], rows)?;
            } else {
                self.value = Some((start, scan));
            }
        }
        Ok(())
    }

    /// The answer is over: was it whole?
    pub(super) fn finish(&self) -> Result<(), RowsError> {
        if self.place != Place::End {
            return Err(RowsError::Truncated);
        }
        if !self.seen.contains(&Member::Rows) && self.metadata.error.is_none() {
            return Err(self.fault("it has neither rows nor an error"));
        }
        Ok(())
    }

    fn take_byte(&mut self, byte: u8) -> Result<(), RowsError> {
        if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
            return Ok(());
        }
        self.place = match (self.place, byte) {
            (Place::Start, b'{') => Place::FirstName,
            (Place::FirstName, b'}') | (Place::AfterValue, b'}') => Place::End,
            (Place::FirstName | Place::Name, b'"') => {
                self.value = Some((self.at, Scan::new(byte)));
                Place::Colon
            }
            (Place::Colon, b':') => Place::Value,
            (Place::Value, b'[') if self.member == Member::Rows => Place::FirstRow,
            (Place::Value, _) if self.member == Member::Rows => return Err(self.fault("rows are no array")),
            (Place::AfterValue, b',') => Place::Name,
            (Place::FirstRow, b']') | (Place::AfterRow, b']') => Place::AfterValue,
            (Place::AfterRow, b',') => Place::Row,
            (Place::Value | Place::FirstRow | Place::Row, first) if can_start_value(first) => {
                self.value = Some((self.at, Scan::new(byte)));
                if self.place == Place::Value { Place::AfterValue } else { Place::AfterRow }
            }
            (place, byte) => {
                return Err(self.fault(format!("{} instead of {}", shown(byte), place.expected())));
            }
        };
        self.at += 1;
        Ok(())
    }

    fn take_value(&mut self, start: usize, json: &[u8], rows: &mut Vec<Fields>) -> Result<(), RowsError> {
        if self.place == Place::AfterRow {
            rows.push(Fields::read(start, json).map_err(|error| self.fault_at(start, error))?);
            return Ok(());
        }
        let value: &RawValue = serde_json::from_slice(json).map_err(|error| self.fault_at(start, error))?;
        if self.place == Place::Colon {
            self.member = member(json);
            if self.member != Member::Unknown {
                if self.seen.contains(&self.member) {
                    return Err(self.fault_at(start, format!("{} comes twice", value.get())));
                }
                self.seen.push(self.member);
            }
            return Ok(());
        }
        match self.member {
            Member::TotalRows => {
                let total = serde_json::from_slice(json);
                self.metadata.total_rows =
                    Some(total.map_err(|_| self.fault_at(start, "total_rows is no count"))?);
            }
            Member::Errors => self.metadata.errors = metadata::errors(value),
            Member::Error => self.metadata.error = (json != b"null").then(|| metadata::text(value)),
            Member::Reason => self.metadata.reason = Some(metadata::text(value)),
            Member::DebugInfo => self.metadata.debug_info = Some(value.get().into()),
            Member::Rows | Member::Unknown => {}
        }
        Ok(())
    }

    fn fault(&self, reason: impl ToString) -> RowsError {
        self.fault_at(self.at, reason)
    }

    fn fault_at(&self, at: usize, reason: impl ToString) -> RowsError {
        let at = u64::try_from(at).unwrap_or(u64::MAX);
        RowsError::Malformed { offset: self.before.saturating_add(at), reason: reason.to_string() }
    }
}

impl Place {
    fn expected(self) -> &'static str {
        match self {
            Self::Start => "an object",
            Self::FirstName => "a name or }",
            Self::Name => "a name",
            Self::Colon => "a colon",
            Self::Value => "a value",
            Self::AfterValue => "a comma or }",
            Self::FirstRow => "a row or ]",
            Self::Row => "a row",
            Self::AfterRow => "a comma or ]",
            Self::End => "nothing after the end",
        }
    }
}

fn member(name: &[u8]) -> Member {
    match member_name(name).as_deref() {
        Some("total_rows") => Member::TotalRows,
        Some("rows") => Member::Rows,
        Some("errors") => Member::Errors,
        Some("error") => Member::Error,
        Some("reason") => Member::Reason,
        Some("debug_info") => Member::DebugInfo,
        _ => Member::Unknown,
    }
}

fn can_start_value(byte: u8) -> bool {
    matches!(byte, b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')
}

fn shown(byte: u8) -> String {
    if byte.is_ascii_graphic() { char::from(byte).to_string() } else { format!("byte {byte:#04x}") }
}
