//! Two views over the documents: one collected, one streamed.

use crate::cities::Place;
use crate::failure::Failure;
use couchbase_core::{Connection, Error, Key, Result};
use couchbase_views::{DesignDocument, Flow, RowSink, Rows, Stale, ViewExt};
use serde_json::json;

const DESIGN: &str = "quickstart_cities";

/// Rows are sorted by key: the cities of a country stand together, by name.
const BY_COUNTRY: &str = r#"function (doc, meta) {
    if (meta.id.indexOf("quickstart::") === 0) {
        emit([doc.country, doc.name], [doc.lat, doc.lng]);
    }
}"#;

const COUNTRY: &str = r#"function (doc, meta) {
    if (meta.id.indexOf("quickstart::") === 0) {
        emit(doc.country, null);
    }
}"#;

fn design() -> DesignDocument {
    DesignDocument::new().view("by_country", BY_COUNTRY).view_reduce("per_country", COUNTRY, "_count")
}

/// Refuses if the design document's name is taken. One that is as ours was left behind by a run that was broken off.
pub async fn look(cb: &Connection) -> Result<(), Failure> {
    match cb.design_get(DESIGN).production().await {
        Ok(found) if found == design() => Ok(()),
        Ok(_) => Err(Failure::InTheWay(DESIGN)),
        Err(error) if is_not_found(&error) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

pub async fn create(cb: &Connection) -> Result<()> {
    cb.design_create(DESIGN, &design()).production().await
}

/// Removes the design document. One that is not there is none of our concern.
pub async fn remove(cb: &Connection) -> Result<()> {
    match cb.design_delete(DESIGN).production().await {
        Err(error) if is_not_found(&error) => Ok(()),
        outcome => outcome,
    }
}

/// Design documents come over HTTP, so there is no status of an operation; the server says it in words.
fn is_not_found(error: &Error) -> bool {
    error.server_words().is_some_and(|words| words.starts_with("not_found"))
}

/// How many cities each country has. All rows at once; they can be iterated as often as one likes.
pub async fn count(cb: &Connection) -> Result<Vec<(String, u64)>> {
    let rows = cb.query_all(DESIGN, "per_country").group(true).stale(Stale::UpdateBefore).await?;
    rows.iter().map(|row| Ok((row.key()?, row.value()?))).collect()
}

/// The cities of one country by name, taken as they arrive.
pub async fn of(cb: &Connection, country: &str) -> Result<Vec<(Key, Place)>> {
    let arriving = cb
        .query_ex(Arriving::default(), DESIGN, "by_country")
        .key_range(&json!([country]), &json!([country, {}])) // An object sorts after every text.
        .stale(Stale::UpdateBefore);
    Ok(arriving.await?.places)
}

/// Receives rows as they come, on the task that awaits the query, which gives it back at the end.
#[derive(Default)]
struct Arriving {
    places: Vec<(Key, Place)>,
}

impl RowSink for Arriving {
    fn on_rows(&mut self, rows: Rows<'_>) -> Result<Flow> {
        for row in rows {
            let (_country, name): (String, String) = row.key()?;
            let (lat, lng) = row.value()?;
            let key = row.id().unwrap_or_default().into();
            self.places.push((key, Place { name, lat, lng }));
        }
        Ok(Flow::More)
    }
}
