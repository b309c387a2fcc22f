//! Where the programs find their cluster: an embedded one with the few documents that they expect, or the one that
//! `COUCHBASE_CONNECTION_STRING` names, which must have them.

use couchbase_testkit::Cluster;
use std::env;
use std::sync::OnceLock;

/// A connection string with user and password: `couchbase://app:secret@127.0.0.1:…/default`.
pub fn address() -> String {
    static EMBEDDED: OnceLock<Cluster> = OnceLock::new();
    env::var("COUCHBASE_CONNECTION_STRING").unwrap_or_else(|_| {
        let cluster = EMBEDDED.get_or_init(|| {
            let cluster = Cluster::builder().nodes(3).replicas(1).bucket("default").start();
            for (key, value) in [("account::1", r#"{"cents":100}"#), ("hits", "41")] {
                cluster.set_document("default", key, value.as_bytes());
            }
            cluster
        });
        cluster.connection_string()
    })
}
