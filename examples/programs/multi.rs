//! Many keys in one call.

mod cluster;

use couchbase_tokio::{Connection, Key, Result};
use std::collections::HashMap;

async fn multi(cb: &Connection) -> Result<()> {
    cb.set_multi([("foo", 1), ("bar", 2)]).await?;

    let prices: HashMap<String, f64> = HashMap::from([("tea".into(), 2.5), ("cake".into(), 4.0)]);
    cb.set_multi(&prices).await?;

    for (key, res) in cb.get_multi(["foo", "bar"]).await?.iter() {
        println!("{key}: {}", res?.value::<u64>()?);
    }

    // Decoded at a stroke.
    let found: HashMap<Key, u64> = cb.get_multi(["foo", "bar"]).await?.values()?;
    println!("{}", found["foo"]);

    // Only what is there.
    let maybe = cb.get_multi(["foo", "nope"]).quiet(true).await?;
    println!("{} of {}", maybe.successes().count(), maybe.len());
    Ok(())
}

async fn one_error_all_results(cb: &Connection, keys: &[String]) -> Result<()> {
    match cb.get_multi(keys).await {
        Ok(all) => println!("{} documents", all.len()),
        Err(e) => {
            println!("first failure: {e} on {:?}", e.key());
            for (key, res) in e.all_results() {
                match res {
                    Ok(doc) => println!("{key} is {}", doc.value::<u64>()?),
                    Err(e) => println!("{key} failed: {e}"),
                }
            }
        }
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    let cb = couchbase_tokio::connect(cluster::address()).await?;
    multi(&cb).await?;
    one_error_all_results(&cb, &["a".to_owned()]).await
}
