//! Derived keys, kept so that the thousands of hash rounds of SCRAM are run once per credential and salt.
//!
//! A cache belongs to the credential that filled it: shown another one, it forgets everything first.
//! It holds what a server could ask for in ordinary life (each mechanism of a few clusters' salts), and no more,
//! so that a peer who sends a new salt each time costs processor time but no memory.

use alloc::vec::Vec;
use core::fmt;

use super::Challenge;
use super::hash::Hash;
use crate::session::credentials::Credentials;

/// How many derivations are kept; the oldest makes room.
const CAPACITY: usize = 8;

/// SCRAM keys already derived from one credential.
///
/// Made empty by `Default`, owned by whoever owns the credential, and dropped with it.
#[derive(Default)]
pub struct DerivedKeys {
    owner: Option<Credentials>,
    derived: Vec<Derived>,
    derivations: u64,
}

struct Derived {
    hash: Hash,
    salt: Vec<u8>,
    iterations: u32,
    keys: Keys,
}

/// What a SCRAM exchange needs of the password.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(super) client: Vec<u8>,
    pub(super) server: Vec<u8>,
}

impl DerivedKeys {
    /// How many times keys were computed rather than found here.
    pub fn derivations(&self) -> u64 {
        self.derivations
    }

    /// The keys of `credentials` that a challenge asks for, if they have been derived.
    pub(crate) fn find(&mut self, challenge: &Challenge, credentials: &Credentials) -> Option<Keys> {
        if self.owner.as_ref() != Some(credentials) {
            self.derived.clear();
            self.owner = Some(credentials.clone());
        }
        let Challenge { hash, salt, iterations, .. } = challenge;
        let mut derived = self.derived.iter();
        let known = derived
            .find(|known| known.hash == *hash && known.iterations == *iterations && known.salt == *salt);
        known.map(|known| known.keys.clone())
    }

    /// Keeps what a challenge asked for and was not found, from the salted password of the same credentials.
    pub(crate) fn keep(&mut self, challenge: &Challenge, salted: &[u8]) -> Keys {
        let Challenge { hash, salt, iterations, .. } = challenge;
        let keys =
            Keys { client: hash.hmac(salted, b"Client Key"), server: hash.hmac(salted, b"Server Key") };
        self.derivations += 1;
        if self.derived.len() == CAPACITY {
            self.derived.remove(0);
        }
        let (hash, salt, iterations) = (*hash, salt.clone(), *iterations);
        self.derived.push(Derived { hash, salt, iterations, keys: keys.clone() });
        keys
    }
}

/// Says how much is kept, never what.
impl fmt::Debug for DerivedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DerivedKeys").field("kept", &self.derived.len()).finish_non_exhaustive()
    }
}
