//! One pass of the driver: poll what is ready, settle with the machine, write.
//!
//! Reading and writing happen outside the lock, and so does everything that is the user's. The machine's bytes are
//! pulled once a pass, for all links together, after the tasks that were woken have had a chance to send more.

use super::Driver;
use super::alarm::ALARM;
use super::link::{Link, Stop, loss};
use super::sources::Source;
use crate::machine::{Event, LinkId, LinkLoss};
use std::mem;
use std::string::ToString;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Buffers that one link may fill in one pass, before others have their turn.
const FILLS: usize = 16;
/// Rounds with the machine in one pass.
const ROUNDS: usize = 16;
/// How often writing is put off until the woken tasks have sent what they want to send.
const YIELDS: u8 = 2;
/// How often the time of day is told, by a clock that may stand still while the machine sleeps.
const UNIX_TIME: Duration = Duration::from_secs(1);

impl Driver {
    /// One pass as the task behind `waker`. True at the end of everything.
    pub(super) fn pass(&mut self, waker: &Waker, may_yield: bool) -> bool {
        self.has_moved = false;
        if self.is_closed {
            return true;
        }
        let mut ready = mem::take(&mut self.ready);
        self.shared.signal.begin(waker, &mut ready);
        self.now = self.shared.runtime.now();
        for position in ready.drain(..) {
            if position == ALARM {
                self.has_moved |= self.alarm.poll();
            } else {
                self.sources.take_off(position);
                self.poll_source(position);
            }
        }
        self.ready = ready;
        for _ in 0..ROUNDS {
            self.is_unsettled = false;
            if self.settle(may_yield) {
                self.shared.signal.keep_raised();
                waker.wake_by_ref();
                return false;
            }
            self.carry_out();
            self.write();
            if !self.is_unsettled || self.is_closed {
                break;
            }
        }
        self.shared.leftovers.clear();
        // Whatever became ready before the signal was lowered woke nobody.
        if self.is_unsettled || self.shared.signal.has_ready() {
            waker.wake_by_ref();
        }
        self.is_closed
    }

    /// Lets time pass, takes outcomes and events, pulls what is to be written. True to come back before anything is
    /// pulled: tasks were woken that have not been heard of since, and what they send can go with the same write.
    fn settle(&mut self, may_yield: bool) -> bool {
        let unix_time = (self.now - self.unix_time_at >= UNIX_TIME).then(|| self.shared.runtime.unix_time());
        // From here on, work wakes the driver; what was sent before is found.
        self.shared.signal.lower();
        let mut inner = self.shared.lock();
        inner.set_clock(self.now);
        if let Some(unix_time) = unix_time {
            self.unix_time_at = self.now;
            inner.client.handle_unix_time(unix_time, self.now);
        }
        if inner.next_timeout().is_some_and(|at| at <= self.now) {
            inner.client.handle_timeout(self.now);
        }
        inner.take_events(&mut self.effects, &mut self.events);
        let is_quiet = self.effects.is_empty() && self.events.is_empty();
        if may_yield && is_quiet && inner.submitted < self.woken && self.yields < YIELDS {
            self.yields += 1;
            return true;
        }
        (self.woken, self.yields, inner.submitted) = (0, 0, 0);
        while let Some(id) = inner.client.poll_dirty() {
            let Some((position, link)) = self.sources.link(id) else { continue };
            if link.output.is_empty() {
                inner.client.poll_transmit(id, &mut link.output);
                self.writing.push(position);
            } else {
                link.is_behind = true;
            }
        }
        for id in self.behind.drain(..) {
            let Some((position, link)) = self.sources.link(id) else { continue };
            link.is_behind = false;
            if link.output.is_empty() && inner.client.poll_transmit(id, &mut link.output) {
                self.writing.push(position);
            }
        }
        self.is_closed = inner.is_done(self.now);
        let next = inner.next_look();
        inner.rest_clock(&*self.shared.runtime);
        drop(inner);
        if let Some(next) = next {
            self.alarm.set(next);
        }
        self.run_effects();
        false
    }

    fn run_effects(&mut self) {
        if !self.effects.is_empty() {
            self.has_moved = true;
            self.woken += self.effects.run();
        }
    }

    /// Tells the machine something, and gives its answers to those who wait for them.
    fn tell(&mut self, what: impl FnOnce(&mut crate::machine::Client, crate::Instant)) {
        let mut inner = self.shared.lock();
        inner.set_clock(self.now);
        what(&mut inner.client, self.now);
        inner.take_events(&mut self.effects, &mut self.events);
        drop(inner);
        (self.has_moved, self.is_unsettled) = (true, true);
        self.run_effects();
    }

    /// Does what the machine wants done with sockets.
    fn carry_out(&mut self) {
        if self.events.is_empty() {
            return;
        }
        let mut events = mem::take(&mut self.events);
        for event in events.drain(..) {
            (self.has_moved, self.is_unsettled) = (true, true);
            match event {
                Event::Resolve { query, host, port } => {
                    let found = self.shared.runtime.resolve(&host, port);
                    let position = self.sources.insert(Source::Resolving(query, found));
                    self.poll_source(position);
                }
                Event::Forget { query } => {
                    if let Some(position) = self.sources.look_up(query) {
                        drop(self.sources.remove(position));
                    }
                }
                Event::Open { link, addr } => {
                    let connecting = self.shared.runtime.connect(addr);
                    let position = self.sources.insert(Source::Connecting(link, connecting));
                    self.poll_source(position);
                }
                Event::Close { link } => {
                    if let Some(position) = self.sources.position(link) {
                        drop(self.sources.remove(position));
                    }
                }
                // `Inner::take_events` has dealt with these.
                Event::Finished { .. } | Event::Connected | Event::ConnectFailed { .. } | Event::Closed => {}
            }
        }
        // What came meanwhile comes behind.
        events.append(&mut self.events);
        self.events = events;
    }

    fn poll_source(&mut self, position: usize) {
        let Some((source, waker)) = self.sources.get(position) else { return };
        let mut cx = Context::from_waker(waker);
        match source {
            Source::Link(_) => self.read(position),
            Source::Connecting(id, connecting) => {
                let id = *id;
                let Poll::Ready(outcome) = connecting.as_mut().poll(&mut cx) else { return };
                match outcome {
                    Ok(socket) => {
                        self.sources.connected(position, Link::new(id, socket));
                        self.tell(|client, now| client.handle_connected(id, now));
                        self.read(position);
                    }
                    Err(error) => self.lost(position, id, loss(&error)),
                }
            }
            Source::Resolving(query, resolving) => {
                let query = *query;
                let Poll::Ready(outcome) = resolving.as_mut().poll(&mut cx) else { return };
                drop(self.sources.remove(position));
                // The error is the runtime's own: what it runs when it is shown or dropped must not run under the lock.
                let outcome = outcome.map_err(|error| error.to_string());
                self.tell(|client, now| match &outcome {
                    Ok(addrs) => client.handle_resolved(query, addrs, now),
                    Err(why) => client.handle_unresolved(query, why, now),
                });
            }
            Source::Vacant => {}
        }
    }

    /// Reads from a link what there is, and writes what waits for it.
    fn read(&mut self, position: usize) {
        for _ in 0..FILLS {
            let Some((Source::Link(link), waker)) = self.sources.get(position) else { return };
            let mut cx = Context::from_waker(waker);
            let id = link.id;
            let (mut buffer, count, stop) = link.read(&mut cx, &mut self.buffers);
            if count > 0 {
                let mut received = buffer.take();
                let mut inner = self.shared.lock();
                inner.set_clock(self.now);
                let done = inner.client.read_input(id, &mut received, self.now);
                inner.take_events(&mut self.effects, &mut self.events);
                drop(inner);
                buffer.give_back(received, done);
                self.has_moved = true;
                self.woken += self.effects.run();
            }
            link.keep(buffer, &mut self.buffers);
            match stop {
                Stop::Full => {}
                Stop::Blocked => return self.write_to(position),
                Stop::Lost(why) => return self.lost(position, id, why),
            }
        }
        // Others have their turn first.
        self.sources.list(position);
        self.write_to(position);
    }

    fn write(&mut self) {
        let mut writing = mem::take(&mut self.writing);
        for position in writing.drain(..) {
            self.write_to(position);
        }
        self.writing = writing;
    }

    fn write_to(&mut self, position: usize) {
        let Some((Source::Link(link), waker)) = self.sources.get(position) else { return };
        if link.output.is_empty() {
            return;
        }
        let id = link.id;
        match link.write(&mut Context::from_waker(waker)) {
            Ok(wrote) => {
                self.has_moved |= wrote.anything;
                if !link.output.is_empty() {
                    if !wrote.is_blocked {
                        self.sources.list(position);
                    }
                } else if link.is_behind {
                    self.behind.push(id);
                    self.is_unsettled = true;
                }
            }
            Err(why) => self.lost(position, id, why),
        }
    }

    fn lost(&mut self, position: usize, id: LinkId, why: LinkLoss) {
        drop(self.sources.remove(position));
        self.tell(|client, now| client.handle_lost(id, why, now));
    }
}
