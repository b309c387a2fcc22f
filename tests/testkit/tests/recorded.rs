//! Holds the cluster to a real server's recorded answers.
//!
//! `data/captures.jsonl` has three sessions of a Couchbase Server 7.6.12 with two nodes. They are played in order
//! against the embedded cluster, set up alike, and each answer must be the recorded one, byte by byte, but for what
//! `data/varies.tsv` exempts: line, what varies, and why. An exemption that is not needed fails too.

use couchbase_core::wire::{MAX_BODY_LEN, Opcode, Outgoing, Packet, peek};
use couchbase_testkit::Cluster;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;

#[derive(Deserialize)]
struct Capture {
    name: String,
    request_hex: String,
    /// `None`: not part of the recorded set.
    response_hex: Option<String>,
}

/// What an exemption lets vary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Varies {
    /// The whole answer, but that there is one.
    Answer,
    Cas,
    /// The values in a JSON text; its members and their kinds stay.
    Leaves,
    /// The reference in an error body.
    Reference,
    /// What follows the client's nonce in a SCRAM challenge; its attributes stay.
    Challenge,
}

impl Varies {
    fn parse(word: &str) -> Self {
        match word {
            "answer" => Self::Answer,
            "cas" => Self::Cas,
            "leaves" => Self::Leaves,
            "reference" => Self::Reference,
            "challenge" => Self::Challenge,
            other => panic!("varies.tsv: what is `{other}`?"),
        }
    }
}

fn exemptions() -> BTreeSet<(String, Varies)> {
    let lines = include_str!("data/varies.tsv").lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let [name, what, reason] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("varies.tsv: `{line}` has not three columns");
            };
            assert!(reason.len() > 10, "varies.tsv: `{name}` needs a reason");
            (name.to_owned(), Varies::parse(what))
        })
        .collect()
}

fn captures() -> Vec<Capture> {
    let lines = include_str!("data/captures.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).expect("a capture a line")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
    (0..hex.len()).step_by(2).map(digits).collect()
}

fn packet(bytes: &[u8]) -> Packet<'_> {
    peek(bytes, MAX_BODY_LEN).expect("a frame").expect("a whole frame")
}

/// One session's connection.
struct Session {
    stream: TcpStream,
    /// The nonce of the last SCRAM challenge, which the proof must repeat.
    nonce: Option<String>,
}

impl Session {
    /// Plays one request; gives all frames of its answer.
    fn play(&mut self, recorded: &[u8]) -> Vec<u8> {
        let packet = packet(recorded);
        let mut value = packet.value().to_vec();
        if packet.opcode() == Opcode::SASL_STEP
            && let Some(nonce) = self.nonce.take()
        {
            let text = String::from_utf8(value).expect("SCRAM is text");
            let (_, proof) = text.rsplit_once(",p=").expect("a proof");
            value = format!("c=biws,r={nonce},p={proof}").into_bytes();
        }
        let mut request = Vec::new();
        Outgoing { value: &value, ..Outgoing::from_packet(&packet) }.write_to(&mut request);
        self.stream.write_all(&request).expect("the node reads");
        let answer = self.receive(packet.opcode() == Opcode::STAT);
        if packet.opcode() == Opcode::SASL_AUTH {
            self.nonce = attributes(self::packet(&answer).value()).first().map(|nonce| nonce[2..].to_owned());
        }
        answer
    }

    fn receive(&mut self, many: bool) -> Vec<u8> {
        let (mut answer, mut last) = (Vec::new(), 0);
        loop {
            if let Some(frame) = peek(&answer[last..], MAX_BODY_LEN).expect("frames") {
                let more =
                    many && frame.status().0 == 0 && !(frame.key().is_empty() && frame.value().is_empty());
                last += frame.len();
                if !more {
                    assert_eq!(last, answer.len(), "more came than was asked");
                    return answer;
                }
                continue;
            }
            let mut bytes = [0; 16384];
            let count = self.stream.read(&mut bytes).expect("an answer");
            assert_ne!(count, 0, "the node closed the connection");
            answer.extend_from_slice(&bytes[..count]);
        }
    }
}

fn attributes(challenge: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(challenge);
    text.split(',').filter(|part| part.get(1..2) == Some("=")).map(ToOwned::to_owned).collect()
}

/// The first way in which two answers differ, as far as there is an exemption for it.
fn difference(recorded: &[u8], answer: &[u8]) -> Result<(), Vec<Varies>> {
    if recorded == answer {
        return Ok(());
    }
    let (ours, theirs) = (packet(answer), packet(recorded));
    let single = ours.len() == answer.len() && theirs.len() == recorded.len();
    let same_head = ours.magic() == theirs.magic()
        && ours.opcode() == theirs.opcode()
        && ours.status() == theirs.status()
        && ours.opaque() == theirs.opaque()
        && ours.datatype() == theirs.datatype()
        && ours.framing() == theirs.framing()
        && ours.extras() == theirs.extras()
        && ours.key() == theirs.key();
    if !single || !same_head {
        return Err(vec![Varies::Answer]);
    }
    let mut found = Vec::new();
    if ours.cas() != theirs.cas() {
        found.push(if ours.cas() == 0 || theirs.cas() == 0 { Varies::Answer } else { Varies::Cas });
    }
    if ours.value() != theirs.value() {
        found.push(value_difference(theirs.value(), ours.value()));
    }
    Err(found)
}

/// What may not vary in a config: it follows from how the cluster was set up.
const FIXED: [&str; 8] = [
    "/revEpoch",
    "/name",
    "/nodeLocator",
    "/clusterCapabilitiesVer",
    "/clusterCapabilities",
    "/vBucketServerMap/hashAlgorithm",
    "/vBucketServerMap/numReplicas",
    "/vBucketServerMap/vBucketMap",
];

fn value_difference(theirs: &[u8], ours: &[u8]) -> Varies {
    let json = |bytes| serde_json::from_slice::<Value>(bytes).ok();
    if let (Some(mut theirs), Some(mut ours)) = (json(theirs), json(ours)) {
        let reference = |json: &mut Value| json.pointer_mut("/error/ref").map(Value::take);
        if reference(&mut theirs).is_some() && reference(&mut ours).is_some() && theirs == ours {
            return Varies::Reference;
        }
        let same = FIXED.iter().all(|place| theirs.pointer(place) == ours.pointer(place));
        return if same && has_shape(&theirs, &ours) { Varies::Leaves } else { Varies::Answer };
    }
    let names = |value| attributes(value).iter().map(|part| part[..2].to_owned()).collect::<Vec<_>>();
    if names(theirs) == ["r=", "s=", "i="] && names(theirs) == names(ours) {
        return Varies::Challenge;
    }
    Varies::Answer
}

/// Whether `ours` has every member that `theirs` has, of the same kind. It may have more of them.
fn has_shape(theirs: &Value, ours: &Value) -> bool {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            theirs.iter().all(|(name, value)| ours.get(name).is_some_and(|our| has_shape(value, our)))
        }
        (Value::Array(theirs), Value::Array(ours)) => match theirs.first() {
            Some(first) => ours.first().is_some_and(|our| has_shape(first, our)),
            None => true,
        },
        (Value::Bool(_), Value::Bool(_)) | (Value::Null, Value::Null) => true,
        (Value::Number(_), Value::Number(_)) | (Value::String(_), Value::String(_)) => true,
        _ => false,
    }
}

#[test]
fn answers_are_a_real_servers() {
    let cluster = Cluster::builder()
        .nodes(2)
        .replicas(1)
        .vbuckets(64)
        .bucket("default")
        .bucket("tiny")
        .administrator("Administrator", "password")
        .user("app", "app-secret", &["default"])
        .reader("reader", "reader-secret", &["default"])
        .scram_iterations(15_000)
        .start();
    let exempt = exemptions();
    let mut needed = BTreeSet::new();
    let mut wrong = Vec::new();
    let mut compared = 0;
    let mut session: Option<(String, Session)> = None;
    for capture in captures() {
        let (name, _) = capture.name.split_once('/').expect("session/operation");
        if session.as_ref().is_none_or(|(current, _)| current != name) {
            let stream = TcpStream::connect(cluster.node(0).kv_address()).unwrap();
            session = Some((name.to_owned(), Session { stream, nonce: None }));
        }
        let Some((_, session)) = &mut session else { unreachable!() };
        let answer = session.play(&bytes(&capture.request_hex));
        let Some(recorded) = capture.response_hex.as_deref().map(bytes) else { continue };
        compared += 1;
        for what in difference(&recorded, &answer).err().unwrap_or_default() {
            let exemption = (capture.name.clone(), what);
            if exempt.contains(&exemption) {
                needed.insert(exemption);
            } else {
                let show = |bytes: &[u8]| bytes[..bytes.len().min(600)].escape_ascii().to_string();
                wrong.push(format!(
                    "{} ({what:?})\n  recorded {}\n  answered {}",
                    capture.name,
                    show(&recorded),
                    show(&answer)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} answers are not the recorded ones:\n{}", wrong.len(), wrong.join("\n"));
    let unneeded: Vec<_> = exempt.difference(&needed).collect();
    assert!(unneeded.is_empty(), "varies.tsv exempts what does not vary: {unneeded:?}");
    assert_eq!(compared, 59, "captures.jsonl has lost or gained lines");
}
