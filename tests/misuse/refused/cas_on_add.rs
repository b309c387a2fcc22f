//! A document that must not exist has no CAS.
//!
//! code: E0599
//! says: no method named `cas` found for struct
//! says: ops::Add

use couchbase_tokio::*;
pub async fn f(cb: &Connection, c: Cas) -> Result<()> { cb.add("k", 1).cas(c).await?; Ok(()) }
fn main() {}
