//! A reply on a link that serves: whose it is, and what becomes of the operation.

use super::id::FIRST_OWN_OPAQUE;
use super::link::Stage;
use super::operation::{Answer, Kind};
use super::retry::{Decision, decide, exponential, wants_configuration};
use super::table::Tenant;
use super::timer::Timer;
use super::{Client, LinkId, OpId};
use crate::session::ErrorBody;
use crate::wire::{Magic, Packet, Status};
use crate::{Error, ErrorKind, Instant, Reply};
use alloc::string::String;
use bytes::Bytes;

/// A packet and its value: `value` is either a slice of the receive buffer or a copy of its own.
pub(super) struct Incoming<'a> {
    pub(super) packet: &'a Packet<'a>,
    pub(super) value: Bytes,
}

impl Client {
    /// `Err` is a violation of the protocol, in words: the link is of no use any more.
    #[inline(always)]
    pub(super) fn handle_reply(
        &mut self,
        link: LinkId,
        incoming: Incoming<'_>,
        now: Instant,
    ) -> Result<(), String> {
        let packet = incoming.packet;
        match packet.magic() {
            Magic::Response | Magic::AltResponse => {}
            // Nothing was subscribed to; what a server says unasked changes nothing.
            Magic::ServerRequest => return Ok(()),
            magic => {
                return Err(alloc::format!("the server sent a frame of the wrong direction ({magic:?})"));
            }
        }
        // Neither form of a value was agreed on, and what looks like a document would be something else.
        if !packet.datatype().is_plain() {
            return Err("the server sent a compressed value, or attributes, which was not agreed on".into());
        }
        if packet.opaque() >= FIRST_OWN_OPAQUE {
            self.handle_own_reply(link, packet, now);
            return Ok(());
        }
        // Repeated, invented, or of a former attempt: it speaks of nothing that is under way here.
        let Some((position, slot)) = self.links.get(link).and_then(|link| link.owed.find(packet.opaque()))
        else {
            self.metrics.stray_replies += 1;
            return Ok(());
        };
        match self.table.tenant(slot) {
            Some(Tenant::Live(live)) => {
                if live.request.kind.opcode != packet.opcode() {
                    let asked = live.request.kind.opcode;
                    return Err(alloc::format!("{} was asked, {} was answered", asked, packet.opcode()));
                }
                // A violation ends here: what the link still owes ends with the link.
                if packet.status() == Status::SUCCESS {
                    self.succeed(live.id, live.vbucket, live.request.kind, incoming, now)?;
                } else {
                    self.handle_refusal(link, live.id, incoming, now)?;
                }
            }
            _ => self.table.release_orphan(slot),
        }
        if let Some(link) = self.links.get_mut(link) {
            link.owed.settle(position);
        }
        Ok(())
    }

    fn handle_refusal(
        &mut self,
        link: LinkId,
        id: OpId,
        incoming: Incoming<'_>,
        now: Instant,
    ) -> Result<(), String> {
        let packet = incoming.packet;
        let status = packet.status();
        let (Some(live), Some(from)) = (self.table.get(id), self.links.get(link)) else { return Ok(()) };
        let error_map = match &from.stage {
            Stage::Serving { error_map, .. } => error_map.as_ref(),
            _ => None,
        };
        let kind = live.request.kind;
        let is_map_old = wants_configuration(status, error_map);
        match decide(kind, status, error_map) {
            Decision::Succeed => return self.succeed(id, live.vbucket, kind, incoming, now),
            Decision::Fail(ErrorKind::NotFound) if live.request.is_quiet => {
                let reply = Reply::missing(live.request.key.clone());
                self.conclude(id, Ok(reply), now);
            }
            Decision::Fail(kind) => self.refuse(link, id, kind, false, packet, now),
            Decision::FailAmbiguously(kind) => {
                let is_ambiguous = !live.request.is_read();
                self.refuse(link, id, kind, is_ambiguous, packet, now);
            }
            Decision::Retry => {
                let delay = self.random.jittered(exponential(live.attempts));
                self.retry(id, status, now + delay, now);
            }
            Decision::Reroute => self.handle_not_my_vbucket(link, id, packet, now),
            Decision::Abandon => {
                let is_ambiguous = !live.request.is_read();
                self.refuse(link, id, ErrorKind::Other, is_ambiguous, packet, now);
                self.spoil(link, status);
            }
            Decision::Relink => {
                self.spoil(link, status);
                self.retry(id, status, now, now);
            }
        }
        if is_map_old {
            self.fetch_configuration(now);
        }
        Ok(())
    }

    /// The link is given up when what has been received is read.
    fn spoil(&mut self, link: LinkId, status: Status) {
        if let Some(link) = self.links.get_mut(link) {
            link.stale = Some(status);
        }
    }

    /// The operation was carried out. The same as [`conclude`](Self::conclude), in fewer moves: nearly every answer
    /// comes here.
    #[inline(always)]
    fn succeed(
        &mut self,
        id: OpId,
        vbucket: u16,
        kind: &Kind,
        incoming: Incoming<'_>,
        now: Instant,
    ) -> Result<(), String> {
        let packet = incoming.packet;
        let Some(answer) = Answer::read(kind.carries, packet, incoming.value) else {
            return Err(alloc::format!("a malformed answer to {}", packet.opcode()));
        };
        if self.table.waiting(vbucket) > 0 {
            self.succeed_before_others(id, vbucket, answer, now);
        } else {
            self.end_succeeded(id, answer);
        }
        Ok(())
    }

    /// The same where others of the vbucket wait: they were overtaken, or were held back.
    fn succeed_before_others(&mut self, id: OpId, vbucket: u16, answer: Answer, now: Instant) {
        self.overtake_before(id, now);
        let Some(key) = self.table.get(id).map(|live| live.request.key.clone()) else { return };
        self.end_succeeded(id, answer);
        self.send_after(vbucket, &key, now);
    }

    /// A definitive answer: ends the operation, and by R2 what it has overtaken.
    fn conclude(&mut self, id: OpId, result: crate::Result<Reply>, now: Instant) {
        self.overtake_before(id, now);
        if let Some(live) = self.end_answered(id) {
            self.report(id, result);
            self.after_end(&live, now);
        }
    }

    /// R2: ends what an operation with a definitive answer has overtaken.
    fn overtake_before(&mut self, id: OpId, now: Instant) {
        let Some(live) = self.table.get(id) else { return };
        for overtaken in self.table.overtaken_by(live) {
            self.overtake(overtaken, now);
        }
    }

    fn overtake(&mut self, id: OpId, now: Instant) {
        let Some(live) = self.end(id, now) else { return };
        let why = match live.refused {
            Some(status) => alloc::format!("it was refused with {status} and had to be tried again"),
            None => "it had to be sent again".into(),
        };
        let words = alloc::format!("{why}, and by then a later operation on its key had been carried out");
        let mut error = Error::new(ErrorKind::TemporaryFail, words)
            .with_key(live.request.key)
            .with_attempts(live.attempts)
            .overtaken();
        if let Some(status) = live.refused {
            error = error.with_status(status);
        }
        if let Some(state) = self.node_of(live.vbucket) {
            error = error.with_node(state.node.clone());
        }
        self.report(id, Err(error));
    }

    fn refuse(
        &mut self,
        link: LinkId,
        id: OpId,
        kind: ErrorKind,
        is_ambiguous: bool,
        packet: &Packet<'_>,
        now: Instant,
    ) {
        let (Some(live), Some(from)) = (self.table.get(id), self.links.get(link)) else { return };
        let described = match &from.stage {
            Stage::Serving { error_map: Some(map), .. } => map.lookup(packet.status()),
            _ => None,
        };
        let words = match described {
            Some(entry) => alloc::format!("{} refused: {}", live.request.kind.name, entry.description()),
            None => alloc::format!("{} refused", live.request.kind.name),
        };
        let mut error = Error::new(kind, words)
            .with_key(live.request.key.clone())
            .with_node(from.node.clone())
            .answered(packet.status())
            .with_attempts(live.attempts)
            .ambiguous(is_ambiguous);
        if let Some(body) = ErrorBody::parse(packet.value()) {
            error = error.with_server_words(alloc::format!("{body}"));
        }
        self.conclude(id, Err(error), now);
    }

    /// The operation waits until then, and whatever it held back or let pass is looked at again.
    pub(super) fn retry(&mut self, id: OpId, status: Status, until: Instant, now: Instant) {
        self.table.set_waiting(id, until);
        let Some(live) = self.table.get_mut(id) else { return };
        live.refused = Some(status);
        let (vbucket, key) = (live.vbucket, live.request.key.clone());
        if until > now {
            self.timers.insert(until, Timer::Retry(id));
        }
        match self.table.occupied_link(vbucket) {
            None => self.send_ready_of_vbucket(vbucket, now),
            Some(_) => self.send_ready(vbucket, &key, now),
        }
    }
}
