//! What a query needs of the connection that it was made from, and nothing more.

use couchbase_core::http::Authorization;
use couchbase_core::rt::{BoxFuture, Runtime};
use couchbase_core::{Result, Standing};
use std::task::Context;
use std::time::Duration;

/// A connection as seen from here. It stays alive as long as this.
pub(crate) trait Home: Send + Sync {
    /// Begins something that takes `at_most` so long once connected; closing waits for it. Fails once the connection
    /// is being closed.
    fn begin(&self, at_most: Duration) -> Result<Box<dyn Errand>>;
    /// Resolves once the nodes are known, or with the reason why they never will be.
    fn connected(&self) -> BoxFuture<Result<()>>;
    fn runtime(&self) -> &dyn Runtime;
    fn bucket(&self) -> String;
    fn views_timeout(&self) -> Duration;
    /// Host and port of each view service, in map order.
    fn view_nodes(&self) -> Vec<(String, u16)>;
    fn authorization(&self) -> Option<Authorization>;
}

/// What was begun. It is over when this is dropped.
pub(crate) trait Errand: Send {
    /// How the connection stands to it; the task is woken when that changes.
    fn poll_standing(&self, cx: &Context<'_>) -> Standing;
}
