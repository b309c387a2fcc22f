//! What the runtime, the users and the loop share: the world, the ledger, and who waits for what.

use super::runtime::TIMERS;
use crate::calls::{self, Calls};
use crate::ledger::{Ledger, Outcome};
use crate::network::SocketId;
use crate::world::{Notice, World};
use couchbase_core::rt::BoxFuture;
use std::collections::BTreeMap;
use std::mem;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

pub(crate) struct Hub {
    world: Mutex<World>,
    ledger: Mutex<Ledger>,
    calls: Mutex<Calls>,
    wakers: Mutex<Wakers>,
    pub(super) new_tasks: Mutex<Vec<BoxFuture<()>>>,
    at_clock: Mutex<Option<Interruption>>,
}

/// Something that is done when the client looks at its clock.
type Interruption = Box<dyn FnOnce() + Send>;

#[derive(Default)]
pub(super) struct Wakers {
    pub(super) read: BTreeMap<SocketId, Waker>,
    pub(super) write: BTreeMap<SocketId, Waker>,
    pub(super) timers: BTreeMap<u64, Waker>,
    pub(super) resolving: BTreeMap<u64, Waker>,
    pub(super) resolved: BTreeMap<u64, Vec<SocketAddr>>,
    pub(super) queries: u64,
    pub(super) timer_count: u64,
    /// Sockets, timers, attempts to connect and look-ups that the driver and the users hold.
    pub(super) alive: usize,
}

fn enter<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    pub(crate) fn new(world: World) -> Self {
        Self {
            world: Mutex::new(world),
            ledger: Mutex::default(),
            calls: Mutex::default(),
            wakers: Mutex::default(),
            new_tasks: Mutex::default(),
            at_clock: Mutex::default(),
        }
    }

    /// Has this done at the client's next look at its clock: mostly in the middle of something.
    pub(super) fn interrupt(&self, what: Option<Interruption>) {
        let before = mem::replace(&mut *enter(&self.at_clock), what);
        drop(before);
    }

    pub(super) fn take_interruption(&self) -> Option<Interruption> {
        enter(&self.at_clock).take()
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        enter(&self.world)
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        enter(&self.ledger)
    }

    pub(crate) fn calls(&self) -> MutexGuard<'_, Calls> {
        enter(&self.calls)
    }

    pub(super) fn wakers(&self) -> MutexGuard<'_, Wakers> {
        enter(&self.wakers)
    }

    pub(super) fn spawned(&self) -> MutexGuard<'_, Vec<BoxFuture<()>>> {
        enter(&self.new_tasks)
    }

    pub(super) fn close(&self, socket: SocketId) {
        let mut wakers = self.wakers();
        let forgotten = (wakers.read.remove(&socket), wakers.write.remove(&socket));
        drop(wakers);
        drop(forgotten);
        self.world().close(socket);
    }

    pub(super) fn end(&self, number: usize, outcome: Outcome) {
        let mut world = self.world();
        world.note(format_args!("operation {number} ended: {outcome:?}"));
        let effects = world.model.effects().len();
        self.ledger().end(number, outcome, world.now, effects);
    }

    pub(super) fn end_call(&self, number: usize, outcome: calls::Outcome) {
        let mut world = self.world();
        world.note(format_args!("call {number} ended: {outcome:?}"));
        self.calls().end(number, outcome, world.now, world.views.changes.len());
    }

    /// Wakes whom a notice concerns; gives back what is the script's.
    pub(super) fn wake(&self, notice: Notice) -> Option<u64> {
        let mut wakers = self.wakers();
        let woken = match notice {
            Notice::Connected(socket) | Notice::Refused(socket) | Notice::Readable(socket) => {
                wakers.read.remove(&socket)
            }
            Notice::Writable(socket) => wakers.write.remove(&socket),
            Notice::Resolved(query, addrs) => {
                wakers.resolved.insert(query, addrs);
                wakers.resolving.remove(&query)
            }
            Notice::Wake(id) if id > TIMERS => wakers.timers.remove(&id),
            Notice::Wake(id) => return Some(id),
        };
        drop(wakers);
        if let Some(waker) = woken {
            waker.wake();
        }
        None
    }
}
