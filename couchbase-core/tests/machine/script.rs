//! A client's machine and nodes that say what the test says: for what no honest cluster would answer.

use bytes::BytesMut;
use couchbase_core::machine::{Client, Event, LinkId, OpId, Request, ResolveId, Transmit};
use couchbase_core::wire::{Opcode, Outgoing, Status, peek};
use couchbase_core::{Config, Error, Instant, Reply};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

pub(crate) struct Script {
    pub(crate) client: Client,
    pub(crate) now: Instant,
    /// What every node gives as configuration.
    pub(crate) config: String,
    /// Hosts that were to be looked up.
    pub(crate) resolving: Vec<ResolveId>,
    /// Sockets that were asked for, the oldest first.
    pub(crate) opened: Vec<(LinkId, SocketAddr)>,
    pub(crate) closed: Vec<LinkId>,
    pub(crate) results: BTreeMap<OpId, Result<Reply, Error>>,
}

/// A request that a node has received.
pub(crate) struct Received {
    pub(crate) opcode: Opcode,
    pub(crate) opaque: u32,
    pub(crate) key: String,
}

impl Script {
    pub(crate) fn new(config: impl Into<Config>, cluster: impl Into<String>) -> Self {
        let now = Instant::ZERO + Duration::from_secs(1);
        let mut script = Self {
            client: Client::new(config, 1, now).expect("valid"),
            now,
            config: cluster.into(),
            resolving: Vec::new(),
            opened: Vec::new(),
            closed: Vec::new(),
            results: BTreeMap::new(),
        };
        script.events();
        script
    }

    /// The same, connected over the first socket that it asked for.
    pub(crate) fn connected(config: impl Into<Config>, cluster: impl Into<String>) -> (Self, LinkId) {
        let mut script = Self::new(config, cluster);
        let link = script.opened[0].0;
        script.establish(link);
        assert!(script.client.is_connected());
        (script, link)
    }

    pub(crate) fn submit(&mut self, request: Request, timeout: Duration) -> OpId {
        self.client.submit(request, timeout, self.now).expect("accepted")
    }

    pub(crate) fn events(&mut self) {
        while let Some(event) = self.client.poll_event() {
            match event {
                Event::Resolve { query, .. } => self.resolving.push(query),
                Event::Open { link, addr } => self.opened.push((link, addr)),
                Event::Close { link } => self.closed.push(link),
                Event::Finished { op, result } => {
                    assert!(self.results.insert(op, result).is_none(), "{op:?} ended twice");
                }
                _ => {}
            }
        }
    }

    /// What was written to a link since the last time.
    pub(crate) fn requests(&mut self, link: LinkId) -> Vec<Received> {
        let (mut batch, mut bytes) = (Transmit::new(), Vec::new());
        while self.client.poll_transmit(link, &mut batch) {
            batch.chunks().for_each(|chunk| bytes.extend_from_slice(chunk));
            batch.clear();
        }
        let (mut rest, mut requests) = (&bytes[..], Vec::new());
        while let Some(packet) = peek(rest, usize::MAX).expect("well-formed") {
            let key = String::from_utf8_lossy(packet.key()).into_owned();
            requests.push(Received { opcode: packet.opcode(), opaque: packet.opaque(), key });
            rest = &rest[packet.len()..];
        }
        requests
    }

    pub(crate) fn say(&mut self, link: LinkId, reply: Outgoing<'_>) {
        let mut bytes = Vec::new();
        reply.write_to(&mut bytes);
        self.client.handle_input(link, &mut BytesMut::from(&bytes[..]), self.now);
        self.events();
    }

    /// The socket is connected, and the node goes through the handshake.
    pub(crate) fn establish(&mut self, link: LinkId) {
        self.client.handle_connected(link, self.now);
        for Received { opcode, opaque, .. } in self.requests(link) {
            let (status, value) = match opcode {
                Opcode::GET_ERROR_MAP => (Status::UNKNOWN_COMMAND, Vec::new()),
                Opcode::GET_CLUSTER_CONFIG => (Status::SUCCESS, self.config.clone().into_bytes()),
                _ => (Status::SUCCESS, Vec::new()),
            };
            self.say(link, Outgoing { opaque, value: &value, ..Outgoing::response(opcode, status) });
        }
    }

    /// Time passes, timer by timer; nodes say nothing.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some((at, _)) = self.client.poll_timeout().filter(|&(at, _)| at <= end) {
            self.now = self.now.max(at);
            self.client.handle_timeout(self.now);
            self.events();
        }
        self.now = end;
    }

    pub(crate) fn error(&self, op: OpId) -> &Error {
        self.results.get(&op).expect("it has ended").as_ref().expect_err("failure")
    }
}

/// A configuration: `servers` by host, and the vbucket's nodes in order.
pub(crate) fn cluster(rev: u32, servers: &[&str], vbuckets: &[i32]) -> String {
    let hosts = servers.iter().map(|host| format!(r#""{host}:11210""#)).collect::<Vec<_>>().join(",");
    let nodes = servers.iter().map(|host| format!(r#"{{"hostname":"{host}","services":{{"kv":11210}}}}"#));
    let rows = vbuckets.iter().map(|node| format!("[{node}]")).collect::<Vec<_>>().join(",");
    format!(
        r#"{{"rev":{rev},"revEpoch":1,"name":"default","nodeLocator":"vbucket","nodesExt":[{}],
        "vBucketServerMap":{{"hashAlgorithm":"CRC","numReplicas":0,"serverList":[{hosts}],"vBucketMap":[{rows}]}}}}"#,
        nodes.collect::<Vec<_>>().join(",")
    )
}
