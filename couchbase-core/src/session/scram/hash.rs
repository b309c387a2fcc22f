//! The three hash functions of SCRAM behind one value, so that the exchange itself carries no type parameter.
//!
//! Digests are plain byte vectors: a handshake makes a handful of them, once per link.
//! Only [`Hash::verify`] may compare a digest with received bytes: it takes the same time for every wrong one.

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
}

/// An HMAC that has its key and is used again and again.
pub(super) enum Keyed {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha512(Hmac<Sha512>),
}

impl Keyed {
    pub(super) fn new(hash: Hash, key: &[u8]) -> Self {
        match hash {
            Hash::Sha1 => Self::Sha1(keyed(key, &[])),
            Hash::Sha256 => Self::Sha256(keyed(key, &[])),
            Hash::Sha512 => Self::Sha512(keyed(key, &[])),
        }
    }

    /// Replaces `last` by its own HMAC so many times, and adds each to `sum` without carry.
    pub(super) fn chain(&self, last: &mut [u8], sum: &mut [u8], times: u32) {
        match self {
            Self::Sha1(keyed) => chain(keyed, last, sum, times),
            Self::Sha256(keyed) => chain(keyed, last, sum, times),
            Self::Sha512(keyed) => chain(keyed, last, sum, times),
        }
    }
}

fn chain<D: EagerHash>(keyed: &Hmac<D>, last: &mut [u8], sum: &mut [u8], times: u32) {
    for _ in 0..times {
        last.copy_from_slice(&keyed.clone().chain_update(&*last).finalize().into_bytes());
        sum.iter_mut().zip(&*last).for_each(|(sum, byte)| *sum ^= byte);
    }
}

fn keyed<D: EagerHash>(key: &[u8], message: &[u8]) -> Hmac<D> {
    Hmac::<D>::new_from_slice(key).expect("HMAC accepts keys of any length").chain_update(message)
}
