//! The table of operations: one slot each from submission to end, and each vbucket's operations in the order in which
//! they were submitted.
//!
//! A slot whose operation ended while its reply was still owed stays reserved as an orphan. This file keeps counts
//! and lists true; which operation may move is decided in `order`.

use super::deadline::Bucket;
use super::id::{MAX_OPERATIONS, Tag};
use super::{LinkId, OpId, Request};
use crate::wire::Status;
use crate::{Instant, Key};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

/// The end of a list of slots.
const NONE: u32 = u32::MAX;

#[derive(Default)]
pub(super) struct Table {
    slots: Vec<Slot>,
    /// First in, first out: the later a slot is used again, the longer its generations last.
    free: VecDeque<u32>,
    lists: Vec<List>,
    /// Operations that are not orphans.
    live: usize,
    orphans: usize,
}

struct Slot {
    /// Changes with each tenant, and each time that a tenant is written.
    tag: Tag,
    tenant: Tenant,
}

#[allow(clippy::large_enum_variant)] // Slots are reused; boxing would cost an allocation an operation.
pub(super) enum Tenant {
    Free,
    Live(Live),
    /// Ended, but the link still owes its reply.
    Orphan {
        link: LinkId,
        since: Instant,
    },
}

/// An operation that has not ended.
pub(super) struct Live {
    pub(super) id: OpId,
    pub(super) request: Request,
    /// Its place in the order of submissions.
    pub(super) order: u64,
    pub(super) state: State,
    /// What it was given at submission.
    pub(super) timeout: Duration,
    /// `None` until the first connection is there: then the clock starts.
    pub(super) deadline: Option<(Instant, Bucket)>,
    pub(super) vbucket: u16,
    /// How often it was written into a link's batch, and not taken back.
    pub(super) attempts: u32,
    /// Why it is tried again.
    pub(super) refused: Option<Status>,
    is_listed: bool,
    next: u32,
    previous: u32,
}

/// Where a listed operation stands.
struct Place {
    previous: u32,
    next: u32,
    vbucket: u16,
    state: State,
}

impl Live {
    fn place(&self) -> Option<Place> {
        let Self { previous, next, vbucket, state, .. } = *self;
        self.is_listed.then_some(Place { previous, next, vbucket, state })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Stands in line for a place.
    InLine,
    /// Has a place, and waits for the first connection.
    Queued,
    /// Waits for its link, its turn on its key, or until it may be tried again.
    Waiting { until: Instant },
    /// In a link's batch or beyond. `position` counts what was ever put into that link's batch.
    OnWire { link: LinkId, position: u64 },
}

/// The live operations of one vbucket that have been placed, in the order of submission.
#[derive(Clone, Copy)]
struct List {
    head: u32,
    tail: u32,
    /// How many of them wait.
    waiting: u32,
    /// How many are on the wire, all of them on `link`.
    on_wire: u32,
    link: Option<LinkId>,
}

const EMPTY: List = List { head: NONE, tail: NONE, waiting: 0, on_wire: 0, link: None };

impl Table {
    pub(super) fn live(&self) -> usize {
        self.live
    }

    pub(super) fn orphans(&self) -> usize {
        self.orphans
    }

    /// True if not one more operation can be told apart.
    pub(super) fn is_exhausted(&self) -> bool {
        self.free.is_empty() && self.slots.len() == MAX_OPERATIONS
    }

    #[inline]
    pub(super) fn insert(
        &mut self,
        request: Request,
        order: u64,
        state: State,
        timeout: Duration,
        deadline: Option<(Instant, Bucket)>,
    ) -> OpId {
        let index = self.free.pop_front().unwrap_or_else(|| {
            let index = self.slots.len();
            self.slots.push(Slot { tag: Tag::first(index), tenant: Tenant::Free });
            index as u32
        });
        let slot = &mut self.slots[index as usize];
        let id = OpId::new(slot.tag);
        slot.tenant = Tenant::Live(Live {
            id,
            request,
            order,
            state,
            timeout,
            deadline,
            vbucket: 0,
            attempts: 0,
            refused: None,
            is_listed: false,
            next: NONE,
            previous: NONE,
        });
        self.live += 1;
        id
    }

    pub(super) fn get(&self, id: OpId) -> Option<&Live> {
        match &self.slots.get(id.slot())?.tenant {
            Tenant::Live(live) if live.id == id => Some(live),
            _ => None,
        }
    }

    pub(super) fn get_mut(&mut self, id: OpId) -> Option<&mut Live> {
        match &mut self.slots.get_mut(id.slot())?.tenant {
            Tenant::Live(live) if live.id == id => Some(live),
            _ => None,
        }
    }

    /// Whom a reply with this tag is for: the operation, or the orphan, that was last written with it.
    #[inline]
    pub(super) fn addressee(&self, tag: Tag) -> Option<&Tenant> {
        self.slots.get(tag.slot()).filter(|slot| slot.tag == tag).map(|slot| &slot.tenant)
    }

    /// Every operation that has not ended, in the order of slots.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Live> {
        self.slots.iter().filter_map(|slot| match &slot.tenant {
            Tenant::Live(live) => Some(live),
            Tenant::Free | Tenant::Orphan { .. } => None,
        })
    }

    /// Since when the link has owed a reply whose operation has ended.
    pub(super) fn oldest_orphan(&self, owing: LinkId) -> Option<Instant> {
        let owed = self.slots.iter().filter_map(|slot| match slot.tenant {
            Tenant::Orphan { link, since } if link == owing => Some(since),
            _ => None,
        });
        owed.min()
    }

    /// Ends an operation. If it is on the wire its slot stays reserved until its reply has come, or its link is lost.
    pub(super) fn end(&mut self, id: OpId, now: Instant) -> Option<Live> {
        let live = self.take(id)?;
        match live.state {
            State::OnWire { link, .. } => {
                self.slots[id.slot()].tenant = Tenant::Orphan { link, since: now };
                self.orphans += 1;
            }
            State::InLine | State::Queued | State::Waiting { .. } => self.release(id.slot()),
        }
        Some(live)
    }

    /// Ends an operation whose reply has come, or will never come.
    pub(super) fn end_answered(&mut self, id: OpId) -> Option<Live> {
        let live = self.take(id)?;
        self.release(id.slot());
        Some(live)
    }

    /// Ends an operation whose reply has come, without moving it: its key, its size and its deadline's bucket.
    #[inline]
    pub(super) fn end_in_place(&mut self, id: OpId) -> Option<(Key, usize, Option<Bucket>)> {
        let live = self.get_mut(id)?;
        let place = live.place();
        let size = live.request.size();
        let bucket = live.deadline.map(|(_, bucket)| bucket);
        let key = mem::replace(&mut live.request.key, Key::from_static(""));
        self.live -= 1;
        self.close_gap(place);
        self.release(id.slot());
        Some((key, size, bucket))
    }

    /// An orphan's reply has come.
    pub(super) fn release_orphan(&mut self, tag: Tag) {
        if let Some(Tenant::Orphan { .. }) = self.addressee(tag) {
            self.orphans -= 1;
            self.release(tag.slot());
        }
    }

    /// The replies that `lost` owed will never come.
    pub(super) fn release_orphans_of(&mut self, lost: LinkId) {
        for index in 0..self.slots.len() {
            if matches!(self.slots[index].tenant, Tenant::Orphan { link, .. } if link == lost) {
                self.orphans -= 1;
                self.release(index);
            }
        }
    }

    fn take(&mut self, id: OpId) -> Option<Live> {
        self.get(id)?;
        self.unlist(id);
        self.live -= 1;
        match mem::replace(&mut self.slots[id.slot()].tenant, Tenant::Free) {
            Tenant::Live(live) => Some(live),
            Tenant::Free | Tenant::Orphan { .. } => None,
        }
    }

    #[inline]
    fn release(&mut self, index: usize) {
        let slot = &mut self.slots[index];
        slot.tenant = Tenant::Free;
        slot.tag = slot.tag.next();
        self.free.push_back(index as u32);
    }
}

/// Each vbucket's list.
impl Table {
    /// Makes room for the vbuckets of the first map. Later maps have as many.
    pub(super) fn set_vbuckets(&mut self, count: usize) {
        debug_assert!(
            self.lists.is_empty() || self.lists.len() == count,
            "no living bucket changes its vbuckets"
        );
        self.lists.resize(count, EMPTY);
    }

    pub(super) fn vbuckets(&self) -> usize {
        self.lists.len()
    }

    /// Puts an operation behind all others of its vbucket. It waits until it is sent.
    #[inline]
    pub(super) fn list(&mut self, id: OpId, vbucket: u16, now: Instant) {
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
    fn unlist(&mut self, id: OpId) {
        if let Some(live) = self.get(id) {
            self.close_gap(live.place());
        }
    }

    #[inline]
    fn close_gap(&mut self, place: Option<Place>) {
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
        match &mut self.slots[index as usize].tenant {
            Tenant::Live(live) => live,
            Tenant::Free | Tenant::Orphan { .. } => unreachable!("lists hold live operations only"),
        }
    }

    /// The operations of a vbucket that have been placed, in the order of submission.
    pub(super) fn listed(&self, vbucket: u16) -> impl Iterator<Item = &Live> {
        let mut at = self.lists.get(usize::from(vbucket)).map_or(NONE, |list| list.head);
        core::iter::from_fn(move || match self.slots.get(at as usize).map(|slot| &slot.tenant) {
            Some(Tenant::Live(live)) => {
                at = live.next;
                Some(live)
            }
            _ => None,
        })
    }

    /// How many operations of a vbucket wait.
    #[inline]
    pub(super) fn waiting(&self, vbucket: u16) -> u32 {
        self.lists.get(usize::from(vbucket)).map_or(0, |list| list.waiting)
    }

    /// The link that all operations of the vbucket are on that are on the wire; `None` if none is.
    #[inline]
    pub(super) fn occupied_link(&self, vbucket: u16) -> Option<LinkId> {
        self.lists.get(usize::from(vbucket)).filter(|list| list.on_wire > 0).and_then(|list| list.link)
    }

    /// Says that a waiting operation is now in the batch of `link`; returns the tag to write it with.
    #[inline]
    pub(super) fn set_on_wire(&mut self, id: OpId, link: LinkId, position: u64) -> Option<(Tag, &Live)> {
        let slot = self.slots.get_mut(id.slot())?;
        let Tenant::Live(live) = &mut slot.tenant else { return None };
        if live.id != id {
            return None;
        }
        live.state = State::OnWire { link, position };
        live.attempts += 1;
        let list = &mut self.lists[usize::from(live.vbucket)];
        list.waiting -= 1;
        list.on_wire += 1;
        list.link = Some(link);
        slot.tag = slot.tag.next();
        Some((slot.tag, live))
    }

    /// Says that an operation is on no wire any more and waits.
    pub(super) fn set_waiting(&mut self, id: OpId, until: Instant) {
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
    pub(super) fn take_back(&mut self, id: OpId, was_written: bool, now: Instant) {
        self.set_waiting(id, now);
        if let Some(live) = self.get_mut(id).filter(|_| !was_written) {
            live.attempts -= 1;
        }
    }
}
