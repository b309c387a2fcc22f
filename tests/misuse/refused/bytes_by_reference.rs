//! Bytes by reference are no document: by value they are.
//!
//! code: E0277
//! says: cannot be stored as a document
//! says: bytes and text: pass `Raw(bytes)`, `Text(string)`, or `Bytes`

use couchbase_tokio::*;
pub async fn f(cb: &Connection, b: Bytes) -> Result<()> { cb.set("k", &b).await?; Ok(()) }
fn main() {}
