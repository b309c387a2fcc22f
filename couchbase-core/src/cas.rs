//! CAS: which state of a document one has seen.

use crate::{CounterResult, OperationResult, ValueResult};
use core::fmt;

/// Identifies one state of a document; every change gives a new one. Opaque: compare for equality only.
///
/// Zero is no CAS at all: an operation with it is unconditional.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Cas(u64);

impl Cas {
    /// From the number that another client showed.
    pub const fn from_u64(number: u64) -> Self {
        Self(number)
    }

    /// The number behind it.
    pub const fn to_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Cas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl fmt::Debug for Cas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cas({:#x})", self.0)
    }
}

impl From<&Self> for Cas {
    fn from(cas: &Self) -> Self {
        *cas
    }
}

impl From<&ValueResult> for Cas {
    fn from(result: &ValueResult) -> Self {
        result.cas()
    }
}

impl From<&CounterResult> for Cas {
    fn from(result: &CounterResult) -> Self {
        result.cas()
    }
}

impl From<&OperationResult> for Cas {
    fn from(result: &OperationResult) -> Self {
        result.cas()
    }
}
