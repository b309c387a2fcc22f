//! The server's map of statuses: the recorded ones whole, and maps that are not what they should be.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::session::{Attributes, ErrorMap};
use crate::wire::Status;

fn parse(json: &str) -> Option<ErrorMap> {
    ErrorMap::parse(json.as_bytes())
}

#[test]
fn entries_are_found_by_status() {
    let map = parse(
        r#"{"version":1,"revision":4,"extra":[1],"errors":{
            "20":{"name":"AUTH_ERROR","desc":"Authentication \"failed\"","attrs":["conn-state-invalidated","auth"]},
            "0":{"name":"SUCCESS","desc":"Success","attrs":["success"]},
            "f0A":{"name":"NEW","desc":"?","attrs":["something-new","no-retry"],"retry":{"interval":10}}}}"#,
    )
    .expect("a map");
    assert_eq!((map.version(), map.revision(), map.len()), (1, 4, 3));
    let auth = map.lookup(Status::AUTH_ERROR).expect("an entry");
    assert_eq!((auth.status(), auth.name()), (Status(0x20), "AUTH_ERROR"));
    assert_eq!(auth.description(), "Authentication \"failed\"");
    assert!(auth.attributes().contains(Attributes::AUTH));
    assert!(!auth.attributes().contains(Attributes::AUTH.with(Attributes::TEMP)));
    assert_eq!(format!("{auth}"), "AUTH_ERROR (0x20): Authentication \"failed\"");
    let new = map.lookup(Status(0xf0a)).expect("an entry");
    assert_eq!(new.attributes(), Attributes::NO_RETRY, "unknown attributes are left out");
    assert!(map.lookup(Status::ETMPFAIL).is_none());
}

#[test]
fn every_attribute_has_its_name() {
    let all = (0..20).map(|bit| format!("{:?}", attributes_of_bit(bit))).collect::<Vec<_>>();
    let mut distinct = all.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 20, "{all:?}");
    assert!(Attributes::default().is_empty());
}

/// The `bit`th attribute, through its name in a map.
fn attributes_of_bit(bit: usize) -> Attributes {
    let names = [
        "success",
        "item-only",
        "item-deleted",
        "item-locked",
        "invalid-input",
        "fetch-config",
        "conn-state-invalidated",
        "auth",
        "special-handling",
        "support",
        "temp",
        "internal",
        "retry-now",
        "retry-later",
        "subdoc",
        "dcp",
        "auto-retry",
        "rate-limit",
        "system-constraint",
        "no-retry",
    ];
    let name = names[bit];
    let map = parse(&format!(r#"{{"version":2,"errors":{{"1":{{"attrs":["{name}"]}}}}}}"#)).expect("a map");
    let attributes = map.lookup(Status(1)).expect("an entry").attributes();
    assert_eq!(attributes.names().collect::<Vec<_>>(), [name]);
    attributes
}

#[test]
fn what_is_no_map_is_none() {
    for json in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"version":2}"#,
        r#"{"errors":{}}"#,
        r#"{"version":0,"errors":{}}"#,
        r#"{"version":3,"errors":{}}"#,
        r#"{"version":-1,"errors":{}}"#,
        r#"{"version":2,"errors":[]}"#,
        r#"{"version":2,"errors":{"1":7}}"#,
        r#"{"version":2,"errors":{"1":{"name":7}}}"#,
        r#"{"version":2,"errors":{"1":{"attrs":"temp"}}}"#,
        r#"{"version":2,"errors":{"1":{"name":"A"}}"#,
    ] {
        assert_eq!(parse(json), None, "{json}");
    }
    assert_eq!(ErrorMap::parse(&[0xff; 100]), None);
}

#[test]
fn keys_that_are_no_status_are_passed_over() {
    let map =
        parse(r#"{"version":2,"errors":{"":{},"x":{},"10000":{},"2":{},"0x3":[[{}]]}}"#).expect("a map");
    assert_eq!(map.len(), 1);
    assert!(map.lookup(Status(2)).is_some());
}

#[test]
fn a_map_is_bounded() {
    let entries =
        |count: u32| (0..count).map(|n| format!(r#""{n:x}":{{}}"#)).collect::<Vec<String>>().join(",");
    let map = |entries: &str| parse(&format!(r#"{{"version":2,"errors":{{{entries}}}}}"#));
    assert_eq!(map(&entries(1_024)).expect("a map").len(), 1_024);
    assert_eq!(map(&entries(1_025)), None);
    let long = "\u{e4}".repeat(10_000);
    let map = map(&format!(r#""1":{{"name":"{long}","desc":"{long}"}}"#)).expect("a map");
    let entry = map.lookup(Status(1)).expect("an entry");
    assert_eq!((entry.name().chars().count(), entry.description().chars().count()), (64, 256));
    let spaces = " ".repeat(1 << 20);
    assert_eq!(parse(&format!(r#"{{"version":2,"errors":{{}}}}{spaces}"#)), None);
}
