//! Documents are encoded from references.
//!
//! code: E0277
//! says: User
//! says: consider borrowing here

use couchbase_tokio::*;
#[derive(serde::Serialize)] struct User { name: String }
pub async fn f(cb: &Connection, u: User) -> Result<()> { cb.set("k", u).await?; Ok(()) }
fn main() {}
