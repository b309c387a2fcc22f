//! Failures, conditions on a document, absence that is no error.

mod cluster;

use couchbase_tokio::{Connection, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Serialize, Deserialize)]
struct Account {
    cents: i64,
}

async fn matching(cb: &Connection) -> Result<()> {
    match cb.get("account::1").value::<Account>().await {
        Ok(account) => println!("{}", account.cents),
        Err(e) => match e.kind() {
            ErrorKind::NotFound => println!("no such account"),
            ErrorKind::Timeout if e.is_ambiguous() => println!("it may have happened"),
            ErrorKind::Timeout => println!("it did not happen: safe to repeat"),
            ErrorKind::ValueFormat => println!("not an account: {e}"),
            _ if e.is_transient() => println!("later, perhaps: {e}"),
            _ => return Err(e),
        },
    }
    Ok(())
}

// The optimistic loop.
async fn deposit(cb: &Connection, key: &str, cents: i64) -> Result<()> {
    loop {
        let doc = cb.get(key).await?;
        let mut account: Account = doc.value()?;
        account.cents += cents;
        match cb.replace(key, &account).cas(&doc).await {
            Err(e) if e.is_cas_mismatch() => continue,
            other => return other.map(drop),
        }
    }
}

async fn quiet(cb: &Connection) -> Result<()> {
    // Rust form: an absent document is `None`.
    let account: Option<Account> = cb.get("account::2").optional().value().await?;
    println!("{}", account.is_some());

    // Seed form: same type, `success()` tells.
    let res = cb.get("account::2").quiet(true).await?;
    println!("{}", res.success());

    let cb = cb.with_quiet(true); // a handle with another default
    cb.delete("account::2").await?;
    Ok(())
}

// One's own error type: nothing special.
#[derive(Debug)]
enum ShopError {
    Store(Error),
}
impl From<Error> for ShopError {
    fn from(e: Error) -> Self {
        Self::Store(e)
    }
}
async fn shop(cb: &Connection) -> Result<(), ShopError> {
    cb.set("a", 1).timeout(Duration::from_millis(200)).await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    let cb = couchbase_tokio::connect(cluster::address()).await?;
    matching(&cb).await?;
    deposit(&cb, "account::1", 5).await?;
    quiet(&cb).await?;
    shop(&cb).await.map_err(|ShopError::Store(e)| e)
}
