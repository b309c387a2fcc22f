//! Documents into the cluster and out of it again, many operations in flight at a time.

use crate::cities::Cities;
use couchbase_core::{Connection, Key, OperationResult, Result};
use futures::{StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};

/// Operations in flight at a time. The client allows 4,096 unless told otherwise.
const IN_FLIGHT: usize = 256;

/// Stores each city as a JSON document, with a progress bar where there is a terminal.
pub async fn store(cb: &Connection, cities: &Cities) -> Result<Vec<OperationResult>> {
    let style = ProgressStyle::with_template("Storing {bar:40} {human_pos} of {human_len}");
    let bar = ProgressBar::new(cities.len() as u64).with_style(style.expect("the template is well formed"));

    let stored = stream::iter(cities.iter())
        .map(|(key, city)| cb.set(key, city))
        .buffer_unordered(IN_FLIGHT)
        .inspect_ok(|_| bar.inc(1))
        .try_collect()
        .await;

    bar.abandon(); // It stays as it is.
    stored
}

/// Deletes the documents. One that is not there is none of our concern; one that cannot be deleted keeps no other from
/// being deleted.
pub async fn remove(cb: &Connection, keys: &[Key]) -> Result<Vec<OperationResult>> {
    let quiet = cb.with_quiet(true);
    let deletions = stream::iter(keys).map(|key| quiet.delete(key));
    let outcomes: Vec<Result<OperationResult>> = deletions.buffer_unordered(IN_FLIGHT).collect().await;
    outcomes.into_iter().collect()
}
