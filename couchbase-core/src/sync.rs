//! Locks and atomics of the driver: the standard library's, or those of `loom`, which tries every interleaving of a
//! model's threads. `driver/models.rs` holds the models and says how they are run.

#[cfg(all(test, models))]
pub(crate) use modelled::{Arc, Condvar, Mutex, MutexGuard, atomic, thread_local};
#[cfg(not(all(test, models)))]
pub(crate) use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, atomic},
    thread_local,
};

#[cfg(all(test, models))]
mod modelled {
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
    // Wakers are made of it.
    pub(crate) use std::sync::Arc;

    /// loom's, in the words of the standard library.
    macro_rules! thread_local_of_loom {
        ($(#[$doc:meta])* static $name:ident: $type:ty = const $initial:block;) => {
            loom::thread_local! { static $name: $type = $initial; }
        };
    }
    pub(crate) use thread_local_of_loom as thread_local;

    pub(crate) mod atomic {
        use loom::sync::atomic::{self, fence};
        pub(crate) use std::sync::atomic::Ordering;

        /// loom takes `SeqCst` for `AcqRel`, and has no place for a store among the exchanges of others. A fence before
        /// each access, and an exchange for a store, restore the one order of them all; a `SeqCst` too few is not always
        /// noticed.
        #[derive(Debug)]
        pub(crate) struct AtomicBool(atomic::AtomicBool);

        impl AtomicBool {
            pub(crate) fn new(value: bool) -> Self {
                Self(atomic::AtomicBool::new(value))
            }

            pub(crate) fn load(&self, order: Ordering) -> bool {
                restore(order);
                self.0.load(order)
            }

            pub(crate) fn store(&self, value: bool, order: Ordering) {
                restore(order);
                if order == Ordering::SeqCst {
                    self.0.swap(value, Ordering::Release);
                } else {
                    self.0.store(value, order);
                }
            }

            pub(crate) fn swap(&self, value: bool, order: Ordering) -> bool {
                restore(order);
                self.0.swap(value, order)
            }
        }

        impl Default for AtomicBool {
            fn default() -> Self {
                Self::new(false)
            }
        }

        fn restore(order: Ordering) {
            if order == Ordering::SeqCst {
                fence(Ordering::SeqCst);
            }
        }
    }
}
