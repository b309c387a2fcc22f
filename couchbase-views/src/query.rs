//! A view query: builder and future in one. Nothing is sent before it is polled.

pub(crate) mod options;
mod request;
mod run;
mod running;
#[cfg(test)]
mod tests;

pub use options::Stale;
pub use running::{Control, Running};

use crate::batched::{BatchedView, Gather};
use crate::home::Home;
use crate::{Flow, IntoFlow, Metadata, Row, RowSink};
use couchbase_core::{Error, ErrorKind, Result};
use options::Options;
use run::Run;
use serde::Serialize;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// Memory that [`query_all`](crate::ViewExt::query_all) may use for rows unless told otherwise: 64 MiB.
pub const DEFAULT_MAX_BYTES: usize = 64 * 1024 * 1024;

/// How the rows come is not chosen yet: [`all`](Query::all), [`sink`](Query::sink) or [`each`](Query::each).
#[derive(Debug)]
pub struct Undecided(());

/// All rows at once, as a [`BatchedView`].
#[derive(Debug)]
pub struct All {
    max_bytes: usize,
    gathered: Option<Gather>,
}

/// Rows go to a [`RowSink`].
#[derive(Debug)]
pub struct To<S> {
    sink: Option<S>,
    /// Who may stop it, if it runs in the background.
    control: Option<Control>,
}

/// Rows go to a closure.
pub struct Each<F, R>(F, PhantomData<fn() -> R>);

/// A view query. It is a future once it is decided how the rows come.
///
/// With [`all`](Query::all) it is one of a [`BatchedView`], with [`sink`](Query::sink) of the sink, with
/// [`each`](Query::each) of the [`Metadata`]. Options may come before or after that; those that exclude each other are
/// an argument error. Each query has the [errors of all](crate::ViewExt#errors-of-every-query-and-design-operation).
///
/// A query that was made before the connection exists waits for it, and fails with its error. Its timeout covers
/// everything after that, the time that a sink takes included. Dropping a query closes its link to the server. A query
/// that has begun keeps `close` waiting until it ends, and the connection open until it is dropped.
///
/// ```
/// use couchbase_views::ViewExt;
///
/// # doc_examples::run_with_beers(async |cb| {
/// let weak = cb.query("beer", "by_abv").end_key(&7.0).limit(10).all().await?;
/// assert_eq!(weak.len(), 2);
///
/// // A view with a reduce function: a row for each key.
/// let counts = cb.query_all("beer", "count").group(true).await?;
/// for row in &counts {
///     println!("{}: {} beers", row.key::<&str>()?, row.value::<u64>()?);
/// }
/// # Ok(())
/// # });
/// ```
#[must_use = "a query is sent when it is awaited, started or polled"]
pub struct Query<M = Undecided> {
    home: Arc<dyn Home>,
    design: String,
    view: String,
    options: Box<Options>,
    mode: M,
    stage: Stage,
}

enum Stage {
    Unsent,
    Running(Box<Run>),
    Ended,
}

/// A query is never pinned: what it owns is reached by plain references.
impl<M> Unpin for Query<M> {}

impl<M> fmt::Debug for Query<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("design", &self.design)
            .field("view", &self.view)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

macro_rules! options {
    ($($(#[$doc:meta])* $name:ident($kind:ty);)*) => {$(
        $(#[$doc])*
        pub fn $name(mut self, $name: $kind) -> Self {
            self.options.$name = Some($name);
            self
        }
    )*};
}

impl<M> Query<M> {
    options! {
        /// At most so many rows. 0 gives none, but tells [`total_rows`](Metadata::total_rows).
        limit(u64);
        /// Leaves out so many rows at the beginning.
        skip(u64);
        /// Whether the index is brought up to date for this query.
        stale(Stale);
        /// From the highest key to the lowest. The start key is then the higher one.
        descending(bool);
        /// Whether a row with the end key itself belongs to the range; it does unless told otherwise.
        inclusive_end(bool);
        /// Whether rows are reduced; they are if the view has a reduce function.
        reduce(bool);
        /// Reduces the rows of each key on its own.
        group(bool);
        /// Reduces together the rows whose array keys agree in so many first elements; 0 gives one row.
        group_level(u32);
        /// Time for the whole query, from the connection's readiness to the last row. The connection's `views_timeout`
        /// unless told otherwise: 75 s. Zero is an argument error.
        timeout(Duration);
    }

    /// Only rows with this key.
    pub fn key<K: Serialize + ?Sized>(mut self, key: &K) -> Self {
        self.options.key = self.options.encode("key", key);
        self
    }

    /// Only rows with one of these keys, in the order of the keys. A reduced view must be grouped.
    pub fn keys<K: Serialize>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.options.keys = self.options.encode_all(keys);
        self
    }

    /// Only rows with keys from `from` to `to`.
    #[doc(alias = "mapkey_range")]
    pub fn key_range<K: Serialize + ?Sized>(self, from: &K, to: &K) -> Self {
        self.start_key(from).end_key(to)
    }

    /// Only rows from this key on.
    #[doc(alias = "startkey")]
    pub fn start_key<K: Serialize + ?Sized>(mut self, key: &K) -> Self {
        self.options.start_key = self.options.encode("start_key", key);
        self
    }

    /// Only rows up to this key.
    #[doc(alias = "endkey")]
    pub fn end_key<K: Serialize + ?Sized>(mut self, key: &K) -> Self {
        self.options.end_key = self.options.encode("end_key", key);
        self
    }

    fn mode<N>(self, mode: N) -> Query<N> {
        let Self { home, design, view, options, stage, .. } = self;
        Query { home, design, view, options, mode, stage }
    }
}

impl Query {
    pub(crate) fn new(home: Arc<dyn Home>, design: &str, view: &str) -> Self {
        Self {
            home,
            design: design.to_owned(),
            view: view.to_owned(),
            options: Box::default(),
            mode: Undecided(()),
            stage: Stage::Unsent,
        }
    }

    /// All rows at once.
    pub fn all(self) -> Query<All> {
        self.mode(All { max_bytes: DEFAULT_MAX_BYTES, gathered: None })
    }

    /// Rows go to this sink as they arrive, on the task that awaits the query; the query gives it back.
    pub fn sink<S: RowSink>(self, sink: S) -> Query<To<S>> {
        self.mode(To { sink: Some(sink), control: None })
    }

    /// Rows go to this closure as they arrive, on the task that awaits the query: it may borrow, and need not be
    /// `Send`. `f` returns nothing, a [`Flow`], or a `Result` of either; an error ends the query and is its outcome.
    ///
    /// ```
    /// use couchbase_views::{Stale, ViewExt};
    ///
    /// # doc_examples::run_with_beers(async |cb| {
    /// let mut sum = 0.0;
    /// cb.query("beer", "by_abv")
    ///     .stale(Stale::Ok)
    ///     .key_range(&3.5, &8.0)
    ///     .each(|row| {
    ///         sum += row.value::<f64>()?;
    ///         Ok(())
    ///     })
    ///     .await?;
    /// assert_eq!(sum, 11.3);
    /// # Ok(())
    /// # });
    /// ```
    pub fn each<F: FnMut(Row<'_>) -> R, R: IntoFlow>(self, f: F) -> Query<Each<F, R>> {
        self.mode(Each(f, PhantomData))
    }
}

impl Query<All> {
    /// Most memory for rows, in bytes, including 56 bytes of book-keeping a row; [`DEFAULT_MAX_BYTES`] unless told
    /// otherwise. A result that is larger is an error of kind `TooBig`.
    pub fn max_bytes(mut self, max_bytes: usize) -> Self {
        self.mode.max_bytes = max_bytes;
        self
    }
}

impl<M> Query<M> {
    /// Ready once, with how the query has ended. Its link is open, and the connection waits for it, until
    /// [`end`](Self::end).
    fn poll_rows(
        &mut self,
        cx: &mut Context<'_>,
        take: impl FnOnce(&mut M, &mut Run, &mut Context<'_>) -> Poll<Result<()>>,
    ) -> Poll<Result<Metadata>> {
        if let Stage::Unsent = self.stage {
            let options = std::mem::take(&mut *self.options);
            let (design, view) = (self.design.clone(), self.view.clone());
            match Run::new(self.home.clone(), design, view, options) {
                Ok(run) => self.stage = Stage::Running(Box::new(run)),
                Err(error) => {
                    self.stage = Stage::Ended;
                    return Poll::Ready(Err(error));
                }
            }
        }
        let Stage::Running(run) = &mut self.stage else {
            return Poll::Ready(Err(Error::new(ErrorKind::Closed, "the query has ended before")));
        };
        let outcome = ready!(take(&mut self.mode, run, cx));
        Poll::Ready(outcome.map(|()| run.metadata().clone()))
    }

    fn end(&mut self) {
        self.stage = Stage::Ended;
    }
}

impl Future for Query<All> {
    type Output = Result<BatchedView>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let query = self.get_mut();
        let outcome = ready!(query.poll_rows(cx, |mode, run, cx| {
            let gathered = mode.gathered.get_or_insert_with(|| Gather::new(mode.max_bytes));
            run.poll(cx, &mut |mut rows| rows.try_for_each(|row| gathered.push(row)).map(|()| Flow::More))
        }));
        query.end();
        let gathered = query.mode.gathered.take();
        Poll::Ready(outcome.map(|meta| gathered.unwrap_or_else(|| Gather::new(0)).finish(meta)))
    }
}

impl<S: RowSink> Query<To<S>> {
    /// Ready once, with the sink, which has been told of the end. The connection waits until [`end`](Self::end).
    fn poll_sink(&mut self, cx: &mut Context<'_>) -> Poll<Result<S>> {
        let mut is_its_own = false;
        let outcome = ready!(self.poll_rows(cx, |mode, run, cx| {
            let control = mode.control.as_ref();
            run.poll(cx, &mut |rows| match &mut mode.sink {
                Some(sink) if !control.is_some_and(Control::is_stopped) => {
                    sink.on_rows(rows).inspect_err(|_| is_its_own = true)
                }
                _ => Ok(Flow::Stop),
            })
        }));
        // What goes wrong after it was stopped is no concern of a query that wants no more.
        let is_stopped = self.mode.control.as_ref().is_some_and(Control::is_stopped);
        let outcome = match (outcome, &self.stage) {
            (Err(_), Stage::Running(run)) if is_stopped && !is_its_own => Ok(run.metadata().clone()),
            (outcome, _) => outcome,
        };
        let ended = || Error::new(ErrorKind::Closed, "the query has ended before");
        let mut sink = self.mode.sink.take().ok_or_else(ended)?;
        Poll::Ready(match outcome {
            Ok(meta) => {
                sink.on_done(&meta);
                Ok(sink)
            }
            Err(error) => {
                sink.on_error(&error);
                Err(error)
            }
        })
    }

    /// Gives up the rest, well, with what has come until now.
    fn stop(&mut self) -> Option<S> {
        let mut sink = self.mode.sink.take()?;
        match &self.stage {
            Stage::Running(run) => sink.on_done(run.metadata()),
            Stage::Unsent | Stage::Ended => sink.on_done(&Metadata::default()),
        }
        Some(sink)
    }
}

impl<S: RowSink> Future for Query<To<S>> {
    type Output = Result<S>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let query = self.get_mut();
        let outcome = ready!(query.poll_sink(cx));
        query.end();
        Poll::Ready(outcome)
    }
}

impl<F: FnMut(Row<'_>) -> R, R: IntoFlow> Future for Query<Each<F, R>> {
    type Output = Result<Metadata>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let query = self.get_mut();
        let outcome = ready!(query.poll_rows(cx, |mode, run, cx| {
            run.poll(cx, &mut |rows| {
                for row in rows {
                    if (mode.0)(row).into_flow()? == Flow::Stop {
                        return Ok(Flow::Stop);
                    }
                }
                Ok(Flow::More)
            })
        }));
        query.end();
        Poll::Ready(outcome)
    }
}

impl<S: RowSink + Send + 'static> Query<To<S>> {
    /// Runs it in the background, on the connection's runtime.
    ///
    /// The sink runs on a task of that runtime and must not block it. (With `couchbase-async-std` and no executor of
    /// one's own that is the one thread on which all drivers run.)
    pub fn start(self) -> Running<S> {
        let home = self.home.clone();
        running::start(home.as_ref(), self)
    }
}
