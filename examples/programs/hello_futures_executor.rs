//! Any executor: here the thread pool of `futures`.

mod cluster;

use futures::executor::{ThreadPool, block_on};

fn main() -> couchbase_async_std::Result<()> {
    let pool = ThreadPool::new().unwrap();
    let cb = couchbase_async_std::on(move |task| pool.spawn_ok(task)).open(cluster::address())?;
    block_on(async {
        cb.set("foo", "bar").await?; // queued until connected
        println!("{}", cb.get("foo").value::<String>().await?);
        Ok(())
    })
}
