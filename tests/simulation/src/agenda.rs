//! What will happen, in the order of time; what falls on one instant, in the order in which it was planned.

use couchbase_core::Instant;
use std::collections::BTreeMap;

pub(crate) struct Agenda<T> {
    planned: BTreeMap<(Instant, u64), T>,
    count: u64,
}

impl<T> Agenda<T> {
    pub(crate) fn new() -> Self {
        Self { planned: BTreeMap::new(), count: 0 }
    }

    pub(crate) fn plan(&mut self, at: Instant, what: T) {
        self.count += 1;
        self.planned.insert((at, self.count), what);
    }

    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.planned.first_key_value().map(|((at, _), _)| *at)
    }

    pub(crate) fn pop(&mut self) -> Option<(Instant, T)> {
        self.planned.pop_first().map(|((at, _), what)| (at, what))
    }
}
