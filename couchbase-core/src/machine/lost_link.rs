//! A link is lost: R3 for what was on its wire, and what that means for its node.

use super::link::{Link, Purpose, Stage};
use super::table::{State, Tenant};
use super::timer::Timer;
use super::{Client, Event, LinkId, LinkLoss};
use crate::{Error, ErrorKind, Instant};
use alloc::vec::Vec;
use core::time::Duration;

/// A link that owes an answer for so long after its operation ended is given up.
const OVERDUE: Duration = Duration::from_secs(10);
/// How often a link whose node has left the map is looked at.
const LEAVING: Duration = Duration::from_millis(50);

impl Client {
    /// The driver says that the socket is gone, or could not be made.
    pub(super) fn socket_lost(&mut self, id: LinkId, why: LinkLoss, now: Instant) {
        let Some(link) = self.links.get_mut(id) else { return };
        let error =
            Error::new(ErrorKind::Network, alloc::format!("{}{why}{}", step(&link.stage), remedy(link)));
        // The other addresses of a host go first.
        if let Stage::Opening { others, .. } = &mut link.stage
            && let Some(addr) = others.pop_front()
        {
            self.outbox.push(Event::Open { link: id, addr });
            return;
        }
        self.lose(id, error, now);
    }

    /// The machine gives a link up, and says so.
    pub(super) fn give_up(&mut self, id: LinkId, error: Error, now: Instant) {
        if self.links.get(id).is_some() {
            self.outbox.push(Event::Close { link: id });
            self.lose(id, error, now);
        }
    }

    fn lose(&mut self, id: LinkId, error: Error, now: Instant) {
        let Some(link) = self.links.remove(id) else { return };
        let error = error.with_node(link.node.clone());
        // Unbound first: nothing may be routed to it any more.
        let bound = self.nodes.iter_mut().find(|state| state.link == Some(id)).map(|state| {
            state.link = None;
            state.stay
        });
        let touched = self.end_or_take_back(&link, &error, now);
        self.table.release_orphans_of(id);
        match (bound, &link.target.purpose) {
            (Some(stay), _) => self.node_lost(stay, error, now),
            // It served a node that has left the map, and whose return is no concern of this link.
            (None, Purpose::Node(..)) if matches!(link.stage, Stage::Serving { .. }) => {}
            (None, Purpose::Node(_, stay)) => self.node_lost(*stay, error, now),
            (None, Purpose::Seed) => self.seed_failed(&link.target, error, now),
        }
        for vbucket in touched {
            self.send_ready_of_vbucket(vbucket, now);
        }
    }

    /// R3: unanswered writes end ambiguously; reads, and what was not yet written, wait for the next link.
    fn end_or_take_back(&mut self, link: &Link, error: &Error, now: Instant) -> Vec<u16> {
        let mut touched = Vec::new();
        for slot in link.owed.iter() {
            let Some(Tenant::Live(live)) = self.table.tenant(slot) else { continue };
            let State::OnWire { position, .. } = live.state else { continue };
            let (id, vbucket) = (live.id, live.vbucket);
            let was_written = position < link.pulled;
            touched.push(vbucket);
            if was_written && !live.request.is_read() {
                let words = alloc::format!("the link was lost before the answer came ({error})");
                if let Some(live) = self.end_answered(id) {
                    let error = Error::new(ErrorKind::Network, words)
                        .with_key(live.request.key)
                        .with_node(link.node.clone())
                        .with_attempts(live.attempts)
                        .ambiguous(true);
                    self.report(id, Err(error));
                }
            } else {
                self.table.take_back(id, was_written, now);
            }
        }
        touched.sort_unstable();
        touched.dedup();
        touched
    }

    /// Closes a link that nothing depends on.
    pub(super) fn drop_link(&mut self, id: LinkId) {
        if self.links.remove(id).is_some() {
            self.table.release_orphans_of(id);
            self.outbox.push(Event::Close { link: id });
        }
    }

    /// True if a live operation waits for an answer over this link.
    pub(super) fn owes_live(&self, id: LinkId) -> bool {
        let Some(link) = self.links.get(id) else { return false };
        link.owed.iter().any(|slot| {
            matches!(self.table.tenant(slot), Some(Tenant::Live(live)) if matches!(live.state, State::OnWire { .. }))
        })
    }

    /// From now on somebody looks whether the link still owes what it owes now.
    pub(super) fn watch_orphans(&mut self, id: LinkId, now: Instant) {
        if let Some(link) = self.links.get_mut(id)
            && !link.stuck_timer
        {
            link.stuck_timer = true;
            self.timers.insert(now + OVERDUE, Timer::Stuck(id));
        }
    }

    pub(super) fn handle_stuck_timer(&mut self, id: LinkId, now: Instant) {
        let Some(link) = self.links.get_mut(id) else { return };
        link.stuck_timer = false;
        let asked = link.own.configuration.map(|(_, asked)| asked);
        let has_left = matches!(link.stage, Stage::Serving { .. })
            && !self.nodes.iter().any(|state| state.link == Some(id));
        if has_left && !self.owes_live(id) {
            self.drop_link(id);
            return;
        }
        let owed_since = [asked, self.table.oldest_orphan(id)].into_iter().flatten().min();
        let is_overdue = owed_since.is_some_and(|since| since + OVERDUE <= now);
        if is_overdue {
            let words = alloc::format!("the node has not answered for {OVERDUE:?}");
            self.give_up(id, Error::new(ErrorKind::Network, words), now);
        } else if let Some(at) =
            if has_left { Some(now + LEAVING) } else { owed_since.map(|since| since + OVERDUE) }
        {
            if let Some(link) = self.links.get_mut(id) {
                link.stuck_timer = true;
            }
            self.timers.insert(at, Timer::Stuck(id));
        }
    }
}

/// What a link was at when it was lost, for the error's text.
fn step(stage: &Stage) -> alloc::string::String {
    match stage {
        Stage::Opening { .. } => "cannot connect: ".into(),
        Stage::Handshaking(handshake) => {
            alloc::format!("lost while waiting for the answer to {}: ", handshake.awaits())
        }
        Stage::Serving { .. } | Stage::Ended => "the link was lost: ".into(),
    }
}

/// What may help where a link does not come about, for the end of the error's text. One that has served is made again
/// unasked.
pub(super) fn remedy(link: &Link) -> &'static str {
    match (&link.stage, &link.target.purpose) {
        (Stage::Opening { .. }, Purpose::Seed) => {
            "; check that the server runs and that this is its data port (11210 unless configured)"
        }
        // Its port is the cluster's word.
        (Stage::Opening { .. }, Purpose::Node(..)) => {
            "; check that the node runs and can be reached from here"
        }
        // What speaks another protocol has answered nothing yet.
        (Stage::Handshaking(handshake), _) if !handshake.has_heard() => {
            "; check that this is the port of a data service (11210 unless configured)"
        }
        (Stage::Handshaking(_), _) => "; the server's log may tell why",
        (Stage::Serving { .. } | Stage::Ended, _) => "",
    }
}
