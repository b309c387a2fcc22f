//! The machine's names for operations, links and resolutions: a slot, and a generation that tells its uses apart.

use core::fmt;

/// An operation's slot takes this many bits, its generation the rest.
const SLOT_BITS: u32 = 20;
/// The largest number of operations, in flight or waiting.
pub(super) const MAX_OPERATIONS: usize = 1 << SLOT_BITS;
/// The last generation is never an operation's: its opaques belong to links' own requests.
const OWN: u32 = (1 << (32 - SLOT_BITS)) - 1;
/// The first opaque of a link's own requests, which count up from here.
pub(super) const FIRST_OWN_OPAQUE: u32 = OWN << SLOT_BITS;

/// One operation, from its submission to its end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OpId(Tag);

impl OpId {
    pub(super) const fn new(tag: Tag) -> Self {
        Self(tag)
    }

    /// The slot of the machine's table that the operation uses: small, dense, reused after its end. For tables beside
    /// the machine's own.
    pub const fn slot(self) -> usize {
        self.0.slot()
    }
}

impl fmt::Debug for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpId({}.{})", self.slot(), self.0.generation())
    }
}

/// A slot in one generation. Each time that an operation is written its slot has a new one, which is the frame's
/// opaque: a late or repeated reply, to a former tenant or to a former attempt, is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Tag(u32);

impl Tag {
    pub(super) const fn first(slot: usize) -> Self {
        Self(slot as u32)
    }

    pub(super) const fn slot(self) -> usize {
        (self.0 & (MAX_OPERATIONS as u32 - 1)) as usize
    }

    const fn generation(self) -> u32 {
        self.0 >> SLOT_BITS
    }

    /// The same slot in its next generation.
    pub(super) const fn next(self) -> Self {
        let generation = (self.generation() + 1) % OWN;
        Self((generation << SLOT_BITS) | self.slot() as u32)
    }

    pub(super) const fn opaque(self) -> u32 {
        self.0
    }

    /// What an opaque names, unless it is a link's own request.
    pub(super) const fn from_opaque(opaque: u32) -> Option<Self> {
        if opaque >= FIRST_OWN_OPAQUE { None } else { Some(Self(opaque)) }
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

/// One host name to be resolved. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResolveId(pub(super) u64);
