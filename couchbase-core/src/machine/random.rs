//! All of the machine's randomness, drawn from one seed.

use core::time::Duration;
use sha2::{Digest, Sha256};

/// What all of a machine's randomness is drawn from: 256 bits.
///
/// A real client wants unpredictable ones, for the nonces of its authentication; a test wants the same ones twice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl From<[u8; 32]> for Seed {
    fn from(bits: [u8; 32]) -> Self {
        Self(bits)
    }
}

impl From<u64> for Seed {
    /// For tests: 64 bits can be guessed.
    fn from(number: u64) -> Self {
        let mut bits = [0; 32];
        bits[..8].copy_from_slice(&number.to_be_bytes());
        Self(bits)
    }
}

impl core::fmt::Debug for Seed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// The seed and a counter, hashed: what was drawn tells nothing of what will be.
pub(super) struct Random {
    seed: Seed,
    drawn: u64,
}

impl Random {
    pub(super) fn new(seed: Seed) -> Self {
        Self { seed, drawn: 0 }
    }

    fn block(&mut self) -> [u8; 32] {
        self.drawn += 1;
        Sha256::new().chain_update(self.seed.0).chain_update(self.drawn.to_be_bytes()).finalize().into()
    }

    /// A nonce for one authentication.
    pub(super) fn nonce(&mut self) -> [u8; 16] {
        *self.block().first_chunk().expect("a block is 32 bytes")
    }

    pub(super) fn number(&mut self) -> u64 {
        u64::from_be_bytes(*self.block().first_chunk().expect("a block is 32 bytes"))
    }

    /// Between half of `delay` and all of it, so that many clients do not come back at once.
    pub(super) fn jittered(&mut self, delay: Duration) -> Duration {
        let half = delay / 2;
        let nanos = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX).saturating_add(1);
        half + Duration::from_nanos(self.number() % nanos)
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            let other = (self.number() % (end as u64 + 1)) as usize;
            items.swap(end, other);
        }
    }
}
