//! One thread, `Rc` state, nothing spawned elsewhere: the driver runs on the same LocalPool.

mod cluster;

use couchbase_async_std::{CompletionQueue, Connection, Result};
use futures::executor::LocalPool;
use futures::task::LocalSpawnExt;
use std::{cell::Cell, rc::Rc};

async fn count(cb: &Connection, seen: Rc<Cell<u32>>) -> Result<()> {
    cb.set("n", 1).await?;
    seen.set(cb.get("n").value().await?); // Rc across an await: fine
    Ok(())
}

fn main() -> Result<()> {
    let mut pool = LocalPool::new();
    let (cb, driver) = couchbase_async_std::open_parts(cluster::address())?;
    pool.spawner().spawn_local(driver).unwrap();

    let seen = Rc::new(Cell::new(0));
    pool.run_until(count(&cb, seen.clone()))?;

    // Callbacks that are not Send: put them in the queue's tokens; they run where you drain.
    let mut queue: CompletionQueue<Box<dyn FnOnce(u32)>> = CompletionQueue::with_capacity(16);
    let also_seen = seen.clone();
    cb.callbacks().get("n").send_to(&mut queue, Box::new(move |n| also_seen.set(n))).ok();
    while queue.in_flight() > 0 {
        pool.run_until_stalled();
        for c in queue.drain() {
            (c.token)(c.result?.value()?);
        }
    }
    println!("{}", seen.get());
    Ok(())
}
