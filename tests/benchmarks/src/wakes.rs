//! P: tasks woken by one, without input or output. What the runtime itself costs for each operation.

use crate::host::Host;
use crate::{IN_FLIGHT, Row};
use futures::future::{join_all, poll_fn};
use futures::task::AtomicWaker;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;

/// As many tasks as there are operations in flight elsewhere.
pub(crate) struct Wakes<H>(H);

impl<H: Host> Wakes<H> {
    pub(crate) fn new() -> Self {
        Self(H::new())
    }
}

#[derive(Default)]
struct Bell {
    waker: AtomicWaker,
    has_rung: AtomicBool,
}

impl Bell {
    /// Ends when it has rung.
    async fn heard(&self) {
        poll_fn(|cx| {
            if self.has_rung.swap(false, Ordering::AcqRel) {
                return Poll::Ready(());
            }
            self.waker.register(cx.waker());
            // It may have rung meanwhile.
            if self.has_rung.swap(false, Ordering::AcqRel) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    fn ring(&self) {
        self.has_rung.store(true, Ordering::Release);
        self.waker.wake();
    }
}

impl<H: Host> Row for Wakes<H> {
    fn run(&mut self, operations: usize) -> usize {
        let each = operations.div_ceil(IN_FLIGHT);
        let bells: Arc<Vec<Bell>> = Arc::new((0..IN_FLIGHT).map(|_| Bell::default()).collect());
        // The last one of a round to answer wakes the one that rings.
        let (answered, all) = (Arc::new(AtomicUsize::new(0)), Arc::new(Bell::default()));
        let listeners = (0..IN_FLIGHT).map(|n| {
            let (bells, answered, all) = (bells.clone(), answered.clone(), all.clone());
            self.0.spawn(async move {
                for _ in 0..each {
                    bells[n].heard().await;
                    if answered.fetch_add(1, Ordering::AcqRel) + 1 == IN_FLIGHT {
                        all.ring();
                    }
                }
            })
        });
        let listeners: Vec<_> = listeners.collect();
        let ringer = self.0.spawn(async move {
            for _ in 0..each {
                answered.store(0, Ordering::Release);
                bells.iter().for_each(Bell::ring);
                all.heard().await;
            }
        });
        self.0.block_on(async {
            ringer.await;
            join_all(listeners).await;
        });
        each * IN_FLIGHT
    }
}
