//! A number is no key.
//!
//! code: E0277
//! says: Key: From<{integer}>` is not satisfied

use couchbase_tokio::*;
pub async fn f(cb: &Connection) -> Result<()> { cb.get(42).await?; Ok(()) }
fn main() {}
