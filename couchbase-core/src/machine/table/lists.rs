//! Each vbucket's operations that have been placed, in the order of submission: lists through the table's slots.

use super::{Live, State, Table, Tenant};
use crate::Instant;
use crate::machine::deadline::Bucket;
use crate::machine::{LinkId, OpId, Request};
use core::mem;
use core::time::Duration;

/// The end of a list of slots.
pub(super) const NONE: u32 = u32::MAX;

/// The live operations of one vbucket that have been placed, in the order of submission.
#[derive(Clone, Copy)]
pub(super) struct List {
    head: u32,
    tail: u32,
    /// How many of them wait.
    waiting: u32,
    /// How many are on the wire, all of them on `link`.
    on_wire: u32,
    link: Option<LinkId>,
}

const EMPTY: List = List { head: NONE, tail: NONE, waiting: 0, on_wire: 0, link: None };

/// Where a listed operation stands.
pub(super) struct Place {
    previous: u32,
    next: u32,
    vbucket: u16,
    state: State,
}

impl Live {
    pub(super) fn place(&self) -> Option<Place> {
        let Self { previous, next, vbucket, state, .. } = *self;
        self.is_listed.then_some(Place { previous, next, vbucket, state })
    }
}

impl Table {
    /// Makes room for the vbuckets of the first map. Later maps have as many.
    pub(in crate::machine) fn set_vbuckets(&mut self, count: usize) {
        debug_assert!(
            self.lists.is_empty() || self.lists.len() == count,
            "no living bucket changes its vbuckets"
        );
        self.lists.resize(count, EMPTY);
    }

    pub(in crate::machine) fn vbuckets(&self) -> usize {
        self.lists.len()
    }

    /// Takes in the operation that was written for a slot that was set aside: behind all others of its vbucket.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)] // Gathered in a struct they would be moved once more.
    pub(in crate::machine) fn insert_on_wire(
        &mut self,
        slot: usize,
        request: &mut Request,
        order: u64,
        timeout: Duration,
        deadline: Option<(Instant, Bucket)>,
        vbucket: u16,
        (link, position): (LinkId, u64),
    ) -> OpId {
        let list = &mut self.lists[usize::from(vbucket)];
        let previous = mem::replace(&mut list.tail, slot as u32);
        list.on_wire += 1;
        list.link = Some(link);
        if previous == NONE {
            list.head = slot as u32;
        } else {
            self.listed_mut(previous).next = slot as u32;
        }
        self.live += 1;
        let id = OpId::new(order, slot);
        self.slots[slot].occupy(Live {
            id,
            request: request.take(),
            order,
            state: State::OnWire { link, position },
            timeout,
            deadline,
            vbucket,
            attempts: 1,
            refused: None,
            is_listed: true,
            next: NONE,
            previous,
        });
        id
    }

    /// Puts an operation behind all others of its vbucket. It waits until it is sent.
    pub(in crate::machine) fn list(&mut self, id: OpId, vbucket: u16, now: Instant) {
        let index = id.slot() as u32;
        let last = self.lists[usize::from(vbucket)].tail;
        let Some(live) = self.get_mut(id) else { return };
        live.vbucket = vbucket;
        live.state = State::Waiting { until: now };
        live.is_listed = true;
        (live.previous, live.next) = (last, NONE);
        let list = &mut self.lists[usize::from(vbucket)];
        list.tail = index;
        list.waiting += 1;
        if last == NONE {
            list.head = index;
        } else {
            self.listed_mut(last).next = index;
        }
    }

    /// Ends the part in the list: neighbours are joined, and counts lowered.
    pub(super) fn unlist(&mut self, id: OpId) {
        if let Some(live) = self.get(id) {
            self.close_gap(live.place());
        }
    }

    #[inline]
    pub(super) fn close_gap(&mut self, place: Option<Place>) {
        let Some(Place { previous, next, vbucket, state }) = place else { return };
        let list = &mut self.lists[usize::from(vbucket)];
        match state {
            State::OnWire { .. } => list.on_wire -= 1,
            State::Waiting { .. } => list.waiting -= 1,
            State::InLine | State::Queued => {}
        }
        if previous == NONE {
            list.head = next;
        }
        if next == NONE {
            list.tail = previous;
        }
        if previous != NONE {
            self.listed_mut(previous).next = next;
        }
        if next != NONE {
            self.listed_mut(next).previous = previous;
        }
    }

    fn listed_mut(&mut self, index: u32) -> &mut Live {
        match &mut self.slots[index as usize] {
            Tenant::Live(live) => live,
            Tenant::Free | Tenant::Orphan { .. } | Tenant::Answered(_) => {
                unreachable!("lists hold live operations only")
            }
        }
    }

    /// The operations of a vbucket that have been placed, in the order of submission.
    pub(in crate::machine) fn listed(&self, vbucket: u16) -> impl Iterator<Item = &Live> {
        let mut at = self.lists.get(usize::from(vbucket)).map_or(NONE, |list| list.head);
        core::iter::from_fn(move || match self.slots.get(at as usize) {
            Some(Tenant::Live(live)) => {
                at = live.next;
                Some(live)
            }
            _ => None,
        })
    }

    /// How many operations of a vbucket wait.
    #[inline]
    pub(in crate::machine) fn waiting(&self, vbucket: u16) -> u32 {
        self.lists.get(usize::from(vbucket)).map_or(0, |list| list.waiting)
    }

    /// The link that all operations of the vbucket are on that are on the wire; `None` if none is.
    #[inline]
    pub(in crate::machine) fn occupied_link(&self, vbucket: u16) -> Option<LinkId> {
        self.lists.get(usize::from(vbucket)).filter(|list| list.on_wire > 0).and_then(|list| list.link)
    }

    /// Says that a waiting operation is now in the batch of `link`, at this position.
    pub(in crate::machine) fn set_on_wire(&mut self, id: OpId, link: LinkId, position: u64) -> Option<&Live> {
        let Tenant::Live(live) = self.slots.get_mut(id.slot())? else { return None };
        if live.id != id {
            return None;
        }
        live.state = State::OnWire { link, position };
        live.attempts += 1;
        let list = &mut self.lists[usize::from(live.vbucket)];
        list.waiting -= 1;
        list.on_wire += 1;
        list.link = Some(link);
        Some(live)
    }

    /// Says that an operation is on no wire any more and waits.
    pub(in crate::machine) fn set_waiting(&mut self, id: OpId, until: Instant) {
        let Some(live) = self.get_mut(id) else { return };
        let was_on_wire = matches!(live.state, State::OnWire { .. });
        live.state = State::Waiting { until };
        let vbucket = usize::from(live.vbucket);
        if was_on_wire {
            let list = &mut self.lists[vbucket];
            list.on_wire -= 1;
            list.waiting += 1;
        }
    }

    /// Says that an operation's link is lost and it waits for another one. What was not written was no attempt.
    pub(in crate::machine) fn take_back(&mut self, id: OpId, was_written: bool, now: Instant) {
        self.set_waiting(id, now);
        if let Some(live) = self.get_mut(id).filter(|_| !was_written) {
            live.attempts -= 1;
        }
    }
}
