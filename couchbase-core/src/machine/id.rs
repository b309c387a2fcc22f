//! The machine's names for operations, links and resolutions.

use core::fmt;

/// An operation's slot takes this many bits of its name, its number the rest.
const SLOT_BITS: u32 = 20;
/// The largest number of operations, in flight or waiting.
pub(super) const MAX_OPERATIONS: usize = 1 << SLOT_BITS;
/// The first opaque of a link's own requests, which count up from here. All before it are operations'.
pub(super) const FIRST_OWN_OPAQUE: u32 = 0xfff0_0000;

/// One operation, from its submission to its end. Never reused: it has the number of the submission in it, of which it
/// keeps 44 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OpId(u64);

impl OpId {
    #[inline]
    pub(super) const fn new(number: u64, slot: usize) -> Self {
        Self((number << SLOT_BITS) | slot as u64)
    }

    /// The slot of the machine's table that the operation uses: small, dense, reused after its end. For tables beside
    /// the machine's own, of those who poll all events before they submit anything else.
    #[inline]
    pub const fn slot(self) -> usize {
        self.0 as usize & (MAX_OPERATIONS - 1)
    }
}

impl fmt::Debug for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpId({} in {})", self.0 >> SLOT_BITS, self.slot())
    }
}

/// One socket to one node, from the wish to open it to its end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId {
    slot: u16,
    generation: u32,
}

impl LinkId {
    pub(super) const fn new(slot: u16, generation: u32) -> Self {
        Self { slot, generation }
    }

    /// The slot of the machine's table that the link uses: small, dense, reused after its end. For tables beside the
    /// machine's own.
    pub const fn slot(self) -> usize {
        self.slot as usize
    }
}

impl fmt::Debug for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinkId({}.{})", self.slot, self.generation)
    }
}

/// One stay of a node in the map, from the configuration that brings it to the one that leaves it out. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StayId(pub(super) u64);

/// One host name to be resolved. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResolveId(pub(super) u64);
