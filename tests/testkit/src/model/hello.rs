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

/// A feature under the name that refusals give it.
type Named = (Feature, &'static str);

const DUPLEX: Named = (Feature::DUPLEX, "Duplex");
const XATTR: Named = (Feature::XATTR, "XATTR");
const JSON: Named = (Feature::JSON, "JSON");
const SNAPPY_EVERYWHERE: Named = (Feature::SNAPPY_EVERYWHERE, "SnappyEverywhere");

/// Features that only stand beside others, in ascending order, in which they are checked. None of them is granted
/// here, and yet asking for one alone is as malformed as on a real server.
const PREREQUISITES: [(Named, &[Named]); 6] = [
    ((Feature::CLUSTERMAP_CHANGE_NOTIFICATION, "Clustermap change notification"), &[DUPLEX]),
    ((Feature::VATTR, "VAttr"), &[XATTR]),
    ((Feature::SUBDOC_DOCUMENT_MACRO_SUPPORT, "SubdocDocumentMacroSupport"), &[XATTR]),
    ((Feature::CLUSTERMAP_CHANGE_NOTIFICATION_BRIEF, "ClustermapChangeNotificationBrief"), &[DUPLEX]),
    ((Feature::RANGE_SCAN_INCLUDE_XATTR, "RangeScanIncludeXattr"), &[XATTR]),
    ((Feature::GET_RANDOM_KEY_INCLUDE_XATTR, "GetRandomKeyIncludeXattr"), &[XATTR, JSON, SNAPPY_EVERYWHERE]),
];

/// Every HELLO begins with no feature at all; one that is refused leaves those that there were.
pub(crate) fn hello(link: &mut Link, request: &Request<'_>) -> Outcome {
    let value = request.packet.value();
    if !value.len().is_multiple_of(2) {
        return Err(Refusal::invalid("Request value must be of even length"));
    }
    let wanted: Vec<Feature> =
        value.chunks_exact(2).map(|code| Feature(u16::from_be_bytes([code[0], code[1]]))).collect();
    check(&wanted)?;
    link.features = Features::default();
    for feature in GRANTED {
        if wanted.contains(&feature) {
            link.features.insert(feature);
        }
    }
    let granted: Vec<u8> = link.features.iter().flat_map(u16::to_be_bytes).collect();
    link.answer(request, &Reply { value: &granted, ..Reply::default() })
}

/// Refuses features that exclude or lack each other.
fn check(wanted: &[Feature]) -> Outcome {
    if wanted.contains(&Feature::TCP_NODELAY) && wanted.contains(&Feature::TCP_DELAY) {
        return Err(Refusal::invalid("TCPNODELAY cannot co-exist with TCPDELAY"));
    }
    for ((feature, name), needed) in PREREQUISITES {
        let lacking = needed.iter().find(|(needed, _)| !wanted.contains(needed));
        if let Some((_, lacking)) = lacking.filter(|_| wanted.contains(&feature)) {
            return Err(Refusal::invalid(format!("{name} needs {lacking}")));
        }
    }
    Ok(())
}
