//! The query machine: which node is asked next, when, and when to give up. Sans-IO; it sees outcomes, never bytes of
//! rows. An outcome that reached a sink is final and never comes here.
//!
//! Every call made here is idempotent (views are read, design documents are put or removed as a whole), so a lost link
//! may be tried again. The rules:
//! - the first node is drawn by lot, then they take turns in map order;
//! - a link that fails moves on to the next node at once; when each node has failed twice in a row, that is the error;
//! - an answer that another try may better (see [`verdict`](self::verdict)) waits, 50 ms doubling to 1 s, less up to
//!   half by lot, until the deadline; a refused password is believed at the third time.

mod verdict;

pub(crate) use verdict::Purpose;

use couchbase_core::{Error, ErrorKind, Instant, Node, Result};
use std::time::Duration;
use verdict::Verdict;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const ROUNDS: usize = 2;
const REFUSALS: u32 = 3;

/// A node's view service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Target {
    pub(crate) fn node(&self) -> Node {
        Node::new(&self.host, self.port)
    }
}

/// What to do next.
#[derive(Debug)]
pub(crate) enum Step {
    /// Ask [`Attempts::target`].
    Ask,
    /// Call [`Attempts::handle_pause_over`] at this time.
    Pause(Instant),
    /// Nothing: this is the outcome.
    Fail(Error),
}

#[derive(Debug)]
pub(crate) struct Attempts {
    purpose: Purpose,
    targets: Vec<Target>,
    /// Index of the node that is asked.
    current: usize,
    /// Calls made so far.
    made: u32,
    /// Links that failed since the last answer.
    faults: usize,
    refusals: u32,
    pauses: u32,
    lot: u64,
    last: Option<Error>,
    timeout: Duration,
}

impl Attempts {
    /// `lot` decides where to start. Fails if there is no node to ask.
    pub(crate) fn new(
        purpose: Purpose,
        nodes: Vec<(String, u16)>,
        lot: u64,
        timeout: Duration,
    ) -> Result<Self> {
        let targets = targets(nodes);
        if targets.is_empty() {
            return Err(Error::new(
                ErrorKind::NotSupported,
                "no node of this cluster serves views of this bucket",
            ));
        }
        let lot = lot | 1;
        let current = usize::try_from(lot >> 33).unwrap_or(0) % targets.len();
        Ok(Self {
            purpose,
            targets,
            current,
            made: 1,
            faults: 0,
            refusals: 0,
            pauses: 0,
            lot,
            last: None,
            timeout,
        })
    }

    /// The node to ask, or that was asked last.
    pub(crate) fn target(&self) -> &Target {
        // `current` is always reduced by the length, which is not 0.
        &self.targets[self.current]
    }

    /// The link failed before anything of an answer's body was handed on.
    pub(crate) fn handle_fault(&mut self, error: Error, now: Instant) -> Step {
        let error = error.with_node(self.target().node());
        // What cannot be sent to one node cannot be sent to another; what speaks no HTTP will not learn it.
        if !matches!(error.kind(), ErrorKind::Network | ErrorKind::UnknownHost) {
            return Step::Fail(error);
        }
        self.faults += 1;
        if self.faults >= ROUNDS * self.targets.len() {
            return Step::Fail(error);
        }
        self.last = Some(error);
        if self.faults.is_multiple_of(self.targets.len()) { self.pause(now) } else { self.ask_next() }
    }

    /// The answer was no success.
    pub(crate) fn handle_answer(&mut self, status: u16, body: &[u8], now: Instant) -> Step {
        self.faults = 0;
        let error = verdict::error(self.purpose, status, body).with_node(self.target().node());
        if status == 401 {
            self.refusals += 1;
        }
        match verdict::verdict(self.purpose, status, body) {
            Verdict::Again if self.refusals < REFUSALS => {
                self.last = Some(error);
                self.pause(now)
            }
            Verdict::Again | Verdict::Final => Step::Fail(error),
        }
    }

    /// The pause is over. The cluster may have changed meanwhile: these are its nodes now.
    pub(crate) fn handle_pause_over(&mut self, nodes: Vec<(String, u16)>) -> Step {
        if !nodes.is_empty() {
            self.targets = targets(nodes);
        }
        self.ask_next()
    }

    /// The error when the deadline passes.
    pub(crate) fn timeout_error(&self) -> Error {
        let mut words = format!("no whole answer within {:?}; raise the timeout", self.timeout);
        if let Some(last) = &self.last {
            words.push_str(&format!("; the last of {} failed attempts: {last}", self.made.max(2) - 1));
        }
        Error::new(ErrorKind::Timeout, words).with_node(self.target().node())
    }

    fn ask_next(&mut self) -> Step {
        self.current = (self.current + 1) % self.targets.len();
        self.made += 1;
        Step::Ask
    }

    fn pause(&mut self, now: Instant) -> Step {
        let whole = FIRST_PAUSE.saturating_mul(1 << self.pauses.min(8)).min(LONGEST_PAUSE);
        self.pauses += 1;
        // Xorshift: never 0, and good enough to spread clients that failed together.
        self.lot ^= self.lot << 13;
        self.lot ^= self.lot >> 7;
        self.lot ^= self.lot << 17;
        let spread = u32::try_from(self.lot % 512).unwrap_or(0);
        Step::Pause(now + (whole - whole * spread / 1024))
    }
}

fn targets(nodes: Vec<(String, u16)>) -> Vec<Target> {
    nodes.into_iter().map(|(host, port)| Target { host, port }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::ZERO;

    fn attempts(nodes: usize) -> Attempts {
        let nodes = (0..nodes).map(|n| (format!("n{n}"), 8092)).collect();
        Attempts::new(Purpose::View, nodes, 7, Duration::from_secs(75)).unwrap()
    }

    fn lost() -> Error {
        Error::new(ErrorKind::Network, "reset")
    }

    #[test]
    fn a_cluster_without_views_says_so() {
        let error = Attempts::new(Purpose::View, Vec::new(), 0, Duration::ZERO).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotSupported);
    }

    #[test]
    fn the_lot_reaches_every_node() {
        let nodes: Vec<_> = (0..5).map(|n| (format!("n{n}"), 8092)).collect();
        let first = |lot: u64| {
            let lot = lot.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            Attempts::new(Purpose::View, nodes.clone(), lot, Duration::ZERO).unwrap().target().host.clone()
        };
        let reached: std::collections::BTreeSet<_> = (0..64).map(first).collect();
        assert_eq!(reached.len(), 5);
    }

    #[test]
    fn lost_links_move_on_and_end_after_two_rounds() {
        let mut attempts = attempts(3);
        let mut asked = vec![attempts.target().host.clone()];
        let mut pauses = 0;
        let error = loop {
            match attempts.handle_fault(lost(), NOW) {
                Step::Ask => {}
                Step::Pause(at) => {
                    assert!(at > NOW && at <= NOW + FIRST_PAUSE);
                    pauses += 1;
                    assert!(matches!(attempts.handle_pause_over(Vec::new()), Step::Ask));
                }
                Step::Fail(error) => break error,
            }
            asked.push(attempts.target().host.clone());
        };
        assert_eq!((error.kind(), asked.len(), pauses), (ErrorKind::Network, 6, 1));
        assert_eq!(error.node().unwrap().as_str(), format!("{}:8092", asked[5]));
        asked.sort();
        assert_eq!(asked, ["n0", "n0", "n1", "n1", "n2", "n2"]);
    }

    #[test]
    fn an_answer_between_lost_links_counts() {
        let mut attempts = attempts(1);
        for _ in 0..10 {
            assert!(matches!(attempts.handle_fault(lost(), NOW), Step::Pause(_)));
            assert!(matches!(attempts.handle_answer(503, b"", NOW), Step::Pause(_)));
        }
    }

    #[test]
    fn what_is_wrong_everywhere_is_not_tried_elsewhere() {
        let not_http = Error::new(ErrorKind::Protocol, "garbage");
        assert!(matches!(attempts(3).handle_fault(not_http, NOW), Step::Fail(_)));
    }

    #[test]
    fn pauses_grow_to_a_second_and_are_spread() {
        let mut attempts = attempts(2);
        let mut pauses = Vec::new();
        for _ in 0..200 {
            let Step::Pause(at) = attempts.handle_answer(503, b"", NOW) else { panic!() };
            pauses.push(at - NOW);
            attempts.handle_pause_over(Vec::new());
        }
        assert!(pauses[0] <= FIRST_PAUSE && pauses[0] >= FIRST_PAUSE / 2);
        assert!(pauses.iter().all(|&pause| pause <= LONGEST_PAUSE));
        assert!(pauses[6..].iter().all(|&pause| pause >= LONGEST_PAUSE / 2));
        let different: std::collections::BTreeSet<_> = pauses[6..].iter().collect();
        assert!(different.len() > 100);
    }

    #[test]
    fn nodes_that_have_left_are_not_asked_again() {
        let mut attempts = attempts(5);
        assert!(matches!(attempts.handle_answer(302, b"", NOW), Step::Pause(_)));
        assert!(matches!(attempts.handle_pause_over(vec![("new".to_owned(), 1)]), Step::Ask));
        assert_eq!(attempts.target().node().as_str(), "new:1");
    }

    #[test]
    fn a_wrong_password_is_believed_at_the_third_time() {
        let mut attempts = attempts(2);
        for _ in 0..2 {
            assert!(matches!(attempts.handle_answer(401, b"", NOW), Step::Pause(_)));
            attempts.handle_pause_over(Vec::new());
        }
        let Step::Fail(error) = attempts.handle_answer(401, b"", NOW) else { panic!() };
        assert_eq!(error.kind(), ErrorKind::Auth);
    }

    #[test]
    fn a_timeout_tells_what_stood_in_the_way() {
        let mut attempts = attempts(1);
        assert_eq!(
            attempts.timeout_error().to_string(),
            "timeout: no whole answer within 75s; raise the timeout; node n0:8092"
        );
        attempts.handle_answer(503, b"{\"message\":\"Temporary error occurred\"}", NOW);
        attempts.handle_pause_over(Vec::new());
        let words = attempts.timeout_error().to_string();
        assert!(
            words.contains("the last of 1 failed attempts") && words.contains("Temporary error"),
            "{words}"
        );
    }
}
