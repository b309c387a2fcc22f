//! Documents that go by themselves. The server keeps time in seconds: nothing here asks for more.

use crate::bench::{Bench, fails};
use couchbase_core::{Connection, ErrorKind, Expiry};
use std::time::{Duration, SystemTime};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

async fn gone(bench: &Bench, cb: &Connection, key: &str) {
    while cb.get(key).optional().await.unwrap().is_some() {
        bench.pass(SECOND / 20).await;
    }
}

/// An expiry is kept, whether it came with `set`, `add` or a counter.
pub async fn a_document_expires(bench: Bench) {
    let cb = bench.connect().await;
    let keys = ["set", "add", "counter", "stays"].map(|name| bench.key(name));
    cb.set(&keys[3], 1).ttl(HOUR).await.unwrap();
    cb.set(&keys[0], 1).ttl(SECOND).await.unwrap();
    cb.add(&keys[1], 1).ttl(SECOND).await.unwrap();
    cb.incr(&keys[2]).initial(1).ttl(SECOND).await.unwrap();
    for key in &keys[..3] {
        gone(&bench, &cb, key).await;
    }
    cb.get(&keys[3]).await.unwrap();
}

/// `touch` and `get` with `ttl` give it another time; `touch` without gives it all the time.
pub async fn touch_and_get_change_the_expiry(bench: Bench) {
    let cb = bench.connect().await;
    let keys = ["touched", "read", "for ever", "never", "goes"].map(|name| bench.key(name));
    for key in &keys {
        cb.set(key, 1).ttl(2 * SECOND).await.unwrap();
    }
    cb.touch(&keys[0]).ttl(HOUR).await.unwrap();
    let read: u64 = cb.get(&keys[1]).ttl(HOUR).value().await.unwrap();
    assert_eq!(read, 1);
    cb.touch(&keys[2]).await.unwrap();
    cb.touch(&keys[3]).ttl(Expiry::NEVER).await.unwrap();
    gone(&bench, &cb, &keys[4]).await;
    for key in &keys[..4] {
        assert_eq!(cb.get(key).value::<u64>().await.unwrap(), 1, "{key}");
    }
}

/// The server takes more than 30 days for a date; the client sees to it that this is no trap.
pub async fn far_expiries_are_dates(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    for expiry in [
        Expiry::from(29 * DAY),
        Expiry::from(30 * DAY),
        Expiry::from(31 * DAY),
        Expiry::from(4_000 * DAY),
        Expiry::from(SystemTime::now() + 100 * DAY),
    ] {
        cb.set(&key, 1).ttl(expiry).await.unwrap();
        assert!(cb.get(&key).optional().await.unwrap().is_some(), "{expiry:?}");
    }
}

/// A remaining time that has come to zero must not make a document immortal.
pub async fn no_time_left_is_an_argument_error(bench: Bench) {
    let cb = bench.connect().await;
    let key = bench.key("k");
    let error = fails(cb.set(&key, 1).ttl(Duration::ZERO).await, ErrorKind::Argument);
    assert!(error.to_string().contains("NEVER"), "names the remedy: {error}");
    fails(cb.get(&key).await, ErrorKind::NotFound);
    fails(cb.set(&key, 1).timeout(Duration::ZERO).await, ErrorKind::Argument);
    fails(cb.get(&key).await, ErrorKind::NotFound);
}
