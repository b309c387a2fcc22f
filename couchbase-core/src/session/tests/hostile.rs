//! Servers that break the protocol, by mistake or on purpose: each ends in a failure that names the culprit.

use alloc::format;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use super::server::{Outcome, Server, bootstrap, bootstrap_through, for_each_packet, frame, settings};
use crate::ErrorKind;
use crate::session::{DerivedKeys, Handshake, HandshakeFailure, Mechanism, Settings, Step};
use crate::wire::{Datatype, MAX_BODY_LEN, Magic, Opcode, Outgoing, Packet, Status, peek};

const STEPS: [(Opcode, &str); 7] = [
    (Opcode::HELLO, "HELLO"),
    (Opcode::GET_ERROR_MAP, "GET_ERROR_MAP"),
    (Opcode::SASL_LIST_MECHS, "SASL_LIST_MECHS"),
    (Opcode::SASL_AUTH, "SASL_AUTH"),
    (Opcode::SASL_STEP, "SASL_STEP"),
    (Opcode::SELECT_BUCKET, "SELECT_BUCKET"),
    (Opcode::GET_CLUSTER_CONFIG, "GET_CLUSTER_CONFIG"),
];

fn weak() -> Settings {
    // The cheapest hash: the order of the packets is at stake here.
    Settings { forced: Some(vec![Mechanism::ScramSha1]), ..settings() }
}

/// A bootstrap in which the reply to `opcode` goes through `garble`.
fn with_reply(opcode: Opcode, garble: impl Fn(&Packet<'_>, Vec<u8>) -> Vec<u8>) -> Outcome {
    bootstrap_through(weak(), &mut Server::new(), |request, answer| {
        if request.opcode() == opcode { garble(request, answer) } else { answer }
    })
}

/// Something in a frame that is replaced.
type Alteration = dyn Fn(&mut Outgoing<'_>);

/// The same frame with something in it replaced.
fn altered(reply: &[u8], alter: impl Fn(&mut Outgoing<'_>)) -> Vec<u8> {
    let packet = peek(reply, MAX_BODY_LEN).expect("a frame").expect("a whole frame");
    let mut outgoing = Outgoing::from_packet(&packet);
    alter(&mut outgoing);
    let mut out = Vec::new();
    outgoing.write_to(&mut out);
    out
}

fn violation(outcome: Outcome, step: &str) -> HandshakeFailure {
    let failure = outcome.expect_err("a violation");
    assert_eq!((failure.kind, failure.step), (ErrorKind::Protocol, step), "{failure}");
    failure
}

#[test]
fn a_reply_that_is_not_the_one_due_is_a_violation_at_every_step() {
    for (opcode, step) in STEPS {
        let alterations: [(&str, &Alteration); 6] = [
            ("Response 0x00 (GET)", &|reply| reply.opcode = Opcode::GET),
            ("Response 0xee", &|reply| reply.opcode = Opcode(0xee)),
            ("with opaque 99", &|reply| reply.opaque = 99),
            ("with opaque 3735928559", &|reply| reply.opaque = 0xdead_beef),
            ("Request", &|reply| reply.magic = Magic::Request),
            ("ServerResponse", &|reply| reply.magic = Magic::ServerResponse),
        ];
        for (culprit, alter) in alterations {
            let failure = violation(with_reply(opcode, |_, reply| altered(&reply, alter)), step);
            assert!(failure.message.contains(culprit), "{step}: {failure}");
            assert!(failure.message.contains(&format!("the Response {opcode} with opaque")), "{failure}");
        }
    }
}

#[test]
fn a_reply_that_comes_twice_is_a_violation() {
    for (opcode, _) in &STEPS[..6] {
        let outcome = with_reply(*opcode, |_, reply| [reply.clone(), reply].concat());
        let failure = outcome.expect_err("a violation");
        assert_eq!(failure.kind, ErrorKind::Protocol, "{failure}");
        assert!(failure.message.contains(&opcode.to_string()), "{failure}");
    }
}

#[test]
fn replies_in_another_order_are_a_violation() {
    // Within a write, every pair of neighbours changes places.
    for (write, first) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)] {
        let mut server = Server::new();
        let mut keys = DerivedKeys::default();
        let mut out = Vec::new();
        let mut handshake = Some(Handshake::start(Arc::new(weak()), [1; 16], 1, &mut out));
        let mut failure = None;
        for turn in 0..2 {
            let mut replies = Vec::new();
            for_each_packet(&core::mem::take(&mut out), |request| replies.push(server.answer(request)));
            if turn == write {
                replies.swap(first, first + 1);
            }
            for reply in replies {
                let packet = peek(&reply, MAX_BODY_LEN).expect("a frame").expect("a whole frame");
                match handshake.take().map(|it| it.handle_packet(&packet, &mut keys, &mut out)) {
                    Some(Step::Waiting(next)) => handshake = Some(next),
                    Some(Step::Failed(why)) => failure = Some(why),
                    Some(Step::Established(_)) => panic!("{write} {first}: established"),
                    None => {}
                }
            }
        }
        assert_eq!(failure.expect("a violation").kind, ErrorKind::Protocol, "{write} {first}");
    }
}

#[test]
fn pushes_are_skipped_at_every_step() {
    for (opcode, _) in STEPS {
        let outcome = with_reply(opcode, |_, reply| {
            let mut push = Vec::new();
            let opcode = Opcode::CLUSTERMAP_CHANGE_NOTIFICATION;
            Outgoing {
                magic: Magic::ServerRequest,
                opaque: 77,
                key: b"default",
                ..Outgoing::request(opcode)
            }
            .write_to(&mut push);
            [push.clone(), push, reply].concat()
        });
        outcome.expect("a push is no fault");
    }
}

#[test]
fn bodies_may_be_anything() {
    let expect = |opcode, status, body: &[u8], kind: ErrorKind, words: &str| {
        let failure = bootstrap(weak(), &mut Server::new().replacing(opcode, status, body)).expect_err(words);
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(failure.to_string().contains(words), "{failure} lacks {words:?}");
    };
    expect(Opcode::HELLO, Status::SUCCESS, &[0, 3, 0], ErrorKind::Protocol, "3 bytes, an odd number");
    expect(Opcode::HELLO, Status::ETMPFAIL, b"", ErrorKind::TemporaryFail, "ETMPFAIL");
    expect(Opcode::HELLO, Status(0x7777), b"\x01\xffx", ErrorKind::Other, "0x7777");
    expect(Opcode::SASL_AUTH, Status::SUCCESS, b"", ErrorKind::Auth, "did not prove");
    expect(Opcode::SASL_AUTH, Status::AUTH_CONTINUE, b"\xff", ErrorKind::Protocol, "not text");
    expect(Opcode::SASL_AUTH, Status::AUTH_CONTINUE, b"r=other", ErrorKind::Protocol, "lacks its salt");
    expect(
        Opcode::SASL_AUTH,
        Status::AUTH_CONTINUE,
        b"e=no",
        ErrorKind::Auth,
        "refused the SCRAM exchange: no",
    );
    expect(Opcode::SASL_AUTH, Status::EACCESS, b"", ErrorKind::Auth, "wrong password, or no user \"app\"");
    expect(Opcode::SASL_AUTH, Status::AUTH_STALE, b"", ErrorKind::Auth, "AUTH_STALE");
    expect(Opcode::SASL_AUTH, Status::EBUSY, b"", ErrorKind::TemporaryFail, "EBUSY");
    expect(Opcode::SASL_STEP, Status::SUCCESS, b"", ErrorKind::Auth, "did not prove");
    expect(Opcode::SASL_STEP, Status::SUCCESS, b"v=AAAA", ErrorKind::Auth, "did not prove");
    expect(Opcode::SASL_STEP, Status::AUTH_CONTINUE, b"", ErrorKind::Protocol, "one more step");
    expect(Opcode::SASL_STEP, Status::AUTH_ERROR, b"not JSON\x07", ErrorKind::Auth, "says: not JSON)");
    expect(Opcode::SELECT_BUCKET, Status::EACCESS, b"", ErrorKind::BucketNotFound, "missing or not yours");
    expect(Opcode::SELECT_BUCKET, Status::KEY_ENOENT, b"", ErrorKind::BucketNotFound, "missing or not yours");
    expect(Opcode::SELECT_BUCKET, Status::BUCKET_PAUSED, b"", ErrorKind::TemporaryFail, "BUCKET_PAUSED");
    expect(Opcode::GET_CLUSTER_CONFIG, Status::ETMPFAIL, b"", ErrorKind::TemporaryFail, "ETMPFAIL");
}

#[test]
fn bodies_that_do_no_harm_are_let_pass() {
    let come_up = |opcode, status, body: &[u8]| {
        bootstrap(weak(), &mut Server::new().replacing(opcode, status, body)).expect("it comes up")
    };
    // Granted twice, not asked for, unknown.
    let granted = come_up(Opcode::HELLO, Status::SUCCESS, &[0, 7, 0, 7, 0, 0xe, 0xff, 0xff]).features;
    assert_eq!(format!("{granted:?}"), "{XERROR}");
    for map in [&b""[..], b"{", b"[]", b"\xff", br#"{"version":3,"errors":{}}"#] {
        assert!(come_up(Opcode::GET_ERROR_MAP, Status::SUCCESS, map).error_map.is_none());
    }
    for status in [Status::EINVAL, Status::EACCESS, Status::AUTH_ERROR, Status(0x9999)] {
        come_up(Opcode::GET_ERROR_MAP, status, b"");
        come_up(Opcode::SASL_LIST_MECHS, status, b"");
    }
    for list in [&b""[..], b"\xff\xff", b"GSSAPI OAUTHBEARER", b"  PLAIN  PLAIN\n"] {
        come_up(Opcode::SASL_LIST_MECHS, Status::SUCCESS, list);
    }
    assert!(come_up(Opcode::GET_CLUSTER_CONFIG, Status::SUCCESS, b"").config.is_none());
    for status in [Status::KEY_ENOENT, Status::EINVAL, Status::NO_BUCKET, Status::EACCESS] {
        assert!(come_up(Opcode::GET_CLUSTER_CONFIG, status, b"").config.is_none());
    }
}

#[test]
fn a_server_without_authentication_says_so() {
    for status in [Status::UNKNOWN_COMMAND, Status::NOT_SUPPORTED] {
        let mut server = Server::new().replacing(Opcode::SASL_LIST_MECHS, status, b"").replacing(
            Opcode::SASL_AUTH,
            status,
            b"",
        );
        let failure = bootstrap(weak(), &mut server).expect_err("nobody can log in");
        assert_eq!(failure.kind, ErrorKind::Auth);
        assert!(failure.message.contains("connect without a user"), "{failure}");
    }
}

#[test]
fn plain_has_one_step_only() {
    let mut server = Server::new().replacing(Opcode::SASL_AUTH, Status::AUTH_CONTINUE, b"r=x");
    let settings = Settings { forced: Some(vec![Mechanism::Plain]), ..settings() };
    let failure = violation(bootstrap(settings, &mut server), "SASL_AUTH");
    assert!(failure.message.contains("PLAIN does not have"), "{failure}");
}

#[test]
fn a_server_cannot_make_us_start_again_for_ever() {
    // It lists what it then refuses.
    let mut server =
        Server::offering(&[Mechanism::ScramSha256]).replacing(Opcode::SASL_AUTH, Status::AUTH_ERROR, b"");
    let failure = bootstrap(settings(), &mut server).expect_err("a refusal");
    assert_eq!(failure.kind, ErrorKind::Auth);
    assert_eq!(server.seen.iter().filter(|op| **op == Opcode::SASL_AUTH).count(), 2);
}

#[test]
fn no_byte_of_the_exchange_can_be_changed_unseen() {
    for (opcode, status) in [(Opcode::SASL_AUTH, Status::AUTH_CONTINUE), (Opcode::SASL_STEP, Status::SUCCESS)]
    {
        let mut len = 0;
        for_each_packet(&probe(opcode), |reply| len = reply.value().len());
        for at in 0..len {
            let outcome = with_reply(opcode, |request, reply| {
                let packet = peek(&reply, MAX_BODY_LEN).expect("a frame").expect("a whole frame");
                let mut value = packet.value().to_vec();
                value[at] ^= 1;
                frame(opcode, request.opaque(), status, Datatype::RAW, &value)
            });
            let failure = outcome.expect_err("the change is seen");
            assert!(matches!(failure.kind, ErrorKind::Auth | ErrorKind::Protocol), "byte {at}: {failure}");
        }
    }
}

/// The true reply to `opcode`.
fn probe(opcode: Opcode) -> Vec<u8> {
    let seen = core::cell::RefCell::new(Vec::new());
    with_reply(opcode, |_, reply| {
        seen.borrow_mut().extend_from_slice(&reply);
        reply
    })
    .expect("it comes up");
    seen.into_inner()
}

#[test]
fn replies_cut_at_every_byte_lead_to_the_same_end() {
    // With the same nonce and opaques the server answers the same, so its two turns are recorded once.
    let mut keys = DerivedKeys::default();
    let mut turns = Vec::new();
    let mut server = Server::new();
    let end = play(&mut keys, |requests| {
        let mut replies = Vec::new();
        for_each_packet(requests, |request| replies.extend(server.answer(request)));
        turns.push(replies.clone());
        vec![replies]
    });
    let expected = format!("{:?}", end.expect("it comes up"));
    assert_eq!(turns.len(), 2);
    for (turn, replies) in turns.iter().enumerate() {
        for cut in 0..replies.len() {
            let mut at = 0..;
            let end = play(&mut keys, |_| match at.next() {
                Some(now) if now == turn => vec![replies[..cut].to_vec(), replies[cut..].to_vec()],
                now => vec![turns[now.expect("endless")].clone()],
            });
            assert_eq!(format!("{:?}", end.expect("it comes up")), expected, "turn {turn} cut at {cut}");
        }
    }
    assert_eq!(keys.derivations(), 1, "links of one credential share the work");
}

/// A bootstrap whose every write is answered with `answer`, in pieces.
fn play(keys: &mut DerivedKeys, mut answer: impl FnMut(&[u8]) -> Vec<Vec<u8>>) -> Outcome {
    let mut out = Vec::new();
    let mut buffer = Vec::new();
    let mut handshake = Handshake::start(Arc::new(weak()), [3; 16], 1, &mut out);
    loop {
        for piece in answer(&core::mem::take(&mut out)) {
            buffer.extend_from_slice(&piece);
            while let Some(packet) = peek(&buffer, MAX_BODY_LEN).expect("frames") {
                let len = packet.len();
                match handshake.handle_packet(&packet, keys, &mut out) {
                    Step::Waiting(next) => handshake = next,
                    Step::Established(established) => return Ok(established),
                    Step::Failed(failure) => return Err(failure),
                }
                buffer.drain(..len);
            }
        }
    }
}
