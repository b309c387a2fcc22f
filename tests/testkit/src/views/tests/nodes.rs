//! Rows of several nodes: who answers, and what an answer lacks.

use ::http::header::{CONTENT_TYPE, LOCATION};
use serde_json::json;

use super::*;

/// Five documents in turn on three nodes, of which the first is asked; a fourth has none.
fn spread(view: serde_json::Value) -> Bench {
    let keys = [("d0", "0"), ("d1", "1"), ("d2", "2"), ("d3", "3"), ("d4", "4")];
    let mut bench = Bench::with_view(&keys, view);
    {
        let mut placement = bench.shelf.placement.borrow_mut();
        placement.nodes = (0..4).map(node).collect();
        placement.owners = (0..256).map(|vbucket| Some(vbucket % 3)).collect();
    }
    bench.query("stale=false");
    bench
}

const DOWN: &str = r#"{"from":"http://10.0.0.1:8092/_view_merge/","reason":"econnrefused"}"#;

#[test]
fn rows_of_a_stopped_node_are_missing_and_told_of() {
    let mut bench = spread(json!({ "map": BY_K, "reduce": "_count" }));
    assert!(!bench.query("reduce=false").contains("errors"));
    bench.shelf.placement.borrow_mut().nodes[1].is_running = false;
    assert_eq!(
        bench.query("reduce=false&limit=2"),
        format!(
            "{{\"total_rows\":3,\"rows\":[\r\n{{\"id\":\"d0\",\"key\":0,\"value\":null}},\r\n\
             {{\"id\":\"d2\",\"key\":2,\"value\":null}}\r\n],\r\n\"errors\":[\r\n{DOWN}\r\n]\r\n}}"
        )
    );
    assert_eq!(
        bench.query("reduce=false&key=1&on_error=continue"),
        format!("{{\"total_rows\":3,\"rows\":[\r\n],\r\n\"errors\":[\r\n{DOWN}\r\n]\r\n}}")
    );
    let fresh = DOWN.replace("merge/", "merge/?stale=false");
    bench.shelf.placement.borrow_mut().nodes[2].is_running = false;
    let other = fresh.replace("0.1", "0.2");
    assert_eq!(
        bench.query("stale=false"),
        format!(
            "{{\"rows\":[\r\n{{\"key\":null,\"value\":2}}\r\n],\r\n\
             \"errors\":[\r\n{fresh},\r\n{other}\r\n]\r\n}}"
        )
    );
    for node in &mut bench.shelf.placement.borrow_mut().nodes {
        node.is_running = true;
    }
    assert_eq!(bench.rows(""), r#"{"key":null,"value":5}"#);
}

#[test]
fn the_first_missing_node_may_end_the_query() {
    let mut bench = spread(json!({ "map": BY_K, "reduce": "_count" }));
    assert_eq!(bench.query("on_error=stop"), bench.query(""), "nothing is missing");
    for node in [1, 2] {
        bench.shelf.placement.borrow_mut().nodes[node].is_running = false;
    }
    assert_eq!(
        bench.query("reduce=false&on_error=stop"),
        format!("{{\"total_rows\":0,\"rows\":[]\r\n,\r\n\"errors\":[{DOWN}]\r\n}}")
    );
    assert_eq!(bench.query("on_error=stop"), format!("{{\"rows\":[]\r\n,\r\n\"errors\":[{DOWN}]\r\n}}"));
}

#[test]
fn a_node_that_cannot_reduce_is_missing_and_a_single_one_fails() {
    let map = "function (doc, meta) { emit(doc.k, doc.k === 1 || doc.k === 2 ? 'x' : doc.k); }";
    let mut bench = spread(json!({ "map": map, "reduce": "_sum" }));
    let error = |node: &str, key: u32| {
        let reason =
            format!("Reducer: Error building index for view `v`, reason: Value is not a number (key {key})");
        format!(r#"{{"from":"http://10.0.0.{node}:8092/_view_merge/","reason":"{reason}"}}"#)
    };
    let [first, second] = [error("1", 1), error("2", 2)];
    let missing = format!("\r\n],\r\n\"errors\":[\r\n{first},\r\n{second}\r\n]\r\n}}");
    assert_eq!(bench.query(""), format!("{{\"rows\":[\r\n{{\"key\":null,\"value\":3}}{missing}"));
    assert_eq!(bench.query("key=1"), format!("{{\"rows\":[{missing}"));
    assert_eq!(bench.query("on_error=stop"), format!("{{\"rows\":[]\r\n,\r\n\"errors\":[{first}]\r\n}}"));
    assert_eq!(ids(&bench.rows("reduce=false")), "d0,d1,d2,d3,d4");

    bench.shelf.placement.borrow_mut().asked = 1;
    assert!(bench.query("").contains("[\r\n{\"from\":\"local\",\"reason\":\"Reducer: "));
    bench.shelf.placement.borrow_mut().nodes[0].is_running = false;
    let answer = bench.query("");
    assert!(answer.starts_with("{\"rows\":[\r\n],") && answer.matches("reason\"").count() == 3, "{answer}");

    bench.shelf.placement.borrow_mut().owners.fill(Some(1));
    let (status, error, reason) = bench.refused("");
    assert_eq!((status, error.as_str()), (500, "error"));
    assert!(reason.ends_with("Value is not a number (key 1)"), "{reason}");
}

#[test]
fn vbuckets_that_nobody_serves_have_no_rows() {
    let mut bench = spread(json!({ "map": BY_K }));
    let mut owners = std::mem::take(&mut bench.shelf.placement.borrow_mut().owners);
    owners.iter_mut().filter(|owner| **owner == Some(2)).for_each(|owner| *owner = None);
    bench.shelf.placement.borrow_mut().owners = owners;
    // A node without vbuckets is not asked, so nobody notices that it is stopped.
    bench.shelf.placement.borrow_mut().nodes[2].is_running = false;
    assert_eq!(ids(&bench.rows("")), "d0,d1,d3,d4");
}

#[test]
fn a_node_without_vbuckets_names_another_one() {
    let mut bench = spread(json!({ "map": BY_K }));
    bench.shelf.placement.borrow_mut().asked = 3;
    let path = "/b/_design/d/_view/v?limit=2";
    let asked = Bench::request(Method::GET, path).header("accept", "text/plain");
    let response = bench.send(asked, "");
    assert_eq!(response.status(), StatusCode::FOUND);
    assert_eq!(response.headers()[LOCATION], format!("http://10.0.0.0:8092{path}"));
    assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
    let reason = "Cannot execute view query since the node has no active vbuckets";
    let told = (302, "no_active_vbuckets".to_owned(), reason.to_owned());
    assert_eq!(refusal(response.status(), &text(&response)), told);

    let design = "/b/_design/d";
    assert_eq!(bench.ask(Method::GET, design, "").0, StatusCode::OK, "it knows the design documents");
    bench.shelf.placement.borrow_mut().nodes[3].is_member = false;
    assert_eq!(bench.ask(Method::GET, design, "").0, StatusCode::FOUND);

    bench.shelf.placement.borrow_mut().owners.fill(None);
    let response = bench.send(Bench::request(Method::GET, path), "");
    assert_eq!((response.status(), response.headers().get(LOCATION)), (StatusCode::FOUND, None));
}
