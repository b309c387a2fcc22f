//! Expiry and counters.

mod cluster;

use couchbase_tokio::{Connection, Expiry, Result};
use std::time::{Duration, SystemTime};

async fn expiry(cb: &Connection) -> Result<()> {
    let hour = Duration::from_secs(3600);
    cb.set("session", 1).ttl(hour).await?;
    cb.set("session", 1).ttl(SystemTime::now() + 100 * 24 * hour).await?; // absolute
    cb.touch("session").ttl(hour).await?;
    cb.touch("session").ttl(Expiry::NEVER).await?; // make it permanent
    let session: u64 = cb.get("session").ttl(hour).value().await?; // get and touch
    println!("{session}");
    Ok(())
}

async fn counters(cb: &Connection) -> Result<()> {
    println!("{}", cb.incr("hits").await?.value());
    cb.incr("hits").by(10).initial(0).ttl(Duration::from_secs(60)).await?;
    cb.decr("hits").await?;
    cb.counter("hits", -3).await?; // the seed's arithmetic
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    let cb = couchbase_tokio::connect(cluster::address()).await?;
    expiry(&cb).await?;
    counters(&cb).await
}
