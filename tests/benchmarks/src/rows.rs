//! The rows of the table, in its order.

use crate::awaits::Awaits;
use crate::bare::Bare;
use crate::batch::Batch;
use crate::blocking::Blocking;
use crate::callbacks::Callbacks;
use crate::channel::Channel;
use crate::counted::Writes;
use crate::host::{CurrentThread, Host, Smol, TwoThreads};
use crate::machine::{AnswersAlone, Machine};
use crate::wakes::Wakes;
use crate::{IN_FLIGHT, Row};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// What it runs under.
    pub under: Under,
    /// What it does.
    pub what: What,
    /// Operations in flight.
    pub in_flight: usize,
}

/// What a row runs under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Under {
    /// The calling thread, without any runtime.
    Nothing,
    /// tokio on the calling thread.
    Tokio,
    /// async-io and smol's executor on the calling thread.
    AsyncIo,
    /// tokio with two worker threads.
    TwoThreads,
}

/// What a row does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// P: tasks woken by one.
    Wakes,
    /// F, or the same loop under a runtime: requests encoded beforehand, bytes counted.
    Loop,
    /// The client with a completion queue.
    Batch,
    /// The client with callbacks.
    Callbacks,
    /// The client with futures.
    Futures,
    /// No client of ours: a channel to a task that owns the socket, and oneshots.
    Channel,
    /// The machine alone.
    Machine,
    /// What of that is the responder's.
    Answers,
}

const fn row(under: Under, what: What, in_flight: usize) -> Entry {
    Entry { under, what, in_flight }
}

/// The table's rows, in its order.
pub const ROWS: &[Entry] = &[
    row(Under::Nothing, What::Loop, IN_FLIGHT),
    row(Under::Nothing, What::Loop, 1),
    row(Under::Tokio, What::Wakes, IN_FLIGHT),
    row(Under::Tokio, What::Loop, IN_FLIGHT),
    row(Under::Tokio, What::Batch, IN_FLIGHT),
    row(Under::Tokio, What::Callbacks, IN_FLIGHT),
    row(Under::Tokio, What::Futures, IN_FLIGHT),
    row(Under::Tokio, What::Loop, 1),
    row(Under::Tokio, What::Batch, 1),
    row(Under::Tokio, What::Callbacks, 1),
    row(Under::Tokio, What::Futures, 1),
    row(Under::AsyncIo, What::Wakes, IN_FLIGHT),
    row(Under::AsyncIo, What::Loop, IN_FLIGHT),
    row(Under::AsyncIo, What::Batch, IN_FLIGHT),
    row(Under::AsyncIo, What::Callbacks, IN_FLIGHT),
    row(Under::AsyncIo, What::Futures, IN_FLIGHT),
    row(Under::AsyncIo, What::Loop, 1),
    row(Under::AsyncIo, What::Batch, 1),
    row(Under::AsyncIo, What::Callbacks, 1),
    row(Under::AsyncIo, What::Futures, 1),
    row(Under::TwoThreads, What::Wakes, IN_FLIGHT),
    row(Under::TwoThreads, What::Channel, IN_FLIGHT),
    row(Under::TwoThreads, What::Futures, IN_FLIGHT),
];

/// Rows without a driver, whose instructions are counted.
pub const ALONE: &[Entry] =
    &[row(Under::Nothing, What::Machine, IN_FLIGHT), row(Under::Nothing, What::Answers, IN_FLIGHT)];

/// The row of a name.
pub fn find(name: &str) -> Option<&'static Entry> {
    ROWS.iter().chain(ALONE).find(|row| row.name() == name)
}

impl Entry {
    /// Its name, also on the command line.
    pub fn name(&self) -> String {
        let what = match self.what {
            What::Wakes => "wakes (P)",
            What::Loop if self.under == Under::Nothing => "loop (F)",
            What::Loop => "loop",
            What::Batch => "batch",
            What::Callbacks => "boxed callbacks",
            What::Futures => "futures",
            What::Channel => "channel and oneshot",
            What::Machine => "machine alone",
            What::Answers => "answers alone",
        };
        format!("{} {what} {}", self.under, self.in_flight).trim_start().into()
    }

    /// Sets it up against the responder at this address; the writes that it makes are counted in `writes`.
    pub fn start(&self, address: SocketAddr, writes: &Arc<Writes>) -> Box<dyn Row> {
        match (self.under, self.what) {
            (_, What::Machine) => Box::new(Machine::connect()),
            (_, What::Answers) => Box::new(AnswersAlone::new()),
            (_, What::Channel) => Box::new(Channel::connect(address, writes)),
            (Under::Nothing, _) => Box::new(Blocking::connect(address, self.in_flight, writes)),
            (Under::Tokio, _) => self.start_on::<CurrentThread>(address, writes),
            (Under::AsyncIo, _) => self.start_on::<Smol>(address, writes),
            (Under::TwoThreads, _) => self.start_on::<TwoThreads>(address, writes),
        }
    }

    fn start_on<H: Host>(&self, address: SocketAddr, writes: &Arc<Writes>) -> Box<dyn Row> {
        match self.what {
            What::Wakes => Box::new(Wakes::<H>::new()),
            What::Batch => Box::new(Batch::<H>::connect(address, self.in_flight, writes)),
            What::Callbacks => Box::new(Callbacks::<H>::connect(address, self.in_flight, writes)),
            What::Futures => Box::new(Awaits::<H>::connect(address, self.in_flight, writes)),
            What::Loop | What::Channel | What::Machine | What::Answers => {
                Box::new(Bare::<H>::connect(address, self.in_flight, writes))
            }
        }
    }
}

impl fmt::Display for Under {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Nothing => "",
            Self::Tokio => "tokio",
            Self::AsyncIo => "async-io",
            Self::TwoThreads => "tokio, 2 threads,",
        })
    }
}
