//! Nobody has said what to read.
//!
//! code: E0277
//! says: say which type is wanted: `let user: User = ...` or `.value::<User>()`

use couchbase_tokio::*;
pub async fn f(cb: &Connection) -> Result<()> { let v = cb.get("k").value().await?; Ok(()) }
fn main() {}
