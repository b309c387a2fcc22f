//! A closure is no sink: `each` takes closures.
//!
//! code: E0277
//! says: is not a row sink
//! says: closures: `cb.query(design, view).each(|row| ...)`

use couchbase_tokio::*; use couchbase_tokio::views::*;
pub async fn f(cb: &Connection) -> Result<()> { cb.query_ex(|row| Ok(Flow::More), "d", "v").await?; Ok(()) }
fn main() {}
