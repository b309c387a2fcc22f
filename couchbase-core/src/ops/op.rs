//! One operation from its building to its outcome: what all operations on one key share.

use crate::connection::Connection;
use crate::connection::face::{Callbacks, Face, Futures};
use crate::driver::{Callback, CompletionId, Effect, Refusal, Sink, Submission, closed};
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
    UnderWay(Connection<F>, CompletionId),
    Over,
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
    pub(super) fn map(mut self, change: impl FnOnce(Request) -> Request) -> Self {
        match mem::replace(&mut self.0, State::Over) {
            State::Unsent(handle, request) => Self(State::Unsent(handle, change(request))),
            other => Self(other),
        }
    }

    /// Sends it now, unless there is no place for it.
    pub(super) fn send<T>(mut self, read: Read<T>) -> Sent<T> {
        match mem::replace(&mut self.0, State::Over) {
            State::Unsent(handle, request) => {
                let options = Options { is_held: true, ..Options::default() };
                let sent = submit(&handle, request, options).map_err(|refused| refused.error);
                Sent::new(handle.shared().clone(), sent, read)
            }
            State::UnderWay(handle, id) => Sent::new(handle.shared().clone(), Ok(id), read),
            State::Unfit(handle, error) => Sent::new(handle.shared().clone(), Err(error), read),
            State::Over => unreachable!("an operation is over only in its own poll or drop"),
        }
    }
}

#[derive(Default)]
struct Options {
    in_line: bool,
    is_held: bool,
    waker: Option<Waker>,
    sink: Sink,
}

#[inline]
fn submit<F: Face>(
    handle: &Connection<F>,
    request: Request,
    options: Options,
) -> Result<CompletionId, Refusal> {
    let Options { in_line, is_held, waker, sink } = options;
    let submission = Submission { request, timeout: handle.timeout(), in_line, is_held, waker, sink };
    handle.shared().submit(submission)
}

/// Submits with a callback; a refusal is the callback's too.
fn submit_calling<F: Face>(
    handle: &Connection<F>,
    request: Request,
    options: Options,
) -> Result<CompletionId> {
    submit(handle, request, options).map_err(|refused| {
        if let Sink::Call(callback) = refused.sink {
            call_later(handle, callback, &refused.error);
        }
        refused.error
    })
}

fn call_later<F: Face>(handle: &Connection<F>, callback: Callback, error: &Error) {
    handle.shared().run_on_driver(Effect::Call(callback, Err(error.clone())));
}

impl Op<Futures> {
    /// The first poll sends: the operation stands in line, if there is no place for it.
    #[inline]
    pub(super) fn poll(&mut self, waker: &Waker) -> Poll<Result<Reply>> {
        let outcome = match &self.0 {
            State::UnderWay(handle, id) => match handle.shared().poll(*id, waker) {
                Poll::Ready(outcome) => outcome,
                Poll::Pending => return Poll::Pending,
            },
            State::Unsent(..) | State::Unfit(..) | State::Over => {
                match mem::replace(&mut self.0, State::Over) {
                    State::Unsent(handle, request) => {
                        let waker = Some(waker.clone());
                        let options = Options { in_line: true, is_held: true, waker, sink: Sink::Slot };
                        match submit(&handle, request, options) {
                            Ok(id) => {
                                self.0 = State::UnderWay(handle, id);
                                return Poll::Pending;
                            }
                            Err(refused) => Err(refused.error),
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
    pub(super) fn send_with<T: Send + 'static>(mut self, read: Read<T>, callback: Callback) -> Sent<T> {
        match mem::replace(&mut self.0, State::Over) {
            State::Unsent(handle, request) => {
                let options = Options { is_held: true, sink: Sink::Call(callback), ..Options::default() };
                let sent = submit_calling(&handle, request, options);
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
    pub(super) fn send_then(mut self, callback: Callback) {
        match mem::replace(&mut self.0, State::Over) {
            State::Unsent(handle, request) => {
                let options = Options { sink: Sink::Call(callback), ..Options::default() };
                // The callback has been told of a refusal.
                let _ = submit_calling(&handle, request, options);
            }
            State::Unfit(handle, error) => call_later(&handle, callback, &error),
            State::UnderWay(..) | State::Over => unreachable!("this face has no polled operations"),
        }
    }

    /// Sends it now; its outcome goes to `queue`.
    pub(super) fn send_to<T>(mut self, queue: &mut CompletionQueue<T>, token: T) -> Result<()> {
        let Ok((ring, place)) = queue.admit(token) else {
            return Err(Error::new(
                ErrorKind::Overloaded,
                "the completion queue is full: drain it, or give it a larger capacity",
            ));
        };
        let error = match mem::replace(&mut self.0, State::Over) {
            State::Unsent(handle, request) => {
                let sink = Sink::Queue(ring.clone(), place);
                match submit(&handle, request, Options { sink, ..Options::default() }) {
                    Ok(_) => return Ok(()),
                    Err(refused) => refused.error,
                }
            }
            State::Unfit(_, error) => error,
            State::UnderWay(..) | State::Over => closed(),
        };
        if error.kind() == ErrorKind::Overloaded {
            drop(queue.dismiss(place));
            return Err(error);
        }
        ring.push(place, Err(error));
        Ok(())
    }
}

impl<F: Face> Drop for Op<F> {
    fn drop(&mut self) {
        if let State::UnderWay(handle, id) = &self.0 {
            handle.shared().cancel(&[*id]);
        }
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
