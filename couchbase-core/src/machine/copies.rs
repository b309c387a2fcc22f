//! Copies of small values, several of them in one allocation.
//!
//! A value that is much smaller than the chunk it was received in is copied out, so that it does not keep the chunk in
//! memory. Copies share blocks by the same rule: no copy keeps more memory than [`PINNING`] times its length. So
//! there is a block for each power of two, and a value goes into the one of the largest that is not above its length.
//!
//! How large the chunk is the machine cannot see: what has arrived together may be the front of a larger buffer. So it
//! takes it to be a [`CHUNK`] at least, and values below 8 KiB are always copied.
//!
//! Blocks that are full wait until the last value in them is gone, and are filled again.

use alloc::collections::VecDeque;
use bytes::{Bytes, BytesMut};

/// Drivers read into buffers of this many bytes, unless a frame is larger.
pub(crate) const CHUNK: usize = 64 * 1024;
/// How many times its own length a value may keep in memory.
pub(super) const PINNING: usize = 8;
/// Values from 2 to this power on have an allocation each.
const CLASSES: usize = 11;

/// Blocks of one class that wait to be filled again: so many bytes, and so many blocks, at most.
const KEPT_BYTES: usize = 64 * 1024;
const KEPT: usize = 32;

/// The blocks, by the power of two that their values have at least.
#[derive(Default)]
pub(super) struct Copies([Blocks; CLASSES]);

/// Blocks of one size.
#[derive(Default)]
struct Blocks {
    current: Option<BytesMut>,
    /// Full ones, the oldest first.
    full: VecDeque<BytesMut>,
}

impl Copies {
    /// True if a value that arrived together with others, `received` bytes in all, is to be copied out.
    #[inline]
    pub(super) const fn is_small(value: &[u8], received: usize) -> bool {
        let chunk = if received > CHUNK { received } else { CHUNK };
        value.len() * PINNING < chunk
    }

    /// A copy that keeps little more in memory than itself.
    #[inline]
    pub(super) fn copy(&mut self, value: &[u8]) -> Bytes {
        let Some(class) = value.len().checked_ilog2() else { return Bytes::new() };
        let Some(blocks) = self.0.get_mut(class as usize) else { return Bytes::copy_from_slice(value) };
        let block = match &mut blocks.current {
            Some(block) if block.capacity() >= value.len() => block,
            _ => blocks.renew(PINNING << class),
        };
        block.extend_from_slice(value);
        block.split().freeze()
    }
}

impl Blocks {
    /// Makes an empty block of `size` bytes the current one.
    fn renew(&mut self, size: usize) -> &mut BytesMut {
        // Only the oldest is tried: while that is in use, most of the others are.
        let is_free = self.full.front_mut().is_some_and(|oldest| oldest.try_reclaim(size));
        let is_enough = self.full.len() >= KEPT.min(KEPT_BYTES / size);
        let oldest = if is_free || is_enough { self.full.pop_front() } else { None };
        self.full.extend(self.current.take());
        self.current.insert(oldest.filter(|_| is_free).unwrap_or_else(|| BytesMut::with_capacity(size)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::vec;
    use alloc::vec::Vec;

    #[test]
    fn copies_are_right_and_share_blocks_of_at_most_eight_times_their_length() {
        let mut copies = Copies::default();
        assert!(copies.copy(&[]).is_empty());
        for len in [1, 2, 3, 100, 255, 256, 257, 1023, 2047, 2048, 10_000] {
            let values: Vec<Vec<u8>> = (0..32_u8).map(|n| vec![n; len]).collect();
            let copied: Vec<Bytes> = values.iter().map(|value| copies.copy(value)).collect();
            assert!(copied.iter().zip(&values).all(|(copy, value)| copy == value), "of {len} bytes");
            // Neighbours in a block stand one behind the other; a run of them is no longer than a block.
            let follows = |pair: &[Bytes]| pair[0].as_ptr().addr() + len == pair[1].as_ptr().addr();
            let mut run = 1;
            for pair in copied.windows(2) {
                run = if follows(pair) && len < 2048 { run + 1 } else { 1 };
                assert!(run <= PINNING, "a value of {len} bytes keeps more than {PINNING} times as many");
            }
        }
    }

    #[test]
    fn blocks_are_filled_again_once_their_values_are_gone_and_few_are_kept() {
        let mut copies = Copies::default();
        let mut places = BTreeSet::new();
        let mut alive = VecDeque::new();
        for n in 0..1000_u32 {
            let value = copies.copy(&[n as u8; 256]);
            places.insert(value.as_ptr().addr());
            alive.push_back(value);
            if alive.len() > 100 {
                alive.pop_front();
            }
        }
        assert!(places.len() <= 100 + 2 * PINNING, "{} places", places.len());
        assert!(alive.iter().zip(900_u32..).all(|(value, n)| value[..] == [n as u8; 256]));
        for len in [1, 256, 2047] {
            let kept: Vec<Bytes> = (0..1000).map(|_| copies.copy(&vec![7; len])).collect();
            let blocks = &copies.0[len.ilog2() as usize];
            assert!(blocks.full.len() <= KEPT && blocks.full.len() * len <= KEPT_BYTES);
            assert!(kept.iter().all(|value| value.len() == len && value.iter().all(|&byte| byte == 7)));
        }
    }
}
