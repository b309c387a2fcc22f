//! The server of the benchmark: as little of one as a client can work with, as fast as a plain loop goes.
//!
//! One node, no user, one bucket of any name. Every key holds the same document; a set is acknowledged and forgotten.
//! Answers are written into buffers that are used again: a request costs no allocation, a read one write.

use couchbase_core::wire::{HEADER_LEN, MAX_BODY_LEN, Opcode, Outgoing, Packet, Status, peek};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

/// Bytes of the document's value.
pub const VALUE_LEN: usize = 256;
/// Bytes of the answer to a get.
pub const GET_REPLY_LEN: usize = HEADER_LEN + 4 + VALUE_LEN;

const VBUCKETS: usize = 1024;
/// The flags of plain bytes.
const FLAGS: u32 = 0x0300_0000;
const CAS: u64 = 0x1122_3344_5566_7788;
const OPAQUE: std::ops::Range<usize> = 12..16;

/// Turns requests into answers.
#[derive(Debug)]
pub struct Answers {
    get: Vec<u8>,
    set: Vec<u8>,
    configuration: String,
}

impl Answers {
    /// The answers of a server that listens at `port`.
    pub fn new(port: u16) -> Self {
        let (mut get, mut set) = (Vec::new(), Vec::new());
        let value = [b'v'; VALUE_LEN];
        let flags = FLAGS.to_be_bytes();
        let success = |opcode| Outgoing { cas: CAS, ..Outgoing::response(opcode, Status::SUCCESS) };
        Outgoing { extras: &flags, value: &value, ..success(Opcode::GET) }.write_to(&mut get);
        success(Opcode::SET).write_to(&mut set);
        let row = ["[0]"; VBUCKETS].join(",");
        let configuration = format!(
            r#"{{"rev": 1, "revEpoch": 1, "name": "default", "nodeLocator": "vbucket",
            "nodesExt": [{{"services": {{"kv": {port}, "mgmt": 8091}}, "thisNode": true}}],
            "vBucketServerMap": {{"hashAlgorithm": "CRC", "numReplicas": 0,
            "serverList": ["$HOST:{port}"], "vBucketMap": [{row}]}}}}"#
        );
        Self { get, set, configuration }
    }

    /// Answers the whole requests at the front of `input`: how many bytes they were.
    ///
    /// # Errors
    /// `InvalidData` for what is no request.
    pub fn answer(&self, input: &[u8], out: &mut Vec<u8>) -> io::Result<usize> {
        let mut done = 0;
        while let Some(request) = peek(&input[done..], MAX_BODY_LEN)
            .map_err(|error| io::Error::new(ErrorKind::InvalidData, error.to_string()))?
        {
            match request.opcode() {
                Opcode::GET => repeat(&self.get, request.opaque(), out),
                Opcode::SET => repeat(&self.set, request.opaque(), out),
                _ => self.answer_other(&request, out),
            }
            done += request.len();
        }
        Ok(done)
    }

    /// What a link is set up with.
    fn answer_other(&self, request: &Packet<'_>, out: &mut Vec<u8>) {
        let opcode = request.opcode();
        let (status, value) = match opcode {
            // Everything is granted: the client asks for nothing that would change an answer to come.
            Opcode::HELLO => (Status::SUCCESS, request.value()),
            Opcode::SELECT_BUCKET | Opcode::NOOP => (Status::SUCCESS, &[][..]),
            Opcode::GET_CLUSTER_CONFIG => (Status::SUCCESS, self.configuration.as_bytes()),
            _ => (Status::UNKNOWN_COMMAND, &[][..]),
        };
        let opaque = request.opaque();
        Outgoing { opaque, value, ..Outgoing::response(opcode, status) }.write_to(out);
    }
}

/// Appends a prepared answer.
fn repeat(answer: &[u8], opaque: u32, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(answer);
    out[start + OPAQUE.start..start + OPAQUE.end].copy_from_slice(&opaque.to_be_bytes());
}

/// Serves until the process ends; each connection has a thread, of which one is busy at a time.
///
/// # Errors
/// If it cannot listen.
pub fn serve(announce: impl FnOnce(SocketAddr)) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    announce(address);
    for stream in listener.incoming() {
        let stream = stream?;
        stream.set_nodelay(true)?;
        // How a connection ends is its client's affair.
        thread::spawn(move || converse(stream, &Answers::new(address.port())));
    }
    Ok(())
}

fn converse(mut stream: TcpStream, answers: &Answers) -> io::Result<()> {
    let mut input = vec![0; 64 * 1024];
    let mut out = Vec::with_capacity(256 * 1024);
    let mut held = 0;
    loop {
        if held == input.len() {
            input.resize(2 * held, 0);
        }
        match stream.read(&mut input[held..])? {
            0 => return Ok(()),
            count => held += count,
        }
        let done = answers.answer(&input[..held], &mut out)?;
        input.copy_within(done..held, 0);
        held -= done;
        stream.write_all(&out)?;
        out.clear();
    }
}
