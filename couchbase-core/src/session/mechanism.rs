//! SASL mechanisms: their names, and which of them may be used.
//!
//! Links are not encrypted, so PLAIN, which sends the password itself, is used only where the user forces it. Of the
//! mechanisms allowed, the strongest is tried first, before the server has said which it has: guessing right saves
//! a round trip, and a wrong guess is mended from the server's list.

use alloc::vec::Vec;
use core::fmt;

use super::scram::Hash;

/// A way to log in, from strongest to weakest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Mechanism {
    /// SCRAM over SHA-512.
    ScramSha512,
    /// SCRAM over SHA-256.
    ScramSha256,
    /// SCRAM over SHA-1.
    ScramSha1,
    /// The password in the clear.
    Plain,
}

impl Mechanism {
    /// All of them, strongest first.
    pub const ALL: &'static [Self] = &[Self::ScramSha512, Self::ScramSha256, Self::ScramSha1, Self::Plain];

    /// The name on the wire. Unlike the registered names it has one dash only.
    pub fn name(self) -> &'static str {
        match self {
            Self::ScramSha512 => "SCRAM-SHA512",
            Self::ScramSha256 => "SCRAM-SHA256",
            Self::ScramSha1 => "SCRAM-SHA1",
            Self::Plain => "PLAIN",
        }
    }

    /// The mechanism of that name, in either case; the registered names with two dashes are understood too.
    ///
    /// ```
    /// use couchbase_core::session::Mechanism;
    ///
    /// assert_eq!(Mechanism::from_name("scram-sha-256"), Some(Mechanism::ScramSha256));
    /// assert_eq!(Mechanism::from_name("GSSAPI"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        let registered = ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"];
        Self::ALL
            .iter()
            .copied()
            .zip(registered)
            .find(|(mechanism, alias)| {
                name.eq_ignore_ascii_case(mechanism.name()) || name.eq_ignore_ascii_case(alias)
            })
            .map(|(mechanism, _)| mechanism)
    }

    /// The hash of a SCRAM mechanism; `None` for PLAIN.
    pub(crate) fn hash(self) -> Option<Hash> {
        match self {
            Self::ScramSha512 => Some(Hash::Sha512),
            Self::ScramSha256 => Some(Hash::Sha256),
            Self::ScramSha1 => Some(Hash::Sha1),
            Self::Plain => None,
        }
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What may be used: what the user forces, or else every SCRAM.
#[derive(Clone, Debug)]
pub(crate) struct Allowed(Vec<Mechanism>);

impl Allowed {
    /// An empty list forces nothing.
    pub(crate) fn new(forced: Option<&[Mechanism]>) -> Self {
        let mut allowed = match forced {
            Some(forced) if !forced.is_empty() => forced.to_vec(),
            _ => Mechanism::ALL.iter().copied().filter(|mechanism| mechanism.hash().is_some()).collect(),
        };
        allowed.sort_unstable();
        allowed.dedup();
        Self(allowed)
    }

    /// The strongest, used before the server's list is known.
    pub(crate) fn first(&self) -> Mechanism {
        *self.0.first().expect("never built empty")
    }

    /// The strongest that the server lists too.
    pub(crate) fn choose(&self, listed: &[Mechanism]) -> Option<Mechanism> {
        self.0.iter().copied().find(|mechanism| listed.contains(mechanism))
    }
}

/// The mechanisms that a server's list (`SASL_LIST_MECHS`) names, as far as they are known here.
pub(crate) fn parse_list(list: &[u8]) -> Vec<Mechanism> {
    let known = list
        .split(u8::is_ascii_whitespace)
        .filter_map(|name| core::str::from_utf8(name).ok().and_then(Mechanism::from_name));
    let mut listed = Vec::new();
    for mechanism in known {
        // A list of a million repetitions is still a list of four.
        if !listed.contains(&mechanism) {
            listed.push(mechanism);
        }
    }
    listed
}
