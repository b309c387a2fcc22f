//! Many keys in one call.

use crate::bench::{Bench, fails};
use couchbase_core::{ErrorKind, Key};
use std::collections::HashMap;
use std::time::Duration;

/// Hundreds of keys on all nodes.
pub async fn many_are_stored_and_read(bench: Bench) {
    let cb = bench.connect().await;
    let items: HashMap<String, u64> = (0..500).map(|n| (bench.key(&format!("{n}")), n)).collect();
    let stored = cb.set_multi(&items).ttl(Duration::from_secs(600)).await.unwrap();
    assert!(stored.all_ok());
    assert_eq!(stored.len(), 500);

    let read = cb.get_multi(items.keys().cloned()).await.unwrap();
    let values: HashMap<Key, u64> = read.values().unwrap();
    assert_eq!(values.len(), 500);
    for (key, value) in &items {
        assert_eq!(values[&Key::from(key)], *value);
        assert_eq!(read.get(key).unwrap().unwrap().value::<u64>().unwrap(), *value);
    }
    assert_eq!(read.cas().count(), 500);
}

/// The order of the call, duplicates included.
pub async fn results_come_in_the_order_of_the_call(bench: Bench) {
    let cb = bench.connect().await;
    let keys = ["c", "a", "b", "a"].map(|name| bench.key(name));
    cb.set_multi(keys.iter().zip(1..)).await.unwrap();
    let read = cb.get_multi(&keys).await.unwrap();
    let got: Vec<(String, u64)> =
        read.iter().map(|(key, doc)| (key.to_string(), doc.unwrap().value().unwrap())).collect();
    let expected: Vec<(String, u64)> = keys.iter().cloned().zip([1, 4, 3, 4]).collect();
    assert_eq!(got, expected, "the later set of one key comes later");
}

/// The error is that of the first key that failed, and carries what became of all.
pub async fn one_error_has_all_results(bench: Bench) {
    let cb = bench.connect().await;
    let keys = ["there", "missing", "there too", "missing too"].map(|name| bench.key(name));
    cb.set(&keys[0], 0).await.unwrap();
    cb.set(&keys[2], 2).await.unwrap();
    let error = fails(cb.get_multi(&keys).await, ErrorKind::NotFound);
    assert_eq!(error.key().unwrap().as_str(), keys[1]);
    let all = error.all_results();
    assert_eq!(all.len(), 4);
    assert!(!all.all_ok());
    assert_eq!((all.successes().count(), all.failures().count()), (2, 2));
    assert_eq!(all.get(&keys[2]).unwrap().unwrap().value::<u64>().unwrap(), 2);
    assert!(all.get(&keys[3]).unwrap().unwrap_err().is_not_found());
    assert!(all.iter().map(|(key, _)| key.as_str()).eq(keys.iter()));
}

/// `quiet` holds for each.
pub async fn quiet_multi_tells_each(bench: Bench) {
    let cb = bench.connect().await;
    let keys = ["there", "missing"].map(|name| bench.key(name));
    cb.set(&keys[0], 0).await.unwrap();
    let read = cb.get_multi(&keys).quiet(true).await.unwrap();
    assert!(read.get(&keys[0]).unwrap().unwrap().success());
    assert!(!read.get(&keys[1]).unwrap().unwrap().success());
    let read = cb.with_quiet(true).get_multi(&keys).await.unwrap();
    assert_eq!(read.len(), 2);
}

/// Nothing of a call with a mistake is sent.
pub async fn one_bad_argument_stops_all(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    fails(cb.set_multi([(&key[..], 1), ("", 2)]).await, ErrorKind::Argument);
    fails(cb.get_multi([&key[..], ""]).await, ErrorKind::Argument);
    fails(cb.get(&key).await, ErrorKind::NotFound);
}

/// Nothing to do is a mistake.
pub async fn no_keys_is_an_argument_error(bench: Bench) {
    let cb = bench.connect().await;
    fails(cb.get_multi(Vec::<String>::new()).await, ErrorKind::Argument);
    fails(cb.set_multi(Vec::<(String, u64)>::new()).await, ErrorKind::Argument);
}
