//! The programs of this folder; nothing to import.

/// The README's programs, so that they compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
