//! A Couchbase client as a pure state machine, and the driver that runs it on any async runtime.
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(feature = "driver")]
extern crate std;

mod cas;
#[cfg(all(feature = "driver", feature = "http"))]
mod companion;
mod config;
#[cfg(feature = "driver")]
mod connection;
#[cfg(feature = "driver")]
mod driver;
mod error;
mod expiry;
mod flags;
#[cfg(feature = "http")]
pub mod http;
mod instant;
mod key;
pub mod machine;
mod multi;
mod node;
#[cfg(feature = "driver")]
pub mod ops;
#[cfg(feature = "driver")]
mod pending;
#[cfg(feature = "driver")]
mod queue;
mod result;
#[cfg(feature = "driver")]
pub mod rt;
pub mod session;
pub mod topology;
mod value;
pub mod wire;

pub use bytes::Bytes;
pub use cas::Cas;
pub use config::Config;
#[doc(hidden)]
pub use config::{Checked, Limits, Seed};
pub use error::{Error, ErrorKind, Result};
pub use expiry::Expiry;
pub use flags::Flags;
pub use instant::Instant;
pub use key::Key;
pub use multi::{Iter, MultiResult};
pub use node::Node;
pub use result::{CounterResult, FromReply, OperationResult, Reply, ValueResult};
pub use value::{Decode, Encode, Encoded, Fragment, Json, MAX_VALUE_LEN, Raw, Text};

#[cfg(feature = "http")]
#[doc(hidden)]
pub use companion::Companion;
#[cfg(feature = "driver")]
pub use {
    connection::{AsyncConnection, Connection, Event, face, open, open_parts},
    driver::Driver,
    pending::{AsyncResult, Deferred},
    queue::{Completion, CompletionQueue, Drain},
};
