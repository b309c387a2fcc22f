//! Configurations and answers that no honest cluster gives: nothing panics, nothing hangs.

use crate::script::{Script, cluster};
use couchbase_core::ErrorKind;
use couchbase_core::machine::{LinkLoss, Request};
use couchbase_core::wire::{Opcode, Outgoing, Status};
use std::time::Duration;

const HOST: &str = "couchbase://10.0.0.1/default";
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_malformed_answer_ends_its_own_operation_too() {
    let (mut script, link) = Script::connected(HOST, cluster(1, &["10.0.0.1"], &[0]));
    let counter = script.submit(Request::counter("n", 1), 60 * SECOND);
    let read = script.submit(Request::get("n"), 60 * SECOND);
    let asked = script.requests(link);
    // A counter's value has eight bytes.
    let reply =
        Outgoing { opaque: asked[0].opaque, ..Outgoing::response(Opcode::INCREMENT, Status::SUCCESS) };
    script.say(link, Outgoing { value: b"1", ..reply });
    let error = script.error(counter);
    assert!(error.is_ambiguous() && format!("{error}").contains("malformed"), "{error}");
    assert_eq!(script.client.metrics().orphans, 0, "nobody will answer it any more");
    // The vbucket is free for the next link.
    script.pass(SECOND);
    let next = script.opened.last().expect("opened again").0;
    script.establish(next);
    assert_eq!(script.requests(next).iter().map(|asked| asked.opcode).collect::<Vec<_>>(), [Opcode::GET]);
    assert!(!script.results.contains_key(&read));
}

#[test]
fn a_bucket_of_another_type_is_not_supported() {
    let map =
        cluster(1, &["10.0.0.1"], &[0]).replace(r#""nodeLocator":"vbucket""#, r#""nodeLocator":"ketama""#);
    let mut script = Script::new(HOST, map);
    let early = script.submit(Request::get("k"), SECOND);
    let (link, _) = script.opened[0];
    script.establish(link);
    let error = script.error(early);
    assert_eq!(error.kind(), ErrorKind::NotSupported);
    assert!(format!("{error}").contains("ketama"), "{error}");
}

#[test]
fn a_bucket_that_gets_its_name_later_keeps_its_vbuckets() {
    let nameless = cluster(1, &["10.0.0.1"], &[0; 64]).replace(r#""name":"default","#, "");
    let (mut script, link) = Script::connected(HOST, nameless);
    let ops: Vec<_> = (0..20).map(|n| script.submit(Request::get(format!("k{n}")), SECOND)).collect();
    let asked = script.requests(link);
    let smaller = cluster(2, &["10.0.0.1"], &[0; 2]);
    let moved = Outgoing::response(Opcode::GET, Status::NOT_MY_VBUCKET);
    script.say(link, Outgoing { opaque: asked[0].opaque, value: smaller.as_bytes(), ..moved });
    script.pass(2 * SECOND);
    for op in ops {
        assert_eq!(script.error(op).kind(), ErrorKind::Timeout);
    }
    assert_eq!(script.client.map().map(|map| map.vbucket_count()), Some(64));
}

#[test]
fn two_entries_with_one_address_are_both_served() {
    let twice = cluster(1, &["10.0.0.1", "10.0.0.1"], &[0, 1, 0, 1, 0, 1, 0, 1]);
    let (mut script, first) = Script::connected(HOST, twice);
    let second = script.opened.last().expect("one for each").0;
    script.establish(second);
    for n in 0..32 {
        script.submit(Request::get(format!("k{n}")), SECOND);
    }
    let sent = script.requests(first).len() + script.requests(second).len();
    assert_eq!(sent, 32);
    // Each comes back after it was lost.
    for lost in [first, second] {
        let opened = script.opened.len();
        script.client.handle_lost(lost, LinkLoss::Reset, script.now);
        script.pass(2 * SECOND);
        assert_eq!(script.opened.len(), opened + 1);
        let again = script.opened[opened].0;
        script.establish(again);
        assert!(!script.closed.contains(&again));
    }
}

#[test]
fn a_node_without_a_port_is_named_as_what_is_missing() {
    let map = cluster(1, &["10.0.0.1", "10.0.0.2"], &[0, 1, 0, 1]);
    let portless =
        map.replace(r#"{"hostname":"10.0.0.2","services":{"kv":11210}}"#, r#"{"hostname":"10.0.0.2"}"#);
    let (mut script, _) = Script::connected(HOST, portless);
    assert_eq!(script.opened.len(), 1);
    let ops: Vec<_> = (0..8).map(|n| script.submit(Request::get(format!("k{n}")), SECOND)).collect();
    script.pass(2 * SECOND);
    let words = ops.iter().map(|&op| format!("{}", script.error(op)));
    assert!(words.filter(|words| words.contains("no port of the key-value service")).count() > 0);
}

#[test]
fn nodes_that_send_an_operation_to_one_another_are_not_asked_without_a_pause() {
    // Revision 0 says: take it, whatever you have.
    let map = |node: i32| cluster(0, &["10.0.0.1", "10.0.0.2"], &[node]);
    let (mut script, one) = Script::connected(HOST, map(0));
    let two = script.opened.last().expect("the other node").0;
    script.establish(two);
    script.submit(Request::get("k"), 60 * SECOND);
    let mut asked = 0;
    let start = script.now;
    while script.now < start + SECOND {
        for (link, other) in [(one, 1), (two, 0)] {
            for received in script.requests(link).iter().filter(|received| received.opcode == Opcode::GET) {
                asked += 1;
                assert!(asked < 100, "again and again");
                let value = map(other);
                let refused = Outgoing::response(Opcode::GET, Status::NOT_MY_VBUCKET);
                script.say(link, Outgoing { opaque: received.opaque, value: value.as_bytes(), ..refused });
            }
        }
        script.pass(Duration::from_millis(1));
    }
    assert!(asked > 4, "{asked}");
}

#[test]
fn a_configuration_that_comes_again_is_not_read_again() {
    let (mut script, link) = Script::connected(HOST, cluster(1, &["10.0.0.1"], &[0]));
    for key in ["a", "b", "c"] {
        script.submit(Request::get(key), SECOND);
    }
    for received in script.requests(link) {
        let refused = Outgoing::response(Opcode::GET, Status::NOT_MY_VBUCKET);
        script.say(link, Outgoing { opaque: received.opaque, value: b"{", ..refused });
    }
    assert_eq!(script.client.metrics().bad_configurations, 1);
}

#[test]
fn a_node_that_has_no_data_of_the_bucket_any_more_is_left() {
    let (mut script, one) = Script::connected(HOST, cluster(1, &["10.0.0.1", "10.0.0.2"], &[0, 1]));
    let two = script.opened.last().expect("the other node").0;
    script.establish(two);
    script.submit(Request::get("k"), SECOND);
    let after = cluster(2, &["10.0.0.1", "10.0.0.2"], &[0, 0]).replace(r#","10.0.0.2:11210""#, "");
    for link in [one, two] {
        for received in script.requests(link).iter().filter(|received| received.opcode == Opcode::GET) {
            let refused = Outgoing::response(Opcode::GET, Status::NOT_MY_VBUCKET);
            script.say(link, Outgoing { opaque: received.opaque, value: after.as_bytes(), ..refused });
        }
    }
    let map = script.client.map().expect("connected");
    assert_eq!((map.nodes().len(), map.bucket_nodes().len()), (2, 1));
    script.pass(Duration::from_millis(200));
    assert_eq!(script.closed, [two]);
}
