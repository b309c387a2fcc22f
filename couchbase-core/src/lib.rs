//! A Couchbase client as a pure state machine, and the driver that runs it on any async runtime.
//!
//! Applications depend on one adapter, `couchbase-tokio` or `couchbase-async-std` (any executor), which re-exports all
//! of this; libraries depend on this crate and take a [`&Connection`](Connection). Tools that bring their own I/O use
//! the [`machine`] alone, without features and without `std`.
//!
//! # The library in five minutes
//!
//! A [`Connection`] is a bucket. It is one pointer wide, cloned freely, shared between threads, and has no type
//! parameter for its runtime. [`open`] returns at once: operations wait for the connection, in order, and fail with its
//! error if it fails.
//!
//! ```
//! use couchbase_core::{Connection, ErrorKind, Result};
//! use serde::{Deserialize, Serialize};
//! use std::time::Duration;
//!
//! #[derive(Serialize, Deserialize)]
//! struct User {
//!     name: String,
//!     visits: u64,
//! }
//!
//! async fn tour(cb: &Connection) -> Result<()> {
//!     // Anything that serde serializes is stored as JSON, by reference.
//!     cb.set("user::1", &User { name: "Ada".into(), visits: 1 }).await?;
//!     let user: User = cb.get("user::1").value().await?;
//!
//!     // Options are methods; an operation only has those that apply to it.
//!     cb.set("session", &user.name).ttl(Duration::from_secs(3600)).timeout(Duration::from_millis(200)).await?;
//!     let visits = cb.incr("visits").initial(0).await?.value();
//!
//!     // On its way now; awaited whenever. Operations on one key take effect in the order sent.
//!     let set = cb.set("count", visits).send();
//!     let get = cb.get("count").send();
//!     set.await?;
//!     let count: u64 = get.await?.value()?;
//!
//!     // CAS: replace only what was read.
//!     let document = cb.get("user::1").await?;
//!     let mut user: User = document.value()?;
//!     user.visits += count;
//!     match cb.replace("user::1", &user).cas(&document).await {
//!         Err(error) if error.is_cas_mismatch() => println!("somebody was faster"),
//!         Err(error) if error.kind() == ErrorKind::Timeout && error.is_ambiguous() => println!("it may have happened"),
//!         other => println!("new CAS {}", other?.cas()),
//!     }
//!
//!     // Absence is an error, unless it is expected.
//!     let nobody: Option<User> = cb.get("user::2").optional().value().await?;
//!     assert!(nobody.is_none());
//!
//!     // Many keys at once: one error, all results.
//!     for (key, result) in &cb.get_multi(["user::1", "count"]).await? {
//!         println!("{key}: {} bytes", result?.bytes().len());
//!     }
//!     cb.close().await
//! }
//! # doc_examples::run(async |cb| tour(&cb).await);
//! ```
//!
//! The same connection has a second face, [`AsyncConnection`], whose operations take callbacks or go into a
//! [`CompletionQueue`]; [`Connection::callbacks`] and [`AsyncConnection::futures`](Connection::futures) lead from one
//! to the other.
//!
//! # What is promised
//!
//! * **Order.** Two operations on one key, at least one of them a write, that both succeed took effect in the order in
//!   which they were sent: through retries, moved vbuckets, lost links, before the first connection and at the limit.
//! * **Deadlines.** Each operation ends within its timeout (2.5 s unless told otherwise, waits and retries included),
//!   at most 16 ms late. The time counts from sending, or from the first connection, if that comes later.
//! * **Truth.** [`Error::is_ambiguous`] tells whether the server may have carried out what failed. Without it, it did
//!   not.
//! * **Bounds.** 4,096 operations and 64 MiB in flight unless configured; beyond that, awaited operations stand in line
//!   and the rest get [`ErrorKind::Overloaded`].
//! * **Dropping** a future harms no other operation; callbacks never run inside the call that schedules them.
//!
//! # Features
//!
//! * `driver` (default): handles, futures, sockets through [`rt::Runtime`]. Needs `std`.
//! * `http`: one HTTP/1.1 exchange as bytes in, bytes out, for companions such as `couchbase-views`.
//!
//! Without features the crate is `no_std` (with `alloc`): [`machine`], [`wire`], [`session`], [`topology`].
//!
//! Rust 1.89 or later is meant to work; only the newest was run.
#![no_std]
#![cfg_attr(not(feature = "driver"), allow(rustdoc::broken_intra_doc_links))]

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
#[cfg(feature = "driver")]
mod sync;
pub mod topology;
mod value;
pub mod wire;

pub use bytes::Bytes;
pub use cas::Cas;
pub use config::Config;
// What is hidden here is hidden where it is defined: adapters re-export by a glob, which does not see an attribute
// here.
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
pub use companion::{Companion, Errand};
#[cfg(feature = "driver")]
pub use driver::Standing;
#[cfg(feature = "driver")]
pub use {
    connection::{AsyncConnection, Connection, Event, face, open, open_parts},
    driver::Driver,
    pending::{AsyncResult, Deferred},
    queue::{Completion, CompletionQueue, Drain},
};
