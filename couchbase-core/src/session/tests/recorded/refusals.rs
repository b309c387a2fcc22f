//! Bootstraps that the recorded server refused, each at the step where it did.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use super::player::Play::{self, Other, Same};
use super::player::{Recording, nonce_of, play, reply};
use super::{over_plain, settings};
use crate::ErrorKind;
use crate::session::tests::server::for_each_packet;
use crate::session::{DerivedKeys, Handshake, HandshakeFailure, Settings, Step};
use crate::wire::{MAX_BODY_LEN, Opcode, Status, peek};

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
