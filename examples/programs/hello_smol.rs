//! smol: nothing to hand over, the client brings its own reactor (async-io) and one background thread.

mod cluster;

fn main() -> couchbase_async_std::Result<()> {
    smol::block_on(async {
        let cb = couchbase_async_std::connect(cluster::address()).await?;
        cb.set("foo", "bar").await?;
        println!("{}", cb.get("foo").value::<String>().await?);
        Ok(())
    })
}
