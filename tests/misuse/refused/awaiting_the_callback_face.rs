//! An operation of the callback face is no future.
//!
//! code: E0277
//! says: Get<Callbacks>` is not a future
//! says: Future` is implemented for

use couchbase_tokio::*;
pub async fn f(cb: &AsyncConnection) -> Result<()> { cb.get("k").await?; Ok(()) }
fn main() {}
