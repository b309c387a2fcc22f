//! Operations on design documents against scripted nodes, in virtual time.

mod uncertain;

use super::{DesignDocument, DesignOp};
use crate::scripted::{Act, Scripted, answer, no_connection, pieces};
use couchbase_core::{ErrorKind, Standing};
use std::pin::Pin;
use std::time::Duration;

const CREATED: &str = r#"{"ok":true,"id":"_design/dev_beer"}"#;

fn beer() -> DesignDocument {
    DesignDocument::new().view("by_name", "function (doc, meta) { emit(doc.name, null); }")
}

#[test]
fn a_document_is_put_under_its_development_name() {
    let nodes = Scripted::new([vec![answer(201, CREATED), answer(201, CREATED), answer(201, CREATED)]]);
    nodes.run(DesignOp::create(nodes.home(), "beer", &beer())).unwrap();
    nodes.run(DesignOp::create(nodes.home(), "dev_beer", &beer())).unwrap();
    nodes.run(DesignOp::create(nodes.home(), "beer", &beer()).production()).unwrap();
    let requests = nodes.requests();
    assert!(requests[0].starts_with("PUT /bucket/_design/dev_beer HTTP/1.1\r\n"), "{}", requests[0]);
    assert!(requests[1].starts_with("PUT /bucket/_design/dev_beer HTTP/1.1\r\n"), "{}", requests[1]);
    assert!(requests[2].starts_with("PUT /bucket/_design/beer HTTP/1.1\r\n"), "{}", requests[2]);
    for request in requests {
        assert!(request.contains("\r\ncontent-type: application/json\r\n"), "{request}");
        let (_, body) = request.split_once("\r\n\r\n").unwrap();
        assert_eq!(serde_json::from_str::<DesignDocument>(body).unwrap(), beer());
    }
    assert_eq!(nodes.open(), 0);
}

#[test]
fn a_document_can_be_read_back() {
    let stored = serde_json::to_string(&beer()).unwrap();
    let nodes = Scripted::new([vec![pieces(200, &stored), answer(200, r#"{"views":7}"#)]]);
    assert_eq!(nodes.run(DesignOp::get(nodes.home(), "beer")).unwrap(), beer());
    let error = nodes.run(DesignOp::get(nodes.home(), "beer")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[test]
fn what_was_read_is_stored_again_as_it_was() {
    let stored = serde_json::json!({
        "language": "javascript",
        "options": { "updateMinChanges": 7, "replicaUpdateMinChanges": 9 },
        "spatial": { "by_place": "function (doc) { emit(doc.place, null); }" },
        "views": {
            "by_name": { "map": "m", "reduce": "_count", "options": { "collation": "raw" }, "x": [1, 2.5, null] },
            "lib": { "text": "exports.f = 1;" },
            "odd": "a view in name only",
        },
    });
    let nodes = Scripted::new([vec![answer(200, &stored.to_string()), answer(201, CREATED)]]);
    let doc = nodes.run(DesignOp::get(nodes.home(), "beer")).unwrap();
    let views: Vec<_> = doc.views().map(|view| (view.name(), view.map(), view.reduce())).collect();
    assert_eq!(views, [("by_name", Some("m"), Some("_count")), ("lib", None, None), ("odd", None, None)]);
    nodes.run(DesignOp::create(nodes.home(), "beer", &doc)).unwrap();
    let request = &nodes.requests()[1];
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap(), stored);
}

#[test]
fn a_view_that_is_replaced_is_another() {
    let stored = r#"{"views":{"a":{"map":"m","options":{}},"b":{"map":"m","options":{}}}}"#;
    let doc: DesignDocument = serde_json::from_str(stored).unwrap();
    let json = serde_json::to_string(&doc.view("a", "n")).unwrap();
    assert_eq!(json, r#"{"views":{"a":{"map":"n"},"b":{"map":"m","options":{}}}}"#);
}

#[test]
fn refusals_carry_the_servers_words() {
    let words = r#"{"error":"invalid_design_document","reason":"syntax error"}"#;
    let nodes = Scripted::new([vec![answer(400, words), answer(404, ""), answer(401, "")]]);
    let error = nodes.run(DesignOp::create(nodes.home(), "beer", &beer())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Http);
    assert_eq!(error.server_words(), Some("invalid_design_document: syntax error"));
    let error = nodes.run(DesignOp::delete(nodes.home(), "beer")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Http, "it was never there");
    let error = nodes.run(DesignOp::get(nodes.home(), "beer")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert_eq!(nodes.asked().len(), 3);
}

#[test]
fn lost_links_are_tried_again() {
    let nodes = Scripted::new([vec![Act::Answer(vec![]), answer(201, CREATED)]]);
    nodes.run(DesignOp::create(nodes.home(), "beer", &beer())).unwrap();

    // The first attempt may have removed it.
    let gone = answer(404, r#"{"error":"not_found","reason":"deleted"}"#);
    let nodes = Scripted::new([vec![Act::Answer(vec![]), gone.clone()]]);
    nodes.run(DesignOp::delete(nodes.home(), "beer")).unwrap();
    // It cannot have: nothing reached the server.
    let nodes = Scripted::new([vec![Act::Refuse, gone]]);
    let error = nodes.run(DesignOp::delete(nodes.home(), "beer")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Http);
}

#[test]
fn mistakes_and_failed_connections_come_out() {
    let nodes = Scripted::new([]).not_connected();
    for name in ["", ".", ".."] {
        let error = nodes.run(DesignOp::create(nodes.home(), name, &beer())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument, "{name:?}");
    }
    nodes.connect(Err(no_connection()));
    let error = nodes.run(DesignOp::create(nodes.home(), "beer", &beer())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
}

#[test]
fn nothing_is_sent_after_close() {
    let nodes = Scripted::new([vec![]]);
    let create = DesignOp::create(nodes.home(), "beer", &beer());
    nodes.stand(Standing::Closing);
    assert_eq!(nodes.run(create).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(nodes.run(DesignOp::get(nodes.home(), "beer")).unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(nodes.run(DesignOp::delete(nodes.home(), "beer")).unwrap_err().kind(), ErrorKind::Closed);
    assert!(nodes.asked().is_empty());
}

#[test]
fn closing_waits_for_what_is_under_way() {
    let long = format!("{}{}", serde_json::to_string(&beer()).unwrap(), " ".repeat(200));
    let nodes = Scripted::new([vec![pieces(200, &long)]]);
    let mut get = DesignOp::get(nodes.home(), "beer");
    let mut seen = 0;
    nodes
        .run(std::future::poll_fn(|cx| {
            let outcome = Pin::new(&mut get).poll(cx);
            if outcome.is_pending() {
                nodes.stand(Standing::Closing);
                seen += nodes.errands();
            }
            outcome
        }))
        .unwrap();
    assert!(seen > 0);
    assert_eq!(nodes.errands(), 0, "though it is not dropped");
}

#[test]
fn silence_ends_at_the_deadline() {
    let nodes = Scripted::new([vec![Act::Stall(vec![])]]);
    let error = nodes.run(DesignOp::create(nodes.home(), "beer", &beer())).unwrap_err();
    assert_eq!((error.kind(), nodes.elapsed()), (ErrorKind::Timeout, Duration::from_secs(75)));
}

#[test]
fn a_flood_ends_at_the_deadline() {
    let flood = Act::Flood(b"HTTP/1.1 200 OK\r\n\r\n{".to_vec(), b" ");
    let nodes = Scripted::new([vec![flood]]);
    let error = nodes.run(DesignOp::get(nodes.home(), "beer")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(nodes.elapsed() < Duration::from_secs(76), "{:?}", nodes.elapsed());
}

#[test]
fn an_operation_that_has_ended_stays_ended() {
    let nodes = Scripted::new([vec![answer(201, CREATED)]]);
    let mut create = DesignOp::create(nodes.home(), "beer", &beer());
    nodes.run(&mut create).unwrap();
    assert_eq!(nodes.run(&mut create).unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn it_is_stored_as_the_server_wants_it() {
    let doc = DesignDocument::new().view("b", "m1").view_reduce("a", "m2", "_sum").view("b", "m3");
    let json = serde_json::to_string(&doc).unwrap();
    assert_eq!(json, r#"{"views":{"a":{"map":"m2","reduce":"_sum"},"b":{"map":"m3"}}}"#);
    assert_eq!(serde_json::from_str::<DesignDocument>(&json).unwrap(), doc);
    let stored = r#"{"_id":"_design/x","language":"javascript","views":{"a":{"map":"m","extra":1}}}"#;
    let read: DesignDocument = serde_json::from_str(stored).unwrap();
    let view = read.views().next().unwrap();
    assert_eq!((view.name(), view.map(), view.reduce()), ("a", Some("m"), None));
    let json = serde_json::to_string(&read).unwrap();
    assert_eq!(json, r#"{"views":{"a":{"extra":1,"map":"m"}},"language":"javascript"}"#);
}

#[test]
fn a_view_may_be_without_functions() {
    let nodes = Scripted::new([vec![answer(200, r#"{"views":{"a":{},"b":{"reduce":"_sum"}}}"#)]]);
    let doc = nodes.run(DesignOp::get(nodes.home(), "beer")).unwrap();
    let views: Vec<_> = doc.views().map(|view| (view.name(), view.map(), view.reduce())).collect();
    assert_eq!(views, [("a", None, None), ("b", None, Some("_sum"))]);
}
