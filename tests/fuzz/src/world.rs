//! A runtime in which nothing happens by itself: a clock that moves when nothing else can, tasks that are polled in
//! turn, sockets in memory.

mod data;
mod views;

pub(crate) use data::Said;
pub(crate) use views::Answer;

use crate::mutate::Random;
use couchbase_core::Instant;
use couchbase_core::rt::{BoxFuture, Runtime, Socket, Timer};
use data::Data;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use views::Views;

/// Rounds of polls that everything is over in.
const MOST_ROUNDS: usize = 100_000;

pub(crate) struct World {
    now: Instant,
    timers: BTreeMap<u64, (Instant, Waker)>,
    timers_made: u64,
    tasks: Vec<BoxFuture<()>>,
    /// What view services say, to one link after the other.
    answers: VecDeque<Answer>,
    /// What a data service answers to a get of this key.
    say: Option<Say>,
    /// Where what data services say is cut.
    cuts: Option<Random>,
    /// Sockets that exist.
    pub(crate) open: usize,
}

impl World {
    pub(crate) fn with_views(answers: VecDeque<Answer>) -> Arc<Mutex<Self>> {
        Self::new(answers, None, None)
    }

    pub(crate) fn with_data(say: Say, cuts: Random) -> Arc<Mutex<Self>> {
        Self::new(VecDeque::new(), Some(say), Some(cuts))
    }

    fn new(answers: VecDeque<Answer>, say: Option<Say>, cuts: Option<Random>) -> Arc<Mutex<Self>> {
        let now = Instant::ZERO + Duration::from_secs(1);
        let (timers, tasks) = (BTreeMap::new(), Vec::new());
        Arc::new(Mutex::new(Self { now, timers, timers_made: 0, tasks, answers, say, cuts, open: 0 }))
    }
}

type Say = Box<dyn FnMut(&[u8]) -> Said + Send>;

/// Counts sockets.
struct Open(Arc<Mutex<World>>);

impl Open {
    fn new(world: &Arc<Mutex<World>>) -> Self {
        lock(world).open += 1;
        Self(world.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Ok(mut world) = self.0.lock() {
            world.open -= 1;
        }
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs the future, and what was spawned, to the future's end.
pub(crate) fn run<F: Future>(world: &Mutex<World>, future: F) -> F::Output {
    let mut future = pin!(future);
    let flag = Arc::new(Flag(AtomicBool::new(false)));
    let waker = Waker::from(flag.clone());
    let mut cx = Context::from_waker(&waker);
    for _ in 0..MOST_ROUNDS {
        flag.0.store(false, Ordering::Relaxed);
        let mut tasks = std::mem::take(&mut lock(world).tasks);
        tasks.retain_mut(|task| task.as_mut().poll(&mut cx).is_pending());
        lock(world).tasks.extend(tasks);
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        if !flag.0.load(Ordering::Relaxed) {
            advance(world);
        }
    }
    panic!("no end after {MOST_ROUNDS} rounds");
}

/// To the next timer.
fn advance(world: &Mutex<World>) {
    let mut world = lock(world);
    let next = world.timers.iter().min_by_key(|(_, (at, _))| *at).map(|(id, _)| *id);
    let (at, waker) = next.and_then(|id| world.timers.remove(&id)).expect("nothing will ever happen again");
    world.now = world.now.max(at);
    drop(world);
    waker.wake();
}

fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().expect("no panic")
}

/// The runtime.
pub(crate) struct Still(pub(crate) Arc<Mutex<World>>);

impl Runtime for Still {
    fn now(&self) -> Instant {
        lock(&self.0).now
    }

    fn timer(&self) -> Box<dyn Timer> {
        let mut world = lock(&self.0);
        world.timers_made += 1;
        Box::new(Alarm { id: world.timers_made, at: None, world: self.0.clone() })
    }

    fn resolve(&self, host: &str, port: u16) -> BoxFuture<io::Result<Vec<SocketAddr>>> {
        let found = host.parse().map(|address| vec![SocketAddr::new(address, port)]);
        Box::pin(std::future::ready(found.map_err(|_| io::ErrorKind::NotFound.into())))
    }

    fn connect(&self, addr: SocketAddr) -> BoxFuture<io::Result<Box<dyn Socket>>> {
        let socket: io::Result<Box<dyn Socket>> = if addr.port() == 11210 {
            Ok(Box::new(Data::new(&self.0)))
        } else {
            // Nobody listens any more when all was said.
            let answer = lock(&self.0).answers.pop_front();
            match answer {
                Some(answer) => Ok(Box::new(Views::new(&self.0, answer))),
                None => Err(io::ErrorKind::ConnectionRefused.into()),
            }
        };
        Box::pin(std::future::ready(socket))
    }

    fn spawn(&self, task: BoxFuture<()>) {
        lock(&self.0).tasks.push(task);
    }

    fn unix_time(&self) -> Duration {
        Duration::from_secs(1_700_000_000)
    }

    fn seed(&self) -> [u8; 32] {
        [7; 32]
    }
}

struct Alarm {
    id: u64,
    at: Option<Instant>,
    world: Arc<Mutex<World>>,
}

impl Timer for Alarm {
    fn reset(&mut self, at: Instant) {
        self.at = Some(at);
        lock(&self.world).timers.remove(&self.id);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else { return Poll::Pending };
        let mut world = lock(&self.world);
        if world.now >= at {
            return Poll::Ready(());
        }
        world.timers.insert(self.id, (at, cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Ok(mut world) = self.world.lock() {
            world.timers.remove(&self.id);
        }
    }
}
