//! The extension trait is proposed by the path that works.
//!
//! code: E0599
//! says: no method named `query_all` found
//! says: use couchbase_tokio::views::ViewExt;

use couchbase_tokio::*;
pub async fn f(cb: &Connection) -> Result<()> { cb.query_all("d", "v").await?; Ok(()) }
fn main() {}
