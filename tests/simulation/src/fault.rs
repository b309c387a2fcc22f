//! The kinds of fault, and what each does to the cluster and the network. Every fault is mended in the end.

use crate::network::{Peer, SocketId, Way};
use crate::swarm::HttpTrouble;
use crate::world::{Happening, World};
use couchbase_core::Instant;
use couchbase_core::wire::{Opcode, Status};
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A node accepts links and answers nothing for a while.
    Stall,
    /// The same, for longer than anybody waits.
    Hang,
    /// A node closes its links and refuses new ones, and starts again.
    Stop,
    /// A node closes one link in good order.
    Cut,
    /// A link breaks, at any byte; what was under way may still arrive.
    Reset,
    /// One way of a link stands still for a while.
    OneWay,
    /// A link takes bytes and delivers none, for ever.
    BlackHole,
    RefuseConnects,
    /// Attempts to connect are never answered.
    HangConnects,
    /// A vbucket moves, and every node says so at once.
    Move,
    /// A vbucket moves, and the map follows later.
    SlowMove,
    /// The next requests of a kind are refused.
    Refusals,
    /// A node leaves.
    FailOver,
    /// A node that left comes back, with nothing.
    Join,
    /// Names cannot be looked up for a while.
    NoNames,
}

impl Fault {
    pub(crate) const ALL: [Self; 15] = [
        Self::Stall,
        Self::Hang,
        Self::Stop,
        Self::Cut,
        Self::Reset,
        Self::OneWay,
        Self::BlackHole,
        Self::RefuseConnects,
        Self::HangConnects,
        Self::Move,
        Self::SlowMove,
        Self::Refusals,
        Self::FailOver,
        Self::Join,
        Self::NoNames,
    ];

    pub(crate) fn is_move(self) -> bool {
        matches!(self, Self::Move | Self::SlowMove)
    }

    /// Moves need somewhere to go to, and a node that leaves must leave its documents to somebody.
    pub(crate) fn is_possible(self, nodes: usize, replicas: usize) -> bool {
        match self {
            _ if self.is_move() => nodes > 1,
            Self::FailOver | Self::Join => nodes > 2 && replicas > 0,
            _ => true,
        }
    }
}

/// The end of a fault that lasts a while.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mending {
    Release(usize),
    Start(usize),
    Announce(u16),
}

/// For as long as this a link or a node keeps still; the time of the whole run is far less.
pub(crate) const FOR_EVER: Instant = Instant::from_nanos(u64::MAX / 2);

/// What a server may answer without doing anything, and to what.
const REFUSALS: [Status; 11] = [
    Status::ETMPFAIL,
    Status::ETMPFAIL,
    Status::ETMPFAIL,
    Status::EBUSY,
    Status::ENOMEM,
    Status::NOT_MY_VBUCKET,
    Status::SYNC_WRITE_IN_PROGRESS,
    Status::ECONFIG_ONLY,
    Status::NO_BUCKET,
    Status::EINTERNAL,
    Status(0x1234),
];
const REFUSED: [Opcode; 8] = [
    Opcode::SET,
    Opcode::SET,
    Opcode::GET,
    Opcode::APPEND,
    Opcode::INCREMENT,
    Opcode::DELETE,
    Opcode::GET_CLUSTER_CONFIG,
    Opcode::SELECT_BUCKET,
];

/// Faults of the network that hold for a node, and whether faults happen at all.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) is_on: bool,
    pub(crate) refuses_until: Vec<Instant>,
    pub(crate) hangs_until: Vec<Instant>,
    pub(crate) no_names_until: Instant,
    /// How many nodes have left with vbuckets of theirs.
    losses: usize,
}

impl Trouble {
    pub(crate) fn new(nodes: usize) -> Self {
        Self {
            is_on: false,
            refuses_until: vec![Instant::ZERO; nodes],
            hangs_until: vec![Instant::ZERO; nodes],
            no_names_until: Instant::ZERO,
            losses: 0,
        }
    }
}

impl World {
    /// From now on there are faults.
    pub(crate) fn begin_faults(&mut self) {
        if !self.trouble.is_on && !self.swarm.faults.is_empty() {
            self.trouble.is_on = true;
            self.plan_fault();
        }
    }

    fn plan_fault(&mut self) {
        let mean = self.swarm.fault_every.as_micros() as u64;
        let at = self.now + self.random.micros(1..=2 * mean);
        self.agenda.plan(at, Happening::Fault);
    }

    pub(crate) fn handle_fault(&mut self) {
        if self.trouble.is_on {
            let fault = *self.random.pick(&self.swarm.faults);
            if self.inject(fault) {
                self.tally.count(&format!("{fault:?}"));
            }
            self.plan_fault();
        }
    }

    fn inject(&mut self, fault: Fault) -> bool {
        let node = self.random.below(self.swarm.nodes);
        let while_ = self.random.millis(1..=1500);
        let until = self.now + while_;
        match fault {
            Fault::Stall if self.model.is_held(node, self.now) => return false,
            Fault::Stall => {
                self.note(format_args!("fault: node {node} stalls for {while_:?}"));
                self.model.stall(node, while_, self.now);
                self.plan_model();
            }
            Fault::Hang if self.model.is_held(node, self.now) => return false,
            Fault::Hang => {
                let time = self.random.millis(500..=15_000);
                self.note(format_args!("fault: node {node} hangs for {time:?}"));
                self.model.hang(node);
                self.agenda.plan(self.now + time, Happening::Mend(Mending::Release(node)));
            }
            Fault::Stop if !self.model.is_running(node) => return false,
            Fault::Stop => {
                self.note(format_args!("fault: node {node} stops for {while_:?}"));
                self.model.stop(node);
                self.agenda.plan(until, Happening::Mend(Mending::Start(node)));
            }
            Fault::Cut | Fault::Reset | Fault::OneWay | Fault::BlackHole => {
                let open: Vec<SocketId> = self.open_sockets().collect();
                if open.is_empty() {
                    return false;
                }
                let socket = *self.random.pick(&open);
                self.note(format_args!("fault: {fault:?} of {socket:?}"));
                self.break_link(fault, socket, until);
            }
            Fault::RefuseConnects => {
                self.note(format_args!("fault: node {node} refuses links for {while_:?}"));
                self.trouble.refuses_until[node] = until;
            }
            Fault::HangConnects => {
                self.note(format_args!("fault: links to node {node} hang for {while_:?}"));
                self.trouble.hangs_until[node] = until;
            }
            Fault::NoNames => {
                self.note(format_args!("fault: no names for {while_:?}"));
                self.trouble.no_names_until = until;
            }
            Fault::Move | Fault::SlowMove => return self.move_vbucket(fault),
            Fault::Refusals => {
                let (opcode, status) = (*self.random.pick(&REFUSED), *self.random.pick(&REFUSALS));
                let count = self.random.within(1..=4);
                self.note(format_args!("fault: {count} of {opcode} answered {status}"));
                self.model.answer_next(count, opcode, status);
            }
            Fault::FailOver => {
                let members = (0..self.swarm.nodes).filter(|node| self.model.is_member(*node)).count();
                // No more are lost than replicas were made for, and one must stay.
                let is_loss = self.model.holds_any(node);
                if !self.model.is_member(node)
                    || is_loss && self.trouble.losses >= self.swarm.replicas
                    || members < 2
                {
                    return false;
                }
                self.trouble.losses += usize::from(is_loss);
                self.note(format_args!("fault: node {node} is failed over"));
                self.model.fail_over(node);
            }
            Fault::Join => {
                let Some(node) = (0..self.swarm.nodes).find(|node| !self.model.is_member(*node)) else {
                    return false;
                };
                self.note(format_args!("fault: node {node} comes back"));
                self.model.join(node);
            }
        }
        self.serve();
        true
    }

    fn break_link(&mut self, fault: Fault, socket: SocketId, until: Instant) {
        let way = *self.random.pick(&[Way::Up, Way::Down]);
        match fault {
            Fault::Cut => match self.sockets[socket.0].peer {
                Some(Peer::Kv(conn)) => self.model.cut(conn),
                Some(Peer::Views(_)) => self.cut_views(socket),
                None => {}
            },
            Fault::Reset => self.reset(socket),
            Fault::OneWay => self.hold(socket, way, until),
            _ => {
                self.hold(socket, Way::Up, FOR_EVER);
                self.hold(socket, Way::Down, FOR_EVER);
            }
        }
    }

    fn move_vbucket(&mut self, fault: Fault) -> bool {
        let vbucket = self.random.below(usize::from(self.swarm.vbuckets)) as u16;
        let to = self.random.below(self.swarm.nodes);
        if !self.model.is_member(to) || self.model.owner(vbucket) == Some(to) {
            return false;
        }
        self.note(format_args!("fault: {fault:?} of vbucket {vbucket} to node {to}"));
        if fault == Fault::Move {
            self.model.move_vbucket(vbucket, to);
        } else {
            self.model.hand_over(vbucket, to);
            let at = self.now + self.random.millis(1..=800);
            self.agenda.plan(at, Happening::Mend(Mending::Announce(vbucket)));
        }
        true
    }

    pub(crate) fn mend(&mut self, mending: Mending) {
        self.note(format_args!("mended: {mending:?}"));
        match mending {
            Mending::Release(node) => self.model.release(node, self.now),
            Mending::Start(node) => self.model.start(node),
            Mending::Announce(vbucket) => self.model.announce(vbucket),
        }
        self.serve();
    }

    /// No more faults, and none in force but links that are lost and do not know it yet.
    pub(crate) fn heal(&mut self) {
        self.note(format_args!("healed"));
        self.trouble = Trouble::new(self.swarm.nodes);
        (self.swarm.repeats, self.swarm.inventions, self.swarm.garbage, self.swarm.lags) = (0, 0, 0, 0);
        self.swarm.http = HttpTrouble::default();
        self.swarm.faults.clear();
        self.swarm.cancels = 0;
        self.model.forget_planned();
        for node in 0..self.swarm.nodes {
            self.model.start(node);
            self.model.release(node, self.now);
        }
        for vbucket in 0..self.swarm.vbuckets {
            self.model.announce(vbucket);
        }
        self.serve();
    }
}

/// The longest time that a fault may hold after it began, links that stand still for ever apart.
pub(crate) const LONGEST: Duration = Duration::from_secs(15);
