//! Waiting for the beginning and the end of a connection.

mod cluster;

use couchbase_tokio::{Event, Result};

#[tokio::main]
async fn main() -> Result<()> {
    let cb = couchbase_tokio::open(cluster::address())?;
    assert!(!cb.connected());

    let first = cb.connect(); // each call its own waiter
    let second = cb.register_event(Event::Connect); // the long form
    let named = cb.register_event("connect".parse::<Event>()?); // the seed's names
    first.await?;
    second.await?;
    named.await?;
    assert!(cb.connected());

    cb.callbacks()
        .register_event(Event::Connect)
        .on_ok(|()| println!("already connected: fires later, never inside the call"))
        .on_err(|e| eprintln!("{e}"));

    let gone = cb.register_event(Event::Dtor); // does not keep the connection alive
    drop(cb);
    gone.await // drained, sockets closed
}
