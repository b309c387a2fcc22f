//! What a link owes: the operations that were put into its batch and have not been answered, found by their opaques.
//!
//! An opaque is the operation's position on its link, so that no two frames of a link share one until four thousand
//! million others have come between. A late or repeated reply, to a former attempt or a former operation, names a
//! position that owes nothing any more.

use super::id::FIRST_OWN_OPAQUE;
use alloc::collections::VecDeque;

#[derive(Default)]
pub(super) struct Owed {
    /// Everything before this position has been answered.
    first: u64,
    /// What stands there has this opaque: the position, in numbers below those of links' own requests.
    opaque: u32,
    /// From there on: the slot of each operation, [`ANSWERED`] once it has been answered.
    slots: VecDeque<u32>,
    /// How many of them have been answered before an earlier one.
    gaps: usize,
}

/// No operation has this slot.
const ANSWERED: u32 = u32::MAX;

impl Owed {
    /// The position of what is put into the batch next.
    #[inline]
    pub(super) fn next(&self) -> u64 {
        self.first + self.slots.len() as u64
    }

    /// The operation in this slot of the table is put into the batch: the opaque to write it with.
    #[inline]
    pub(super) fn push(&mut self, slot: usize) -> u32 {
        let opaque = after(self.opaque, self.slots.len() as u32);
        self.slots.push_back(slot as u32);
        opaque
    }

    /// Which position a reply is for, and which slot; `None` if nothing is owed under this opaque.
    #[inline]
    pub(super) fn find(&self, opaque: u32) -> Option<(u64, usize)> {
        let wrap = if opaque < self.opaque { FIRST_OWN_OPAQUE } else { 0 };
        let ahead = opaque.wrapping_sub(self.opaque).wrapping_add(wrap);
        let slot = *self.slots.get(ahead as usize)?;
        (slot != ANSWERED).then_some((self.first + u64::from(ahead), slot as usize))
    }

    /// The reply has come: mostly the one that has been owed for longest.
    #[inline]
    pub(super) fn settle(&mut self, position: u64) {
        if position == self.first {
            self.pass();
            if self.gaps > 0 {
                self.pass_gaps();
            }
        } else {
            self.settle_later(position);
        }
    }

    #[inline]
    fn pass(&mut self) {
        if self.slots.pop_front().is_some() {
            self.first += 1;
            self.opaque = after(self.opaque, 1);
        }
    }

    #[cold]
    fn pass_gaps(&mut self) {
        while self.slots.front() == Some(&ANSWERED) {
            self.pass();
            self.gaps -= 1;
        }
    }

    #[cold]
    fn settle_later(&mut self, position: u64) {
        let ahead = position.checked_sub(self.first).and_then(|ahead| usize::try_from(ahead).ok());
        if let Some(slot) =
            ahead.and_then(|ahead| self.slots.get_mut(ahead)).filter(|slot| **slot != ANSWERED)
        {
            *slot = ANSWERED;
            self.gaps += 1;
        }
    }

    /// How many stand from the oldest one that is owed to the end.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The slots of what is owed, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.slots.iter().filter(|&&slot| slot != ANSWERED).map(|&slot| slot as usize)
    }
}

/// The opaque so many positions further on.
#[inline]
const fn after(opaque: u32, positions: u32) -> u32 {
    let left = FIRST_OWN_OPAQUE - opaque;
    if positions < left { opaque + positions } else { positions - left }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn a_reply_is_found_once_in_whatever_order_and_across_the_wrap() {
        for first in [0, 7, FIRST_OWN_OPAQUE - 2, FIRST_OWN_OPAQUE - 1] {
            let mut owed = Owed { first: 1 << 40, opaque: first, ..Owed::default() };
            let opaques: Vec<u32> = (40..44).map(|slot| owed.push(slot)).collect();
            assert!(opaques.iter().all(|&opaque| opaque < FIRST_OWN_OPAQUE), "{opaques:?}");
            assert_eq!((opaques[0], owed.next()), (first, (1 << 40) + 4));
            for ahead in [2, 0, 1, 3] {
                let position = (1 << 40) + ahead as u64;
                assert_eq!(owed.find(opaques[ahead]), Some((position, 40 + ahead)));
                owed.settle(position);
                assert_eq!(owed.find(opaques[ahead]), None, "answered");
            }
            assert_eq!((owed.len(), owed.next()), (0, (1 << 40) + 4));
            assert_eq!(owed.find(after(first, 4)), None, "not sent yet");
        }
    }

    #[test]
    fn what_was_overtaken_by_later_answers_is_still_owed() {
        let mut owed = Owed::default();
        for slot in 0..5 {
            owed.push(slot);
        }
        owed.settle(1);
        owed.settle(3);
        assert_eq!((owed.iter().collect::<Vec<_>>(), owed.len()), (Vec::from([0, 2, 4]), 5));
        owed.settle(0);
        assert_eq!((owed.iter().collect::<Vec<_>>(), owed.len()), (Vec::from([2, 4]), 3));
        (0..2).for_each(|answered| owed.settle(answered));
        owed.settle(3);
        owed.settle(99);
        assert_eq!(owed.len(), 3, "what is not owed changes nothing");
        owed.settle(2);
        owed.settle(4);
        assert_eq!((owed.len(), owed.next()), (0, 5));
    }
}
