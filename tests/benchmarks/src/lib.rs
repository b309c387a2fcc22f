//! What one operation costs: CPU time, allocations, writes, instructions.
//!
//! Each row of the table is a way to do the same gets, against a responder in a process of its own. A row can be run
//! by the table, under callgrind, or by the smoke test; nothing here is a timed test.

pub mod arguments;
mod awaits;
mod bare;
pub mod baseline;
mod batch;
mod blocking;
mod callbacks;
mod channel;
pub mod counted;
mod frames;
mod host;
pub mod instructions;
mod machine;
pub mod process;
pub mod responder;
pub mod rows;
pub mod table;
mod wakes;

use couchbase_core::Key;

/// Operations in flight in most rows.
pub const IN_FLIGHT: usize = 128;

/// One way to do operations, set up and ready to go on.
pub trait Row {
    /// Does so many gets, or a few more: how many were answered rightly.
    fn run(&mut self, operations: usize) -> usize;
}

/// The keys that are asked for, in turn.
pub fn keys() -> Vec<Key> {
    (0..1024).map(|n| Key::from(format!("key::{n:06}"))).collect()
}
