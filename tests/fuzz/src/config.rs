//! Cluster configurations: a map, consistent in itself, or a typed error in few words.

use couchbase_core::topology::{ClusterMap, MAX_NODES, MAX_REPLICAS, MAX_VBUCKETS, Revision, Verdict};
use serde_json::Value;

/// Reads `data` as a terse configuration, over links to several kinds of host.
pub fn config(data: &[u8]) {
    for host in ["10.0.0.1", "fe80::1", "db.example", ""] {
        match ClusterMap::parse(data, host) {
            Ok(map) => {
                consistent(&map);
                faithful(&map, data);
            }
            Err(error) => assert!((1..1_000).contains(&error.to_string().len()), "{error}"),
        }
    }
}

fn consistent(map: &ClusterMap) {
    assert!((1..=MAX_NODES * 2).contains(&map.nodes().len()));
    for node in map.nodes() {
        assert!(!node.host.is_empty() && !node.host.contains(['[', ']', '/', ' ', '$']));
        let ports = [node.kv, node.kv_tls, node.mgmt, node.mgmt_tls, node.capi, node.capi_tls];
        assert!(!ports.contains(&Some(0)));
        assert!(node.node().as_str().len() > node.host.len());
    }

    let count = map.vbucket_count();
    assert!(count as usize <= MAX_VBUCKETS && map.replicas() <= MAX_REPLICAS);
    assert!(count == 0 || u32::from(map.vbucket_of(b"a key")) < count);
    assert!(map.active_nodes().count() <= map.bucket_nodes().len().min(count as usize));
    if let Ok(past_the_end) = u16::try_from(count) {
        assert_eq!((map.active(past_the_end), map.replica(past_the_end, 0)), (None, None));
    }

    // Two of the same are the same, unless they say that they are not numbered.
    let is_numbered = !matches!(map.revision().rev, 0 | Revision::ABSENT);
    let verdict = map.verdict_on(map);
    assert_eq!(verdict, if is_numbered { Verdict::Known } else { Verdict::Accept });
    assert!(format!("{map:?}").len() < 1_000_000);
}

/// The map says what the document says, read in another way.
fn faithful(map: &ClusterMap, data: &[u8]) {
    // What the map has no use for is skipped, texts that are no Unicode and numbers beyond all range included.
    let Ok(document) = serde_json::from_str::<Value>(&String::from_utf8_lossy(data)) else { return };
    let Some(rows) = document["vBucketServerMap"]["vBucketMap"].as_array() else { return };
    assert_eq!(map.vbucket_count() as usize, rows.len());
    for (vbucket, row) in (0..=u16::MAX).zip(rows) {
        let node = |copy: usize| {
            let index = row.get(copy).map_or(-1, |index| index.as_i64().expect("an index"));
            usize::try_from(index).ok()
        };
        assert_eq!(map.active(vbucket), node(0));
        assert!((0..=MAX_REPLICAS).all(|n| map.replica(vbucket, n) == node(n + 1)));
        let copies = (0..=MAX_REPLICAS).filter_map(node);
        assert!(
            copies.into_iter().all(|node| node < map.bucket_nodes().len()),
            "a node that it does not have"
        );
    }
}
