//! Our half of an exchange with the official Python client: reads what that client's script left in a cluster, and
//! leaves documents of every format for it to read.
//!
//! Takes the line of JSON that the embedded cluster prints. `tests/testkit/foreign/run.sh` runs the whole exchange.

use couchbase_tokio::{Connection, Key, Raw, Result, Text};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::process::ExitCode;

const DOCUMENTS: u64 = 1000;

#[derive(Deserialize)]
struct About {
    connection_string: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Document {
    number: u64,
    text: String,
}

fn main() -> ExitCode {
    let Some(about) = std::env::args().nth(1).and_then(|text| serde_json::from_str::<About>(&text).ok())
    else {
        eprintln!("usage: foreign JSON, the line that the embedded cluster prints");
        return ExitCode::from(2);
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be had");
    match runtime.block_on(exchange(&about.connection_string)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("FAILED: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn exchange(address: &str) -> Result<bool> {
    let cb = couchbase_tokio::connect(address).await?;
    let right = read_theirs(&cb).await?;
    write_ours(&cb).await?;
    cb.close().await?;
    Ok(right)
}

fn check(step: &str, holds: bool) -> bool {
    println!("{}: {step}", if holds { "ok" } else { "FAILED" });
    holds
}

/// What `python_client.py` leaves: the first five documents it changed or removed.
async fn read_theirs(cb: &Connection) -> Result<bool> {
    let keys: Vec<Key> = (5..DOCUMENTS).map(|number| Key::from(format!("foreign::{number}"))).collect();
    let found: HashMap<Key, Document> = cb.get_multi(&keys).await?.values()?;
    let same = (5..DOCUMENTS).zip(&keys).all(|(number, key)| {
        let text = "ä".repeat(usize::try_from(number % 7).unwrap_or_default());
        found.get(key) == Some(&Document { number, text })
    });
    let documents = check("documents of the official client are JSON to ours", same);
    let counter: u64 = cb.get("foreign::counter").value().await?;
    let counters = check("its counter is a number", counter == 0);
    let bytes = cb.get("foreign::bytes").await?;
    let bytes = check("its bytes are bytes", &bytes.bytes()[..] == b"begin middle end");
    let missing = cb.get("foreign::4").quiet(true).await?;
    Ok(documents & counters & bytes & check("what it removed is gone", !missing.success()))
}

async fn write_ours(cb: &Connection) -> Result<()> {
    let documents: HashMap<String, Document> = (0..DOCUMENTS)
        .map(|number| {
            let text = "ß".repeat(usize::try_from(number % 5).unwrap_or_default());
            (format!("ours::{number}"), Document { number, text })
        })
        .collect();
    cb.set_multi(&documents).await?;
    cb.set("ours::text", Text("plain text")).await?;
    cb.set("ours::bytes", Raw(&b"\x00\x01\xff"[..])).await?;
    cb.delete("ours::counter").quiet(true).await?;
    cb.incr("ours::counter").initial(40).await?;
    cb.incr("ours::counter").by(2).await?;
    check("documents of ours are written", true);
    Ok(())
}
