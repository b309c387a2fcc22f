//! The three hash functions of SCRAM behind one value, so that the exchange itself carries no type parameter.
//!
//! Digests are plain byte vectors: a handshake makes a handful of them, once per link.
//! Only [`Hash::verify`] may compare a digest with received bytes: it takes the same time for every wrong one.

use alloc::vec;
use alloc::vec::Vec;

use hmac::{EagerHash, Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

/// A hash function that a SCRAM mechanism is built on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha1,
    Sha256,
    Sha512,
}

impl Hash {
    /// `PBKDF2` over the HMAC of this hash, as long as its digest.
    pub(in crate::session) fn derive(self, password: &[u8], salt: &[u8], iterations: u32) -> Vec<u8> {
        let mut derived = vec![0; self.digest_len()];
        match self {
            Self::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>(password, salt, iterations, &mut derived),
            Self::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, iterations, &mut derived),
            Self::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>(password, salt, iterations, &mut derived),
        }
        derived
    }

    /// The plain digest of `message`.
    pub(in crate::session) fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(message).to_vec(),
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }

    /// `HMAC(key, message)`.
    pub(in crate::session) fn hmac(self, key: &[u8], message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => keyed::<Sha1>(key, message).finalize().into_bytes().to_vec(),
            Self::Sha256 => keyed::<Sha256>(key, message).finalize().into_bytes().to_vec(),
            Self::Sha512 => keyed::<Sha512>(key, message).finalize().into_bytes().to_vec(),
        }
    }

    /// Whether `received` is `HMAC(key, message)`, compared in constant time.
    pub(super) fn verify(self, key: &[u8], message: &[u8], received: &[u8]) -> bool {
        match self {
            Self::Sha1 => keyed::<Sha1>(key, message).verify_slice(received).is_ok(),
            Self::Sha256 => keyed::<Sha256>(key, message).verify_slice(received).is_ok(),
            Self::Sha512 => keyed::<Sha512>(key, message).verify_slice(received).is_ok(),
        }
    }

    fn digest_len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

fn keyed<D: EagerHash>(key: &[u8], message: &[u8]) -> Hmac<D> {
    Hmac::<D>::new_from_slice(key).expect("HMAC accepts keys of any length").chain_update(message)
}
