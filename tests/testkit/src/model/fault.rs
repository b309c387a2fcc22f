//! Faults on demand, and changes of the cluster: nodes that hang, stop, come back or leave, vbuckets that move, links
//! that are cut, answers that are planned.

use super::Model;
use super::link::ConnId;
use couchbase_core::Instant;
use couchbase_core::wire::{Opcode, Status};
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    /// Accepts links and reads nothing, until then.
    Stalled(Instant),
    /// The same, until told otherwise.
    Hung,
    Stopped,
}

#[derive(Debug)]
struct Planned {
    opcode: Opcode,
    status: Status,
    left: u64,
}

/// The faults in force.
#[derive(Debug)]
pub(crate) struct Faults {
    nodes: Vec<State>,
    planned: Vec<Planned>,
}

impl Faults {
    pub(crate) fn new(nodes: usize) -> Self {
        Self { nodes: vec![State::Running; nodes], planned: Vec::new() }
    }

    pub(crate) fn is_running(&self, node: usize) -> bool {
        self.nodes[node] != State::Stopped
    }

    pub(crate) fn is_held(&self, node: usize, now: Instant) -> bool {
        match self.nodes[node] {
            State::Stalled(until) => until > now,
            State::Hung => true,
            State::Running | State::Stopped => false,
        }
    }

    pub(crate) fn next_end(&self) -> Option<Instant> {
        self.nodes
            .iter()
            .filter_map(|state| match state {
                State::Stalled(until) => Some(*until),
                _ => None,
            })
            .min()
    }

    /// Ends the stalls whose time has come; true if there was one.
    pub(crate) fn end_stalls(&mut self, now: Instant) -> bool {
        let mut ended = false;
        for state in &mut self.nodes {
            if matches!(state, State::Stalled(until) if *until <= now) {
                *state = State::Running;
                ended = true;
            }
        }
        ended
    }

    /// The status planned for the next request with this opcode, if any.
    pub(crate) fn planned_answer(&mut self, opcode: Opcode) -> Option<Status> {
        let index = self.planned.iter().position(|planned| planned.opcode == opcode)?;
        let planned = &mut self.planned[index];
        let status = planned.status;
        planned.left -= 1;
        if planned.left == 0 {
            self.planned.remove(index);
        }
        Some(status)
    }
}

/// Faults and changes on demand. Nodes are named by their index.
///
/// # Panics
/// Each of these panics if there is no such node or vbucket.
impl Model {
    /// For this long the node accepts links and answers nothing; then it does, late, what it was asked.
    pub fn stall(&mut self, node: usize, time: Duration, now: Instant) {
        if self.faults.is_running(node) {
            self.faults.nodes[node] = State::Stalled(now + time);
        }
    }

    /// The node accepts links and answers nothing until [`Model::release`].
    pub fn hang(&mut self, node: usize) {
        if self.faults.is_running(node) {
            self.faults.nodes[node] = State::Hung;
        }
    }

    /// Ends a stall or a hang: the node does what it was asked in the meantime.
    pub fn release(&mut self, node: usize, now: Instant) {
        if self.faults.is_running(node) {
            self.faults.nodes[node] = State::Running;
            self.work_on_all(now);
        }
    }

    /// The node closes its links and refuses new ones. Documents are kept, and what was not answered is not done.
    pub fn stop(&mut self, node: usize) {
        self.faults.nodes[node] = State::Stopped;
        self.cut_links(node);
    }

    /// A stopped node runs again, with the vbuckets that it had.
    pub fn start(&mut self, node: usize) {
        if !self.faults.is_running(node) {
            self.faults.nodes[node] = State::Running;
        }
    }

    /// Whether the node accepts links.
    #[must_use]
    pub fn is_running(&self, node: usize) -> bool {
        self.faults.is_running(node)
    }

    /// Closes one link; what it had to send is lost.
    pub fn cut(&mut self, conn: ConnId) {
        let Some(link) = self.link_mut(conn) else { return };
        link.output.clear();
        if !std::mem::replace(&mut link.closing, true) {
            self.closed.push_back(conn);
        }
    }

    /// Closes all links of a node.
    pub fn cut_links(&mut self, node: usize) {
        assert!(node < self.nodes.len(), "there is no node {node}");
        let links = (0u32..).zip(&self.links);
        let cut: Vec<ConnId> = links
            .filter_map(|(slot, link)| link.as_ref().map(|link| (slot, link)))
            .filter(|(_, link)| link.node == node)
            .map(|(slot, link)| ConnId { slot, generation: link.generation })
            .collect();
        for conn in cut {
            self.cut(conn);
        }
    }

    /// The next `count` requests with this opcode are answered with `status`, and not done. Quiet operations count
    /// as their loud form. Several plans for one opcode are used up in the order in which they were made.
    pub fn answer_next(&mut self, count: u64, opcode: Opcode, status: Status) {
        if count > 0 {
            self.faults.planned.push(Planned { opcode, status, left: count });
        }
    }

    /// Forgets every answer that was planned and has not been given.
    pub fn forget_planned(&mut self) {
        self.faults.planned.clear();
    }

    /// Moves a vbucket at once: `to` serves it, the old node answers NOT_MY_VBUCKET with the new config.
    pub fn move_vbucket(&mut self, vbucket: u16, to: usize) {
        self.hand_over(vbucket, to);
        self.announce(vbucket);
    }

    /// First half of a move: `to` serves the vbucket, but configs still name the old node, which answers
    /// NOT_MY_VBUCKET. [`Model::announce`] is the second half.
    pub fn hand_over(&mut self, vbucket: u16, to: usize) {
        assert!(to < self.nodes.len(), "there is no node {to}");
        self.layout.hand_over(vbucket, to);
    }

    /// Second half of a move: configs name the node that serves the vbucket.
    pub fn announce(&mut self, vbucket: u16) {
        self.layout.announce(vbucket);
        self.configs.clear();
    }

    /// Takes a node in again that had failed over: configs list it, and it serves what is moved to it.
    pub fn join(&mut self, node: usize) {
        self.layout.join(node);
        self.configs.clear();
    }

    /// Whether a node has a copy of any vbucket.
    #[must_use]
    pub fn holds_any(&self, node: usize) -> bool {
        self.layout.holds_any(node)
    }

    /// Takes a node out of the cluster: configs no longer list it, and its replicas take over. It goes on
    /// running, and answers NOT_MY_VBUCKET to everything. All documents are kept.
    pub fn fail_over(&mut self, node: usize) {
        self.layout.fail_over(node);
        self.configs.clear();
    }

    /// Whether configs list the node.
    #[must_use]
    pub fn is_member(&self, node: usize) -> bool {
        self.layout.is_member(node)
    }
}
