//! Bytes on their way out: small parts in one buffer, large values by reference.

use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;
use core::mem;

/// From this size on a value is queued as it is instead of being copied into the batch.
const LARGE: usize = 4096;

/// A batch of bytes for one link. Empty ones keep their buffer, so that batches cost no allocation.
#[derive(Default)]
pub struct Transmit {
    text: Vec<u8>,
    /// Large values, each with the length of `text` it stands behind.
    values: Vec<(usize, Bytes)>,
    values_len: usize,
    len: usize,
    /// Bytes that have been written already.
    done: usize,
}

impl Transmit {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets all bytes.
    pub fn clear(&mut self) {
        self.text.clear();
        self.values.clear();
        self.values_len = 0;
        self.len = 0;
        self.done = 0;
    }

    /// Bytes still to be written.
    pub fn len(&self) -> usize {
        self.len - self.done
    }

    /// True if nothing is left to be written.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is left to be written, in order, in as many parts as it takes.
    pub fn chunks(&self) -> impl Iterator<Item = &[u8]> {
        let mut skip = self.done;
        let mut from = 0;
        let ends =
            self.values.iter().map(|(at, value)| (*at, &value[..])).chain([(self.text.len(), &[][..])]);
        ends.flat_map(move |(to, value)| [&self.text[mem::replace(&mut from, to)..to], value])
            .map(move |chunk| {
                let gone = skip.min(chunk.len());
                skip -= gone;
                &chunk[gone..]
            })
            .filter(|chunk| !chunk.is_empty())
    }

    /// Says that the first `count` bytes have been written.
    ///
    /// # Panics
    /// If fewer are left.
    pub fn advance(&mut self, count: usize) {
        assert!(count <= self.len(), "more bytes written than there were");
        self.done += count;
        if self.is_empty() {
            self.clear();
        }
    }

    /// The buffer to append frames to, followed by [`Self::recount`].
    pub(super) fn text(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }

    /// Puts `value` behind what was appended to [`Self::text`].
    pub(super) fn push_value(&mut self, value: &Bytes) {
        if value.len() < LARGE {
            self.text.extend_from_slice(value);
        } else {
            self.values.push((self.text.len(), value.clone()));
            self.values_len += value.len();
        }
        self.recount();
    }

    /// Counts what was appended to [`Self::text`].
    pub(super) fn recount(&mut self) {
        self.len = self.text.len() + self.values_len;
    }

    /// All bytes of `self` become `other`'s, whose buffers are kept for the next batch.
    pub(super) fn move_to(&mut self, other: &mut Self) {
        debug_assert!(other.is_empty(), "a batch is pulled into an empty one");
        other.clear();
        mem::swap(self, other);
    }
}

impl fmt::Debug for Transmit {
    // Without the bytes: they may be large, or secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transmit").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn large_values_go_by_reference_and_order_is_kept_at_every_cut() {
        let mut batch = Transmit::new();
        let large = Bytes::from(vec![b'v'; LARGE]);
        for value in [&Bytes::from_static(b"small"), &large, &large, &Bytes::new()] {
            batch.text().extend_from_slice(b"head");
            batch.push_value(value);
        }
        batch.text().extend_from_slice(b"end");
        batch.recount();
        let whole = batch.chunks().collect::<Vec<_>>().concat();
        assert_eq!(whole.len(), 4 * 4 + 5 + 2 * LARGE + 3);
        assert_eq!(batch.len(), whole.len());
        assert!(batch.chunks().any(|chunk| chunk.as_ptr() == large.as_ptr()), "not copied");
        for cut in [1, 4, 9, 13, 14, 13 + LARGE, 2 * LARGE + 17, whole.len() - 1] {
            let mut other = Transmit::new();
            batch.move_to(&mut other);
            other.advance(cut);
            assert_eq!(other.chunks().collect::<Vec<_>>().concat(), whole[cut..], "cut at {cut}");
            other.done = 0;
            other.move_to(&mut batch);
        }
        let rest = batch.len();
        batch.advance(rest);
        assert!(batch.is_empty() && batch.chunks().next().is_none());
    }
}
