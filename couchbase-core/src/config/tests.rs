//! Connection strings, right and wrong, and what settings in code do to them.

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
        ("couchbase:h/b", "host 1: its port is not a number"),
        ("couchbase:/h/b", "host 1: its port is not a number"),
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
        ("", "the bucket is missing"),
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
        ("couchbase://app@h/b", "a user without a password"),
        ("couchbase://:secret@h/b", "the user's name is empty"),
        ("couchbase://app:sec%ret@h/b", "user or password has a broken % escape"),
        ("couchbase://app:sec%00ret@h/b", "cannot contain a zero byte"),
        ("couchbase://app:sec/ret@h/b", "write / as %2F and ? as %3F"),
        ("couchbase://app:sec?ret@h/b", "write / as %2F and ? as %3F"),
        // Options.
        ("couchbase://h/b?timout=1s", "option 1: timout is unknown; the nearest is timeout"),
        (
            "couchbase://h/b?timeout=1&connecttimeout=1s",
            "option 2: connecttimeout is unknown; the nearest is connect_timeout",
        ),
        (
            "couchbase://h/b?network=external",
            "option 1: unknown; there are timeout, connect_timeout, sasl_mech_force",
        ),
        ("couchbase://h/b?timeout", "option 1: timeout must be a duration"),
        ("couchbase://h/b?timeout=", "option 1: timeout must be a duration"),
        ("couchbase://h/b?timeout=soon", "option 1: timeout must be a duration above zero, as 2.5s, 800ms"),
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

#[test]
fn debug_shows_no_password() {
    let config = Config::new("couchbase://app:hunter2@h/b?timeout=1s").credentials("app", "tiger");
    let shown = format!("{config:?} {:?}", config.check().unwrap());
    assert!(!shown.contains("hunter2") && !shown.contains("tiger"), "{shown}");
    assert!(shown.contains("\"app\"") && shown.contains("\"h\"") && shown.contains("\"b\""), "{shown}");

    for malformed in ["couchbase://app:hunter2", "couchbase://app:hunter2/x@h/b", "hunter2://h/b"] {
        let shown = format!("{:?}", Config::new(malformed));
        assert!(shown.contains("(malformed)") && !shown.contains("hunter2"), "{shown}");
    }
}

/// Strings damaged at random, always the same ones: none panics, and none makes an error that shows the password.
#[test]
fn damaged_strings() {
    const PASSWORD: &str = "hunter2Secret";
    const PIECES: [&str; 24] = [
        "@",
        ":",
        "/",
        "?",
        "&",
        "=",
        ",",
        ";",
        "[",
        "]",
        "%",
        "%4",
        "%40",
        "://",
        "..",
        " ",
        "\0",
        "é",
        "0",
        "65536",
        "8091",
        "timeout=",
        "couchbase",
        "-1",
    ];
    let whole =
        format!("couchbase://app:{PASSWORD}@db1:11210,[::1]:12000/shop?timeout=2.5s&sasl_mech_force=PLAIN");
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |end: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % end as u64) as usize
    };
    let mut refused = 0;
    for _ in 0..20_000 {
        let mut text: Vec<char> = whole.chars().collect();
        for _ in 0..1 + below(4) {
            let at = below(text.len() + 1);
            match below(4) {
                _ if at == text.len() => text.push('x'),
                0 => drop(text.remove(at)),
                1 => drop(text.splice(at..at, PIECES[below(PIECES.len())].chars())),
                2 => drop(text.splice(at..=at, PIECES[below(PIECES.len())].chars())),
                _ => text.truncate(at),
            }
        }
        let text: String = text.into_iter().collect();
        if let Err(error) = Config::new(text.as_str()).check() {
            refused += 1;
            assert_eq!(error.kind(), ErrorKind::Argument);
            for shown in [format!("{error}"), format!("{error:?}")] {
                assert!(!shown.contains(PASSWORD), "{text}\n{shown}");
            }
        }
    }
    assert!((5_000..20_000).contains(&refused), "{refused} of 20,000 refused");
}
