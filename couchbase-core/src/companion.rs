//! What a companion crate (views) needs of a connection: where its services are, who asks, the runtime, and that it is
//! waited for at the end.

use crate::Result;
use crate::connection::face::Face;
use crate::connection::{Connection, Handle};
use crate::driver::{Notice, Standing};
use crate::http::Authorization;
use crate::pending::{Deferred, SentPromise};
use crate::rt::Runtime;
use std::fmt;
use std::string::String;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;
use std::vec::Vec;

/// A connection as its companion crates see it. It keeps the connection open.
#[doc(hidden)]
#[derive(Clone)]
pub struct Companion(Arc<Handle>);

impl<F: Face> Connection<F> {
    /// For companion crates.
    #[doc(hidden)]
    pub fn companion(&self) -> Companion {
        Companion(self.handle().clone())
    }
}

impl Companion {
    /// Resolves once the first map is known, or with the reason why there is none.
    pub fn connected(&self) -> Deferred<()> {
        let shared = &self.0.0;
        Deferred::new(SentPromise::new(shared.wait_connected(), shared.clone()))
    }

    /// Begins something that [`close`](Connection::close) is to wait for, for as long as the first connection may take
    /// and `at_most` after it.
    ///
    /// # Errors
    /// `Closed`, once the connection is being closed.
    pub fn begin(&self, at_most: Duration) -> Result<Errand> {
        let (number, notice) = self.0.0.begin_errand(at_most)?;
        Ok(Errand { companion: self.clone(), number, notice })
    }

    /// What the connection runs on.
    pub fn runtime(&self) -> &dyn Runtime {
        &*self.0.0.runtime
    }

    /// The bucket's name.
    pub fn bucket(&self) -> String {
        self.0.0.bucket.clone()
    }

    /// How long a view query may take.
    pub fn views_timeout(&self) -> Duration {
        self.0.0.look(|client| client.config().views_timeout)
    }

    /// Hosts and ports of the nodes that serve views of the bucket, in the map's order; none before the map is known.
    /// A node that holds no active vbucket would only point to others.
    pub fn view_nodes(&self) -> Vec<(String, u16)> {
        self.0.0.look(|client| {
            let nodes = client.map().into_iter().flat_map(|map| map.active_nodes());
            nodes.filter_map(|node| Some((node.host.clone(), node.capi?))).collect()
        })
    }

    /// How requests say who asks; `None` if the connection has no user.
    pub fn authorization(&self) -> Option<Authorization> {
        let credentials = self.0.0.look(|client| client.config().credentials.clone())?;
        Some(Authorization::basic(credentials.user(), credentials.password().reveal()))
    }
}

impl fmt::Debug for Companion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Companion").field(&self.0.0.bucket).finish()
    }
}

/// Something of a companion's that is under way, until this is dropped.
#[doc(hidden)]
pub struct Errand {
    companion: Companion,
    number: u64,
    notice: Arc<Notice>,
}

impl Errand {
    /// How the connection stands to it. The task is woken when that changes.
    pub fn poll_standing(&self, cx: &Context<'_>) -> Standing {
        self.notice.poll(cx.waker())
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        self.companion.0.0.end_errand(self.number);
    }
}

impl fmt::Debug for Errand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Errand").field(&self.number).finish()
    }
}
