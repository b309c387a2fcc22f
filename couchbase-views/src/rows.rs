//! The row machine: the body of a view's answer, in pieces of any size, becomes rows and metadata. Sans-IO.
//!
//! It resumes at any byte, never looks at a byte twice to find a row's end, and holds the value it is in the middle
//! of and nothing else. What it accepts is JSON as `serde_json` understands it, with these decisions:
//! - a byte order mark, and anything but white space after the answer, is refused;
//! - of the members that it knows none may come twice; unknown ones are checked and dropped; names may be escaped;
//! - a row may be any JSON value, though only objects have fields; of a row's members of one name the last counts;
//! - escapes and numbers are checked for grammar: lone surrogates and `1e999` pass until someone decodes them;
//! - an answer without `rows` must have an `error`; one that ends early is an error after the rows before it.

mod envelope;
mod fields;
mod metadata;
mod row;
mod scan;

pub use metadata::{Metadata, ViewError};
pub use row::{OwnedRow, Row, Rows};

pub(crate) use fields::Fields;

use envelope::Envelope;
use std::fmt;

/// Largest row, or other single value of an answer, in bytes: a document of 20 MiB emitted whole, its id and key.
pub const MAX_ROW: usize = 20 * 1024 * 1024 + 64 * 1024;

/// Deepest nesting of arrays and objects in a row.
pub const MAX_DEPTH: u32 = 512;

/// Why an answer cannot be read. Rows before the fault were delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RowsError {
    /// The answer ended before its end.
    Truncated,
    /// Not the JSON of a view's answer.
    Malformed {
        /// Position in the answer, in bytes: at, or shortly before, the fault.
        offset: u64,
        /// What is wrong there.
        reason: String,
    },
    /// A single value exceeds this many bytes.
    TooLarge(usize),
}

impl fmt::Display for RowsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the view's answer ended in the middle; ask again"),
            Self::Malformed { offset, reason } => {
                write!(f, "the view's answer is malformed at byte {offset}: {reason}; ")?;
                f.write_str("check that nothing on the way alters it")
            }
            Self::TooLarge(limit) => {
                write!(f, "a row of the view's answer exceeds {limit} bytes; let the view emit less")
            }
        }
    }
}

impl std::error::Error for RowsError {}

/// What the [`RowMachine`] has found.
#[derive(Debug)]
#[non_exhaustive]
pub enum RowEvent<'a> {
    /// Rows, in order. Those that are not looked at are lost.
    Rows(Rows<'a>),
    /// The whole answer was read; nothing follows.
    Done(&'a Metadata),
    /// The answer cannot be read any further; nothing follows.
    Failed(RowsError),
}

/// Turns the bytes of a view's answer into rows.
///
/// ```
/// use couchbase_views::rows::{RowEvent, RowMachine};
///
/// let mut machine = RowMachine::new();
/// let mut seen = Vec::new();
/// for piece in [r#"{"total_rows":2,"rows":[{"id":"a","key":1,"va"#, r#"lue":null},{"id":"b","key":2,"value":null}]}"#] {
///     machine.handle_input(piece.as_bytes());
///     while let Some(RowEvent::Rows(rows)) = machine.poll_event() {
///         seen.extend(rows.map(|row| row.id().map(str::to_owned)));
///     }
/// }
/// machine.handle_end();
/// assert!(matches!(machine.poll_event(), Some(RowEvent::Done(meta)) if meta.total_rows() == 2));
/// assert_eq!(seen, [Some("a".to_owned()), Some("b".to_owned())]);
/// ```
#[derive(Debug)]
pub struct RowMachine {
    buffer: Vec<u8>,
    rows: Vec<Fields>,
    /// The rows were handed out, and may go.
    are_rows_given: bool,
    envelope: Envelope,
    end: End,
}

#[derive(Debug)]
enum End {
    Open,
    /// To be reported after the rows.
    Reached(Result<(), RowsError>),
    Reported,
}

impl Default for RowMachine {
    fn default() -> Self {
        Self::new()
    }
}

impl RowMachine {
    /// A machine with the usual limit, [`MAX_ROW`].
    pub fn new() -> Self {
        Self::with_max_row(MAX_ROW)
    }

    /// A machine that refuses rows, and other single values, of more than this many bytes.
    pub fn with_max_row(max_row: usize) -> Self {
        Self {
            buffer: Vec::new(),
            rows: Vec::new(),
            are_rows_given: false,
            envelope: Envelope::new(max_row),
            end: End::Open,
        }
    }

    /// Takes a piece of the answer. What it completes waits in [`poll_event`](Self::poll_event).
    pub fn handle_input(&mut self, bytes: &[u8]) {
        if !matches!(self.end, End::Open) {
            return;
        }
        self.forget_given();
        if self.rows.is_empty() {
            let done_with = self.envelope.release();
            self.buffer.drain(..done_with);
        }
        self.buffer.extend_from_slice(bytes);
        if let Err(error) = self.envelope.advance(&self.buffer, &mut self.rows) {
            self.end = End::Reached(Err(error));
        }
    }

    /// Tells that the answer is over.
    pub fn handle_end(&mut self) {
        if matches!(self.end, End::Open) {
            self.end = End::Reached(self.envelope.finish());
        }
    }

    /// What was found since the last call: rows first, then how it ended.
    pub fn poll_event(&mut self) -> Option<RowEvent<'_>> {
        self.forget_given();
        if !self.rows.is_empty() {
            self.are_rows_given = true;
            return Some(RowEvent::Rows(Rows::new(&self.buffer, &self.rows)));
        }
        match std::mem::replace(&mut self.end, End::Reported) {
            End::Open => {
                self.end = End::Open;
                None
            }
            End::Reached(Ok(())) => Some(RowEvent::Done(self.metadata())),
            End::Reached(Err(error)) => Some(RowEvent::Failed(error)),
            End::Reported => None,
        }
    }

    /// What is known so far about the answer as a whole.
    pub fn metadata(&self) -> &Metadata {
        self.envelope.metadata()
    }

    /// Bytes held at the moment: the value in progress, and rows not yet taken.
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    fn forget_given(&mut self) {
        if self.are_rows_given {
            self.rows.clear();
            self.are_rows_given = false;
        }
    }
}
