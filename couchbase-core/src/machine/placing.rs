//! From an operation to a link's batch: which vbucket, which node, whether now, and the bytes.

use super::deadline::Bucket;
use super::link::{Link, Stage};
use super::operation::Extras;
use super::reconnect::NodeState;
use super::request::Body;
use super::table::{Live, State};
use super::{Client, LinkId, OpId, Request};
use crate::flags::Format;
use crate::wire::{Datatype, Feature, Outgoing};
use crate::{Instant, Key};
use core::time::Duration;

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

    /// Takes in an operation that has a place. It goes at once if nothing forbids that: so do nearly all.
    #[inline(always)]
    pub(super) fn take_in(
        &mut self,
        request: &mut Request,
        order: u64,
        timeout: Duration,
        deadline: Option<(Instant, Bucket)>,
        now: Instant,
    ) -> OpId {
        let Some(map) = &self.map else {
            return self.table.insert(request, order, State::Queued, timeout, deadline);
        };
        let vbucket = map.vbucket_of(request.key.as_bytes());
        if let Some(id) = self.route(vbucket).filter(|&link| self.table.is_free(vbucket, link))
            && let Some(link) = self.links.get_mut(id)
            && let Stage::Serving { features, .. } = &link.stage
            && !link.has_enough(&self.config.limits)
        {
            let knows_json = features.contains(Feature::JSON);
            let slot = self.table.reserve();
            let wire = (id, encode(request, vbucket, slot, knows_json, link));
            if link.mark_dirty() {
                self.links.dirty.push_back(id);
            }
            return self.table.insert_on_wire(slot, request, order, timeout, deadline, vbucket, wire);
        }
        let op = self.table.insert(request, order, State::Queued, timeout, deadline);
        self.place(op, now);
        op
    }

    /// Gives an operation its vbucket, and sends it if nothing forbids it. One that nobody would take ends.
    pub(super) fn place(&mut self, id: OpId, now: Instant) {
        if self.end_if_refused(id, now) {
            return;
        }
        let (Some(live), Some(map)) = (self.table.get(id), &self.map) else { return };
        let key = live.request.key.clone();
        let vbucket = map.vbucket_of(key.as_bytes());
        let at_once = self.route(vbucket).filter(|&link| self.table.is_free(vbucket, link));
        self.table.list(id, vbucket, now);
        match at_once {
            Some(link) => self.send(id, link),
            None => self.send_ready(vbucket, &key, now),
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

    /// Puts an operation that waits into its link's batch.
    fn send(&mut self, id: OpId, link: LinkId) {
        let Some(to) = self.links.get_mut(link) else { return };
        let Stage::Serving { features, .. } = &to.stage else { return };
        let knows_json = features.contains(Feature::JSON);
        if to.has_enough(&self.config.limits) {
            // Until answers have come; see `resume`.
            to.is_full = true;
            return;
        }
        let Some(live) = self.table.set_on_wire(id, link, to.owed.next()) else { return };
        encode(&live.request, live.vbucket, id.slot(), knows_json, to);
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

/// Writes an operation's frame into a link's batch, which owes its reply from now on: at which position it stands.
#[inline(always)]
fn encode(request: &Request, vbucket: u16, slot: usize, knows_json: bool, link: &mut Link) -> u64 {
    let position = link.owed.next();
    let kind = request.kind;
    let mut extras = Extras::default();
    (kind.extras)(request, &mut extras);
    let is_json = matches!(request.body, Body::Document { flags, .. } if flags.format() == Format::Json);
    let is_marked = knows_json && is_json && kind.carries_document;
    let frame = Outgoing {
        datatype: if is_marked { Datatype::JSON } else { Datatype::RAW },
        specific: vbucket,
        opaque: link.owed.push(slot),
        cas: request.cas.to_u64(),
        extras: extras.as_bytes(),
        key: request.key.as_bytes(),
        ..Outgoing::request(kind.opcode)
    };
    match request.value() {
        Some(value) => {
            frame.write_head_to(link.batch.text(), value.len());
            link.batch.push_value(value);
        }
        None => {
            frame.write_head_to(link.batch.text(), 0);
            link.batch.recount();
        }
    }
    position
}
