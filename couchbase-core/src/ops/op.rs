//! One operation from its building to its outcome: what all operations on one key share.

use crate::connection::Connection;
use crate::connection::face::{Callbacks, Face, Futures};
use crate::driver::{Callback, CompletionId, Effect, Sink, Submission, closed};
use crate::machine::Request;
use crate::pending::{Read, Sent};
use crate::queue::CompletionQueue;
use crate::{Encode, Encoded, Error, ErrorKind, Key, Result};
use std::fmt;
use std::mem;
use std::task::{Poll, Waker};

/// An operation with the connection that it belongs to. Dropping one that was polled withdraws it, until its outcome has
/// been taken.
pub struct Op<F: Face> {
    /// `None` when it is over, or somebody else's.
    handle: Option<Connection<F>>,
    state: State,
}

enum State {
    Unsent(Request),
    /// Its value could not be encoded.
    Unfit(Error),
    UnderWay(CompletionId),
}

impl<F: Face> Drop for Op<F> {
    fn drop(&mut self) {
        if let (Some(handle), State::UnderWay(id)) = (&self.handle, &self.state) {
            handle.shared().cancel(&[*id]);
        }
    }
}

impl<F: Face> Op<F> {
    #[inline(always)]
    pub(super) fn new(handle: &Connection<F>, request: Request) -> Self {
        Self { handle: Some(handle.clone()), state: State::Unsent(request) }
    }

    pub(super) fn storing(
        handle: &Connection<F>,
        key: Key,
        value: impl Encode,
        request: fn(Key, Encoded) -> Request,
    ) -> Self {
        match value.encode() {
            Ok(document) => Self::new(handle, handle.request(request(key, document))),
            Err(error) => Self { handle: Some(handle.clone()), state: State::Unfit(error.with_key(key)) },
        }
    }

    /// Changes the request, as long as it has not been sent.
    pub(super) fn map(mut self, change: impl FnOnce(Request) -> Request) -> Self {
        if let State::Unsent(request) = &mut self.state {
            *request = change(request.take());
        }
        self
    }

    /// Sends it now, unless there is no place for it. What was polled is under way already.
    ///
    /// # Panics
    /// If it has been awaited to its end.
    pub(super) fn send<T>(mut self, read: Read<T>) -> Sent<T> {
        let Some(handle) = self.handle.take() else { panic!("an operation was sent after its outcome") };
        let sent = match &mut self.state {
            State::Unsent(request) => handle
                .shared()
                .submit(&mut Submission { is_held: true, ..unheld(&handle, request, Sink::Slot) }),
            State::Unfit(error) => Err(error.clone()),
            State::UnderWay(id) => Ok(*id),
        };
        Sent::new(handle.shared().clone(), sent, read)
    }
}

/// How an operation is submitted unless said otherwise: refused if there is no place, and its outcome asked for by
/// nobody.
#[inline(always)]
fn unheld<'a, F: Face>(handle: &Connection<F>, request: &'a mut Request, sink: Sink) -> Submission<'a> {
    Submission { request, timeout: handle.timeout(), in_line: false, is_held: false, waker: None, sink }
}

/// Submits with a callback; a refusal is the callback's too.
fn submit_calling<F: Face>(handle: &Connection<F>, submission: &mut Submission<'_>) -> Result<CompletionId> {
    let sent = handle.shared().submit(submission);
    if let Err(error) = &sent
        && let Sink::Call(callback) = mem::take(&mut submission.sink)
    {
        call_later(handle, callback, error);
    }
    sent
}

fn call_later<F: Face>(handle: &Connection<F>, callback: Callback, error: &Error) {
    handle.shared().run_on_driver(Effect::Call(callback, Err(error.clone())));
}

impl Op<Futures> {
    /// The first poll sends: the operation stands in line, if there is no place for it.
    ///
    /// # Panics
    /// If it is polled again after its outcome.
    #[inline]
    pub(super) fn poll<T>(&mut self, waker: &Waker, read: Read<T>) -> Poll<Result<T>> {
        let Some(handle) = &self.handle else { panic!("an operation was polled after its outcome") };
        let outcome = match &mut self.state {
            State::UnderWay(id) => match handle.shared().poll(*id, waker) {
                Poll::Ready(outcome) => read(outcome),
                Poll::Pending => return Poll::Pending,
            },
            State::Unsent(request) => {
                let mut submission = Submission {
                    request,
                    timeout: handle.timeout(),
                    in_line: true,
                    is_held: true,
                    waker: Some(waker.clone()),
                    sink: Sink::Slot,
                };
                match handle.shared().submit(&mut submission) {
                    Ok(id) => {
                        self.state = State::UnderWay(id);
                        return Poll::Pending;
                    }
                    Err(error) => read(Err(error)),
                }
            }
            // Nothing of it stays: what it was made from may hold a handle.
            State::Unfit(error) => read(Err(mem::replace(error, closed()))),
        };
        self.handle = None;
        Poll::Ready(outcome)
    }
}

impl Op<Callbacks> {
    /// Sends it now, with a callback that the driver calls. What is returned takes more of them.
    pub(super) fn send_with<T: Send + 'static>(mut self, read: Read<T>, callback: Callback) -> Sent<T> {
        let handle = self.handle.take().expect(UNPOLLED);
        let sent = match &mut self.state {
            State::Unsent(request) => {
                let submission = unheld(&handle, request, Sink::Call(callback));
                submit_calling(&handle, &mut Submission { is_held: true, ..submission })
            }
            State::Unfit(error) => {
                call_later(&handle, callback, error);
                Err(error.clone())
            }
            State::UnderWay(id) => Ok(*id),
        };
        Sent::new(handle.shared().clone(), sent, read)
    }

    /// As [`send_with`](Self::send_with), for the only callback.
    pub(super) fn send_then(mut self, callback: Callback) {
        let handle = self.handle.take().expect(UNPOLLED);
        match &mut self.state {
            State::Unsent(request) => {
                let sent = handle.shared().submit_called(request, handle.timeout(), callback);
                if let Err((error, callback)) = sent {
                    call_later(&handle, callback, &error);
                }
            }
            State::Unfit(error) => call_later(&handle, callback, error),
            State::UnderWay(_) => {}
        }
    }

    /// Sends it now; its outcome goes to `queue`.
    pub(super) fn send_to<T>(mut self, queue: &mut CompletionQueue<T>, token: T) -> Result<()> {
        let Ok(place) = queue.admit(token) else {
            return Err(Error::new(
                ErrorKind::Overloaded,
                "the completion queue is full: drain it, or give it a larger capacity",
            ));
        };
        let handle = self.handle.take().expect(UNPOLLED);
        let error = match &mut self.state {
            State::Unsent(request) => {
                match handle.shared().submit_queued(request, handle.timeout(), queue.ring(), place) {
                    Ok(()) => return Ok(()),
                    Err(error) => error,
                }
            }
            State::Unfit(error) => error.clone(),
            State::UnderWay(_) => closed(),
        };
        if error.kind() == ErrorKind::Overloaded {
            drop(queue.dismiss(place));
            return Err(error);
        }
        queue.ring().append(&mut [(place, Err(error))].into());
        Ok(())
    }
}

/// Only what is polled ends while its owner has it.
const UNPOLLED: &str = "operations of this face are not polled";

impl<F: Face> fmt::Debug for Op<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.state {
            _ if self.handle.is_none() => f.write_str("(over)"),
            State::Unsent(request) => request.fmt(f),
            State::Unfit(error) => error.fmt(f),
            State::UnderWay(_) => f.write_str("(under way)"),
        }
    }
}
