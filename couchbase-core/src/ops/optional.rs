//! `Option` in place of the not-found error.

use super::Operation;
use super::op::Op;
use super::value::{Value, Valued};
use crate::connection::face::Futures;
use crate::pending::Deferred;
use crate::result::sealed::Sealed;
use crate::{Decode, Reply, Result};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// An operation whose outcome is `None` if the document is missing.
#[must_use = "operations do nothing until they are awaited or sent"]
#[derive(Debug)]
pub struct Optional<O>(O);

impl<O: Operation> Optional<O> {
    pub(super) fn new(operation: O) -> Self {
        Self(operation)
    }

    /// Decodes the document too, if there is one.
    pub fn value<T: Decode>(self) -> Value<Self, T>
    where
        O::Output: Valued,
    {
        Value::new(self)
    }
}

impl<O: Operation<Face = Futures>> Optional<O> {
    /// Sends it now; await the outcome whenever you like.
    ///
    /// # Panics
    /// If it has been awaited to its end already.
    pub fn send(self) -> Deferred<Option<O::Output>> {
        Deferred::new(self.into_op().send(Self::read))
    }
}

impl<O: Operation> Sealed for Optional<O> {}

impl<O: Operation> Operation for Optional<O> {
    type Output = Option<O::Output>;
    type Face = O::Face;

    fn op(&mut self) -> &mut Op<O::Face> {
        self.0.op()
    }

    fn into_op(self) -> Op<O::Face> {
        self.0.into_op()
    }

    fn read(outcome: Result<Reply>) -> Result<Option<O::Output>> {
        match outcome {
            // The operation may be quiet as well: the document is missing all the same.
            Ok(reply) if !reply.success() => Ok(None),
            Err(error) if error.is_not_found() => Ok(None),
            found => O::read(found).map(Some),
        }
    }
}

impl<O: Operation<Face = Futures> + Unpin> Future for Optional<O> {
    type Output = Result<Option<O::Output>>;

    /// # Panics
    /// If it is polled again after its outcome.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.op().poll(cx.waker(), Self::read)
    }
}
