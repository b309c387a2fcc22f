//! What map functions see, and that none of them can hold the cluster up.

use serde_json::json;

use super::*;

#[test]
fn a_map_function_sees_document_and_meta() {
    let mut bench = Bench::with_view(&[], json!({ "map": "function (doc, meta) { emit(meta, doc); }" }));
    bench.shelf.put("j", r#"{"a":[1,2.5,"ü"]}"#);
    let rev = "7-00000000000000016b49d20002000006";
    assert_eq!(
        bench.rows(""),
        format!(
            r#"{{"id":"j","key":{{"id":"j","rev":"{rev}","expiration":1800000000,"flags":33554438,"type":"json"}},"value":{{"a":[1,2.5,"ü"]}}}}"#
        )
    );
}

#[test]
fn what_is_no_json_comes_as_base64() {
    let mut bench = Bench::with_view(&[], json!({ "map": "function (doc, meta) { emit(meta.type, doc); }" }));
    bench.shelf.put_raw(b"claims-json", b"{\xff", true);
    bench.shelf.put_raw(b"raw", b"{\"a\":1}", false);
    bench.shelf.put_raw(b"\xff\xfe", b"1", true);
    assert_eq!(
        bench.rows(""),
        r#"{"id":"claims-json","key":"base64","value":"e/8="} {"id":"raw","key":"base64","value":"eyJhIjoxfQ=="}"#,
        "and a key that is no text is skipped"
    );
}

#[test]
fn a_document_at_which_the_map_throws_has_no_rows() {
    let map = "function (doc, meta) { emit(doc.k, 1); if (doc.k === 2) { throw 'no'; } doc.k.x.y; }";
    let mut bench = Bench::with_view(&[("a", "1"), ("b", "2"), ("c", "3")], json!({ "map": map }));
    assert_eq!(bench.rows(""), "");
    let map = "function (doc, meta) { emit(doc.k, 1); emit(); if (doc.k === 2) { nothing.there(); } }";
    bench.put_design("d", &json!({ "views": { "v": { "map": map } } }).to_string());
    assert_eq!(
        bench.rows(""),
        r#"{"id":"a","key":null,"value":null} {"id":"c","key":null,"value":null} {"id":"a","key":1,"value":1} {"id":"c","key":3,"value":1}"#
    );
}

#[test]
fn a_looping_map_function_is_ended_and_named() {
    for body in ["for (;;) {}", "try { for (;;) {} } catch (e) {} finally { for (;;) {} }"] {
        let map = format!("function (doc, meta) {{ if (meta.id === 'b') {{ {body} }} emit(doc.k, null); }}");
        let mut bench = Bench::with_view(&[("a", "1"), ("b", "2"), ("c", "3")], json!({ "map": map }));
        let (status, error, reason) = bench.refused("stale=false");
        assert_eq!((status, error.as_str()), (500, "error"), "{reason}");
        assert!(reason.contains("`v`") && reason.contains("`b`"), "{reason}");
        let reads = bench.shelf.reads.get();
        assert_eq!(bench.refused("stale=false").0, 500);
        assert_eq!(bench.shelf.reads.get(), reads, "it is not run again before something changed");
        bench.shelf.remove("b");
        assert_eq!(ids(&bench.rows("")), "a,c");
    }
}

#[test]
fn a_looping_reduce_function_is_ended() {
    let view = json!({ "map": "function (d) { emit(1, 1); }", "reduce": "function () { while (true); }" });
    let mut bench = Bench::with_view(&[("a", "1")], view);
    let (status, _, reason) = bench.refused("stale=false");
    assert_eq!(status, 500);
    assert!(reason.contains("limits"), "{reason}");
}

#[test]
fn memory_stack_and_rows_of_one_document_are_bounded() {
    let cases = [
        "let s = 'x'; for (;;) { s += s; }",
        "const all = []; for (;;) { all.push(new Array(1000).fill(0)); }",
        "(function f() { f(); })();",
        "const row = 'x'.repeat(1000); for (;;) { emit(row, row); }",
    ];
    for body in cases {
        let map = format!("function (doc, meta) {{ if (meta.id === 'b') {{ {body} }} emit(doc.k, null); }}");
        let mut bench = Bench::with_view(&[("a", "1"), ("b", "2"), ("c", "3")], json!({ "map": map }));
        assert_eq!(ids(&bench.rows("")), "a,c", "{body}");
    }
}

#[test]
fn deeply_nested_values_harm_nobody() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let mut bench = Bench::with_view(
        &[("a", "1")],
        json!({ "map": "function (doc, meta) { let a = 1; for (let i = 0; i < 500; i++) { a = [a]; } emit(a, 1); emit(doc.k, 1); }" }),
    );
    bench.shelf.put("b", &format!(r#"{{"k":{deep}}}"#));
    assert_eq!(ids(&bench.rows("startkey=1&endkey=1")), "a");
    let (status, answer) =
        bench.ask(Method::POST, "/b/_design/d/_view/v", &format!(r#"{{"keys":[{deep}]}}"#));
    assert_eq!(refusal(status, &answer).1, "bad_request");
    let (status, answer) = bench.ask(Method::PUT, "/b/_design/d", &deep);
    assert_eq!(refusal(status, &answer).1, "bad_request");
}
