//! Queries and design documents against the embedded cluster, on both runtimes.
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use couchbase_core::{Config, Connection, Error, ErrorKind, Result};
use couchbase_testkit::Cluster;
use couchbase_testkit::http::Fault;
use couchbase_views::{DesignDocument, Flow, Metadata, RowSink, Rows, Stale, ViewExt};
use std::time::Duration;

const BEERS: u32 = 300;

fn cluster() -> Cluster {
    let cluster = Cluster::builder().nodes(2).bucket("default").start();
    for n in 0..BEERS {
        let kind = ["ale", "stout", "weizen"][n as usize % 3];
        let json = format!(r#"{{"name":"Beer {n:03}","kind":"{kind}","abv":{}}}"#, n % 10);
        cluster.set_document("default", &format!("beer-{n:03}"), json.as_bytes());
    }
    cluster
}

fn beer() -> DesignDocument {
    DesignDocument::new()
        .view("by_name", "function (doc, meta) { emit(doc.name, null); }")
        .view("by_abv", "function (doc, meta) { emit(doc.abv, doc.name); }")
        .view_reduce("kinds", "function (doc, meta) { emit([doc.kind, doc.abv], 1); }", "_count")
}

fn on_tokio(config: Config) -> Result<Connection> {
    couchbase_core::open(config, couchbase_tokio::Tokio::current()?)
}

fn on_async_io(config: Config) -> Result<Connection> {
    couchbase_core::open(config, couchbase_async_std::AsyncIo::background()?)
}

/// Runs the test on tokio and on async-io, each with a cluster of its own.
fn on_both<F>(test: F)
where
    F: AsyncFn(&Cluster, &Connection) -> Result<()>,
{
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    tokio.block_on(async {
        let cluster = cluster();
        let cb = on_tokio(cluster.connection_string().into()).unwrap();
        test(&cluster, &cb).await.unwrap();
    });
    futures::executor::block_on(async {
        let cluster = cluster();
        let cb = on_async_io(cluster.connection_string().into()).unwrap();
        test(&cluster, &cb).await.unwrap();
    });
}

/// With the design document in place and its index built.
fn with_beer<F>(test: F)
where
    F: AsyncFn(&Cluster, &Connection) -> Result<()>,
{
    on_both(async |cluster, cb| {
        cb.design_create("beer", &beer()).production().await?;
        for view in ["by_name", "by_abv", "kinds"] {
            cb.query_all("beer", view).stale(Stale::UpdateBefore).limit(0).await?;
        }
        test(cluster, cb).await
    });
}

#[test]
fn design_documents_are_created_read_and_removed() {
    on_both(async |_, cb| {
        // The connection may not be there yet: this waits for it.
        cb.design_create("beer", &beer()).await?;
        assert_eq!(cb.design_get("beer").await?, beer());
        let error = cb.design_get("beer").production().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Http);
        let draft = cb.query_all("dev_beer", "by_name").stale(Stale::UpdateBefore).limit(1);
        assert_eq!(draft.await?.len(), 1);
        cb.design_delete("beer").await?;
        let error = cb.design_delete("beer").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Http);
        let broken = DesignDocument::new().view("x", "function (doc { ");
        let error = cb.design_create("broken", &broken).await.unwrap_err();
        assert!(error.server_words().unwrap().contains("invalid_design_document"), "{error}");
        Ok(())
    });
}

#[test]
fn all_rows_arrive_in_order() {
    with_beer(async |_, cb| {
        let rows = cb.query_all("beer", "by_name").await?;
        assert_eq!((rows.len(), rows.total_rows()), (300, 300));
        for (n, row) in rows.typed::<&str, ()>().enumerate() {
            let row = row?;
            assert_eq!((row.id, row.key), (Some(format!("beer-{n:03}")), &*format!("Beer {n:03}")));
        }
        assert_eq!(rows.iter().count(), 300, "again");
        Ok(())
    });
}

#[test]
fn options_reach_the_server() {
    with_beer(async |_, cb| {
        let names = async |query: couchbase_views::Query<couchbase_views::All>| {
            let rows = query.await?;
            rows.iter().map(|row| row.key::<String>()).collect::<Result<Vec<_>>>()
        };
        let by_name = || cb.query_all("beer", "by_name");
        assert_eq!(names(by_name().skip(10).limit(2)).await?, ["Beer 010", "Beer 011"]);
        assert_eq!(names(by_name().descending(true).limit(1)).await?, ["Beer 299"]);
        assert_eq!(names(by_name().key("Beer 007")).await?, ["Beer 007"]);
        assert_eq!(names(by_name().keys(["Beer 009", "Beer 003", "none"])).await?, ["Beer 009", "Beer 003"]);
        assert_eq!(names(by_name().key_range("Beer 001", "Beer 003")).await?.len(), 3);
        assert_eq!(names(by_name().start_key("Beer 290").inclusive_end(false)).await?.len(), 10);
        assert_eq!(names(by_name().end_key("Beer 003").inclusive_end(false)).await?.len(), 3);
        let many = (0..300).rev().map(|n| format!("Beer {n:03}"));
        assert_eq!(names(by_name().keys(many)).await?[0], "Beer 299", "as a body");

        let kinds = || cb.query_all("beer", "kinds");
        assert_eq!(kinds().await?.get(0).unwrap().value::<u32>()?, BEERS);
        let grouped = kinds().group_level(1).await?;
        let grouped: Vec<_> = grouped
            .typed::<[&str; 1], u32>()
            .map(|row| row.map(|row| (row.key[0], row.value)))
            .collect::<Result<_>>()?;
        assert_eq!(grouped, [("ale", 100), ("stout", 100), ("weizen", 100)]);
        assert_eq!(kinds().group(true).await?.len(), 30);
        assert_eq!(kinds().reduce(false).await?.len(), 300);
        Ok(())
    });
}

#[test]
fn staleness_is_what_was_asked_for() {
    with_beer(async |cluster, cb| {
        let count = async |stale| cb.query_all("beer", "by_name").stale(stale).await.map(|rows| rows.len());
        assert_eq!(count(Stale::UpdateBefore).await?, 300);
        cluster.set_document("default", "new", br#"{"name":"New"}"#);
        assert_eq!(count(Stale::Ok).await?, 300);
        assert_eq!(count(Stale::UpdateBefore).await?, 301);
        Ok(())
    });
}

#[derive(Default)]
struct FirstTen {
    names: Vec<String>,
    total: u64,
}

impl RowSink for FirstTen {
    fn on_rows(&mut self, rows: Rows<'_>) -> Result<Flow> {
        for row in rows {
            self.names.push(row.key::<&str>()?.to_owned());
            if self.names.len() == 10 {
                return Ok(Flow::Stop);
            }
        }
        Ok(Flow::More)
    }
    fn on_done(&mut self, meta: &Metadata) {
        self.total = meta.total_rows();
    }
}

#[test]
fn sinks_and_closures_take_rows_as_they_come() {
    with_beer(async |_, cb| {
        let ten = cb.query_ex(FirstTen::default(), "beer", "by_name").await?;
        assert_eq!((ten.names.len(), ten.total), (10, 300));
        let running = cb.query_ex(FirstTen::default(), "beer", "by_name").start();
        assert_eq!(running.await?.names.last().unwrap(), "Beer 009");

        let mut sum = 0;
        let query = cb.query("beer", "by_abv").stale(Stale::Ok).key_range(&3, &4);
        query
            .each(|row| {
                sum += row.key::<u32>()?;
                Ok(())
            })
            .await?;
        assert_eq!(sum, 210);
        let mut failed = 0;
        let outcome = cb.query("beer", "by_abv").each(|row| {
            failed += 1;
            row.key::<String>().map(drop)
        });
        assert_eq!(outcome.await.unwrap_err().kind(), ErrorKind::ValueFormat);
        assert_eq!(failed, 1);
        Ok(())
    });
}

#[test]
fn what_is_not_there_is_told_in_the_servers_words() {
    with_beer(async |_, cb| {
        for (design, view) in [("beer", "nothing"), ("nothing", "by_name")] {
            let error = cb.query_all(design, view).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Http, "{error}");
            assert!(error.server_words().unwrap().contains("nothing"), "{error}");
            assert!(error.node().is_some());
        }
        let error = cb.query_all("beer", "by_name").group(true).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Http, "{error}");
        let error = cb.query_all("beer", "by_name").timeout(Duration::ZERO).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument, "{error}");
        Ok(())
    });
}

#[test]
fn a_failed_connection_fails_its_queries() {
    let run = |connection: Result<Connection>| async {
        let cb = connection?;
        let error = cb.query_all("beer", "by_name").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Auth, "{error}");
        let error = cb.design_create("beer", &beer()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Auth, "{error}");
        Ok::<_, Error>(())
    };
    let cluster = cluster();
    let config = || Config::new(cluster.connection_string()).credentials("app", "wrong");
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio.block_on(async { run(on_tokio(config())).await }).unwrap();
    futures::executor::block_on(async { run(on_async_io(config())).await }).unwrap();
}

#[test]
fn a_node_that_is_gone_is_passed_over() {
    with_beer(async |cluster, cb| {
        assert_eq!(cb.query_all("beer", "by_name").limit(5).await?.len(), 5);
        cluster.node(1).stop();
        for _ in 0..8 {
            let outcome = cb.query_all("beer", "by_name").limit(5).await;
            assert!(outcome.is_ok(), "{outcome:?}");
        }
        Ok(())
    });
}

#[test]
fn rows_cut_off_by_the_server_are_an_error_after_those_delivered() {
    with_beer(async |cluster, cb| {
        for node in cluster.nodes() {
            node.fail_views(1, Fault::Close { after: Some(10_000) });
        }
        let mut seen = 0;
        let outcome = cb.query("beer", "by_name").each(|_| seen += 1).await;
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Network, "{error}");
        assert!(seen > 50 && seen < 300, "{seen}");
        Ok(())
    });
}

#[test]
fn a_busy_node_is_asked_again() {
    with_beer(async |cluster, cb| {
        let busy = Bytes::from_static(br#"{"message":"Temporary error occurred"}"#);
        for node in cluster.nodes() {
            node.fail_views(1, Fault::Answer { status: 503, body: busy.clone() });
            node.fail_views(1, Fault::Close { after: None });
        }
        assert_eq!(cb.query_all("beer", "by_name").await?.len(), 300);
        Ok(())
    });
}

#[test]
fn a_silent_node_ends_at_the_deadline() {
    with_beer(async |cluster, cb| {
        for node in cluster.nodes() {
            node.fail_views(1, Fault::Stall { after: Some(10_000) });
        }
        let error = cb.query_all("beer", "by_name").timeout(Duration::from_millis(300)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        Ok(())
    });
}

#[test]
fn a_query_that_hangs_can_be_stopped() {
    with_beer(async |cluster, cb| {
        for node in cluster.nodes() {
            node.fail_views(1, Fault::Stall { after: Some(10_000) });
        }
        struct Tell(Option<futures::channel::oneshot::Sender<()>>);
        impl RowSink for Tell {
            fn on_rows(&mut self, _: Rows<'_>) -> Result<Flow> {
                if let Some(first) = self.0.take() {
                    first.send(()).ok();
                }
                Ok(Flow::More)
            }
        }
        let (tell, told) = futures::channel::oneshot::channel();
        let running = cb.query_ex(Tell(Some(tell)), "beer", "by_name").start();
        told.await.unwrap();
        let control = running.control();
        std::thread::spawn(move || control.stop());
        assert!(running.await?.0.is_none());
        Ok(())
    });
}
