//! What a frame may look like: lengths, keys with collections, framing extras, and no frames at all.

use super::*;

fn refused(bench: &mut Bench, conn: ConnId, frame: Outgoing<'_>) -> String {
    let answer = bench.call(conn, frame);
    assert_eq!(answer.status, Status::EINVAL);
    let body: serde_json::Value = serde_json::from_slice(&answer.value).unwrap();
    body["error"]["context"].as_str().unwrap().to_owned()
}

#[test]
fn parts_are_as_the_operation_wants_them() {
    let mut bench = Bench::new();
    let conn = bench.client();
    let long = [b'k'; 251];
    for (frame, words) in [
        (Outgoing { extras: &[0; 4], ..get() }, "Request must not include extras"),
        (Outgoing { extras: &[], ..set(b"v") }, "Request must include extras of length 8"),
        (Outgoing { key: b"", ..get() }, "Request must include key"),
        (Outgoing { key: &long, ..get() }, "Key length exceeds 250"),
        (Outgoing { key: b"x", ..Outgoing::request(Opcode::NOOP) }, "Request must not include key"),
        (Outgoing { value: b"x", ..delete() }, "Request must not include value"),
        (Outgoing { cas: 1, ..get() }, "Request CAS must not be set"),
        (
            Outgoing { datatype: couchbase_core::wire::Datatype(0x80), ..set(b"v") },
            "Request datatype invalid",
        ),
    ] {
        assert_eq!(refused(&mut bench, conn, frame), words);
    }
    assert_eq!(bench.status(conn, Outgoing { key: &long[1..], ..set(b"v") }), Status::SUCCESS);
}

const UNKNOWN: &str =
    r#"{"error":{"context":"Unknown scope or collection in operation"},"manifest_uid":"0"}"#;

#[test]
fn keys_carry_a_collection_once_that_is_granted() {
    let mut bench = Bench::new();
    let conn = bench.link(0, &[Feature::XERROR, Feature::COLLECTIONS]);
    let mut key = vec![b'k'; 251];
    key[0] = 0;
    assert_eq!(bench.status(conn, Outgoing { key: &key, ..set(b"v") }), Status::SUCCESS);
    key.push(b'k');
    assert_eq!(refused(&mut bench, conn, Outgoing { key: &key, ..set(b"v") }), "Key length exceeds 251");
    assert_eq!(refused(&mut bench, conn, Outgoing { key: b"\0", ..get() }), "Key length must be >= 2");
    let reserved = Outgoing { key: b"\x01k", ..get() };
    assert_eq!(refused(&mut bench, conn, reserved), "Invalid collection-id:1");
    let unknown = bench.call(conn, Outgoing { key: b"\x10k", ..get() });
    assert_eq!(unknown.status, Status::UNKNOWN_COLLECTION);
    assert_eq!(unknown.text(), UNKNOWN);
    // What is wrong with the frame counts before that.
    let in_unknown = Outgoing { key: b"\x10k", ..set(b"v") };
    for (frame, words) in [
        (Outgoing { extras: &[], ..in_unknown }, "Request must include extras of length 8"),
        (Outgoing { framing: &[0x12, 1, 0], ..in_unknown }, "Invalid encoding in FrameExtras"),
    ] {
        assert_eq!(refused(&mut bench, conn, frame), words);
    }
    assert_eq!(bench.call(conn, Outgoing { key: b"\0k", ..set(b"v") }).status, Status::SUCCESS);
    let bare = bench.client();
    assert_eq!(bench.call(bare, get()).text(), "v", "the document is the same");
    let full = bench.call(conn, Outgoing { key: b"\0k", ..about(Opcode::GETK) });
    assert_eq!(full.key, b"\0k", "the key comes back as it was sent");
}

#[test]
fn a_collection_is_found_by_its_path() {
    let mut bench = Bench::new();
    let conn = bench.link(0, &[Feature::XERROR, Feature::COLLECTIONS]);
    let ask = |path| Outgoing { value: path, ..Outgoing::request(Opcode::COLLECTIONS_GET_ID) };
    for path in [&b"_default._default"[..], b"."] {
        let answer = bench.call(conn, ask(path));
        assert_eq!((answer.status, answer.extras), (Status::SUCCESS, vec![0; 12]));
    }
    for (path, status) in
        [(&b"_default.users"[..], Status::UNKNOWN_COLLECTION), (b"shop.users", Status::UNKNOWN_SCOPE)]
    {
        let answer = bench.call(conn, ask(path));
        assert_eq!((answer.status, answer.text()), (status, UNKNOWN));
    }
    assert_eq!(bench.status(conn, ask(b"_default")), Status::EINVAL);
}

#[test]
fn durable_writes_are_checked_and_done() {
    let mut bench = Bench::new();
    let conn = bench.client();
    for (framing, status) in [
        (&[0x11, 1][..], Status::SUCCESS),
        (&[0x13, 3, 0x13, 0x88], Status::SUCCESS),
        (&[0x11, 0], Status::DURABILITY_INVALID_LEVEL),
        (&[0x11, 9], Status::DURABILITY_INVALID_LEVEL),
        (&[0x13, 1, 0, 0], Status::DURABILITY_INVALID_LEVEL),
        (&[0x12, 1, 0], Status::EINVAL),
        (&[0x90], Status::UNKNOWN_FRAME_INFO),
        (&[0x13, 1], Status::EINVAL),
    ] {
        assert_eq!(bench.status(conn, Outgoing { framing, ..set(b"v") }), status, "{framing:x?}");
    }
    assert_eq!(bench.status(conn, Outgoing { framing: &[0x11, 1], ..get() }), Status::EINVAL);
}

#[test]
fn a_durable_write_needs_nodes_for_most_of_its_copies() {
    let mut bench = Bench::new();
    let conn = bench.client();
    let counter = [0; 20];
    let incr = Outgoing { extras: &counter, ..about(Opcode::INCREMENT) };
    let append = Outgoing { value: b"v", ..about(Opcode::APPEND) };
    let durable = |frame| Outgoing { framing: &[0x11, 1], ..frame };
    bench.model.fail_over(1);
    for frame in [set(b"v"), delete(), incr, Outgoing { opcode: Opcode::ADD, ..set(b"v") }] {
        let answer = bench.call(conn, durable(frame));
        assert_eq!((answer.status, answer.value.len()), (Status::DURABILITY_IMPOSSIBLE, 0), "{frame:?}");
    }
    // What reads before it writes says first that there is nothing to read.
    assert_eq!(bench.status(conn, durable(append)), Status::NOT_STORED);
    assert!(bench.model.effects().is_empty());
    bench.stored(conn, b"text");
    assert_eq!(bench.status(conn, durable(append)), Status::DURABILITY_IMPOSSIBLE);
    assert_eq!(bench.status(conn, durable(incr)), Status::DELTA_BADVAL);
    bench.stored(conn, b"1");
    assert_eq!(bench.status(conn, durable(incr)), Status::DURABILITY_IMPOSSIBLE);
    assert_eq!(bench.call(conn, get()).text(), "1");
    let bare = bench.link(0, &[]);
    bench.send(bare, durable(set(b"v")));
    assert_eq!(bench.answers(bare), []);
    assert!(bench.model.wants_close(bare), "a status that only extended errors have");
}

#[test]
fn unknown_operations_and_those_that_are_not_done_here() {
    let mut bench = Bench::new();
    let conn = bench.client();
    for opcode in [0x2f, 0x6f, 0x84, 0xef] {
        assert_eq!(bench.status(conn, Outgoing::request(Opcode(opcode))), Status::UNKNOWN_COMMAND);
    }
    assert_eq!(bench.status(conn, about(Opcode::SUBDOC_GET)), Status::NOT_SUPPORTED);
    let tap = 0x40..=0x47;
    for opcode in tap.chain([0x30, 0x3c, 0x9e, 0xc2]) {
        let answer = bench.call(conn, Outgoing::request(Opcode(opcode)));
        assert_eq!((answer.status, answer.text()), (Status::NOT_SUPPORTED, ""), "{opcode:#x} was removed");
    }
}

#[test]
fn statistics_end_with_an_empty_entry() {
    let mut bench = Bench::new();
    let conn = bench.client();
    bench.stored(conn, b"v");
    bench.send(conn, Outgoing::request(Opcode::STAT));
    let answers = bench.answers(conn);
    let (last, entries) = answers.split_last().unwrap();
    assert!(last.key.is_empty() && last.value.is_empty());
    let items = entries.iter().find(|entry| entry.key == b"curr_items_tot").unwrap();
    assert_eq!(items.text(), "1");
    let unknown = Outgoing { key: b"nonsense", ..Outgoing::request(Opcode::STAT) };
    assert_eq!(bench.status(conn, unknown), Status::KEY_ENOENT);
}

#[test]
fn statistics_are_not_traced() {
    let mut bench = Bench::new();
    let conn = bench.link(0, &[Feature::XERROR, Feature::TRACING]);
    bench.send(conn, Outgoing::request(Opcode::STAT));
    let answers = bench.answers(conn);
    assert!(answers.len() > 2 && answers.iter().all(|answer| answer.framing.is_empty()));
    assert_eq!(bench.call(conn, Outgoing::request(Opcode::NOOP)).framing.len(), 3);
}

#[test]
fn a_frame_may_arrive_in_any_pieces() {
    let mut bench = Bench::new();
    let conn = bench.client();
    let mut bytes = Vec::new();
    for _ in 0..3 {
        set(b"value").write_to(&mut bytes);
    }
    for size in 1..bytes.len() {
        for piece in bytes.chunks(size) {
            bench.model.handle_input(conn, piece, bench.now);
        }
        assert_eq!(bench.answers(conn).len(), 3, "in pieces of {size}");
    }
}

#[test]
fn a_stray_response_is_ignored_and_garbage_ends_the_link() {
    let mut bench = Bench::new();
    let conn = bench.client();
    bench.send(conn, Outgoing::response(Opcode::NOOP, Status::SUCCESS));
    assert_eq!(bench.answers(conn), []);
    let mut bytes = Vec::new();
    get().write_to(&mut bytes);
    bytes.extend_from_slice(b"GET / HTTP/1.1\r\n\r\n");
    bench.model.handle_input(conn, &bytes, bench.now);
    assert_eq!(bench.answers(conn).len(), 1, "what came before is answered");
    assert!(bench.model.wants_close(conn));
}
