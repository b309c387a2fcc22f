//! No password is shown, in however malformed a string.

use super::refusal;
use crate::{Config, ErrorKind};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

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

/// An option that nobody knows is named only where no password can stand.
#[test]
fn unknown_options_that_may_be_passwords_are_not_named() {
    for text in [
        // Not closed by an @: a password with / and ? in it.
        "couchbase://app:?tiger=1",
        "couchbase://app:12?tiger=1",
        "couchbase://app:12/b?tiger=1",
        "couchbase://app:12/b?timeout=1&tiger=1",
        // The same behind an @ that belongs to it.
        "couchbase://app:p@ss?tiger=1",
        "couchbase://app:p@ss/b?tiger=1",
        // Something that is no address.
        "cat?tiger=1",
        "cat/b?tiger=1",
        "couchbase://cat?tiger=1",
        "couchbase://cat/?tiger=1",
        // No name.
        "couchbase://h/b?tiger",
        "couchbase://h/b?app:tiger=1",
        "couchbase://h/b?app@tiger=1",
        "couchbase://h/b?tiger2=1",
        "couchbase://h/b?Tiger=1",
        "couchbase://h/b?unknown=tiger",
        "couchbase://h/b?network=tiger",
    ] {
        let refusal = refusal(&Config::new(text));
        assert!(!refusal.to_lowercase().contains("tiger"), "{text}\n{refusal}");
    }
}

/// Strings damaged at random, always the same ones: none panics, and none makes an error that shows the password.
#[test]
fn damaged_strings() {
    // The second could be the name of an option.
    for password in ["hunter2Secret", "open_sesame"] {
        damage(password);
    }
}

fn damage(password: &str) {
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
        format!("couchbase://app:{password}@db1:11210,[::1]:12000/shop?timeout=2.5s&sasl_mech_force=PLAIN");
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
                assert!(!shown.contains(password), "{text}\n{shown}");
            }
        }
    }
    assert!((5_000..20_000).contains(&refused), "{refused} of 20,000 refused");
}
