//! Configurations as real servers send them, and as the documents describe them.

mod hostile;

use super::*;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

/// The first configuration of a cluster of two nodes, as a server sent it.
const TWO_NODES: &[u8] = include_bytes!("testdata/two_nodes.json");
/// The same after vbucket 31 moved, from a NOT_MY_VBUCKET reply.
const MOVED_VBUCKET: &[u8] = include_bytes!("testdata/moved_vbucket.json");
/// A bucket that only exists for its configuration.
const CONFIG_ONLY: &[u8] = include_bytes!("testdata/config_only.json");

fn parse(json: &str, host: &str) -> Result<ClusterMap, ConfigError> {
    ClusterMap::parse(json.as_bytes(), host)
}

fn names(map: &ClusterMap) -> Vec<String> {
    map.nodes().iter().map(|node| node.node().to_string()).collect()
}

#[test]
fn recorded() {
    let map = ClusterMap::parse(TWO_NODES, "127.0.0.1").unwrap();
    assert_eq!(map.revision(), Revision { epoch: 1, rev: 2 });
    assert_eq!(map.bucket(), Some("default"));
    assert_eq!((map.vbucket_count(), map.replicas()), (64, 1));
    assert_eq!(names(&map), ["127.0.0.1:21310", "127.0.0.1:21312"]);
    assert_eq!(map.bucket_nodes().len(), 2);
    let [first, second] = map.nodes() else { panic!("two nodes") };
    assert!(first.this_node && !second.this_node);
    assert_eq!((first.mgmt, first.capi, first.kv_tls), (Some(8091), None, None));
    for vbucket in 0..32 {
        assert_eq!((map.active(vbucket), map.replica(vbucket, 0)), (Some(0), Some(1)));
    }
    for vbucket in 32..64 {
        assert_eq!((map.active(vbucket), map.replica(vbucket, 0)), (Some(1), Some(0)));
    }
    assert_eq!(map.replica(0, 1), None);
    assert_eq!(map.replica(0, usize::MAX), None);
    assert_eq!((map.active(64), map.active(u16::MAX), map.replica(64, 0)), (None, None, None));
    assert_eq!(map.vbucket_of(b"foo"), 51);
    assert_eq!(
        format!("{map:?}"),
        r#"ClusterMap { revision: 1:2, bucket: Some("default"), nodes: ["127.0.0.1:21310", "127.0.0.1:21312"], bucket_nodes: 2, vbuckets: 64, replicas: 1 }"#
    );

    let moved = ClusterMap::parse(MOVED_VBUCKET, "127.0.0.1").unwrap();
    assert_eq!(map.verdict_on(&moved), Verdict::Accept);
    assert_eq!(moved.verdict_on(&map), Verdict::Older);
    assert_eq!(map.verdict_on(&map.clone()), Verdict::Known);
    let changed: Vec<u16> = (0..64).filter(|&vb| map.active(vb) != moved.active(vb)).collect();
    assert_eq!(changed, [31]);
    assert_eq!(moved.active(31), Some(1));

    let other = ClusterMap::parse(CONFIG_ONLY, "127.0.0.1").unwrap();
    assert_eq!(other.bucket(), Some("confonly"));
    assert_eq!(map.verdict_on(&other), Verdict::OtherBucket);
}

/// A cluster as its first node describes it when it only knows itself as localhost.
const OWN_HOST: &str = r#"{"rev": 12, "revEpoch": 1, "name": "travel", "nodeLocator": "vbucket",
    "nodes": [{"couchApiBase": "http://$HOST:8092/travel%2B0f", "hostname": "$HOST:8091", "ports": {"direct": 11210}}],
    "nodesExt": [{"services": {"mgmt": 8091, "mgmtSSL": 18091, "kv": 11210, "kvSSL": 11207, "capi": 8092,
        "capiSSL": 18092, "n1ql": 8093}, "thisNode": true}],
    "vBucketServerMap": {"hashAlgorithm": "CRC", "numReplicas": 0, "serverList": ["$HOST:11210"],
        "vBucketMap": [[0], [0], [0]]}}"#;

#[test]
fn own_host() {
    let hosts = [
        ("10.1.2.3", "10.1.2.3", "10.1.2.3:11210"),
        ("db.example", "db.example", "db.example:11210"),
        ("::1", "::1", "[::1]:11210"),
        ("[2001:db8::7]", "2001:db8::7", "[2001:db8::7]:11210"),
        ("fe80::1%eth0", "fe80::1%eth0", "[fe80::1%eth0]:11210"),
    ];
    for (link, host, node) in hosts {
        let map = parse(OWN_HOST, link).unwrap();
        assert_eq!(map.nodes()[0].host, host);
        assert_eq!(names(&map), [node]);
        assert_eq!(map.nodes().len(), map.bucket_nodes().len());
        let info = &map.nodes()[0];
        assert_eq!(
            (info.kv, info.kv_tls, info.mgmt, info.mgmt_tls),
            (Some(11210), Some(11207), Some(8091), Some(18091))
        );
        assert_eq!((info.capi, info.capi_tls), (Some(8092), Some(18092)));
        assert_eq!(map.active(map.vbucket_of(b"a key")), Some(0));
    }
    for link in ["", "[", "two words", "a/b", "[::1", "$HOST"] {
        assert!(matches!(parse(OWN_HOST, link), Err(ConfigError::Host(_))), "{link:?}");
    }
}

#[test]
fn servers_before_nodes_ext() {
    let json = r#"{"rev": 3, "name": "old", "nodeLocator": "vbucket",
        "nodes": [{"couchApiBase": "http://[::2]:8092/old", "hostname": "[::2]:8091", "ports": {"direct": 11210}},
                  {"couchApiBase": "http://$HOST:9500/old", "hostname": "$HOST:9000", "ports": {"direct": 12000},
                   "thisNode": true}],
        "vBucketServerMap": {"hashAlgorithm": "CRC", "numReplicas": 1,
            "serverList": ["$HOST:12000", "[::2]:11210"], "vBucketMap": [[0, 1], [1, -1]]}}"#;
    let map = parse(json, "::1").unwrap();
    assert_eq!(map.revision(), Revision { epoch: Revision::ABSENT, rev: 3 });
    assert_eq!(names(&map), ["[::1]:12000", "[::2]:11210"]);
    let [first, second] = map.nodes() else { panic!("two nodes") };
    assert_eq!((first.mgmt, first.capi, first.this_node), (Some(9000), Some(9500), true));
    assert_eq!((second.mgmt, second.capi, second.this_node), (Some(8091), Some(8092), false));
    assert_eq!((map.active(0), map.replica(0, 0)), (Some(0), Some(1)));
    assert_eq!((map.active(1), map.replica(1, 0)), (Some(1), None));

    let bare = r#"{"vBucketServerMap": {"serverList": ["a:1", "b:2"], "vBucketMap": [[1]]}}"#;
    let map = parse(bare, "a").unwrap();
    assert_eq!((names(&map), map.active(0), map.replicas()), (vec!["a:1".into(), "b:2".into()], Some(1), 0));
    assert_eq!(map.revision(), Revision::NONE);
}

#[test]
fn global() {
    let json = r#"{"rev": 4, "revEpoch": 1, "nodesExt": [
        {"services": {"mgmt": 8091, "kv": 11210}, "thisNode": true},
        {"services": {"mgmt": 8091, "mgmtSSL": 18091}, "hostname": "q.example"}],
        "clusterCapabilitiesVer": [1, 0], "clusterCapabilities": {"n1ql": ["costBasedOptimizer"]}}"#;
    let map = parse(json, "a.example").unwrap();
    assert_eq!((map.bucket(), map.vbucket_count(), map.replicas()), (None, 0, 0));
    assert_eq!(names(&map), ["a.example:11210", "q.example:8091"]);
    assert!(map.bucket_nodes().is_empty());
    assert_eq!((map.vbucket_of(b"hello"), map.active(0), map.replica(0, 0)), (0, None, None));
}

#[test]
fn servers_and_nodes_of_different_length() {
    // Node b failed over: it is still in the map, but no node of the bucket; d has joined, with nothing of the map.
    let json = r#"{"name": "b", "nodes": [{"hostname": "a:8091"}, {"hostname": "c:8091"}, {"hostname": "d:8091"}],
        "nodesExt": [{"services": {"kv": 1, "capi": 11}, "hostname": "a"}, {"services": {"kv": 3}, "hostname": "c"},
            {"services": {"kv": 4}, "hostname": "d"}, {"services": {"mgmt": 5}, "hostname": "query"}],
        "vBucketServerMap": {"numReplicas": 1, "serverList": ["a:1", "b:2"], "vBucketMap": [[0, 1], [1, 0]]}}"#;
    let map = parse(json, "a").unwrap();
    assert_eq!(names(&map), ["a:1", "b:2", "c:3", "d:4", "query:5"]);
    assert_eq!(map.bucket_nodes().len(), 2);
    assert_eq!((map.nodes()[0].capi, map.nodes()[1].capi), (Some(11), None));
    assert_eq!(map.active(1), Some(1));
}

#[test]
fn nodes_without_an_active_vbucket() {
    let active = |json: &str| -> Vec<String> {
        parse(json, "a").unwrap().active_nodes().map(|node| node.node().to_string()).collect()
    };
    // b holds replicas only, d nothing at all.
    let json = r#"{"vBucketServerMap": {"numReplicas": 1, "serverList": ["a:1", "b:2", "c:3", "d:4"],
        "vBucketMap": [[2, 1], [-1, 1], [0, 1], [2, -1]]}}"#;
    assert_eq!(active(json), ["a:1", "c:3"]);
    let json = r#"{"rev": 4, "nodesExt": [{"services": {"kv": 1}, "thisNode": true}]}"#;
    assert!(active(json).is_empty());
}

#[test]
fn by_position_a_node_without_plain_port_keeps_its_place() {
    let json = r#"{"name": "b", "nodes": [{"hostname": "a:8091"}, {"hostname": "c:8091"}],
        "nodesExt": [{"services": {"kvSSL": 11207}, "hostname": "a"}, {"services": {"kv": 3}, "hostname": "c"},
            {"services": {"kv": 7}, "hostname": "z"}],
        "vBucketServerMap": {"numReplicas": 0, "serverList": ["a:11210", "c:3"], "vBucketMap": [[0], [1]]}}"#;
    let map = parse(json, "a").unwrap();
    assert_eq!(names(&map), ["a:11207", "c:3", "z:7"]);
    assert_eq!(map.nodes()[0].kv, None);
    assert_eq!((map.active(0), map.active(1), map.bucket_nodes().len()), (Some(0), Some(1), 2));
}

#[test]
fn number_of_replicas_just_changed() {
    let json = |replicas| {
        format!(
            r#"{{"vBucketServerMap": {{"numReplicas": {replicas}, "serverList": ["a:1", "b:2"],
                "vBucketMap": [[0, 1], [1, 0]]}}}}"#
        )
    };
    let map = parse(&json(2), "a").unwrap();
    assert_eq!((map.replicas(), map.replica(0, 0), map.replica(0, 1)), (2, Some(1), None));
    let map = parse(&json(0), "a").unwrap();
    assert_eq!((map.replicas(), map.replica(0, 0)), (0, Some(1)));
}
