//! One operation from its building to its outcome: what all operations on one key share.

use crate::connection::Connection;
use crate::connection::face::{Callbacks, Face, Futures};
use crate::driver::{Callback, CompletionId, Effect, Sink, Submission, closed};
use crate::machine::Request;
use crate::pending::{Read, Sent};
use crate::queue::CompletionQueue;
use crate::{Encode, Encoded, Error, ErrorKind, Key, Reply, Result};
use std::fmt;
use std::mem;
use std::task::{Poll, Waker};

/// An operation with the connection it belongs to.
pub struct Op<F: Face>(State<F>);

enum State<F: Face> {
    Unsent(Connection<F>, Request),
    /// Its value could not be encoded.
    Unfit(Connection<F>, Error),
    UnderWay(UnderWay<F>),
    Over,
}

/// An operation that was polled: dropping it withdraws it, until its outcome has been taken.
struct UnderWay<F: Face> {
    handle: Connection<F>,
    id: Option<CompletionId>,
}

impl<F: Face> Drop for UnderWay<F> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.handle.shared().cancel(&[id]);
        }
    }
}

impl<F: Face> Op<F> {
    pub(super) fn new(handle: &Connection<F>, request: Request) -> Self {
        Self(State::Unsent(handle.clone(), request))
    }

    pub(super) fn storing(
        handle: &Connection<F>,
        key: Key,
        value: impl Encode,
        request: fn(Key, Encoded) -> Request,
    ) -> Self {
        match value.encode() {
            Ok(document) => Self::new(handle, handle.request(request(key, document))),
            Err(error) => Self(State::Unfit(handle.clone(), error.with_key(key))),
        }
    }

    /// Changes the request, as long as it has not been sent.
    pub(super) fn map(self, change: impl FnOnce(Request) -> Request) -> Self {
        match self.0 {
            State::Unsent(handle, request) => Self(State::Unsent(handle, change(request))),
            other => Self(other),
        }
    }

    /// Sends it now, unless there is no place for it.
    ///
    /// # Panics
    /// If it has been awaited to its end.
    pub(super) fn send<T>(self, read: Read<T>) -> Sent<T> {
        match self.0 {
            State::Unsent(handle, request) => {
                let submission = Submission { is_held: true, ..submission(&handle, request) };
                let sent = handle.shared().submit(submission).map_err(|(error, _)| error);
                Sent::new(handle.shared().clone(), sent, read)
            }
            State::UnderWay(mut under_way) => {
                // Not withdrawn: somebody else asks for its outcome from now on.
                let sent = under_way.id.take().ok_or_else(closed);
                Sent::new(under_way.handle.shared().clone(), sent, read)
            }
            State::Unfit(handle, error) => Sent::new(handle.shared().clone(), Err(error), read),
            State::Over => panic!("an operation was sent after its outcome"),
        }
    }
}

/// How an operation is submitted unless said otherwise: refused if there is no place, and its outcome wanted by nobody.
#[inline]
fn submission<F: Face>(handle: &Connection<F>, request: Request) -> Submission {
    let timeout = handle.timeout();
    Submission { request, timeout, in_line: false, is_held: false, waker: None, sink: Sink::Slot }
}

/// Submits with a callback; a refusal is the callback's too.
fn submit_calling<F: Face>(handle: &Connection<F>, submission: Submission) -> Result<CompletionId> {
    handle.shared().submit(submission).map_err(|(error, sink)| {
        if let Sink::Call(callback) = sink {
            call_later(handle, callback, &error);
        }
        error
    })
}

fn call_later<F: Face>(handle: &Connection<F>, callback: Callback, error: &Error) {
    handle.shared().run_on_driver(Effect::Call(callback, Err(error.clone())));
}

impl Op<Futures> {
    /// The first poll sends: the operation stands in line, if there is no place for it.
    #[inline]
    pub(super) fn poll(&mut self, waker: &Waker) -> Poll<Result<Reply>> {
        let outcome = match &mut self.0 {
            State::UnderWay(UnderWay { handle, id }) => {
                let Some(sent) = *id else { return Poll::Ready(Err(closed())) };
                let Poll::Ready(outcome) = handle.shared().poll(sent, waker) else { return Poll::Pending };
                *id = None;
                outcome
            }
            State::Unsent(..) | State::Unfit(..) | State::Over => {
                match mem::replace(&mut self.0, State::Over) {
                    State::Unsent(handle, request) => {
                        let submission = Submission {
                            in_line: true,
                            is_held: true,
                            waker: Some(waker.clone()),
                            ..submission(&handle, request)
                        };
                        match handle.shared().submit(submission) {
                            Ok(id) => {
                                self.0 = State::UnderWay(UnderWay { handle, id: Some(id) });
                                return Poll::Pending;
                            }
                            Err((error, _)) => Err(error),
                        }
                    }
                    State::Unfit(_, error) => Err(error),
                    State::UnderWay(..) | State::Over => panic!("an operation was polled after its outcome"),
                }
            }
        };
        self.0 = State::Over;
        Poll::Ready(outcome)
    }
}

impl Op<Callbacks> {
    /// Sends it now, with a callback that the driver calls. What is returned takes more of them.
    pub(super) fn send_with<T: Send + 'static>(self, read: Read<T>, callback: Callback) -> Sent<T> {
        match self.0 {
            State::Unsent(handle, request) => {
                let sink = Sink::Call(callback);
                let submission = Submission { is_held: true, sink, ..submission(&handle, request) };
                let sent = submit_calling(&handle, submission);
                Sent::new(handle.shared().clone(), sent, read)
            }
            State::Unfit(handle, error) => {
                call_later(&handle, callback, &error);
                Sent::new(handle.shared().clone(), Err(error), read)
            }
            State::UnderWay(..) | State::Over => unreachable!("this face has no polled operations"),
        }
    }

    /// As [`send_with`](Self::send_with), for the only callback.
    pub(super) fn send_then(self, callback: Callback) {
        match self.0 {
            State::Unsent(handle, request) => {
                let submission = Submission { sink: Sink::Call(callback), ..submission(&handle, request) };
                // The callback has been told of a refusal.
                let _ = submit_calling(&handle, submission);
            }
            State::Unfit(handle, error) => call_later(&handle, callback, &error),
            State::UnderWay(..) | State::Over => unreachable!("this face has no polled operations"),
        }
    }

    /// Sends it now; its outcome goes to `queue`.
    pub(super) fn send_to<T>(self, queue: &mut CompletionQueue<T>, token: T) -> Result<()> {
        let Ok(place) = queue.admit(token) else {
            return Err(Error::new(
                ErrorKind::Overloaded,
                "the completion queue is full: drain it, or give it a larger capacity",
            ));
        };
        let error = match self.0 {
            State::Unsent(handle, request) => {
                let sink = Sink::Queue(queue.ring().clone(), place);
                match handle.shared().submit(Submission { sink, ..submission(&handle, request) }) {
                    Ok(_) => return Ok(()),
                    Err((error, _)) => error,
                }
            }
            State::Unfit(_, error) => error,
            State::UnderWay(..) | State::Over => closed(),
        };
        if error.kind() == ErrorKind::Overloaded {
            drop(queue.dismiss(place));
            return Err(error);
        }
        queue.ring().append(&mut [(place, Err(error))].into());
        Ok(())
    }
}

impl<F: Face> fmt::Debug for Op<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            State::Unsent(_, request) => request.fmt(f),
            State::Unfit(_, error) => error.fmt(f),
            State::UnderWay(..) => f.write_str("(under way)"),
            State::Over => f.write_str("(over)"),
        }
    }
}
