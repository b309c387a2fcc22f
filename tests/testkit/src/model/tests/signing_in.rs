//! Before a link may do anything: features, authentication, choice of a bucket.

use super::*;

fn hello(value: &[u8]) -> Outgoing<'_> {
    Outgoing { value, ..Outgoing::request(Opcode::HELLO) }
}

fn plain(value: &[u8]) -> Outgoing<'_> {
    Outgoing { key: b"PLAIN", value, ..Outgoing::request(Opcode::SASL_AUTH) }
}

fn select(bucket: &[u8]) -> Outgoing<'_> {
    Outgoing { key: bucket, ..Outgoing::request(Opcode::SELECT_BUCKET) }
}

#[test]
fn features_are_granted_in_order_once_and_anew_each_time() {
    let mut bench = Bench::new();
    let conn = bench.accept(0);
    assert_eq!(
        bench.call(conn, hello(&[0, 0x12, 0, 7, 0x7f, 0xff, 0, 7, 0, 4])).value,
        [0, 4, 0, 7, 0, 0x12]
    );
    // Compression, unordered execution and pushes are not done here.
    assert_eq!(bench.call(conn, hello(&[0, 0x0a, 0, 0x0e, 0, 0x0c, 0, 0x13, 0, 3])).value, [0, 3]);
    assert!(bench.call(conn, hello(&[])).value.is_empty());
}

#[test]
fn features_that_need_others_are_refused_without_them() {
    let mut bench = Bench::new();
    let conn = bench.accept(0);
    let mut ask = |codes: &[u8]| {
        let value: Vec<u8> = codes.iter().flat_map(|code| [0, *code]).collect();
        let answer = bench.call(conn, hello(&value));
        let body = serde_json::from_slice::<serde_json::Value>(&answer.value).ok();
        (answer.status, body.and_then(|body| Some(body["error"]["context"].as_str()?.to_owned())))
    };
    for (codes, words) in [
        (&[0x0d][..], "Clustermap change notification needs Duplex"),
        (&[0x1f], "ClustermapChangeNotificationBrief needs Duplex"),
        (&[0x15], "VAttr needs XATTR"),
        (&[0x18], "SubdocDocumentMacroSupport needs XATTR"),
        (&[0x22], "RangeScanIncludeXattr needs XATTR"),
        (&[0x24], "GetRandomKeyIncludeXattr needs XATTR"),
        (&[0x24, 0x06], "GetRandomKeyIncludeXattr needs JSON"),
        (&[0x24, 0x06, 0x0b], "GetRandomKeyIncludeXattr needs SnappyEverywhere"),
        (&[0x24, 0x18, 0x06, 0x0d], "Clustermap change notification needs Duplex"),
        (&[0x05, 0x1f, 0x03], "TCPNODELAY cannot co-exist with TCPDELAY"),
    ] {
        assert_eq!(ask(codes), (Status::EINVAL, Some(words.to_owned())), "{codes:x?}");
    }
    for codes in [&[0x0c, 0x0d, 0x1f][..], &[0x18, 0x15, 0x22, 0x06], &[0x24, 0x06, 0x0b, 0x13]] {
        assert_eq!(ask(codes).0, Status::SUCCESS, "{codes:x?}");
    }
}

#[test]
fn a_refused_hello_leaves_the_features_that_there_were() {
    let mut bench = Bench::new();
    let conn = bench.link(0, &[Feature::MUTATION_SEQNO, Feature::XERROR, Feature::TRACING]);
    for refused in [&[0][..], &[0, 0x03, 0, 0x05], &[0, 0x04, 0, 0x1f], &[0, 0x15]] {
        assert_eq!(bench.status(conn, hello(refused)), Status::EINVAL);
        let answer = bench.call(conn, set(b"v"));
        assert_eq!((answer.extras.len(), answer.framing.len()), (16, 3), "{refused:x?}");
    }
    bench.call(conn, hello(&[0, 0x07]));
    let answer = bench.call(conn, set(b"v"));
    assert_eq!((answer.extras.len(), answer.framing.len()), (0, 0));
}

#[test]
fn every_answer_is_traced_once_that_is_granted() {
    let mut bench = Bench::new();
    let conn = bench.accept(0);
    assert_eq!(bench.call(conn, hello(&[0, 0x0f])).framing, [2, 0, 0], "already that of HELLO");
    assert_eq!(bench.call(conn, get()).framing, [2, 0, 0], "that of an error too");
    bench.model.stall(0, Duration::from_secs(1), bench.now);
    bench.send(conn, hello(&[0, 0x0f]));
    bench.pass(1);
    let answer = bench.answers(conn).remove(0);
    let encoded = u16::from_be_bytes([answer.framing[1], answer.framing[2]]);
    let took = couchbase_core::wire::framing::server_duration(encoded).as_secs_f64();
    assert!((0.99..1.01).contains(&took), "{took}");
}

#[test]
fn nothing_goes_without_a_user() {
    let mut bench = Bench::new();
    let conn = bench.accept(0);
    for opcode in [
        Opcode::GET,
        Opcode::NOOP,
        Opcode::SELECT_BUCKET,
        Opcode::GET_CLUSTER_CONFIG,
        Opcode::QUIT,
        Opcode::QUITQ,
    ] {
        assert_eq!(bench.status(conn, Outgoing::request(opcode)), Status::EACCESS);
    }
    assert!(!bench.model.wants_close(conn));
    assert_eq!(bench.status(conn, plain(b"\0app\0wrong")), Status::AUTH_ERROR);
    assert_eq!(bench.status(conn, plain(b"\0\0")), Status::AUTH_ERROR);
    assert_eq!(bench.status(conn, plain(b"\0app\0secret\0")), Status::SUCCESS);
    assert_eq!(bench.status(conn, Outgoing::request(Opcode::NOOP)), Status::SUCCESS);
}

#[test]
fn authenticating_again_drops_the_bucket() {
    let mut bench = Bench::new();
    let conn = bench.client();
    assert_eq!(bench.status(conn, plain(b"\0app\0secret")), Status::SUCCESS);
    assert_eq!(bench.status(conn, get()), Status::NO_BUCKET);
    assert_eq!(bench.status(conn, plain(b"\0app\0wrong")), Status::AUTH_ERROR);
    assert_eq!(bench.status(conn, select(b"default")), Status::EACCESS);
}

#[test]
fn a_bucket_that_is_missing_looks_like_one_that_is_not_yours() {
    let mut bench = Bench::new();
    let conn = bench.client();
    assert_eq!(bench.status(conn, select(b"other")), Status::EACCESS);
    assert_eq!(bench.status(conn, select(b"none")), Status::EACCESS);
    assert_eq!(bench.call(conn, Outgoing::request(Opcode::LIST_BUCKETS)).text(), "default");
}

#[test]
fn without_extended_errors_some_refusals_end_the_link() {
    let mut bench = Bench::new();
    let conn = bench.accept(0);
    assert_eq!(bench.status(conn, plain(b"\0app\0secret")), Status::SUCCESS);
    bench.send(conn, get());
    assert_eq!(bench.answers(conn), []);
    assert!(bench.model.wants_close(conn));
    assert_eq!(bench.model.poll_closed(), Some(conn));
    assert_eq!(bench.model.poll_closed(), None);
    bench.model.handle_closed(conn);
    let next = bench.accept(0);
    assert_ne!(next, conn, "a name is not used again");
    bench.send(conn, get());
    assert_eq!(bench.answers(next), []);
}

#[test]
fn the_error_map_is_the_version_asked_for_or_the_newest() {
    let mut bench = Bench::new();
    let conn = bench.accept(0);
    let mut ask = |version: u16| {
        let value = version.to_be_bytes();
        let answer = bench.call(conn, Outgoing { value: &value, ..Outgoing::request(Opcode::GET_ERROR_MAP) });
        let map = serde_json::from_slice::<serde_json::Value>(&answer.value).ok();
        (answer.status, map.map(|map| map["version"].clone()))
    };
    assert_eq!(ask(1), (Status::SUCCESS, Some(1.into())));
    assert_eq!(ask(2), (Status::SUCCESS, Some(2.into())));
    assert_eq!(ask(99), (Status::SUCCESS, Some(2.into())));
    assert_eq!(ask(0), (Status::KEY_ENOENT, None));
}
