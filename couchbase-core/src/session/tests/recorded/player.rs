//! The recording, and how it is played in answer to a handshake.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::Deserialize;

use self::Play::{Other, Pushed, Same};
use crate::session::tests::server::{Outcome, for_each_packet, handle};
use crate::session::{DerivedKeys, Handshake, Settings, Step};
use crate::wire::{MAX_BODY_LEN, Outgoing, Packet, peek};

#[derive(Deserialize)]
struct Line {
    name: String,
    request_hex: String,
    response_hex: String,
}

/// The recorded packets, by name: what was sent, and the answer.
pub(super) struct Recording(pub(super) BTreeMap<String, (Vec<u8>, Vec<u8>)>);

impl Recording {
    pub(super) fn load() -> Self {
        let lines = include_str!("../../testdata/bootstraps.jsonl").lines();
        let parsed = lines.map(|line| serde_json::from_str::<Line>(line).expect("a line of the recording"));
        Self(parsed.map(|line| (line.name, (bytes(&line.request_hex), bytes(&line.response_hex)))).collect())
    }

    pub(super) fn line(&self, name: &str) -> &(Vec<u8>, Vec<u8>) {
        self.0.get(name).unwrap_or_else(|| panic!("{name} is not in the recording"))
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |c: u8| (c as char).to_digit(16).expect("a hex digit") as u8;
    hex.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

/// The nonce that the recorded client chose.
pub(super) fn nonce_of(name: &str) -> String {
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
pub(super) enum Play {
    /// The answer to a request whose key and value were the same as ours.
    Same(&'static str),
    /// The answer to another request of that opcode.
    Other(&'static str),
    /// A push, and then the answer as in `Same`.
    Pushed(&'static str, &'static str),
}

/// Plays a bootstrap; replies arrive in pieces of `piece` bytes.
pub(super) fn play(settings: Settings, nonce: &str, script: &[Play], piece: usize) -> Outcome {
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

pub(super) fn reply(recording: &Recording, step: Play, request: &Packet<'_>) -> Vec<u8> {
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
