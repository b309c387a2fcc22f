//! What rows and metadata say, once they are there.

use couchbase_views::rows::{RowEvent, RowMachine};

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
