//! The driver and both faces over the machine and the embedded cluster's model, in memory and in virtual time.

#![allow(clippy::unwrap_used, reason = "a test may")]

#[path = "driver/busy.rs"]
mod busy;
#[path = "driver/callbacks.rs"]
mod callbacks;
#[cfg(feature = "http")]
#[path = "driver/companion.rs"]
mod companion;
#[path = "driver/deadlines.rs"]
mod deadlines;
#[path = "driver/events.rs"]
mod events;
#[path = "driver/full.rs"]
mod full;
#[path = "driver/futures.rs"]
mod futures_face;
#[path = "driver/in_memory.rs"]
mod in_memory;
#[path = "driver/many_keys.rs"]
mod many_keys;
#[path = "driver/passes.rs"]
mod passes;
#[path = "driver/queue.rs"]
mod queue;
#[path = "driver/reading.rs"]
mod reading;
#[path = "driver/reentrancy.rs"]
mod reentrancy;
#[path = "driver/threads.rs"]
mod threads;
#[path = "driver/turning.rs"]
mod turning;
