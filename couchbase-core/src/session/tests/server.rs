//! A small, honest server for one link, whose answers a test may replace; and the loop that joins it to a handshake.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::session::scram::{Derivation, Hash};
use crate::session::{
    Credentials, DerivedKeys, Established, Handshake, HandshakeFailure, Mechanism, Secret, Settings, Step,
};
use crate::wire::{Datatype, MAX_BODY_LEN, Opcode, Outgoing, Packet, Status, peek};

pub(super) const USER: &str = "app";
pub(super) const PASSWORD: &str = "app-secret";
pub(super) const CONFIG: &[u8] = br#"{"rev":2,"revEpoch":1}"#;
const SALT: &[u8] = b"0123456789";
const ITERATIONS: u32 = 4_096;

/// Settings with user and bucket, over every SCRAM.
pub(super) fn settings() -> Settings {
    Settings {
        credentials: Some(Credentials::new(USER, Secret::new(PASSWORD))),
        bucket: Some("default".to_string()),
        ..Settings::new("test/1")
    }
}

pub(super) type Outcome = Result<Established, HandshakeFailure>;

/// What the server answers instead of the truth: a status and a body.
pub(super) type Answer = (Status, Vec<u8>);

/// A data node as far as one link's bootstrap goes.
pub(super) struct Server {
    /// The mechanisms it knows and lists.
    mechanisms: &'static [Mechanism],
    /// The rounds that it asks for.
    iterations: u32,
    /// Answers that replace the true ones.
    replaced: BTreeMap<u8, Answer>,
    /// Every request that it got, by opcode.
    pub(super) seen: Vec<Opcode>,
    exchange: Option<Exchange>,
    is_authenticated: bool,
}

/// A SCRAM exchange seen from the other side.
struct Exchange {
    hash: Hash,
    salted: Vec<u8>,
    nonce: String,
    messages: String,
}

impl Server {
    pub(super) fn new() -> Self {
        Self {
            mechanisms: Mechanism::ALL,
            iterations: ITERATIONS,
            replaced: BTreeMap::new(),
            seen: Vec::new(),
            exchange: None,
            is_authenticated: false,
        }
    }

    pub(super) fn offering(mechanisms: &'static [Mechanism]) -> Self {
        Self { mechanisms, ..Self::new() }
    }

    pub(super) fn asking_for(iterations: u32) -> Self {
        Self { iterations, ..Self::new() }
    }

    pub(super) fn replacing(mut self, opcode: Opcode, status: Status, body: &[u8]) -> Self {
        self.replaced.insert(opcode.0, (status, body.to_vec()));
        self
    }

    /// The whole frame that answers `request`.
    pub(super) fn answer(&mut self, request: &Packet<'_>) -> Vec<u8> {
        let opcode = request.opcode();
        self.seen.push(opcode);
        let truth = self.true_answer(request);
        let (status, body) = self.replaced.get(&opcode.0).cloned().unwrap_or(truth);
        let datatype = if body.starts_with(b"{") { Datatype::JSON } else { Datatype::RAW };
        frame(opcode, request.opaque(), status, datatype, &body)
    }

    fn true_answer(&mut self, request: &Packet<'_>) -> Answer {
        match request.opcode() {
            Opcode::HELLO => (Status::SUCCESS, request.value().to_vec()),
            Opcode::GET_ERROR_MAP => (
                Status::SUCCESS,
                br#"{"version":2,"revision":5,"errors":{"20":{"name":"AUTH_ERROR","desc":"No","attrs":["auth"]}}}"#
                    .to_vec(),
            ),
            Opcode::SASL_LIST_MECHS => {
                let names: Vec<&str> = self.mechanisms.iter().map(|mechanism| mechanism.name()).collect();
                (Status::SUCCESS, names.join(" ").into_bytes())
            }
            Opcode::SASL_AUTH => self.authenticate(request),
            Opcode::SASL_STEP => self.verify(request),
            Opcode::SELECT_BUCKET | Opcode::GET_CLUSTER_CONFIG if !self.is_authenticated => {
                (Status::EACCESS, Vec::new())
            }
            Opcode::SELECT_BUCKET => (Status::SUCCESS, Vec::new()),
            Opcode::GET_CLUSTER_CONFIG => (Status::SUCCESS, CONFIG.to_vec()),
            _ => (Status::UNKNOWN_COMMAND, Vec::new()),
        }
    }

    fn authenticate(&mut self, request: &Packet<'_>) -> Answer {
        let name = core::str::from_utf8(request.key()).expect("a name");
        let payload = core::str::from_utf8(request.value()).expect("text");
        let known = Mechanism::from_name(name).filter(|mechanism| self.mechanisms.contains(mechanism));
        match known.map(Mechanism::hash) {
            None => (Status::AUTH_ERROR, br#"{"error":{"context":"mechanism is not supported"}}"#.to_vec()),
            Some(None) => {
                self.is_authenticated = payload == format!("\0{USER}\0{PASSWORD}");
                let status = if self.is_authenticated { Status::SUCCESS } else { Status::AUTH_ERROR };
                (status, Vec::new())
            }
            Some(Some(hash)) => {
                let bare = payload.strip_prefix("n,,").expect("client-first");
                let (_, client_nonce) = bare.split_once(",r=").expect("a nonce");
                let nonce = format!("{client_nonce}SERVER");
                let iterations = self.iterations;
                let first = format!("r={nonce},s={},i={iterations}", STANDARD.encode(SALT));
                let mut derivation = Derivation::new(hash, PASSWORD.as_bytes(), SALT, iterations);
                let salted = derivation.advance(iterations).expect("these are all").to_vec();
                self.exchange = Some(Exchange { hash, salted, nonce, messages: format!("{bare},{first}") });
                (Status::AUTH_CONTINUE, first.into_bytes())
            }
        }
    }

    fn verify(&mut self, request: &Packet<'_>) -> Answer {
        let Exchange { hash, salted, nonce, messages } = self.exchange.take().expect("SASL_AUTH came first");
        let payload = core::str::from_utf8(request.value()).expect("text");
        let (without_proof, proof) = payload.split_once(",p=").expect("client-final");
        if without_proof != format!("c=biws,r={nonce}") {
            return (Status::AUTH_ERROR, Vec::new());
        }
        let auth_message = format!("{messages},{without_proof}");
        let client_key = hash.hmac(&salted, b"Client Key");
        let mask = hash.hmac(&hash.digest(&client_key), auth_message.as_bytes());
        let expected: Vec<u8> = client_key.iter().zip(&mask).map(|(key, mask)| key ^ mask).collect();
        if STANDARD.decode(proof).as_deref() != Ok(&expected[..]) {
            return (Status::AUTH_ERROR, br#"{"error":{"ref":"01e74552"}}"#.to_vec());
        }
        self.is_authenticated = true;
        let signature = hash.hmac(&hash.hmac(&salted, b"Server Key"), auth_message.as_bytes());
        (Status::SUCCESS, format!("v={}", STANDARD.encode(signature)).into_bytes())
    }
}

pub(super) fn frame(
    opcode: Opcode,
    opaque: u32,
    status: Status,
    datatype: Datatype,
    value: &[u8],
) -> Vec<u8> {
    let mut frame = Vec::new();
    Outgoing { opaque, datatype, value, ..Outgoing::response(opcode, status) }.write_to(&mut frame);
    frame
}

/// Bootstraps a link against `server`; its answers may be turned into something else by `garble` on their way.
pub(super) fn bootstrap_through(
    settings: Settings,
    server: &mut Server,
    mut garble: impl FnMut(&Packet<'_>, Vec<u8>) -> Vec<u8>,
) -> Outcome {
    let mut out = Vec::new();
    let mut keys = DerivedKeys::default();
    let mut handshake = Handshake::start(Arc::new(settings), [7; 16], 100, &mut out);
    for _turn in 0..10 {
        let mut inbox = Vec::new();
        for_each_packet(&core::mem::take(&mut out), |request| {
            let answer = server.answer(request);
            inbox.extend(garble(request, answer));
        });
        assert!(!inbox.is_empty(), "nothing to wait for, though {} is awaited", handshake.awaits());
        let mut rest = &inbox[..];
        while let Some(packet) = peek(rest, MAX_BODY_LEN).expect("frames") {
            rest = &rest[packet.len()..];
            match handle(handshake, &packet, &mut keys, &mut out) {
                Step::Waiting(next) => handshake = next,
                Step::Established(established) => {
                    assert!(rest.is_empty() && out.is_empty(), "the last answer ends it");
                    return Ok(established);
                }
                Step::Failed(failure) => return Err(failure),
            }
        }
    }
    panic!("no end, and {} is awaited still", handshake.awaits())
}

/// What a packet leads to, with all the work that it makes.
pub(super) fn handle(
    handshake: Handshake,
    packet: &Packet<'_>,
    keys: &mut DerivedKeys,
    out: &mut Vec<u8>,
) -> Step {
    let mut step = handshake.handle_packet(packet, keys, out);
    loop {
        step = match step {
            Step::Waiting(handshake) if handshake.has_work() => handshake.advance(keys, out),
            done => return done,
        }
    }
}

pub(super) fn bootstrap(settings: Settings, server: &mut Server) -> Outcome {
    bootstrap_through(settings, server, |_, answer| answer)
}

pub(super) fn for_each_packet(bytes: &[u8], mut visit: impl FnMut(&Packet<'_>)) {
    let mut rest = bytes;
    while let Some(packet) = peek(rest, MAX_BODY_LEN).expect("frames") {
        rest = &rest[packet.len()..];
        visit(&packet);
    }
    assert!(rest.is_empty(), "whole frames only");
}
