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

struct Chain {
    cb: AsyncConnection,
    keys: Arc<Vec<Key>>,
    operations: usize,
    sent: AtomicUsize,
    done: AtomicUsize,
    right: AtomicUsize,
    end: Mutex<Option<oneshot::Sender<()>>>,
}

impl Chain {
    fn send_next(self: &Arc<Self>) {
        let n = self.sent.fetch_add(1, Ordering::Relaxed);
        if n < self.operations {
            let chain = self.clone();
            self.cb.get(&self.keys[n % self.keys.len()]).then(move |outcome| {
                chain.right.fetch_add(usize::from(outcome.is_ok()), Ordering::Relaxed);
                chain.send_next();
                if chain.done.fetch_add(1, Ordering::AcqRel) + 1 == chain.operations {
                    let end = chain.end.lock().expect("nobody panics here").take();
                    // Whoever waits has not gone.
                    let _ = end.map(|end| end.send(()));
                }
            });
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
            sent: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            right: AtomicUsize::new(0),
            end: Mutex::new(Some(end)),
        });
        for _ in 0..self.in_flight {
            chain.send_next();
        }
        self.host.block_on(ended).expect("the last callback tells");
        chain.right.load(Ordering::Relaxed)
    }
}
