//! A Couchbase-compatible cluster inside the process that tests against it: several nodes with real sockets on
//! loopback, real protocol, and failures on demand.
//!
//! [`Cluster`] is what most tests need. [`model`] is the same cluster without sockets, threads and clock, for
//! simulations.
//!
//! ```
//! use couchbase_core::wire::{Opcode, Status};
//! use couchbase_testkit::Cluster;
//! use std::time::Duration;
//!
//! let cluster = Cluster::builder().nodes(4).replicas(1).bucket("default").start();
//! let address = cluster.connection_string(); // give this to the client under test
//! assert!(address.ends_with("/default"));
//!
//! cluster.node_of("user::1").stall(Duration::from_millis(200));
//! cluster.answer_next(2, Opcode::SET, Status::ETMPFAIL);
//! cluster.move_vbucket(cluster.vbucket_of("user::1"), 3);
//! assert_eq!(cluster.node_of("user::1").index(), 3);
//! ```

mod cluster;
mod front;
pub mod http;
mod management;
pub mod model;
pub mod views;

pub use cluster::{Builder, Cluster, Node};
