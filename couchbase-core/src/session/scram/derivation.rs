//! From a password to the key that SCRAM salts and hashes out of it, some rounds at a time.
//!
//! The server says how many rounds there are. Thousands take milliseconds, a million most of a second: more than
//! whatever else the machine has to do can wait.

use super::hash::{Hash, Keyed};
use alloc::vec::Vec;
use core::fmt;

/// `Hi` of RFC 5802 (PBKDF2 with one block), under way.
pub(crate) struct Derivation {
    keyed: Keyed,
    /// What the last round gave, and the sum of all.
    last: Vec<u8>,
    sum: Vec<u8>,
    left: u32,
}

impl Derivation {
    pub(crate) fn new(hash: Hash, password: &[u8], salt: &[u8], iterations: u32) -> Self {
        let first = hash.hmac(password, &[salt, &1_u32.to_be_bytes()].concat());
        let left = iterations.saturating_sub(1);
        Self { keyed: Keyed::new(hash, password), last: first.clone(), sum: first, left }
    }

    /// Goes on for so many rounds at most: the salted password, if that was all.
    pub(crate) fn advance(&mut self, rounds: u32) -> Option<&[u8]> {
        let rounds = rounds.min(self.left);
        self.keyed.chain(&mut self.last, &mut self.sum, rounds);
        self.left -= rounds;
        (self.left == 0).then_some(&self.sum)
    }
}

/// Key material stays out of every form of output.
impl fmt::Debug for Derivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Derivation").field("left", &self.left).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use sha1::Sha1;
    use sha2::{Sha256, Sha512};

    #[test]
    fn it_gives_what_pbkdf2_gives_however_it_is_cut() {
        for iterations in [1, 2, 3, 100] {
            for (hash, len) in [(Hash::Sha1, 20), (Hash::Sha256, 32), (Hash::Sha512, 64)] {
                let mut expected = vec![0; len];
                match hash {
                    Hash::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>(b"pass", b"salt", iterations, &mut expected),
                    Hash::Sha256 => {
                        pbkdf2::pbkdf2_hmac::<Sha256>(b"pass", b"salt", iterations, &mut expected)
                    }
                    Hash::Sha512 => {
                        pbkdf2::pbkdf2_hmac::<Sha512>(b"pass", b"salt", iterations, &mut expected)
                    }
                }
                for rounds in [1, 7, 99, 1000] {
                    let mut derivation = Derivation::new(hash, b"pass", b"salt", iterations);
                    let mut steps = 1;
                    while derivation.advance(rounds).is_none() {
                        steps += 1;
                    }
                    assert_eq!(steps, (iterations - 1).div_ceil(rounds).max(1));
                    assert_eq!(derivation.advance(0), Some(&expected[..]), "{hash:?}, {iterations}");
                }
            }
        }
    }
}
