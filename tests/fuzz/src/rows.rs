//! A view's answer: the same rows and the same end, however it is cut.

use crate::cuts::pieces;
use couchbase_views::rows::{RowEvent, RowMachine, RowsError};

/// Small, so that rows exceed it often.
const MAX_ROW: usize = 2 * 1024;

/// What an answer came to.
#[derive(Debug, Default, PartialEq)]
struct Read {
    /// Each row, and its document.
    rows: Vec<(Vec<u8>, Option<String>)>,
    /// The metadata, or what kind of error; a fault's place may be told a little early.
    end: Option<Result<String, &'static str>>,
}

/// Reads `data` as a view's answer, whole and in pieces.
pub fn rows(data: &[u8]) {
    let whole = read([data].into_iter());
    assert_eq!(read(pieces(data)), whole, "chunking matters");
    if data.len() <= 256 {
        assert_eq!(read(data.chunks(1)), whole, "byte by byte it differs");
    }
    for (json, _) in &whole.rows {
        assert!(json.len() <= MAX_ROW && is_json(json), "a row is no JSON");
    }
    if let Some(Ok(_)) = &whole.end {
        assert!(is_json(data), "an answer that is no JSON was taken for whole");
    }
}

fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Read {
    let mut machine = RowMachine::with_max_row(MAX_ROW);
    let mut read = Read::default();
    let mut longest = 0;
    for piece in pieces {
        machine.handle_input(piece);
        poll(&mut machine, &mut read);
        longest = longest.max(piece.len());
        let held = machine.buffered();
        assert!(held <= MAX_ROW + longest, "{held} bytes are held, of pieces of at most {longest}");
    }
    machine.handle_end();
    poll(&mut machine, &mut read);
    assert!(read.end.is_some(), "it never ended");
    machine.handle_input(b"more");
    assert!(machine.poll_event().is_none(), "something came after the end");
    read
}

fn poll(machine: &mut RowMachine, read: &mut Read) {
    while let Some(event) = machine.poll_event() {
        assert!(read.end.is_none(), "something came after the end");
        match event {
            RowEvent::Rows(rows) => {
                for row in rows {
                    assert_eq!(row.to_owned().json(), row.json());
                    read.rows.push((row.json().to_vec(), row.id().map(str::to_owned)));
                }
            }
            RowEvent::Done(metadata) => read.end = Some(Ok(format!("{metadata:?}"))),
            RowEvent::Failed(error) => {
                assert!(!error.to_string().is_empty());
                read.end = Some(Err(match error {
                    RowsError::Truncated => "truncated",
                    RowsError::Malformed { .. } => "malformed",
                    RowsError::TooLarge(_) => "too large",
                    _ => "another",
                }));
            }
            other => panic!("an event that this does not know: {other:?}"),
        }
    }
}

/// JSON as `serde_json` understands it, apart from its limit on nesting.
fn is_json(text: &[u8]) -> bool {
    match serde_json::from_slice::<serde::de::IgnoredAny>(text) {
        Ok(_) => true,
        Err(error) => error.to_string().contains("recursion limit"),
    }
}
