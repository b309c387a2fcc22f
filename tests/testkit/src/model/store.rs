//! Documents: where they live, how they expire, and what a change to one gives it.
//!
//! Documents live by bucket and vbucket, apart from who serves them, so that moving a vbucket moves no bytes.
//! Every change takes a new CAS (strictly increasing over the whole cluster) and the next sequence number of its
//! vbucket. The order of a map's iteration never reaches the outside: listings are sorted.

use super::effects::{Effect, Effects};
use super::json::is_json;
use super::random::Random;
use couchbase_core::Instant;
use couchbase_core::wire::Opcode;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::time::Duration;

/// The largest relative expiry; what is larger is Unix time.
const THIRTY_DAYS: u32 = 30 * 24 * 60 * 60;

/// One document.
#[derive(Debug, Clone, Default)]
pub(crate) struct Document {
    pub(crate) value: Vec<u8>,
    pub(crate) flags: u32,
    /// Unix time in seconds; 0 for never.
    pub(crate) expiry: u32,
    pub(crate) cas: u64,
    /// How often it was changed.
    pub(crate) rev: u64,
    /// Locked until then.
    pub(crate) locked: Option<Instant>,
    /// Whether the value is JSON, once someone asked.
    json: Option<bool>,
}

impl Document {
    /// A document ends in the second after its expiry, so that no time to live is cut short.
    pub(crate) fn is_expired(&self, unix: u64) -> bool {
        self.expiry != 0 && u64::from(self.expiry) < unix
    }

    pub(crate) fn is_locked(&self, now: Instant) -> bool {
        self.locked.is_some_and(|until| until > now)
    }

    /// Whether the value is JSON. Decided at the first question: most values are never asked about.
    pub(crate) fn is_json(&mut self) -> bool {
        *self.json.get_or_insert_with(|| is_json(&self.value))
    }

    /// Replaces the value, keeping its allocation.
    pub(crate) fn set_value(&mut self, value: &[u8]) {
        self.value.clear();
        self.value.extend_from_slice(value);
        self.json = None;
    }

    /// Adds to either end of the value.
    pub(crate) fn extend_value(&mut self, before: &[u8], after: &[u8]) {
        self.value.splice(0..0, before.iter().copied());
        self.value.extend_from_slice(after);
        self.json = None;
    }
}

type Documents = HashMap<Box<[u8]>, Document, BuildHasherDefault<DefaultHasher>>;

/// The documents of one vbucket in one bucket.
#[derive(Debug)]
pub(crate) struct VBucket {
    documents: Documents,
    uuid: u64,
    seqno: u64,
}

impl VBucket {
    /// The document as clients see it: an expired one is gone.
    pub(crate) fn live(&mut self, key: &[u8], unix: u64) -> Option<&mut Document> {
        self.documents.get_mut(key).filter(|document| !document.is_expired(unix))
    }

    /// The document whether or not it has expired.
    pub(crate) fn stored(&mut self, key: &[u8]) -> Option<&mut Document> {
        self.documents.get_mut(key)
    }
}

/// One bucket.
#[derive(Debug)]
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) uuid: String,
    pub(crate) vbuckets: Vec<VBucket>,
    /// Changes so far, ends by expiry included as far as they were noticed.
    changes: u64,
    /// Whether a document ever got an expiry: without one nothing needs to be looked for.
    expiring: bool,
}

/// All documents of the cluster, and the clock of their CAS.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) buckets: Vec<Bucket>,
    pub(crate) clock: CasClock,
    pub(crate) effects: Effects,
}

/// Time as a request sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) now: Instant,
    /// Unix time in nanoseconds.
    pub(crate) unix_nanos: u64,
}

impl Moment {
    pub(crate) fn new(now: Instant, unix_at_zero: Duration) -> Self {
        let zero = u64::try_from(unix_at_zero.as_nanos()).unwrap_or(u64::MAX);
        Self { now, unix_nanos: zero.saturating_add(now.as_nanos()) }
    }

    /// Unix time in whole seconds.
    pub(crate) fn unix(self) -> u64 {
        self.unix_nanos / 1_000_000_000
    }

    /// A wire expiry as Unix time: 0 is never, up to 30 days are relative, the rest is absolute.
    pub(crate) fn absolute_expiry(self, expiry: u32) -> u32 {
        match expiry {
            0 => 0,
            1..=THIRTY_DAYS => u32::try_from(self.unix() + u64::from(expiry)).unwrap_or(u32::MAX),
            _ => expiry,
        }
    }
}

/// Gives every CAS once, larger than all before it, and near Unix time in nanoseconds as a real server's.
#[derive(Debug, Default)]
pub(crate) struct CasClock(u64);

impl CasClock {
    pub(crate) fn next(&mut self, at: Moment) -> u64 {
        self.0 = (self.0 + 1).max(at.unix_nanos & !0xffff);
        self.0
    }
}

/// Where a document is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) bucket: usize,
    pub(crate) vbucket: u16,
    pub(crate) key: &'a [u8],
}

/// What a change gave: the new CAS, and the mutation token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) cas: u64,
    pub(crate) vbucket_uuid: u64,
    pub(crate) seqno: u64,
}

impl Store {
    pub(crate) fn new(names: &[String], vbuckets: u16, random: &mut Random, effects: Effects) -> Self {
        let buckets = names
            .iter()
            .map(|name| Bucket {
                name: name.clone(),
                uuid: format!("{:016x}{:016x}", random.next(), random.next()),
                vbuckets: (0..vbuckets)
                    .map(|_| VBucket {
                        documents: Documents::default(),
                        uuid: random.next() & 0xffff_ffff_ffff,
                        seqno: 0,
                    })
                    .collect(),
                changes: 0,
                expiring: false,
            })
            .collect();
        Self { buckets, clock: CasClock::default(), effects }
    }

    pub(crate) fn bucket_index(&self, name: &[u8]) -> Option<usize> {
        self.buckets.iter().position(|bucket| bucket.name.as_bytes() == name)
    }

    pub(crate) fn vbucket(&mut self, place: Place<'_>) -> &mut VBucket {
        &mut self.buckets[place.bucket].vbuckets[usize::from(place.vbucket)]
    }

    pub(crate) fn live(&mut self, place: Place<'_>, at: Moment) -> Option<&mut Document> {
        self.vbucket(place).live(place.key, at.unix())
    }

    /// Writes the whole document: made if missing, its lock gone, with a new CAS.
    pub(crate) fn put(
        &mut self,
        place: Place<'_>,
        opcode: Opcode,
        at: Moment,
        fill: impl FnOnce(&mut Document),
    ) -> Change {
        let cas = self.clock.next(at);
        let bucket = &mut self.buckets[place.bucket];
        let vbucket = &mut bucket.vbuckets[usize::from(place.vbucket)];
        let document = match vbucket.documents.get_mut(place.key) {
            Some(document) => document,
            None => vbucket.documents.entry(place.key.into()).or_default(),
        };
        fill(document);
        document.cas = cas;
        document.rev += 1;
        document.locked = None;
        vbucket.seqno += 1;
        bucket.changes += 1;
        bucket.expiring |= document.expiry != 0;
        self.effects.record(|order| Effect::new(order, place, opcode, cas, Some(document)));
        Change { cas, vbucket_uuid: vbucket.uuid, seqno: vbucket.seqno }
    }

    /// Removes the document, and gives its tombstone's CAS.
    pub(crate) fn remove(&mut self, place: Place<'_>, opcode: Opcode, at: Moment) -> Change {
        let cas = self.clock.next(at);
        let bucket = &mut self.buckets[place.bucket];
        let vbucket = &mut bucket.vbuckets[usize::from(place.vbucket)];
        vbucket.documents.remove(place.key);
        vbucket.seqno += 1;
        bucket.changes += 1;
        self.effects.record(|order| Effect::new(order, place, opcode, cas, None));
        Change { cas, vbucket_uuid: vbucket.uuid, seqno: vbucket.seqno }
    }

    /// A number that changes with every change of the bucket; what has expired is removed first.
    pub(crate) fn sequence(&mut self, bucket: usize, at: Moment) -> u64 {
        let bucket = &mut self.buckets[bucket];
        if bucket.expiring {
            for vbucket in &mut bucket.vbuckets {
                let before = vbucket.documents.len();
                vbucket.documents.retain(|_, document| !document.is_expired(at.unix()));
                bucket.changes += (before - vbucket.documents.len()) as u64;
            }
        }
        bucket.changes
    }

    /// Every live document of a bucket with its vbucket, sorted by key.
    pub(crate) fn listing(&mut self, bucket: usize, at: Moment) -> Vec<(u16, &[u8], &mut Document)> {
        let vbuckets = (0..).zip(&mut self.buckets[bucket].vbuckets);
        let documents = vbuckets.flat_map(|(number, vbucket)| {
            vbucket.documents.iter_mut().map(move |(key, document)| (number, &**key, document))
        });
        let mut listing: Vec<_> =
            documents.filter(|(_, _, document)| !document.is_expired(at.unix())).collect();
        listing.sort_unstable_by_key(|(_, key, _)| *key);
        listing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(seconds: u64) -> Moment {
        Moment::new(Instant::ZERO, Duration::from_secs(seconds))
    }

    #[test]
    fn expiry_is_relative_up_to_thirty_days() {
        let at = moment(1_000_000_000);
        assert_eq!(at.absolute_expiry(0), 0);
        assert_eq!(at.absolute_expiry(1), 1_000_000_001);
        assert_eq!(at.absolute_expiry(THIRTY_DAYS), 1_002_592_000);
        assert_eq!(at.absolute_expiry(THIRTY_DAYS + 1), THIRTY_DAYS + 1);
    }

    #[test]
    fn cas_grows_even_when_time_stands_still_or_goes_back() {
        let mut clock = CasClock::default();
        let first = clock.next(moment(100));
        let second = clock.next(moment(100));
        let third = clock.next(moment(50));
        assert!(first < second && second < third);
        assert!(clock.next(moment(101)) > third);
    }
}
