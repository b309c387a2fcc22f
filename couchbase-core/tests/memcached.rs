//! Debian's `memcached`, an independent server of the protocol's common part, answers our wire codec.
//!
//! Skipped, aloud, where the program is not installed; a failure where `CI` is set.
#![cfg(all(feature = "driver", unix))]

use couchbase_core::wire::{Magic, Opcode, Outgoing, Status, peek};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

struct Memcached {
    child: Child,
    socket: UnixStream,
    path: PathBuf,
    opaque: u32,
}

impl Memcached {
    /// On a socket in the file system: no other program can be there, as it could at a port that was free a moment ago.
    fn start() -> Option<Self> {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("memcached-{}-{number}.sock", std::process::id()));
        let started = Command::new("memcached")
            .args(["-B", "binary", "-u", "nobody", "-s"])
            .arg(&path)
            .stdin(Stdio::null())
            .spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(error) => {
                assert!(std::env::var_os("CI").is_none(), "memcached must be installed here: {error}");
                println!("skipped: memcached cannot be started ({error})");
                return None;
            }
        };
        loop {
            if let Ok(socket) = UnixStream::connect(&path) {
                return Some(Self { child, socket, path, opaque: 0 });
            }
            assert!(child.try_wait().expect("our child").is_none(), "memcached ended before it listened");
            std::thread::yield_now();
        }
    }

    fn send(&mut self, request: Outgoing<'_>) -> u32 {
        self.opaque += 1;
        let mut out = Vec::new();
        Outgoing { opaque: self.opaque, ..request }.write_to(&mut out);
        self.socket.write_all(&out).expect("memcached reads");
        self.opaque
    }

    /// The next reply: its opaque, status, CAS, extras, key and value.
    fn receive(&mut self) -> (u32, Status, u64, Vec<u8>, Vec<u8>, Vec<u8>) {
        let mut bytes = Vec::new();
        loop {
            if let Some(packet) = peek(&bytes, 1 << 20).expect("frames of this protocol") {
                assert_eq!(packet.len(), bytes.len(), "one reply at a time");
                assert_eq!(packet.magic(), Magic::Response);
                let (extras, key, value) = (packet.extras(), packet.key(), packet.value());
                let parts = (extras.to_vec(), key.to_vec(), value.to_vec());
                return (packet.opaque(), packet.status(), packet.cas(), parts.0, parts.1, parts.2);
            }
            let mut byte = [0];
            self.socket.read_exact(&mut byte).expect("memcached answers");
            bytes.push(byte[0]);
        }
    }

    fn ask(&mut self, request: Outgoing<'_>) -> (Status, u64, Vec<u8>, Vec<u8>) {
        let sent = self.send(request);
        let (opaque, status, cas, extras, _, value) = self.receive();
        assert_eq!(opaque, sent);
        (status, cas, extras, value)
    }
}

impl Drop for Memcached {
    fn drop(&mut self) {
        // By the process that was started, and no other.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.path);
    }
}

fn store<'a>(opcode: Opcode, key: &'a [u8], value: &'a [u8]) -> Outgoing<'a> {
    Outgoing { key, value, extras: &[0, 0, 0, 7, 0, 0, 0, 0], ..Outgoing::request(opcode) }
}

fn of<'a>(opcode: Opcode, key: &'a [u8]) -> Outgoing<'a> {
    Outgoing { key, ..Outgoing::request(opcode) }
}

#[test]
fn documents_counters_and_quiet_operations_are_understood() {
    let Some(mut server) = Memcached::start() else { return };
    assert_eq!(server.ask(of(Opcode::GET, b"k")).0, Status::KEY_ENOENT);
    assert_eq!(server.ask(store(Opcode::REPLACE, b"k", b"x")).0, Status::KEY_ENOENT);
    assert_eq!(server.ask(store(Opcode::ADD, b"k", b"b")).0, Status::SUCCESS);
    assert_eq!(server.ask(store(Opcode::ADD, b"k", b"x")).0, Status::KEY_EEXISTS);
    let append = Outgoing { value: b"c", ..of(Opcode::APPEND, b"k") };
    let prepend = Outgoing { value: b"a", ..of(Opcode::PREPEND, b"k") };
    assert_eq!(server.ask(append).0, Status::SUCCESS);
    let (_, cas, ..) = server.ask(prepend);
    let (status, seen, extras, value) = server.ask(of(Opcode::GET, b"k"));
    assert_eq!((status, extras, value, seen), (Status::SUCCESS, vec![0, 0, 0, 7], b"abc".to_vec(), cas));
    let stale = Outgoing { cas: cas + 1, ..store(Opcode::SET, b"k", b"x") };
    assert_eq!(server.ask(stale).0, Status::KEY_EEXISTS);

    let mut counter = [0; 20];
    counter[7] = 5;
    counter[15] = 10;
    let count = |opcode| Outgoing { extras: &counter, ..of(opcode, b"n") };
    assert_eq!(server.ask(count(Opcode::INCREMENT)).3, 10_u64.to_be_bytes());
    assert_eq!(server.ask(count(Opcode::INCREMENT)).3, 15_u64.to_be_bytes());
    assert_eq!(server.ask(count(Opcode::DECREMENT)).3, 10_u64.to_be_bytes());

    let hour = 3600_u32.to_be_bytes();
    assert_eq!(server.ask(Outgoing { extras: &hour, ..of(Opcode::TOUCH, b"k") }).0, Status::SUCCESS);
    assert_eq!(server.ask(Outgoing { extras: &hour, ..of(Opcode::GAT, b"k") }).3, b"abc");
    assert_eq!(server.ask(of(Opcode::DELETE, b"k")).0, Status::SUCCESS);
    assert_eq!(server.ask(of(Opcode::DELETE, b"k")).0, Status::KEY_ENOENT);

    // A quiet hit and a quiet miss behind it: the fence shows that the miss was silent.
    server.send(store(Opcode::SETQ, b"q", b"1"));
    let hit = server.send(of(Opcode::GETQ, b"q"));
    server.send(of(Opcode::GETQ, b"missing"));
    let fence = server.send(Outgoing::request(Opcode::NOOP));
    assert_eq!(server.receive().0, hit);
    assert_eq!(server.receive().0, fence);
}

#[test]
fn statistics_end_with_an_empty_entry_and_couchbases_own_operations_are_unknown() {
    let Some(mut server) = Memcached::start() else { return };
    let asked = server.send(Outgoing::request(Opcode::STAT));
    let mut entries = 0;
    loop {
        let (opaque, status, _, _, key, value) = server.receive();
        assert_eq!((opaque, status), (asked, Status::SUCCESS));
        if key.is_empty() && value.is_empty() {
            break;
        }
        entries += 1;
    }
    assert!(entries > 10, "{entries}");
    let (status, _, _, version) = server.ask(Outgoing::request(Opcode::VERSION));
    assert!(status == Status::SUCCESS && version.contains(&b'.'));
    // Answered only when something follows them.
    for opcode in [Opcode::HELLO, Opcode::GET_CLUSTER_CONFIG, Opcode::SELECT_BUCKET, Opcode::GET_ERROR_MAP] {
        let asked = server.send(Outgoing::request(opcode));
        let fence = server.send(Outgoing::request(Opcode::NOOP));
        let (opaque, status, ..) = server.receive();
        assert_eq!((opaque, status), (asked, Status::UNKNOWN_COMMAND), "{opcode}");
        assert_eq!(server.receive().0, fence);
    }
}
