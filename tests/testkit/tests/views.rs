//! Views over real sockets: design documents, rows, and the faults of the HTTP side.
#![cfg(feature = "views")]

use couchbase_testkit::http::Fault;
use couchbase_testkit::{Cluster, Node};
use std::io::{Read, Write};
use std::net::TcpStream;

const KEYS: [&str; 4] = ["kyiv", "lima", "oslo", "rome"];
const QUERY: &str = "GET /default/_design/d/_view/v?stale=false HTTP/1.1";

/// Four documents over two nodes, and a view of their numbers.
fn cluster() -> Cluster {
    let cluster = Cluster::builder().nodes(2).bucket("default").start();
    for (n, key) in KEYS.iter().enumerate() {
        cluster.set_document("default", key, format!("{{\"n\":{n}}}").as_bytes());
    }
    let map = r#"{"views":{"v":{"map":"function (doc, meta) { emit(doc.n, null); }"}}}"#;
    let answer = call(&cluster.node(0), "PUT /default/_design/d HTTP/1.1", map);
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    cluster
}

fn send(node: &Node<'_>, line: &str, body: &str) -> TcpStream {
    send_to(&node.views_address(), line, body)
}

fn send_to(address: &str, line: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the node listens");
    let request = format!(
        "{line}\r\nhost: h\r\nauthorization: Basic YXBwOnNlY3JldA==\r\ncontent-type: application/json\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("the node reads");
    stream
}

/// The whole answer, up to the end of the link.
fn call(node: &Node<'_>, line: &str, body: &str) -> String {
    let mut answer = String::new();
    send(node, line, body).read_to_string(&mut answer).expect("the node ends the link");
    answer
}

#[test]
fn every_node_answers_with_the_rows_of_all() {
    let cluster = cluster();
    let owners: Vec<usize> = KEYS.iter().map(|key| cluster.node_of(key).index()).collect();
    assert!(owners.contains(&0) && owners.contains(&1), "the documents are on both nodes: {owners:?}");
    for node in cluster.nodes() {
        let answer = call(&node, QUERY, "");
        for (n, key) in KEYS.iter().enumerate() {
            assert!(answer.contains(&format!(r#"{{"id":"{key}","key":{n},"value":null}}"#)), "{answer}");
        }
        assert!(
            answer.contains("{\"total_rows\":4,\"rows\":[\r\n") && answer.ends_with("0\r\n\r\n"),
            "{answer}"
        );
    }
}

#[test]
fn a_stopped_node_is_missing_and_one_that_failed_over_sends_elsewhere() {
    let cluster = cluster();
    let owned = |node: usize| KEYS.iter().filter(|key| cluster.node_of(key).index() == node).count();
    let stopped = cluster.node(1).views_address();
    let (here, there) = (owned(0), owned(1));
    cluster.node(1).stop();
    let answer = call(&cluster.node(0), QUERY, "");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.matches("\"id\"").count() == here, "{answer}");
    let error = format!(r#"{{"from":"http://{stopped}/_view_merge/?stale=false","reason":"econnrefused"}}"#);
    assert!(answer.contains(&error), "{answer}");

    cluster.node(1).start();
    cluster.node(0).fail_over();
    let answer = call(&cluster.node(0), QUERY, "");
    assert!(answer.starts_with("HTTP/1.1 302 ") && answer.contains("no_active_vbuckets"), "{answer}");
    assert!(answer.contains(&format!("Location: http://{stopped}/default/_design/d/_view/v")), "{answer}");
    // Without replicas, what only the lost node had is served by nobody.
    let answer = call(&cluster.node(1), QUERY, "");
    assert!(answer.matches("\"id\"").count() == there && !answer.contains("errors"), "{answer}");
}

#[test]
fn planned_faults_end_requests_in_their_order_at_their_node() {
    let cluster = cluster();
    let node = cluster.node(0);
    node.fail_views(2, Fault::Close { after: Some(30) });
    node.fail_views(1, Fault::Close { after: None });
    node.fail_views(1, Fault::Answer { status: 503, body: r#"{"message":"busy"}"#.into() });
    for _ in 0..2 {
        let answer = call(&node, QUERY, "");
        assert!(answer.contains("\r\n1e\r\n{\"total_rows\":4") && !answer.contains("value"), "{answer}");
    }
    assert_eq!(call(&node, QUERY, ""), "");
    let answer = call(&node, "DELETE /default/_design/d HTTP/1.1", "");
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.ends_with(r#"{"message":"busy"}"#), "{answer}");
    assert!(call(&cluster.node(1), QUERY, "").contains(KEYS[3]), "the document is still there");
    assert!(call(&node, QUERY, "").contains(KEYS[3]));
}

#[test]
fn a_stalled_answer_keeps_its_link_open_until_the_client_leaves() {
    let cluster = cluster();
    let node = cluster.node(0);
    node.fail_views(1, Fault::Stall { after: Some(5) });
    let mut stream = send(&node, QUERY, "");
    let mut received = Vec::new();
    while !received.ends_with(b"\r\n5\r\n{\"tot\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("the link is open");
        received.push(byte[0]);
    }
    // Another link is not held up, and stopping the cluster does not wait for this one.
    assert!(call(&node, QUERY, "").contains(KEYS[3]));
    drop(cluster);
    assert_eq!(stream.read(&mut [0]).unwrap_or_default(), 0);
}

#[test]
fn the_list_that_configs_name_is_on_the_management_port() {
    let cluster = cluster();
    for node in cluster.nodes() {
        let mut answer = String::new();
        send_to(&node.mgmt_address(), "GET /pools/default/buckets/default/ddocs HTTP/1.1", "")
            .read_to_string(&mut answer)
            .expect("the node ends the link");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(
            answer.contains(r#"{"rows":[{"doc":{"meta":{"id":"_design/d","rev":"1-0"},"json":{"views":"#),
            "{answer}"
        );
    }
}
