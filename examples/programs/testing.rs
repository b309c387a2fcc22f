//! One's own service, tested against a real wire and real failures, in-process.

use couchbase_tokio::{Connection, Result};
use std::time::Duration;

async fn register(cb: &Connection, name: &str) -> Result<u64> {
    let id = cb.incr("ids").initial(1).await?.value();
    cb.add(format!("user::{id}"), name).await?;
    Ok(id)
}

#[tokio::main]
async fn main() -> Result<()> {
    let cluster = couchbase_testkit::Cluster::builder().nodes(3).replicas(1).bucket("default").start();
    let cb = couchbase_tokio::connect(cluster.connection_string()).await?;

    let id = register(&cb, "Ada").await?;

    cluster.node_of(&format!("user::{id}")).stall(Duration::from_millis(200)); // faults on demand
    let name: String = cb.get(format!("user::{id}")).value().await?;
    assert_eq!(name, "Ada");

    cluster.node(0).fail_over();
    assert_eq!(register(&cb, "Grace").await?, 2);
    assert_eq!(cluster.document("default", "ids").as_deref(), Some(&b"2"[..]));
    Ok(())
}
