//! The outcomes of many keys, collected in the order of the call.

use super::promise::attach;
use super::{CallbackOf, Pending, Promise};
use crate::driver::{CompletionId, Shared, closed, enter};
use crate::sync::{Arc, Mutex};
use crate::{Error, FromReply, Key, MultiResult, Reply, Result};
use std::mem;
use std::task::{Context, Poll};
use std::vec::Vec;

/// Takes the outcome of one key of many.
pub(crate) trait Collect: Send + Sync {
    fn deliver(&self, index: u32, outcome: Result<Reply>);
}

pub(crate) struct Group<R> {
    promise: Promise<MultiResult<R>>,
    parts: Mutex<Parts>,
}

struct Parts {
    /// Every key, with its outcome once it has come.
    entries: Vec<(Key, Option<Result<Reply>>)>,
    remaining: usize,
}

impl<R: FromReply + Clone + Send + 'static> Group<R> {
    pub(crate) fn new(keys: impl Iterator<Item = Key>) -> Self {
        let entries: Vec<_> = keys.map(|key| (key, None)).collect();
        let remaining = entries.len();
        Self { promise: Promise::default(), parts: Mutex::new(Parts { entries, remaining }) }
    }
}

impl<R: FromReply + Clone + Send + 'static> Collect for Group<R> {
    fn deliver(&self, index: u32, outcome: Result<Reply>) {
        let mut parts = enter(&self.parts);
        let Some((_, place)) = parts.entries.get_mut(index as usize) else { return };
        if place.is_some() {
            return;
        }
        *place = Some(outcome);
        parts.remaining -= 1;
        if parts.remaining > 0 {
            return;
        }
        let entries = mem::take(&mut parts.entries);
        drop(parts);
        let entries =
            entries.into_iter().map(|(key, outcome)| (key, outcome.unwrap_or_else(|| Err(closed()))));
        self.promise.settle(conclude(entries.collect()));
    }
}

/// All results, or the first failing key's error with all of them. It is ambiguous if any of them is: what is not has
/// failed without an effect.
fn conclude<R: FromReply>(entries: Vec<(Key, Result<Reply>)>) -> Result<MultiResult<R>> {
    let failed = entries.iter().find_map(|(key, outcome)| Some((key, outcome.as_ref().err()?)));
    if let Some((key, error)) = failed {
        let is_ambiguous =
            entries.iter().any(|(_, outcome)| outcome.as_ref().is_err_and(Error::is_ambiguous));
        let error = error.clone().with_key(key.clone()).ambiguous(is_ambiguous);
        return Err(error.with_all_results(MultiResult::new(entries)));
    }
    let read = |(key, outcome): (Key, Result<Reply>)| (key, outcome.and_then(R::from_reply));
    Ok(MultiResult::new(entries.into_iter().map(read).collect()))
}

/// A group as its sender holds it.
pub(crate) struct SentGroup<R> {
    shared: Arc<Shared>,
    group: Arc<Group<R>>,
    ids: Vec<CompletionId>,
}

impl<R> SentGroup<R> {
    pub(crate) fn new(shared: Arc<Shared>, group: Arc<Group<R>>, ids: Vec<CompletionId>) -> Self {
        Self { shared, group, ids }
    }
}

impl<R> Drop for SentGroup<R> {
    fn drop(&mut self) {
        self.group.promise.forget_waker();
    }
}

impl<R: FromReply + Clone + Send + 'static> Pending<MultiResult<R>> for SentGroup<R> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<MultiResult<R>>> {
        self.group.promise.poll(cx.waker())
    }

    fn cancel(&mut self) {
        // Those that have ended are no operation's ids any more.
        self.shared.cancel(&mem::take(&mut self.ids));
    }

    fn remaining(&self) -> usize {
        let remaining = enter(&self.group.parts).remaining;
        // The last outcome is there a moment before the whole.
        if remaining == 0 && !self.group.promise.is_settled() { 1 } else { remaining }
    }

    fn attach(&mut self, callback: CallbackOf<MultiResult<R>>) {
        attach(&self.group.promise, &self.shared, callback);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cas, Encoded, Error, ErrorKind, ValueResult};
    use std::task::Waker;

    fn group(keys: &[&str]) -> Group<ValueResult> {
        Group::new(keys.iter().map(|key| Key::from(*key)))
    }

    fn outcome(group: &Group<ValueResult>) -> Option<Result<MultiResult<ValueResult>>> {
        match group.promise.poll(Waker::noop()) {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        }
    }

    fn reply(key: &str) -> Result<Reply> {
        Ok(Reply::new(key.into(), Cas::from_u64(1), Encoded::default(), None))
    }

    #[test]
    fn results_stand_in_the_order_of_the_call_whatever_came_first() {
        let group = group(&["a", "b", "a"]);
        for index in [2, 0, 1] {
            assert!(outcome(&group).is_none());
            group.deliver(index, reply(["a", "b", "a"][index as usize]));
        }
        let all = outcome(&group).expect("all are there").expect("none failed");
        let keys: Vec<_> = all.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["a", "b", "a"]);
    }

    #[test]
    fn the_first_failing_key_of_the_call_is_named_with_all_results() {
        let group = group(&["a", "b", "c"]);
        group.deliver(2, Err(Error::new(ErrorKind::Timeout, "late")));
        group.deliver(1, Err(Error::new(ErrorKind::NotFound, "gone")));
        group.deliver(0, reply("a"));
        let error = outcome(&group).expect("all are there").expect_err("two failed");
        assert_eq!((error.kind(), error.key().unwrap().as_str()), (ErrorKind::NotFound, "b"));
        assert_eq!((error.all_results().len(), error.all_results().failures().count()), (3, 2));
        assert!(error.all_results().get("a").unwrap().is_ok());
    }

    #[test]
    fn it_is_ambiguous_if_any_of_them_is() {
        for (last, is_ambiguous) in [(false, false), (true, true)] {
            let group = group(&["a", "b"]);
            group.deliver(0, Err(Error::new(ErrorKind::TooBig, "large")));
            group.deliver(1, Err(Error::new(ErrorKind::Timeout, "late").ambiguous(last)));
            let error = outcome(&group).expect("all are there").expect_err("both failed");
            assert_eq!((error.kind(), error.is_ambiguous()), (ErrorKind::TooBig, is_ambiguous));
        }
    }
}
