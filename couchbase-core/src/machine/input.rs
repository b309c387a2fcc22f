//! What happened in the world. None of it can fail: consequences come out as events.

use super::copies::Copies;
use super::link::{Link, Stage};
use super::lost_link::remedy;
use super::replies::Incoming;
use super::timer::Timer;
use super::{Client, LinkId, LinkLoss, Phase, ResolveId};
use crate::wire::{HEADER_LEN, MAX_BODY_LEN, Packet, Status, WireError, peek};
use crate::{Error, ErrorKind, Instant};
use alloc::string::String;
use bytes::{Buf, BytesMut};
use core::net::SocketAddr;
use core::time::Duration;

impl Client {
    /// Lets time pass for every other method; time that runs backwards is held.
    pub(super) fn advance(&mut self, now: Instant) -> Instant {
        self.now = self.now.max(now);
        self.now
    }

    /// The answer to [`Event::Resolve`](super::Event::Resolve). No addresses: the host is unknown.
    pub fn handle_resolved(&mut self, query: ResolveId, addrs: &[SocketAddr], now: Instant) {
        let now = self.advance(now);
        if let Some(target) = self.resolving.remove(&query) {
            self.open(target, addrs, now);
        }
        self.settle(now);
    }

    /// The other answer to [`Event::Resolve`](super::Event::Resolve): the look-up failed, for this reason.
    pub fn handle_unresolved(&mut self, query: ResolveId, why: &str, now: Instant) {
        let now = self.advance(now);
        if let Some(target) = self.resolving.remove(&query) {
            let words = alloc::format!("the host cannot be looked up: {why}; is it spelled right?");
            self.target_failed(&target, Error::new(ErrorKind::UnknownHost, words), now);
        }
        self.settle(now);
    }

    /// The socket that [`Event::Open`](super::Event::Open) asked for is connected.
    pub fn handle_connected(&mut self, link: LinkId, now: Instant) {
        let now = self.advance(now);
        if self.links.get(link).is_some_and(|link| matches!(link.stage, Stage::Opening { .. })) {
            self.begin_handshake(link);
        }
        self.settle(now);
    }

    /// The socket is lost, or could not be connected. A link that the machine has closed is nothing new.
    pub fn handle_lost(&mut self, link: LinkId, why: LinkLoss, now: Instant) {
        let now = self.advance(now);
        self.socket_lost(link, why, now);
        self.settle(now);
    }

    /// Bytes have arrived. Whole frames are taken from the front of `rx`; the rest must be there, with more behind
    /// it, the next time.
    pub fn handle_input(&mut self, link: LinkId, rx: &mut BytesMut, now: Instant) {
        let done = self.read_input(link, rx, now);
        rx.advance(done);
    }

    /// As [`handle_input`](Self::handle_input), for who can use the buffer's front again: it is left there, and so many
    /// bytes of it are done with.
    pub(crate) fn read_input(&mut self, link: LinkId, rx: &mut BytesMut, now: Instant) -> usize {
        let now = self.advance(now);
        let mut done = 0;
        let read = self.handle_frames(link, rx, &mut done, now);
        let stale = || self.links.get(link).and_then(|link| link.stale).map(stale);
        if let Some(error) = read.err().or_else(stale) {
            self.give_up(link, error, now);
        }
        match self.links.get(link) {
            None => done = rx.len(),
            Some(from) if from.is_full => self.resume(link, now),
            Some(_) => {}
        }
        self.settle(now);
        done
    }

    /// `done` counts the bytes of frames that have been dealt with, and are still at the buffer's front.
    fn handle_frames(
        &mut self,
        link: LinkId,
        rx: &mut BytesMut,
        done: &mut usize,
        now: Instant,
    ) -> Result<(), Error> {
        let protocol = |words| Error::new(ErrorKind::Protocol, words);
        while let Some(from) = self.links.get(link) {
            let is_serving = matches!(from.stage, Stage::Serving { .. });
            if matches!(from.stage, Stage::Opening { .. }) {
                return Err(protocol("bytes before the socket was connected".into()));
            }
            let packet = match peek(&rx[*done..], MAX_BODY_LEN) {
                Ok(Some(packet)) => packet,
                Ok(None) => break,
                Err(error) => return Err(protocol(instead_of_answer(from, &error))),
            };
            let len = packet.len();
            if !is_serving {
                self.handle_handshake(link, &packet, now)?;
                *done += len;
                continue;
            }
            let value = packet.value();
            if Copies::is_small(value, rx.len()) {
                let value = self.copies.copy(value);
                self.handle_reply(link, Incoming { packet: &packet, value }, now).map_err(protocol)?;
                *done += len;
            } else {
                let header = *packet.header();
                rx.advance(core::mem::take(done));
                // A frame that owns its bytes: its value is their end.
                let frame = rx.split_to(len).freeze();
                let packet = Packet::from_parts(header, &frame[HEADER_LEN..]);
                let value = frame.slice(HEADER_LEN + header.value_offset()..);
                self.handle_reply(link, Incoming { packet: &packet, value }, now).map_err(protocol)?;
            }
        }
        Ok(())
    }

    /// Time has passed: to be called when [`poll_timeout`](Self::poll_timeout)'s moment has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        let now = self.advance(now);
        if let Some(due) = self.deadlines.advance(now) {
            self.expire(due, now);
        }
        while let Some(timer) = self.timers.pop(now) {
            self.handle_timer(&timer, now);
        }
        self.settle(now);
    }

    fn handle_timer(&mut self, timer: &Timer, now: Instant) {
        match timer {
            Timer::Retry(id) => {
                if let Some(live) = self.table.get(*id) {
                    let (vbucket, key) = (live.vbucket, live.request.key.clone());
                    self.send_ready(vbucket, &key, now);
                }
            }
            Timer::ConnectDeadline => self.handle_connect_deadline(),
            Timer::NextSeed => self.handle_next_seed_timer(now),
            Timer::Resolve(query) => self.handle_resolve_timer(*query, now),
            Timer::NextAddress(link) => self.try_next_address(*link, now),
            Timer::Handshake(link) => self.handle_handshake_timer(*link, now),
            Timer::Derivation => self.handle_derivation_timer(now),
            Timer::Reconnect(stay) => self.handle_reconnect_timer(*stay, now),
            Timer::Stuck(link) => self.handle_stuck_timer(*link, now),
            Timer::Configuration => self.handle_configuration_timer(now),
        }
    }

    /// What the time of day is: expiries of 30 days and more are said in it. To be told at the start, and again when
    /// the clock may have been set.
    pub fn handle_unix_time(&mut self, unix_time: Duration, now: Instant) {
        let now = self.advance(now);
        self.unix_time = (unix_time, now);
    }

    pub(super) fn unix_time_at(&self, now: Instant) -> Duration {
        let (unix_time, at) = self.unix_time;
        unix_time.saturating_add(now - at)
    }

    /// True while the first connection is being made.
    pub fn is_connecting(&self) -> bool {
        matches!(self.phase, Phase::Connecting(_))
    }
}

fn stale(status: Status) -> Error {
    Error::new(
        ErrorKind::Protocol,
        alloc::format!("the link is of no use any more: the server answered {status}"),
    )
}

/// What came that is no frame, and where an answer was due.
fn instead_of_answer(link: &Link, came: &WireError) -> String {
    let awaited = match &link.stage {
        Stage::Handshaking(handshake) => handshake.awaits(),
        Stage::Opening { .. } | Stage::Serving { .. } | Stage::Ended => "a request",
    };
    alloc::format!("in place of the answer to {awaited} came {came}{}", remedy(link))
}
