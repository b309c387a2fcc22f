//! Name look-up by the operating system, off the caller's thread.
//!
//! The system may take minutes over a name, or for ever, and cannot be told to stop, while attempts to connect go on. So
//! each name has a few threads at most, and who finds all of them at work waits in line for one.

use super::BoxFuture;
use std::boxed::Box;
use std::collections::{BTreeMap, VecDeque};
use std::format;
use std::future::{self, Future};
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::string::String;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::vec;
use std::vec::Vec;

type Addresses = io::Result<Vec<SocketAddr>>;

/// Look-ups of one name at the same time. More than one: the next may be answered where the last one hangs.
const THREADS: usize = 4;

/// Asks the operating system (`getaddrinfo`) for the addresses of a host, on another thread: each name has four of them
/// at most, and further look-ups of it wait for one to be free.
///
/// IP addresses are answered at once, without a thread. Dropping the future abandons the look-up; its thread ends
/// when the system answers.
///
/// # Errors
/// What the system says, with the host's name.
///
/// ```
/// let found = futures::executor::block_on(couchbase_core::rt::blocking_resolve("::1", 11210))?;
/// assert_eq!(found, ["[::1]:11210".parse().unwrap()]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn blocking_resolve(host: &str, port: u16) -> BoxFuture<Addresses> {
    static SYSTEM: Resolver = Resolver::new(look_up);
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    match bare.parse::<IpAddr>() {
        Ok(ip) => Box::pin(future::ready(Ok(vec![SocketAddr::new(ip, port)]))),
        Err(_) => SYSTEM.ask(bare, port),
    }
}

struct Resolver {
    look_up: fn(&str, u16) -> Addresses,
    names: Mutex<BTreeMap<String, Name>>,
}

/// A name that is being looked up.
#[derive(Default)]
struct Name {
    threads: usize,
    /// The ports that are asked for, and who waits for the answer.
    waiting: VecDeque<(u16, Weak<Mutex<Answer>>)>,
}

impl Resolver {
    const fn new(look_up: fn(&str, u16) -> Addresses) -> Self {
        Self { look_up, names: Mutex::new(BTreeMap::new()) }
    }

    fn ask(&'static self, host: &str, port: u16) -> BoxFuture<Addresses> {
        let answer = Arc::new(Mutex::new(Answer::Awaited(None)));
        let host = String::from(host);
        let mut names = enter(&self.names);
        let name = names.entry(host.clone()).or_default();
        name.waiting.retain(|(_, answer)| answer.strong_count() > 0);
        name.waiting.push_back((port, Arc::downgrade(&answer)));
        if name.threads < THREADS {
            let thread = thread::Builder::new().name("couchbase-resolve".into());
            let asked = thread.spawn({
                let host = host.clone();
                move || self.work(&host)
            });
            match asked {
                Ok(_detached) => name.threads += 1,
                // One of those that there are will see to it.
                Err(_) if name.threads > 0 => {}
                Err(no_thread) => {
                    names.remove(&host);
                    return Box::pin(future::ready(Err(no_thread)));
                }
            }
        }
        Box::pin(Lookup(answer))
    }

    /// Looks a name up for one after the other who waits for it.
    fn work(&self, host: &str) {
        while let Some((port, answer)) = self.next(host) {
            let found = (self.look_up)(host, port);
            if let Some(answer) = answer.upgrade() {
                give(&answer, found);
            }
        }
    }

    /// Who waits next; if there is nobody, the thread that asks is counted off.
    fn next(&self, host: &str) -> Option<(u16, Weak<Mutex<Answer>>)> {
        let mut names = enter(&self.names);
        let name = names.get_mut(host)?;
        name.waiting.retain(|(_, answer)| answer.strong_count() > 0);
        let next = name.waiting.pop_front();
        if next.is_none() {
            name.threads -= 1;
            if name.threads == 0 {
                names.remove(host);
            }
        }
        next
    }
}

fn look_up(host: &str, port: u16) -> Addresses {
    match (host, port).to_socket_addrs() {
        Ok(found) => Ok(found.collect()),
        Err(e) => Err(io::Error::new(e.kind(), format!("{host}: {e}"))),
    }
}

enum Answer {
    Awaited(Option<Waker>),
    Here(Addresses),
    Taken,
}

struct Lookup(Arc<Mutex<Answer>>);

fn give(answer: &Mutex<Answer>, found: Addresses) {
    let before = std::mem::replace(&mut *enter(answer), Answer::Here(found));
    if let Answer::Awaited(Some(waker)) = before {
        // A waker that panics must not take the thread from those who wait in line.
        drop(catch_unwind(AssertUnwindSafe(|| waker.wake())));
    }
}

fn enter<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Future for Lookup {
    type Output = Addresses;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Addresses> {
        // Wakers are the user's code: cloned and dropped outside the lock.
        let waker = Answer::Awaited(Some(cx.waker().clone()));
        let mut answer = enter(&self.0);
        let next = if matches!(*answer, Answer::Awaited(_)) { waker } else { Answer::Taken };
        let before = std::mem::replace(&mut *answer, next);
        drop(answer);
        match before {
            Answer::Here(found) => Poll::Ready(found),
            Answer::Awaited(_) | Answer::Taken => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;
    use futures::future::FutureExt;
    use std::string::ToString;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn literals_are_answered_without_waiting() {
        for (host, addr) in [
            ("127.0.0.1", "127.0.0.1:11210"),
            ("::1", "[::1]:11210"),
            ("[2001:db8::7]", "[2001:db8::7]:11210"),
        ] {
            let found = blocking_resolve(host, 11210).now_or_never().expect("no thread is asked").unwrap();
            assert_eq!(found, [addr.parse().unwrap()], "{host}");
        }
    }

    #[test]
    fn the_system_is_asked_for_names() {
        let found = block_on(blocking_resolve("localhost", 8091)).unwrap();
        assert!(!found.is_empty());
        assert!(found.iter().all(|addr| addr.ip().is_loopback() && addr.port() == 8091), "{found:?}");
    }

    #[test]
    fn an_unknown_host_is_named() {
        // RFC 6761 keeps `.invalid` free of hosts for ever.
        let error = block_on(blocking_resolve("no-such-host.invalid", 1)).unwrap_err();
        assert!(error.to_string().contains("no-such-host.invalid"), "{error}");
    }

    #[test]
    fn a_resolver_that_hangs_holds_a_few_threads_of_each_name() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        static HANGS: Mutex<()> = Mutex::new(());
        static RESOLVER: Resolver = Resolver::new(|_, port| {
            ASKED.fetch_add(1, Ordering::SeqCst);
            drop(enter(&HANGS));
            Ok(vec![SocketAddr::from(([10, 0, 0, 7], port))])
        });
        let hangs = enter(&HANGS);
        let other = RESOLVER.ask("other.example", 0);
        let mut waiting: Vec<_> = (0..100).map(|port| (port, RESOLVER.ask("db.example", port))).collect();
        assert_eq!(enter(&RESOLVER.names)["db.example"].threads, THREADS);
        waiting.truncate(10);
        waiting.push((7, RESOLVER.ask("db.example", 7)));
        assert!(enter(&RESOLVER.names)["db.example"].waiting.len() <= waiting.len());
        assert_eq!(enter(&RESOLVER.names)["other.example"].threads, 1);
        drop(hangs);
        assert!(block_on(other).is_ok());
        for (port, lookup) in waiting {
            assert_eq!(block_on(lookup).unwrap(), [SocketAddr::from(([10, 0, 0, 7], port))]);
        }
        assert_eq!(ASKED.load(Ordering::SeqCst), 12, "what nobody waits for is not asked");
        // The threads end by themselves, and the names are forgotten.
        while !enter(&RESOLVER.names).is_empty() {
            thread::yield_now();
        }
    }

    #[test]
    fn an_answer_that_nobody_awaits_harms_nobody() {
        let answer = Arc::new(Mutex::new(Answer::Awaited(None)));
        let mut lookup = Lookup(answer.clone());
        assert!((&mut lookup).now_or_never().is_none());
        drop(lookup);
        give(&answer, Ok(Vec::new()));
    }
}
