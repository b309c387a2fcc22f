//! Handshakes with a server that keeps to the protocol, whatever it has and has not.

use alloc::format;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use super::server::{CONFIG, PASSWORD, Server, bootstrap, for_each_packet, settings};
use crate::ErrorKind;
use crate::session::{
    Credentials, DerivedKeys, Features, Handshake, Mechanism, Secret, Settings, Step, WANTED_FEATURES,
};
use crate::wire::{MAX_BODY_LEN, Opcode, Status, peek};

const PIPELINE: [Opcode; 7] = [
    Opcode::HELLO,
    Opcode::GET_ERROR_MAP,
    Opcode::SASL_LIST_MECHS,
    Opcode::SASL_AUTH,
    Opcode::SASL_STEP,
    Opcode::SELECT_BUCKET,
    Opcode::GET_CLUSTER_CONFIG,
];

fn forcing(mechanisms: &[Mechanism]) -> Settings {
    Settings { forced: Some(mechanisms.to_vec()), ..settings() }
}

fn first_write(settings: Settings) -> Vec<(Opcode, u32, Vec<u8>, Vec<u8>)> {
    let mut out = Vec::new();
    let nonce = *b"0123456789abcdef";
    Handshake::start(Arc::new(settings), nonce, u32::MAX, &mut out);
    let mut requests = Vec::new();
    for_each_packet(&out, |request| {
        let (key, value) = (request.key().to_vec(), request.value().to_vec());
        requests.push((request.opcode(), request.opaque(), key, value));
    });
    requests
}

#[test]
fn the_first_write_is_this() {
    let requests = first_write(Settings { client_id: 0xabc, ..settings() });
    let expected: [(Opcode, u32, &[u8], &[u8]); 4] = [
        (
            Opcode::HELLO,
            u32::MAX,
            br#"{"a":"test/1","i":"0000000000000abc/3031323334353637"}"#,
            &[0, 3, 0, 7, 0, 8, 0, 0xb, 0, 0x10, 0, 0x1d],
        ),
        (Opcode::GET_ERROR_MAP, 0, b"", &[0, 2]),
        (Opcode::SASL_LIST_MECHS, 1, b"", b""),
        (Opcode::SASL_AUTH, 2, b"SCRAM-SHA512", b"n,,n=app,r=MDEyMzQ1Njc4OWFiY2RlZg"),
    ];
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(op, opaque, key, value)| (op, opaque, key.to_vec(), value.to_vec()))
        .collect();
    assert_eq!(requests, expected);
}

#[test]
fn an_agent_of_any_length_fits() {
    let agent = "\"\\\n\u{e4}".repeat(300);
    let requests = first_write(Settings::new(agent));
    let key = core::str::from_utf8(&requests[0].2).expect("text");
    assert_eq!(key.len(), 248, "the server takes 250");
    assert!(key.starts_with("{\"a\":\"\u{e4}\u{e4}") && key.ends_with("\"}"), "{key}");
}

#[test]
fn a_link_comes_up_over_the_strongest_scram() {
    let mut server = Server::new();
    let established = bootstrap(settings(), &mut server).expect("it comes up");
    assert_eq!(server.seen, PIPELINE);
    assert_eq!(established.features, WANTED_FEATURES.iter().copied().collect());
    assert_eq!(established.error_map.expect("a map").revision(), 5);
    assert_eq!(established.config.as_deref(), Some(CONFIG));
    assert_eq!(established.mechanism, Some(Mechanism::ScramSha512));
    assert_eq!(established.next_opaque, 107);
}

#[test]
fn every_mechanism_can_be_forced() {
    for &mechanism in Mechanism::ALL {
        let mut server = Server::new();
        let established = bootstrap(forcing(&[mechanism]), &mut server).expect("it comes up");
        assert_eq!(established.mechanism, Some(mechanism));
        assert_eq!(server.seen.contains(&Opcode::SASL_STEP), mechanism != Mechanism::Plain);
    }
    let established = bootstrap(forcing(&[]), &mut Server::new()).expect("an empty list forces nothing");
    assert_eq!(established.mechanism, Some(Mechanism::ScramSha512));
}

#[test]
fn with_plain_and_without_a_user_everything_is_in_the_first_write() {
    let opcodes = |settings| first_write(settings).into_iter().map(|(op, ..)| op).collect::<Vec<_>>();
    let with_plain: Vec<_> = PIPELINE.into_iter().filter(|op| *op != Opcode::SASL_STEP).collect();
    assert_eq!(opcodes(forcing(&[Mechanism::Plain])), with_plain);
    let nobody = [Opcode::HELLO, Opcode::GET_ERROR_MAP, Opcode::SELECT_BUCKET, Opcode::GET_CLUSTER_CONFIG];
    assert_eq!(opcodes(Settings { credentials: None, ..settings() }), nobody);
    let of_cluster = [Opcode::HELLO, Opcode::GET_ERROR_MAP, Opcode::GET_CLUSTER_CONFIG];
    assert_eq!(opcodes(Settings::new("x")), of_cluster);
}

#[test]
fn without_a_bucket_the_link_is_of_the_cluster() {
    let mut server = Server::new();
    bootstrap(Settings { bucket: None, ..settings() }, &mut server).expect("it comes up");
    assert!(!server.seen.contains(&Opcode::SELECT_BUCKET));
}

#[test]
fn a_mechanism_that_the_server_lacks_is_replaced_from_its_list() {
    for (has, forced, used) in [
        (&[Mechanism::ScramSha1][..], None, Mechanism::ScramSha1),
        (&[Mechanism::Plain, Mechanism::ScramSha256], None, Mechanism::ScramSha256),
        (&[Mechanism::Plain], Some(vec![Mechanism::Plain, Mechanism::ScramSha512]), Mechanism::Plain),
    ] {
        let mut server = Server::offering(has);
        let established = bootstrap(Settings { forced, ..settings() }, &mut server).expect("it comes up");
        assert_eq!(established.mechanism, Some(used));
        assert_eq!(established.config.as_deref(), Some(CONFIG));
        assert_eq!(server.seen.iter().filter(|op| **op == Opcode::SASL_AUTH).count(), 2);
    }
}

#[test]
fn plain_is_not_used_unless_forced() {
    let mut server = Server::offering(&[Mechanism::Plain]);
    let failure = bootstrap(settings(), &mut server).expect_err("PLAIN would be needed");
    assert_eq!(failure.kind, ErrorKind::Auth);
    assert!(failure.message.contains("sasl_mech_force=PLAIN"), "{failure}");

    let mut server = Server::offering(&[Mechanism::ScramSha1]);
    let failure = bootstrap(forcing(&[Mechanism::Plain]), &mut server).expect_err("nothing else is allowed");
    assert_eq!(failure.kind, ErrorKind::Auth);
    assert!(failure.message.contains("neither PLAIN nor another"), "{failure}");
}

#[test]
fn a_wrong_password_is_an_auth_failure_whatever_follows() {
    for forced in [None, Some(vec![Mechanism::Plain])] {
        let wrong = Credentials::new("app", Secret::new("wrong-password"));
        let mut server = Server::new();
        let settings = Settings { credentials: Some(wrong), forced, ..settings() };
        let failure = bootstrap(settings, &mut server).expect_err("the password is wrong");
        assert_eq!(failure.kind, ErrorKind::Auth);
        assert_eq!(failure.status, Some(Status::AUTH_ERROR));
        assert!(failure.message.contains("wrong password, or no user \"app\""), "{failure}");
        assert!(!failure.to_string().contains("wrong-password"), "{failure}");
        assert_eq!(server.seen.last(), Some(&Opcode::GET_CLUSTER_CONFIG), "the rest was on its way");
    }
}

#[test]
fn optional_steps_may_be_unknown() {
    let optional = [
        Opcode::HELLO,
        Opcode::GET_ERROR_MAP,
        Opcode::SASL_LIST_MECHS,
        Opcode::SELECT_BUCKET,
        Opcode::GET_CLUSTER_CONFIG,
    ];
    for status in [Status::UNKNOWN_COMMAND, Status::NOT_SUPPORTED] {
        // Every subset of them; over PLAIN, which costs no key derivation, and none of them at all over SCRAM too.
        for unknown in 0..1u32 << optional.len() {
            let is_unknown = |n: usize| unknown & 1 << n != 0;
            let mut server = Server::new();
            for (n, opcode) in optional.into_iter().enumerate() {
                if is_unknown(n) {
                    server = server.replacing(opcode, status, b"Unknown command");
                }
            }
            let is_bare = unknown + 1 == 1 << optional.len();
            let mechanism = if is_bare { Mechanism::ScramSha512 } else { Mechanism::Plain };
            let established = bootstrap(forcing(&[mechanism]), &mut server).expect("it comes up");
            assert_eq!(established.features == Features::default(), is_unknown(0));
            assert_eq!(established.error_map.is_none(), is_unknown(1));
            assert_eq!(established.config.is_none(), is_unknown(4));
            assert_eq!(established.mechanism, Some(mechanism));
        }
    }
}

#[test]
fn a_handshake_can_be_printed_at_every_step_without_its_secrets() {
    for &mechanism in Mechanism::ALL {
        let mut server = Server::new();
        let mut keys = DerivedKeys::default();
        let mut out = Vec::new();
        let settings = Arc::new(forcing(&[mechanism]));
        let mut handshake = Handshake::start(settings, [1; 16], 1, &mut out);
        let mut seen = Vec::new();
        let printed = 'established: loop {
            let mut replies = Vec::new();
            for_each_packet(&core::mem::take(&mut out), |request| replies.push(server.answer(request)));
            for reply in replies {
                let printed = format!("{handshake:?}");
                assert!(!printed.contains(PASSWORD) && !printed.contains("p="), "{printed}");
                seen.push(handshake.awaits());
                let packet = peek(&reply, MAX_BODY_LEN).expect("a frame").expect("a whole frame");
                match handshake.handle_packet(&packet, &mut keys, &mut out) {
                    Step::Waiting(next) => handshake = next,
                    end => break 'established format!("{end:?} {keys:?}"),
                }
            }
        };
        assert!(printed.starts_with("Established") && !printed.contains(PASSWORD), "{printed}");
        let names = PIPELINE.map(|opcode| opcode.name().expect("a known one"));
        let names: Vec<_> =
            names.into_iter().filter(|name| mechanism != Mechanism::Plain || *name != "SASL_STEP").collect();
        assert_eq!(seen, names);
    }
}

#[test]
fn many_rounds_are_done_in_parts_and_nothing_is_due_meanwhile() {
    for is_interrupted in [false, true] {
        let mut server = Server::asking_for(10_000);
        let (mut keys, mut out) = (DerivedKeys::default(), Vec::new());
        let mut handshake = Handshake::start(Arc::new(settings()), [1; 16], 1, &mut out);
        let mut replies = Vec::new();
        for_each_packet(&core::mem::take(&mut out), |request| replies.push(server.answer(request)));
        let mut take = |handshake: Handshake, reply: &[u8], out: &mut Vec<u8>| {
            let packet = peek(reply, MAX_BODY_LEN).expect("a frame").expect("a whole frame");
            handshake.handle_packet(&packet, &mut keys, out)
        };
        for reply in &replies {
            let Step::Waiting(next) = take(handshake, reply, &mut out) else { panic!("not ready yet") };
            handshake = next;
        }
        if is_interrupted {
            let step = take(handshake, &replies[3], &mut out);
            assert!(matches!(step, Step::Failed(failure) if failure.kind == ErrorKind::Protocol));
            continue;
        }
        let mut parts = 1;
        while handshake.has_work() {
            assert!(out.is_empty());
            let Step::Waiting(next) = handshake.advance(&mut keys, &mut out) else { panic!("not ready yet") };
            handshake = next;
            parts += 1;
        }
        assert_eq!((parts, handshake.awaits()), (3, "SASL_STEP"));
        for_each_packet(&out, |request| drop(server.answer(request)));
        assert_eq!(server.seen[4..], [Opcode::SASL_STEP, Opcode::SELECT_BUCKET, Opcode::GET_CLUSTER_CONFIG]);
    }
}

#[test]
fn a_name_of_any_length_can_be_written() {
    let requests = first_write(Settings { bucket: Some("b".repeat(100_000)), ..Settings::new("x") });
    assert_eq!(requests[2].2.len(), 65_535);
}
