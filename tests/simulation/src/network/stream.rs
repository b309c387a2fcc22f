//! One direction of a link: pieces under way, each with its moment, and what has arrived.

use couchbase_core::Instant;
use std::collections::VecDeque;

pub(super) struct Stream {
    pub(super) under_way: VecDeque<(Instant, Vec<u8>)>,
    pub(super) len: usize,
    /// Nothing arrives before this.
    pub(super) held_until: Instant,
    pub(super) last: Instant,
    pub(super) arrived: VecDeque<u8>,
    /// Nothing follows what is under way.
    pub(super) has_ended: bool,
    pub(super) is_at_end: bool,
}

impl Stream {
    pub(super) fn new() -> Self {
        Self {
            under_way: VecDeque::new(),
            len: 0,
            held_until: Instant::ZERO,
            last: Instant::ZERO,
            arrived: VecDeque::new(),
            has_ended: false,
            is_at_end: false,
        }
    }

    /// Loses everything behind a byte in the middle of it.
    pub(super) fn truncate(&mut self, keep: usize) {
        let mut left = keep;
        for (_, piece) in &mut self.under_way {
            piece.truncate(left);
            left -= piece.len();
        }
        self.under_way.retain(|(_, piece)| !piece.is_empty());
        self.len = keep.min(self.len);
    }
}
