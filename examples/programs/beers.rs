//! A few beers with views, for the program that queries them.

use crate::cluster;
use couchbase_tokio::Result;
use couchbase_tokio::views::{DesignDocument, ViewExt};
use serde_json::json;

/// The connection string of a cluster in which the beers are.
pub fn address() -> String {
    let address = cluster::address();
    futures::executor::block_on(store(&address)).expect("the cluster takes the beers");
    address
}

async fn store(address: &str) -> Result<()> {
    let cb = couchbase_async_std::connect(address).await?;
    let beers = (1..=25_u32).map(|n| {
        let abv = f64::from(n) / 2.0;
        (format!("beer::{n}"), json!({ "name": format!("No. {n}"), "abv": abv, "brewery": "At the Bridge" }))
    });
    cb.set_multi(beers.collect::<Vec<_>>().iter().map(|(key, beer)| (key, beer))).await?;
    let design = DesignDocument::new()
        .view("by_name", "function (doc, meta) { if (doc.abv) emit(doc.name, null); }")
        .view("by_abv", "function (doc, meta) { if (doc.abv) emit(doc.abv, doc.abv); }")
        .view("brewery_beers", "function (doc, meta) { if (doc.abv) emit([doc.brewery, doc.name], null); }");
    cb.design_create("beer", &design).production().await?;
    cb.close().await
}
