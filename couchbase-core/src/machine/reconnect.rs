//! The nodes of the map and their links: opened, lost, opened again.

use super::id::StayId;
use super::link::{Purpose, Target};
use super::retry::{controlled, seldom};
use super::timer::Timer;
use super::{Client, LinkId};
use crate::{Error, ErrorKind, Instant, Node};
use alloc::string::ToString;
use core::time::Duration;

/// A link that was lost sooner than this counts as one that could not be made: a node that accepts links and drops
/// them would else be stormed. It is the longest wait between two attempts.
const LASTING: Duration = Duration::from_secs(1);

/// A node of the map that has data of the bucket.
pub(super) struct NodeState {
    pub(super) node: Node,
    pub(super) stay: StayId,
    /// The link that serves.
    pub(super) link: Option<LinkId>,
    /// A link is being opened, or a timer will open one.
    is_coming: bool,
    /// How often in a row that failed, or gave a link that did not last.
    failures: u32,
    /// How often in a row the user was refused.
    pub(super) refusals: u32,
    /// Since when the link has served.
    since: Option<Instant>,
    /// How the last link was lost, or could not be made.
    pub(super) trouble: Option<Error>,
}

impl NodeState {
    pub(super) fn new(node: Node, stay: StayId) -> Self {
        Self {
            node,
            stay,
            link: None,
            is_coming: false,
            failures: 0,
            refusals: 0,
            since: None,
            trouble: None,
        }
    }

    /// A link opened for this purpose is there.
    fn has_come(&mut self, purpose: &Purpose) {
        if matches!(purpose, Purpose::Node(_, stay) if *stay == self.stay) {
            self.is_coming = false;
        }
    }
}

impl Client {
    /// Begins to open a link to each node that has no link yet.
    pub(super) fn open_missing_links(&mut self, now: Instant) {
        let Some(map) = &self.map else { return };
        let mut targets = alloc::vec::Vec::new();
        for (state, info) in self.nodes.iter_mut().zip(map.bucket_nodes()) {
            let Some(port) = info.kv else {
                let words = "the cluster's configuration gives it no port of the key-value service";
                state.trouble = Some(Error::new(ErrorKind::NotSupported, words));
                continue;
            };
            if state.link.is_none() && !state.is_coming {
                state.is_coming = true;
                let purpose = Purpose::Node(state.node.clone(), state.stay);
                targets.push(Target { purpose, host: info.host.to_string(), port });
            }
        }
        for target in targets {
            self.dial(target, now);
        }
    }

    /// A link to a node could not be made, or was lost, and it has no other: try again after a while, longer each
    /// time. Of a node that has left the map since it is no news, even if one of its name has come: that one is tried
    /// for its own sake.
    pub(super) fn node_lost(&mut self, stay: StayId, trouble: Error, now: Instant) {
        let Some(state) = self.unlinked(stay) else { return };
        state.refusals = if trouble.kind() == ErrorKind::Auth { state.refusals + 1 } else { 0 };
        state.trouble = Some(trouble);
        if state.since.take().is_some_and(|since| now - since >= LASTING) {
            state.failures = 0;
        }
        state.failures += 1;
        state.is_coming = true;
        let delay = if state.refusals > 0 { seldom(state.refusals) } else { controlled(state.failures) };
        let at = now + self.random.jittered(delay);
        self.timers.insert(at, Timer::Reconnect(stay));
        self.metrics.reconnects += 1;
        self.note_refusals();
        self.end_refused(now);
        // It may have left the cluster; the others know.
        self.fetch_configuration(now);
    }

    pub(super) fn handle_reconnect_timer(&mut self, stay: StayId, now: Instant) {
        let Some(state) = self.unlinked(stay) else { return };
        state.is_coming = false;
        self.open_missing_links(now);
    }

    /// The node, if it is still in the map and has no link.
    fn unlinked(&mut self, stay: StayId) -> Option<&mut NodeState> {
        self.nodes.iter_mut().find(|state| state.stay == stay && state.link.is_none())
    }

    /// A link is ready: it serves its node, unless the map has no such node, or the node has a link already. `own` is
    /// what the node calls itself.
    pub(super) fn bind(&mut self, link: LinkId, own: Option<&Node>, now: Instant) {
        let Some(ready) = self.links.get(link) else { return };
        let (node, purpose) = (ready.node.clone(), ready.target.purpose.clone());
        match self.node_of_link(&node, own).map(|index| &mut self.nodes[index]) {
            Some(state) if state.link.is_none() => {
                state.link = Some(link);
                state.since = Some(now);
                state.trouble = None;
                state.refusals = 0;
                state.has_come(&purpose);
                let name = state.node.clone();
                if let Some(ready) = self.links.get_mut(link) {
                    ready.node = name;
                }
                self.note_refusals();
                self.send_all_ready(now);
            }
            surplus => {
                if let Some(state) = surplus {
                    state.has_come(&purpose);
                }
                self.drop_link(link);
            }
        }
    }
}
