//! Any executor: say how to spawn one detached task.

mod cluster;

fn main() -> couchbase_async_std::Result<()> {
    async_std::task::block_on(async {
        let on_mine = couchbase_async_std::on(|task| drop(async_std::task::spawn(task)));
        let cb = on_mine.connect(cluster::address()).await?;
        cb.set("foo", "bar").await?;
        println!("{}", cb.get("foo").value::<String>().await?);
        Ok(())
    })
}
