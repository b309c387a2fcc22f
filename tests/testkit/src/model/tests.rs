//! Edge semantics of each operation family, on the model alone: a client here is a link that the test feeds.

mod counting;
mod expiring;
mod faults;
mod framing;
mod locking;
mod routing;
mod signing_in;
mod writing;

use super::{ConnId, Model, NodeAddress, Setup, User};
use couchbase_core::Instant;
use couchbase_core::wire::{Feature, MAX_BODY_LEN, Opcode, Outgoing, Status, peek};
use std::time::Duration;

/// Unix time at the model's beginning.
const UNIX: u64 = 1_800_000_000;

/// A cluster of two nodes with a replica, four vbuckets and a clock of its own.
struct Bench {
    model: Model,
    now: Instant,
}

/// An answer, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    status: Status,
    cas: u64,
    datatype: u8,
    framing: Vec<u8>,
    extras: Vec<u8>,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl Answer {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.value).unwrap()
    }
}

fn address(port: u16) -> NodeAddress {
    NodeAddress { host: "10.0.0.1".to_owned(), kv: port, views: port + 1, mgmt: port + 2 }
}

impl Bench {
    fn new() -> Self {
        let model = Model::new(Setup {
            nodes: vec![address(1000), address(2000)],
            replicas: 1,
            vbuckets: 4,
            buckets: vec!["default".to_owned(), "other".to_owned()],
            users: vec![User::new("app", "secret").with_buckets(["default"])],
            anonymous: false,
            seed: 1,
            scram_iterations: 10,
            unix_time: Duration::from_secs(UNIX),
            record_effects: true,
        });
        Self { model, now: Instant::ZERO }
    }

    fn pass(&mut self, seconds: u64) {
        self.now = self.now + Duration::from_secs(seconds);
        self.model.handle_timeout(self.now);
    }

    fn accept(&mut self, node: usize) -> ConnId {
        self.model.accept(node, self.now).expect("the node runs")
    }

    /// A link that has these features, is authenticated and has its bucket.
    fn link(&mut self, node: usize, features: &[Feature]) -> ConnId {
        let conn = self.accept(node);
        let wanted: Vec<u8> = features.iter().flat_map(|feature| feature.0.to_be_bytes()).collect();
        let hello = Outgoing { value: &wanted, ..Outgoing::request(Opcode::HELLO) };
        assert_eq!(self.call(conn, hello).value, wanted, "all are granted");
        let auth =
            Outgoing { key: b"PLAIN", value: b"\0app\0secret", ..Outgoing::request(Opcode::SASL_AUTH) };
        assert_eq!(self.call(conn, auth).status, Status::SUCCESS);
        let select = Outgoing { key: b"default", ..Outgoing::request(Opcode::SELECT_BUCKET) };
        assert_eq!(self.call(conn, select).status, Status::SUCCESS);
        conn
    }

    /// A link to node 0, which serves vbuckets 0 and 1, with extended errors.
    fn client(&mut self) -> ConnId {
        self.link(0, &[Feature::XERROR])
    }

    fn send(&mut self, conn: ConnId, frame: Outgoing<'_>) {
        let mut bytes = Vec::new();
        frame.write_to(&mut bytes);
        self.model.handle_input(conn, &bytes, self.now);
    }

    fn answers(&mut self, conn: ConnId) -> Vec<Answer> {
        let mut bytes = Vec::new();
        self.model.poll_output(conn, &mut bytes);
        let (mut answers, mut rest) = (Vec::new(), &bytes[..]);
        while let Some(packet) = peek(rest, MAX_BODY_LEN).unwrap() {
            answers.push(Answer {
                status: packet.status(),
                cas: packet.cas(),
                datatype: packet.datatype().0,
                framing: packet.framing().to_vec(),
                extras: packet.extras().to_vec(),
                key: packet.key().to_vec(),
                value: packet.value().to_vec(),
            });
            rest = &rest[packet.len()..];
        }
        assert!(rest.is_empty(), "half a frame was sent");
        answers
    }

    fn call(&mut self, conn: ConnId, frame: Outgoing<'_>) -> Answer {
        self.send(conn, frame);
        let [answer] = &self.answers(conn)[..] else { panic!("one answer to {frame:?}") };
        answer.clone()
    }

    fn status(&mut self, conn: ConnId, frame: Outgoing<'_>) -> Status {
        self.call(conn, frame).status
    }

    /// Stores `k` with this value, and gives its CAS.
    fn stored(&mut self, conn: ConnId, value: &[u8]) -> u64 {
        let answer = self.call(conn, set(value));
        assert_eq!(answer.status, Status::SUCCESS);
        answer.cas
    }
}

/// A request about the document `k` in vbucket 0.
fn about(opcode: Opcode) -> Outgoing<'static> {
    Outgoing { key: b"k", ..Outgoing::request(opcode) }
}

fn get() -> Outgoing<'static> {
    about(Opcode::GET)
}

fn set(value: &[u8]) -> Outgoing<'_> {
    Outgoing { extras: &[0; 8], value, ..about(Opcode::SET) }
}

fn delete() -> Outgoing<'static> {
    about(Opcode::DELETE)
}
