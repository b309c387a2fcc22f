//! The server's side of a link to a node's view service: what the network brings, what the node makes of it.

use crate::network::{Peer, SocketId, Stage, Way};
use crate::world::World;
use couchbase_testkit::http::{Limits, ServerLink};

pub(crate) struct ViewLink {
    http: ServerLink,
    /// What has come while the node kept still.
    waiting: Vec<u8>,
    /// The client has ended its side.
    is_left: bool,
}

impl ViewLink {
    pub(crate) fn new() -> Self {
        Self { http: ServerLink::new(Limits::default()), waiting: Vec::new(), is_left: false }
    }

    pub(crate) fn handle_input(&mut self, bytes: &[u8], is_last: bool) {
        self.waiting.extend_from_slice(bytes);
        self.is_left |= is_last;
    }
}

impl World {
    /// Answers what has come on a link to the views of a node, unless it keeps still.
    pub(crate) fn serve_views(&mut self, id: SocketId) {
        let node = self.sockets[id.0].node;
        if !self.model.is_running(node) {
            return self.cut_views(id);
        }
        if self.model.is_held(node, self.now) {
            return;
        }
        let Some(Peer::Views(mut link)) = self.sockets[id.0].peer.take() else { return };
        link.http.handle_received(&std::mem::take(&mut link.waiting));
        while let Some(request) = link.http.poll_request() {
            let (response, fault) = self.answer_views(id, node, &request);
            link.http.respond(response, fault.as_ref());
        }
        let is_open = self.sockets[id.0].stage == Stage::Open;
        while let Some(bytes) = link.http.poll_transmit() {
            if is_open {
                self.trickle(id, &bytes);
            }
        }
        if link.is_left {
            return;
        }
        if link.http.is_closed() {
            if is_open {
                self.end(id, Way::Down);
            }
            return;
        }
        self.sockets[id.0].peer = Some(Peer::Views(link));
    }

    /// The node closes the link, whatever was under way: the client gets a part of it, and the end.
    pub(crate) fn cut_views(&mut self, id: SocketId) {
        self.note(format_args!("{id:?} closed by the server"));
        self.sockets[id.0].peer = None;
        if self.sockets[id.0].stage == Stage::Open {
            self.lose_some(id, Way::Down);
            self.end(id, Way::Down);
        }
    }

    /// Sends an answer, at times with a pause in the middle.
    fn trickle(&mut self, id: SocketId, bytes: &[u8]) {
        if !self.random.chance(self.swarm.http.pauses) {
            return self.put(id, Way::Down, bytes);
        }
        let (first, second) = bytes.split_at(self.random.below(bytes.len()));
        let pause = self.random.millis(0..=2000);
        self.put(id, Way::Down, first);
        self.pause(id, Way::Down, pause);
        self.put(id, Way::Down, second);
    }
}
