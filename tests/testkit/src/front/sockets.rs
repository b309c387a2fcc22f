//! The open sockets by name, so that others than their own thread can end them.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Open sockets.
pub(crate) struct Sockets<K>(Mutex<HashMap<K, Arc<TcpStream>>>);

impl<K> Default for Sockets<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> Sockets<K> {
    fn map(&self) -> MutexGuard<'_, HashMap<K, Arc<TcpStream>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn insert(&self, name: K, socket: &Arc<TcpStream>) {
        self.map().insert(name, Arc::clone(socket));
    }

    pub(crate) fn remove(&self, name: &K) {
        self.map().remove(name);
    }

    /// Ends a socket in both directions: its thread wakes with nothing more to read.
    pub(crate) fn shut(&self, name: K) {
        if let Some(socket) = self.map().get(&name) {
            // It may have been closed by the client a moment ago.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// Ends all sockets with such a name.
    pub(crate) fn shut_where(&self, such: impl Fn(&K) -> bool) {
        for (_, socket) in self.map().iter().filter(|(name, _)| such(name)) {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}
