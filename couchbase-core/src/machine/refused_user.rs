//! A node refuses the user when a link to it is made again: what waits for it is told, and it is asked seldom.
//!
//! Not before it has done so twice in a row, a second apart: a node that has just left the cluster knows no users any more,
//! and one that has just come does not know them yet; the others tell where its vbuckets are. The first connection fails as
//! a whole instead; see `bootstrap`.

use super::reconnect::NodeState;
use super::table::{Live, State};
use super::{Client, OpId};
use crate::{Error, ErrorKind, Instant, Key};
use alloc::vec::Vec;

impl NodeState {
    fn refuses_user(&self) -> bool {
        self.link.is_none() && self.refusals >= 2
    }

    /// Why what goes to this node fails, if it does.
    fn refusal(&self) -> Option<Error> {
        let trouble = self.trouble.as_ref().filter(|_| self.refuses_user())?;
        let words = alloc::format!("no link to the key's node ({trouble})");
        Some(Error::new(ErrorKind::Auth, words).with_node(self.node.clone()))
    }
}

impl Client {
    /// To be called when nodes, their links or their troubles have changed.
    pub(super) fn note_refusals(&mut self) {
        self.is_user_refused = self.nodes.iter().any(NodeState::refuses_user);
    }

    /// Why an operation on this key is not accepted: the key's node refuses the user.
    #[inline]
    pub(super) fn refusal_for(&self, key: &Key) -> Option<Error> {
        if !self.is_user_refused {
            return None;
        }
        let vbucket = self.map.as_ref()?.vbucket_of(key.as_bytes());
        self.node_of(vbucket)?.refusal()
    }

    /// Ends what waits for nodes that refuse the user.
    pub(super) fn end_refused(&mut self, now: Instant) {
        if !self.is_user_refused {
            return;
        }
        for vbucket in 0..self.table.vbuckets() as u16 {
            if self.table.waiting(vbucket) == 0
                || self.node_of(vbucket).and_then(NodeState::refusal).is_none()
            {
                continue;
            }
            let waiting =
                self.table.listed(vbucket).filter(|live| matches!(live.state, State::Waiting { .. }));
            let waiting: Vec<OpId> = waiting.map(|live| live.id).collect();
            for id in waiting {
                self.end_if_refused(id, now);
            }
        }
    }

    /// Ends an operation that is on no wire, if its node refuses the user: true if so.
    pub(super) fn end_if_refused(&mut self, id: OpId, now: Instant) -> bool {
        let refusal = |live: &Live| Some((self.refusal_for(&live.request.key)?, live.attempts));
        let Some((error, attempts)) = self.table.get(id).and_then(refusal) else { return false };
        let Some(live) = self.end(id, now) else { return false };
        self.report(id, Err(error.with_key(live.request.key).with_attempts(attempts)));
        true
    }
}
