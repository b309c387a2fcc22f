//! The cluster over real sockets: frames in, frames out, and the faults that are about sockets.

use couchbase_core::wire::{MAX_BODY_LEN, Opcode, Outgoing, Status, peek};
use couchbase_testkit::{Cluster, Node};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A blocking client of one node.
struct Client {
    stream: TcpStream,
    received: Vec<u8>,
}

/// What tests look at in an answer.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    opcode: Opcode,
    status: Status,
    opaque: u32,
    cas: u64,
    value: Vec<u8>,
}

impl Client {
    fn connect(node: &Node<'_>) -> Self {
        let stream = TcpStream::connect(node.kv_address()).expect("the node accepts");
        Self { stream, received: Vec::new() }
    }

    /// Connected, authenticated, with the bucket `default`.
    fn ready(node: &Node<'_>) -> Self {
        let mut client = Self::connect(node);
        let hello = Outgoing { key: b"tests", value: &[0, 7], ..Outgoing::request(Opcode::HELLO) };
        let auth =
            Outgoing { key: b"PLAIN", value: b"\0app\0secret", ..Outgoing::request(Opcode::SASL_AUTH) };
        let select = Outgoing { key: b"default", ..Outgoing::request(Opcode::SELECT_BUCKET) };
        client.send(&[hello, auth, select]);
        for _ in 0..3 {
            assert_eq!(client.receive().expect("an answer").status, Status::SUCCESS);
        }
        client
    }

    fn send(&mut self, frames: &[Outgoing<'_>]) {
        let mut bytes = Vec::new();
        for frame in frames {
            frame.write_to(&mut bytes);
        }
        self.stream.write_all(&bytes).expect("the node reads");
    }

    /// The next answer; `None` once the node has closed the connection.
    fn receive(&mut self) -> Option<Answer> {
        loop {
            if let Some(packet) = peek(&self.received, MAX_BODY_LEN).expect("frames") {
                let answer = Answer {
                    opcode: packet.opcode(),
                    status: packet.status(),
                    opaque: packet.opaque(),
                    cas: packet.cas(),
                    value: packet.value().to_vec(),
                };
                self.received.drain(..packet.len());
                return Some(answer);
            }
            let mut bytes = [0; 4096];
            match self.stream.read(&mut bytes) {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.received.extend_from_slice(&bytes[..count]),
            }
        }
    }

    fn call(&mut self, frame: Outgoing<'_>) -> Answer {
        self.send(&[frame]);
        self.receive().expect("the node answers")
    }
}

fn get<'a>(cluster: &Cluster, key: &'a str) -> Outgoing<'a> {
    Outgoing { key: key.as_bytes(), specific: cluster.vbucket_of(key), ..Outgoing::request(Opcode::GET) }
}

fn set<'a>(cluster: &Cluster, key: &'a str, value: &'a [u8]) -> Outgoing<'a> {
    Outgoing { extras: &[0; 8], value, ..Outgoing { opcode: Opcode::SET, ..get(cluster, key) } }
}

#[test]
fn a_pipeline_is_answered_in_order() {
    let cluster = Cluster::builder().start();
    let mut client = Client::ready(&cluster.node(0));
    let frames: Vec<Outgoing<'_>> = (0..1000)
        .map(|opaque| Outgoing {
            opaque,
            ..if opaque % 2 == 0 { set(&cluster, "k", b"v") } else { get(&cluster, "k") }
        })
        .collect();
    client.send(&frames);
    for opaque in 0..1000 {
        let answer = client.receive().unwrap();
        assert_eq!((answer.opaque, answer.status), (opaque, Status::SUCCESS));
    }
    assert_eq!(cluster.document("default", "k").as_deref(), Some(&b"v"[..]));
    assert_eq!((cluster.requests(Opcode::SET), cluster.requests(Opcode::GET)), (500, 500));
}

#[test]
fn frames_may_come_byte_by_byte() {
    let cluster = Cluster::builder().start();
    let mut client = Client::ready(&cluster.node(0));
    let mut bytes = Vec::new();
    set(&cluster, "key", b"a value").write_to(&mut bytes);
    for byte in bytes {
        client.stream.write_all(&[byte]).unwrap();
    }
    assert_eq!(client.receive().unwrap().status, Status::SUCCESS);
}

#[test]
fn a_large_value_survives() {
    let cluster = Cluster::builder().start();
    let mut client = Client::ready(&cluster.node(0));
    let value = vec![b'x'; 20 * 1024 * 1024];
    assert_eq!(client.call(set(&cluster, "big", &value)).status, Status::SUCCESS);
    assert_eq!(client.call(get(&cluster, "big")).value, value);
    let value = vec![b'x'; 20 * 1024 * 1024 + 1];
    assert_eq!(client.call(set(&cluster, "big", &value)).status, Status::E2BIG);
}

#[test]
fn a_stalled_node_answers_late_and_others_at_once() {
    let cluster = Cluster::builder().nodes(2).start();
    let key = (0..).map(|n| format!("k{n}")).find(|key| cluster.node_of(key).index() == 0).unwrap();
    let mut slow = Client::ready(&cluster.node(0));
    let mut fast = Client::ready(&cluster.node(1));
    let stall = Duration::from_millis(100);
    let began = Instant::now();
    cluster.node(0).stall(stall);
    slow.send(&[set(&cluster, &key, b"v")]);
    assert_eq!(fast.call(Outgoing::request(Opcode::NOOP)).status, Status::SUCCESS);
    assert_eq!(slow.receive().unwrap().status, Status::SUCCESS);
    assert!(began.elapsed() >= stall);
}

#[test]
fn a_hung_node_answers_when_released() {
    let cluster = Cluster::builder().start();
    let mut client = Client::ready(&cluster.node(0));
    cluster.node(0).hang();
    client.send(&[set(&cluster, "k", b"v")]);
    let mut late = Client::connect(&cluster.node(0));
    late.send(&[Outgoing::request(Opcode::SASL_LIST_MECHS)]);
    assert_eq!(cluster.document("default", "k"), None);
    cluster.node(0).release();
    assert_eq!(client.receive().unwrap().status, Status::SUCCESS);
    assert_eq!(late.receive().unwrap().status, Status::SUCCESS);
}

#[test]
fn a_stopped_node_refuses_and_comes_back_with_its_documents() {
    let cluster = Cluster::builder().start();
    let mut client = Client::ready(&cluster.node(0));
    assert_eq!(client.call(set(&cluster, "k", b"v")).status, Status::SUCCESS);
    cluster.node(0).stop();
    assert_eq!(client.receive(), None);
    for address in [cluster.node(0).kv_address(), cluster.node(0).views_address()] {
        assert_eq!(TcpStream::connect(address).unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
    }
    assert_eq!(cluster.node(0).connections(), 0);
    cluster.node(0).start();
    assert_eq!(Client::ready(&cluster.node(0)).call(get(&cluster, "k")).value, b"v");
}

#[test]
fn a_cut_link_ends_while_its_node_hangs_too() {
    let cluster = Cluster::builder().start();
    let mut client = Client::ready(&cluster.node(0));
    cluster.node(0).hang();
    client.send(&[get(&cluster, "k")]);
    cluster.node(0).cut_links();
    assert_eq!(client.receive(), None);
}

#[test]
fn quit_is_answered_and_ends_the_link() {
    let cluster = Cluster::builder().start();
    let mut client = Client::ready(&cluster.node(0));
    assert_eq!(client.call(Outgoing::request(Opcode::QUIT)).status, Status::SUCCESS);
    assert_eq!(client.receive(), None);
}

#[test]
fn what_is_no_frame_ends_the_link() {
    let cluster = Cluster::builder().start();
    let mut huge = Vec::new();
    Outgoing::request(Opcode::SET).write_to(&mut huge);
    huge[8..12].copy_from_slice(&(32u32 << 20).to_be_bytes());
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], &huge] {
        let mut client = Client::ready(&cluster.node(0));
        client.stream.write_all(bytes).unwrap();
        assert_eq!(client.receive(), None);
    }
}

#[test]
fn dropping_the_cluster_ends_everything_promptly() {
    let cluster = Cluster::builder().nodes(4).start();
    let mut clients: Vec<Client> = cluster.nodes().map(|node| Client::ready(&node)).collect();
    cluster.node(2).hang();
    let address = cluster.node(1).kv_address();
    drop(cluster);
    assert!(clients.iter_mut().all(|client| client.receive().is_none()));
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_hung_node_holds_its_views_back_too() {
    let cluster = Cluster::builder().start();
    cluster.node(0).hang();
    let mut stream = TcpStream::connect(cluster.node(0).views_address()).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert!(stream.read(&mut [0]).is_err(), "it answers nothing");
    cluster.node(0).release();
    stream.set_read_timeout(None).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
}
