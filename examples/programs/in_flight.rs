//! Many operations under way at once, and the order on a key.

mod cluster;

use couchbase_tokio::{Connection, Result};

async fn two_in_flight(cb: &Connection) -> Result<String> {
    let set = cb.set("foo", "bar").send(); // on its way now
    let get = cb.get("foo").send(); // same key: always runs after the set
    set.await?;
    get.await?.value()
}

// Operations are futures, so every combinator takes them as they are.
async fn joined(cb: &Connection) -> Result<(u64, String)> {
    let (visits, name) = futures::try_join!(cb.get("visits").value(), cb.get("name").value())?;
    Ok((visits, name))
}

async fn many(cb: &Connection, ids: &[u64]) -> Result<Vec<u64>> {
    let gets = ids.iter().map(|id| cb.get(format!("user::{id}")).value::<u64>());
    futures::future::try_join_all(gets).await
}

async fn fire_and_forget(cb: &Connection) {
    cb.incr("page::hits").send().detach();
}

async fn with_a_foreign_timeout(cb: &Connection) -> Option<String> {
    use std::time::Duration;
    tokio::time::timeout(Duration::from_millis(50), cb.get("name").value()).await.ok()?.ok()
}

#[tokio::main]
async fn main() -> Result<()> {
    let cb = couchbase_tokio::open(cluster::address())?; // returns at once; operations queue
    cb.set_multi([("visits", 1), ("user::1", 1), ("user::2", 2), ("user::3", 3)]).await?;
    cb.set("name", "Ada").await?;
    two_in_flight(&cb).await?;
    joined(&cb).await?;
    many(&cb, &[1, 2, 3]).await?;
    fire_and_forget(&cb).await;
    with_a_foreign_timeout(&cb).await;
    cb.close().await // drains
}
