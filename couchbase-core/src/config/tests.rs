//! Connection strings that are right, and what settings in code do to them.

mod mistakes;
mod secrets;

use crate::session::Mechanism;
use crate::{Checked, Config, ErrorKind, Limits};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

fn check(text: &str) -> Checked {
    Config::new(text).check().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refusal(config: &Config) -> String {
    let error = config.check().expect_err("a mistake");
    assert_eq!(error.kind(), ErrorKind::Argument);
    error.to_string()
}

/// Hosts, bucket, and user with password, in one string.
fn summary(checked: &Checked) -> String {
    let seeds: Vec<String> =
        checked.seeds.iter().map(|seed| format!("{} {}", seed.host, seed.port)).collect();
    let login = match &checked.credentials {
        Some(credentials) => format!("{} {}", credentials.user(), credentials.password().reveal()),
        None => String::new(),
    };
    format!("{} | {} | {login}", seeds.join(", "), checked.bucket)
}

#[test]
fn hosts_bucket_and_user() {
    let table = [
        ("couchbase://localhost/default", "localhost 11210 | default | "),
        ("localhost/default", "localhost 11210 | default | "),
        ("Couchbase://localhost/default", "localhost 11210 | default | "),
        ("couchbase:///default", "127.0.0.1 11210 | default | "),
        ("/default", "127.0.0.1 11210 | default | "),
        ("couchbase://:12000/default", "127.0.0.1 12000 | default | "),
        ("couchbase://db1,db2;db3:11/shop", "db1 11210, db2 11210, db3 11 | shop | "),
        ("couchbase://db1,db2,db1,db1:11210/shop", "db1 11210, db2 11210 | shop | "),
        ("couchbase://10.0.0.1:65535/b", "10.0.0.1 65535 | b | "),
        ("couchbase://[::1]/b", "::1 11210 | b | "),
        ("couchbase://[2001:db8::7]:12000,[::1]/b", "2001:db8::7 12000, ::1 11210 | b | "),
        ("couchbase://db_1.example-x.org/b", "db_1.example-x.org 11210 | b | "),
        ("couchbase://bücher.example/b", "bücher.example 11210 | b | "),
        ("couchbase://h/a%2eb%5F-%25", "h 11210 | a.b_-% | "),
        ("couchbase://app:secret@h/b", "h 11210 | b | app secret"),
        ("couchbase://app:secret@h1,h2/b", "h1 11210, h2 11210 | b | app secret"),
        ("couchbase://app:secret@/b", "127.0.0.1 11210 | b | app secret"),
        ("couchbase://app:@h/b", "h 11210 | b | app "),
        ("app:s:e:c@h/b", "h 11210 | b | app s:e:c"),
        ("app:s@cret@h/b", "h 11210 | b | app s@cret"),
        ("a%3Ap%40p:%2f%3F%25%c3%a9@h/b", "h 11210 | b | a:p@p /?%é"),
        ("couchbase://h/b?", "h 11210 | b | "),
        ("couchbase://h/b?&timeout=1&", "h 11210 | b | "),
        // The scheme's name is a host's or a user's too.
        ("couchbase/b", "couchbase 11210 | b | "),
        ("couchbase:12000,couchbase:11/b", "couchbase 12000, couchbase 11 | b | "),
        ("couchbase:secret@h/b", "h 11210 | b | couchbase secret"),
    ];
    for (text, expected) in table {
        assert_eq!(summary(&check(text)), expected, "{text}");
    }
}

#[test]
fn options() {
    let checked = check("couchbase://h/b");
    let (timeout, connect_timeout, views_timeout) =
        (Duration::from_millis(2_500), Duration::from_secs(10), Duration::from_secs(75));
    assert_eq!(
        (checked.timeout, checked.connect_timeout, checked.views_timeout),
        (timeout, connect_timeout, views_timeout)
    );
    assert_eq!((checked.mechanisms, checked.quiet, checked.limits), (None, false, Limits::default()));
    let limits = checked.limits;
    assert_eq!(
        (limits.max_in_flight, limits.max_in_flight_bytes, limits.max_queued),
        (4_096, 67_108_864, 65_536)
    );

    let checked = check("couchbase://h/b?timeout=800ms&connect_timeout=2%2e5&sasl_mech_force=PLAIN");
    assert_eq!(
        (checked.timeout, checked.connect_timeout),
        (Duration::from_millis(800), Duration::from_millis(2_500))
    );
    assert_eq!(checked.mechanisms, Some([Mechanism::Plain].into()));

    let checked = check("couchbase://h/b?sasl_mech_force=scram-sha1%20SCRAM-SHA-512,SCRAM-SHA1");
    assert_eq!(checked.mechanisms, Some([Mechanism::ScramSha1, Mechanism::ScramSha512].into()));
}

#[test]
fn code_wins_over_the_string() {
    let second = Duration::from_secs(1);
    let config = Config::new("couchbase://app:secret@h/b?timeout=5s&connect_timeout=5s")
        .credentials("other", "word")
        .bucket("c-d")
        .timeout(second)
        .connect_timeout(second * 2)
        .views_timeout(second * 3)
        .quiet(true)
        .max_in_flight(7)
        .max_in_flight_bytes(8)
        .max_queued(0);
    let checked = config.check().unwrap();
    assert_eq!(summary(&checked), "h 11210 | c-d | other word");
    assert_eq!(
        (checked.timeout, checked.connect_timeout, checked.views_timeout),
        (second, second * 2, second * 3)
    );
    assert!(checked.quiet);
    assert_eq!(checked.limits, Limits { max_in_flight: 7, max_in_flight_bytes: 8, max_queued: 0 });

    let checked = Config::new("h").bucket("50%25").credentials("u", "").check().unwrap();
    assert_eq!(summary(&checked), "h 11210 | 50%25 | u ");
    let checked = Config::new("u@h/b").credentials("u", "p").check().unwrap();
    assert_eq!(summary(&checked), "h 11210 | b | u p");
    let checked = Config::from(String::from("h/b")).check().unwrap();
    assert_eq!(summary(&checked), "h 11210 | b | ");
}
