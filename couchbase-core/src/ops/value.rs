//! Operations that end in a decoded document.

use super::Operation;
use crate::connection::face::Futures;
use crate::pending::Deferred;
use crate::result::sealed::Sealed;
use crate::{Decode, Reply, Result, ValueResult};
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Results that hold a document, or may hold one. Sealed.
pub trait Valued: Sealed {
    /// What a document decoded as `T` becomes.
    type As<T: Decode>;

    #[doc(hidden)]
    fn read_as<T: Decode>(self) -> Result<Self::As<T>>;
}

impl Valued for ValueResult {
    type As<T: Decode> = T;

    fn read_as<T: Decode>(self) -> Result<T> {
        self.value()
    }
}

impl Sealed for Option<ValueResult> {}

impl Valued for Option<ValueResult> {
    type As<T: Decode> = Option<T>;

    fn read_as<T: Decode>(self) -> Result<Option<T>> {
        self.map(|found| found.value()).transpose()
    }
}

/// An operation whose outcome is the decoded document.
#[must_use = "operations do nothing until they are awaited or sent"]
pub struct Value<O, T>(O, PhantomData<fn() -> T>);

impl<O, T> Value<O, T> {
    pub(super) fn new(operation: O) -> Self {
        Self(operation, PhantomData)
    }
}

impl<O: Operation<Output: Valued>, T: Decode> Value<O, T> {
    fn read(outcome: Result<Reply>) -> Result<<O::Output as Valued>::As<T>> {
        O::read(outcome)?.read_as()
    }
}

impl<O, T> Value<O, T>
where
    O: Operation<Output: Valued, Face = Futures>,
    T: Decode,
    <O::Output as Valued>::As<T>: Send + 'static,
{
    /// Sends it now; await the document whenever you like.
    ///
    /// # Panics
    /// If it has been awaited to its end already.
    pub fn send(self) -> Deferred<<O::Output as Valued>::As<T>> {
        Deferred::new(self.0.into_op().send(Self::read))
    }
}

impl<O: Operation<Output: Valued, Face = Futures> + Unpin, T: Decode> Future for Value<O, T> {
    type Output = Result<<O::Output as Valued>::As<T>>;

    /// # Panics
    /// If it is polled again after its outcome.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.op().poll(cx.waker(), Self::read)
    }
}

impl<O: std::fmt::Debug, T> std::fmt::Debug for Value<O, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Value").field(&self.0).finish()
    }
}
