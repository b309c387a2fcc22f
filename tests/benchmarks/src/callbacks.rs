//! The client with callbacks: each one sends the next operation.

use crate::counted::Writes;
use crate::host::Host;
use crate::{Row, keys};
use couchbase_core::{AsyncConnection, Key, open_parts};
use futures::channel::oneshot;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

pub(crate) struct Callbacks<H> {
    host: H,
    cb: AsyncConnection,
    in_flight: usize,
    keys: Arc<Vec<Key>>,
}

impl<H: Host> Callbacks<H> {
    pub(crate) fn connect(address: SocketAddr, in_flight: usize, writes: &Arc<Writes>) -> Self {
        let host = H::new();
        let config = format!("couchbase://{address}/default");
        let (cb, driver) = open_parts(config.as_str(), host.runtime(writes)).expect("no fault in it");
        drop(host.spawn(driver));
        Self { host, cb: cb.callbacks(), in_flight, keys: Arc::new(keys()) }
    }
}

/// What the callbacks share. The row's own part in an operation is one atomic addition.
struct Chain {
    cb: AsyncConnection,
    keys: Arc<Vec<Key>>,
    operations: usize,
    in_flight: usize,
    done: AtomicUsize,
    wrong: AtomicUsize,
    end: Mutex<Option<oneshot::Sender<()>>>,
}

impl Chain {
    fn send(self: Arc<Self>, n: usize) {
        self.cb.get(&self.keys[n % self.keys.len()]).then(move |outcome| self.told(outcome.is_ok()));
    }

    fn told(self: Arc<Self>, is_right: bool) {
        if !is_right {
            self.wrong.fetch_add(1, Ordering::Relaxed);
        }
        let before = self.done.fetch_add(1, Ordering::AcqRel);
        let next = before + self.in_flight;
        if next < self.operations {
            self.send(next);
        } else if before + 1 == self.operations {
            let end = self.end.lock().expect("nobody panics here").take();
            // Whoever waits has not gone.
            let _ = end.map(|end| end.send(()));
        }
    }
}

impl<H: Host> Row for Callbacks<H> {
    fn run(&mut self, operations: usize) -> usize {
        let (end, ended) = oneshot::channel();
        let chain = Arc::new(Chain {
            cb: self.cb.clone(),
            keys: self.keys.clone(),
            operations,
            in_flight: self.in_flight,
            done: AtomicUsize::new(0),
            wrong: AtomicUsize::new(0),
            end: Mutex::new(Some(end)),
        });
        for n in 0..self.in_flight.min(operations) {
            chain.clone().send(n);
        }
        self.host.block_on(ended).expect("the last callback tells");
        operations - chain.wrong.load(Ordering::Relaxed)
    }
}
