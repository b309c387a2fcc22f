//! The client without futures of operations: a completion queue, in a task that polls the driver itself.

use crate::counted::Writes;
use crate::host::Host;
use crate::{Row, keys};
use couchbase_core::{AsyncConnection, CompletionQueue, Driver, Key, open_parts};
use futures::future::poll_fn;
use std::future::Future as _;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

pub(crate) struct Batch<H> {
    host: H,
    cb: AsyncConnection,
    driver: Driver,
    queue: CompletionQueue<()>,
    keys: Vec<Key>,
}

impl<H: Host> Batch<H> {
    pub(crate) fn connect(address: SocketAddr, in_flight: usize, writes: &Arc<Writes>) -> Self {
        let host = H::new();
        let config = format!("couchbase://{address}/default");
        let (cb, driver) = open_parts(config.as_str(), host.runtime(writes)).expect("no fault in it");
        let queue = CompletionQueue::with_capacity(in_flight);
        Self { host, cb: cb.callbacks(), driver, queue, keys: keys() }
    }
}

impl<H: Host> Row for Batch<H> {
    fn run(&mut self, operations: usize) -> usize {
        let Self { host, cb, driver, queue, keys } = self;
        let (mut sent, mut done, mut right) = (0, 0, 0);
        host.block_on(poll_fn(|cx| {
            loop {
                while sent < operations && !queue.is_full() {
                    cb.get(&keys[sent % keys.len()]).send_to(queue, ()).expect("the queue has room");
                    sent += 1;
                }
                assert!(Pin::new(&mut *driver).poll(cx).is_pending(), "the connection has ended");
                let before = done;
                for completion in queue.drain() {
                    done += 1;
                    right += usize::from(completion.result.is_ok());
                }
                if done == operations {
                    return Poll::Ready(right);
                }
                if done == before {
                    return Poll::Pending;
                }
            }
        }))
    }
}
