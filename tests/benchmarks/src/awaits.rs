//! The client with futures: each task awaits one operation after the other.

use crate::counted::Writes;
use crate::host::Host;
use crate::{Row, keys};
use couchbase_core::{Connection, Key, open_parts};
use futures::future::join_all;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub(crate) struct Awaits<H> {
    host: H,
    cb: Connection,
    in_flight: usize,
    keys: Arc<Vec<Key>>,
}

impl<H: Host> Awaits<H> {
    pub(crate) fn connect(address: SocketAddr, in_flight: usize, writes: &Arc<Writes>) -> Self {
        let host = H::new();
        let config = format!("couchbase://{address}/default");
        let (cb, driver) = open_parts(config.as_str(), host.runtime(writes)).expect("no fault in it");
        drop(host.spawn(driver));
        Self { host, cb, in_flight, keys: Arc::new(keys()) }
    }
}

impl<H: Host> Row for Awaits<H> {
    fn run(&mut self, operations: usize) -> usize {
        let each = operations.div_ceil(self.in_flight);
        let right = Arc::new(AtomicUsize::new(0));
        let tasks = (0..self.in_flight).map(|task| {
            let (cb, keys, right) = (self.cb.clone(), self.keys.clone(), right.clone());
            self.host.spawn(async move {
                let mut found = 0;
                for n in 0..each {
                    let outcome = cb.get(&keys[(task + n) % keys.len()]).await;
                    found += usize::from(outcome.is_ok());
                }
                right.fetch_add(found, Ordering::Relaxed);
            })
        });
        // From within: tasks that are spawned from outside reach a runtime one by one, each with a write of its own.
        self.host.block_on(async { join_all(tasks).await });
        right.load(Ordering::Relaxed)
    }
}
