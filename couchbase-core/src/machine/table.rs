//! The table of operations: one slot each from submission to end, and each vbucket's operations in the order in which
//! they were submitted.
//!
//! A slot whose operation ended while its reply was still owed stays reserved as an orphan; the reply of one that
//! succeeded lies in its slot until it is asked for. Counts are kept true here, lists in `lists`; which operation may
//! move is decided in `order`.

mod lists;

use super::deadline::Bucket;
use super::id::MAX_OPERATIONS;
use super::operation::Answer;
use super::request::Body;
use super::{LinkId, OpId, Request};
use crate::wire::Status;
use crate::{Instant, Key, Reply};
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;
use lists::{List, NONE};

#[derive(Default)]
pub(super) struct Table {
    slots: Vec<Tenant>,
    /// The one that was used last is used next: it is still in the processor's cache.
    free: Vec<u32>,
    lists: Vec<List>,
    /// Operations that have not ended.
    live: usize,
    orphans: usize,
}

#[allow(clippy::large_enum_variant)] // Slots are reused; boxing would cost an allocation an operation.
pub(super) enum Tenant {
    /// Or `Answered(None)`.
    Free,
    Live(Live),
    /// Ended, but the link still owes its reply.
    Orphan {
        link: LinkId,
        since: Instant,
    },
    /// Ended with this reply; free once that has been taken.
    Answered(Option<Reply>),
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

impl Tenant {
    /// Moves an operation into a slot that is free, and to nowhere else on its way.
    #[inline(always)]
    fn occupy(&mut self, live: Live) {
        debug_assert!(matches!(self, Self::Free | Self::Answered(None)));
        // There is nothing to be dropped, which the compiler cannot know: it would move the operation twice more.
        mem::forget(mem::replace(self, Self::Live(live)));
    }
}

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

    /// Takes an operation in that has not been placed yet.
    #[inline(always)]
    pub(super) fn insert(
        &mut self,
        request: &mut Request,
        order: u64,
        state: State,
        timeout: Duration,
        deadline: Option<(Instant, Bucket)>,
    ) -> OpId {
        let index = self.reserve();
        let id = OpId::new(order, index);
        self.slots[index].occupy(Live {
            id,
            request: request.take(),
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

    /// Sets a slot aside.
    #[inline(always)]
    pub(super) fn reserve(&mut self) -> usize {
        if let Some(index) = self.free.pop() {
            return index as usize;
        }
        self.slots.push(Tenant::Free);
        self.slots.len() - 1
    }

    pub(super) fn get(&self, id: OpId) -> Option<&Live> {
        match self.slots.get(id.slot())? {
            Tenant::Live(live) if live.id == id => Some(live),
            _ => None,
        }
    }

    pub(super) fn get_mut(&mut self, id: OpId) -> Option<&mut Live> {
        match self.slots.get_mut(id.slot())? {
            Tenant::Live(live) if live.id == id => Some(live),
            _ => None,
        }
    }

    /// Who uses a slot.
    #[inline]
    pub(super) fn tenant(&self, slot: usize) -> Option<&Tenant> {
        self.slots.get(slot)
    }

    /// Every operation that has not ended, in the order of slots.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Live> {
        self.slots.iter().filter_map(|tenant| match tenant {
            Tenant::Live(live) => Some(live),
            Tenant::Free | Tenant::Orphan { .. } | Tenant::Answered(_) => None,
        })
    }

    /// What a node has sent away waits until a node may have its vbucket; a new map is news of that.
    pub(super) fn end_waits_for_map(&mut self, now: Instant) {
        for tenant in &mut self.slots {
            if let Tenant::Live(live) = tenant
                && live.refused == Some(Status::NOT_MY_VBUCKET)
                && let State::Waiting { until } = &mut live.state
            {
                *until = (*until).min(now);
            }
        }
    }

    /// Since when the link has owed a reply whose operation has ended.
    pub(super) fn oldest_orphan(&self, owing: LinkId) -> Option<Instant> {
        let owed = self.slots.iter().filter_map(|tenant| match *tenant {
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
                self.slots[id.slot()] = Tenant::Orphan { link, since: now };
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

    /// Ends an operation that was carried out; its reply lies in its slot until [`yield_reply`](Self::yield_reply). Its
    /// size and its deadline's bucket.
    #[inline]
    pub(super) fn end_succeeded(&mut self, id: OpId, answer: Answer) -> Option<(usize, Option<Bucket>)> {
        let tenant = self.slots.get_mut(id.slot())?;
        let Tenant::Live(live) = tenant else { return None };
        let place = live.place();
        let size = live.request.size();
        let bucket = live.deadline.map(|(_, bucket)| bucket);
        let key = mem::replace(&mut live.request.key, Key::from_static(""));
        live.request.body = Body::None;
        // What is left of it has nothing to be dropped.
        mem::forget(mem::replace(tenant, Tenant::Answered(Some(answer.into_reply(key)))));
        self.live -= 1;
        self.close_gap(place);
        Some((size, bucket))
    }

    /// The reply of an operation that has succeeded, to be taken at once: its slot is free.
    #[inline(always)]
    pub(super) fn yield_reply(&mut self, id: OpId) -> Option<&mut Option<Reply>> {
        let Tenant::Answered(reply) = self.slots.get_mut(id.slot())? else { return None };
        self.free.push(id.slot() as u32);
        Some(reply)
    }

    /// An orphan's reply has come.
    pub(super) fn release_orphan(&mut self, slot: usize) {
        if let Some(Tenant::Orphan { .. }) = self.tenant(slot) {
            self.orphans -= 1;
            self.release(slot);
        }
    }

    /// The replies that `lost` owed will never come.
    pub(super) fn release_orphans_of(&mut self, lost: LinkId) {
        for index in 0..self.slots.len() {
            if matches!(self.slots[index], Tenant::Orphan { link, .. } if link == lost) {
                self.orphans -= 1;
                self.release(index);
            }
        }
    }

    fn take(&mut self, id: OpId) -> Option<Live> {
        self.get(id)?;
        self.unlist(id);
        self.live -= 1;
        match mem::replace(&mut self.slots[id.slot()], Tenant::Free) {
            Tenant::Live(live) => Some(live),
            Tenant::Free | Tenant::Orphan { .. } | Tenant::Answered(_) => None,
        }
    }

    fn release(&mut self, index: usize) {
        self.slots[index] = Tenant::Free;
        self.free.push(index as u32);
    }
}
