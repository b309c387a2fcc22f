//! One operation that has been sent.

use super::{CallbackOf, Pending};
use crate::driver::{Callback, CompletionId, Effect, Shared, closed};
use crate::{Error, Reply, Result};
use std::boxed::Box;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

/// How an operation's outcome becomes what its sender wants.
pub(crate) type Read<T> = fn(Result<Reply>) -> Result<T>;

pub(crate) struct Sent<T> {
    shared: Arc<Shared>,
    state: State,
    read: Read<T>,
}

enum State {
    UnderWay(CompletionId),
    /// It was never sent.
    Refused(Error),
    /// The outcome has been taken, or nobody will ask.
    Over,
}

impl<T> Sent<T> {
    pub(crate) fn new(shared: Arc<Shared>, sent: Result<CompletionId>, read: Read<T>) -> Self {
        let state = match sent {
            Ok(id) => State::UnderWay(id),
            Err(error) => State::Refused(error),
        };
        Self { shared, state, read }
    }
}

/// The callback as the driver calls it.
pub(crate) fn reading<T: 'static>(
    read: Read<T>,
    callback: impl FnOnce(Result<T>) + Send + 'static,
) -> Callback {
    Box::new(move |outcome| callback(read(outcome)))
}

impl<T: Send + 'static> Pending<T> for Sent<T> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<T>> {
        let outcome = match &self.state {
            State::UnderWay(id) => match self.shared.poll(*id, cx.waker()) {
                Poll::Ready(outcome) => outcome,
                Poll::Pending => return Poll::Pending,
            },
            State::Refused(error) => Err(error.clone()),
            State::Over => Err(closed()),
        };
        self.state = State::Over;
        Poll::Ready((self.read)(outcome))
    }

    fn cancel(&mut self) {
        if let State::UnderWay(id) = mem::replace(&mut self.state, State::Over) {
            self.shared.cancel(&[id]);
        }
    }

    fn remaining(&self) -> usize {
        match &self.state {
            State::UnderWay(id) => usize::from(!self.shared.is_finished(*id)),
            State::Refused(_) | State::Over => 0,
        }
    }

    fn attach(&mut self, callback: CallbackOf<T>) {
        let callback = reading(self.read, callback);
        match &self.state {
            State::UnderWay(id) => self.shared.attach(*id, callback),
            State::Refused(error) => self.shared.run_on_driver(Effect::Call(callback, Err(error.clone()))),
            State::Over => {}
        }
    }
}

impl<T> Drop for Sent<T> {
    fn drop(&mut self) {
        if let State::UnderWay(id) = &self.state {
            self.shared.let_go(*id);
        }
    }
}
