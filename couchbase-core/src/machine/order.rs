//! The order on a key. Two operations on one key, at least one of them a write, that both succeed took effect in the
//! order in which they were submitted; these are the rules that see to it (ARCHITECTURE.md, "Order on a key").
//!
//! * **R1** An operation goes onto the wire only when no earlier conflicting one waits, no later conflicting one is on
//!   the wire, and no live one of its vbucket is on the wire of another link.
//! * **R2** A definitive answer to an operation ends every earlier conflicting one that waits: it was overtaken.
//! * **R3** When a link is lost, unanswered writes end ambiguously, unanswered reads wait to be sent again, and what
//!   was not yet written goes to the next link in order. (Carried out in `lost_link`.)
//!
//! Two operations of a key conflict unless both only read. In ordinary life nothing waits, and [`Table::is_free`]
//! is all that runs.

use super::table::{Live, State, Table};
use super::{LinkId, OpId};
use crate::{Instant, Key};
use alloc::vec::Vec;

fn conflict(one: &Live, other: &Live) -> bool {
    !(one.request.is_read() && other.request.is_read())
}

fn is_waiting(live: &Live) -> bool {
    matches!(live.state, State::Waiting { .. })
}

/// Not to be sent yet; or no more, since what is due ends at once, and with no effect.
fn waits_for_time(live: &Live, now: Instant) -> bool {
    matches!(live.state, State::Waiting { until } if until > now)
        || live.deadline.is_some_and(|(deadline, _)| deadline <= now)
}

fn is_on_wire(live: &Live) -> bool {
    matches!(live.state, State::OnWire { .. })
}

/// R1, but for other links: which operations of one key, given in the order of submission, may go.
fn find_ready(of_key: &[&Live], now: Instant, ready: &mut Vec<OpId>) {
    // What is on the wire and was submitted later holds back what it conflicts with.
    let last = |writes_only: bool| {
        let on_wire =
            of_key.iter().filter(|live| is_on_wire(live) && !(writes_only && live.request.is_read()));
        on_wire.map(|live| live.order).max()
    };
    let (last_write, last_any) = (last(true), last(false));
    let (mut write_waits, mut read_waits) = (false, false);
    for live in of_key {
        if !is_waiting(live) {
            continue;
        }
        let is_read = live.request.is_read();
        let earlier_waits = write_waits || (read_waits && !is_read);
        let later_on_wire = if is_read { last_write } else { last_any }.is_some_and(|last| last > live.order);
        if earlier_waits || later_on_wire || waits_for_time(live, now) {
            if is_read { read_waits = true } else { write_waits = true }
        } else {
            ready.push(live.id);
        }
    }
}

impl Table {
    /// True if a new operation of this vbucket may go onto the wire of `link` at once, whatever its key: nothing of
    /// the vbucket waits, and nothing of it is on another link.
    #[inline]
    pub(super) fn is_free(&self, vbucket: u16, link: LinkId) -> bool {
        self.waiting(vbucket) == 0 && self.may_use(vbucket, link)
    }

    fn may_use(&self, vbucket: u16, link: LinkId) -> bool {
        self.occupied_link(vbucket).is_none_or(|occupied| occupied == link)
    }

    /// R1: the waiting operations of a key that may now go onto the wire of `link`, in this order.
    pub(super) fn ready(&self, vbucket: u16, key: &Key, link: LinkId, now: Instant) -> Vec<OpId> {
        let mut ready = Vec::new();
        let of_key = || self.listed(vbucket).filter(|live| live.request.key() == key);
        // On a key with many operations the first one that waits is mostly a write that waits for its time.
        let first = || of_key().find(|live| is_waiting(live));
        if self.may_use(vbucket, link)
            && first().is_some_and(|first| first.request.is_read() || !waits_for_time(first, now))
        {
            let of_key: Vec<&Live> = of_key().collect();
            find_ready(&of_key, now, &mut ready);
        }
        ready
    }

    /// The same of all keys of a vbucket.
    pub(super) fn ready_of_vbucket(&self, vbucket: u16, link: LinkId, now: Instant) -> Vec<OpId> {
        let mut ready = Vec::new();
        if self.may_use(vbucket, link) {
            let mut by_key: Vec<&Live> = self.listed(vbucket).collect();
            // Stable: those of a key stay in their order.
            by_key.sort_by(|one, other| one.request.key().cmp(other.request.key()));
            for of_key in by_key.chunk_by(|one, other| one.request.key() == other.request.key()) {
                find_ready(of_key, now, &mut ready);
            }
        }
        ready
    }

    /// R2: the operations that a definitive answer to `answered` ends.
    pub(super) fn overtaken_by(&self, answered: &Live) -> Vec<OpId> {
        if self.waiting(answered.vbucket) == 0 {
            return Vec::new();
        }
        let earlier = self.listed(answered.vbucket).take_while(|live| live.order < answered.order);
        let overtaken = earlier.filter(|live| {
            is_waiting(live) && live.request.key() == answered.request.key() && conflict(live, answered)
        });
        overtaken.map(|live| live.id).collect()
    }
}
