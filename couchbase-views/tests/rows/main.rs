//! The row machine against `serde_json`, at every cut and under mutation.
#![allow(clippy::unwrap_used)]

mod agreement;
mod faults;
mod fields;

use couchbase_views::rows::{RowEvent, RowMachine, RowsError};

/// What was made of an answer.
#[derive(Debug, PartialEq, Clone)]
struct Read {
    rows: Vec<String>,
    total_rows: Option<u64>,
    outcome: Result<(), RowsError>,
}

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Read {
    let mut machine = RowMachine::new();
    let mut rows = Vec::new();
    let mut drain = |machine: &mut RowMachine| loop {
        match machine.poll_event() {
            Some(RowEvent::Rows(some)) => {
                rows.extend(some.map(|row| str::from_utf8(row.json()).unwrap().to_owned()));
            }
            Some(RowEvent::Done(meta)) => return Some((Ok(()), Some(meta.total_rows()))),
            Some(RowEvent::Failed(error)) => return Some((Err(error), None)),
            Some(other) => panic!("an event that this does not know: {other:?}"),
            None => return None,
        }
    };
    for piece in pieces {
        machine.handle_input(piece);
        if let Some((outcome, total_rows)) = drain(&mut machine) {
            return Read { rows, total_rows, outcome };
        }
    }
    machine.handle_end();
    let (outcome, total_rows) = drain(&mut machine).unwrap();
    assert!(machine.poll_event().is_none());
    Read { rows, total_rows, outcome }
}

fn whole(body: &[u8]) -> Read {
    read([body])
}

/// Answers in the server's layout, and everything odd that is still right.
fn samples() -> Vec<Vec<u8>> {
    let mut samples: Vec<Vec<u8>> = [
        "{\"total_rows\":0,\"rows\":[\r\n]\r\n}",
        "{\"total_rows\":2,\"rows\":[\r\n{\"id\":\"a\",\"key\":1,\"value\":null},\r\n{\"id\":\"b\",\"key\":[1,\"x\"],\"value\":{\"y\":[]}}\r\n]\r\n}",
        "{\"rows\":[\r\n{\"key\":null,\"value\":31}\r\n]\r\n}",
        "{\"debug_info\":{\"local\":{\"main_group\":{\"active_partitions\":[0,1,2]}}},\"total_rows\":1,\"rows\":[\r\n{\"id\":\"a\",\"key\":\"k\",\"partition\":7,\"node\":\"local\",\"value\":0.5}\r\n]\r\n,\r\n\"errors\":[\r\n{\"from\":\"http://n:8092/_view_merge/\",\"reason\":\"timeout\"}\r\n]\r\n}",
        "{\"rows\":[{\"key\":1,\"error\":\"{\\\"reason\\\":1}\"}]}",
        "{\"total_rows\":0,\"rows\":[]\r\n,\r\n\"errors\":[{\"from\":\"local\",\"reason\":\"x\"}]\r\n}",
        " \t\r\n{ \"rows\" : [ 1 , \"two\" , null , true , [ ] , { } , -0.5e+7 ] , \"other\" : [ { \"rows\" : [ 9 ] } ] } \n",
        "{\"\\u0072ows\":[{\"\\u0069d\":\"x\\n\",\"key\":\"\\ud83d\\ude00\"}],\"total\\u005frows\":5}",
        "{\"rows\":[{\"key\":\"\\ud800\",\"value\":1e999},{\"key\":123456789012345678901234567890123456789012345678901234567890}],\"\\udc00\":0}",
        "{\"rows\":[{\"id\":\"\u{e9}\u{20ac}\u{10348}\",\"key\":\"\\\\\",\"value\":\"\\\"]}\"}]}",
        "{\"error\":\"not_found\",\"reason\":\"missing\"}",
        "{\"x\":1,\"x\":2,\"rows\":[{\"key\":1,\"key\":2}],\"x\":3}",
    ]
    .iter()
    .map(|body| body.as_bytes().to_vec())
    .collect();
    let deep = format!("{{\"rows\":[{}{}]}}", "[".repeat(512), "]".repeat(512));
    samples.push(deep.into_bytes());
    let many: Vec<_> = (0..40)
        .map(|i| {
            format!(
                "{{\"id\":\"doc-{i}\",\"key\":[{i},\"{}\"],\"value\":{}}}",
                "\\\\\u{fc}\"x".replace('"', "\\\""),
                i * i
            )
        })
        .collect();
    samples.push(format!("{{\"total_rows\":40,\"rows\":[\r\n{}\r\n]\r\n}}", many.join(",\r\n")).into_bytes());
    samples
}
