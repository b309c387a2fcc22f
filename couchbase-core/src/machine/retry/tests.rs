//! Every status, for every operation, and every attribute that a server may give to a status unknown here.

use super::*;
use crate::machine::operation::{
    ADD, APPEND, DECREMENT, DELETE, GET, GET_AND_TOUCH, INCREMENT, PREPEND, REPLACE, SET, TOUCH,
};
use ErrorKind::{
    Argument, Auth, DeltaBadValue, Durability, KeyExists, Locked, NotFound, NotStored, NotSupported, Other,
    TemporaryFail, TooBig, UnknownCollection,
};

/// Every status that an operation can be answered with; all others are unknown.
const TABLE: &[(Status, Decision)] = &[
    (Status::SUCCESS, Decision::Succeed),
    (Status::KEY_ENOENT, Decision::Fail(NotFound)),
    (Status::KEY_EEXISTS, Decision::Fail(KeyExists)),
    (Status::E2BIG, Decision::Fail(TooBig)),
    (Status::EINVAL, Decision::Fail(Argument)),
    (Status::NOT_STORED, Decision::Fail(NotStored)),
    (Status::DELTA_BADVAL, Decision::Fail(DeltaBadValue)),
    (Status::NOT_MY_VBUCKET, Decision::Reroute),
    (Status::NO_BUCKET, Decision::Relink),
    (Status::LOCKED, Decision::Fail(Locked)),
    (Status::EWOULDTHROTTLE, Decision::Retry),
    (Status::ECONFIG_ONLY, Decision::Retry),
    (Status::AUTH_STALE, Decision::Relink),
    (Status::AUTH_ERROR, Decision::Fail(Auth)),
    (Status::ERANGE, Decision::Fail(Argument)),
    (Status::EACCESS, Decision::Fail(Auth)),
    (Status::NOT_INITIALIZED, Decision::Retry),
    (Status::EXPIRY_OVERFLOW, Decision::Fail(Argument)),
    (Status::RATE_LIMITED_NETWORK_INGRESS, Decision::Fail(TemporaryFail)),
    (Status::RATE_LIMITED_NETWORK_EGRESS, Decision::Fail(TemporaryFail)),
    (Status::RATE_LIMITED_MAX_COMMANDS, Decision::Fail(TemporaryFail)),
    (Status::SCOPE_SIZE_LIMIT_EXCEEDED, Decision::Fail(TemporaryFail)),
    (Status::BUCKET_SIZE_LIMIT_EXCEEDED, Decision::Fail(TemporaryFail)),
    (Status::BUCKET_RESIDENT_RATIO_TOO_LOW, Decision::Fail(TemporaryFail)),
    (Status::BUCKET_DATA_SIZE_TOO_BIG, Decision::Fail(TemporaryFail)),
    (Status::BUCKET_DISK_SPACE_TOO_LOW, Decision::Fail(TemporaryFail)),
    (Status::BUCKET_PAUSED, Decision::Retry),
    (Status::CANCELLED, Decision::Retry),
    (Status::UNKNOWN_FRAME_INFO, Decision::Fail(NotSupported)),
    (Status::UNKNOWN_COMMAND, Decision::Fail(NotSupported)),
    (Status::ENOMEM, Decision::Retry),
    (Status::NOT_SUPPORTED, Decision::Fail(NotSupported)),
    (Status::EINTERNAL, Decision::FailAmbiguously(Other)),
    (Status::EBUSY, Decision::Retry),
    (Status::ETMPFAIL, Decision::Retry),
    (Status::XATTR_EINVAL, Decision::Fail(Argument)),
    (Status::UNKNOWN_COLLECTION, Decision::Fail(UnknownCollection)),
    (Status::UNKNOWN_SCOPE, Decision::Fail(UnknownCollection)),
    (Status::DURABILITY_INVALID_LEVEL, Decision::Fail(Durability)),
    (Status::DURABILITY_IMPOSSIBLE, Decision::Fail(Durability)),
    (Status::SYNC_WRITE_IN_PROGRESS, Decision::Retry),
    (Status::SYNC_WRITE_AMBIGUOUS, Decision::FailAmbiguously(Durability)),
    (Status::SYNC_WRITE_RE_COMMIT_IN_PROGRESS, Decision::Retry),
];

#[test]
fn every_status_means_something_to_every_operation() {
    let kinds = [
        &GET,
        &GET_AND_TOUCH,
        &SET,
        &ADD,
        &REPLACE,
        &DELETE,
        &TOUCH,
        &INCREMENT,
        &DECREMENT,
        &APPEND,
        &PREPEND,
    ];
    for kind in kinds {
        for code in 0..=u16::MAX {
            let known = TABLE.iter().find(|(status, _)| status.0 == code);
            let mut expected = known.map_or(Decision::Fail(Other), |&(_, decision)| decision);
            if ["append", "prepend"].contains(&kind.name) && code == Status::KEY_ENOENT.0 {
                expected = Decision::Fail(NotStored);
            }
            assert_eq!(decide(kind, Status(code), None), expected, "{kind:?}: {}", Status(code));
        }
    }
}

#[test]
fn a_status_that_the_client_does_not_know_is_what_the_server_says_it_is() {
    for (attributes, decision) in [
        ("", Decision::Fail(Other)),
        (r#""never-heard-of""#, Decision::Fail(Other)),
        (r#""success""#, Decision::Succeed),
        (r#""temp","retry-now""#, Decision::Retry),
        (r#""retry-later""#, Decision::Retry),
        (r#""retry-later","no-retry""#, Decision::Fail(Other)),
        (r#""temp""#, Decision::Fail(TemporaryFail)),
        (r#""rate-limit""#, Decision::Fail(TemporaryFail)),
        (r#""item-only","system-constraint","no-retry""#, Decision::Fail(TemporaryFail)),
        (r#""conn-state-invalidated","retry-now""#, Decision::Relink),
        (r#""special-handling""#, Decision::Abandon),
        (r#""special-handling","fetch-config""#, Decision::Abandon),
        (r#""internal""#, Decision::FailAmbiguously(Other)),
        (r#""internal","conn-state-invalidated""#, Decision::FailAmbiguously(Other)),
        (r#""internal","invalid-input""#, Decision::Fail(Argument)),
        (r#""internal","item-only""#, Decision::Fail(Other)),
        (r#""auth""#, Decision::Fail(Auth)),
        (r#""support""#, Decision::Fail(NotSupported)),
        (r#""item-locked""#, Decision::Fail(Locked)),
    ] {
        let entry = |code| alloc::format!(r#""{code}":{{"name":"N","desc":"D","attrs":[{attributes}]}}"#);
        let json = alloc::format!(r#"{{"version":2,"errors":{{{},{}}}}}"#, entry("7000"), entry("1"));
        let map = ErrorMap::parse(json.as_bytes()).expect("a map");
        assert_eq!(decide(&SET, Status(0x7000), Some(&map)), decision, "{attributes}");
        assert_eq!(decide(&SET, Status(0x7001), Some(&map)), Decision::Fail(Other), "not described");
        assert_eq!(decide(&SET, Status::KEY_ENOENT, Some(&map)), Decision::Fail(NotFound), "known");
    }
}

#[test]
fn the_server_says_of_statuses_unknown_here_whether_the_map_is_old() {
    let entry = |code| alloc::format!(r#""{code}":{{"name":"N","desc":"D","attrs":["fetch-config"]}}"#);
    let json = alloc::format!(r#"{{"version":2,"errors":{{{},{}}}}}"#, entry("7000"), entry("7"));
    let map = ErrorMap::parse(json.as_bytes()).expect("a map");
    assert!(wants_configuration(Status(0x7000), Some(&map)));
    assert!(!wants_configuration(Status(0x7000), None));
    // It brings its own.
    assert!(!wants_configuration(Status::NOT_MY_VBUCKET, Some(&map)));
    assert!(wants_configuration(Status::ECONFIG_ONLY, None));
}

#[test]
fn waits_grow_to_their_limit() {
    let waits = |wait: fn(u32) -> Duration| [0, 1, 2, 3, 4, 5, 6, 10, u32::MAX].map(|n| wait(n).as_millis());
    assert_eq!(waits(exponential), [1, 1, 2, 4, 8, 16, 32, 500, 500]);
    assert_eq!(waits(controlled), [1, 1, 10, 50, 100, 500, 1000, 1000, 1000]);
}
