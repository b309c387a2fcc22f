//! Everything that takes futures takes operations.

mod cluster;

use couchbase_tokio::views::*;
use couchbase_tokio::*;
pub fn f(cb: Connection) {
    tokio::spawn(async move {
        let mut n = 0u64;
        cb.query("d", "v")
            .each(|row| {
                n += row.value::<u64>()?;
                Ok(Flow::More)
            })
            .await?;
        tokio::select! { r = cb.get("a") => { r?; } _ = tokio::time::sleep(std::time::Duration::ZERO) => {} }
        let fu = futures::stream::FuturesUnordered::new();
        for k in ["a", "b"] {
            fu.push(cb.get(k));
        }
        let (a, b) = tokio::try_join!(cb.get("a"), cb.get("b").optional())?;
        let found: std::collections::BTreeMap<Key, u64> = cb.get_multi(["a"]).await?.values()?;
        println!("{n} {} {} {}", a.cas(), b.is_some(), found.len());
        Ok::<_, Error>(())
    });
}
pub trait Repo: Send + Sync {
    fn load(&self, id: u64) -> impl Future<Output = Result<String>> + Send;
}
impl Repo for Connection {
    async fn load(&self, id: u64) -> Result<String> {
        self.get(format!("u{id}")).value().await
    }
}
pub fn dynfut(cb: &Connection) -> std::pin::Pin<Box<dyn Future<Output = Result<ValueResult>> + Send>> {
    Box::pin(cb.get("a"))
}
pub fn boxed_error(
    cb: &Connection,
) -> impl Future<Output = std::result::Result<u64, Box<dyn std::error::Error + Send + Sync>>> {
    let g = cb.get("a").value();
    async move { Ok(g.await?) }
}
pub struct UserId(u64);
impl From<UserId> for Key {
    fn from(id: UserId) -> Key {
        format!("user::{}", id.0).into()
    }
}
pub async fn typed_key(cb: &Connection) -> Result<u64> {
    cb.get(UserId(1)).value().await
}
// No error type to spell: `Error` has no `From` impls that could compete.
fn main() -> Result<()> {
    let cb = couchbase_async_std::open(cluster::address())?;
    futures::executor::block_on(async {
        cb.set("n", 1).await?;
        Ok(())
    })?;
    println!("stored");
    Ok(())
}
