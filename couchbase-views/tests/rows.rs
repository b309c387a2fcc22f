//! The row machine against `serde_json`, at every cut and under mutation.
#![allow(clippy::unwrap_used)]

use couchbase_views::rows::{RowEvent, RowMachine, RowsError};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

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

fn malformed(body: &str) -> (Vec<String>, u64, String) {
    match whole(body.as_bytes()) {
        Read { rows, outcome: Err(RowsError::Malformed { offset, reason }), .. } => (rows, offset, reason),
        other => panic!("{body}: {other:?}"),
    }
}

/// The same answer as `serde_json` reads it, with the machine's decisions on top.
struct Oracle<'a> {
    rows: Vec<&'a RawValue>,
    total_rows: u64,
}

impl<'de> Deserialize<'de> for Oracle<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Oracle<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an answer")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Oracle<'de>, A::Error> {
                use serde::de::Error;
                let mut seen = Vec::new();
                let mut oracle = Oracle { rows: Vec::new(), total_rows: 0 };
                while let Some(name) = map.next_key::<&RawValue>()? {
                    let name = serde_json::from_str::<String>(name.get()).unwrap_or_default();
                    let known = ["rows", "total_rows", "errors", "error", "reason", "debug_info"];
                    if known.contains(&&*name) && seen.contains(&name) {
                        return Err(A::Error::custom("twice"));
                    }
                    match &*name {
                        "rows" => oracle.rows = map.next_value()?,
                        "total_rows" => oracle.total_rows = map.next_value()?,
                        "error" => {
                            if map.next_value::<&RawValue>()?.get() == "null" {
                                continue;
                            }
                        }
                        _ => drop(map.next_value::<&RawValue>()?),
                    }
                    seen.push(name);
                }
                if !seen.iter().any(|name| name == "rows" || name == "error") {
                    return Err(A::Error::custom("neither rows nor error"));
                }
                Ok(oracle)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

fn agrees(body: &[u8], read: &Read) {
    let shown = || String::from_utf8_lossy(body).into_owned();
    match serde_json::from_slice::<Oracle<'_>>(body) {
        Ok(oracle) => {
            assert_eq!(read.outcome, Ok(()), "{}", shown());
            let rows: Vec<_> = oracle.rows.iter().map(|row| row.get()).collect();
            assert_eq!(read.rows, rows, "{}", shown());
            assert_eq!(read.total_rows, Some(oracle.total_rows), "{}", shown());
        }
        Err(error) => assert!(read.outcome.is_err(), "accepted, but {error}: {}", shown()),
    }
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

#[test]
fn samples_agree_with_serde_json_at_every_cut() {
    for body in samples() {
        let expected = whole(&body);
        assert_eq!(expected.outcome, Ok(()), "{}", String::from_utf8_lossy(&body));
        agrees(&body, &expected);
        for cut in 0..=body.len() {
            let (a, b) = body.split_at(cut);
            assert_eq!(read([a, b]), expected, "cut at {cut}");
        }
        for step in [1, 2, 3, 5, 7, 13, 63, 64, 65] {
            assert_eq!(read(body.chunks(step)), expected, "steps of {step}");
        }
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

#[test]
fn rows_wait_until_they_are_polled() {
    let mut machine = RowMachine::new();
    for piece in b"{\"rows\":[1,22,333,4444]}".chunks(3) {
        machine.handle_input(piece);
    }
    machine.handle_end();
    let Some(RowEvent::Rows(rows)) = machine.poll_event() else { panic!() };
    assert_eq!(rows.map(|row| row.value::<u64>().is_err()).collect::<Vec<_>>(), [true; 4]);
    assert!(matches!(machine.poll_event(), Some(RowEvent::Done(_))));
}

fn row_of<T>(row: &str, look: impl FnOnce(couchbase_views::Row<'_>) -> T) -> T {
    let mut machine = RowMachine::new();
    machine.handle_input(format!("{{\"rows\":[{row}").as_bytes());
    machine.handle_input(b" ");
    match machine.poll_event() {
        Some(RowEvent::Rows(mut rows)) => look(rows.next().unwrap()),
        other => panic!("{row}: {other:?}"),
    }
}

#[test]
fn fields_are_found_whatever_their_dress() {
    row_of(r#"{"id":"d","key":[1,"a"],"value":{"n":"x"},"doc":null}"#, |row| {
        assert_eq!(row.id(), Some("d"));
        assert_eq!(row.key::<(u8, &str)>().unwrap(), (1, "a"));
        assert_eq!(row.value::<std::collections::HashMap<&str, &str>>().unwrap()["n"], "x");
        let owned = row.to_owned();
        assert_eq!((owned.id(), owned.json()), (Some("d"), row.json()));
        assert_eq!(owned.key::<(u8, String)>().unwrap(), (1, "a".to_owned()));
        assert_eq!(format!("{row:?} {owned:?}").matches("\"value\"").count(), 2);
    });
    // Escapes in names and in the id; white space around everything.
    row_of("{ \"\\u0069d\" : \"a\\\"\\u00e9\\n\" , \"\\u006bey\" : 7 ,\n\"valu\\u0065\":\t[ ] }", |row| {
        assert_eq!(row.id(), Some("a\"\u{e9}\n"));
        assert_eq!(row.to_owned().id(), Some("a\"\u{e9}\n"));
        assert_eq!(row.key::<u8>().unwrap(), 7);
        assert!(row.value::<Vec<u8>>().unwrap().is_empty());
    });
    // The last of a name counts.
    row_of(r#"{"id":"a","key":1,"id":"b","key":2}"#, |row| {
        assert_eq!((row.id(), row.key().unwrap()), (Some("b"), 2));
    });
    // No text, no id: a number, and a lone surrogate.
    for row in [r#"{"id":7,"key":1}"#, r#"{"id":"\ud800","key":1}"#, r#"{"id":null,"key":1}"#, r#"{"key":1}"#]
    {
        row_of(row, |row| assert_eq!((row.id(), row.key().unwrap()), (None, 1)));
    }
}

#[test]
fn what_cannot_be_decoded_says_so() {
    use couchbase_core::ErrorKind;
    row_of(r#"{"key":"\ud800","value":1e999}"#, |row| {
        assert_eq!(row.key::<String>().unwrap_err().kind(), ErrorKind::ValueFormat);
        assert_eq!(row.value::<f64>().unwrap_err().kind(), ErrorKind::ValueFormat);
    });
    row_of("17", |row| {
        let error = row.key::<u8>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ValueFormat);
        assert!(error.to_string().contains("has no key"), "{error}");
    });
    row_of(r#"{"key":null,"error":"{\"builtin_reduce_error\",\"not a number\"}"}"#, |row| {
        let error = row.value::<u8>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ViewEngine);
        assert_eq!(error.server_words(), Some("{\"builtin_reduce_error\",\"not a number\"}"));
    });
}

#[test]
fn errors_come_in_three_shapes() {
    let errors = |json: &str| {
        let mut machine = RowMachine::new();
        machine.handle_input(format!("{{\"rows\":[],\"errors\":{json}}}").as_bytes());
        machine.handle_end();
        let Some(RowEvent::Done(meta)) = machine.poll_event() else { panic!("{json}") };
        meta.errors().iter().map(|error| (error.from.clone(), error.reason.clone())).collect::<Vec<_>>()
    };
    let pair = |from: &str, reason: &str| (from.to_owned(), reason.to_owned());
    assert_eq!(errors(r#"[{"from":"local","reason":"sl\u006fw"}]"#), [pair("local", "slow")]);
    assert_eq!(errors(r#"["a",7]"#), [pair("", "a"), pair("", "7")]);
    assert_eq!(errors(r#"{"n1":"a","n2":{"b":1}}"#), [pair("n1", "a"), pair("n2", "{\"b\":1}")]);
    assert_eq!(errors(r#""all of it""#), [pair("", "all of it")]);
    assert_eq!(errors("null"), []);
    assert_eq!(errors(&format!("[{}0]", "0,".repeat(5000))).len(), 1000);
    let too_many = errors(&format!("[{}0]", "0,".repeat(1 << 20)));
    assert_eq!(too_many, [pair("", "2097155 bytes of error reports, too many to keep")]);
}

/// Deterministic noise over the samples: accept or reject, and every row, as `serde_json` on the whole.
#[test]
fn mutations_agree_with_serde_json() {
    let mut noise = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        usize::try_from(noise % below as u64).unwrap()
    };
    let samples = samples();
    let small: Vec<_> = samples.iter().filter(|body| body.len() < 600).collect();
    let interesting = b"{}[]\",:\\u0e+-.1tfn \n\x00\xff\xc3";
    let mut outcomes = [0; 2];
    for _ in 0..30_000 {
        let mut body = small[next(small.len())].clone();
        for _ in 0..=next(2) {
            let at = next(body.len());
            match next(6) {
                0 => body[at] = interesting[next(interesting.len())],
                1 => drop(body.remove(at)),
                2 => body.insert(at, interesting[next(interesting.len())]),
                3 => body.swap(at, 0),
                4 => {
                    let end = at + next(body.len() - at);
                    let piece = body[at..end].to_vec();
                    let to = next(body.len());
                    body.splice(to..to, piece);
                }
                _ => body[at] ^= 1 << next(8),
            }
            if body.is_empty() {
                body.push(b'{');
            }
        }
        let once = whole(&body);
        agrees(&body, &once);
        let cut = read(body.chunks(1 + next(body.len())));
        assert_eq!(cut.rows, once.rows);
        assert_eq!(cut.outcome.is_ok(), once.outcome.is_ok());
        outcomes[usize::from(once.outcome.is_ok())] += 1;
    }
    assert!(outcomes.iter().all(|&count| count > 3_000), "{outcomes:?}");
}
