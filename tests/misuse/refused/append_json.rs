//! JSON at the end of a document.
//!
//! code: E0277
//! says: From<&Vec<{integer}>>` is not
//! says: Fragment

use couchbase_tokio::*;
pub async fn f(cb: &Connection) -> Result<()> { cb.append("k", &vec![1]).await?; Ok(()) }
fn main() {}
