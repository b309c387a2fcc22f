//! Callbacks run on the driver.
//!
//! code: E0277
//! says: `Rc<i32>` cannot be sent between threads safely
//! says: on_ok

use couchbase_tokio::*;
pub fn f(cb: &AsyncConnection) { let n = std::rc::Rc::new(1); cb.get("k").on_ok(move |_| println!("{n}")); }
fn main() {}
