//! The embedded cluster: it is for tests, but a client that is being tested may send it anything.

mod data;
mod views;

pub use data::server_data;
pub use views::server_views;

use couchbase_core::Instant;
use couchbase_testkit::model::{Model, NodeAddress, Setup, User};
use std::time::Duration;

const NOW: Instant = Instant::from_nanos(1_000_000_000);

fn cluster(anonymous: bool) -> Model {
    let nodes = (1..=2).map(|node| NodeAddress {
        host: format!("10.0.0.{node}"),
        kv: 11210,
        views: 8092,
        mgmt: 8091,
    });
    Model::new(Setup {
        nodes: nodes.collect(),
        replicas: 1,
        vbuckets: 4,
        buckets: vec!["default".to_owned(), "b".to_owned()],
        users: vec![User::new("app", "secret"), User::new("few", "secret").with_buckets(["b"])],
        anonymous,
        seed: 1,
        scram_iterations: 10,
        unix_time: Duration::from_secs(1_700_000_000),
        record_effects: false,
    })
}
