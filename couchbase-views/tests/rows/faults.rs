//! Answers that end early, that are none, or that are too deep or too large: refused, after the rows before the fault.

use crate::{Read, samples, whole};
use couchbase_views::rows::{RowEvent, RowMachine, RowsError};

fn malformed(body: &str) -> (Vec<String>, u64, String) {
    match whole(body.as_bytes()) {
        Read { rows, outcome: Err(RowsError::Malformed { offset, reason }), .. } => (rows, offset, reason),
        other => panic!("{body}: {other:?}"),
    }
}

#[test]
fn an_answer_that_ends_early_is_an_error_after_its_rows() {
    for body in samples() {
        let all = whole(&body).rows;
        let trimmed = body.trim_ascii_end().len();
        for end in 0..trimmed {
            let read = whole(&body[..end]);
            assert_eq!(read.outcome, Err(RowsError::Truncated), "cut at {end}");
            assert_eq!(read.rows, all[..read.rows.len()]);
        }
        assert_eq!(whole(&body[..trimmed - 1]).rows, all, "every row was delivered before the error");
    }
}

#[test]
fn what_is_no_answer_is_refused_with_its_place() {
    let cases = [
        ("[]", 0, "[ instead of an object"),
        ("\u{feff}{\"rows\":[]}", 0, "byte 0xef instead of an object"),
        ("<html>", 0, "< instead of an object"),
        ("{}", 2, "neither rows nor an error"),
        ("{\"x\":[]}", 8, "neither rows nor an error"),
        ("{\"error\":null}", 14, "neither rows nor an error"),
        ("{\"rows\":[]}x", 11, "x instead of nothing after the end"),
        ("{\"rows\":[]}{\"rows\":[]}", 11, "{ instead of nothing"),
        ("{\"rows\":{}}", 8, "rows are no array"),
        ("{\"rows\":null}", 8, "rows are no array"),
        ("{\"rows\":[],\"rows\":[]}", 11, "\"rows\" comes twice"),
        ("{\"rows\":[],\"r\\u006fws\":[]}", 11, "comes twice"),
        ("{\"total_rows\":1,\"total_rows\":1,\"rows\":[]}", 16, "comes twice"),
        ("{\"total_rows\":-1,\"rows\":[]}", 14, "total_rows is no count"),
        ("{\"total_rows\":1.5,\"rows\":[]}", 14, "total_rows is no count"),
        ("{\"total_rows\":99999999999999999999,\"rows\":[]}", 14, "total_rows is no count"),
        ("{\"rows\":[],}", 11, "} instead of a name"),
        ("{\"rows\":[,]}", 9, ", instead of a row or ]"),
        ("{,\"rows\":[]}", 1, ", instead of a name or }"),
        ("{\"rows\" []}", 8, "[ instead of a colon"),
        ("{rows:[]}", 1, "r instead of a name or }"),
        ("{\"rows\":[]]", 10, "] instead of a comma or }"),
    ];
    for (body, offset, reason) in cases {
        let (rows, at, words) = malformed(body);
        assert!(rows.is_empty());
        assert_eq!(at, offset, "{body}: {words}");
        assert!(words.contains(reason), "{body}: {words}");
    }
}

#[test]
fn rows_before_a_fault_are_delivered() {
    for fault in [
        "{\"a\":tru}",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "[1 2]",
        "01",
        "1.",
        "-",
        "nul",
        "\"\t\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "{\"a\":1]",
        "[1}",
        "{]",
        "\u{1}",
        "'a'",
        "+1",
    ] {
        let (rows, offset, _) = malformed(&format!("{{\"rows\":[1,{{\"id\":\"a\"}},{fault},3]}}"));
        assert_eq!(rows, ["1", "{\"id\":\"a\"}"], "{fault}");
        assert!(offset >= 22, "{fault}: {offset}");
    }
    let not_utf8 = b"{\"rows\":[1,\"\xff\"]}";
    let read = whole(not_utf8);
    assert_eq!(read.rows, ["1"]);
    assert!(matches!(read.outcome, Err(RowsError::Malformed { offset: 11, .. })), "{read:?}");
    for unseen in
        [&b"{\"rows\":[{\"other\":\"\xff\"}]}"[..], b"{\"rows\":[{\"\xff\":1}]}", b"{\"\xff\":1,\"rows\":[]}"]
    {
        assert!(matches!(whole(unseen).outcome, Err(RowsError::Malformed { .. })));
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth| format!("{{\"rows\":[7,{}", "[".repeat(depth));
    assert_eq!(whole(nested(512).as_bytes()).outcome, Err(RowsError::Truncated));
    let (rows, _, reason) = malformed(&nested(513));
    assert_eq!((rows.len(), &*reason), (1, "more than 512 levels deep"));
    let (_, _, reason) = malformed(&nested(1_000_000));
    assert_eq!(reason, "more than 512 levels deep");
}

#[test]
fn memory_is_bounded_by_one_row_and_one_piece() {
    let limit = 1000;
    let mut machine = RowMachine::with_max_row(limit);
    machine.handle_input(b"{\"rows\":[");
    let mut count = 0;
    for _ in 0..10_000 {
        machine.handle_input(b"{\"id\":\"x\",\"key\":1,\"value\":\"some text\"} ,   \n");
        if let Some(RowEvent::Rows(rows)) = machine.poll_event() {
            count += rows.len();
        }
        assert!(machine.buffered() < 100);
    }
    assert_eq!(count, 10_000);
    // One stray quote would otherwise buffer for ever.
    machine.handle_input(b"\"");
    for _ in 0..10 {
        machine.handle_input(&[b'x'; 100]);
        assert!(machine.buffered() <= limit + 100);
    }
    assert!(matches!(machine.poll_event(), Some(RowEvent::Failed(RowsError::TooLarge(1000)))));
    machine.handle_input(&[b'x'; 100]);
    assert!(machine.poll_event().is_none());

    let exact = format!("{{\"rows\":[\"{}\"]}}", "x".repeat(limit - 2));
    for (body, is_good) in [(exact.clone(), true), (exact.replace("\"x", "\"xx"), false)] {
        let mut machine = RowMachine::with_max_row(limit);
        machine.handle_input(body.as_bytes());
        assert_eq!(matches!(machine.poll_event(), Some(RowEvent::Rows(_))), is_good);
    }
}
