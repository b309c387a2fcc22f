//! Servers that do not know the password and answer whatever comes to their mind: none of them gets a link.
//!
//! Every answer is drawn from what is plausible at its step, so that each branch of each state is met many times.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::server::{for_each_packet, frame, settings};
use crate::session::{DerivedKeys, Handshake, Mechanism, Settings, Step};
use crate::wire::{Datatype, MAX_BODY_LEN, Magic, Opcode, Outgoing, Packet, Status, peek};

/// A few thousand draws, the same in every run.
struct Draws(u64);

impl Draws {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % limit
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

const STATUSES: [Status; 9] = [
    Status::SUCCESS,
    Status::SUCCESS,
    Status::AUTH_CONTINUE,
    Status::AUTH_CONTINUE,
    Status::AUTH_ERROR,
    Status::UNKNOWN_COMMAND,
    Status::EACCESS,
    Status::ETMPFAIL,
    Status(0xbeef),
];

fn answer(draws: &mut Draws, request: &Packet<'_>) -> Vec<u8> {
    let text = String::from_utf8_lossy(request.value()).into_owned();
    let nonce = text.split("r=").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or("");
    let bodies = [
        String::new(),
        String::from("SCRAM-SHA1 PLAIN"),
        // A sound challenge for whoever asks, of which there is one salt: it is derived once.
        format!("r={nonce}SERVER,s=AAEC,i=4000"),
        format!("r={nonce}SERVER,s=AAEC,i=4000,x=y"),
        format!("r={nonce},s=AAEC,i=4000"),
        String::from("v=AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        String::from("v="),
        String::from("e=invalid-proof"),
        text.clone(),
        String::from(r#"{"error":{"context":"c","ref":"r"}}"#),
        String::from(r#"{"version":2,"errors":{}}"#),
        String::from("\0\x07\0\x08"),
    ];
    let opcode = if draws.below(40) == 0 { Opcode(draws.below(256) as u8) } else { request.opcode() };
    let status = match (opcode, draws.below(3)) {
        // Mostly what leads on to the next step.
        (Opcode::SASL_AUTH, 0) => Status::AUTH_CONTINUE,
        (Opcode::HELLO | Opcode::SASL_STEP | Opcode::SELECT_BUCKET | Opcode::GET_CLUSTER_CONFIG, 0 | 1) => {
            Status::SUCCESS
        }
        _ => draws.one(&STATUSES),
    };
    let body = match (opcode, draws.below(4)) {
        (Opcode::SASL_AUTH, 1..) => &bodies[2],
        (Opcode::HELLO, 1..) => &bodies[11],
        _ => &bodies[draws.below(bodies.len())],
    };
    let mut bytes = frame(opcode, request.opaque(), status, Datatype::RAW, body.as_bytes());
    match draws.below(60) {
        0 => bytes.clear(),
        1 => bytes = [bytes.clone(), bytes].concat(),
        2 => {
            let packet = peek(&bytes, MAX_BODY_LEN).expect("a frame").expect("a whole frame");
            let magic = draws.one(&[Magic::AltResponse, Magic::Request, Magic::ServerRequest]);
            let mut other = Vec::new();
            Outgoing { magic, ..Outgoing::from_packet(&packet) }.write_to(&mut other);
            bytes = other;
        }
        _ => {}
    }
    bytes
}

#[test]
fn an_impostor_never_gets_a_link() {
    let mut draws = Draws(0x9e37_79b9_7f4a_7c15);
    let mut keys = DerivedKeys::default();
    let settings = Arc::new(Settings { forced: Some([Mechanism::ScramSha1].to_vec()), ..settings() });
    let mut reached: Vec<&str> = Vec::new();
    for run in 0..4_000 {
        let mut out = Vec::new();
        let mut handshake = Some(Handshake::start(Arc::clone(&settings), [9; 16], run, &mut out));
        while handshake.is_some() {
            let mut inbox = Vec::new();
            for_each_packet(&core::mem::take(&mut out), |request| inbox.extend(answer(&mut draws, request)));
            let mut rest = &inbox[..];
            let mut is_waiting = None;
            while let Ok(Some(packet)) = peek(rest, MAX_BODY_LEN) {
                rest = &rest[packet.len()..];
                let Some(waiting) = handshake.take() else { break };
                if !reached.contains(&waiting.awaits()) {
                    reached.push(waiting.awaits());
                }
                match waiting.handle_packet(&packet, &mut keys, &mut out) {
                    Step::Waiting(next) => handshake = Some(next),
                    Step::Failed(failure) => assert!(!failure.message.is_empty()),
                    Step::Established(link) => panic!("run {run}: {link:?}"),
                }
                is_waiting = handshake.as_ref().map(Handshake::awaits);
            }
            // Nothing more was written, so an answer that never comes is waited for.
            if out.is_empty() && is_waiting.is_some() || inbox.is_empty() {
                break;
            }
        }
    }
    let expected = ["HELLO", "GET_ERROR_MAP", "SASL_LIST_MECHS", "SASL_AUTH", "SASL_STEP"];
    assert_eq!(reached, expected, "no step behind the proof, and each one before it");
}
