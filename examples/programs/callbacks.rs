//! The callback face: no future in sight, callbacks run on the driver.

mod cluster;

use couchbase_async_std::{AsyncConnection, CompletionQueue, Result};
use std::time::Duration;

fn schedule(cb: &AsyncConnection) {
    cb.set("foo", "bar")
        .on_ok(|res| println!("stored with CAS {}", res.cas()))
        .on_err(|err| eprintln!("{err}"));

    cb.get("foo").then(|outcome| match outcome {
        Ok(doc) => println!("{:?}", doc.value::<String>()),
        Err(err) => eprintln!("{err}"),
    });

    cb.get_multi(["foo", "bar"]).on_ok(|all| println!("{} found", all.len()));

    cb.touch("foo").send(); // nobody listens: fine
}

// `defer`: an AsyncResult becomes a future.
async fn deferred(cb: &AsyncConnection) -> Result<()> {
    let opres = cb.set("foo", "bar").send();
    let res = cb.defer(opres).await?;
    println!("{}", res.cas());
    Ok(())
}

// The batch form, driver elsewhere: this thread sends a thousand and sleeps until answers come.
fn load(cb: &AsyncConnection) -> Result<()> {
    let mut done = CompletionQueue::with_capacity(1000);
    for n in 0..1000_u32 {
        cb.set(format!("n::{n}"), n).send_to(&mut done, n)?;
    }
    while done.in_flight() > 0 && done.wait(Duration::from_secs(1)) {
        for c in done.drain().filter(|c| c.result.is_err()) {
            eprintln!("{} failed", c.token);
        }
    }
    Ok(())
}

fn main() -> Result<()> {
    let cb = couchbase_async_std::open(cluster::address())?.callbacks();
    schedule(&cb);
    load(&cb)?;
    futures::executor::block_on(deferred(&cb))
}
