//! A type that cannot be read from JSON.
//!
//! code: E0277
//! says: a document cannot be read as `User`
//! says: derive `serde::Deserialize` for it, or implement `Decode`

use couchbase_tokio::*;
struct User;
pub async fn f(cb: &Connection) -> Result<User> { cb.get("k").value().await }
fn main() {}
