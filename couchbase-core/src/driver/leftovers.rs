//! Values with an owner of their own: their end is the user's code, so it must not come under the lock.
//!
//! The machine drops a value when its operation ends, under the lock. What the user gave as bytes may run anything
//! when it is dropped; so such a value is lent to the machine, and what the machine drops is put aside and really
//! dropped after the lock has been released.

use super::{enter, guarded};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Arc, Mutex};
use bytes::Bytes;
use std::mem;
use std::vec::Vec;

#[derive(Default)]
pub(super) struct Leftovers {
    values: Mutex<Vec<Bytes>>,
    is_any: AtomicBool,
}

impl Leftovers {
    /// The same bytes, whose owner outlives their last use by a little.
    pub(super) fn lend(self: &Arc<Self>, value: Bytes) -> Bytes {
        // Also if there are no bytes at all: they may have an owner all the same.
        Bytes::from_owner(Lent { value, to: self.clone() })
    }

    /// Drops what was put aside. No lock may be held.
    #[inline]
    pub(super) fn clear(&self) {
        if self.is_any.load(Ordering::Acquire) {
            self.clear_all();
        }
    }

    #[cold]
    fn clear_all(&self) {
        let values = {
            let mut values = enter(&self.values);
            self.is_any.store(false, Ordering::Release);
            mem::take(&mut *values)
        };
        for value in values {
            guarded(|| drop(value));
        }
    }
}

struct Lent {
    value: Bytes,
    to: Arc<Leftovers>,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.value
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut values = enter(&self.to.values);
        values.push(mem::take(&mut self.value));
        self.to.is_any.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    struct Owner(Arc<AtomicUsize>, &'static [u8]);

    impl AsRef<[u8]> for Owner {
        fn as_ref(&self) -> &[u8] {
            self.1
        }
    }

    impl Drop for Owner {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn an_owner_goes_when_the_leftovers_are_cleared_or_with_them() {
        let drops = Arc::new(AtomicUsize::new(0));
        let leftovers = Arc::new(Leftovers::default());
        let lend = |bytes| leftovers.lend(Bytes::from_owner(Owner(drops.clone(), bytes)));
        let (first, second) = (lend(b"bytes"), lend(b""));
        assert_eq!((&first[..], &second[..]), (&b"bytes"[..], &b""[..]));
        drop(first.clone());
        leftovers.clear();
        assert_eq!(drops.load(Ordering::SeqCst), 0);
        drop(first);
        assert_eq!(drops.load(Ordering::SeqCst), 0, "not yet");
        leftovers.clear();
        assert_eq!(drops.load(Ordering::SeqCst), 1);
        drop(leftovers);
        drop(second);
        assert_eq!(drops.load(Ordering::SeqCst), 2);
    }
}
