//! Where a document lives: cluster maps, which of two is newer, and key to vbucket to node.
//!
//! Input is the "terse" configuration that servers send (GET_CLUSTER_CONFIG, NOT_MY_VBUCKET, pushes), output an
//! immutable [`ClusterMap`]. Reading it is total: whatever the bytes, the answer is a map or a [`ConfigError`] in
//! words, and memory stays within a small factor of the input. A map that exists is consistent: every vbucket it
//! knows points at a node it has. Nothing here knows sockets or operations.

mod config_error;
mod hash;
mod map;
mod revision;
mod terse;
#[cfg(test)]
mod tests;

pub use config_error::ConfigError;
pub use hash::vbucket_of;
pub use map::{ClusterMap, NodeInfo};
pub use revision::{Revision, Verdict};

/// Most nodes that a map may have.
pub const MAX_NODES: usize = 1_000;
/// Most vbuckets that a map may have.
pub const MAX_VBUCKETS: usize = 65_536;
/// Most replicas that a map may have. Servers stop at 3.
pub const MAX_REPLICAS: usize = 15;
