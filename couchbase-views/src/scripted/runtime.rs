//! The runtime of the scripted nodes: sockets that follow the script, and a clock that stands still.

use super::{Act, World};
use couchbase_core::Instant;
use couchbase_core::rt::{BoxFuture, Runtime, Socket, Timer};
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

/// Reads that one round of polls may make: nobody else would have his turn.
const READS_A_ROUND: usize = 100;

#[derive(Clone)]
pub(super) struct Clockwork(pub(super) Arc<Mutex<World>>);

impl Runtime for Clockwork {
    fn now(&self) -> Instant {
        self.0.lock().unwrap().now
    }

    fn timer(&self) -> Box<dyn Timer> {
        let mut world = self.0.lock().unwrap();
        world.timers_made += 1;
        Box::new(Alarm { id: world.timers_made, at: None, world: self.0.clone() })
    }

    fn resolve(&self, _host: &str, port: u16) -> BoxFuture<io::Result<Vec<SocketAddr>>> {
        let mut world = self.0.lock().unwrap();
        if let Some(script) = world.script.get_mut(&port)
            && let Some(Act::Unresolved) = script.front()
        {
            script.pop_front();
            return Box::pin(std::future::pending());
        }
        Box::pin(std::future::ready(Ok(vec![(Ipv4Addr::LOCALHOST, port).into()])))
    }

    fn connect(&self, addr: SocketAddr) -> BoxFuture<io::Result<Box<dyn Socket>>> {
        let mut world = self.0.lock().unwrap();
        world.asked.push(addr.port());
        let act =
            world.script.get_mut(&addr.port()).and_then(VecDeque::pop_front).expect("the script has ended");
        match act {
            Act::Refuse => Box::pin(std::future::ready(Err(io::ErrorKind::ConnectionRefused.into()))),
            Act::Ignore | Act::Unresolved => Box::pin(std::future::pending()),
            Act::Answer(_) | Act::Stall(_) | Act::Blurt(_) | Act::Flood(..) => {
                world.open += 1;
                let socket = Line { act, written: Vec::new(), is_asked: false, world: self.0.clone() };
                Box::pin(std::future::ready(Ok(Box::new(socket) as Box<dyn Socket>)))
            }
        }
    }

    fn spawn(&self, task: BoxFuture<()>) {
        self.0.lock().unwrap().tasks.push(task);
    }

    fn seed(&self) -> [u8; 32] {
        [0; 32]
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
        self.world.lock().unwrap().timers.remove(&self.id);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else { return Poll::Pending };
        let mut world = self.world.lock().unwrap();
        if world.now >= at {
            return Poll::Ready(());
        }
        world.timers.insert(self.id, (at, cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.world.lock().unwrap().timers.remove(&self.id);
    }
}

struct Line {
    act: Act,
    written: Vec<u8>,
    is_asked: bool,
    world: Arc<Mutex<World>>,
}

impl Line {
    fn give(&self, piece: &[u8], takes: Duration, buf: &mut [u8]) -> usize {
        let mut world = self.world.lock().unwrap();
        world.now = world.now + takes;
        world.reads += 1;
        world.reads_this_round += 1;
        let is_too_much = world.reads_this_round > READS_A_ROUND;
        drop(world);
        assert!(!is_too_much, "more than {READS_A_ROUND} reads without a pause");
        buf[..piece.len()].copy_from_slice(piece);
        piece.len()
    }
}

impl Socket for Line {
    fn poll_read(&mut self, _cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if !self.is_asked && !matches!(self.act, Act::Blurt(_)) {
            return Poll::Pending;
        }
        let (pieces, is_silent) = match &mut self.act {
            Act::Answer(pieces) | Act::Blurt(pieces) => (pieces, false),
            Act::Stall(pieces) => (pieces, true),
            Act::Flood(first, again) => {
                let piece = std::mem::replace(first, again.to_vec());
                return Poll::Ready(Ok(self.give(&piece, Duration::from_millis(1), buf)));
            }
            Act::Refuse | Act::Ignore | Act::Unresolved => unreachable!("no such socket"),
        };
        if pieces.is_empty() {
            return if is_silent { Poll::Pending } else { Poll::Ready(Ok(0)) };
        }
        let piece = pieces.remove(0);
        Poll::Ready(Ok(self.give(&piece, Duration::ZERO, buf)))
    }

    fn poll_write(&mut self, _cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        if matches!(self.act, Act::Blurt(_)) {
            return Poll::Pending;
        }
        assert!(bufs.iter().any(|part| !part.is_empty()));
        // Not all at once, to exercise what is written in parts.
        let all: Vec<u8> = bufs.iter().flat_map(|part| part.iter().copied()).collect();
        let taken = all.len().min(100);
        self.written.extend_from_slice(&all[..taken]);
        let text = String::from_utf8(self.written.clone()).unwrap();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
            if body.len() == length.map_or(0, |length| length.parse().unwrap()) {
                self.is_asked = true;
                self.world.lock().unwrap().requests.push(text);
            }
        }
        Poll::Ready(Ok(taken))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.world.lock().unwrap().open -= 1;
    }
}
