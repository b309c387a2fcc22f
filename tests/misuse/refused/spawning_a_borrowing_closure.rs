//! A query that borrows cannot be spawned.
//!
//! code: E0373
//! says: closure may outlive the current function
//! says: use the `move` keyword

use couchbase_tokio::*; use couchbase_tokio::views::*;
pub fn f(cb: Connection) { let mut n = 0; tokio::spawn(cb.query("d", "v").each(|_| { n += 1; Ok(Flow::More) })); }
fn main() {}
