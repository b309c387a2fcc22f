//! Small things with names: features, mechanisms, the words of a refusal.

use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use crate::session::mechanism::{Allowed, parse_list};
use crate::session::{Credentials, ErrorBody, Features, Mechanism, Secret, WANTED_FEATURES};
use crate::wire::Feature;

#[test]
fn wanted_features_ascend() {
    assert!(WANTED_FEATURES.is_sorted_by(|a, b| a.0 < b.0));
}

#[test]
fn granted_features_are_those_asked_for() {
    let parse = |body: &[u8]| Features::parse_granted(body, WANTED_FEATURES);
    assert_eq!(parse(&[]), Some(Features::default()));
    assert_eq!(parse(&[0]), None);
    let granted = parse(&[0, 0x1d, 0, 3, 0, 0x0e, 0xff, 0xff, 0, 3]).expect("a list");
    assert_eq!(
        granted.iter().collect::<Vec<_>>(),
        [Feature::TCP_NODELAY, Feature::GET_CLUSTER_CONFIG_WITH_KNOWN_VERSION]
    );
    assert!(!granted.is_empty() && !granted.contains(Feature(0xffff)));
    // A code that the set has no room for is off, not another one.
    let odd: Features = [Feature(64), Feature(0xffff)].into_iter().collect();
    assert!(odd.is_empty());
}

#[test]
fn mechanisms_have_one_dash_on_the_wire() {
    let names: Vec<&str> = Mechanism::ALL.iter().map(|mechanism| mechanism.name()).collect();
    assert_eq!(names, ["SCRAM-SHA512", "SCRAM-SHA256", "SCRAM-SHA1", "PLAIN"]);
    for &mechanism in Mechanism::ALL {
        assert_eq!(Mechanism::from_name(&mechanism.to_string().to_lowercase()), Some(mechanism));
    }
    assert_eq!(Mechanism::from_name("SCRAM-SHA-1"), Some(Mechanism::ScramSha1));
    assert_eq!(Mechanism::from_name("SCRAM-SHA"), None);
}

#[test]
fn the_strongest_mechanism_of_both_sides_is_chosen() {
    let listed = parse_list(b"PLAIN SCRAM-SHA1 OAUTHBEARER SCRAM-SHA256 PLAIN ");
    assert_eq!(listed, [Mechanism::Plain, Mechanism::ScramSha1, Mechanism::ScramSha256]);
    assert_eq!(Allowed::new(None).first(), Mechanism::ScramSha512);
    assert_eq!(Allowed::new(None).choose(&listed), Some(Mechanism::ScramSha256));
    assert_eq!(Allowed::new(None).choose(&[Mechanism::Plain]), None);
    let forced = vec![Mechanism::Plain, Mechanism::ScramSha1, Mechanism::Plain];
    assert_eq!(Allowed::new(Some(&forced)).first(), Mechanism::ScramSha1);
    assert_eq!(Allowed::new(Some(&forced)).choose(&[Mechanism::Plain]), Some(Mechanism::Plain));
}

#[test]
fn a_refusal_is_shown_in_the_servers_words() {
    let shown = |body: &[u8]| ErrorBody::parse(body).map(|body| body.to_string());
    let both = br#"{"error":{"context":"Not \"so\"","ref":"1-2"},"manifest_uid":"17"}"#;
    assert_eq!(shown(both).as_deref(), Some("Not \"so\"; ref 1-2"));
    assert_eq!(shown(br#"{"error":{"ref":"1-2"}}"#).as_deref(), Some("ref 1-2"));
    assert_eq!(shown(br#"{"error":{"context":"c"}}"#).as_deref(), Some("c"));
    assert_eq!(shown(b"Unknown command").as_deref(), Some("Unknown command"));
    assert_eq!(shown(b"a\x1b[31m\r\nb").as_deref(), Some("a[31mb"), "no control characters");
    for nothing in [&b""[..], b"\xff\xfe", br#"{"error":{}}"#, b"\n"] {
        assert_eq!(shown(nothing), None);
    }
    let endless = "x".repeat(1 << 20);
    assert_eq!(shown(endless.as_bytes()).expect("words").len(), 400);
    let body = ErrorBody::parse(both).expect("words");
    assert_eq!((body.context(), body.reference()), ("Not \"so\"", "1-2"));
}

#[test]
fn a_secret_is_not_shown() {
    let user = Credentials::new("app", Secret::new("app-secret"));
    assert_eq!(format!("{user:?}"), "Credentials { user: \"app\", password: Secret(..) }");
    assert_eq!(user.password().reveal(), "app-secret");
}
