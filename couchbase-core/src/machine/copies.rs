//! Copies of small values, several of them in one allocation.
//!
//! A value that is much smaller than the chunk it was received in is copied out, so that it does not keep the chunk in
//! memory. Copies share blocks by the same rule: no copy keeps more memory than [`PINNING`] times its length. So
//! there is a block for each power of two, and a value goes into the one of the largest that is not above its length.
//!
//! How large the chunk is the machine cannot see: what has arrived together may be the front of a larger buffer. So it
//! takes it to be a [`CHUNK`] at least, and values below 8 KiB are always copied.

use bytes::{Bytes, BytesMut};

/// Drivers read into buffers of this many bytes, unless a frame is larger.
pub(crate) const CHUNK: usize = 64 * 1024;
/// How many times its own length a value may keep in memory.
pub(super) const PINNING: usize = 8;
/// Values from 2 to this power on have an allocation each.
const CLASSES: usize = 11;

/// The blocks that are being filled.
#[derive(Default)]
pub(super) struct Copies([BytesMut; CLASSES]);

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
        let Some(block) = self.0.get_mut(class as usize) else { return Bytes::copy_from_slice(value) };
        if block.capacity() < value.len() {
            *block = BytesMut::with_capacity(PINNING << class);
        }
        block.extend_from_slice(value);
        block.split().freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
}
