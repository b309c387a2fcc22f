//! Links in memory: two byte streams each, delayed, cut at any byte, held, broken.
//!
//! Bytes of one stream arrive in order, each piece after a delay of its own. What a client had written before its
//! link broke may still arrive at the server, as on a real network: the model then does it, and answers nobody.

mod stream;

use crate::injector::Injector;
use crate::routing::Overheard;
use crate::views::{ViewLink, call_of};
use crate::world::{Happening, Notice, World, node_at};
use couchbase_core::Instant;
use couchbase_testkit::model::ConnId;
use std::net::SocketAddr;
use std::time::Duration;
use stream::Stream;

/// More of a request than names its call.
const LONGEST_LINE: usize = 200;

/// One attempt to connect, and the link it becomes. Never used again for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SocketId(pub(crate) usize);

/// The direction of a stream: to the server, or to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Up,
    Down,
}

/// What a read or a write came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moved {
    Bytes(usize),
    /// Nothing now; a notice follows when that changes.
    Blocked,
    /// The stream has ended in good order.
    Eof,
    Reset,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Dialing,
    Refused,
    Open,
    /// Broken: the client learns of it at its next read or write.
    Reset,
    /// The client has let go of it.
    Closed,
}

/// What a socket was dialled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Kv,
    Views,
}

/// The server's side of a link.
pub(crate) enum Peer {
    Kv(ConnId),
    Views(Box<ViewLink>),
}

pub(crate) struct Socket {
    pub(crate) node: usize,
    pub(crate) service: Service,
    pub(crate) dialed: Instant,
    pub(crate) stage: Stage,
    /// The server's side, while it lives.
    pub(crate) peer: Option<Peer>,
    up: Stream,
    down: Stream,
    pub(crate) injector: Injector,
    pub(crate) overheard: Overheard,
    latency: Duration,
    write_blocked: bool,
    /// The first that was written, if it is for a view service.
    request: Vec<u8>,
}

impl Socket {
    fn stream(&mut self, way: Way) -> &mut Stream {
        match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        }
    }

    /// Neither side has let go of it.
    pub(crate) fn is_open(&self) -> bool {
        self.stage == Stage::Open && self.peer.is_some()
    }

    /// Writing has been refused since there was room last.
    pub(crate) fn is_write_blocked(&self) -> bool {
        self.write_blocked
    }

    /// The client still holds it, or waits for it.
    pub(crate) fn is_held_by_client(&self) -> bool {
        !matches!(self.stage, Stage::Closed | Stage::Refused)
    }
}

impl World {
    pub(crate) fn open_sockets(&self) -> impl Iterator<Item = SocketId> + '_ {
        self.sockets.iter().enumerate().filter(|(_, socket)| socket.is_open()).map(|(id, _)| SocketId(id))
    }

    /// Begins to connect; [`Notice::Connected`] or [`Notice::Refused`] follows, or nothing.
    pub(crate) fn dial(&mut self, addr: SocketAddr) -> SocketId {
        let id = SocketId(self.sockets.len());
        let (low, high) = self.swarm.latency_micros;
        let latency = self.random.micros(low..=high);
        // An address that is no node's is refused, as a closed port is.
        let found = node_at(addr).filter(|(node, _)| *node < self.swarm.nodes);
        let node = found.map(|(node, _)| node);
        let service = found.map_or(Service::Kv, |(_, service)| service);
        if service == Service::Views && self.views.is_closing {
            self.views.report(format!("a view service is dialled after the close, as {id:?}"));
        }
        self.sockets.push(Socket {
            node: node.unwrap_or(usize::MAX),
            service,
            dialed: self.now,
            stage: Stage::Dialing,
            peer: None,
            up: Stream::new(),
            down: Stream::new(),
            injector: Injector::default(),
            overheard: self.routing.overhear(),
            latency,
            write_blocked: false,
            request: Vec::new(),
        });
        self.note(format_args!("{id:?} dials node {node:?} for {service:?}"));
        self.agenda.plan(self.now + 2 * latency, Happening::Dialed(id));
        id
    }

    pub(crate) fn handle_dialed(&mut self, id: SocketId) {
        let socket = &self.sockets[id.0];
        let (node, service) = (socket.node, socket.service);
        if socket.stage != Stage::Dialing {
            return;
        }
        if self.trouble.hangs_until.get(node).is_some_and(|until| *until > self.now) {
            self.tally.count("(a connect hung)");
            return;
        }
        let refuses = self.trouble.refuses_until.get(node).is_none_or(|until| *until > self.now);
        let peer = match service {
            _ if refuses => None,
            Service::Kv => self.model.accept(node, self.now).map(Peer::Kv),
            Service::Views => self.model.is_running(node).then(|| Peer::Views(Box::new(ViewLink::new()))),
        };
        let is_accepted = peer.is_some();
        let socket = &mut self.sockets[id.0];
        socket.peer = peer;
        if is_accepted {
            socket.stage = Stage::Open;
            self.notices.push_back(Notice::Connected(id));
        } else {
            socket.stage = Stage::Refused;
            self.tally.count("(a connect was refused)");
            self.notices.push_back(Notice::Refused(id));
        }
    }

    /// The client writes.
    pub(crate) fn write(&mut self, id: SocketId, bytes: &[u8]) -> Moved {
        let (capacity, is_choppy) = (self.swarm.capacity, self.swarm.is_choppy);
        let socket = &mut self.sockets[id.0];
        match socket.stage {
            Stage::Open => {}
            Stage::Reset => return Moved::Reset,
            stage => unreachable!("written to in {stage:?}"),
        }
        let room = capacity.saturating_sub(socket.up.len);
        if room == 0 {
            socket.write_blocked = true;
            return Moved::Blocked;
        }
        let mut count = bytes.len().min(room);
        if is_choppy && count > 1 && self.random.chance(300) {
            count = 1 + self.random.below(count);
        }
        let socket = &mut self.sockets[id.0];
        match socket.service {
            Service::Kv => {
                self.routing.handle_written(id, socket.node, &mut socket.overheard, &bytes[..count]);
            }
            Service::Views => {
                if self.views.is_closing && socket.request.is_empty() {
                    self.views.report(format!("{id:?}: a view service is asked after the close"));
                }
                let rest = LONGEST_LINE.saturating_sub(socket.request.len()).min(count);
                socket.request.extend_from_slice(&bytes[..rest]);
            }
        }
        self.put(id, Way::Up, &bytes[..count]);
        Moved::Bytes(count)
    }

    /// The client reads.
    pub(crate) fn read(&mut self, id: SocketId, buf: &mut [u8]) -> Moved {
        let is_choppy = self.swarm.is_choppy;
        let socket = &mut self.sockets[id.0];
        match socket.stage {
            Stage::Open => {}
            Stage::Reset => return Moved::Reset,
            stage => unreachable!("read from in {stage:?}"),
        }
        if socket.down.arrived.is_empty() {
            return if socket.down.is_at_end { Moved::Eof } else { Moved::Blocked };
        }
        let mut count = buf.len().min(socket.down.arrived.len());
        if is_choppy && count > 1 && self.random.chance(300) {
            count = 1 + self.random.below(count);
        }
        for (to, from) in buf.iter_mut().zip(socket.down.arrived.drain(..count)) {
            *to = from;
        }
        if socket.service == Service::Kv {
            self.routing.handle_read(&mut socket.overheard, &buf[..count]);
        }
        Moved::Bytes(count)
    }

    /// The client lets go of the socket. What it had written still arrives.
    pub(crate) fn close(&mut self, id: SocketId) {
        self.note(format_args!("{id:?} closed"));
        let socket = &mut self.sockets[id.0];
        if socket.is_open() && !socket.down.has_ended {
            self.views.let_go.extend(call_of(&socket.request));
        }
        socket.stage = Stage::Closed;
        socket.down = Stream::new();
        self.end(id, Way::Up);
    }

    /// The link breaks: the client learns of it at once, the server after part of what was under way.
    pub(crate) fn reset(&mut self, id: SocketId) {
        self.lose_some(id, Way::Up);
        let socket = &mut self.sockets[id.0];
        socket.stage = Stage::Reset;
        socket.down = Stream::new();
        self.end(id, Way::Up);
        self.notices.push_back(Notice::Readable(id));
        self.notices.push_back(Notice::Writable(id));
    }

    /// Loses all that is under way behind some byte of it.
    pub(crate) fn lose_some(&mut self, id: SocketId, way: Way) {
        let len = self.sockets[id.0].stream(way).len;
        let keep = self.random.below(len + 1);
        self.sockets[id.0].stream(way).truncate(keep);
    }

    /// What is put next arrives so much later.
    pub(crate) fn pause(&mut self, id: SocketId, way: Way, time: Duration) {
        let now = self.now;
        let stream = self.sockets[id.0].stream(way);
        stream.last = stream.last.max(now) + time;
    }

    /// Nothing arrives that way for a while.
    pub(crate) fn hold(&mut self, id: SocketId, way: Way, until: Instant) {
        let stream = self.sockets[id.0].stream(way);
        stream.held_until = stream.held_until.max(until);
    }

    /// Sends bytes on their way, in pieces.
    pub(crate) fn put(&mut self, id: SocketId, way: Way, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let is_cut = self.swarm.is_choppy && bytes.len() > 1 && self.random.chance(250);
            let count = if is_cut { 1 + self.random.below(bytes.len()) } else { bytes.len() };
            let (piece, rest) = bytes.split_at(count);
            bytes = rest;
            let socket = &self.sockets[id.0];
            let half = socket.latency.as_micros() as u64 / 2;
            let delay = self.random.micros(half..=3 * half + 1);
            let stream = self.sockets[id.0].stream(way);
            let at = (self.now + delay).max(stream.last);
            stream.last = at;
            stream.len += piece.len();
            stream.under_way.push_back((at, piece.to_vec()));
            self.agenda.plan(at, Happening::Arrival(id, way));
        }
    }

    pub(crate) fn end(&mut self, id: SocketId, way: Way) {
        let now = self.now;
        let stream = self.sockets[id.0].stream(way);
        stream.has_ended = true;
        let at = stream.last.max(now);
        self.agenda.plan(at, Happening::Arrival(id, way));
    }

    pub(crate) fn handle_arrival(&mut self, id: SocketId, way: Way) {
        let now = self.now;
        let stream = self.sockets[id.0].stream(way);
        if stream.held_until > now {
            // Once for each piece: the first of them takes what is due then.
            let again = stream.held_until;
            self.agenda.plan(again, Happening::Arrival(id, way));
            return;
        }
        let mut bytes = Vec::new();
        while stream.under_way.front().is_some_and(|(at, _)| *at <= now) {
            let Some((_, piece)) = stream.under_way.pop_front() else { break };
            stream.len -= piece.len();
            bytes.extend_from_slice(&piece);
        }
        let is_last = stream.has_ended && stream.under_way.is_empty() && !stream.is_at_end;
        stream.is_at_end |= is_last;
        match way {
            Way::Up => self.arrive_at_server(id, &bytes, is_last),
            Way::Down if self.sockets[id.0].stage == Stage::Open && (is_last || !bytes.is_empty()) => {
                self.sockets[id.0].down.arrived.extend(bytes);
                self.notices.push_back(Notice::Readable(id));
            }
            Way::Down => {}
        }
    }

    fn arrive_at_server(&mut self, id: SocketId, bytes: &[u8], is_last: bool) {
        let capacity = self.swarm.capacity;
        let socket = &mut self.sockets[id.0];
        if socket.write_blocked && socket.stage == Stage::Open && socket.up.len < capacity {
            socket.write_blocked = false;
            self.notices.push_back(Notice::Writable(id));
        }
        match &mut self.sockets[id.0].peer {
            None => return,
            Some(Peer::Views(link)) => link.handle_input(bytes, is_last),
            Some(Peer::Kv(conn)) => {
                let conn = *conn;
                if !bytes.is_empty() {
                    self.model.handle_input(conn, bytes, self.now);
                }
                if is_last {
                    self.model.handle_closed(conn);
                    self.sockets[id.0].peer = None;
                }
            }
        }
        self.serve();
    }

    /// Carries away what the servers have to say.
    pub(crate) fn serve(&mut self) {
        let mut out = Vec::new();
        for index in 0..self.sockets.len() {
            let id = SocketId(index);
            let conn = match self.sockets[index].peer {
                None => continue,
                Some(Peer::Kv(conn)) => conn,
                Some(Peer::Views(_)) => {
                    self.serve_views(id);
                    continue;
                }
            };
            out.clear();
            if self.model.poll_output(conn, &mut out) && self.sockets[index].stage == Stage::Open {
                let bytes = self.disturb(id, &out);
                self.put(id, Way::Down, &bytes);
            }
        }
        while let Some(conn) = self.model.poll_closed() {
            self.model.handle_closed(conn);
            let is_its = |socket: &Socket| matches!(socket.peer, Some(Peer::Kv(of)) if of == conn);
            if let Some(index) = self.sockets.iter().position(is_its) {
                self.note(format_args!("{:?} closed by the server", SocketId(index)));
                self.sockets[index].peer = None;
                if self.sockets[index].stage == Stage::Open {
                    self.end(SocketId(index), Way::Down);
                }
            }
        }
    }
}
