//! SET, ADD, REPLACE, APPEND, PREPEND and DELETE.

use super::*;

fn add(value: &[u8]) -> Outgoing<'_> {
    Outgoing { opcode: Opcode::ADD, ..set(value) }
}

fn replace(value: &[u8]) -> Outgoing<'_> {
    Outgoing { opcode: Opcode::REPLACE, ..set(value) }
}

fn append(value: &[u8]) -> Outgoing<'_> {
    Outgoing { value, ..about(Opcode::APPEND) }
}

fn prepend(value: &[u8]) -> Outgoing<'_> {
    Outgoing { value, ..about(Opcode::PREPEND) }
}

#[test]
fn each_kind_of_store_has_its_condition() {
    let mut bench = Bench::new();
    let conn = bench.client();
    assert_eq!(bench.status(conn, replace(b"1")), Status::KEY_ENOENT);
    assert_eq!(bench.status(conn, add(b"2")), Status::SUCCESS);
    assert_eq!(bench.status(conn, add(b"3")), Status::KEY_EEXISTS);
    assert_eq!(bench.status(conn, replace(b"4")), Status::SUCCESS);
    assert_eq!(bench.call(conn, get()).value, b"4");
    assert_eq!(bench.status(conn, delete()), Status::SUCCESS);
    assert_eq!(bench.status(conn, delete()), Status::KEY_ENOENT);
    assert_eq!(bench.status(conn, get()), Status::KEY_ENOENT);
}

#[test]
fn a_cas_must_be_the_current_one() {
    let mut bench = Bench::new();
    let conn = bench.client();
    let with = |cas, frame| Outgoing { cas, ..frame };
    assert_eq!(bench.status(conn, with(7, set(b"v"))), Status::KEY_ENOENT);
    assert_eq!(bench.status(conn, with(7, delete())), Status::KEY_ENOENT);
    let first = bench.stored(conn, b"1");
    let second = bench.stored(conn, b"2");
    assert!(second > first);
    for frame in [set(b"3"), replace(b"3"), append(b"3"), prepend(b"3"), delete()] {
        assert_eq!(bench.status(conn, with(first, frame)), Status::KEY_EEXISTS);
    }
    let third = bench.call(conn, with(second, set(b"3")));
    assert!(third.status == Status::SUCCESS && third.cas > second);
    let gone = bench.call(conn, with(third.cas, delete()));
    assert!(gone.status == Status::SUCCESS && gone.cas > third.cas, "the tombstone has a CAS too");
    assert_eq!(bench.status(conn, with(1, add(b"v"))), Status::EINVAL);
}

#[test]
fn flags_are_kept_where_no_new_ones_come() {
    let mut bench = Bench::new();
    let conn = bench.client();
    bench.call(conn, Outgoing { extras: &[0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 0], ..set(b"middle") });
    assert_eq!(bench.status(conn, append(b" end")), Status::SUCCESS);
    assert_eq!(bench.status(conn, prepend(b"begin ")), Status::SUCCESS);
    let got = bench.call(conn, get());
    assert_eq!((got.text(), &got.extras[..]), ("begin middle end", &[0xca, 0xfe, 0xba, 0xbe][..]));
    bench.stored(conn, b"new");
    assert_eq!(bench.call(conn, get()).extras, [0; 4]);
}

#[test]
fn appending_to_nothing_stores_nothing() {
    let mut bench = Bench::new();
    let conn = bench.client();
    assert_eq!(bench.status(conn, append(b"v")), Status::NOT_STORED);
    assert_eq!(bench.status(conn, Outgoing { cas: 5, ..prepend(b"v") }), Status::NOT_STORED);
    assert_eq!(bench.status(conn, get()), Status::KEY_ENOENT);
}

#[test]
fn a_value_cannot_grow_beyond_its_limit() {
    let mut bench = Bench::new();
    let conn = bench.client();
    let value = vec![b'v'; 20 * 1024 * 1024];
    bench.stored(conn, &value);
    assert_eq!(bench.status(conn, append(b"v")), Status::E2BIG);
    assert_eq!(bench.status(conn, append(b"")), Status::SUCCESS);
}

#[test]
fn quiet_operations_speak_only_when_something_is_wrong() {
    let mut bench = Bench::new();
    let conn = bench.client();
    let quiet = |opcode, frame| Outgoing { opcode, ..frame };
    bench.send(conn, quiet(Opcode::GETQ, get()));
    bench.send(conn, quiet(Opcode::SETQ, set(b"v")));
    bench.send(conn, quiet(Opcode::ADDQ, set(b"v")));
    bench.send(conn, quiet(Opcode::GETKQ, get()));
    bench.send(conn, quiet(Opcode::DELETEQ, get()));
    bench.send(conn, Outgoing::request(Opcode::NOOP));
    let answers = bench.answers(conn);
    let statuses: Vec<Status> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [Status::KEY_EEXISTS, Status::SUCCESS, Status::SUCCESS]);
    assert_eq!((&answers[1].key[..], &answers[1].value[..]), (&b"k"[..], &b"v"[..]));
}

#[test]
fn a_mutation_token_counts_the_changes_of_a_vbucket() {
    let mut bench = Bench::new();
    let conn = bench.link(0, &[Feature::MUTATION_SEQNO, Feature::XERROR]);
    let seqno = |answer: Answer| u64::from_be_bytes(answer.extras[8..16].try_into().unwrap());
    assert_eq!(seqno(bench.call(conn, set(b"1"))), 1);
    assert_eq!(seqno(bench.call(conn, append(b"2"))), 2);
    assert_eq!(seqno(bench.call(conn, Outgoing { specific: 1, ..set(b"1") })), 1);
    assert_eq!(seqno(bench.call(conn, delete())), 3);
}

#[test]
fn effects_are_logged_in_order_with_their_cas() {
    let mut bench = Bench::new();
    let conn = bench.client();
    let first = bench.stored(conn, b"v");
    assert_eq!(bench.status(conn, add(b"no")), Status::KEY_EEXISTS);
    let gone = bench.call(conn, delete()).cas;
    let log = bench.model.effects();
    let told: Vec<_> =
        log.iter().map(|effect| (effect.order, effect.opcode, effect.cas, effect.value.as_deref())).collect();
    assert_eq!(told, [(0, Opcode::SET, first, Some(&b"v"[..])), (1, Opcode::DELETE, gone, None)]);
    assert_eq!((log[0].bucket, log[0].vbucket, &log[0].key[..]), (0, 0, &b"k"[..]));
}

#[test]
fn json_is_recognised_by_what_it_is() {
    let mut bench = Bench::new();
    let conn = bench.link(0, &[Feature::XERROR, Feature::JSON]);
    for (value, declared, datatype) in
        [(&b"{\"a\":1}"[..], 0, 1), (b"not json", 1, 0), (b"5", 0, 1), (b"", 0, 0), (b"{} trailing", 0, 0)]
    {
        let frame = Outgoing { datatype: couchbase_core::wire::Datatype(declared), ..set(value) };
        assert_eq!(bench.status(conn, frame), Status::SUCCESS);
        assert_eq!(bench.call(conn, get()).datatype, datatype, "{value:?}");
    }
    let plain = bench.client();
    bench.stored(plain, b"{}");
    assert_eq!(bench.call(plain, get()).datatype, 0, "a client that did not ask never sees a datatype");
}
