//! HELLO: which features a link gets.
//!
//! A feature is granted only if what it promises holds here. So there is no unordered execution, no compression, no
//! push of new configs, no sub-document or attribute feature, and no promise about durable writes.

use super::link::{Features, Link};
use super::reply::{Outcome, Refusal, Reply};
use super::request::Request;
use couchbase_core::wire::Feature;

const GRANTED: [Feature; 10] = [
    Feature::TCP_NODELAY,
    Feature::MUTATION_SEQNO,
    Feature::XERROR,
    Feature::SELECT_BUCKET,
    Feature::JSON,
    Feature::TRACING,
    Feature::ALT_REQUEST_SUPPORT,
    Feature::COLLECTIONS,
    Feature::PRESERVE_TTL,
    Feature::GET_CLUSTER_CONFIG_WITH_KNOWN_VERSION,
];

/// Features that only stand beside another one.
const PREREQUISITES: [(Feature, Feature, &str); 2] = [
    (Feature::CLUSTERMAP_CHANGE_NOTIFICATION, Feature::DUPLEX, "Clustermap change notification needs Duplex"),
    (
        Feature::CLUSTERMAP_CHANGE_NOTIFICATION_BRIEF,
        Feature::DUPLEX,
        "Clustermap change notification brief needs Duplex",
    ),
];

/// Every HELLO begins with no feature at all, also one that is refused.
pub(crate) fn hello(link: &mut Link, request: &Request<'_>) -> Outcome {
    let value = request.packet.value();
    if !value.len().is_multiple_of(2) {
        return Err(Refusal::invalid("Request value must be of even length"));
    }
    let wanted: Vec<Feature> =
        value.chunks_exact(2).map(|code| Feature(u16::from_be_bytes([code[0], code[1]]))).collect();
    link.features = Features::default();
    if wanted.contains(&Feature::TCP_NODELAY) && wanted.contains(&Feature::TCP_DELAY) {
        return Err(Refusal::invalid("TCPNODELAY cannot co-exist with TCPDELAY"));
    }
    for (feature, needed, words) in PREREQUISITES {
        if wanted.contains(&feature) && !wanted.contains(&needed) {
            return Err(Refusal::invalid(words));
        }
    }
    for feature in GRANTED {
        if wanted.contains(&feature) {
            link.features.insert(feature);
        }
    }
    let granted: Vec<u8> = link.features.iter().flat_map(u16::to_be_bytes).collect();
    link.answer(request, &Reply { value: &granted, ..Reply::default() })
}
