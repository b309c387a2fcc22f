//! Operations on many keys: one outcome, in the order of the call.
//!
//! All arguments are checked before anything is sent.

use super::options::option;
use crate::connection::Connection;
use crate::connection::face::{Callbacks, Face, Futures};
use crate::driver::Shared;
use crate::machine::Request;
use crate::pending::{AsyncResult, Collect, Deferred, Group, Pending, Promise, SentGroup, SentPromise};
use crate::{Error, ErrorKind, FromReply, MultiResult, OperationResult, Result, ValueResult};
use std::boxed::Box;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use std::vec::Vec;

/// Requests until they are sent, then their outcome.
struct Many<F: Face, R>(State<F, R>);

enum State<F: Face, R> {
    Unsent(Connection<F>, Result<Vec<Request>>),
    UnderWay(Box<dyn Pending<MultiResult<R>>>),
    Over,
}

impl<F: Face, R: FromReply + Clone + Send + 'static> Many<F, R> {
    fn map(mut self, change: impl Fn(Request) -> Request) -> Self {
        if let State::Unsent(_, Ok(requests)) = &mut self.0 {
            *requests = mem::take(requests).into_iter().map(change).collect();
        }
        self
    }

    /// Sends it, if that has not happened.
    fn send(mut self, in_line: bool) -> Box<dyn Pending<MultiResult<R>>> {
        match mem::replace(&mut self.0, State::Over) {
            State::Unsent(handle, requests) => match requests.and_then(check) {
                Ok(requests) => submit(handle.shared(), requests, handle.timeout(), in_line),
                Err(error) => {
                    Box::new(SentPromise::new(Promise::settled(Err(error)), handle.shared().clone()))
                }
            },
            State::UnderWay(pending) => pending,
            State::Over => panic!("an operation was sent after its outcome"),
        }
    }
}

fn check(requests: Vec<Request>) -> Result<Vec<Request>> {
    if requests.is_empty() {
        return Err(Error::new(ErrorKind::Argument, "no keys at all; give at least one"));
    }
    match requests.iter().find_map(|request| Some((request, request.verify().err()?))) {
        Some((request, error)) => Err(error.with_key(request.key().clone())),
        None => Ok(requests),
    }
}

fn submit<R: FromReply + Clone + Send + 'static>(
    shared: &Arc<Shared>,
    requests: Vec<Request>,
    timeout: Duration,
    in_line: bool,
) -> Box<dyn Pending<MultiResult<R>>> {
    let group = Arc::new(Group::new(requests.iter().map(|request| request.key().clone())));
    let collect: Arc<dyn Collect> = group.clone();
    let ids = shared.submit_all(requests, timeout, in_line, &collect);
    Box::new(SentGroup::new(shared.clone(), group, ids))
}

impl<R: FromReply + Clone + Send + 'static> Many<Futures, R> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<MultiResult<R>>> {
        if let State::Unsent(..) = self.0 {
            let unsent = Self(mem::replace(&mut self.0, State::Over));
            self.0 = State::UnderWay(unsent.send(true));
        }
        let State::UnderWay(pending) = &mut self.0 else {
            panic!("an operation was polled after its outcome")
        };
        let outcome = pending.poll(cx);
        if outcome.is_ready() {
            self.0 = State::Over;
        }
        outcome
    }
}

impl<F: Face, R> Drop for Many<F, R> {
    fn drop(&mut self) {
        if let State::UnderWay(pending) = &mut self.0 {
            pending.cancel();
        }
    }
}

macro_rules! multi_operations {
    ($($(#[$doc:meta])* $name:ident => $result:ty { $($option:ident)* })*) => {$(
        $(#[$doc])*
        ///
        /// The outcome has every key in the order of the call. If any fails it is the error of the first that did,
        /// with that key, and all results in [`Error::all_results`].
        #[must_use = "operations do nothing until they are awaited or sent"]
        pub struct $name<F: Face = Futures>(Many<F, $result>);

        const _: () = assert!(size_of::<$name>() <= 4 * size_of::<usize>());

        impl<F: Face> $name<F> {
            pub(crate) fn new(handle: &Connection<F>, requests: Result<Vec<Request>>) -> Self {
                Self(Many(State::Unsent(handle.clone(), requests)))
            }

            $(option!($option);)*

            /// How long each of them may take, from sending, waits and retries included; in milliseconds, rounded up.
            pub fn timeout(self, after: Duration) -> Self {
                self.map(|request| request.with_timeout(after))
            }

            fn map(self, change: impl Fn(Request) -> Request) -> Self {
                Self(self.0.map(change))
            }
        }

        impl $name {
            /// Sends it now; await the outcome whenever you like. Keys for which there is no place fail as
            /// `Overloaded`: what is awaited unsent stands in line instead.
            ///
            /// # Panics
            /// If it has been awaited to its end already.
            pub fn send(self) -> Deferred<MultiResult<$result>> {
                Deferred::boxed(self.0.send(false))
            }
        }

        impl $name<Callbacks> {
            /// Sends it now.
            pub fn send(self) -> AsyncResult<MultiResult<$result>> {
                AsyncResult::boxed(self.0.send(false))
            }

            /// Sends it now; `f` is called with the results, if all keys succeed.
            pub fn on_ok(
                self,
                f: impl FnOnce(MultiResult<$result>) + Send + 'static,
            ) -> AsyncResult<MultiResult<$result>> {
                self.send().on_ok(f)
            }

            /// Sends it now; `f` is called with the error, if a key fails.
            pub fn on_err(self, f: impl FnOnce(Error) + Send + 'static) -> AsyncResult<MultiResult<$result>> {
                self.send().on_err(f)
            }

            /// Sends it now; `f` is called with the outcome, whatever it is.
            pub fn then(self, f: impl FnOnce(Result<MultiResult<$result>>) + Send + 'static) {
                self.send().then(f);
            }
        }

        impl Future for $name {
            type Output = Result<MultiResult<$result>>;

            /// # Panics
            /// If it is polled again after its outcome.
            fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
                self.0.poll(cx)
            }
        }

        impl<F: Face> fmt::Debug for $name<F> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}

multi_operations! {
    /// See [`Connection::get_multi`].
    ///
    /// ```
    /// # doc_examples::run(async |cb| {
    /// # cb.set_multi([("foo", 1), ("bar", 2)]).await?;
    /// for (key, found) in cb.get_multi(["foo", "bar"]).await?.iter() {
    ///     println!("{key}: {}", found?.value::<u64>()?);
    /// }
    ///
    /// let error = cb.get_multi(["foo", "nothing"]).await.expect_err("a document is missing");
    /// for (key, found) in error.all_results() {
    ///     match found {
    ///         Ok(reply) => println!("{key}: {}", reply.value::<u64>()?),
    ///         Err(error) => println!("{key}: {}", error.kind()),
    ///     }
    /// }
    /// # Ok(())
    /// # });
    /// ```
    GetMulti => ValueResult { ttl quiet }
    /// See [`Connection::set_multi`].
    ///
    /// ```
    /// # doc_examples::run(async |cb| {
    /// let stored = cb.set_multi([("foo", 1), ("bar", 2)]).await?;
    /// assert_eq!(stored.len(), 2);
    /// # Ok(())
    /// # });
    /// ```
    SetMulti => OperationResult { ttl }
}
