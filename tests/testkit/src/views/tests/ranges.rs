//! Ranges of rows, and the order in which they come.

use serde_json::json;

use super::*;

#[test]
fn ranges_take_their_bounds() {
    let mut bench = letters();
    let cases = [
        ("", "d1,d2,d3,d4,d5"),
        ("key=\"b\"", "d2,d3"),
        ("key=\"bb\"", ""),
        ("startkey=\"b\"", "d2,d3,d4,d5"),
        ("start_key=\"aa\"&end_key=\"c\"", "d2,d3,d4"),
        ("endkey=\"b\"", "d1,d2,d3"),
        ("endkey=\"b\"&inclusive_end=false", "d1"),
        ("endkey=\"b\"&inclusive_end=FALSE", "d1"),
        ("startkey=\"b\"&startkey_docid=d3", "d3,d4,d5"),
        ("startkey=\"b\"&start_key_doc_id=d21&endkey=\"b\"&end_key_doc_id=d3", "d3"),
        ("endkey=\"b\"&endkey_docid=d2", "d1,d2"),
        ("endkey=\"b\"&endkey_docid=d3&inclusive_end=false", "d1,d2"),
        ("startkey_docid=d4", "d1,d2,d3,d4,d5"),
        ("descending=true", "d5,d4,d3,d2,d1"),
        ("descending=true&startkey=\"c\"&endkey=\"b\"", "d4,d3,d2"),
        ("descending=true&startkey=\"c\"&endkey=\"b\"&inclusive_end=false", "d4"),
        ("descending=true&startkey=\"b\"&startkey_docid=d2", "d2,d1"),
        ("descending=true&endkey=\"b\"&endkey_docid=d3", "d5,d4,d3"),
        ("descending=true&endkey=\"b\"&endkey_docid=d2&inclusive_end=false", "d5,d4,d3"),
        ("skip=1&limit=2", "d2,d3"),
        ("skip=9", ""),
        ("descending=true&skip=1&limit=1", "d4"),
        ("keys=[\"d\",\"x\",\"b\"]", "d5,d2,d3"),
        ("keys=[\"d\",\"b\"]&descending=true&skip=1", "d3,d2"),
        ("keys=[]", ""),
        ("whatever=1&stale=false", "d1,d2,d3,d4,d5"),
    ];
    for (options, expected) in cases {
        let options = options.replace('"', "%22").replace('[', "%5B").replace(']', "%5D");
        assert_eq!(ids(&bench.rows(&options)), expected, "{options}");
    }
}

#[test]
fn keys_that_the_collation_holds_equal_are_one_key_in_ranges_and_several_in_groups() {
    let composed = "\"\u{e9}\"";
    let decomposed = "\"e\u{301}\"";
    let keys = [("d1", decomposed), ("d2", composed), ("d3", "\"f\""), ("d4", composed), ("d5", "\"e\"")];
    let mut bench = Bench::with_view(&keys, json!({ "map": BY_K, "reduce": "_count" }));
    let encode = |key: &str| {
        percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    assert_eq!(ids(&bench.rows("reduce=false")), "d5,d1,d2,d4,d3", "by document where keys are equal");
    for key in [composed, decomposed].map(encode) {
        for (options, expected) in [
            (format!("key={key}"), "d1,d2,d4"),
            (format!("key={key}&descending=true"), "d4,d2,d1"),
            (format!("keys=%5B{key}%5D"), "d1,d2,d4"),
            (format!("startkey={key}"), "d1,d2,d4,d3"),
            (format!("endkey={key}&inclusive_end=false"), "d5"),
            (format!("startkey={key}&startkey_docid=d2&endkey={key}&endkey_docid=d2"), "d2"),
        ] {
            assert_eq!(ids(&bench.rows(&format!("reduce=false&{options}"))), expected, "{options}");
        }
        let row = |key, count: u32| format!(r#"{{"key":{key},"value":{count}}}"#);
        assert_eq!(
            bench.rows(&format!("group=true&key={key}")),
            [row(decomposed, 1), row(composed, 2)].join(" ")
        );
    }
    let [start, end] = [composed, decomposed].map(encode);
    assert_eq!(ids(&bench.rows(&format!("reduce=false&startkey={start}&endkey={end}"))), "d1,d2,d4");
}
