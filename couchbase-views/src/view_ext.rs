//! Views and design documents on a connection: the one extension trait, and the connection as queries see it.

use crate::home::{Errand, Home};
use crate::query::{All, Query, To};
use crate::{DesignDocument, DesignOp, RowSink};
use couchbase_core::face::Face;
use couchbase_core::http::Authorization;
use couchbase_core::rt::{BoxFuture, Runtime};
use couchbase_core::{Companion, Connection, Result, Standing};
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

/// Views and design documents on a connection.
///
/// After the connection's [`close`](Connection::close) no node is asked for anything: what is begun then, and what
/// waits for the connection or for another attempt, ends with `Closed`. What a node is being asked goes on to its end,
/// and `close` waits for it.
///
/// # Errors of every query and design operation
/// `Argument` and `ValueFormat` for options and names that cannot be sent; `Http` with the server's words, where the
/// view or the document is missing or the server refuses it; `Auth`; `Network` and `UnknownHost` if no node can be
/// asked; `NotSupported` if none has views of this bucket; `Protocol` for an answer that is none; `Timeout` after 75 s,
/// or what [`views_timeout`](couchbase_core::Config::views_timeout) or [`timeout`](Query::timeout) says; `Closed`; and
/// the connection's own error, if it failed. Queries also end with `ViewEngine`, where the server gave up in the
/// middle, and `TooBig` for a row, or with `query_all` a result, above its limit, 20 MiB and 64 MiB. A design document
/// that may have been changed all the same has an ambiguous error.
///
/// ```
/// use couchbase_views::{DesignDocument, Stale, ViewExt};
///
/// # doc_examples::run(async |cb| {
/// cb.set("abbey", &serde_json::json!({ "name": "Abbey Ale" })).await?;
///
/// let beer = DesignDocument::new().view("by_name", "function (doc, meta) { emit(doc.name, null); }");
/// cb.design_create("beer", &beer).production().await?;
/// for row in &cb.query_all("beer", "by_name").stale(Stale::UpdateBefore).limit(10).await? {
///     assert_eq!((row.id(), row.key::<&str>()?), (Some("abbey"), "Abbey Ale"));
/// }
/// # Ok(())
/// # });
/// ```
pub trait ViewExt {
    /// A query of a view. How its rows come is chosen on the result: [`all`](Query::all), [`sink`](Query::sink) or
    /// [`each`](Query::each). A design document under development is named with its prefix, as in `dev_beer`.
    fn query(&self, design: &str, view: &str) -> Query;

    /// All rows of a view at once.
    #[doc(alias = "view_query")]
    fn query_all(&self, design: &str, view: &str) -> Query<All> {
        self.query(design, view).all()
    }

    /// The rows of a view as they arrive, into a sink that comes back when the query has ended.
    fn query_ex<S: RowSink>(&self, sink: S, design: &str, view: &str) -> Query<To<S>> {
        self.query(design, view).sink(sink)
    }

    /// Stores a design document, whether there is one of that name or not: its development version, `dev_` before
    /// the name, unless [`production`](DesignOp::production) is asked for. An index is built at the first query.
    fn design_create(&self, name: &str, doc: &DesignDocument) -> DesignOp<()>;

    /// Reads a design document: its development version unless told otherwise.
    fn design_get(&self, name: &str) -> DesignOp<DesignDocument>;

    /// Removes a design document and its indexes: its development version unless told otherwise.
    fn design_delete(&self, name: &str) -> DesignOp<()>;
}

impl<F: Face> ViewExt for Connection<F> {
    fn query(&self, design: &str, view: &str) -> Query {
        Query::new(Arc::new(self.companion()), design, view)
    }

    fn design_create(&self, name: &str, doc: &DesignDocument) -> DesignOp<()> {
        DesignOp::create(Arc::new(self.companion()), name, doc)
    }

    fn design_get(&self, name: &str) -> DesignOp<DesignDocument> {
        DesignOp::get(Arc::new(self.companion()), name)
    }

    fn design_delete(&self, name: &str) -> DesignOp<()> {
        DesignOp::delete(Arc::new(self.companion()), name)
    }
}

impl Home for Companion {
    fn begin(&self, at_most: Duration) -> Result<Box<dyn Errand>> {
        Ok(Box::new(self.begin(at_most)?))
    }

    fn connected(&self) -> BoxFuture<Result<()>> {
        Box::pin(self.connected())
    }

    fn runtime(&self) -> &dyn Runtime {
        self.runtime()
    }

    fn bucket(&self) -> String {
        self.bucket()
    }

    fn views_timeout(&self) -> Duration {
        self.views_timeout()
    }

    fn view_nodes(&self) -> Vec<(String, u16)> {
        self.view_nodes()
    }

    fn authorization(&self) -> Option<Authorization> {
        self.authorization()
    }
}

impl Errand for couchbase_core::Errand {
    fn poll_standing(&self, cx: &Context<'_>) -> Standing {
        self.poll_standing(cx)
    }
}
