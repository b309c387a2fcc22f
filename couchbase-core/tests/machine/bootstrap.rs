//! The first connection, and the links after it.

use crate::rig::Rig;
use crate::script::{Script, cluster};
use couchbase_core::ErrorKind;
use couchbase_core::machine::{Client, Event, LinkId, LinkLoss, Request};
use couchbase_core::wire::{Opcode, Outgoing, Status};
use couchbase_core::{Config, Instant};
use std::time::Duration;

#[test]
fn the_first_map_opens_a_link_to_each_node() {
    let rig = Rig::connected(4);
    assert_eq!(rig.log.iter().filter(|line| line.starts_with("open")).count(), 4, "{:?}", rig.log);
    assert_eq!(rig.log.iter().filter(|line| *line == "Connected").count(), 1);
    assert_eq!(rig.client.map().map(|map| map.vbucket_count()), Some(64));
}

#[test]
fn a_wrong_password_is_reported_at_once_and_ends_what_waited() {
    let mut rig = Rig::with(2, |config| config.credentials("app", "wrong"));
    let early = rig.set("k", "1");
    rig.run();
    let error = rig.error(early).clone();
    assert_eq!(error.kind(), ErrorKind::Auth, "{error}");
    assert!(error.node().is_some() && error.key().is_some() && !error.is_ambiguous());
    assert!(rig.log.iter().any(|line| line.starts_with("ConnectFailed")), "{:?}", rig.log);
    let late = rig.client.submit(couchbase_core::machine::Request::get("k"), crate::rig::TIMEOUT, rig.now);
    assert_eq!(late.expect_err("failed for good").error.kind(), ErrorKind::Auth);
    rig.pass(Duration::from_secs(60));
    assert_eq!(rig.links(), 0, "it is not tried again");
}

#[test]
fn a_missing_bucket_is_missing_or_not_ours() {
    let mut rig = Rig::with(1, |config| config.bucket("nosuch"));
    let early = rig.get("k");
    rig.run();
    let error = rig.error(early);
    assert_eq!(error.kind(), ErrorKind::BucketNotFound);
    assert!(format!("{error}").contains("missing or not"), "{error}");
}

#[test]
fn a_host_that_cannot_do_it_yet_is_asked_again_until_the_time_is_over() {
    let hosts = |_| {
        Config::new("couchbase://app:secret@10.0.0.1,10.0.0.2/default")
            .connect_timeout(Duration::from_secs(4))
    };
    let mut rig = Rig::with(2, hosts);
    rig.answer_next(5, Opcode::SELECT_BUCKET, Status::ETMPFAIL);
    let early = rig.set("k", "1");
    rig.pass(Duration::from_secs(2));
    rig.ok(early);

    let mut rig = Rig::with(2, hosts);
    rig.answer_next(1000, Opcode::SELECT_BUCKET, Status::NOT_INITIALIZED);
    let early = rig.set("k", "1");
    rig.pass(Duration::from_millis(3999));
    assert!(rig.is_open(early));
    rig.pass(Duration::from_millis(1));
    let error = rig.error(early);
    assert_eq!(error.kind(), ErrorKind::TemporaryFail);
    let words = format!("{error}");
    assert!(words.contains("SELECT_BUCKET") && words.contains("within 4s"), "{words}");
    assert!(words.contains("raise connect_timeout") && !words.contains("()"), "{words}");
}

#[test]
fn hosts_that_cannot_do_it_yet_are_asked_twice_a_second_however_many_there_are() {
    for hosts in [1, 2, 3, 10] {
        let list: Vec<String> = (1..=hosts).map(|n| format!("10.0.0.{n}")).collect();
        let config = format!("couchbase://{}/default", list.join(","));
        let mut script = Script::new(config.as_str(), cluster(1, &["10.0.0.1"], &[0]));
        let (mut seen, mut asked) = (0, Vec::new());
        // Each answers a millisecond or two after it was asked, so that no two do at one moment.
        while script.now < Instant::ZERO + Duration::from_secs(9) {
            while let Some(&(link, addr)) = script.opened.get(seen) {
                seen += 1;
                asked.push((script.now, addr));
                script.pass(Duration::from_micros(1000 + seen as u64 * 7919 % 1009));
                script.client.handle_connected(link, script.now);
                let hello = script.requests(link).remove(0);
                let busy = Outgoing::response(Opcode::HELLO, Status::ETMPFAIL);
                script.say(link, Outgoing { opaque: hello.opaque, ..busy });
            }
            script.pass(Duration::from_micros(100));
        }
        for host in 0..hosts {
            let addr = format!("10.0.0.{}:11210", host + 1);
            let at: Vec<_> =
                asked.iter().filter(|(_, of)| of.to_string() == addr).map(|(at, _)| *at).collect();
            let is_paced = at.windows(2).all(|two| two[1] - two[0] >= Duration::from_millis(500));
            assert!(is_paced && at.len() >= 10, "{addr} of {hosts}: {at:?}");
        }
    }
}

#[test]
fn every_host_is_tried_before_giving_up() {
    let mut rig = Rig::with(3, |_| Config::new("couchbase://app:secret@10.0.0.1,10.0.0.2,10.0.0.3/default"));
    rig.model.stop(0);
    rig.model.stop(1);
    let early = rig.set("k", "1");
    rig.run();
    assert!(rig.client.is_connected(), "{:?}", rig.log);
    for node in [0, 1] {
        rig.model.start(node);
    }
    rig.pass(Duration::from_secs(2));
    rig.ok(early);
    assert_eq!(rig.links(), 3);
}

#[test]
fn nobody_listening_fails_at_once_with_the_reason() {
    let mut rig = Rig::new(1);
    rig.model.stop(0);
    let early = rig.set("k", "1");
    rig.run();
    let error = rig.error(early);
    assert_eq!(error.kind(), ErrorKind::Network);
    let words = format!("{error}");
    assert!(words.contains("refused") && words.contains("10.0.0.1:11210"), "{words}");
}

#[test]
fn a_silent_host_is_given_up_at_the_connect_deadline_with_its_step_named() {
    let mut rig = Rig::with(1, |config| config.connect_timeout(Duration::from_secs(3)));
    rig.model.hang(0);
    let early = rig.set("k", "1");
    rig.pass(Duration::from_millis(2999));
    assert!(rig.is_open(early), "until then the connect deadline rules, not the operation's");
    rig.pass(Duration::from_millis(1));
    let error = rig.error(early);
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let words = format!("{error}");
    assert!(words.contains("HELLO") && words.contains("10.0.0.1:11210") && words.contains("3s"), "{words}");
    assert!(!error.is_ambiguous());
}

#[test]
fn a_host_that_is_silent_does_not_hide_what_another_one_said() {
    let hosts = "couchbase://app:secret@10.0.0.1,10.0.0.2/absent";
    let mut rig = Rig::with(2, |_| Config::new(hosts).connect_timeout(Duration::from_secs(3)));
    rig.model.hang(1);
    let early = rig.set("k", "1");
    rig.pass(Duration::from_secs(3));
    let error = rig.error(early);
    assert_eq!(error.kind(), ErrorKind::BucketNotFound);
    assert_eq!(error.node().map(|node| node.to_string()).as_deref(), Some("10.0.0.1:11210"));
    let words = format!("{error}");
    assert!(words.contains("absent") && words.contains("3s (10.0.0.2:11210: no answer to HELLO"), "{words}");
}

#[test]
fn many_rounds_of_scram_are_done_in_parts_once_for_all_nodes() {
    let mut rig = Rig::asking_for(20_000, 2, |config| config);
    rig.run();
    assert!(!rig.client.is_connected());
    // 4,096 of them are done when the challenge comes, and again after each millisecond.
    for _ in 0..3 {
        rig.pass(Duration::from_millis(1));
        assert!(!rig.client.is_connected());
    }
    rig.pass(Duration::from_millis(1));
    assert!(rig.client.is_connected());
    assert_eq!(rig.links(), 2, "the second node's link found the keys");
}

#[test]
fn what_is_said_meanwhile_does_not_hurry_the_rounds() {
    let mut rig = Rig::asking_for(40_000, 1, |config| config);
    rig.run();
    let mut push = [0; 24];
    push[..2].copy_from_slice(&[0x82, 0x01]);
    for _ in 0..20 {
        rig.now = rig.now + Duration::from_micros(10);
        rig.inject(0, &push);
    }
    // Nine parts are left, a millisecond each.
    rig.pass(Duration::from_micros(8700));
    assert!(!rig.client.is_connected());
    rig.pass(Duration::from_millis(1));
    assert!(rig.client.is_connected());
}

#[test]
fn names_are_resolved_and_unknown_ones_are_unknown_hosts() {
    let now = Instant::ZERO;
    let mut client = Client::new("couchbase://nowhere.invalid/default", 1, now).unwrap();
    let Some(Event::Resolve { query, host, port }) = client.poll_event() else { panic!("a name to resolve") };
    assert_eq!((&*host, port), ("nowhere.invalid", 11210));
    client.handle_unresolved(query, "no such name", now);
    let Some(Event::ConnectFailed { error }) = client.poll_event() else { panic!("an unknown host") };
    assert_eq!(error.kind(), ErrorKind::UnknownHost);
    let words = format!("{error}");
    assert!(words.contains("no such name") && words.contains("nowhere.invalid"), "{words}");
}

#[test]
fn all_addresses_of_a_name_are_tried() {
    let now = Instant::ZERO;
    let mut client = Client::new("couchbase://db.example/default", 1, now).unwrap();
    let Some(Event::Resolve { query, .. }) = client.poll_event() else { panic!("a name to resolve") };
    let addrs = ["10.0.0.1:11210".parse().unwrap(), "[fd00::1]:11210".parse().unwrap()];
    client.handle_resolved(query, &addrs, now);
    let Some(Event::Open { link, addr }) = client.poll_event() else { panic!("the first address") };
    assert_eq!(addr, addrs[0]);
    client.handle_lost(link, couchbase_core::machine::LinkLoss::Refused, now);
    let Some(Event::Open { link: again, addr }) = client.poll_event() else { panic!("the second address") };
    assert_eq!((again, addr), (link, addrs[1]));
}

#[test]
fn a_stopped_node_is_connected_again_when_it_is_back() {
    let mut rig = Rig::connected(2);
    let home = rig.home("k");
    rig.model.stop(home);
    rig.run();
    assert_eq!(rig.links(), 1);
    let waiting = rig.client.submit(
        couchbase_core::machine::Request::set("k", crate::rig::text("1")),
        Duration::from_secs(30),
        rig.now,
    );
    rig.pass(Duration::from_secs(5));
    let waiting = waiting.unwrap();
    assert!(rig.is_open(waiting));
    rig.model.start(home);
    rig.pass(Duration::from_secs(2));
    rig.ok(waiting);
    assert!(rig.client.metrics().reconnects > 1);
}

#[test]
fn a_failed_over_node_is_left_and_its_keys_go_to_the_replica() {
    let mut rig = Rig::connected(3);
    let home = rig.home("k");
    rig.model.fail_over(home);
    let set = rig.set("k", "1");
    rig.pass(Duration::from_secs(3));
    rig.ok(set);
    assert_eq!(rig.links(), 2, "{:?}", rig.log);
}

#[test]
fn closing_waits_for_what_is_under_way_and_then_closes_every_link() {
    let mut rig = Rig::connected(2);
    let last = rig.set("k", "1");
    rig.client.close(rig.now);
    rig.pull();
    assert!(rig.is_open(last));
    let refused = rig.client.submit(couchbase_core::machine::Request::get("k"), crate::rig::TIMEOUT, rig.now);
    assert_eq!(refused.expect_err("closing").error.kind(), ErrorKind::Closed);
    rig.run();
    rig.ok(last);
    assert_eq!((rig.links(), rig.log.last().map(|line| &**line)), (0, Some("Closed")));
    assert!(rig.client.poll_timeout().is_none());
}

/// Two hosts that the map calls by other names; both are being connected when the first one gives the map.
fn two_hosts_at_once() -> (Script, LinkId, LinkId) {
    let map = cluster(1, &["10.0.1.1", "10.0.1.2"], &[0, 1, 0, 1]);
    let mut script = Script::new("couchbase://10.0.0.1,10.0.0.2/default", map);
    script.pass(Duration::from_millis(500));
    let of = |script: &Script, host: &str| {
        script.opened.iter().find(|(_, addr)| addr.ip().to_string() == host).expect("both are tried").0
    };
    let (one, two) = (of(&script, "10.0.0.1"), of(&script, "10.0.0.2"));
    establish_as(&mut script, one, "10.0.1.1");
    (script, one, two)
}

/// The node at the end of `link` calls itself so.
fn establish_as(script: &mut Script, link: LinkId, name: &str) {
    let map = script.config.clone();
    let own = format!(r#""thisNode":true,"hostname":"{name}""#);
    script.config = map.replace(&format!(r#""hostname":"{name}""#), &own);
    script.establish(link);
    script.config = map;
}

#[test]
fn a_second_host_is_taken_for_the_node_that_it_says_it_is() {
    let (mut script, one, two) = two_hosts_at_once();
    script.client.handle_lost(one, LinkLoss::Reset, script.now);
    establish_as(&mut script, two, "10.0.1.2");
    for n in 0..16 {
        script.submit(Request::get(format!("k{n}")), Duration::from_secs(1));
    }
    let map = script.client.map().expect("connected").clone();
    let owner = |key: &str| map.active(map.vbucket_of(key.as_bytes()));
    let asked = script.requests(two);
    assert!(asked.iter().any(|asked| asked.opcode == Opcode::GET));
    let gets = asked.iter().filter(|asked| asked.opcode == Opcode::GET);
    assert!(gets.map(|asked| owner(&asked.key)).all(|node| node == Some(1)), "only what belongs there");
}

#[test]
fn a_link_that_serves_is_not_given_up_because_a_second_one_fails() {
    let (mut script, _, two) = two_hosts_at_once();
    // The map's own address of the second node is being connected, too.
    let (extra, addr) = *script.opened.last().expect("the node of the map");
    assert_eq!(addr.ip().to_string(), "10.0.1.2");
    establish_as(&mut script, two, "10.0.1.2");
    script.client.handle_lost(extra, LinkLoss::Refused, script.now);
    let opened = script.opened.len();
    for n in 0..16 {
        script.submit(Request::get(format!("k{n}")), Duration::from_secs(1));
    }
    assert!(script.requests(two).iter().any(|asked| asked.opcode == Opcode::GET));
    script.pass(Duration::from_secs(5));
    assert_eq!(script.opened.len(), opened, "the node has its link");
}

#[test]
fn an_address_that_is_silent_leaves_time_for_the_next_one() {
    let mut script = Script::new("couchbase://db.example/default", cluster(1, &["10.0.0.1"], &[0]));
    let query = script.resolving[0];
    let addrs = ["[fd00::1]:11210".parse().unwrap(), "10.0.0.1:11210".parse().unwrap()];
    script.client.handle_resolved(query, &addrs, script.now);
    script.pass(Duration::from_millis(5001));
    let (link, addr) = *script.opened.last().expect("both were tried");
    assert_eq!((script.opened.len(), addr), (2, addrs[1]));
    assert_eq!(script.closed, [script.opened[0].0]);
    script.establish(link);
    assert!(script.client.is_connected());
}

#[test]
fn a_look_up_without_an_end_is_begun_again() {
    let (mut script, _) = Script::connected(
        "couchbase://10.0.0.1/default",
        cluster(1, &["10.0.0.1", "db.example"], &[0, 1, 0, 1]),
    );
    assert_eq!(script.resolving.len(), 1);
    let ops: Vec<_> =
        (0..8).map(|n| script.submit(Request::get(format!("k{n}")), Duration::from_millis(10_500))).collect();
    script.pass(Duration::from_millis(10_600));
    assert_eq!(script.resolving.len(), 2);
    let words = ops.iter().map(|&op| format!("{}", script.error(op)));
    assert!(words.filter(|words| words.contains("looking up db.example")).count() > 0);
}
