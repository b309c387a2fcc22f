//! The machine alone in the world: its events carried out, its bytes written and read, nothing in between.
//!
//! What a driver may do with a machine is done here in every allowed way: input comes in pieces, time-outs also come
//! without need, links are written to as far as they take it.

use crate::checks::{self, Facts};
use crate::draft::{Draft, key};
use crate::ledger::{Ledger, Outcome};
use crate::network::{Moved, SocketId};
use crate::script::{Act, Script};
use crate::world::{Notice, UNIX_TIME, World};
use bytes::BytesMut;
use couchbase_core::Instant;
use couchbase_core::machine::{Client, Event, LinkId, LinkLoss, OpId, ResolveId, Transmit};
use couchbase_core::topology::Revision;
use std::collections::BTreeMap;

/// More happenings than any run needs that makes progress.
const MOST_STEPS: u64 = 2_000_000;

pub(crate) struct MachineFace<'a> {
    world: &'a mut World,
    client: Client,
    pub(crate) ledger: Ledger,
    script: Script,
    links: BTreeMap<LinkId, Attached>,
    by_socket: BTreeMap<SocketId, LinkId>,
    operations: BTreeMap<OpId, usize>,
    queries: BTreeMap<u64, ResolveId>,
    revision: Revision,
}

/// A socket that is being connected, or is.
struct Attached {
    socket: SocketId,
    is_connected: bool,
    input: BytesMut,
    output: Transmit,
}

impl<'a> MachineFace<'a> {
    pub(crate) fn new(world: &'a mut World) -> Result<Self, String> {
        let mut client = Client::new(world.config(), world.random.next(), world.now)
            .map_err(|error| format!("the configuration is refused: {error}"))?;
        client.handle_unix_time(UNIX_TIME, world.now);
        let script = Script::plan(world);
        Ok(Self {
            world,
            client,
            ledger: Ledger::default(),
            script,
            links: BTreeMap::new(),
            by_socket: BTreeMap::new(),
            operations: BTreeMap::new(),
            queries: BTreeMap::new(),
            revision: Revision::NONE,
        })
    }

    /// The whole run; `Err` is the first promise that was broken.
    pub(crate) fn run(&mut self) -> Result<(), String> {
        for _ in 0..MOST_STEPS {
            self.settle()?;
            let timer = self.client.poll_timeout();
            let planned = self.world.agenda.next_at();
            if self.script.is_over(self.world.now) {
                return self.finish();
            }
            match (timer, planned) {
                (Some((at, kind)), planned)
                    if planned.is_none_or(|planned| at < planned)
                        || planned == Some(at) && self.world.random.chance(500) =>
                {
                    self.world.now = self.world.now.max(at);
                    self.world.note(format_args!("timer: {kind:?}"));
                    self.client.handle_timeout(self.world.now);
                    let next = self.client.poll_timeout();
                    if let Some((again, kind)) = next.filter(|(again, _)| *again <= self.world.now) {
                        return Err(format!("a timer that does not go away: {kind:?} at {again:?}"));
                    }
                }
                (_, Some(_)) => self.world.step(),
                (_, None) => return Err("the script has been lost".into()),
            }
        }
        Err(format!("no end after {MOST_STEPS} steps"))
    }

    /// Carries out everything that can be done now.
    fn settle(&mut self) -> Result<(), String> {
        // Time may be told when nothing is due; what comes of it is taken below.
        if self.world.random.chance(20) {
            self.client.handle_timeout(self.world.now);
        }
        loop {
            if let Some(notice) = self.world.notices.pop_front() {
                self.handle_notice(notice)?;
            } else if let Some(event) = self.client.poll_event() {
                self.handle_event(event)?;
            } else if let Some(link) = self.client.poll_dirty() {
                self.write(link);
            } else {
                break;
            }
            self.check_state()?;
        }
        self.world.rest()
    }

    fn check_state(&mut self) -> Result<(), String> {
        let in_flight = self.client.in_flight();
        if in_flight > self.world.swarm.max_in_flight {
            return Err(format!("{in_flight} operations are in flight, more than allowed"));
        }
        let revision = self.client.map().map_or(Revision::NONE, |map| map.revision());
        if revision < self.revision {
            return Err(format!("the map went back from {} to {revision}", self.revision));
        }
        if revision > self.revision {
            self.world.note(format_args!("the map is at {revision}"));
            self.revision = revision;
        }
        Ok(())
    }

    fn handle_event(&mut self, event: Event) -> Result<(), String> {
        if self.ledger.is_closed {
            return Err(format!("after Closed there came {event:?}"));
        }
        match event {
            Event::Resolve { query, host, port } => {
                let id = self.queries.len() as u64;
                self.queries.insert(id, query);
                self.world.resolve(id, &host, port);
            }
            // A resolver of this world answers in any case.
            Event::Forget { .. } => {}
            Event::Open { link, addr } => {
                self.detach(link);
                let socket = self.world.dial(addr);
                let attached =
                    Attached { socket, is_connected: false, input: BytesMut::new(), output: Transmit::new() };
                self.links.insert(link, attached);
                self.by_socket.insert(socket, link);
            }
            Event::Close { link } => self.detach(link),
            Event::Finished { op, result } => {
                let number = self
                    .operations
                    .remove(&op)
                    .ok_or_else(|| format!("{op:?} finished, and nobody had it or it had ended"))?;
                let verb = self.ledger.entries[number].draft.verb;
                self.end(number, Outcome::of(result, verb));
            }
            Event::Connected => {
                self.world.note(format_args!("connected"));
                self.ledger.connected = Some(self.world.now);
                self.world.begin_faults();
            }
            Event::ConnectFailed { error } => {
                self.world.note(format_args!("not connected: {error}"));
                self.ledger.connect_failed = Some(self.world.now);
            }
            Event::Closed => {
                self.world.note(format_args!("closed"));
                self.ledger.is_closed = true;
            }
            other => return Err(format!("an event that nobody knows: {other:?}")),
        }
        Ok(())
    }

    fn handle_notice(&mut self, notice: Notice) -> Result<(), String> {
        let now = self.world.now;
        match notice {
            Notice::Resolved(id, addrs) => {
                if let Some(query) = self.queries.get(&id) {
                    self.client.handle_resolved(*query, &addrs, now);
                }
            }
            Notice::Connected(socket) => {
                if let Some(link) = self.by_socket.get(&socket).copied() {
                    if let Some(attached) = self.links.get_mut(&link) {
                        attached.is_connected = true;
                    }
                    self.client.handle_connected(link, now);
                } else {
                    self.world.close(socket);
                }
            }
            Notice::Refused(socket) => {
                if let Some(link) = self.by_socket.remove(&socket) {
                    self.links.remove(&link);
                    self.client.handle_lost(link, LinkLoss::Refused, now);
                }
            }
            Notice::Readable(socket) => self.read(socket),
            Notice::Writable(socket) => {
                if let Some(link) = self.by_socket.get(&socket).copied() {
                    self.write(link);
                }
            }
            Notice::Wake(id) => {
                if let Some(act) = self.script.take(id) {
                    self.act(act)?;
                }
            }
        }
        Ok(())
    }

    fn read(&mut self, socket: SocketId) {
        let mut buf = [0; 2048];
        while let Some(link) = self.by_socket.get(&socket).copied() {
            let Some(attached) = self.links.get_mut(&link) else { return };
            match self.world.read(socket, &mut buf) {
                Moved::Bytes(count) => {
                    attached.input.extend_from_slice(&buf[..count]);
                    self.client.handle_input(link, &mut attached.input, self.world.now);
                    // The machine may have given the link up: that is the next event.
                    if self.carry_out_closes().is_err() {
                        return;
                    }
                }
                Moved::Blocked => return,
                Moved::Eof => return self.lose(link, LinkLoss::Eof),
                Moved::Reset => return self.lose(link, LinkLoss::Reset),
            }
        }
    }

    fn carry_out_closes(&mut self) -> Result<(), String> {
        while let Some(event) = self.client.poll_event() {
            if let Err(violation) = self.handle_event(event) {
                self.ledger.violation = Some(violation.clone());
                return Err(violation);
            }
        }
        Ok(())
    }

    fn write(&mut self, link: LinkId) {
        let Some(attached) = self.links.get_mut(&link).filter(|attached| attached.is_connected) else {
            return;
        };
        loop {
            if attached.output.is_empty() && !self.client.poll_transmit(link, &mut attached.output) {
                return;
            }
            let Some(chunk) = attached.output.chunks().find(|chunk| !chunk.is_empty()) else { return };
            match self.world.write(attached.socket, chunk) {
                Moved::Bytes(count) => attached.output.advance(count),
                Moved::Blocked => return,
                Moved::Eof | Moved::Reset => return self.lose(link, LinkLoss::Reset),
            }
        }
    }

    fn lose(&mut self, link: LinkId, why: LinkLoss) {
        self.world.note(format_args!("{link:?} is lost: {why}"));
        self.detach(link);
        self.client.handle_lost(link, why, self.world.now);
    }

    fn detach(&mut self, link: LinkId) {
        if let Some(attached) = self.links.remove(&link) {
            self.by_socket.remove(&attached.socket);
            self.world.close(attached.socket);
        }
    }

    fn act(&mut self, act: Act) -> Result<(), String> {
        match act {
            Act::Burst(count) => {
                for _ in 0..count {
                    let (number, random) = (self.ledger.next(), &mut self.world.random);
                    let draft =
                        Draft::invent(number, &self.world.swarm, random, |key| self.ledger.cas_of(key));
                    self.submit(draft);
                }
            }
            Act::GiveUp(number) => {
                let held = self.operations.iter().find(|(_, held)| **held == number).map(|(op, _)| *op);
                if let Some(op) = held {
                    self.operations.remove(&op);
                    self.client.cancel(op, self.world.now);
                    self.end(number, Outcome::GivenUp);
                }
            }
            // The driver's own matter.
            Act::Call => {}
            Act::Heal => self.world.heal(),
            Act::Calm => return self.check_calm(),
            Act::Probe => self.probe(),
            Act::Rest => return self.check_rest(),
            Act::Close => {
                self.world.note(format_args!("closing"));
                self.client.close(self.world.now);
            }
        }
        Ok(())
    }

    fn submit(&mut self, draft: Draft) {
        let (now, number, request) = (self.world.now, draft.number, draft.request());
        self.world
            .note(format_args!("operation {number}: {:?} {} {:?}", draft.verb, draft.key, draft.timeout));
        let waits = self.world.random.chance(600);
        self.ledger.send(draft.clone(), now, self.world.model.effects().len());
        let sent = if waits {
            self.client.submit_in_line(request, draft.timeout, now)
        } else {
            self.client.submit(request, draft.timeout, now)
        };
        match sent {
            Ok(op) => {
                if self.operations.insert(op, number).is_some() {
                    self.ledger.violation = Some(format!("{op:?} is two operations"));
                }
                if self.world.random.chance(self.world.swarm.cancels) {
                    let after = self.world.random.micros(0..=draft.timeout.as_micros() as u64);
                    self.script.add(self.world, now + after, Act::GiveUp(number));
                }
            }
            Err(refused) => self.end(number, Outcome::Refused(refused.error.kind())),
        }
    }

    fn end(&mut self, number: usize, outcome: Outcome) {
        self.world.note(format_args!("operation {number} ended: {outcome:?}"));
        let effects = self.world.model.effects().len();
        self.ledger.end(number, outcome, self.world.now, effects);
    }

    /// Everything is whole again: every key can be reached.
    fn probe(&mut self) {
        for (index, is_counter) in
            (0..self.world.swarm.keys).flat_map(|index| [(index, false), (index, true)])
        {
            let draft = Draft::probe(self.ledger.next(), key(index, is_counter));
            self.script.note_probe(&self.ledger, self.world.swarm.max_in_flight);
            self.submit(draft);
        }
    }

    /// Whatever operations are given up for, their answers have come by now and paid for them.
    fn check_calm(&self) -> Result<(), String> {
        match self.client.metrics().orphans {
            0 => Ok(()),
            orphans => Err(format!("{orphans} orphans, though every answer has come")),
        }
    }

    /// Nothing is under way any more, and nothing was left behind.
    fn check_rest(&self) -> Result<(), String> {
        let metrics = self.client.metrics();
        if (metrics.in_flight, metrics.in_line, metrics.orphans) != (0, 0, 0) {
            return Err(format!(
                "long after everything was mended something is still under way: {metrics:?}"
            ));
        }
        self.script.check_probes(&self.ledger)
    }

    fn finish(&mut self) -> Result<(), String> {
        if !self.ledger.is_closed {
            return Err("it never closed".into());
        }
        let metrics = self.client.metrics();
        let held = self.world.sockets.iter().filter(|socket| socket.is_held_by_client()).count();
        let timer: Option<Instant> = self.client.poll_timeout().map(|(at, _)| at);
        if (metrics.in_flight, metrics.in_line, metrics.orphans, held, timer) != (0, 0, 0, 0, None) {
            return Err(format!("closed, and left behind: {metrics:?}, {held} sockets, timer {timer:?}"));
        }
        let facts = Facts {
            effects: self.world.model.effects(),
            sockets: &self.world.sockets,
            began: Instant::ZERO,
            connect_timeout: self.world.swarm.connect_timeout,
        };
        checks::check(&self.ledger, &facts)
    }
}
