//! Who has something to do, and how the driver learns of it.
//!
//! Each source (a socket, an attempt to connect, a look-up, the timer) has a waker of its own that puts it on the
//! list of those that are ready, so that a wake costs nothing for the others. The flag says that the driver knows
//! already: of many submissions one wakes it.
//!
//! Order matters: whoever has work for the driver first leaves it where the driver will look, then calls
//! [`Signal::raise`]; the driver calls [`Signal::lower`] first, then looks.

use super::enter;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Arc, Mutex};
use std::mem;
use std::task::{Wake, Waker};
use std::vec::Vec;

#[derive(Default)]
pub(crate) struct Signal {
    /// The driver has been woken, or is running and will look again.
    is_raised: AtomicBool,
    /// Sources are listed. Written under the lock.
    has_ready: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Positions of sources, each once at most for each of their wakers.
    ready: Vec<usize>,
    /// The driver's task.
    waker: Option<Waker>,
}

impl Signal {
    /// Wakes the driver, unless it is awake.
    #[inline]
    pub(crate) fn raise(&self) {
        // Most callers find it raised: they only read.
        if !self.is_raised.load(Ordering::SeqCst) {
            self.wake();
        }
    }

    fn wake(&self) {
        if !self.is_raised.swap(true, Ordering::SeqCst) {
            let waker = enter(&self.state).waker.take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// The driver begins a pass as the task behind `waker`, and takes the list of what is ready into `ready`, which
    /// is empty.
    pub(super) fn begin(&self, waker: &Waker, ready: &mut Vec<usize>) {
        debug_assert!(ready.is_empty());
        self.is_raised.store(true, Ordering::SeqCst);
        let mut fresh = None;
        loop {
            let mut state = enter(&self.state);
            let is_known = state.waker.as_ref().is_some_and(|known| known.will_wake(waker));
            if is_known || fresh.is_some() {
                let old = if is_known { None } else { mem::replace(&mut state.waker, fresh.take()) };
                mem::swap(&mut state.ready, ready);
                self.has_ready.store(false, Ordering::SeqCst);
                drop(state);
                // A waker is someone else's code: it is cloned and dropped outside the lock.
                drop(old);
                return;
            }
            drop(state);
            fresh = Some(waker.clone());
        }
    }

    /// The driver will run again at once: nobody need wake it.
    pub(super) fn keep_raised(&self) {
        self.is_raised.store(true, Ordering::SeqCst);
    }

    /// The driver is about to look for the last time: from here on, work wakes it.
    pub(super) fn lower(&self) {
        self.is_raised.store(false, Ordering::SeqCst);
    }

    /// There is no driver any more: its task is not held any longer.
    pub(super) fn end(&self) {
        let waker = enter(&self.state).waker.take();
        drop(waker);
    }

    /// Whether sources have become ready since [`begin`](Self::begin).
    pub(super) fn has_ready(&self) -> bool {
        self.has_ready.load(Ordering::SeqCst)
    }
}

/// The waker of one source.
pub(super) struct SourceWaker {
    signal: Arc<Signal>,
    position: usize,
    is_listed: AtomicBool,
}

impl SourceWaker {
    pub(super) fn new(signal: &Arc<Signal>, position: usize) -> Arc<Self> {
        Arc::new(Self { signal: signal.clone(), position, is_listed: AtomicBool::new(false) })
    }

    /// The source is about to be polled: from here on it may be listed again.
    pub(super) fn unlist(&self) {
        // Not merely stored: whoever found it listed has made it ready before, which the poll must see.
        self.is_listed.swap(false, Ordering::SeqCst);
    }
}

impl Wake for SourceWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_listed.swap(true, Ordering::SeqCst) {
            let mut state = enter(&self.signal.state);
            state.ready.push(self.position);
            self.signal.has_ready.store(true, Ordering::SeqCst);
            drop(state);
            self.signal.raise();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn begin(signal: &Signal, waker: &Waker) -> Vec<usize> {
        let mut ready = Vec::new();
        signal.begin(waker, &mut ready);
        ready
    }

    #[test]
    fn many_raises_are_one_wake_and_none_is_lost_between_passes() {
        let wakes = Arc::new(Wakes::default());
        let count = || wakes.0.load(Ordering::SeqCst);
        let waker = Waker::from(wakes.clone());
        let signal = Arc::new(Signal::default());

        begin(&signal, &waker);
        signal.raise();
        assert_eq!(count(), 0, "it is running");
        signal.lower();
        signal.raise();
        signal.raise();
        assert_eq!(count(), 1);
        begin(&signal, &waker);
        signal.lower();
        signal.raise();
        assert_eq!(count(), 2);
    }

    #[test]
    fn a_source_is_listed_once_until_it_is_polled() {
        let signal = Arc::new(Signal::default());
        let source = SourceWaker::new(&signal, 7);
        let waker = Waker::from(source.clone());
        waker.wake_by_ref();
        waker.wake_by_ref();
        assert_eq!(begin(&signal, Waker::noop()), [7]);
        source.unlist();
        assert!(!signal.has_ready());
        waker.wake_by_ref();
        assert!(signal.has_ready());
        assert_eq!(begin(&signal, Waker::noop()), [7]);
    }
}
