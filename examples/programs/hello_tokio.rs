//! The first program: store a document, read it back typed.

mod cluster;

use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Debug)]
struct User {
    name: String,
    visits: u64,
}

#[tokio::main]
async fn main() -> couchbase_tokio::Result<()> {
    let cb = couchbase_tokio::connect(cluster::address()).await?;

    cb.set("user::1", &User { name: "Ada".into(), visits: 1 }).await?;
    let user: User = cb.get("user::1").value().await?;

    println!("{user:?}");
    Ok(())
}
