//! The bootstraps recorded from a real server (see `testdata/README.md`), played again.
//!
//! Each case names the recorded reply to each of our requests, in order. Nonces and opaques are inputs, so what we
//! write in the SASL exchange must be the recorded bytes, and the recorded server's signature must verify.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use serde::Deserialize;

use super::server::{Outcome, for_each_packet, handle};
use crate::ErrorKind;
use crate::session::{
    Attributes, Credentials, DerivedKeys, Handshake, HandshakeFailure, Mechanism, Secret, Settings, Step,
};
use crate::wire::{Feature, MAX_BODY_LEN, Opcode, Outgoing, Packet, Status, peek};

#[derive(Deserialize)]
struct Line {
    name: String,
    request_hex: String,
    response_hex: String,
}

struct Recording(BTreeMap<String, (Vec<u8>, Vec<u8>)>);

impl Recording {
    fn load() -> Self {
        let lines = include_str!("../testdata/bootstraps.jsonl").lines();
        let parsed = lines.map(|line| serde_json::from_str::<Line>(line).expect("a line of the recording"));
        Self(parsed.map(|line| (line.name, (bytes(&line.request_hex), bytes(&line.response_hex)))).collect())
    }

    fn line(&self, name: &str) -> &(Vec<u8>, Vec<u8>) {
        self.0.get(name).unwrap_or_else(|| panic!("{name} is not in the recording"))
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |c: u8| (c as char).to_digit(16).expect("a hex digit") as u8;
    hex.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

/// The nonce that the recorded client chose.
fn nonce_of(name: &str) -> String {
    let recording = Recording::load();
    let mut nonce = String::new();
    for_each_packet(&recording.line(name).0, |request| {
        let payload = core::str::from_utf8(request.value()).expect("text");
        nonce.push_str(payload.split_once(",r=").expect("client-first").1);
    });
    nonce
}

/// What is played in answer to a request.
#[derive(Clone, Copy)]
enum Play {
    /// The answer to a request whose key and value were the same as ours.
    Same(&'static str),
    /// The answer to another request of that opcode.
    Other(&'static str),
    /// A push, and then the answer as in `Same`.
    Pushed(&'static str, &'static str),
}
use Play::{Other, Pushed, Same};

/// Plays a bootstrap; replies arrive in pieces of `piece` bytes.
fn play(settings: Settings, nonce: &str, script: &[Play], piece: usize) -> Outcome {
    let recording = Recording::load();
    let mut keys = DerivedKeys::default();
    let (mut out, mut inbox, mut buffer) = (Vec::new(), Vec::new(), Vec::new());
    let mut script = script.iter();
    let settings = Arc::new(settings);
    let mut handshake = Handshake::start_with(settings, nonce.to_string(), 0, 0x1000, &mut out);
    loop {
        for_each_packet(&core::mem::take(&mut out), |request| {
            // What trails a request that is refused needs no answer.
            if let Some(step) = script.next() {
                inbox.extend(reply(&recording, *step, request));
            }
        });
        assert!(!inbox.is_empty(), "the script is too short: {} is awaited", handshake.awaits());
        for part in core::mem::take(&mut inbox).chunks(piece) {
            buffer.extend_from_slice(part);
            while let Some(packet) = peek(&buffer, MAX_BODY_LEN).expect("frames") {
                let len = packet.len();
                match handle(handshake, &packet, &mut keys, &mut out) {
                    Step::Waiting(next) => handshake = next,
                    Step::Established(established) => {
                        assert!(script.next().is_none(), "the script is played to its end");
                        return Ok(established);
                    }
                    Step::Failed(failure) => return Err(failure),
                }
                buffer.drain(..len);
            }
        }
    }
}

fn reply(recording: &Recording, step: Play, request: &Packet<'_>) -> Vec<u8> {
    let (mut reply, name) = match step {
        Same(name) | Other(name) => (Vec::new(), name),
        Pushed(push, name) => (recording.line(push).1.clone(), name),
    };
    let (recorded, replies) = recording.line(name);
    for_each_packet(recorded, |recorded| {
        assert_eq!(recorded.opcode(), request.opcode(), "{name}");
        if !matches!(step, Other(_)) {
            assert_eq!((recorded.key(), recorded.value()), (request.key(), request.value()), "{name}");
        }
    });
    for_each_packet(replies, |packet| {
        Outgoing { opaque: request.opaque(), ..Outgoing::from_packet(packet) }.write_to(&mut reply);
    });
    reply
}

fn settings(user: &str, password: &str, bucket: &str) -> Settings {
    Settings {
        credentials: Some(Credentials::new(user, Secret::new(password))),
        bucket: Some(bucket.to_string()),
        ..Settings::new("any")
    }
}

fn over_plain(user: &str, password: &str, bucket: &str) -> Settings {
    Settings { forced: Some(vec![Mechanism::Plain]), ..settings(user, password, bucket) }
}

const FULL: [Play; 7] = [
    Other("full/hello"),
    Same("full/get_error_map_v2"),
    Same("full/sasl_list_mechs"),
    Same("full/ok.scram_auth"),
    Same("full/ok.scram_step"),
    Same("full/select_bucket"),
    // That session agreed on compressed configs, which we do not ask for.
    Same("push/get_cluster_config"),
];

#[test]
fn full_over_scram_with_tracing() {
    for piece in [1, 7, 100_000] {
        let settings = settings("app", "app-secret", "default");
        let established = play(settings, &nonce_of("full/ok.scram_auth"), &FULL, piece);
        let established = established.expect("the recorded link came up");
        assert_eq!(established.mechanism, Some(Mechanism::ScramSha512));
        // Of the many granted, what this client asks for.
        let features: Vec<Feature> = established.features.iter().collect();
        assert_eq!(features, crate::session::WANTED_FEATURES);
        let map = established.error_map.expect("a map");
        assert_eq!((map.version(), map.revision(), map.len()), (2, 5, 80));
        let locked = map.lookup(Status::LOCKED).expect("an entry");
        assert_eq!(locked.name(), "LOCKED");
        let expected = [Attributes::ITEM_LOCKED, Attributes::ITEM_ONLY, Attributes::RETRY_NOW];
        assert_eq!(locked.attributes(), expected.into_iter().fold(Attributes::default(), Attributes::with));
        let config = established.config.expect("a config");
        assert!(config.starts_with(br#"{"rev":2,"revEpoch":1,"name":"default""#));
    }
}

#[test]
fn a_compressed_config_was_not_agreed_on() {
    let mut script = FULL;
    script[6] = Same("full/get_cluster_config");
    let settings = settings("app", "app-secret", "default");
    let failure = play(settings, &nonce_of("full/ok.scram_auth"), &script, 100).expect_err("a violation");
    assert_eq!((failure.step, failure.kind), ("GET_CLUSTER_CONFIG", ErrorKind::Protocol));
}

#[test]
fn links_over_plain_come_up() {
    let cases: [(&str, Settings, [Play; 6], usize, u16); 6] = [
        (
            "basic",
            over_plain("app", "app-secret", "default"),
            [
                Other("basic/hello"),
                Other("basic/get_error_map_v1"),
                Same("unauth/sasl_list_mechs"),
                Same("basic/sasl_plain"),
                Same("basic/select_bucket"),
                Same("basic/get_cluster_config"),
            ],
            3,
            1,
        ),
        (
            "noxerror, whose HELLO granted nothing",
            over_plain("app", "app-secret", "default"),
            [
                Other("unauth/hello_empty"),
                Other("basic/get_error_map_v1"),
                Same("unauth/sasl_list_mechs"),
                Same("noxerror/sasl_plain"),
                Same("basic/select_bucket"),
                Same("basic/get_cluster_config"),
            ],
            0,
            1,
        ),
        (
            "unauth, reader",
            over_plain("reader", "reader-secret", "default"),
            [
                Other("unauth/hello_reverse_order"),
                Other("unauth/get_error_map_v1"),
                Same("unauth/sasl_list_mechs"),
                Same("unauth/sasl_plain_ok"),
                Same("unauth/select_bucket_ok"),
                Same("basic/get_cluster_config"),
            ],
            2,
            1,
        ),
        (
            "push",
            over_plain("app", "app-secret", "default"),
            [
                Other("push/hello"),
                Same("full/get_error_map_v2"),
                Same("unauth/sasl_list_mechs"),
                Same("basic/sasl_plain"),
                Same("push/select_bucket"),
                Same("push/get_cluster_config"),
            ],
            3,
            2,
        ),
        (
            "push_brief, with pushes in between",
            over_plain("app", "app-secret", "default"),
            [
                Other("push_brief/hello"),
                Same("full/get_error_map_v2"),
                Same("unauth/sasl_list_mechs"),
                Pushed("push_brief/clustermap_change_notification_brief", "basic/sasl_plain"),
                Same("push_brief/select_bucket"),
                Pushed("push_brief/clustermap_change_notification_brief", "push_brief/get_cluster_config"),
            ],
            4,
            2,
        ),
        (
            "admin, a bucket with a config and no data",
            over_plain("Administrator", "password", "confonly"),
            [
                Other("admin/hello"),
                Same("full/get_error_map_v2"),
                Same("unauth/sasl_list_mechs"),
                Same("admin/sasl_plain"),
                Same("admin/select_config_only"),
                Same("admin/get_cluster_config_config_only"),
            ],
            3,
            2,
        ),
    ];
    for (about, settings, script, features, map_version) in cases {
        let established =
            play(settings, "", &script, 64).unwrap_or_else(|failure| panic!("{about}: {failure}"));
        assert_eq!(established.mechanism, Some(Mechanism::Plain), "{about}");
        assert_eq!(established.features.iter().count(), features, "{about}");
        assert_eq!(established.error_map.expect("a map").version(), map_version, "{about}");
        assert!(established.config.expect("a config").starts_with(br#"{"rev":2,"revEpoch":1,"#), "{about}");
    }
}

/// Step, kind, status, and words of the message.
type Refusal = (&'static str, ErrorKind, Status, &'static str);

const HELLO: Play = Other("unauth/hello_xerror");
const MAP: Play = Other("unauth/get_error_map_v1");
const LIST: Play = Same("unauth/sasl_list_mechs");

#[test]
fn refusals_are_what_they_were() {
    let reader = |bucket| over_plain("reader", "reader-secret", bucket);
    let cases: [(&str, Settings, String, Vec<Play>, Refusal); 8] = [
        (
            "SCRAM with a wrong password",
            settings("app", "wrong-password", "default"),
            nonce_of("unauth/bad.scram_auth"),
            vec![
                HELLO,
                MAP,
                LIST,
                Same("unauth/bad.scram_auth"),
                Same("unauth/bad.scram_step"),
                // What follows is refused too, and must not be what is reported.
                Same("unauth/select_bucket"),
            ],
            ("SASL_STEP", ErrorKind::Auth, Status::AUTH_ERROR, "ref 01e74552-"),
        ),
        (
            "SCRAM with an unknown user",
            settings("nosuchuser", "x", "default"),
            nonce_of("unauth/unknown_user.scram_auth"),
            vec![
                HELLO,
                MAP,
                LIST,
                Same("unauth/unknown_user.scram_auth"),
                Same("unauth/unknown_user.scram_step"),
            ],
            ("SASL_STEP", ErrorKind::Auth, Status::AUTH_ERROR, "no user \"nosuchuser\""),
        ),
        (
            "PLAIN with a wrong password",
            over_plain("app", "wrong", "default"),
            String::new(),
            vec![HELLO, MAP, LIST, Same("unauth/sasl_plain_bad_password"), Same("unauth/select_bucket")],
            ("SASL_AUTH", ErrorKind::Auth, Status::AUTH_ERROR, "ref 67e01fb1-"),
        ),
        (
            "PLAIN with an unknown user",
            over_plain("nobody", "wrong", "default"),
            String::new(),
            vec![HELLO, MAP, LIST, Same("unauth/sasl_plain_unknown_user")],
            ("SASL_AUTH", ErrorKind::Auth, Status::AUTH_ERROR, "no user \"nobody\""),
        ),
        (
            "a bucket that does not exist",
            reader("nosuch"),
            String::new(),
            vec![HELLO, MAP, LIST, Same("unauth/sasl_plain_ok"), Same("unauth/select_missing_bucket")],
            (
                "SELECT_BUCKET",
                ErrorKind::BucketNotFound,
                Status::EACCESS,
                "\"nosuch\" is missing or not yours",
            ),
        ),
        (
            "a bucket of others",
            reader("tiny"),
            String::new(),
            vec![HELLO, MAP, LIST, Same("unauth/sasl_plain_ok"), Same("unauth/select_no_access")],
            ("SELECT_BUCKET", ErrorKind::BucketNotFound, Status::EACCESS, "\"tiny\" is missing or not yours"),
        ),
        (
            "a bucket that does not exist, for an administrator",
            over_plain("Administrator", "password", "nosuch"),
            String::new(),
            vec![HELLO, MAP, LIST, Same("admin/sasl_plain"), Same("admin/select_missing_bucket")],
            (
                "SELECT_BUCKET",
                ErrorKind::BucketNotFound,
                Status::KEY_ENOENT,
                "\"nosuch\" is missing or not yours",
            ),
        ),
        (
            "a HELLO that is refused",
            settings("app", "app-secret", "default"),
            String::new(),
            vec![Other("unauth/hello_tcp_conflict")],
            ("HELLO", ErrorKind::Other, Status::EINVAL, "TCPNODELAY cannot co-exist with TCPDELAY"),
        ),
    ];
    for (about, settings, nonce, script, (step, kind, status, words)) in cases {
        let secret = settings.credentials.clone().expect("a user");
        let failure: HandshakeFailure = play(settings, &nonce, &script, 50).expect_err(about);
        assert_eq!((failure.step, failure.kind, failure.status), (step, kind, Some(status)), "{about}");
        assert!(failure.message.contains(words), "{about}: {failure}");
        if secret.password().reveal().len() > 5 {
            assert!(!failure.to_string().contains(secret.password().reveal()), "{about}: {failure}");
        }
    }
}

#[test]
fn every_recorded_hello_is_taken_or_refused_in_words() {
    let recording = Recording::load();
    let mut taken = 0;
    for name in recording.0.keys().filter(|name| name.contains("hello")) {
        let name: &'static str = name.clone().leak();
        let mut out = Vec::new();
        let handshake = Handshake::start(Arc::new(Settings::new("any")), [0; 16], 1, &mut out);
        let mut hello = None;
        for_each_packet(&out, |request| {
            if request.opcode() == Opcode::HELLO {
                hello = Some(reply(&recording, Other(name), request));
            }
        });
        let hello = hello.expect("the first request");
        let packet = peek(&hello, MAX_BODY_LEN).expect("a frame").expect("a whole frame");
        match handshake.handle_packet(&packet, &mut DerivedKeys::default(), &mut out) {
            Step::Waiting(_) => taken += 1,
            Step::Failed(failure) => {
                assert_eq!(failure.status, Some(Status::EINVAL), "{name}");
                assert!(failure.message.contains("the server says: "), "{name}: {failure}");
            }
            Step::Established(_) => panic!("{name}: HELLO is not the last step"),
        }
    }
    assert_eq!(taken, 9);
}
