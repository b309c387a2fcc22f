//! The machine's rare timers: everything but operations' deadlines. Each is looked at again when it fires, so that
//! one whose reason is gone needs no removal.

use super::id::StayId;
use super::{LinkId, OpId, ResolveId, TimerKind};
use crate::Instant;
use alloc::collections::BTreeSet;

/// What a timer is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    Retry(OpId),
    ConnectDeadline,
    NextSeed,
    Resolve(ResolveId),
    NextAddress(LinkId),
    Handshake(LinkId),
    Derivation,
    Reconnect(StayId),
    Stuck(LinkId),
    Configuration,
}

impl Timer {
    fn kind(&self) -> TimerKind {
        match self {
            Self::Retry(_) => TimerKind::Retry,
            Self::ConnectDeadline | Self::NextSeed => TimerKind::Connect,
            Self::Resolve(_) | Self::NextAddress(_) | Self::Handshake(_) | Self::Derivation => {
                TimerKind::Handshake
            }
            Self::Reconnect(_) => TimerKind::Reconnect,
            Self::Stuck(_) => TimerKind::Stuck,
            Self::Configuration => TimerKind::Configuration,
        }
    }
}

#[derive(Default)]
pub(super) struct Timers(BTreeSet<(Instant, Timer)>);

impl Timers {
    pub(super) fn insert(&mut self, at: Instant, timer: Timer) {
        self.0.insert((at, timer));
    }

    pub(super) fn next(&self) -> Option<(Instant, TimerKind)> {
        self.0.first().map(|(at, timer)| (*at, timer.kind()))
    }

    /// Takes one timer that is due.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Timer> {
        let (at, _) = self.0.first()?;
        if *at > now { None } else { self.0.pop_first().map(|(_, timer)| timer) }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
