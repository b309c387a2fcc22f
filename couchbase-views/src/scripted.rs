//! For tests: a connection whose nodes follow a script, in memory and in virtual time. Time moves only when nothing
//! else can, so every run is the same.

mod runtime;

use crate::home::{Errand, Home};
use couchbase_core::http::Authorization;
use couchbase_core::rt::{BoxFuture, Runtime};
use couchbase_core::{Error, ErrorKind, Instant, Result, Standing};
use runtime::Clockwork;
use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// What a node does with the next link.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Refuse,
    /// The look-up never ends.
    Unresolved,
    /// Never answers the connection attempt.
    Ignore,
    /// Accepts, and sends these pieces once the request is there; then closes.
    Answer(Vec<Vec<u8>>),
    /// As `Answer`, but then stays silent.
    Stall(Vec<Vec<u8>>),
    /// As `Answer`, without reading the request.
    Blurt(Vec<Vec<u8>>),
    /// Sends the first piece, then the second again and again. Each takes a millisecond.
    Flood(Vec<u8>, &'static [u8]),
}

/// An answer with a body of the given length.
pub(crate) fn answer(status: u16, body: &str) -> Act {
    Act::Answer(vec![http(status, body).into_bytes()])
}

/// An answer cut into small pieces.
pub(crate) fn pieces(status: u16, body: &str) -> Act {
    Act::Answer(http(status, body).into_bytes().chunks(7).map(<[u8]>::to_vec).collect())
}

pub(crate) fn http(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} Words\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[derive(Default)]
struct World {
    now: Instant,
    timers: HashMap<u64, (Instant, Waker)>,
    timers_made: u64,
    script: HashMap<u16, VecDeque<Act>>,
    /// The ports asked, in order.
    asked: Vec<u16>,
    requests: Vec<String>,
    reads: usize,
    /// Those since the last round of polls began.
    reads_this_round: usize,
    open: usize,
    tasks: Vec<BoxFuture<()>>,
    /// None: not connected yet.
    connected: Option<Result<()>>,
    connecting: Vec<Waker>,
    standing: Standing,
    /// What is under way, with the tasks to be told when the standing changes.
    errands: HashMap<u64, Option<Waker>>,
    errands_made: u64,
}

#[derive(Clone)]
pub(crate) struct Scripted(Arc<Inner>);

struct Inner {
    world: Arc<Mutex<World>>,
    nodes: Vec<(String, u16)>,
    runtime: Clockwork,
}

impl Scripted {
    /// One node a list of acts, on ports from 1 on; connected.
    pub(crate) fn new<const N: usize>(nodes: [Vec<Act>; N]) -> Self {
        let script: HashMap<_, _> = (1..).zip(nodes.map(VecDeque::from)).collect();
        let nodes = (1..).take(N).map(|port| ("node".to_owned(), port)).collect();
        let world = World { script, connected: Some(Ok(())), ..World::default() };
        let world = Arc::new(Mutex::new(world));
        Self(Arc::new(Inner { runtime: Clockwork(world.clone()), world, nodes }))
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.world.lock().unwrap()
    }

    pub(crate) fn home(&self) -> Arc<dyn Home> {
        Arc::new(self.clone())
    }

    pub(crate) fn not_connected(self) -> Self {
        self.world().connected = None;
        self
    }

    pub(crate) fn connect(&self, outcome: Result<()>) {
        let waiting = {
            let mut world = self.world();
            world.connected = Some(outcome);
            std::mem::take(&mut world.connecting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// What the connection says of itself from now on.
    pub(crate) fn stand(&self, standing: Standing) {
        let told: Vec<Waker> = {
            let mut world = self.world();
            world.standing = standing;
            world.errands.values_mut().filter_map(Option::take).collect()
        };
        told.into_iter().for_each(Waker::wake);
    }

    /// How much closing the connection would wait for.
    pub(crate) fn errands(&self) -> usize {
        self.world().errands.len()
    }

    pub(crate) fn asked(&self) -> Vec<u16> {
        self.world().asked.clone()
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.world().requests.clone()
    }

    /// Reads that gave something.
    pub(crate) fn reads(&self) -> usize {
        self.world().reads
    }

    /// Sockets that exist.
    pub(crate) fn open(&self) -> usize {
        self.world().open
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.world().now - Instant::ZERO
    }

    /// What was spawned and has not ended. It does not run any more.
    pub(crate) fn take_tasks(&self) -> Vec<BoxFuture<()>> {
        std::mem::take(&mut self.world().tasks)
    }

    /// Runs the future, and what was spawned, to the future's end.
    pub(crate) fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let waker = Waker::from(flag.clone());
        let mut cx = Context::from_waker(&waker);
        loop {
            flag.0.store(false, Ordering::Relaxed);
            self.world().reads_this_round = 0;
            let mut tasks = self.take_tasks();
            tasks.retain_mut(|task| task.as_mut().poll(&mut cx).is_pending());
            self.world().tasks.extend(tasks);
            if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                return output;
            }
            if !flag.0.load(Ordering::Relaxed) {
                self.advance();
            }
        }
    }

    /// To the next timer.
    fn advance(&self) {
        let mut world = self.world();
        let next = world.timers.iter().min_by_key(|(_, (at, _))| *at).map(|(id, _)| *id);
        let (at, waker) =
            next.and_then(|id| world.timers.remove(&id)).expect("nothing will ever happen again");
        world.now = world.now.max(at);
        drop(world);
        waker.wake();
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Home for Scripted {
    fn begin(&self, _at_most: Duration) -> Result<Box<dyn Errand>> {
        let mut world = self.world();
        if world.standing != Standing::Open {
            return Err(Error::new(ErrorKind::Closed, "the connection is closed"));
        }
        world.errands_made += 1;
        let number = world.errands_made;
        world.errands.insert(number, None);
        Ok(Box::new(UnderWay { number, world: self.0.world.clone() }))
    }

    fn connected(&self) -> BoxFuture<Result<()>> {
        let scripted = self.clone();
        Box::pin(std::future::poll_fn(move |cx| {
            let mut world = scripted.world();
            match world.connected.clone() {
                Some(outcome) => Poll::Ready(outcome),
                None => {
                    world.connecting.push(cx.waker().clone());
                    Poll::Pending
                }
            }
        }))
    }

    fn runtime(&self) -> &dyn Runtime {
        &self.0.runtime
    }

    fn bucket(&self) -> String {
        "bucket".to_owned()
    }

    fn views_timeout(&self) -> Duration {
        Duration::from_secs(75)
    }

    fn view_nodes(&self) -> Vec<(String, u16)> {
        self.0.nodes.clone()
    }

    fn authorization(&self) -> Option<Authorization> {
        Some(Authorization::basic("user", "secret"))
    }
}

struct UnderWay {
    number: u64,
    world: Arc<Mutex<World>>,
}

impl Errand for UnderWay {
    fn poll_standing(&self, cx: &Context<'_>) -> Standing {
        let mut world = self.world.lock().unwrap();
        world.errands.insert(self.number, Some(cx.waker().clone()));
        world.standing
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.world.lock().unwrap().errands.remove(&self.number);
    }
}

/// What a failed connection is told by.
pub(crate) fn no_connection() -> Error {
    Error::new(ErrorKind::Auth, "wrong password")
}
