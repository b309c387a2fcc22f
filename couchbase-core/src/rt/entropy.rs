//! A seed out of what the standard library has: the keys of its hash maps.
//!
//! `RandomState` holds a SipHash key that the operating system drew, once a thread. SipHash is a keyed pseudo-random
//! function, so its outputs tell nothing about the key or about each other. No other source may creep in here that
//! is predictable and taken for more than a distinguisher of calls.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

static CALLS: AtomicU64 = AtomicU64::new(0);

pub(super) fn gather(unix_time: Duration) -> [u8; 32] {
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let place = ptr::from_ref(&call).addr();
    let mut seed = [0; 32];
    for (n, word) in seed.chunks_exact_mut(8).enumerate() {
        let state = RandomState::new();
        word.copy_from_slice(&state.hash_one((n, call, place, unix_time)).to_le_bytes());
    }
    seed
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::vec::Vec;

    #[test]
    fn no_two_seeds_are_alike_even_at_one_instant() {
        let of_thread = || (0..100).map(|_| gather(Duration::ZERO)).collect::<Vec<_>>();
        let elsewhere = std::thread::spawn(of_thread);
        let seeds: HashSet<_> = of_thread().into_iter().chain(elsewhere.join().unwrap()).collect();
        assert_eq!(seeds.len(), 200);
    }

    #[test]
    fn every_byte_varies() {
        let seeds: Vec<_> = (0..64).map(|_| gather(Duration::ZERO)).collect();
        for byte in 0..32 {
            let seen: HashSet<_> = seeds.iter().map(|seed| seed[byte]).collect();
            assert!(seen.len() > 16, "byte {byte} took {} values", seen.len());
        }
    }
}
