//! Connection strings and settings that are wrong, and the words about them.

use super::refusal;
use crate::Config;
use alloc::format;
use core::time::Duration;

#[test]
fn mistakes() {
    let long = format!("couchbase://{}/b", "h".repeat(256));
    let table = [
        // The scheme.
        ("couchbases://h/b", "couchbases:// (TLS) is not supported yet"),
        ("couchbas://h/b", "there is no scheme couchbas://; the nearest is couchbase://"),
        ("couchbasess://h/b", "there is no scheme couchbasess://; the nearest is couchbases://"),
        ("http://h:8091/b", "it must be couchbase"),
        ("://h/b", "it must be couchbase"),
        ("couchbase:/localhost/b", "the :// after couchbase is missing; write couchbase://host/bucket"),
        ("Couchbase:/h/b", "the :// after couchbase is missing"),
        ("couchbase:/app:secret@h/b", "the :// after couchbase is missing"),
        ("couchbase:/h/b?timeout=://", "the :// after couchbase is missing"),
        ("couchbase:h/b", "the :// after couchbase is missing"),
        ("couchbase:10.0.0.1:11210/b", "the :// after couchbase is missing"),
        ("couchbase//h/b", "the :// after couchbase is missing"),
        ("couchbases:/h/b", "couchbases:// (TLS) is not supported yet"),
        ("couchbase:0/b", "host 1: its port is not a number"),
        ("localhost:/b", "host 1: its port is not a number"),
        // Hosts.
        ("couchbase://h1,,h2/b", "host 2 of the list is empty"),
        ("couchbase://h1,/b", "host 2 of the list is empty"),
        ("couchbase://h 1/b", "host 1: a character that no host name has"),
        ("couchbase://h1,h\u{0}2/b", "host 2: a character that no host name has"),
        ("couchbase://h/b\n?", "the name of the bucket has a character"),
        ("couchbase://::1/b", "host 1: more than one colon: write IPv6 in brackets"),
        ("couchbase://[::1/b", "host 1: a [ without its ]"),
        ("couchbase://[db1]/b", "host 1: no IPv6 address"),
        ("couchbase://[127.0.0.1]/b", "host 1: no IPv6 address"),
        ("couchbase://[]/b", "host 1: no IPv6 address"),
        ("couchbase://[::1]11210/b", "host 1: only :port may follow"),
        ("couchbase://[::1]:/b", "host 1: its port is not a number"),
        (&long, "host 1: longer than the 255 bytes"),
        // Ports.
        ("couchbase://h:/b", "host 1: its port is not a number from 1 to 65535"),
        ("couchbase://h:0/b", "not a number from 1"),
        ("couchbase://h:65536/b", "not a number from 1"),
        ("couchbase://h:+1/b", "not a number from 1"),
        ("couchbase://h:-1/b", "not a number from 1"),
        ("couchbase://h:x/b", "not a number from 1"),
        ("couchbase://h:11210=mcd/b", "not a number from 1"),
        ("couchbase://h:8091/b", "host 1: its port is that of management; the port of data is meant, 11210"),
        ("couchbase://g,h:18091/b", "host 2: its port is that of management with TLS"),
        ("h:11207/b", "host 1: its port is that of data with TLS"),
        // The bucket.
        ("couchbase://h", "the bucket is missing"),
        ("couchbase://h/", "the bucket is missing"),
        ("couchbase://h?timeout=1", "the bucket is missing"),
        ("couchbase://", "the bucket is missing"),
        (
            "",
            "connection string: it is empty, so there is no address; it is written as couchbase://host/bucket",
        ),
        (" \n", "there is no address"),
        ("couchbase://h/a/b", "it contains a /"),
        ("couchbase://h/a%2Fb", "it contains a /"),
        ("couchbase://h/a b", "a character other than"),
        ("couchbase://h/b%", "a broken % escape: write % as %25"),
        ("couchbase://h/b%2", "a broken % escape"),
        ("couchbase://h/b%zz", "a broken % escape"),
        ("couchbase://h/b%+1", "a broken % escape"),
        ("couchbase://h/%ff", "a broken % escape"),
        // Users.
        ("couchbase://@h/b", "a user without a password"),
        (
            "couchbase://app@h/b",
            "a user without a password: write it between a : and the @, or set both with Config::credentials",
        ),
        ("couchbase://:secret@h/b", "the user's name is empty"),
        ("couchbase://app:sec%ret@h/b", "user or password has a broken % escape"),
        ("couchbase://app:sec%00ret@h/b", "cannot contain a zero byte"),
        ("couchbase://app:sec/ret@h/b", "write / as %2F and ? as %3F"),
        ("couchbase:sec/ret@h/b", "write / as %2F and ? as %3F"),
        ("couchbase://app:sec?ret@h/b", "write / as %2F and ? as %3F"),
        // Options.
        ("couchbase://h/b?timout=1s", "option 1: timout is unknown; the nearest is timeout"),
        (
            "couchbase://h/b?timeout=1&connecttimeout=1s",
            "option 2: connecttimeout is unknown; the nearest is connect_timeout",
        ),
        (
            "couchbase://h/b?network=external",
            "option 1: network is unknown; there are timeout, connect_timeout, sasl_mech_force",
        ),
        (
            "couchbase://app:secret@h:1/b?timeout=1&network=external",
            "option 2: network is unknown; there are",
        ),
        ("couchbase://h/b?num_retries=3", "option 1: num_retries is unknown; there are"),
        ("couchbase://h/b?timeout", "option 1: timeout must be a duration"),
        ("couchbase://h/b?timeout=", "option 1: timeout must be a duration"),
        ("couchbase://h/b?timeout=soon", "option 1: timeout must be a duration above zero"),
        ("couchbase://h/b?timeout=2m", "the units are s and ms: 2.5s, 800ms, or plain seconds: 2.5"),
        ("couchbase://h/b?timeout=-1", "option 1: timeout must be a duration"),
        ("couchbase://h/b?timeout=%", "option 1: a broken % escape"),
        ("couchbase://h/b?timeout=1&timeout=1", "option 2: timeout is given twice"),
        (
            "couchbase://h/b?sasl_mech_force=PLAIN&timeout=1&sasl_mech_force=PLAIN",
            "option 3: sasl_mech_force is given twice",
        ),
        ("couchbase://h/b?timeout=0", "timeout is zero"),
        ("couchbase://h/b?timeout=0.0000000001", "timeout is zero"),
        ("couchbase://h/b?connect_timeout=0ms", "connect_timeout is zero"),
        (
            "couchbase://h/b?connect_timeout=86400.001",
            "connect_timeout is 86400.001s: it must be at most a day",
        ),
        ("couchbase://h/b?sasl_mech_force=", "sasl_mech_force names no mechanism"),
        ("couchbase://h/b?sasl_mech_force=SCRAM-SHA513", "unknown mechanism; the nearest is SCRAM-SHA512"),
        ("couchbase://h/b?sasl_mech_force=GSSAPI", "there are SCRAM-SHA512, SCRAM-SHA256, SCRAM-SHA1, PLAIN"),
    ];
    for (text, words) in table {
        let refusal = refusal(&Config::new(text));
        assert!(refusal.contains(words), "{text}\n{refusal}");
    }
}

#[test]
fn mistakes_in_code() {
    let config = || Config::new("couchbase://h/b");
    let table = [
        (config().timeout(Duration::ZERO), "timeout is zero"),
        (config().connect_timeout(Duration::ZERO), "connect_timeout is zero"),
        (config().views_timeout(Duration::ZERO), "views_timeout is zero"),
        (config().timeout(Duration::MAX), "timeout is"),
        (config().bucket(""), "the name of the bucket is empty"),
        (config().bucket("x".repeat(101)), "101 bytes, more than 100"),
        (config().bucket("a b"), "a character other than"),
        (config().credentials("", "secret"), "the user's name is empty"),
        (config().credentials("a\0b", "secret"), "zero byte"),
        (config().credentials("a", "sec\0ret"), "zero byte"),
        (config().max_in_flight(0), "max_in_flight must be 1 to"),
        (config().max_in_flight(usize::MAX), "max_in_flight must be 1 to"),
        (config().max_in_flight_bytes(0), "max_in_flight_bytes must be at least 1"),
    ];
    for (config, words) in table {
        let refusal = refusal(&config);
        assert!(refusal.contains(words), "{words}\n{refusal}");
        assert!(!refusal.contains("secret") && !refusal.contains("sec\0ret"), "{refusal}");
    }
}

#[test]
fn of_several_mistakes_the_first_is_told() {
    let config = |string: &str| Config::new(string).max_in_flight(0).timeout(Duration::ZERO);
    for (string, told) in [
        ("http://h/b?timeot=1", "scheme"),
        ("couchbase://h/b?timeot=1", "timeot"),
        ("couchbase://h/", "bucket"),
        ("couchbase://h/b", "max_in_flight"),
    ] {
        let refusal = refusal(&config(string));
        assert!(refusal.contains(told), "{string}\n{refusal}");
    }
}
