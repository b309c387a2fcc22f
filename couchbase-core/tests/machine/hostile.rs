//! Servers that break the protocol: the link goes, operations end truthfully, nothing panics.

use bytes::BytesMut;
use couchbase_core::machine::{Client, Event, LinkId, Request, Transmit};
use couchbase_core::wire::{Opcode, Outgoing, Status};
use couchbase_core::{ErrorKind, Instant};
use std::time::Duration;

/// Lets a client connect a socket to "10.0.0.1" and plays bytes to it, in pieces of `step`; returns the failure.
fn play(bytes: &[u8], step: usize) -> couchbase_core::Error {
    let now = Instant::ZERO;
    let mut client = Client::new("couchbase://app:secret@10.0.0.1/default", 1, now).expect("valid");
    let op = client.submit(Request::get("k"), Duration::from_millis(2500), now).expect("accepted");
    let mut link: Option<LinkId> = None;
    let mut rx = BytesMut::new();
    let mut pieces = bytes.chunks(step.max(1));
    loop {
        while let Some(event) = client.poll_event() {
            match event {
                Event::Open { link: opened, .. } => {
                    link = Some(opened);
                    client.handle_connected(opened, now);
                }
                Event::Finished { op: ended, result } if ended == op => {
                    return result.expect_err("garbage is no answer");
                }
                _ => {}
            }
        }
        let mut batch = Transmit::new();
        while let Some(dirty) = client.poll_dirty() {
            client.poll_transmit(dirty, &mut batch);
            batch.clear();
        }
        match (pieces.next(), link) {
            (Some(piece), Some(link)) => {
                rx.extend_from_slice(piece);
                client.handle_input(link, &mut rx, now);
            }
            _ => {
                let (at, _) = client.poll_timeout().expect("the connect deadline");
                client.handle_timeout(at);
            }
        }
    }
}

#[test]
fn what_is_no_handshake_ends_in_an_error_that_names_it() {
    let mut announced = [0; 24];
    announced[0] = 0x81;
    announced[1] = 0x1f;
    announced[8..12].copy_from_slice(&u32::MAX.to_be_bytes());
    let mut wrong_opcode = Vec::new();
    Outgoing::response(Opcode::GET, Status::SUCCESS).write_to(&mut wrong_opcode);
    let mut request = Vec::new();
    Outgoing::request(Opcode::NOOP).write_to(&mut request);
    for (bytes, kind, words) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], ErrorKind::Protocol, "HTTP"),
        (b"\x00\x01\x02 garbage", ErrorKind::Protocol, "0x00"),
        (&announced, ErrorKind::Protocol, "4294967295"),
        (&wrong_opcode, ErrorKind::Protocol, "GET"),
        (&request, ErrorKind::Protocol, ""),
        (&announced[..8], ErrorKind::Timeout, "HELLO"),
        (b"", ErrorKind::Timeout, "HELLO"),
    ] {
        for step in [1, 5, usize::MAX] {
            let error = play(bytes, step);
            assert_eq!(error.kind(), kind, "{bytes:?}: {error}");
            assert!(format!("{error}").contains(words), "{bytes:?}: {error}");
            assert!(error.node().is_some_and(|node| node.as_str() == "10.0.0.1:11210"), "{error}");
        }
    }
}

#[test]
fn replies_that_nobody_asked_for_change_nothing() {
    let mut rig = crate::rig::Rig::connected(1);
    let before = rig.client.metrics().stray_replies;
    for opaque in [0, 7, 0x000f_ffff, 0x7fff_0000, u32::MAX] {
        let mut reply = Vec::new();
        Outgoing { opaque, ..Outgoing::response(Opcode::GET, Status::SUCCESS) }.write_to(&mut reply);
        rig.inject(0, &reply);
    }
    assert_eq!(rig.client.metrics().stray_replies, before + 5);
    let op = rig.set("k", "1");
    rig.run();
    rig.ok(op);
}

#[test]
fn a_repeated_refusal_is_not_taken_for_the_answer_to_the_next_attempt() {
    let mut rig = crate::rig::Rig::connected(1);
    rig.answer_next(1, Opcode::SET, Status::ETMPFAIL);
    let op = rig.set("k", "1");
    rig.deliver(0);
    let refusal = rig.waiting_reply(0);
    rig.answer(0);
    rig.pass_without_carrying(Duration::from_millis(2));
    rig.deliver(0);
    // The second attempt is carried out; the refusal of the first comes again before the answer.
    rig.inject(0, &refusal);
    assert!(rig.is_open(op));
    rig.run();
    rig.ok(op);
    assert_eq!(rig.history("k"), ["1"], "carried out once");
}

#[test]
fn an_answer_to_another_question_costs_the_link() {
    let mut rig = crate::rig::Rig::connected(1);
    let op = rig.set("k", "1");
    rig.deliver(0);
    let mut reply = rig.waiting_reply(0);
    reply[1] = Opcode::DELETE.0;
    rig.inject(0, &reply);
    let error = rig.error(op);
    assert!(error.is_ambiguous() && error.kind() == ErrorKind::Network, "{error}");
    assert!(format!("{error}").contains("DELETE"), "{error}");
    assert!(rig.log.contains(&"close".into()));
}

#[test]
fn a_value_in_a_form_that_was_not_agreed_on_is_no_document() {
    for datatype in [2, 4] {
        let mut rig = crate::rig::Rig::connected(1);
        rig.set("k", "1");
        rig.run();
        let op = rig.get("k");
        rig.deliver(0);
        let mut reply = rig.waiting_reply(0);
        reply[5] = datatype;
        rig.inject(0, &reply);
        assert!(rig.is_open(op), "asked again, over the next link");
        assert!(rig.log.contains(&"close".into()));
        rig.pass(std::time::Duration::from_secs(1));
        assert_eq!(rig.ok(op).value::<String>().expect("text"), "1");
    }
}

#[test]
fn a_status_that_must_be_known_and_is_not_costs_the_link() {
    // The server's error map has it, and says that it needs special handling.
    let strange = couchbase_core::wire::Status(0x23);
    let mut rig = crate::rig::Rig::connected(1);
    rig.answer_next(1, Opcode::SET, strange);
    let (op, next) = (rig.set("k", "1"), rig.set("k", "2"));
    rig.run();
    let error = rig.error(op);
    assert!(error.is_ambiguous() && error.kind() == ErrorKind::Other, "{error}");
    assert!(rig.log.contains(&"close".into()), "{:?}", rig.log);
    rig.pass(std::time::Duration::from_secs(1));
    rig.ok(next);
    let again = rig.set("k", "3");
    rig.run();
    rig.ok(again);
}
