//! View queries and design documents.

use crate::bench::{Bench, fails};
use couchbase_core::{Connection, Error, ErrorKind, Result};
use couchbase_testkit::http::Fault;
use couchbase_tokio::views::{DesignDocument, Flow, Metadata, RowSink, Rows, Stale, ViewExt};
use futures::future::FutureExt;
use serde_json::json;
use std::time::Duration;

const CITIES: u32 = 200;
const COUNTRIES: [&str; 4] = ["AT", "BE", "CH", "DE"];

/// A connection to a cluster with cities in four countries, and views on them.
async fn atlas(bench: &Bench) -> Connection {
    let cb = bench.connect().await;
    let cities: Vec<_> = (0..CITIES)
        .map(|n| (format!("city::{n:03}"), json!({ "city": n, "country": COUNTRIES[n as usize % 4] })))
        .collect();
    cb.set_multi(cities.iter().map(|(key, city)| (key, city))).await.unwrap();
    let design = DesignDocument::new()
        .view("by_number", "function (doc, meta) { if (doc.country) emit(doc.city, doc.country); }")
        .view_reduce(
            "countries",
            "function (doc, meta) { if (doc.country) emit(doc.country, doc.city); }",
            "_count",
        );
    cb.design_create("atlas", &design).production().await.unwrap();
    for view in ["by_number", "countries"] {
        cb.query_all("atlas", view).stale(Stale::UpdateBefore).limit(0).await.unwrap();
    }
    cb
}

/// All at once, in the order of the keys, to be iterated as often as one likes.
pub async fn all_rows_come_at_once(bench: Bench) {
    let cb = atlas(&bench).await;
    let rows = cb.query_all("atlas", "by_number").await.unwrap();
    assert_eq!(rows.len(), CITIES as usize);
    assert_eq!(rows.total_rows(), u64::from(CITIES));
    assert!(rows.errors().is_empty());
    for _ in 0..2 {
        for (row, n) in (&rows).into_iter().zip(0..) {
            assert_eq!(row.key::<u32>().unwrap(), n);
            assert_eq!(row.id(), Some(&format!("city::{n:03}")[..]));
        }
    }
    assert_eq!(rows.get(2).unwrap().value::<&str>().unwrap(), "CH");
    let typed: Result<Vec<_>> = rows.typed::<u32, String>().collect();
    assert_eq!(typed.unwrap()[3].value, "DE");
}

#[derive(Default)]
struct Sink {
    numbers: Vec<u32>,
    enough: Option<usize>,
    done: Option<u64>,
    error: Option<ErrorKind>,
}

impl RowSink for Sink {
    fn on_rows(&mut self, rows: Rows<'_>) -> Result<Flow> {
        for row in rows {
            self.numbers.push(row.key()?);
            if self.enough == Some(self.numbers.len()) {
                return Ok(Flow::Stop);
            }
        }
        Ok(Flow::More)
    }

    fn on_done(&mut self, meta: &Metadata) {
        assert!(self.done.is_none() && self.error.is_none(), "the end comes once");
        self.done = Some(meta.total_rows());
    }

    fn on_error(&mut self, error: &Error) {
        assert!(self.done.is_none() && self.error.is_none(), "the end comes once");
        self.error = Some(error.kind());
    }
}

/// Into a sink, which comes back; it may stop the query.
pub async fn rows_stream_into_a_sink(bench: Bench) {
    let cb = atlas(&bench).await;
    let all = cb.query_ex(Sink::default(), "atlas", "by_number").await.unwrap();
    assert!(all.numbers.into_iter().eq(0..CITIES));
    assert_eq!((all.done, all.error), (Some(u64::from(CITIES)), None));

    let ten = cb.query_ex(Sink { enough: Some(10), ..Sink::default() }, "atlas", "by_number").await.unwrap();
    assert!(ten.numbers.into_iter().eq(0..10));
    assert!(ten.done.is_some());
    fails(cb.query_ex(Sink::default(), "atlas", "countries").reduce(false).await, ErrorKind::ValueFormat);
}

/// A closure may borrow what is around it, and end the query with an error or without.
pub async fn a_closure_sees_each_row(bench: Bench) {
    let cb = atlas(&bench).await;
    let mut sum = 0;
    cb.query("atlas", "by_number")
        .each(|row| {
            sum += row.key::<u32>()?;
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(sum, (0..CITIES).sum::<u32>());

    let mut seen = 0;
    let stop = cb.query("atlas", "by_number").each(|_| {
        seen += 1;
        if seen == 3 { Flow::Stop } else { Flow::More }
    });
    stop.await.unwrap();
    assert_eq!(seen, 3);
    let own = cb.query("atlas", "by_number").each(|_| Err::<(), _>(Error::new(ErrorKind::Other, "my own")));
    assert!(fails(own.await, ErrorKind::Other).to_string().contains("my own"));
}

/// Each option does what it says.
pub async fn options_choose_the_rows(bench: Bench) {
    let cb = atlas(&bench).await;
    let all = || cb.query_all("atlas", "by_number");
    let numbers = async |query: couchbase_tokio::views::Query<couchbase_tokio::views::All>| {
        let rows = query.await.unwrap();
        rows.iter().map(|row| row.key().unwrap()).collect::<Vec<u32>>()
    };
    assert_eq!(numbers(all().key(&7)).await, [7]);
    assert_eq!(numbers(all().keys([9, 3, 1000])).await, [9, 3]);
    assert_eq!(numbers(all().key_range(&5, &8)).await, [5, 6, 7, 8]);
    assert_eq!(numbers(all().start_key(&197)).await, [197, 198, 199]);
    assert_eq!(numbers(all().end_key(&1)).await, [0, 1]);
    assert_eq!(numbers(all().skip(4).limit(2)).await, [4, 5]);
    assert_eq!(numbers(all().descending(true).limit(2)).await, [199, 198]);
    assert!(numbers(all().limit(0)).await.is_empty());

    let count = cb.query_all("atlas", "countries").await.unwrap();
    assert_eq!(count.get(0).unwrap().value::<u32>().unwrap(), CITIES);
    let groups = cb.query_all("atlas", "countries").group(true).await.unwrap();
    let groups: Vec<(String, u32)> =
        groups.iter().map(|row| (row.key().unwrap(), row.value().unwrap())).collect();
    assert_eq!(groups, COUNTRIES.map(|country| (country.to_owned(), CITIES / 4)));
    let unreduced = cb.query_all("atlas", "countries").reduce(false).key("BE").await.unwrap();
    assert_eq!(unreduced.len(), CITIES as usize / 4);
}

/// A query that is made too early waits, on either face.
pub async fn queries_wait_for_the_connection(bench: Bench) {
    atlas(&bench).await;
    let cb = bench.open();
    let query = cb.callbacks().query_all("atlas", "by_number").key(&7).await;
    assert_eq!(query.unwrap().len(), 1);

    let lost = bench.open_with(bench.config().bucket("absent")).unwrap();
    fails(lost.query_all("atlas", "by_number").await, ErrorKind::BucketNotFound);
}

/// Written, read, removed; a draft under its own name.
pub async fn design_documents_are_documents(bench: Bench) {
    let cb = bench.connect().await;
    let map = "function (doc, meta) { emit(meta.id, null); }";
    let design = DesignDocument::new().view("ids", map);
    cb.design_create("d", &design).await.unwrap();
    let draft = cb.design_get("d").await.unwrap();
    let views: Vec<_> = draft.views().map(|view| (view.name(), view.map(), view.reduce())).collect();
    assert_eq!(views, [("ids", Some(map), None)]);
    cb.query_all("dev_d", "ids").await.unwrap();
    fails(cb.design_get("d").production().await, ErrorKind::Http);
    cb.design_delete("d").await.unwrap();
    fails(cb.design_get("d").await, ErrorKind::Http);
}

/// The rows that came are delivered, then the error comes; the next query is not concerned.
pub async fn rows_that_end_early_are_an_error(bench: Bench) {
    let cb = atlas(&bench).await;
    for node in bench.cluster().nodes() {
        node.fail_views(100, Fault::Close { after: Some(3_000) });
    }
    let mut seen = 0;
    let each = cb.query("atlas", "by_number").each(|_| seen += 1).await;
    let error = each.unwrap_err();
    assert!(error.is_network(), "{error}");
    assert!(error.node().is_some(), "{error}");
    assert!(0 < seen && seen < CITIES, "{seen} rows");
    cb.get("city::001").await.unwrap();
}

/// A query that is dropped half-way, and one that meets a mute server.
pub async fn a_query_may_end_at_any_time(bench: Bench) {
    let cb = atlas(&bench).await;
    for node in bench.cluster().nodes() {
        node.fail_views(2, Fault::Stall { after: Some(1_000) });
    }
    let mut dropped = cb.query_all("atlas", "by_number");
    assert!((&mut dropped).now_or_never().is_none());
    bench.pass(Duration::from_millis(5)).await;
    drop(dropped);
    let short = Duration::from_millis(200);
    let began = bench.now();
    fails(cb.query_all("atlas", "by_number").timeout(short).await, ErrorKind::Timeout);
    assert!(bench.now() - began >= short);
    let rows = loop {
        if let Ok(rows) = cb.query_all("atlas", "by_number").timeout(10 * short).await {
            break rows;
        }
    };
    assert_eq!(rows.len(), CITIES as usize);
}

/// What is being answered when `close` is called comes to its end first, or to an end.
pub async fn close_ends_queries_first(bench: Bench) {
    let cb = atlas(&bench).await;
    let held = bench.cluster().nodes().collect::<Vec<_>>();
    held.iter().for_each(|node| node.hang());
    let before = bench.cluster().view_requests();
    let mut query = cb.query_all("atlas", "by_number");
    let mut design = cb.design_get("atlas").production();
    let mut dropped = cb.query_all("atlas", "countries");
    while bench.cluster().view_requests() < before + 3 {
        assert!((&mut query).now_or_never().is_none());
        assert!((&mut design).now_or_never().is_none());
        assert!((&mut dropped).now_or_never().is_none());
        bench.pass(Duration::from_millis(1)).await;
    }
    let closed = cb.close();
    bench.pass(Duration::from_millis(20)).await;
    assert!(!closed.is_finished());

    held.iter().for_each(|node| node.release());
    assert_eq!(query.await.unwrap().len(), CITIES as usize);
    assert_eq!(design.await.unwrap().views().count(), 2);
    bench.pass(Duration::from_millis(20)).await;
    assert!(!closed.is_finished());
    drop(dropped);
    closed.await.unwrap();
}

/// Closed is closed for queries too, and for design documents.
pub async fn after_close_queries_end(bench: Bench) {
    let cb = atlas(&bench).await;
    let unsent = cb.query_all("atlas", "by_number");
    cb.close().await.unwrap();
    fails(unsent.await, ErrorKind::Closed);
    fails(cb.query("atlas", "by_number").each(|_| ()).await, ErrorKind::Closed);
    fails(cb.query_ex(Sink::default(), "atlas", "by_number").await.map(drop), ErrorKind::Closed);
    fails(cb.query_ex(Sink::default(), "atlas", "by_number").start().await.map(drop), ErrorKind::Closed);
    fails(cb.design_create("atlas", &DesignDocument::new()).await, ErrorKind::Closed);
    fails(cb.design_get("atlas").production().await, ErrorKind::Closed);
    fails(cb.design_delete("atlas").production().await, ErrorKind::Closed);

    let design = bench.connect().await.design_get("atlas").production().await.unwrap();
    assert_eq!(design.views().count(), 2, "it is still there");
}
