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
    written: Written,
}

/// How far a batch has been written.
#[derive(Clone, Copy, Default)]
struct Written {
    text: usize,
    /// Whole values, and bytes of the next one.
    values: usize,
    of_value: usize,
    /// All in all.
    bytes: usize,
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
        self.written = Written::default();
    }

    /// Bytes still to be written.
    pub fn len(&self) -> usize {
        self.len - self.written.bytes
    }

    /// True if nothing is left to be written.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is left to be written, in order, in as many parts as it takes.
    pub fn chunks(&self) -> impl Iterator<Item = &[u8]> {
        let Written { text: mut from, values, of_value: mut skip, .. } = self.written;
        let ends = self.values[values..].iter().map(|(at, value)| (*at, &value[..]));
        ends.chain([(self.text.len(), &[][..])])
            .flat_map(move |(to, value)| {
                [&self.text[mem::replace(&mut from, to)..to], &value[mem::take(&mut skip)..]]
            })
            .filter(|chunk| !chunk.is_empty())
    }

    /// Says that the first `count` bytes have been written. Values that are wholly written are let go.
    ///
    /// # Panics
    /// If fewer are left.
    pub fn advance(&mut self, count: usize) {
        assert!(count <= self.len(), "more bytes written than there were");
        let (mut left, written) = (count, &mut self.written);
        written.bytes += count;
        while left > 0 {
            let next = self.values.get_mut(written.values);
            let to = next.as_ref().map_or(self.text.len(), |(at, _)| *at);
            let text = left.min(to - written.text);
            written.text += text;
            left -= text;
            let Some((_, value)) = next.filter(|_| left > 0) else { continue };
            let part = left.min(value.len() - written.of_value);
            written.of_value += part;
            left -= part;
            if written.of_value == value.len() {
                *value = Bytes::new();
                written.of_value = 0;
                written.values += 1;
            }
        }
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

    fn filled(large: &Bytes) -> Transmit {
        let mut batch = Transmit::new();
        for value in [&Bytes::from_static(b"small"), large, large, &Bytes::new()] {
            batch.text().extend_from_slice(b"head");
            batch.push_value(value);
        }
        batch.text().extend_from_slice(b"end");
        batch.recount();
        batch
    }

    #[test]
    fn large_values_go_by_reference_and_order_is_kept_at_every_cut() {
        let large = Bytes::from(vec![b'v'; LARGE]);
        let mut batch = filled(&large);
        let whole = batch.chunks().collect::<Vec<_>>().concat();
        assert_eq!(whole.len(), 4 * 4 + 5 + 2 * LARGE + 3);
        assert_eq!(batch.len(), whole.len());
        assert!(batch.chunks().any(|chunk| chunk.as_ptr() == large.as_ptr()), "not copied");
        let mut other = Transmit::new();
        batch.move_to(&mut other);
        assert!(batch.is_empty() && batch.chunks().next().is_none());
        // In steps that end everywhere.
        for step in [1, 3, 13, 14, LARGE, LARGE + 13, whole.len() - 1, whole.len()] {
            let mut batch = filled(&large);
            for from in (0..whole.len()).step_by(step) {
                assert_eq!(batch.chunks().collect::<Vec<_>>().concat(), whole[from..], "{step}: {from}");
                batch.advance(step.min(batch.len()));
            }
            assert!(batch.is_empty() && batch.chunks().next().is_none());
        }
    }

    #[test]
    fn a_large_value_is_let_go_when_it_has_been_written() {
        let large = Bytes::from(vec![b'v'; LARGE]);
        let mut batch = filled(&large);
        assert!(!large.is_unique());
        batch.advance(4 + 5 + 4 + LARGE + 4 + LARGE - 1);
        assert!(!large.is_unique(), "the last byte of the second one is left");
        batch.advance(1);
        assert!(large.is_unique() && !batch.is_empty());
    }
}
