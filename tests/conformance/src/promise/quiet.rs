//! Absence that is no error.

use crate::bench::{Bench, fails};
use couchbase_core::{Cas, ErrorKind};

/// `optional` gives `None` for what is not there.
pub async fn optional_makes_absence_a_value(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    assert!(cb.get(&key).optional().await.unwrap().is_none());
    assert_eq!(cb.get(&key).optional().value::<u64>().await.unwrap(), None);
    assert!(cb.touch(&key).optional().await.unwrap().is_none());
    assert!(cb.delete(&key).optional().await.unwrap().is_none());
    assert!(cb.get(&key).optional().send().await.unwrap().is_none());

    cb.set(&key, 5).await.unwrap();
    assert_eq!(cb.get(&key).optional().value::<u64>().await.unwrap(), Some(5));
    assert!(cb.touch(&key).optional().await.unwrap().is_some());
    assert!(cb.delete(&key).optional().await.unwrap().is_some());
}

/// `quiet` gives a result without success.
pub async fn quiet_keeps_the_type(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    let read = cb.get(&key).quiet(true).await.unwrap();
    assert!(!read.success());
    assert_eq!(read.cas(), Cas::default());
    assert_eq!(read.key().as_str(), key);
    assert!(read.bytes().is_empty());
    fails(read.value::<u64>(), ErrorKind::NotFound);
    assert!(!cb.touch(&key).quiet(true).await.unwrap().success());
    assert!(!cb.delete(&key).quiet(true).await.unwrap().success());
}

/// A handle with another default; the operation has the last word.
pub async fn quiet_is_inherited_and_overruled(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    let quiet = cb.with_quiet(true);
    assert!(!quiet.get(&key).await.unwrap().success());
    assert!(!quiet.delete(&key).await.unwrap().success());
    fails(quiet.get(&key).quiet(false).await, ErrorKind::NotFound);
    fails(quiet.with_quiet(false).get(&key).await, ErrorKind::NotFound);
    fails(cb.get(&key).await, ErrorKind::NotFound);

    let quiet = bench.open_with(bench.config().quiet(true)).unwrap();
    assert!(!quiet.get(&key).await.unwrap().success());
}

/// Writes that need a document, and other failures, are errors all the same.
pub async fn quiet_is_only_about_absence(bench: Bench) {
    let cb = bench.connect().await.with_quiet(true);
    let key = bench.key("k");
    fails(cb.replace(&key, 1).await, ErrorKind::NotFound);
    fails(cb.append(&key, "x").await, ErrorKind::NotStored);
    fails(cb.incr(&key).await, ErrorKind::NotFound);
    cb.set(&key, 1).await.unwrap();
    fails(cb.delete(&key).cas(Cas::from_u64(1)).await, ErrorKind::KeyExists);
}
