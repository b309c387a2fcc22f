//! An operation that is not sent is a mistake, and so is an answer that nobody wants.
//!
//! code: unused_must_use
//! says: operations do nothing until they are awaited or sent
//! says: await it for the outcome, or call `detach` to ignore it

#![deny(unused_must_use)]

use couchbase_tokio::*;
pub fn f(cb: &Connection) { cb.set("k", 1); cb.set("k", 1).send(); }
fn main() {}
