//! A runtime and a cluster in memory, in virtual time: sockets end in the embedded cluster's model, nothing blocks,
//! and what happens is up to the test.
//!
//! A write reaches its node at once, and the answer is there to be read; unless the node hangs.

#[path = "in_memory/alarm.rs"]
mod alarm;
#[path = "in_memory/wakes.rs"]
pub(crate) mod wakes;

use alarm::Alarm;
use couchbase_core::rt::{BoxFuture, Runtime, Socket, Timer};
use couchbase_core::{Config, Connection, Driver, Instant};
use couchbase_testkit::model::{ConnId, Model, NodeAddress, Setup, User};
use std::collections::BTreeMap;
use std::future::ready;
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// The world that a test and its driver share.
#[derive(Clone)]
pub(crate) struct InMemory(Arc<Mutex<World>>);

pub(crate) struct World {
    pub(crate) model: Model,
    now: Instant,
    ends: BTreeMap<ConnId, End>,
    timers: Vec<(u64, Instant, Option<Waker>)>,
    timers_made: u64,
    spawned: Vec<BoxFuture<()>>,
    /// Bytes that the next writes take at most, all together, until it is raised again.
    pub(crate) write_room: usize,
    /// Bytes that one read gives at most.
    pub(crate) read_size: usize,
    /// The largest write.
    pub(crate) write_size: usize,
    /// Nodes say something unasked, and never pause.
    pub(crate) floods: bool,
    /// Sockets with nothing to be read wake whoever has asked.
    pub(crate) is_restless: bool,
    /// How often each kind of call was made.
    pub(crate) clock_reads: usize,
    pub(crate) writes: usize,
    pub(crate) timer_resets: usize,
    /// Timers wake, and say that they are due, whenever time passes.
    pub(crate) fire_timers_early: bool,
    /// So many of the next looks at the clock panic.
    pub(crate) panics_of_the_clock: usize,
    /// Timers panic when they are set.
    pub(crate) timers_panic: bool,
    /// What look-ups of other hosts than `node1` end with.
    pub(crate) resolver_error: Option<Box<dyn FnOnce() -> io::Error + Send>>,
    /// Look-ups of a host `nobody`, which never end: held by each of them.
    pub(crate) look_ups: Arc<()>,
    /// Runs when the clock is looked at next, which may be while the machine is in use.
    pub(crate) at_clock: Option<Box<dyn FnOnce() + Send>>,
    /// Counts allocations, where a test does.
    pub(crate) count_allocations: fn() -> usize,
    /// Allocations of the world itself: in sockets, timers and clocks.
    pub(crate) foreign_allocations: usize,
}

/// The client's end of one socket.
#[derive(Default)]
struct End {
    inbox: Vec<u8>,
    is_cut: bool,
    readers: Option<Waker>,
    writers: Option<Waker>,
    reads: usize,
}

impl InMemory {
    /// A cluster of this many nodes, with one bucket `default` for a user `app`.
    pub(crate) fn with_nodes(count: u8) -> Self {
        let address = |n: u8| NodeAddress { host: format!("10.0.0.{n}"), kv: 11210, views: 8092, mgmt: 8091 };
        let model = Model::new(Setup {
            nodes: (1..=count).map(address).collect(),
            replicas: 0,
            vbuckets: 64,
            buckets: vec!["default".to_owned()],
            users: vec![User::new("app", "secret")],
            anonymous: false,
            seed: 1,
            scram_iterations: 4096,
            unix_time: Duration::from_secs(1_800_000_000),
            record_effects: true,
        });
        let world = World {
            model,
            now: Instant::ZERO,
            ends: BTreeMap::new(),
            timers: Vec::new(),
            timers_made: 0,
            spawned: Vec::new(),
            write_room: usize::MAX,
            read_size: usize::MAX,
            write_size: usize::MAX,
            floods: false,
            is_restless: false,
            clock_reads: 0,
            writes: 0,
            timer_resets: 0,
            fire_timers_early: false,
            panics_of_the_clock: 0,
            timers_panic: false,
            resolver_error: None,
            look_ups: Arc::default(),
            at_clock: None,
            count_allocations: || 0,
            foreign_allocations: 0,
        };
        Self(Arc::new(Mutex::new(world)))
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    pub(crate) fn config(&self) -> Config {
        Config::new("couchbase://app:secret@10.0.0.1/default")
    }

    /// A connection whose driver the test turns.
    pub(crate) fn open_parts(&self) -> (Connection, Driver) {
        self.open_parts_with(self.config())
    }

    pub(crate) fn open_parts_with(&self, config: Config) -> (Connection, Driver) {
        couchbase_core::open_parts(config, self.clone()).unwrap()
    }

    /// A connection that has been made.
    pub(crate) fn connected(&self) -> (Connection, Driver) {
        let (cb, mut driver) = self.open_parts();
        settle(&mut driver);
        assert!(cb.connected(), "{:?}", futures::FutureExt::now_or_never(cb.connect()));
        (cb, driver)
    }

    /// Lets time pass, for the nodes and for the timers.
    pub(crate) fn advance(&self, by: Duration) {
        let mut world = self.world();
        world.now = world.now + by;
        let now = world.now;
        world.model.handle_timeout(now);
        let mut wakers: Vec<Waker> = world.pump();
        let is_early = world.fire_timers_early;
        for (_, at, waker) in &mut world.timers {
            if *at <= now || is_early {
                wakers.extend(waker.take());
            }
        }
        drop(world);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Changes something about the cluster, and lets the links learn of it.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Model, Instant) -> T) -> T {
        let mut world = self.world();
        let now = world.now;
        let changed = change(&mut world.model, now);
        let wakers = world.pump();
        drop(world);
        wakers.into_iter().for_each(Waker::wake);
        changed
    }

    /// Lets blocked sockets write again.
    pub(crate) fn make_room(&self, bytes: usize) {
        let mut world = self.world();
        world.write_room = bytes;
        let wakers: Vec<Waker> = world.ends.values_mut().filter_map(|end| end.writers.take()).collect();
        drop(world);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// The tasks that were spawned since the last call.
    pub(crate) fn spawned(&self) -> Vec<BoxFuture<()>> {
        std::mem::take(&mut self.world().spawned)
    }

    /// Reads of all sockets so far, and how many sockets there are.
    pub(crate) fn reads(&self) -> (usize, usize) {
        let world = self.world();
        (world.ends.values().map(|end| end.reads).sum(), world.ends.len())
    }
}

impl World {
    /// Moves what the nodes have said to where it is read. Whoever waits for it is to be woken outside the lock.
    fn pump(&mut self) -> Vec<Waker> {
        let mut wakers = Vec::new();
        while let Some(conn) = self.model.poll_closed() {
            self.model.handle_closed(conn);
            if let Some(end) = self.ends.get_mut(&conn) {
                end.is_cut = true;
                wakers.extend(end.readers.take());
                wakers.extend(end.writers.take());
            }
        }
        for (conn, end) in &mut self.ends {
            if self.model.poll_output(*conn, &mut end.inbox) {
                wakers.extend(end.readers.take());
            }
        }
        wakers
    }
}

/// Turns until nothing happens any more.
pub(crate) fn settle(driver: &mut Driver) {
    for _ in 0..1000 {
        if !driver.turn() {
            return;
        }
    }
    panic!("the driver does not come to rest");
}

impl Runtime for InMemory {
    fn now(&self) -> Instant {
        let mut world = self.world();
        world.clock_reads += 1;
        if world.panics_of_the_clock > 0 {
            world.panics_of_the_clock -= 1;
            drop(world);
            panic!("a panic that belongs to a test");
        }
        let (now, at_clock) = (world.now, world.at_clock.take());
        drop(world);
        if let Some(run) = at_clock {
            run();
        }
        now
    }

    fn timer(&self) -> Box<dyn Timer> {
        let mut world = self.world();
        world.timers_made += 1;
        Box::new(Alarm { world: self.clone(), id: world.timers_made })
    }

    fn resolve(&self, host: &str, port: u16) -> BoxFuture<io::Result<Vec<SocketAddr>>> {
        if host == "nobody" {
            let held = self.world().look_ups.clone();
            return Box::pin(async move {
                let _held = held;
                std::future::pending().await
            });
        }
        let error = self.world().resolver_error.take();
        let found = match host {
            "node1" => Ok(vec![SocketAddr::new([10, 0, 0, 1].into(), port)]),
            _ => Err(error.map_or_else(
                || io::Error::new(ErrorKind::NotFound, format!("no host {host}")),
                |error| error(),
            )),
        };
        Box::pin(ready(found))
    }

    fn connect(&self, addr: SocketAddr) -> BoxFuture<io::Result<Box<dyn Socket>>> {
        let mut world = self.world();
        let now = world.now;
        let node = world.model.nodes().iter().position(|node| node.kv_address() == addr.to_string());
        let accepted = node.and_then(|node| world.model.accept(node, now));
        let connected = match accepted {
            Some(conn) => {
                world.ends.insert(conn, End::default());
                Ok(Box::new(Wire { world: self.clone(), conn }) as Box<dyn Socket>)
            }
            None => Err(ErrorKind::ConnectionRefused.into()),
        };
        Box::pin(ready(connected))
    }

    fn spawn(&self, task: BoxFuture<()>) {
        self.world().spawned.push(task);
    }

    fn unix_time(&self) -> Duration {
        Duration::from_secs(1_800_000_000) + (self.world().now - Instant::ZERO)
    }

    fn seed(&self) -> [u8; 32] {
        [7; 32]
    }
}

struct Wire {
    world: InMemory,
    conn: ConnId,
}

impl Socket for Wire {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let _foreign = Foreign::begin(&self.world);
        let mut world = self.world.world();
        let (most, floods, is_restless) = (world.read_size, world.floods, world.is_restless);
        let end = world.ends.get_mut(&self.conn).expect("an end as long as its socket");
        end.reads += 1;
        while floods && end.inbox.len() < buf.len() {
            let mut push = [0; 24];
            push[..2].copy_from_slice(&[0x82, 0x01]);
            end.inbox.extend_from_slice(&push);
        }
        if end.inbox.is_empty() {
            if end.is_cut {
                return Poll::Ready(Ok(0));
            }
            if is_restless {
                cx.waker().wake_by_ref();
            }
            end.readers = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let count = buf.len().min(end.inbox.len()).min(most);
        buf[..count].copy_from_slice(&end.inbox[..count]);
        end.inbox.drain(..count);
        Poll::Ready(Ok(count))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let _foreign = Foreign::begin(&self.world);
        let mut world = self.world.world();
        let (now, room) = (world.now, world.write_room.min(world.write_size));
        let end = world.ends.get_mut(&self.conn).expect("an end as long as its socket");
        if end.is_cut {
            return Poll::Ready(Err(ErrorKind::ConnectionReset.into()));
        }
        if room == 0 {
            end.writers = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let mut bytes = Vec::new();
        for buf in bufs {
            bytes.extend_from_slice(&buf[..buf.len().min(room - bytes.len())]);
        }
        world.writes += 1;
        if world.write_room != usize::MAX {
            world.write_room -= bytes.len();
        }
        world.model.handle_input(self.conn, &bytes, now);
        let wakers = world.pump();
        drop(world);
        wakers.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(bytes.len()))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let mut world = self.world.world();
        world.ends.remove(&self.conn);
        world.model.handle_closed(self.conn);
    }
}

/// Counts what is allocated while it is there as the world's.
struct Foreign {
    world: InMemory,
    before: usize,
}

impl Foreign {
    fn begin(world: &InMemory) -> Self {
        let before = (world.world().count_allocations)();
        Self { world: world.clone(), before }
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let mut world = self.world.world();
        world.foreign_allocations += (world.count_allocations)() - self.before;
    }
}
