//! A process without file descriptors, in which the reactor cannot come to be. It stands alone here: the reactor comes
//! with the first connection, and the whole process has one.

#![cfg(unix)]

use couchbase_async_std::ErrorKind;
use couchbase_testkit::Cluster;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs::File;

#[test]
fn without_file_descriptors_opening_says_so_and_with_them_it_works() {
    let cluster = Cluster::builder().start();
    let address = cluster.connection_string();
    let before = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(64), ..before }).unwrap();
    let held: Vec<_> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    assert!(!held.is_empty());

    let error = couchbase_async_std::open(&*address).expect_err("there is no reactor");
    assert_eq!(error.kind(), ErrorKind::NoRuntime);
    assert!(error.to_string().contains("file descriptors"), "{error}");

    drop(held);
    futures::executor::block_on(async {
        let cb = couchbase_async_std::connect(&*address).await.unwrap();
        cb.set("k", "v").await.unwrap();
        cb.close().await.unwrap();
    });
}
