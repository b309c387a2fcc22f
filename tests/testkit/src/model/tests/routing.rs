//! Which node answers for which vbucket, and what configs say about it.

use super::*;
use serde_json::Value;

fn config(bench: &mut Bench, conn: ConnId) -> Value {
    let answer = bench.call(conn, Outgoing::request(Opcode::GET_CLUSTER_CONFIG));
    assert_eq!(answer.status, Status::SUCCESS);
    serde_json::from_slice(&answer.value).unwrap()
}

fn chain(config: &Value, vbucket: usize) -> &Value {
    &config["vBucketServerMap"]["vBucketMap"][vbucket]
}

#[test]
fn another_nodes_vbucket_is_refused_with_the_config() {
    let mut bench = Bench::new();
    let conn = bench.client();
    for vbucket in [2, 3, 4, 999] {
        let answer = bench.call(conn, Outgoing { specific: vbucket, ..get() });
        assert_eq!(answer.status, Status::NOT_MY_VBUCKET);
        let told: Value = serde_json::from_slice(&answer.value).unwrap();
        assert_eq!((&told["rev"], chain(&told, 2)), (&1.into(), &serde_json::json!([1, 0])));
        assert_eq!(told["nodesExt"][0]["thisNode"], true);
    }
}

#[test]
fn a_moved_vbucket_takes_its_documents_along() {
    let mut bench = Bench::new();
    let (old, new) = (bench.client(), bench.link(1, &[Feature::XERROR]));
    bench.stored(old, b"v");
    bench.model.move_vbucket(0, 1);
    let refused = bench.call(old, get());
    assert_eq!(refused.status, Status::NOT_MY_VBUCKET);
    let told: Value = serde_json::from_slice(&refused.value).unwrap();
    assert_eq!((&told["rev"], chain(&told, 0)), (&2.into(), &serde_json::json!([1, 0])));
    assert_eq!(bench.call(new, get()).text(), "v");
}

#[test]
fn between_the_steps_of_a_move_configs_are_behind() {
    let mut bench = Bench::new();
    let (old, new) = (bench.client(), bench.link(1, &[Feature::XERROR]));
    bench.model.hand_over(0, 1);
    assert_eq!(bench.status(new, set(b"v")), Status::SUCCESS);
    assert_eq!(bench.status(old, get()), Status::NOT_MY_VBUCKET);
    let told = config(&mut bench, old);
    assert_eq!((&told["rev"], chain(&told, 0)), (&1.into(), &serde_json::json!([0, 1])));
    bench.model.announce(0);
    assert_eq!(config(&mut bench, old)["rev"], 2);
}

#[test]
fn a_failed_node_leaves_the_config_and_serves_nothing() {
    let mut bench = Bench::new();
    let (failed, left) = (bench.client(), bench.link(1, &[Feature::XERROR]));
    bench.stored(failed, b"v");
    bench.model.fail_over(0);
    assert_eq!(bench.status(failed, get()), Status::NOT_MY_VBUCKET);
    assert_eq!(bench.call(left, get()).text(), "v");
    let told = config(&mut bench, left);
    assert_eq!(told["vBucketServerMap"]["serverList"], serde_json::json!(["10.0.0.1:2000"]));
    assert_eq!(told["nodesExt"].as_array().unwrap().len(), 1);
    assert_eq!(chain(&told, 0), &serde_json::json!([0, -1]));
    bench.model.fail_over(1);
    let told = config(&mut bench, left);
    assert_eq!(chain(&told, 0), &serde_json::json!([-1, -1]));
}

#[test]
fn a_known_version_saves_the_config() {
    let mut bench = Bench::new();
    let conn = bench.client();
    bench.model.move_vbucket(0, 1);
    let mut ask = |epoch: i64, rev: i64| {
        let mut extras = epoch.to_be_bytes().to_vec();
        extras.extend(rev.to_be_bytes());
        let answer =
            bench.call(conn, Outgoing { extras: &extras, ..Outgoing::request(Opcode::GET_CLUSTER_CONFIG) });
        (answer.status, !answer.value.is_empty())
    };
    assert_eq!(ask(1, 1), (Status::SUCCESS, true));
    assert_eq!(ask(-1, 9), (Status::SUCCESS, true));
    assert_eq!(ask(1, 2), (Status::SUCCESS, false));
    assert_eq!(ask(1, 99), (Status::SUCCESS, false));
    assert_eq!(ask(2, 1), (Status::SUCCESS, false));
    assert_eq!(ask(1, 0).0, Status::EINVAL);
    assert_eq!(ask(0, 1).0, Status::EINVAL);
}

#[test]
fn without_a_bucket_the_config_is_the_clusters() {
    let mut bench = Bench::new();
    let conn = bench.client();
    bench.call(conn, Outgoing { key: b"@no bucket@", ..Outgoing::request(Opcode::SELECT_BUCKET) });
    let told = config(&mut bench, conn);
    assert!(told.get("name").is_none() && told.get("vBucketServerMap").is_none());
    let services = &told["nodesExt"][1]["services"];
    assert_eq!(services, &serde_json::json!({"kv": 2000, "mgmt": 2002, "capi": 2001}));
    assert_eq!(bench.status(conn, get()), Status::NO_BUCKET);
}
