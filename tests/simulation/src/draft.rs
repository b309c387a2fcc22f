//! One operation as the simulation invents it: few keys, so that order matters, and values that tell who wrote them.
//!
//! Documents are strings of tokens, one a write: `s12:xx;` was set by operation 12, `a13:;` appended and `p14:;`
//! prepended by others. Counters have keys of their own: they begin at a value, and change by an amount, that only one
//! operation has.

use crate::random::Random;
use crate::swarm::Swarm;
use couchbase_core::{Cas, Encoded, Expiry, Flags, machine};
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    GetAndTouch,
    Set,
    Add,
    Replace,
    Append,
    Prepend,
    Delete,
    Touch,
    Counter,
}

impl Verb {
    pub(crate) fn is_write(self) -> bool {
        self != Self::Get
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// Its place among all operations of the run.
    pub(crate) number: usize,
    pub(crate) verb: Verb,
    pub(crate) key: String,
    pub(crate) cas: u64,
    pub(crate) is_quiet: bool,
    pub(crate) timeout: Duration,
    /// What is stored or added.
    pub(crate) value: String,
    pub(crate) flags: Flags,
    pub(crate) delta: i64,
    pub(crate) initial: Option<u64>,
    pub(crate) expiry: Expiry,
}

/// Far above what deltas add up to, so that no counter falls to zero.
const FIRST_INITIAL: u64 = 1_000_000_000_000_000;
/// Initial values lie further apart than deltas reach.
const INITIALS_APART: u64 = 10_000_000_000;

/// The key of a document, or of a counter.
pub(crate) fn key(index: usize, is_counter: bool) -> String {
    format!("{}{index}", if is_counter { "counter" } else { "document" })
}

pub(crate) fn initial_of(number: usize) -> u64 {
    FIRST_INITIAL + number as u64 * INITIALS_APART
}

/// An expiry that only this operation has: they lie further apart than a run takes.
fn expiry_of(number: usize) -> Expiry {
    Expiry::from(Duration::from_secs(86_400 * 61 + 3_600 * number as u64))
}

impl Draft {
    /// `cas_of` knows the last CAS that somebody saw of a key.
    pub(crate) fn invent(
        number: usize,
        swarm: &Swarm,
        random: &mut Random,
        cas_of: impl FnOnce(&str) -> Option<u64>,
    ) -> Self {
        let is_counter = random.chance(200);
        let key = key(random.below(swarm.keys), is_counter);
        let verb = if is_counter {
            *random.pick(&[Verb::Counter, Verb::Counter, Verb::Counter, Verb::Get, Verb::Delete, Verb::Touch])
        } else {
            *random.pick(&[
                Verb::Get,
                Verb::Get,
                Verb::Get,
                Verb::Set,
                Verb::Set,
                Verb::Set,
                Verb::Append,
                Verb::Append,
                Verb::Prepend,
                Verb::Add,
                Verb::Replace,
                Verb::Delete,
                Verb::Touch,
                Verb::GetAndTouch,
                Verb::Counter,
            ])
        };
        let conditional =
            matches!(verb, Verb::Set | Verb::Replace | Verb::Append | Verb::Prepend | Verb::Delete);
        let cas = if conditional && random.chance(150) { cas_of(&key).unwrap_or_default() } else { 0 };
        let is_plain = matches!(verb, Verb::Append | Verb::Prepend);
        let padding = if !is_plain && random.chance(300) { random.below(swarm.large_value) } else { 0 };
        let (low, high) = swarm.timeout_millis;
        let delta = number as i64 + 1;
        Self {
            number,
            verb,
            cas,
            is_quiet: random.chance(300),
            timeout: Duration::from_millis(random.within(low..=high)),
            value: token(verb, number, padding),
            flags: *random.pick(&[Flags::BYTES, Flags::TEXT, Flags::JSON]),
            delta: if random.chance(300) { -delta } else { delta },
            // A counter on a document would make one of a missing one: then it only meets what is no number.
            initial: (is_counter && random.chance(600)).then(|| initial_of(number)),
            // Never within the run.
            expiry: match (random.below(3), verb) {
                // To touch a document with the expiry that it has changes nothing, and then its CAS names another.
                (_, Verb::Touch | Verb::GetAndTouch) => expiry_of(number),
                (0, _) => Expiry::NEVER,
                (1, _) => Expiry::from(Duration::from_secs(86_400)),
                _ => Expiry::from(Duration::from_secs(86_400 * 60)),
            },
            key,
        }
    }

    /// One key of an operation on many: a plain get or set.
    pub(crate) fn one_of_many(
        number: usize,
        swarm: &Swarm,
        random: &mut Random,
        verb: Verb,
        timeout: Duration,
    ) -> Self {
        let key = key(random.below(swarm.keys), false);
        Self { verb, is_quiet: false, timeout, value: token(verb, number, 0), ..Self::probe(number, key) }
    }

    /// Reads a key, and fails only if it cannot be reached.
    pub(crate) fn probe(number: usize, key: String) -> Self {
        Self {
            number,
            verb: Verb::Get,
            key,
            cas: 0,
            is_quiet: true,
            timeout: Duration::from_millis(2500),
            value: String::new(),
            flags: Flags::BYTES,
            delta: 0,
            initial: None,
            expiry: Expiry::NEVER,
        }
    }

    pub(crate) fn document(&self) -> Encoded {
        Encoded::new(self.value.clone(), self.flags)
    }

    /// In the machine's terms.
    pub(crate) fn request(&self) -> machine::Request {
        let key = self.key.as_str();
        let request = match self.verb {
            Verb::Get => machine::Request::get(key),
            Verb::GetAndTouch => machine::Request::get_and_touch(key, self.expiry),
            Verb::Set => machine::Request::set(key, self.document()).with_expiry(self.expiry),
            Verb::Add => machine::Request::add(key, self.document()).with_expiry(self.expiry),
            Verb::Replace => machine::Request::replace(key, self.document()),
            Verb::Append => machine::Request::append(key, self.value.as_str()),
            Verb::Prepend => machine::Request::prepend(key, self.value.as_str()),
            Verb::Delete => machine::Request::delete(key),
            Verb::Touch => machine::Request::touch(key, self.expiry),
            Verb::Counter => match self.initial {
                Some(initial) => machine::Request::counter(key, self.delta).with_initial(initial),
                None => machine::Request::counter(key, self.delta),
            },
        };
        request.with_cas(Cas::from_u64(self.cas)).with_quiet(self.is_quiet)
    }
}

fn token(verb: Verb, number: usize, padding: usize) -> String {
    let letter = match verb {
        Verb::Append => 'a',
        Verb::Prepend => 'p',
        _ => 's',
    };
    format!("{letter}{number}:{};", "x".repeat(padding))
}

/// Who wrote a token.
pub(crate) fn author(token: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(token).ok()?;
    let (number, _) = text.get(1..)?.split_once(':')?;
    number.parse().ok()
}
