//! From an operation to a link's batch: which vbucket, which node, whether now, and the bytes.

use super::link::Stage;
use super::operation::Extras;
use super::reconnect::NodeState;
use super::request::Body;
use super::table::{Live, State};
use super::{Client, LinkId, OpId};
use crate::flags::Format;
use crate::wire::{Datatype, Feature, Outgoing};
use crate::{Instant, Key};

impl Client {
    /// The link that serves a vbucket's node, if there is one at present.
    #[inline]
    pub(super) fn route(&self, vbucket: u16) -> Option<LinkId> {
        self.node_of(vbucket)?.link
    }

    /// The node that the map gives a vbucket.
    pub(super) fn node_of(&self, vbucket: u16) -> Option<&NodeState> {
        self.nodes.get(self.map.as_ref()?.active(vbucket)?)
    }

    /// Gives an operation its vbucket, and sends it if nothing forbids it.
    #[inline]
    pub(super) fn place(&mut self, id: OpId, now: Instant) {
        let (Some(live), Some(map)) = (self.table.get(id), &self.map) else { return };
        let vbucket = map.vbucket_of(live.request.key.as_bytes());
        let at_once = self.route(vbucket).filter(|&link| self.table.is_free(vbucket, link));
        self.table.list(id, vbucket, now);
        match at_once {
            Some(link) => self.send(id, link),
            None => {
                let key = self.table.get(id).map(|live| live.request.key.clone());
                if let Some(key) = key {
                    self.send_ready(vbucket, &key, now);
                }
            }
        }
    }

    /// Sends what may go of one key.
    pub(super) fn send_ready(&mut self, vbucket: u16, key: &Key, now: Instant) {
        if let Some(link) = self.route(vbucket) {
            for id in self.table.ready(vbucket, key, link, now) {
                self.send(id, link);
            }
        }
    }

    /// Sends what may go of one vbucket.
    pub(super) fn send_ready_of_vbucket(&mut self, vbucket: u16, now: Instant) {
        if self.table.waiting(vbucket) > 0
            && let Some(link) = self.route(vbucket)
        {
            for id in self.table.ready_of_vbucket(vbucket, link, now) {
                self.send(id, link);
            }
        }
    }

    /// Sends what may go at all, after links or map have changed.
    pub(super) fn send_all_ready(&mut self, now: Instant) {
        for vbucket in 0..self.table.vbuckets() {
            self.send_ready_of_vbucket(vbucket as u16, now);
        }
    }

    /// Sends what waited because too much was unanswered. What is unanswered is owed by the link, so answers come, or
    /// the link is given up.
    pub(super) fn resume(&mut self, link: LinkId, now: Instant) {
        let limits = &self.config.limits;
        if let Some(link) = self.links.get_mut(link).filter(|link| !link.has_enough(limits)) {
            link.is_full = false;
            self.send_all_ready(now);
        }
    }

    /// Encodes an operation into its link's batch.
    #[inline]
    fn send(&mut self, id: OpId, link: LinkId) {
        let Some(to) = self.links.get_mut(link) else { return };
        let Stage::Serving { features, .. } = &to.stage else { return };
        let knows_json = features.contains(Feature::JSON);
        if to.has_enough(&self.config.limits) {
            // Until answers have come; see `resume`.
            to.is_full = true;
            return;
        }
        let Some((tag, live)) = self.table.set_on_wire(id, link, to.positions) else { return };
        let request = &live.request;
        let mut extras = Extras::default();
        (request.kind.extras)(request, &mut extras);
        let is_json = matches!(request.body, Body::Document { flags, .. } if flags.format() == Format::Json);
        let frame = Outgoing {
            datatype: if knows_json && is_json && request.kind.carries_document {
                Datatype::JSON
            } else {
                Datatype::RAW
            },
            specific: live.vbucket,
            opaque: tag.opaque(),
            cas: request.cas.to_u64(),
            extras: extras.as_bytes(),
            key: request.key.as_bytes(),
            ..Outgoing::request(request.kind.opcode)
        };
        match request.value() {
            Some(value) => {
                frame.write_head_to(to.batch.text(), value.len());
                to.batch.push_value(value);
            }
            None => {
                frame.write_head_to(to.batch.text(), 0);
                to.batch.recount();
            }
        }
        to.owed.push_back(tag);
        to.positions += 1;
        if live.attempts > 1 {
            self.metrics.retries += 1;
        }
        self.links.mark_dirty(link);
    }

    /// What an operation that has left its vbucket's list may have held back.
    pub(super) fn after_end(&mut self, ended: &Live, now: Instant) {
        if !matches!(ended.state, State::InLine | State::Queued) {
            self.send_after(ended.vbucket, &ended.request.key, now);
        }
    }

    /// What an operation on this key may have held back that has left its vbucket's list.
    pub(super) fn send_after(&mut self, vbucket: u16, key: &Key, now: Instant) {
        if self.table.waiting(vbucket) == 0 {
            return;
        }
        match self.table.occupied_link(vbucket) {
            // The last one of its vbucket on the wire: another link may take over for all keys.
            None => self.send_ready_of_vbucket(vbucket, now),
            Some(_) => self.send_ready(vbucket, key, now),
        }
    }
}
