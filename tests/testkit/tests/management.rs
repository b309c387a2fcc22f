//! The management service over real sockets: configs once and as a stream, and who may have them.

use couchbase_testkit::{Cluster, Node};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;

const APP: &str = "YXBwOnNlY3JldA==";
const GUEST: &str = "Z3Vlc3Q6c2VjcmV0";
const ADMINISTRATOR: &str = "cm9vdDpzZWNyZXQ=";

fn cluster() -> Cluster {
    Cluster::builder()
        .nodes(2)
        .bucket("default")
        .bucket("other")
        .user("app", "secret", &["default"])
        .reader("guest", "secret", &["other"])
        .administrator("root", "secret")
        .start()
}

fn ask(node: &Node<'_>, path: &str, credentials: &str) -> TcpStream {
    let mut stream = TcpStream::connect(node.mgmt_address()).expect("the node listens");
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Basic {credentials}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("the node reads");
    stream
}

/// Head and body, once the link has ended.
fn answer(node: &Node<'_>, path: &str, credentials: &str) -> (String, String) {
    let mut answer = String::new();
    ask(node, path, credentials).read_to_string(&mut answer).expect("the node ends the link");
    let (head, body) = answer.split_once("\r\n\r\n").expect("there is a head");
    (head.to_owned(), body.to_owned())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Reads up to the end of this.
fn read_to(stream: &mut TcpStream, end: &str) -> String {
    let mut text = Vec::new();
    while !text.ends_with(end.as_bytes()) {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("the link is open");
        text.push(byte[0]);
    }
    String::from_utf8(text).expect("text")
}

/// The next document of a stream: the chunk before that of the four line feeds.
fn next(stream: &mut TcpStream) -> Value {
    let text = read_to(stream, "\r\n4\r\n\n\n\n\n\r\n");
    let (_, document) = text.split_once("\r\n").expect("a chunk has its length before it");
    json(document.strip_suffix("\r\n4\r\n\n\n\n\n\r\n").expect("it was read up to this"))
}

#[test]
fn a_config_is_that_of_the_data_service() {
    let cluster = cluster();
    let (head, body) = answer(&cluster.node(1), "/pools/default/b/default", APP);
    assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("Content-Type: application/json"), "{head}");
    let config = json(&body);
    assert_eq!((&config["name"], &config["rev"]), (&"default".into(), &1.into()));
    assert_eq!(config["vBucketServerMap"]["serverList"][1], cluster.node(1).kv_address());
    assert_eq!(config["nodesExt"][1]["thisNode"], true);

    let (_, body) = answer(&cluster.node(0), "/pools/default/nodeServices", APP);
    let config = json(&body);
    assert_eq!(config["nodesExt"].as_array().map(Vec::len), Some(2));
    assert!(config.get("vBucketServerMap").is_none() && config.get("name").is_none(), "{config}");
}

#[test]
fn a_stream_goes_on_with_each_new_config_until_its_node_stops() {
    let cluster = cluster();
    let mut streams = ["bs/default", "nodeServicesStreaming"]
        .map(|path| ask(&cluster.node(0), &format!("/pools/default/{path}"), APP));
    for stream in &mut streams {
        let head = read_to(stream, "\r\n\r\n");
        assert!(head.contains("Transfer-Encoding: chunked\r\n"), "{head}");
        assert_eq!(next(stream)["rev"], 1);
    }
    let vbucket = cluster.vbucket_of("k");
    let there = 1 - cluster.node_of("k").index();
    cluster.move_vbucket(vbucket, there);
    for stream in &mut streams {
        assert_eq!(next(stream)["rev"], cluster.revision());
    }
    // One whose client leaves does not keep its node from stopping.
    drop(ask(&cluster.node(0), "/pools/default/bs/default", APP));
    cluster.node(0).stop();
    for mut stream in streams {
        assert_eq!(stream.read(&mut [0]).unwrap_or_default(), 0);
    }
}

#[test]
fn a_stream_of_a_node_that_hangs_waits() {
    let cluster = cluster();
    cluster.node(0).hang();
    let mut stream = ask(&cluster.node(0), "/pools/default/bs/default", APP);
    cluster.move_vbucket(cluster.vbucket_of("k"), 1 - cluster.node_of("k").index());
    cluster.node(0).release();
    read_to(&mut stream, "\r\n\r\n");
    assert_eq!(next(&mut stream)["rev"], cluster.revision());
}

#[test]
fn each_resource_is_for_those_who_may_read_it() {
    let cluster = cluster();
    let node = cluster.node(0);
    for path in ["b/default", "bs/default", "buckets/default/ddocs", "nodeServices"] {
        let path = format!("/pools/default/{path}");
        for wrong in ["", "YXBwOndyb25n"] {
            let (head, body) = answer(&node, &path, wrong);
            assert!(head.starts_with("HTTP/1.1 401 "), "{head}");
            let challenge = "WWW-Authenticate: Basic realm=\"Couchbase Server Admin / REST\"";
            assert!(head.contains(challenge) && body.is_empty(), "{head} {body}");
        }
    }
    for (resource, permission) in
        [("b/default", "settings"), ("bs/default", "settings"), ("buckets/default/ddocs", "views")]
    {
        let (head, body) = answer(&node, &format!("/pools/default/{resource}"), GUEST);
        assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
        assert_eq!(json(&body)["permissions"][0], format!("cluster.bucket[default].{permission}!read"));
    }
    assert!(answer(&node, "/pools/default/nodeServices", GUEST).0.starts_with("HTTP/1.1 200 "));
    assert!(answer(&node, "/pools/default/b/other", GUEST).0.starts_with("HTTP/1.1 200 "));
}

#[test]
fn what_is_not_there_is_answered_in_text() {
    let cluster = cluster();
    for path in
        ["/pools", "/pools/default/b/none", "/pools/default/bs/none", "/pools/default/buckets/none/ddocs"]
    {
        let (head, body) = answer(&cluster.node(0), path, ADMINISTRATOR);
        assert!(head.starts_with("HTTP/1.1 404 ") && head.contains("Content-Type: text/plain"), "{head}");
        assert_eq!(body, "Requested resource not found.\r\n", "{path}");
    }
}
