//! The protocol features of one link: what HELLO asks for, and the set that the server granted.
//!
//! Nothing is asked for that the client does not use: every granted feature changes what the server sends. A grant of
//! what was not asked for is therefore not in force, and left out.

use alloc::vec::Vec;
use core::fmt;

use crate::wire::Feature;

/// What HELLO asks for unless told otherwise, in ascending order.
pub const WANTED: &[Feature] = &[
    Feature::TCP_NODELAY,
    Feature::XERROR,
    Feature::SELECT_BUCKET,
    Feature::JSON,
    Feature::ALT_REQUEST_SUPPORT,
    Feature::GET_CLUSTER_CONFIG_WITH_KNOWN_VERSION,
];

/// The features that are on, on one link.
///
/// ```
/// use couchbase_core::session::Features;
/// use couchbase_core::wire::Feature;
///
/// let granted: Features = [Feature::JSON, Feature::XERROR].into_iter().collect();
/// assert!(granted.contains(Feature::JSON));
/// assert!(!granted.contains(Feature::SNAPPY));
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Features(u64);

impl Features {
    /// Whether `feature` is on.
    pub fn contains(self, feature: Feature) -> bool {
        self.0 & bit(feature) != 0
    }

    /// Whether none is on, as with a server that does not know HELLO.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The features that are on, in ascending order.
    pub fn iter(self) -> impl Iterator<Item = Feature> {
        (0..64).map(Feature).filter(move |&feature| self.contains(feature))
    }

    /// Those of `wanted` that the body of a HELLO reply grants; `None` if the body is not a list of features.
    pub(crate) fn parse_granted(body: &[u8], wanted: &[Feature]) -> Option<Self> {
        let (codes, rest) = body.as_chunks::<2>();
        rest.is_empty().then(|| {
            codes
                .iter()
                .map(|code| Feature(u16::from_be_bytes(*code)))
                .filter(|feature| wanted.contains(feature))
                .collect()
        })
    }
}

impl FromIterator<Feature> for Features {
    fn from_iter<I: IntoIterator<Item = Feature>>(features: I) -> Self {
        Self(features.into_iter().fold(0, |set, feature| set | bit(feature)))
    }
}

impl fmt::Debug for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// The value of a HELLO request.
pub(crate) fn encode_wanted(wanted: &[Feature]) -> Vec<u8> {
    wanted.iter().flat_map(|feature| feature.0.to_be_bytes()).collect()
}

/// Codes beyond the set's width, of which there are none so far, are never on.
fn bit(feature: Feature) -> u64 {
    1u64.checked_shl(u32::from(feature.0)).unwrap_or(0)
}
