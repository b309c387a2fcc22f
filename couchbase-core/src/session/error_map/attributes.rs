//! The attributes of a status as a set of bits. Names that are not known here are left out, as the map's rules ask.

use core::fmt;

/// How a client that does not know a status by itself should take it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Attributes(u32);

impl Attributes {
    /// Not an error.
    pub const SUCCESS: Self = Self(1);
    /// About this one item; the link is fine.
    pub const ITEM_ONLY: Self = Self(1 << 1);
    /// The item is a tombstone.
    pub const ITEM_DELETED: Self = Self(1 << 2);
    /// The item is locked.
    pub const ITEM_LOCKED: Self = Self(1 << 3);
    /// The request is at fault; sending it again will not help.
    pub const INVALID_INPUT: Self = Self(1 << 4);
    /// The client's cluster config is out of date.
    pub const FETCH_CONFIG: Self = Self(1 << 5);
    /// The link is of no more use.
    pub const CONN_STATE_INVALIDATED: Self = Self(1 << 6);
    /// About authentication or permission.
    pub const AUTH: Self = Self(1 << 7);
    /// Means something only to who knows the status: whoever does not must close the link.
    pub const SPECIAL_HANDLING: Self = Self(1 << 8);
    /// Not supported by this server, or not switched on.
    pub const SUPPORT: Self = Self(1 << 9);
    /// Passing.
    pub const TEMP: Self = Self(1 << 10);
    /// A fault inside the server.
    pub const INTERNAL: Self = Self(1 << 11);
    /// May be sent again at once.
    pub const RETRY_NOW: Self = Self(1 << 12);
    /// May be sent again after a while.
    pub const RETRY_LATER: Self = Self(1 << 13);
    /// Of the sub-document family.
    pub const SUBDOC: Self = Self(1 << 14);
    /// Of the replication family.
    pub const DCP: Self = Self(1 << 15);
    /// Older maps: to be sent again by a rule in the map.
    pub const AUTO_RETRY: Self = Self(1 << 16);
    /// Version 2: a limit on the rate of requests is reached.
    pub const RATE_LIMIT: Self = Self(1 << 17);
    /// Version 2: a quota is used up.
    pub const SYSTEM_CONSTRAINT: Self = Self(1 << 18);
    /// Version 2: must not be sent again.
    pub const NO_RETRY: Self = Self(1 << 19);

    const NAMES: [(&'static str, Self); 20] = [
        ("success", Self::SUCCESS),
        ("item-only", Self::ITEM_ONLY),
        ("item-deleted", Self::ITEM_DELETED),
        ("item-locked", Self::ITEM_LOCKED),
        ("invalid-input", Self::INVALID_INPUT),
        ("fetch-config", Self::FETCH_CONFIG),
        ("conn-state-invalidated", Self::CONN_STATE_INVALIDATED),
        ("auth", Self::AUTH),
        ("special-handling", Self::SPECIAL_HANDLING),
        ("support", Self::SUPPORT),
        ("temp", Self::TEMP),
        ("internal", Self::INTERNAL),
        ("retry-now", Self::RETRY_NOW),
        ("retry-later", Self::RETRY_LATER),
        ("subdoc", Self::SUBDOC),
        ("dcp", Self::DCP),
        ("auto-retry", Self::AUTO_RETRY),
        ("rate-limit", Self::RATE_LIMIT),
        ("system-constraint", Self::SYSTEM_CONSTRAINT),
        ("no-retry", Self::NO_RETRY),
    ];

    /// Whether every attribute of `other` is in this set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the set is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// This set and `other` together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The names of the attributes in this set, as the map spells them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(_, attribute)| self.contains(*attribute)).map(|(name, _)| name)
    }

    /// The attribute of that name, or none.
    pub(super) fn from_name(name: &str) -> Self {
        Self::NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, one)| one).unwrap_or_default()
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
