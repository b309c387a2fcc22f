//! How operations come in: into the machine, or in front of it while it is in use.

use super::Callback;
use super::completions::{CompletionId, Sink};
use super::front::Submission;
use super::shared::{Locked, Shared};
use crate::machine::Request;
use crate::pending::Collect;
use crate::queue::Ring;
use crate::sync::Arc;
use crate::{Error, Result};
use std::sync::TryLockError;
use std::time::Duration;
use std::vec::Vec;

impl Shared {
    /// The machine, unless it is in use.
    #[inline(always)]
    fn try_lock(&self) -> Option<Locked<'_>> {
        match self.inner.try_lock() {
            Ok(inner) => Some(self.locked(inner)),
            Err(TryLockError::Poisoned(inner)) => Some(self.locked(inner.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Has the driver run for what was taken; drops what was refused.
    #[inline(always)]
    fn sent<T>(&self, taken: Result<T>, request: &mut Request) -> Result<T> {
        match taken {
            Ok(_) => self.signal.raise(),
            Err(_) => {
                drop(request.take());
                self.leftovers.clear();
            }
        }
        taken
    }

    /// Sends an operation. If it is refused, its waker and its sink are still there.
    #[inline]
    pub(crate) fn submit(&self, submission: &mut Submission<'_>) -> Result<CompletionId> {
        submission.request.exchange_owned(|value| self.leftovers.lend(value));
        let taken = match self.try_lock() {
            Some(mut inner) => inner.submit(submission, &*self.runtime),
            None => self.submit_to_busy(submission),
        };
        self.sent(taken, submission.request)
    }

    #[cold]
    fn submit_to_busy(&self, submission: &mut Submission<'_>) -> Result<CompletionId> {
        match self.front.put(submission, self.runtime.now()) {
            Some(id) => Ok(id),
            None => self.lock().submit(submission, &*self.runtime),
        }
    }

    /// Sends an operation whose outcome is a callback's, and nobody else's. If it is refused, the callback comes back.
    #[inline]
    pub(crate) fn submit_called(
        &self,
        request: &mut Request,
        timeout: Duration,
        callback: Callback,
    ) -> Result<(), (Error, Callback)> {
        request.exchange_owned(|value| self.leftovers.lend(value));
        let mut callback = Some(callback);
        let taken = match self.try_lock() {
            Some(mut inner) => inner.submit_called(request, timeout, &mut callback, &*self.runtime),
            None => self.submit_called_to_busy(request, timeout, &mut callback),
        };
        match (self.sent(taken, request), callback) {
            (Err(error), Some(callback)) => Err((error, callback)),
            _ => Ok(()),
        }
    }

    #[cold]
    fn submit_called_to_busy(
        &self,
        request: &mut Request,
        timeout: Duration,
        callback: &mut Option<Callback>,
    ) -> Result<()> {
        let sink = callback.take().map_or(Sink::Slot, Sink::Call);
        let mut submission =
            Submission { request, timeout, in_line: false, is_held: false, waker: None, sink };
        let taken = self.submit_to_busy(&mut submission);
        if let Sink::Call(refused) = submission.sink {
            *callback = Some(refused);
        }
        taken.map(drop)
    }

    /// Sends an operation whose outcome goes to its place in a queue. Never left in front of the machine: the queue's
    /// owner learns at once whether there is room for it.
    #[inline]
    pub(crate) fn submit_queued(
        &self,
        request: &mut Request,
        timeout: Duration,
        ring: &Arc<Ring>,
        place: u32,
    ) -> Result<()> {
        request.exchange_owned(|value| self.leftovers.lend(value));
        let mut inner = self.try_lock().unwrap_or_else(|| self.lock());
        let taken = inner.submit_queued(request, timeout, ring, place, &*self.runtime);
        drop(inner);
        self.sent(taken, request)
    }

    /// Sends one operation for each request; what is not taken is an outcome too. A few at a time, so that the lock
    /// stays short.
    pub(crate) fn submit_all(
        &self,
        requests: Vec<Request>,
        timeout: Duration,
        in_line: bool,
        group: &Arc<dyn Collect>,
    ) -> Vec<CompletionId> {
        const AT_A_TIME: usize = 64;
        let mut ids = Vec::with_capacity(requests.len());
        let mut requests = requests.into_iter().enumerate();
        loop {
            let mut refusals = Vec::new();
            let mut inner = self.lock();
            let before = ids.len();
            for (index, mut request) in requests.by_ref().take(AT_A_TIME) {
                request.exchange_owned(|value| self.leftovers.lend(value));
                let sink = Sink::Part(group.clone(), index as u32);
                let request = &mut request;
                let mut submission =
                    Submission { request, timeout, in_line, is_held: false, waker: None, sink };
                match inner.submit(&mut submission, &*self.runtime) {
                    Ok(id) => ids.push(id),
                    Err(error) => refusals.push((index as u32, error, submission.request.take())),
                }
            }
            drop(inner);
            let is_last = requests.len() == 0;
            if ids.len() > before {
                self.signal.raise();
            }
            for (index, error, request) in refusals {
                drop(request);
                group.deliver(index, Err(error));
            }
            self.leftovers.clear();
            if is_last {
                return ids;
            }
        }
    }
}
