//! How a round comes to rest, and what must hold then, read off the model's log of effects.

use super::{NODES, World};
use std::time::Duration;

/// Backoff, the next configuration and a link that owes an answer for 10 s must all fit in.
const HEALING: Duration = Duration::from_secs(16);

impl World {
    /// Everything works from now on, and time passes until all has come to its end.
    pub(super) fn heal(&mut self) {
        self.mute = [false; NODES];
        (0..4).for_each(|vbucket| self.model.announce(vbucket));
        let end = self.now + HEALING;
        while self.now < end {
            while self.carry() {}
            if self.is_healed() {
                return;
            }
            let next = self.client.poll_timeout().map_or(end, |(at, _)| at);
            self.pass(next - self.now);
        }
        assert!(self.is_healed(), "stuck: {:?}\n{:?}", self.client.metrics(), self.client);
    }

    fn is_healed(&self) -> bool {
        let metrics = self.client.metrics();
        self.wires.len() == NODES
            && self.wires.values().all(|wire| wire.requests.is_empty() && wire.replies.is_empty())
            && (metrics.in_flight, metrics.in_line, metrics.orphans) == (0, 0, 0)
    }

    pub(super) fn check(&self) {
        for asked in &self.asked {
            assert!(asked.outcome.is_some() != asked.is_cancelled, "{:?} has no outcome", asked.op);
        }
        for name in self.asked.iter().map(|asked| &asked.key) {
            self.check_key(name);
        }
    }

    fn check_key(&self, key: &str) {
        let effects = &self.model.effects()[self.effects..];
        let values = effects.iter().filter(|effect| effect.key == key.as_bytes());
        let values: Vec<&[u8]> = values.map(|effect| effect.value.as_deref().unwrap_or_default()).collect();
        // How many effects had come before a success, its own included; of a read, before it. In order of sending.
        let mut writes_to = 0;
        let mut reads_to = 0;
        for asked in self.asked.iter().filter(|asked| asked.key == key) {
            match (&asked.token, &asked.outcome) {
                (Some(token), outcome) => {
                    let own = |value: &&[u8]| value.ends_with(token.as_bytes());
                    let times = values.iter().filter(|value| own(value)).count();
                    match outcome {
                        Some(Ok(_)) => {
                            assert_eq!(times, 1, "{key}: {token} took effect {times} times: {values:?}");
                            let at = values.iter().position(own).map_or(0, |at| at + 1);
                            assert!(at > writes_to, "{key}: {token} before an earlier write: {values:?}");
                            assert!(at > reads_to, "{key}: {token} before an earlier read: {values:?}");
                            writes_to = at;
                        }
                        Some(Err(error)) if !error.is_ambiguous() => {
                            assert_eq!(times, 0, "{key}: {token} was carried out, yet: {error}");
                        }
                        _ => assert!(times <= 1, "{key}: {token} took effect {times} times"),
                    }
                }
                (None, Some(Ok(reply))) => {
                    let seen = reply.bytes();
                    let at = values.iter().position(|value| value == seen).map_or(0, |at| at + 1);
                    assert!(at >= writes_to, "{key}: a read before an earlier write: {values:?}, {seen:?}");
                    reads_to = reads_to.max(at);
                }
                (None, Some(Err(error))) => assert!(!error.is_ambiguous(), "{error}"),
                (None, None) => {}
            }
        }
    }
}
