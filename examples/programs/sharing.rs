//! Handles and operations that move between tasks and threads.

mod cluster;

use couchbase_tokio::ops::{Get, Optional, Set, Value};
use couchbase_tokio::views::BatchedView;
use couchbase_tokio::{AsyncConnection, Connection, Deferred, Driver, Error, Result, ValueResult};

const fn thread_safe<T: Send + Sync + 'static>() {}
const fn sendable<T: Send + Unpin + 'static>() {}
const _: () = {
    thread_safe::<Connection>();
    thread_safe::<AsyncConnection>();
    thread_safe::<Error>();
    thread_safe::<ValueResult>();
    thread_safe::<BatchedView>();
    sendable::<Get>();
    sendable::<Set>();
    sendable::<Driver>();
    sendable::<Deferred<ValueResult>>();
    assert!(size_of::<Connection>() == 8 && size_of::<Error>() == 8);
    assert!(size_of::<Get>() <= 128 && size_of::<Set>() <= 128);
    assert!(size_of::<Value<Optional<Get>, String>>() <= 128);
    assert!(size_of::<Deferred<ValueResult>>() <= 16);
    assert!(size_of::<Result<ValueResult>>() <= 96);
};

// No lifetime: an unsent operation can be returned, stored, spawned.
struct Users(Connection);
impl Users {
    fn by_id(&self, id: u64) -> Get {
        self.0.get(format!("user::{id}"))
    }
}

#[derive(Clone)]
struct AppState {
    cb: Connection, // no Arc, no type parameter
}

#[tokio::main]
async fn main() -> Result<()> {
    let state = AppState { cb: couchbase_tokio::connect(cluster::address()).await? };

    let mut tasks = tokio::task::JoinSet::new();
    for id in 0..100_u64 {
        let state = state.clone();
        tasks.spawn(async move { state.cb.set(format!("user::{id}"), id).await });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap()?;
    }

    let users = Users(state.cb.clone());
    let one = tokio::spawn(users.by_id(1)).await.unwrap()?; // the operation itself is the task
    let other_thread = std::thread::spawn(move || futures::executor::block_on(users.by_id(2)));
    println!("{:?} {:?}", one.value::<u64>(), other_thread.join().unwrap()?.value::<u64>());
    Ok(())
}
