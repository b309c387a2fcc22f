//! Runs the examples of the documentation, each against an embedded cluster of its own.
//!
//! An example takes its connection from here in one hidden line, so that what is shown is what runs:
//!
//! ```
//! # doc_examples::run(async |cb| {
//! cb.set("greeting", "hello").await?;
//! # Ok(())
//! # });
//! ```
//!
//! The crates whose examples they are have this one as a dev-dependency without a version, which `cargo package` leaves
//! out.

use couchbase_async_std::{Connection, Event, Result};
use couchbase_testkit::Cluster;

/// Runs an example with a connection to an empty bucket, and waits until the last handle is gone and what it sent has
/// ended, callbacks included.
///
/// # Panics
/// If the example fails.
pub fn run(example: impl AsyncFnOnce(Connection) -> Result<()>) {
    let cluster = Cluster::builder().start();
    let outcome = futures::executor::block_on(async {
        let cb = couchbase_async_std::connect(cluster.connection_string()).await?;
        let gone = cb.register_event(Event::Dtor);
        example(cb).await?;
        gone.await
    });
    if let Err(error) = outcome {
        panic!("the example fails: {error}");
    }
}

/// As [`run`], with three beers and the design document `beer`, which has the views `by_name`, `by_abv`,
/// `brewery_beers` and `count`, each with its index up to date.
///
/// # Panics
/// If the example fails.
#[cfg(feature = "views")]
pub fn run_with_beers(example: impl AsyncFnOnce(Connection) -> Result<()>) {
    use couchbase_views::{DesignDocument, Stale, ViewExt};

    run(async |cb| {
        for (name, abv) in [("Abbey Ale", 6.5), ("Black Stout", 4.8), ("Old Porter", 9.1)] {
            let document = serde_json::json!({ "name": name, "abv": abv, "brewery": "Three Barrels" });
            cb.set(name, &document).await?;
        }
        let beer = DesignDocument::new()
            .view("by_name", "function (doc, meta) { emit(doc.name, null); }")
            .view("by_abv", "function (doc, meta) { emit(doc.abv, doc.abv); }")
            .view("brewery_beers", "function (doc, meta) { emit([doc.brewery, doc.name], null); }")
            .view_reduce("count", "function (doc, meta) { emit(doc.brewery, 1); }", "_count");
        cb.design_create("beer", &beer).production().await?;
        for view in ["by_name", "by_abv", "brewery_beers", "count"] {
            cb.query_all("beer", view).stale(Stale::UpdateBefore).await?;
        }
        example(cb).await
    });
}
