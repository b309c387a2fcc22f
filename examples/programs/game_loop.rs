//! A thread with a frame clock. No executor, no runtime, nothing allocated per operation.

mod cluster;

use couchbase_async_std::{CompletionQueue, Key, Result};
use std::time::Duration;

#[derive(Clone, Copy)]
enum Ask {
    Score { player: u32 },
    Save { player: u32 },
}

fn main() -> Result<()> {
    // `open_parts` spawns nothing: the driver is ours to turn.
    let (cb, mut driver) = couchbase_async_std::open_parts(cluster::address())?;
    let cb = cb.callbacks();
    let mut done = CompletionQueue::with_capacity(1024);
    let keys: Vec<Key> = (0..16).map(|p| format!("score::{p}").into()).collect();

    for frame in 0..600_u32 {
        let player = frame % 16;
        let key = &keys[player as usize];
        if done.in_flight() + 2 <= 1024 {
            cb.get(key).send_to(&mut done, Ask::Score { player })?;
            cb.set(key, frame).send_to(&mut done, Ask::Save { player })?;
        } // else skip them and keep the frame rate

        driver.turn_for(Duration::from_millis(16)); // sockets, timers, wake-ups; `turn()` never blocks

        for c in done.drain() {
            match (c.token, c.result) {
                (Ask::Score { player }, Ok(reply)) => println!("{player}: {}", reply.value::<u64>()?),
                (Ask::Save { player }, Ok(reply)) => println!("{player} saved, {}", reply.cas()),
                (_, Err(e)) if e.is_not_found() => {}
                (Ask::Score { player } | Ask::Save { player }, Err(e)) => eprintln!("{player}: {e}"),
            }
        }
    }

    while done.in_flight() > 0 {
        driver.turn_for(Duration::from_millis(10)); // sleeps until something happens
        done.drain().for_each(drop);
    }
    Ok(())
}
