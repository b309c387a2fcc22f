//! Which of two configurations is newer.
//!
//! Servers number a configuration by epoch and revision; the epoch rises when a quorum was lost and the numbering
//! begins anew. Replies carry configurations in any order and many times over, so a client that applied whatever
//! arrives would go back in time. The rules are those of the servers' own SDKs, where these agree; the exceptions
//! stand at their branch.

use super::ClusterMap;
use core::fmt;

/// The version of a configuration. Ordered: epoch first, then revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision {
    /// `revEpoch`, at least 1 on servers that have it; [`ABSENT`](Self::ABSENT) on the others.
    pub epoch: i64,
    /// `rev`; 0 says "not versioned", [`ABSENT`](Self::ABSENT) that the configuration had none.
    pub rev: i64,
}

impl Revision {
    /// A number that the configuration did not have: lower than any that it could have. It is also what servers
    /// expect on the wire for an epoch that the client does not know.
    pub const ABSENT: i64 = -1;
    /// Lower than the revision of any configuration.
    pub const NONE: Self = Self { epoch: Self::ABSENT, rev: Self::ABSENT };
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.epoch, self.rev)
    }
}

/// What to do with a configuration that was offered while another is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It replaces the current one.
    Accept,
    /// It is the current one.
    Known,
    /// It is older than the current one.
    Older,
    /// It has no revision, the current one has: nobody can say which is newer, and the current one stays.
    Unversioned,
    /// It has no bucket, the current one has: it could only lose the map.
    NoBucket,
    /// It is another bucket's.
    OtherBucket,
    /// It gives the bucket another number of vbuckets, which no living bucket changes.
    VbucketCount,
}

impl Verdict {
    /// Whether the offered configuration replaces the current one.
    pub fn is_accept(self) -> bool {
        self == Self::Accept
    }
}

impl ClusterMap {
    /// What to do with `offered` while this map is in force.
    pub fn verdict_on(&self, offered: &Self) -> Verdict {
        match (self.bucket(), offered.bucket()) {
            // The two are numbered apart, so the first map of a bucket is taken whatever its number.
            (None, Some(_)) if self.vbucket_count() == 0 => return Verdict::Accept,
            (Some(_), None) => return Verdict::NoBucket,
            (Some(current), Some(other)) if current != other => return Verdict::OtherBucket,
            _ => {}
        }
        let verdict = self.revision().verdict_on(offered.revision());
        if verdict.is_accept() && self.vbucket_count() != offered.vbucket_count() {
            return Verdict::VbucketCount;
        }
        verdict
    }
}

impl Revision {
    fn verdict_on(self, offered: Self) -> Verdict {
        if offered.epoch != self.epoch {
            // A lower epoch is from before the quorum was lost, however high its revision.
            return if offered.epoch > self.epoch { Verdict::Accept } else { Verdict::Older };
        }
        match offered.rev {
            // "Not versioned": the sender wants it taken.
            0 => Verdict::Accept,
            Self::ABSENT if self.rev == Self::ABSENT => Verdict::Accept,
            Self::ABSENT => Verdict::Unversioned,
            rev if rev > self.rev => Verdict::Accept,
            rev if rev == self.rev => Verdict::Known,
            _ => Verdict::Older,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;

    fn map(bucket: Option<&str>, vbuckets: usize, epoch: Option<i64>, rev: Option<i64>) -> ClusterMap {
        let mut json = String::from(r#"{"nodesExt":[{"services":{"kv":11210},"hostname":"a"}]"#);
        if let Some(rev) = rev {
            json += &format!(r#","rev":{rev}"#);
        }
        if let Some(epoch) = epoch {
            json += &format!(r#","revEpoch":{epoch}"#);
        }
        if let Some(bucket) = bucket {
            json += &format!(r#","name":"{bucket}""#);
        }
        if vbuckets > 0 {
            let rows = alloc::vec!["[0]"; vbuckets].join(",");
            json += &format!(
                r#","vBucketServerMap":{{"serverList":["a:11210"],"numReplicas":0,"vBucketMap":[{rows}]}}"#
            );
        }
        json += "}";
        ClusterMap::parse(json.as_bytes(), "a").unwrap()
    }

    #[test]
    fn rules() {
        use Verdict::{Accept, Known, NoBucket, Older, OtherBucket, Unversioned, VbucketCount};
        let b = |epoch, rev| map(Some("b"), 4, epoch, rev);
        let nameless = |vbuckets, rev| map(None, vbuckets, Some(1), rev);
        let table = [
            ("newer", b(Some(1), Some(2)), b(Some(1), Some(3)), Accept),
            ("same", b(Some(1), Some(2)), b(Some(1), Some(2)), Known),
            ("older", b(Some(1), Some(2)), b(Some(1), Some(1)), Older),
            ("next epoch begins at 1", b(Some(1), Some(900)), b(Some(2), Some(1)), Accept),
            ("lower epoch, higher revision", b(Some(2), Some(1)), b(Some(1), Some(900)), Older),
            ("epoch appears with an upgrade", b(None, Some(900)), b(Some(1), Some(3)), Accept),
            ("epoch is lost", b(Some(1), Some(3)), b(None, Some(900)), Older),
            ("both without epoch", b(None, Some(3)), b(None, Some(4)), Accept),
            ("both without epoch, older", b(None, Some(4)), b(None, Some(3)), Older),
            ("revision 0", b(Some(1), Some(3)), b(Some(1), Some(0)), Accept),
            ("revision 0 of a lower epoch", b(Some(2), Some(3)), b(Some(1), Some(0)), Older),
            ("revision is lost", b(None, Some(3)), b(None, None), Unversioned),
            ("never had a revision", b(None, None), b(None, None), Accept),
            ("first revision", b(None, None), b(None, Some(1)), Accept),
            ("global to bucket", map(None, 0, Some(9), Some(9)), b(Some(1), Some(1)), Accept),
            ("global to older bucket", map(None, 0, Some(9), Some(9)), b(None, None), Accept),
            ("bucket to global", b(Some(1), Some(1)), map(None, 0, Some(9), Some(9)), NoBucket),
            (
                "global to newer global",
                map(None, 0, Some(1), Some(1)),
                map(None, 0, Some(1), Some(2)),
                Accept,
            ),
            ("global to same global", map(None, 0, Some(1), Some(1)), map(None, 0, Some(1), Some(1)), Known),
            ("a map without a name, then with", nameless(4, Some(1)), b(Some(1), Some(2)), Accept),
            ("a name and other vbuckets", nameless(5, Some(1)), b(Some(1), Some(2)), VbucketCount),
            ("a name of an older map", nameless(4, Some(3)), b(Some(1), Some(2)), Older),
            ("another bucket", b(Some(1), Some(1)), map(Some("c"), 4, Some(1), Some(2)), OtherBucket),
            ("other vbuckets", b(Some(1), Some(1)), map(Some("b"), 5, Some(1), Some(2)), VbucketCount),
            ("other vbuckets, old", b(Some(1), Some(2)), map(Some("b"), 5, Some(1), Some(1)), Older),
        ];
        for (name, current, offered, verdict) in table {
            assert_eq!(current.verdict_on(&offered), verdict, "{name}");
        }
    }

    #[test]
    fn order() {
        let r = |epoch, rev| Revision { epoch, rev };
        let ascending = [
            Revision::NONE,
            r(-1, 0),
            r(-1, i64::MAX),
            r(0, 0),
            r(1, -1),
            r(1, 0),
            r(1, 1),
            r(2, -1),
            r(2, 0),
            r(i64::MAX, i64::MAX),
        ];
        assert!(ascending.is_sorted_by(|a, b| a < b));
    }
}
