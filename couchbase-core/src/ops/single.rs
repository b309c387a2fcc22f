//! The operations on one key.

use super::Operation;
use super::op::Op;
use super::optional::Optional;
use super::options::option;
use super::value::Value;
use crate::ValueResult;
use crate::connection::Connection;
use crate::connection::face::{Callbacks, Face, Futures};
use crate::machine::Request;
use crate::pending::{AsyncResult, Deferred, reading};
use crate::queue::CompletionQueue;
use crate::result::sealed::Sealed;
use crate::{CounterResult, Decode, Encode, Encoded, Error, FromReply, Key, OperationResult, Reply, Result};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// What some operations have and others have not.
macro_rules! extra {
    ($name:ident optional) => {
        impl $name {
            /// `None` for a missing document, instead of an error.
            pub fn optional(self) -> Optional<Self> {
                Optional::new(self)
            }
        }
    };
    ($name:ident value) => {
        impl $name {
            /// Decodes the document too.
            ///
            /// ```
            /// # doc_examples::run(async |cb| {
            /// cb.set("visits", 3).await?;
            /// let visits: u64 = cb.get("visits").value().await?;
            /// let name: Option<String> = cb.get("name").optional().value().await?;
            /// assert_eq!((visits, name), (3, None));
            /// # Ok(())
            /// # });
            /// ```
            #[doc(alias = "content_as")]
            pub fn value<T: Decode>(self) -> Value<Self, T> {
                Value::new(self)
            }
        }
    };
    ($name:ident stores) => {
        impl<F: Face> $name<F> {
            pub(crate) fn storing(
                handle: &Connection<F>,
                key: Key,
                value: impl Encode,
                request: fn(Key, Encoded) -> Request,
            ) -> Self {
                Self(Op::storing(handle, key, value, request))
            }
        }
    };
    ($name:ident plain) => {
        impl<F: Face> $name<F> {
            #[inline(always)]
            pub(crate) fn new(handle: &Connection<F>, request: Request) -> Self {
                Self(Op::new(handle, request))
            }
        }
    };
}

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident => $output:ty { $($option:ident)* } [$($extra:ident)*])*) => {$(
        $(#[$doc])*
        #[must_use = "operations do nothing until they are awaited or sent"]
        pub struct $name<F: Face = Futures>(Op<F>);

        const _: () = assert!(size_of::<$name>() <= 128);

        impl<F: Face> $name<F> {
            $(option!($option);)*

            /// How long this one may take, from sending, waits and retries included; in milliseconds, rounded up.
            pub fn timeout(self, after: Duration) -> Self {
                self.map(|request| request.with_timeout(after))
            }

            fn map(self, change: impl FnOnce(Request) -> Request) -> Self {
                Self(self.0.map(change))
            }
        }

        impl $name {
            /// Sends it now; await the outcome whenever you like. If there is no place for it, the outcome is an
            /// error of kind `Overloaded`: what is awaited unsent stands in line instead.
            ///
            /// # Panics
            /// If it has been awaited to its end already.
            pub fn send(self) -> Deferred<$output> {
                Deferred::new(self.0.send(Self::read))
            }
        }

        impl $name<Callbacks> {
            /// Sends it now.
            pub fn send(self) -> AsyncResult<$output> {
                AsyncResult::operation(self.0.send(Self::read))
            }

            /// Sends it now; `f` is called with the result, if it succeeds.
            pub fn on_ok(self, f: impl FnOnce($output) + Send + 'static) -> AsyncResult<$output> {
                let callback = reading(Self::read, |outcome| {
                    if let Ok(result) = outcome {
                        f(result);
                    }
                });
                AsyncResult::operation(self.0.send_with(Self::read, callback))
            }

            /// Sends it now; `f` is called with the error, if it fails.
            pub fn on_err(self, f: impl FnOnce(Error) + Send + 'static) -> AsyncResult<$output> {
                let callback = reading(Self::read, |outcome| {
                    if let Err(error) = outcome {
                        f(error);
                    }
                });
                AsyncResult::operation(self.0.send_with(Self::read, callback))
            }

            /// Sends it now; `f` is called with the outcome, whatever it is.
            ///
            /// A refusal is an outcome too, at the driver's next pass: who sends in a loop must heed `Overloaded`, and
            /// who sends the next operation from `f` must stop at `Closed`.
            pub fn then(self, f: impl FnOnce(Result<$output>) + Send + 'static) {
                self.0.send_then(reading(Self::read, f));
            }

            /// Sends it now; the answer goes to `queue`, with `token`. Nothing is allocated for it.
            ///
            /// # Errors
            /// `Overloaded`, if the queue is full or there is no place among the operations in flight: nothing was
            /// sent, and the token is dropped. Everything else that is wrong comes through the queue.
            pub fn send_to<T>(self, queue: &mut CompletionQueue<T>, token: T) -> Result<()> {
                self.0.send_to(queue, token)
            }
        }

        impl Future for $name {
            type Output = Result<$output>;

            /// # Panics
            /// If it is polled again after its outcome.
            fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
                self.0.poll(cx.waker(), Self::read)
            }
        }

        impl<F: Face> Sealed for $name<F> {}

        impl<F: Face> Operation for $name<F> {
            type Output = $output;
            type Face = F;

            fn op(&mut self) -> &mut Op<F> {
                &mut self.0
            }

            fn into_op(self) -> Op<F> {
                self.0
            }

            fn read(outcome: Result<Reply>) -> Result<$output> {
                outcome.and_then(<$output>::from_reply)
            }
        }

        impl<F: Face> fmt::Debug for $name<F> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.0).finish()
            }
        }

        $(extra!($name $extra);)*
    )*};
}

operations! {
    /// See [`Connection::get`].
    Get => ValueResult { ttl quiet } [plain optional value]
    /// See [`Connection::set`] and [`Connection::replace`].
    Set => OperationResult { ttl cas } [stores]
    /// See [`Connection::add`].
    Add => OperationResult { ttl } [stores]
    /// See [`Connection::append`] and [`Connection::prepend`].
    Append => OperationResult { cas } [plain]
    /// See [`Connection::touch`].
    Touch => OperationResult { ttl quiet } [plain optional]
    /// See [`Connection::delete`].
    Delete => OperationResult { cas quiet } [plain optional]
    /// See [`Connection::incr`], [`Connection::decr`] and [`Connection::counter`].
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # doc_examples::run(async |cb| {
    /// let hit = || cb.incr("hits").by(10).initial(1).ttl(Duration::from_secs(60));
    /// assert_eq!(hit().await?.value(), 1); // created, not added to
    /// assert_eq!(hit().await?.value(), 11);
    /// # Ok(())
    /// # });
    /// ```
    Counter => CounterResult { create created_ttl } [plain]
}

const _: () = assert!(size_of::<Value<Optional<Get>, std::string::String>>() <= 128);
const _: () = assert!(size_of::<Result<ValueResult>>() <= 96);
const fn sendable<T: Send + Unpin + 'static>() {}
const _: () = sendable::<Get>();
const _: () = sendable::<Set<Callbacks>>();
const _: () = sendable::<Deferred<ValueResult>>();
const _: () = sendable::<AsyncResult<ValueResult>>();
