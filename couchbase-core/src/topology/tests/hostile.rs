//! Configurations cut off, damaged, and made up to do harm.

use super::{OWN_HOST, TWO_NODES, parse};
use crate::topology::{ClusterMap, ConfigError, MAX_NODES, MAX_REPLICAS, MAX_VBUCKETS};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

#[test]
fn every_prefix_is_refused() {
    let global = br#"{"rev":4,"nodesExt":[{"services":{"kv":11210},"hostname":"\u0061"}]}"#;
    for whole in [TWO_NODES, OWN_HOST.as_bytes(), global] {
        assert!(ClusterMap::parse(whole, "a").is_ok());
        for end in 0..whole.len() {
            let error = ClusterMap::parse(&whole[..end], "a").unwrap_err();
            assert!(matches!(error, ConfigError::Json(_)), "{end}: {error}");
        }
        let longer = [whole, b"}"].concat();
        assert!(ClusterMap::parse(&longer, "a").is_err());
    }
}

#[test]
fn every_flipped_byte_is_survived() {
    for whole in [TWO_NODES, OWN_HOST.as_bytes()] {
        for at in 0..whole.len() {
            for flip in [0x01, 0x02, 0x10, 0x20, 0x80, 0xff] {
                let mut bytes = whole.to_vec();
                bytes[at] ^= flip;
                consistent(&ClusterMap::parse(&bytes, "a"));
            }
        }
    }
}

/// What a map promises: every node that it names exists.
fn consistent(outcome: &Result<ClusterMap, ConfigError>) {
    match outcome {
        Ok(map) => {
            assert!(!map.nodes().is_empty());
            for vbucket in 0..=u16::MAX {
                let copies = (0..=MAX_REPLICAS).map(|n| map.replica(vbucket, n)).chain([map.active(vbucket)]);
                assert!(copies.flatten().all(|index| index < map.bucket_nodes().len()));
                if u32::from(vbucket) > map.vbucket_count() {
                    break;
                }
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn with_map(map: &str) -> String {
    format!(r#"{{"name": "b", "nodesExt": [{{"services": {{"kv": 11210}}}}], "vBucketServerMap": {map}}}"#)
}

fn with_rows(rows: &str) -> String {
    with_map(&format!(r#"{{"numReplicas": 1, "serverList": ["$HOST:11210"], "vBucketMap": {rows}}}"#))
}

fn many(element: &str, count: usize) -> String {
    format!("[{}]", vec![element; count].join(","))
}

#[test]
fn hostile() {
    let node = |services: &str| format!(r#"{{"nodesExt": [{{"services": {services}}}]}}"#);
    let server = |text: &str| with_map(&format!(r#"{{"serverList": [{text:?}], "vBucketMap": [[0]]}}"#));
    let old = |node: &str| format!(r#"{{"nodes": [{node}]}}"#);
    let long = "x".repeat(100_000);
    let table: Vec<(String, &str)> = vec![
        // Not a configuration at all.
        ("".into(), "not in the expected form: EOF"),
        ("null".into(), "not in the expected form"),
        ("<html>".into(), "not in the expected form"),
        ("{}".into(), "names no node"),
        ("[]".into(), "not in the expected form"),
        (r#"{"nodesExt": []}"#.into(), "names no node"),
        (r#"{"rev": "12"}"#.into(), "not in the expected form: invalid type: string"),
        (r#"{"rev": 1.5}"#.into(), "not in the expected form"),
        (r#"{"rev": 99999999999999999999}"#.into(), "not in the expected form"),
        (r#"{"rev": 1, "rev": 2}"#.into(), "duplicate field"),
        (format!(r#"{{"rev": {:?}}}"#, long), "invalid type: string"),
        ("[".repeat(100_000), "not in the expected form"),
        ("{\"a\":".repeat(100_000), "not in the expected form"),
        // Versions.
        (r#"{"rev": -1}"#.into(), "rev of the cluster configuration is negative: -1"),
        (r#"{"rev": 1, "revEpoch": -5}"#.into(), "revEpoch of the cluster configuration is negative: -5"),
        // Ports and hosts.
        (node(r#"{"kv": 0}"#), "gives kv the port 0"),
        (node(r#"{"kv": 65536}"#), "gives kv the port 65536"),
        (node(r#"{"mgmtSSL": -1}"#), "gives mgmtSSL the port -1"),
        (node(r#"{"capi": "8092"}"#), "not in the expected form"),
        (node("7"), "not in the expected form"),
        (r#"{"nodesExt": [{"hostname": "a b"}]}"#.into(), r#"names a node "a b""#),
        (r#"{"nodesExt": [{"hostname": "\u0000"}]}"#.into(), "which is no address"),
        (format!(r#"{{"nodesExt": [{{"hostname": {long:?}}}]}}"#), "xxx…\", which is no address"),
        (server("a"), r#"names a node "a""#),
        (server("[::1]"), r#"names a node "[::1]""#),
        (server("a:"), r#"names a node "a:""#),
        (server("a:x"), r#"names a node "a:x""#),
        (server("a:99999999999999999999"), "which is no address"),
        (server("a:65536"), "gives kv the port 65536"),
        (server("a:-1"), "gives kv the port -1"),
        (server("[::1:5"), r#"names a node "[::1""#),
        (server("$HOSTESS:5"), r#"names a node "$HOSTESS""#),
        (old(r#"{"ports": {"direct": 0}}"#), "gives direct the port 0"),
        (old(r#"{"hostname": "a:0"}"#), "gives mgmt the port 0"),
        (old(r#"{"hostname": "a", "couchApiBase": "ftp://a:1/b"}"#), "ftp://a:1/b"),
        (old(r#"{"hostname": "a", "couchApiBase": "http://a:x/b"}"#), r#"names a node "a:x""#),
        // Numbers of nodes.
        (
            format!(r#"{{"nodesExt": {}}}"#, many("{}", 1_001)),
            "nodesExt of the cluster configuration has 1001 nodes",
        ),
        (
            format!(r#"{{"nodes": {}}}"#, many("{}", 70_000)),
            "nodes of the cluster configuration has 70000 nodes",
        ),
        (
            with_map(&format!(r#"{{"serverList": {}, "vBucketMap": [[0]]}}"#, many("\"a:1\"", 1_001))),
            "serverList of the cluster configuration has 1001 nodes",
        ),
        // The map.
        (r#"{"name": "b", "nodesExt": [{}]}"#.into(), "no vBucketServerMap"),
        (
            r#"{"name": "b", "nodeLocator": "ketama", "nodesExt": [{}]}"#.into(),
            r#"nodeLocator of the cluster configuration is "ketama""#,
        ),
        (with_map("{}"), "missing field `serverList`"),
        (with_map(r#"{"serverList": ["a:1"]}"#), "missing field `vBucketMap`"),
        (
            with_map(r#"{"hashAlgorithm": "MD5", "serverList": [], "vBucketMap": [[0]]}"#),
            r#"hashAlgorithm of the cluster configuration is "MD5""#,
        ),
        (with_map(r#"{"serverList": [], "vBucketMap": [[0]]}"#), "vbucket 0 is on server 0"),
        (with_map(r#"{"numReplicas": -1, "serverList": ["a:1"], "vBucketMap": [[0]]}"#), "has -1 replicas"),
        (with_map(r#"{"numReplicas": 16, "serverList": ["a:1"], "vBucketMap": [[0]]}"#), "has 16 replicas"),
        (with_rows("[]"), "has no vbuckets"),
        (with_rows("[[]]"), "vbucket 0 of the bucket's configuration lists 0 copies, not 1"),
        (with_rows("[[0, 0], []]"), "vbucket 1 of the bucket's configuration lists 0 copies, not 2"),
        (with_rows("[[0, 0], [0]]"), "vbucket 1 of the bucket's configuration lists 1 copies, not 2"),
        (with_rows("[[0], [0, 0]]"), "vbucket 1 of the bucket's configuration lists 2 copies, not 1"),
        (with_rows("[[0, 1]]"), "vbucket 0 is on server 1,"),
        (with_rows("[[0, 0], [0, 0], [7, 0]]"), "vbucket 2 is on server 7,"),
        (with_rows("[[-2]]"), "vbucket 0 is on server -2,"),
        (with_rows("[[65535]]"), "vbucket 0 is on server 65535,"),
        (with_rows("[[9223372036854775807]]"), "vbucket 0 is on server 9223372036854775807,"),
        (with_rows("[[18446744073709551615]]"), "not in the expected form"),
        (with_rows("[[0.5]]"), "not in the expected form"),
        (with_rows("[0]"), "not in the expected form"),
        (with_rows(&format!("[{}]", many("0", 17))), "has 16 replicas"),
        (with_rows(&format!("[{}]", many("0", 100_000))), "has 99999 replicas"),
        (with_rows(&many("[0]", 65_537)), "has 65537 vbuckets"),
        (with_rows(&many("[0]", 200_000)), "has 200000 vbuckets"),
        (with_rows(&many("[]", 200_000)), "lists 0 copies"),
    ];
    for (json, words) in table {
        let shown = &json[..json.len().min(120)];
        let error = parse(&json, "127.0.0.1").expect_err(shown);
        let text = error.to_string();
        assert!(text.contains(words), "{shown}\n{text}");
        assert!(text.len() < 1_000, "{shown}");
    }
}

#[test]
fn limits_are_inclusive() {
    let rows = many("[0]", MAX_VBUCKETS);
    let map = parse(&with_rows(&rows), "a").unwrap();
    assert_eq!(map.vbucket_count(), 65_536);
    assert_eq!((map.active(u16::MAX), map.vbucket_of(b"hello")), (Some(0), 13_840));

    let row = format!("[{}]", many("0", MAX_REPLICAS + 1));
    let map = parse(&with_rows(&row), "a").unwrap();
    assert_eq!((map.replica(0, 14), map.replica(0, 15)), (Some(0), None));

    let nodes: Vec<String> = (0..MAX_NODES)
        .map(|n| format!(r#"{{"hostname": "n{n}", "services": {{"kv": {}}}}}"#, n + 1))
        .collect();
    let map = parse(&format!(r#"{{"nodesExt": [{}]}}"#, nodes.join(",")), "a").unwrap();
    assert_eq!(map.nodes()[999].node().as_str(), "n999:1000");
}
