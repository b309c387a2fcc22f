//! Each operation's outcome in the machine's terms.

use crate::rig::{Rig, text};
use couchbase_core::machine::Request;
use couchbase_core::wire::{Opcode, Status};
use couchbase_core::{Cas, ErrorKind, Expiry, Flags, Raw};
use std::time::Duration;

#[test]
fn documents_come_back_with_their_flags_and_cas() {
    let mut rig = Rig::connected(2);
    let set = rig.set("k", "value");
    let get = rig.get("k");
    rig.run();
    let (stored, read) = (rig.ok(set), rig.ok(get));
    assert_eq!((read.bytes(), read.flags()), (&"value".into(), Flags::TEXT));
    assert!(read.cas() == stored.cas() && read.cas() != Cas::default());
}

#[test]
fn a_small_value_never_keeps_the_receive_buffer_and_a_large_one_is_not_copied() {
    let mut rig = Rig::connected(1);
    for (len, is_copied) in [(1, true), (1000, true), (8191, true), (8192, false), (100_000, false)] {
        rig.set("k", &"v".repeat(len));
        rig.run();
        let get = rig.get("k");
        rig.run();
        let at = rig.ok(get).bytes().as_ptr().addr();
        assert_eq!(rig.received.contains(&at), !is_copied, "{len} bytes, alone in their chunk");
    }
}

#[test]
fn each_store_has_its_condition() {
    let mut rig = Rig::connected(1);
    let missing = rig.submit(Request::replace("k", text("1")));
    let added = rig.submit(Request::add("k", text("2")));
    let again = rig.submit(Request::add("k", text("3")));
    let replaced = rig.submit(Request::replace("k", text("4")));
    rig.run();
    assert_eq!(rig.error(missing).kind(), ErrorKind::NotFound);
    assert_eq!(rig.error(again).kind(), ErrorKind::KeyExists);
    let old = rig.ok(added).cas();
    let new = rig.ok(replaced).cas();
    let stale = rig.submit(Request::set("k", text("5")).with_cas(old));
    let fresh = rig.submit(Request::set("k", text("6")).with_cas(new));
    rig.run();
    let mismatch = rig.error(stale);
    assert!(
        mismatch.is_cas_mismatch() && mismatch.rc() == 0x0c && mismatch.status() == Some(2),
        "{mismatch}"
    );
    rig.ok(fresh);
    let deleted = rig.submit(Request::delete("k").with_cas(new));
    rig.run();
    assert!(rig.error(deleted).is_cas_mismatch());
}

#[test]
fn counters_count_in_both_directions_and_stop_at_zero() {
    let mut rig = Rig::connected(1);
    let missing = rig.submit(Request::counter("n", 1));
    let created = rig.submit(Request::counter("n", 1).with_initial(10));
    let up = rig.submit(Request::counter("n", 5));
    let down = rig.submit(Request::counter("n", -3));
    let by = rig.submit(Request::counter("n", 1).with_amount(100));
    let floor = rig.submit(Request::counter("n", i64::MIN));
    rig.run();
    assert!(rig.error(missing).is_not_found());
    let numbers: Vec<u64> =
        [created, up, down, by, floor].map(|op| rig.ok(op).value().expect("a number")).into();
    assert_eq!(numbers, [10, 15, 12, 112, 0]);
    let word = rig.set("word", "not a number");
    let bad = rig.submit(Request::counter("word", 1));
    rig.run();
    rig.ok(word);
    assert_eq!(rig.error(bad).kind(), ErrorKind::DeltaBadValue);
}

#[test]
fn fragments_grow_a_document_and_need_one() {
    let mut rig = Rig::connected(1);
    let nothing = rig.submit(Request::append("k", "x"));
    rig.set("k", "b");
    rig.submit(Request::append("k", "c"));
    rig.submit(Request::prepend("k", Raw("a")));
    let get = rig.get("k");
    rig.run();
    assert_eq!(rig.error(nothing).kind(), ErrorKind::NotStored);
    assert_eq!(rig.ok(get).bytes(), &"abc");
}

#[test]
fn expiry_is_set_renewed_and_lifted() {
    let mut rig = Rig::connected(1);
    rig.client.handle_unix_time(Duration::from_secs(1_700_000_000), rig.now);
    rig.submit(Request::set("gone", text("1")).with_expiry(Duration::from_secs(2)));
    rig.submit(Request::set("kept", text("1")).with_expiry(Duration::from_secs(2)));
    rig.submit(Request::set("read", text("1")).with_expiry(Duration::from_secs(2)));
    rig.submit(Request::set("far", text("1")).with_expiry(Duration::from_secs(31 * 86_400)));
    let touched = rig.submit(Request::touch("kept", Expiry::NEVER));
    let renewed = rig.submit(Request::get_and_touch("read", Duration::from_secs(60)));
    rig.run();
    rig.ok(touched);
    assert_eq!(rig.ok(renewed).bytes(), &"1");
    rig.pass(Duration::from_secs(5));
    let reads: Vec<_> = ["gone", "kept", "read", "far"].map(|key| rig.get(key)).into();
    rig.run();
    assert!(rig.error(reads[0]).is_not_found());
    for &read in &reads[1..] {
        rig.ok(read);
    }
}

#[test]
fn quiet_lets_a_missing_document_pass_and_nothing_else() {
    let mut rig = Rig::connected(1);
    let get = rig.submit(Request::get("k").with_quiet(true));
    let touch = rig.submit(Request::touch("k", Expiry::NEVER).with_quiet(true));
    let delete = rig.submit(Request::delete("k").with_quiet(true));
    let replace = rig.submit(Request::replace("k", text("1")).with_quiet(true));
    rig.run();
    for op in [get, touch, delete] {
        let reply = rig.ok(op);
        assert!(!reply.success() && reply.cas() == Cas::default() && reply.bytes().is_empty());
        assert!(reply.value::<String>().expect_err("no value").is_not_found());
    }
    assert!(rig.error(replace).is_not_found(), "the rule is not for stores");
}

#[test]
fn an_error_names_node_status_and_the_servers_words() {
    let mut rig = Rig::connected(3);
    let home = rig.home("k");
    let op = rig.get("k");
    rig.run();
    let error = rig.error(op);
    assert_eq!(error.node().map(ToString::to_string), Some(rig.model.nodes()[home].kv_address()));
    assert_eq!((error.key().map(|key| key.as_str()), error.status(), error.rc()), (Some("k"), Some(1), 0x0d));
    assert!(error.is_data() && !error.is_transient() && error.attempts() == 1);
}

#[test]
fn a_far_expiry_needs_the_time_of_day() {
    let mut rig = Rig::connected(1);
    let far = || Request::set("k", text("1")).with_expiry(Duration::from_secs(30 * 86_400));
    let refused =
        rig.client.submit(far(), crate::rig::TIMEOUT, rig.now).expect_err("it would be gone at once");
    assert_eq!(refused.error.kind(), ErrorKind::Argument);
    assert!(format!("{}", refused.error).contains("time of day"), "{}", refused.error);
    let near = rig.submit(Request::set("k", text("1")).with_expiry(Duration::from_secs(30 * 86_400 - 1)));
    rig.client.handle_unix_time(Duration::from_secs(1_700_000_000), rig.now);
    let set = rig.submit(far());
    rig.run();
    rig.ok(near);
    rig.ok(set);
}

#[test]
fn what_a_node_answers_has_the_original_code_and_is_never_fatal() {
    let mut rig = Rig::connected(1);
    // The codes of the original client library; it did not know the last status.
    for (status, rc) in [
        (Status::EINVAL, 0x07),
        (Status::UNKNOWN_COMMAND, 0x14),
        (Status::EINTERNAL, 0x06),
        (Status::ERANGE, 0x09),
        (Status::E2BIG, 0x04),
        (Status::NOT_SUPPORTED, 0x13),
        (Status::KEY_EEXISTS, 0x0c),
        (Status::EACCESS, 0x0a),
    ] {
        rig.answer_next(1, Opcode::SET, status);
        let op = rig.set("k", "1");
        rig.run();
        let error = rig.error(op);
        assert_eq!((error.rc(), error.is_fatal()), (rc, false), "{error}");
        let op = rig.set("k", "1");
        rig.run();
        rig.ok(op);
    }
}
