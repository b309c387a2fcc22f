//! Seconds, milliseconds, a date? A number does not say.
//!
//! code: E0277
//! says: Expiry: From<{integer}>` is not satisfied
//! says: Duration

use couchbase_tokio::*;
pub async fn f(cb: &Connection) -> Result<()> { cb.set("k", 1).ttl(60).await?; Ok(()) }
fn main() {}
