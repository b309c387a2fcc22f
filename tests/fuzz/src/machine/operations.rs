//! The application: what it sends, withdraws and gives more time, and that each operation ends once and in time.

use super::LATE;
use super::bytes::Bytes;
use couchbase_core::machine::{Client, Event, OpId, Request};
use couchbase_core::{Cas, Encoded, Expiry, Flags, Instant};
use std::collections::BTreeMap;
use std::time::Duration;

/// Everything that was sent.
#[derive(Default)]
pub(super) struct Operations {
    live: BTreeMap<OpId, Live>,
    /// All names, for those who ask after what has ended.
    names: Vec<OpId>,
    is_connected: bool,
    pub(super) is_closing: bool,
    /// How many ended well.
    pub(super) succeeded: usize,
}

struct Live {
    timeout: Duration,
    /// `None`: its clock does not run before the connection is made.
    deadline: Option<Instant>,
}

impl Operations {
    pub(super) fn submit(&mut self, client: &mut Client, bytes: &mut Bytes<'_>, now: Instant) {
        let (choice, timeout) = (bytes.byte(), Duration::from_millis(bytes.number()));
        let request = request(bytes);
        let accepted = match choice & 1 {
            0 => client.submit(request, timeout, now),
            _ => client.submit_in_line(request, timeout, now),
        };
        match accepted {
            Ok(op) => {
                assert!(!self.is_closing, "accepted while it closes");
                let deadline = self.is_connected.then(|| now + timeout);
                assert!(self.live.insert(op, Live { timeout, deadline }).is_none(), "{op:?} again");
                self.names.push(op);
            }
            Err(refused) => assert!(!refused.error.to_string().is_empty()),
        }
    }

    /// Also of one that has ended.
    pub(super) fn cancel(&mut self, client: &mut Client, bytes: &mut Bytes<'_>, now: Instant) {
        if let Some(op) = self.name(bytes) {
            client.cancel(op, now);
            self.live.remove(&op);
        }
    }

    pub(super) fn put_off(&mut self, client: &mut Client, bytes: &mut Bytes<'_>) {
        let (op, by) = (self.name(bytes), Duration::from_millis(bytes.number()));
        let Some(op) = op else { return };
        client.put_off(op, by);
        if let Some(deadline) = self.live.get_mut(&op).and_then(|live| live.deadline.as_mut()) {
            *deadline = *deadline + by;
        }
    }

    fn name(&self, bytes: &mut Bytes<'_>) -> Option<OpId> {
        let back = bytes.index();
        self.names.iter().rev().nth(back % self.names.len().max(1)).copied()
    }

    pub(super) fn hear(&mut self, event: Event, now: Instant) {
        match event {
            Event::Connected => {
                self.is_connected = true;
                self.live.values_mut().for_each(|live| live.deadline = Some(now + live.timeout));
            }
            Event::Finished { op, result } => {
                assert!(self.live.remove(&op).is_some(), "{op:?} ended twice, or after it was cancelled");
                match result {
                    Ok(_) => self.succeeded += 1,
                    Err(error) => assert!((1..4_000).contains(&error.to_string().len()), "{error}"),
                }
            }
            Event::ConnectFailed { .. } => {
                assert!(self.live.is_empty(), "no connection, and operations that wait for it");
            }
            _ => {}
        }
    }

    pub(super) fn check(&self, client: &Client, links: usize, now: Instant) {
        for (op, live) in &self.live {
            let is_late = live.deadline.is_some_and(|deadline| now >= deadline + LATE);
            assert!(!is_late, "{op:?} has no end");
            assert!(client.key(*op).is_some(), "{op:?} is forgotten");
        }
        let (metrics, limits) = (client.metrics(), &client.config().limits);
        assert_eq!(metrics.in_flight + metrics.in_line, self.live.len(), "{metrics:?}");
        assert!(metrics.in_flight <= limits.max_in_flight && metrics.in_line <= limits.max_queued);
        // However many end without an answer, a link that gives none is sent no more than this.
        assert!(metrics.orphans <= 4 * limits.max_in_flight * links, "{metrics:?} of {links} links");
    }

    /// Withdraws what would wait for longer than this.
    pub(super) fn withdraw(&mut self, client: &mut Client, longer_than: Duration, now: Instant) {
        self.live.retain(|op, live| {
            let is_kept = live.deadline.unwrap_or(now + live.timeout) <= now + longer_than;
            if !is_kept {
                client.cancel(*op, now);
            }
            is_kept
        });
    }

    pub(super) fn check_all_ended(&self) {
        assert!(self.live.is_empty(), "{:?} never ended", self.live.keys());
    }
}

fn request(bytes: &mut Bytes<'_>) -> Request {
    let (choice, key) = (bytes.byte(), bytes.byte());
    let key = match key {
        0xff => String::new(),
        0xfe => "k".repeat(251),
        key => format!("k{}", key % 8),
    };
    let document = |bytes: &mut Bytes<'_>| {
        let len = bytes.index() * usize::from(choice >> 4);
        Encoded::new(vec![b'v'; len], Flags::BYTES)
    };
    let request = match choice % 11 {
        0 | 1 => Request::get(key),
        2 => Request::set(key, document(bytes)),
        3 => Request::add(key, document(bytes)),
        4 => Request::replace(key, document(bytes)),
        5 => Request::append(key, "tail"),
        6 => Request::prepend(key, "head"),
        7 => Request::delete(key),
        8 => Request::touch(key, Expiry::from(Duration::from_secs(bytes.number()))),
        9 => Request::get_and_touch(key, Expiry::from(Duration::from_secs(bytes.number()))),
        _ => Request::counter(key, bytes.number() as i64).with_initial(bytes.number()),
    };
    request.with_cas(Cas::from_u64(u64::from(choice & 64))).with_quiet(choice & 128 != 0)
}
