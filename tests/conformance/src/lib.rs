//! The promised behaviour of the client, as black-box tests that run on any host.
//!
//! A [`Host`](host::Host) is one way to run the client. `suite!(Host)` expands to one test for each promise of the
//! public face on that host, `runtime_contract!(Host)` tests its runtime alone.
//!
//! The server is an embedded cluster, new for each test. Where `COUCHBASE_CONNECTION_STRING` is set, the promises that
//! need no faults are tested against the server that it names; documents are stored there under keys that begin with
//! `conformance::`.

// All of this is test code, where a panic is the report.
#![allow(clippy::unwrap_used)]

pub mod bench;
pub mod host;
pub mod hostile;
pub mod hosts;
pub mod promise;
pub mod runtime;
