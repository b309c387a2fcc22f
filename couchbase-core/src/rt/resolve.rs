//! Name look-up by the operating system, off the caller's thread.

use super::BoxFuture;
use std::boxed::Box;
use std::format;
use std::future::{self, Future};
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::string::String;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::vec;
use std::vec::Vec;

type Addresses = io::Result<Vec<SocketAddr>>;

/// Asks the operating system (`getaddrinfo`) for the addresses of a host, on a thread of its own.
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
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Box::pin(future::ready(Ok(vec![SocketAddr::new(ip, port)])));
    }
    let answer = Arc::new(Mutex::new(Answer::Awaited(None)));
    let host = String::from(bare);
    let asked = {
        let answer = answer.clone();
        thread::Builder::new()
            .name("couchbase-resolve".into())
            .spawn(move || give(&answer, look_up(&host, port)))
    };
    match asked {
        Ok(_detached) => Box::pin(Lookup(answer)),
        Err(no_thread) => Box::pin(future::ready(Err(no_thread))),
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
    let before = {
        let mut answer = answer.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *answer, Answer::Here(found))
    };
    if let Answer::Awaited(Some(waker)) = before {
        waker.wake();
    }
}

impl Future for Lookup {
    type Output = Addresses;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Addresses> {
        // Wakers are the user's code: cloned and dropped outside the lock.
        let waker = Answer::Awaited(Some(cx.waker().clone()));
        let mut answer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
    fn an_answer_that_nobody_awaits_harms_nobody() {
        let answer = Arc::new(Mutex::new(Answer::Awaited(None)));
        let mut lookup = Lookup(answer.clone());
        assert!((&mut lookup).now_or_never().is_none());
        drop(lookup);
        give(&answer, Ok(Vec::new()));
    }
}
