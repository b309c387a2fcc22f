//! The promised behaviour of the client, as black-box tests that run on any host.
//!
//! A [`Host`](host::Host) is one way to run the client. `runtime_contract!(Host)` tests its runtime alone.

// All of this is test code, where a panic is the report.
#![allow(clippy::unwrap_used)]

pub mod host;
pub mod hosts;
pub mod runtime;
