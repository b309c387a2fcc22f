//! Rows: their text and grouping; and what the options refuse.

use serde_json::json;

use super::*;

/// Dates as arrays, with a number each.
fn dates(reduce: &str) -> Bench {
    let documents = [
        ("a", "[2024,1,1]", "1"),
        ("b", "[2024,1,2]", "2.5"),
        ("c", "[2024,2,1]", "4"),
        ("d", "[2025,1,1]", "8"),
        ("e", "\"never\"", "16"),
    ];
    let view = json!({ "map": "function (doc, meta) { emit(doc.k, doc.n); }", "reduce": reduce });
    let mut bench = Bench::with_view(&[], view);
    for (id, key, number) in documents {
        bench.shelf.put(id, &format!(r#"{{"k":{key},"n":{number}}}"#));
    }
    bench.query("stale=false&reduce=false");
    bench
}

#[test]
fn rows_are_written_to_the_byte() {
    let mut bench = Bench::with_view(
        &[("x", "1"), ("\u{fc}\"", "[null,\"\u{e9}\"]")],
        json!({ "map": "function (doc, meta) { emit(doc.k, {id: meta.id}); }" }),
    );
    assert_eq!(
        bench.query("stale=false"),
        "{\"total_rows\":2,\"rows\":[\r\n\
         {\"id\":\"x\",\"key\":1,\"value\":{\"id\":\"x\"}},\r\n\
         {\"id\":\"ü\\\"\",\"key\":[null,\"é\"],\"value\":{\"id\":\"ü\\\"\"}}\r\n]\r\n}"
    );
    assert_eq!(bench.query("limit=0"), "{\"total_rows\":2,\"rows\":[\r\n]\r\n}");
    assert_eq!(bench.query("key=7"), "{\"total_rows\":2,\"rows\":[\r\n]\r\n}");
}

#[test]
fn reduced_rows_are_written_to_the_byte() {
    let mut bench = dates("_count");
    assert_eq!(bench.query(""), "{\"rows\":[\r\n{\"key\":null,\"value\":5}\r\n]\r\n}");
    assert_eq!(
        bench.query("group=true&limit=2"),
        "{\"rows\":[\r\n{\"key\":\"never\",\"value\":1},\r\n{\"key\":[2024,1,1],\"value\":1}\r\n]\r\n}"
    );
    assert_eq!(bench.query("startkey={}"), "{\"rows\":[\r\n]\r\n}", "nothing is not reduced");
}

#[test]
fn long_answers_are_flushed_in_groups() {
    let ids: Vec<String> = (0..500).map(|n| format!("document-{n:04}")).collect();
    let documents: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "\"some key\"")).collect();
    let mut bench = Bench::with_view(&documents, json!({ "map": BY_K }));
    let request = Bench::request(Method::GET, "/b/_design/d/_view/v?stale=false");
    let response = bench.send(request, "");
    let pieces = response.body().pieces();
    assert!(pieces.len() > 5, "{}", pieces.len());
    assert!(pieces[..pieces.len() - 1].iter().all(|piece| (4096..4500).contains(&piece.len())));
    let text: serde_json::Value = serde_json::from_str(&text(&response)).unwrap();
    let rows = text["rows"].as_array().unwrap();
    let found: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(found, ids, "rows of one key are in the order of their ids");
}

#[test]
fn keys_may_come_in_the_body() {
    let mut bench = letters();
    bench.query("stale=false");
    let path = "/b/_design/d/_view/v?limit=2";
    let (status, answer) = bench.ask(Method::POST, path, r#"{"keys":["c","a","b"],"on_error":"stop"}"#);
    let rows = answer.replace("\r\n", " ");
    assert_eq!((status.as_u16(), answer.matches("\"id\"").count()), (200, 2));
    assert!(rows.find("d4") < rows.find("d1"), "{rows}");
    let (status, answer) = bench.ask(Method::POST, path, "{}");
    assert_eq!((status.as_u16(), answer.matches("\"id\"").count()), (200, 2), "as without keys");

    for body in ["", "[", "[]", r#"{"keys":1}"#, r#"{"on_error":"maybe"}"#, r#"{"connection_timeout":"1"}"#] {
        let (status, answer) = bench.ask(Method::POST, path, body);
        assert_eq!(
            (refusal(status, &answer).0, refusal(status, &answer).1.as_str()),
            (400, "bad_request"),
            "{body}"
        );
    }
    let plain = Bench::request(Method::POST, path).header("content-type", "text/plain");
    let response = bench.send(plain, "{}");
    assert_eq!(refusal(response.status(), &text(&response)).1, "bad_content_type");
    assert_eq!(response.status(), 415);
    let with_charset =
        Bench::request(Method::POST, path).header("content-type", "Application/JSON; charset=utf-8");
    assert_eq!(bench.send(with_charset, "{}").status(), 200);
}

#[test]
fn groups_are_reduced_by_level() {
    let row = |key: &str, value: &str| format!(r#"{{"key":{key},"value":{value}}}"#);
    let mut bench = dates("_sum");
    assert_eq!(bench.rows(""), row("null", "31.5"));
    assert_eq!(bench.rows("group_level=0"), row("null", "31.5"));
    assert_eq!(bench.rows("group=false"), row("null", "31.5"));
    assert_eq!(
        bench.rows("group_level=1"),
        [row("\"never\"", "16"), row("[2024]", "7.5"), row("[2025]", "8")].join(" ")
    );
    assert_eq!(
        bench.rows("group_level=2&descending=true&skip=1&limit=2"),
        [row("[2024,2]", "4"), row("[2024,1]", "3.5")].join(" ")
    );
    assert_eq!(
        bench.rows("group=true&keys=%5B%5B2025,1,1%5D,%22never%22,null%5D"),
        [row("[2025,1,1]", "8"), row("\"never\"", "16")].join(" ")
    );
    assert_eq!(bench.rows("reduce=false&limit=1"), r#"{"id":"e","key":"never","value":16}"#);

    let mut bench = dates("_stats");
    let stats = r#"{"sum":7.5,"count":3,"min":1,"max":4,"sumsqr":23.25}"#;
    assert_eq!(bench.rows("group_level=1&startkey=%5B%5D&limit=1"), row("[2024]", stats));
}

#[test]
fn a_reduce_function_of_the_users_own_sees_keys_values_and_what_it_gave_before() {
    let code = "function (keys, values, rereduce) {
        if (rereduce) { return {calls: values.length, sum: sum(values.map(v => v.sum))}; }
        if (keys.length !== values.length || keys[0][1].length !== 4) { throw 'keys are [key, id]'; }
        return {calls: 0, sum: sum(values)};
    }";
    let mut bench = Bench::with_view(
        &[],
        json!({ "map": "function (doc, meta) { emit(doc.k % 2, doc.k); }", "reduce": code }),
    );
    for n in 0..350 {
        bench.shelf.put(&format!("d{n:03}"), &format!(r#"{{"k":{n}}}"#));
    }
    assert_eq!(bench.rows(""), r#"{"key":null,"value":{"calls":4,"sum":61075}}"#);
    assert_eq!(bench.rows("group=true&endkey=0"), r#"{"key":0,"value":{"calls":2,"sum":30450}}"#);
    bench.put_design("d", r#"{"views":{"v":{"map":"function (d) { emit(1, 1); }","reduce":"function () { throw new Error('no'); }"}}}"#);
    let (status, error, reason) = bench.refused("stale=false");
    assert_eq!((status, error.as_str()), (500, "error"));
    assert!(reason.contains("Reducer: ") && reason.contains("`v`") && reason.contains("no"), "{reason}");
}

#[test]
fn every_function_has_the_built_in_ones() {
    let mut bench = Bench::with_view(&[], json!({ "map": "function () {}" }));
    bench.shelf.put_raw(b"bytes", b"\0\x01\xfe\xff", false);
    let expressions = [
        ("sum([1, 2.5, -1])", "2.5"),
        ("sum([])", "0"),
        ("dateToArray('2011-12-30T23:04:05.678Z')", "[2011,12,30,23,4,5]"),
        ("dateToArray(new Date(0))", "[1970,1,1,0,0,0]"),
        ("dateToArray(1e12)", "[2001,9,9,1,46,40]"),
        ("dateToArray('no date')", "null"),
        ("decodeBase64('AAH+/w==')", "[0,1,254,255]"),
        ("decodeBase64('YWI=')", "[97,98]"),
        ("decodeBase64('YWJj')", "[97,98,99]"),
        ("decodeBase64('')", "[]"),
        ("(() => { try { decodeBase64('YWI'); } catch (e) { return e; } })()", "\"Invalid base64 source.\""),
        ("(() => { try { decodeBase64(1); } catch (e) { return e; } })()", "\"Input is not a string\""),
        // Not strict: nobody has declared it.
        ("(undeclared = 7)", "7"),
    ];
    for (expression, expected) in expressions {
        let design = json!({ "views": { "v": {
            "map": format!("function (doc, meta) {{ emit({expression}, 1); }}"),
            "reduce": format!("function (keys, values) {{ return {expression}; }}"),
        } } });
        bench.put_design("d", &design.to_string());
        let row = format!(r#"{{"id":"bytes","key":{expected},"value":1}}"#);
        assert_eq!(bench.rows("reduce=false"), row, "map: {expression}");
        assert_eq!(bench.rows(""), format!(r#"{{"key":null,"value":{expected}}}"#), "reduce: {expression}");
    }
    let map = "function (doc, meta) { if (meta.type === 'base64') emit(decodeBase64(doc), null); }";
    bench.put_design("d", &json!({ "views": { "v": { "map": map } } }).to_string());
    assert_eq!(bench.rows(""), r#"{"id":"bytes","key":[0,1,254,255],"value":null}"#);
}

#[test]
fn a_value_that_is_no_number_ends_the_query() {
    let mut bench = Bench::with_view(
        &[("x", "\"1\"")],
        json!({ "map": "function (doc, meta) { emit(doc.k, doc.k); }", "reduce": "_sum" }),
    );
    let (status, error, reason) = bench.refused("stale=false");
    assert_eq!((status, error.as_str()), (500, "error"));
    assert_eq!(
        reason,
        "Reducer: Error building index for view `v`, reason: Value is not a number (key \"1\")"
    );
    assert_eq!(bench.rows("reduce=false"), r#"{"id":"x","key":"1","value":"1"}"#);
}

#[test]
fn wrong_options_are_refused() {
    let map_only: &[(&str, &str)] = &[
        ("stale=maybe", "query_parse_error"),
        ("limit=-1", "query_parse_error"),
        ("limit=1.5", "query_parse_error"),
        ("limit=", "query_parse_error"),
        ("skip=x", "query_parse_error"),
        ("descending=1", "query_parse_error"),
        ("inclusive_end=no", "query_parse_error"),
        ("group=maybe", "query_parse_error"),
        ("group_level=-1", "query_parse_error"),
        ("count=1", "query_parse_error"),
        ("include_docs=2", "query_parse_error"),
        ("reduce=true", "query_parse_error"),
        ("group=true", "query_parse_error"),
        ("group_level=1", "query_parse_error"),
        ("startkey=2&endkey=1", "query_parse_error"),
        ("startkey=1&endkey=2&descending=true", "query_parse_error"),
        ("keys=%5B1%5D&key=1", "query_parse_error"),
        ("keys=%5B1%5D&startkey=1", "query_parse_error"),
        ("keys=%5B1%5D&endkey=1", "query_parse_error"),
        ("keys=1", "bad_request"),
        ("key=a", "bad_request"),
        ("startkey=", "bad_request"),
        ("endkey=%5B", "bad_request"),
        ("keys=%5B1", "bad_request"),
        ("key=%ff", "bad_request"),
        ("on_error=maybe", "bad_request"),
    ];
    let mut bench = letters();
    for (options, error) in map_only {
        let (status, found, reason) = bench.refused(options);
        assert_eq!((status, found.as_str()), (400, *error), "{options}: {reason}");
        assert!(!reason.is_empty());
        if *error == "bad_request" && (options.starts_with("key=") || options.starts_with("endkey")) {
            assert!(reason.starts_with("invalid UTF-8 JSON"), "{options}: {reason}");
        }
    }
    for accepted in ["reduce=false", "include_docs=true", "on_error=stop", "startkey=1&endkey=1", "stale=ok"]
    {
        bench.query(accepted);
    }

    let mut bench = dates("_count");
    for options in [
        "group=true&group_level=1",
        "reduce=false&group=true",
        "reduce=false&group_level=1",
        "include_docs=true",
        "keys=%5B1%5D",
        "keys=%5B1%5D&group_level=1",
    ] {
        let (status, error, reason) = bench.refused(options);
        assert_eq!((status, error.as_str()), (400, "query_parse_error"), "{options}: {reason}");
    }
    bench.query("include_docs=true&reduce=false");
}

#[test]
fn stale_says_when_the_index_follows_the_documents() {
    let mut bench = letters();
    let count = |text: &str| text.matches("\"id\"").count();
    assert_eq!(count(&bench.query("stale=ok")), 0, "never built");
    assert_eq!(bench.shelf.reads.get(), 0);
    assert_eq!(count(&bench.query("")), 0, "built behind the answer");
    assert_eq!(bench.shelf.reads.get(), 1);
    assert_eq!(count(&bench.query("stale=ok")), 5);
    bench.shelf.put("d6", r#"{"k":"A"}"#);
    bench.shelf.put("d2", r#"{"k":"z"}"#);
    bench.shelf.remove("d5");
    assert_eq!(count(&bench.query("stale=ok")), 5);
    assert_eq!(ids(&bench.rows("")), "d1,d6,d3,d4,d2");
    assert_eq!(bench.shelf.reads.get(), 2);
    assert_eq!(ids(&bench.rows("")), "d1,d6,d3,d4,d2");
    assert_eq!(bench.shelf.reads.get(), 2, "nothing changed, nothing is read");
}
