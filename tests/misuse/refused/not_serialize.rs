//! A type that cannot be written as JSON.
//!
//! code: E0277
//! says: `&User` cannot be stored as a document
//! says: implements `serde::Serialize`
//! says: implement `Encode` for your type

use couchbase_tokio::*;
struct User { name: String }
pub async fn f(cb: &Connection, u: User) -> Result<()> { cb.set("k", &u).await?; Ok(()) }
fn main() {}
