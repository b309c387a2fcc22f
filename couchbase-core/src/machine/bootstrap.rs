//! The first connection: the hosts of the connection string, one after the other, until one gives a map.
//!
//! A host that does not answer is not waited for: the next one is tried beside it. A host that cannot do it yet (its
//! bucket may be warming up) is asked again until the time is over. A wrong password ends it at once; any other failure
//! only if it is the last. A failed first connection is final.

use super::link::{Purpose, Stage, Target};
use super::random::Random;
use super::timer::Timer;
use super::{Client, Event, Phase};
use crate::config::Checked;
use crate::{Error, ErrorKind, Instant};
use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

/// After so long without an outcome the next host is tried beside the first.
pub(super) const PATIENCE: Duration = Duration::from_millis(500);

/// What is left to try, and how it went so far.
pub(super) struct Connecting {
    until: Instant,
    hosts: VecDeque<(String, u16)>,
    /// Hosts that are to be asked again, and not before then.
    again: Vec<(Instant, (String, u16))>,
    /// When the next one is tried, if nothing happens until then. Timers for other moments are of no account.
    next: Option<Instant>,
    /// Hosts that are being tried.
    under_way: usize,
    /// The failure that tells most.
    failure: Option<Error>,
}

impl Connecting {
    pub(super) fn new(config: &Checked, random: &mut Random, now: Instant) -> Self {
        let mut hosts: Vec<_> = config.seeds.iter().map(|seed| (seed.host.clone(), seed.port)).collect();
        random.shuffle(&mut hosts);
        let until = now + config.connect_timeout;
        Self { until, hosts: hosts.into(), again: Vec::new(), next: None, under_way: 0, failure: None }
    }

    /// When the time for the first connection is over.
    pub(super) fn until(&self) -> Instant {
        self.until
    }
}

impl Client {
    pub(super) fn begin_connecting(&mut self) {
        let now = self.now;
        if let Phase::Connecting(connecting) = &self.phase {
            self.timers.insert(connecting.until, Timer::ConnectDeadline);
        }
        self.try_next_seed(now);
    }

    /// Tries one more host, if one is left.
    fn try_next_seed(&mut self, now: Instant) {
        let Phase::Connecting(connecting) = &mut self.phase else { return };
        connecting.next = None;
        if let Some((host, port)) = connecting.hosts.pop_front() {
            connecting.under_way += 1;
            self.dial(Target { purpose: Purpose::Seed, host, port }, now);
        }
        self.plan_next_seed(now);
    }

    /// Sees to it that the next host is tried, unless nothing is left.
    fn plan_next_seed(&mut self, now: Instant) {
        let Phase::Connecting(connecting) = &mut self.phase else { return };
        let beside = (!connecting.hosts.is_empty()).then_some(now + PATIENCE);
        let again = connecting.again.iter().map(|&(at, _)| at);
        let wanted = again.chain(beside).min();
        if let Some(at) = wanted.filter(|&at| connecting.next.is_none_or(|next| at < next)) {
            connecting.next = Some(at);
            self.timers.insert(at, Timer::NextSeed);
        }
    }

    pub(super) fn handle_next_seed_timer(&mut self, now: Instant) {
        let Phase::Connecting(connecting) = &mut self.phase else { return };
        if connecting.next.is_some_and(|next| next <= now) {
            let due = connecting.again.extract_if(.., |&mut (at, _)| at <= now);
            connecting.hosts.extend(due.map(|(_, host)| host));
            self.try_next_seed(now);
        }
    }

    /// A host gave no map.
    pub(super) fn seed_failed(&mut self, target: &Target, failure: Error, now: Instant) {
        let Phase::Connecting(connecting) = &mut self.phase else { return };
        connecting.under_way = connecting.under_way.saturating_sub(1);
        let is_final = failure.kind() == ErrorKind::Auth;
        if failure.kind() == ErrorKind::TemporaryFail {
            connecting.again.push((now + PATIENCE, (target.host.clone(), target.port)));
        }
        match &connecting.failure {
            Some(known) if telling(known.kind()) >= telling(failure.kind()) => {}
            _ => connecting.failure = Some(failure),
        }
        if !connecting.hosts.is_empty() && !is_final {
            self.try_next_seed(now);
        } else if connecting.under_way == 0 && connecting.again.is_empty() || is_final {
            self.fail_connecting();
        } else {
            self.plan_next_seed(now);
        }
    }

    /// The time for the first connection is over.
    pub(super) fn handle_connect_deadline(&mut self) {
        let Phase::Connecting(connecting) = &mut self.phase else { return };
        let within = self.config.connect_timeout;
        let waiting = self.links.iter().map(|link| match &link.stage {
            Stage::Opening { .. } => alloc::format!("{}: connecting", link.node),
            Stage::Handshaking(handshake) => {
                alloc::format!("{}: no answer to {}", link.node, handshake.awaits())
            }
            Stage::Serving { .. } | Stage::Ended => alloc::format!("{}: no map of the cluster", link.node),
        });
        let resolving = self.resolving.values().map(|target| alloc::format!("{}: resolving", target.node()));
        let mut steps: Vec<String> = waiting.chain(resolving).collect();
        let telling_most = |known: &Error| telling(known.kind()) > telling(ErrorKind::Timeout);
        connecting.failure = Some(match connecting.failure.take() {
            Some(known) if telling_most(&known) => {
                let mut words = alloc::format!("no connection within {within:?}");
                if !steps.is_empty() {
                    words.push_str(&alloc::format!(" ({})", steps.join("; ")));
                }
                if known.kind() == ErrorKind::TemporaryFail {
                    words.push_str("; wait until it is ready, or raise connect_timeout");
                }
                known.and(&words)
            }
            known => {
                steps.extend(known.iter().map(Error::to_string));
                let words = alloc::format!(
                    "no connection within {within:?} ({}); check the servers and their ports, or raise connect_timeout",
                    steps.join("; ")
                );
                let late = Error::new(ErrorKind::Timeout, words);
                let mut links = self.links.iter();
                match (links.next(), links.next()) {
                    (Some(link), None) => late.with_node(link.node.clone()),
                    _ => late,
                }
            }
        });
        self.fail_connecting();
    }

    fn fail_connecting(&mut self) {
        let Phase::Connecting(connecting) = &mut self.phase else { return };
        let failure = connecting.failure.take();
        let error = failure.unwrap_or_else(|| Error::new(ErrorKind::Network, "no host to connect to"));
        self.phase = Phase::Failed(error.clone());
        self.close_all_links();
        self.fail_everything(&error);
        self.outbox.push(Event::ConnectFailed { error });
        self.settle(self.now);
    }

    /// Ends every operation with the connection's own error, in the order of submission.
    fn fail_everything(&mut self, error: &Error) {
        let mut live: Vec<_> = self.table.iter().map(|live| (live.order, live.id)).collect();
        live.sort_unstable();
        for (_, id) in live {
            if let Some(ended) = self.end_answered(id) {
                self.report(id, Err(error.clone().with_key(ended.request.key)));
            }
        }
    }
}

/// Which of several failures is reported.
fn telling(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Auth => 5,
        ErrorKind::BucketNotFound => 4,
        ErrorKind::Protocol | ErrorKind::NotSupported => 3,
        ErrorKind::Timeout => 1,
        _ => 2,
    }
}
