//! What an answer means for an operation: one pure function of the status, the server's error map and the operation.

use super::operation::Kind;
use crate::ErrorKind;
use crate::session::{Attributes, ErrorMap};
use crate::wire::Status;
use core::time::Duration;

/// What becomes of an operation that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It was carried out.
    Succeed,
    /// It was refused, and nothing changed. Definitive.
    Fail(ErrorKind),
    /// The server does not know itself whether it was carried out.
    FailAmbiguously(ErrorKind),
    /// Not now: nothing changed, and it is to be sent again after a while.
    Retry,
    /// Not there: nothing changed, and it is to be sent to the vbucket's node.
    Reroute,
    /// Means something that must be known, and is not: it may have been carried out, and the link is of no use any more.
    Abandon,
    /// Not on this link, whose state is lost: nothing changed, and it is to be sent over another link.
    Relink,
}

/// Judges an answer.
pub(super) fn decide(kind: &Kind, status: Status, error_map: Option<&ErrorMap>) -> Decision {
    if status == Status::SUCCESS {
        return Decision::Succeed;
    }
    if let Some(refusal) = (kind.refusal)(status) {
        return Decision::Fail(refusal);
    }
    match status {
        Status::NOT_MY_VBUCKET => Decision::Reroute,
        Status::ETMPFAIL
        | Status::EBUSY
        | Status::ENOMEM
        | Status::NOT_INITIALIZED
        | Status::EWOULDTHROTTLE
        | Status::ECONFIG_ONLY
        | Status::CANCELLED
        | Status::BUCKET_PAUSED
        | Status::SYNC_WRITE_IN_PROGRESS
        | Status::SYNC_WRITE_RE_COMMIT_IN_PROGRESS => Decision::Retry,
        Status::NO_BUCKET | Status::AUTH_STALE => Decision::Relink,
        Status::KEY_ENOENT => Decision::Fail(ErrorKind::NotFound),
        Status::KEY_EEXISTS => Decision::Fail(ErrorKind::KeyExists),
        Status::E2BIG => Decision::Fail(ErrorKind::TooBig),
        Status::EINVAL | Status::ERANGE | Status::EXPIRY_OVERFLOW | Status::XATTR_EINVAL => {
            Decision::Fail(ErrorKind::Argument)
        }
        Status::NOT_STORED => Decision::Fail(ErrorKind::NotStored),
        Status::DELTA_BADVAL => Decision::Fail(ErrorKind::DeltaBadValue),
        Status::LOCKED => Decision::Fail(ErrorKind::Locked),
        Status::AUTH_ERROR | Status::EACCESS => Decision::Fail(ErrorKind::Auth),
        Status::UNKNOWN_COMMAND | Status::NOT_SUPPORTED | Status::UNKNOWN_FRAME_INFO => {
            Decision::Fail(ErrorKind::NotSupported)
        }
        Status::UNKNOWN_COLLECTION | Status::UNKNOWN_SCOPE => Decision::Fail(ErrorKind::UnknownCollection),
        Status::DURABILITY_INVALID_LEVEL | Status::DURABILITY_IMPOSSIBLE => {
            Decision::Fail(ErrorKind::Durability)
        }
        Status::SYNC_WRITE_AMBIGUOUS => Decision::FailAmbiguously(ErrorKind::Durability),
        Status::RATE_LIMITED_NETWORK_INGRESS
        | Status::RATE_LIMITED_NETWORK_EGRESS
        | Status::RATE_LIMITED_MAX_COMMANDS
        | Status::SCOPE_SIZE_LIMIT_EXCEEDED
        | Status::BUCKET_SIZE_LIMIT_EXCEEDED
        | Status::BUCKET_RESIDENT_RATIO_TOO_LOW
        | Status::BUCKET_DATA_SIZE_TOO_BIG
        | Status::BUCKET_DISK_SPACE_TOO_LOW => Decision::Fail(ErrorKind::TemporaryFail),
        // A fault in the server says nothing of what it had done by then.
        Status::EINTERNAL => Decision::FailAmbiguously(ErrorKind::Other),
        unknown => decide_unknown(unknown, error_map),
    }
}

/// The server's own description decides only about statuses that the client does not know.
fn decide_unknown(status: Status, error_map: Option<&ErrorMap>) -> Decision {
    let Some(entry) = error_map.and_then(|map| map.lookup(status)) else {
        return Decision::Fail(ErrorKind::Other);
    };
    let has = |attribute| entry.attributes().contains(attribute);
    if has(Attributes::SUCCESS) {
        Decision::Succeed
    } else if has(Attributes::INTERNAL) && !has(Attributes::INVALID_INPUT) && !has(Attributes::ITEM_ONLY) {
        // As EINTERNAL. The two others say that the request was understood and refused.
        Decision::FailAmbiguously(ErrorKind::Other)
    } else if has(Attributes::CONN_STATE_INVALIDATED) {
        Decision::Relink
    } else if has(Attributes::SPECIAL_HANDLING) {
        Decision::Abandon
    } else if (has(Attributes::RETRY_NOW) || has(Attributes::RETRY_LATER)) && !has(Attributes::NO_RETRY) {
        Decision::Retry
    } else {
        let kinds = [
            (Attributes::AUTH, ErrorKind::Auth),
            (Attributes::SUPPORT, ErrorKind::NotSupported),
            (Attributes::INVALID_INPUT, ErrorKind::Argument),
            (Attributes::ITEM_LOCKED, ErrorKind::Locked),
            (Attributes::TEMP, ErrorKind::TemporaryFail),
            (Attributes::RATE_LIMIT, ErrorKind::TemporaryFail),
            (Attributes::SYSTEM_CONSTRAINT, ErrorKind::TemporaryFail),
        ];
        let kind = kinds.into_iter().find(|&(attribute, _)| has(attribute));
        Decision::Fail(kind.map_or(ErrorKind::Other, |(_, kind)| kind))
    }
}

/// Whether an answer says that the map is out of date: of a status that the client does not know, the server's own
/// description says it.
pub(super) fn wants_configuration(status: Status, error_map: Option<&ErrorMap>) -> bool {
    let described = || error_map.and_then(|map| map.lookup(status));
    status == Status::ECONFIG_ONLY
        || status.name().is_none()
            && described().is_some_and(|entry| entry.attributes().contains(Attributes::FETCH_CONFIG))
}

/// The waits of operations that are always tried again, such as those that met the wrong node; the last one repeats.
const CONTROLLED: [u64; 6] = [1, 10, 50, 100, 500, 1000];

/// How long to wait before trying again what was already tried `attempts` times, for whatever reason that will pass:
/// 1 ms, doubled each time, 500 ms at most.
pub(super) fn exponential(attempts: u32) -> Duration {
    Duration::from_millis((1 << attempts.saturating_sub(1).min(9)).min(500))
}

/// The same where the map or a link is the trouble.
pub(super) fn controlled(attempts: u32) -> Duration {
    Duration::from_millis(CONTROLLED[(attempts.saturating_sub(1) as usize).min(CONTROLLED.len() - 1)])
}

/// The same where the user is refused, which may lock an account: 1 s, doubled each time, 64 s at most.
pub(super) fn seldom(refusals: u32) -> Duration {
    Duration::from_secs(1 << refusals.saturating_sub(1).min(6))
}

#[cfg(test)]
mod tests;
