//! What a query needs of the connection that it was made from, and nothing more.

use couchbase_core::Result;
use couchbase_core::http::Authorization;
use couchbase_core::rt::{BoxFuture, Runtime};
use std::time::Duration;

/// A connection as seen from here. It stays alive as long as this.
pub(crate) trait Home: Send + Sync {
    /// Resolves once the nodes are known, or with the reason why they never will be.
    fn connected(&self) -> BoxFuture<Result<()>>;
    fn runtime(&self) -> &dyn Runtime;
    fn bucket(&self) -> String;
    fn views_timeout(&self) -> Duration;
    /// Host and port of each view service, in map order.
    fn view_nodes(&self) -> Vec<(String, u16)>;
    fn authorization(&self) -> Option<Authorization>;
}
