//! The sink comes first.
//!
//! code: E0277
//! says: `&str` is not a row sink
//! says: `query_ex` takes the sink first

use couchbase_tokio::*; use couchbase_tokio::views::*;
struct S; impl RowSink for S { fn on_rows(&mut self, _: Rows<'_>) -> Result<Flow> { Ok(Flow::More) } }
pub async fn f(cb: &Connection) -> Result<()> { cb.query_ex("d", "v", S).await?; Ok(()) }
fn main() {}
