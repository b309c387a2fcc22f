//! Answers that wait to be fetched: the form for threads without a runtime, and for callbacks that are not `Send`.

mod ring;

pub(crate) use ring::Ring;

use crate::{Reply, Result};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use std::vec::Vec;

/// Answers wait here until the owner drains them.
///
/// Each operation is sent with a token of the owner's; it stays on this side, so that it need not be `Send`. What the
/// queue holds is allocated at once, nothing per operation.
///
/// ```
/// use couchbase_core::{AsyncConnection, CompletionQueue, Result};
/// use std::time::Duration;
///
/// fn load(cb: &AsyncConnection) -> Result<()> {
///     let mut done = CompletionQueue::with_capacity(1000);
///     for n in 0..1000_u32 {
///         cb.set(format!("n::{n}"), n).send_to(&mut done, n)?;
///     }
///     while done.in_flight() > 0 && done.wait(Duration::from_secs(1)) {
///         for c in done.drain().filter(|c| c.result.is_err()) {
///             eprintln!("{} failed", c.token);
///         }
///     }
///     Ok(())
/// }
/// # doc_examples::run(async |cb| load(&cb.callbacks()));
/// ```
pub struct CompletionQueue<T> {
    ring: Arc<Ring>,
    tokens: Vec<Option<T>>,
    free: Vec<u32>,
    /// Fetched, not drained yet.
    fetched: VecDeque<(u32, Result<Reply>)>,
}

/// One answer, with the token that its operation was sent with.
#[derive(Debug)]
#[non_exhaustive]
pub struct Completion<T> {
    /// What the operation was sent with.
    pub token: T,
    /// How it ended.
    pub result: Result<Reply>,
}

impl<T> CompletionQueue<T> {
    /// Room for so many operations in flight. All memory is allocated here.
    pub fn with_capacity(operations: usize) -> Self {
        // Above four thousand million of them memory is gone anyway.
        let operations = u32::try_from(operations).unwrap_or(u32::MAX);
        let mut tokens = Vec::new();
        tokens.resize_with(operations as usize, || None);
        Self {
            ring: Arc::new(Ring::with_capacity(operations as usize)),
            tokens,
            free: (0..operations).rev().collect(),
            fetched: VecDeque::with_capacity(operations as usize),
        }
    }

    /// Operations that were sent and not drained yet.
    pub fn in_flight(&self) -> usize {
        self.tokens.len() - self.free.len()
    }

    /// As many in flight as there is room for: `send_to` would be refused.
    pub fn is_full(&self) -> bool {
        self.free.is_empty()
    }

    /// What has been answered, until there is nothing more at the moment. Answers that are not taken from it stay in
    /// the queue.
    pub fn drain(&mut self) -> Drain<'_, T> {
        Drain(self)
    }

    /// Blocks this thread until there is an answer; false if there is none after `timeout`, or none to come.
    ///
    /// Somebody else must run the driver. Where this thread turns it, call
    /// [`turn_for`](crate::Driver::turn_for) instead.
    pub fn wait(&mut self, timeout: Duration) -> bool {
        !self.fetched.is_empty() || self.in_flight() > 0 && self.ring.wait(timeout)
    }

    /// Takes a place for an operation; gives the token back if there is none.
    pub(crate) fn admit(&mut self, token: T) -> Result<u32, T> {
        let Some(place) = self.free.pop() else { return Err(token) };
        self.tokens[place as usize] = Some(token);
        Ok(place)
    }

    /// Where the answers of those that were admitted go.
    pub(crate) fn ring(&self) -> &Arc<Ring> {
        &self.ring
    }

    /// Gives the place of an operation back that was not sent.
    pub(crate) fn dismiss(&mut self, place: u32) -> Option<T> {
        let token = self.tokens.get_mut(place as usize)?.take()?;
        self.free.push(place);
        Some(token)
    }
}

impl<T> fmt::Debug for CompletionQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompletionQueue")
            .field("capacity", &self.tokens.len())
            .field("in_flight", &self.in_flight())
            .finish()
    }
}

/// The answers of a [`CompletionQueue`] that are there.
#[derive(Debug)]
pub struct Drain<'a, T>(&'a mut CompletionQueue<T>);

impl<T> Iterator for Drain<'_, T> {
    type Item = Completion<T>;

    fn next(&mut self) -> Option<Completion<T>> {
        let queue = &mut *self.0;
        if queue.fetched.is_empty() {
            queue.ring.fetch(&mut queue.fetched);
        }
        let (place, result) = queue.fetched.pop_front()?;
        let token = queue.dismiss(place).expect("an answer comes once for each operation that was admitted");
        Some(Completion { token, result })
    }
}
