//! View queries: all rows at once, row by row, into a sink.

mod beers;
mod cluster;

use couchbase_tokio::views::{Flow, Metadata, RowSink, Rows, Stale, ViewExt};
use couchbase_tokio::{Connection, Error, Result};

// All at once: iterate as often as you like.
async fn all(cb: &Connection) -> Result<()> {
    let rows = cb.query_all("beer", "brewery_beers").limit(10).await?;
    for row in &rows {
        println!("{:?} {}", row.id(), row.key::<(String, Option<String>)>()?.0);
    }
    for row in rows.typed::<(String, Option<String>), ()>() {
        println!("{:?}", row?.key);
    }
    println!("{} of {}, errors: {:?}", rows.len(), rows.total_rows(), rows.errors());
    Ok(())
}

// A closure that borrows its surroundings; `?` inside ends the query.
async fn each(cb: &Connection) -> Result<f64> {
    let mut sum = 0.0;
    cb.query("beer", "by_abv")
        .stale(Stale::Ok)
        .key_range(&3.5, &8.0)
        .each(|row| {
            sum += row.value::<f64>()?;
            Ok(())
        })
        .await?;
    cb.query("beer", "by_abv").each(|row| println!("{:?}", row.id())).await?;
    Ok(sum)
}

// A sink is an object; it comes back when the query ends.
#[derive(Default)]
struct FirstTen {
    names: Vec<String>,
    total: u64,
}
impl RowSink for FirstTen {
    fn on_rows(&mut self, rows: Rows<'_>) -> Result<Flow> {
        for row in rows {
            self.names.push(row.key::<&str>()?.to_owned()); // borrowed from the receive buffer
            if self.names.len() == 10 {
                return Ok(Flow::Stop);
            }
        }
        Ok(Flow::More)
    }
    fn on_done(&mut self, meta: &Metadata) {
        self.total = meta.total_rows();
    }
    fn on_error(&mut self, error: &Error) {
        eprintln!("{error}");
    }
}
async fn sink(cb: &Connection) -> Result<()> {
    let ten = cb.query_ex(FirstTen::default(), "beer", "by_name").await?;
    println!("{:?} of {}", ten.names, ten.total);
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    let cb = couchbase_tokio::connect(beers::address()).await?;
    all(&cb).await?;
    each(&cb).await?;
    sink(&cb).await
}
