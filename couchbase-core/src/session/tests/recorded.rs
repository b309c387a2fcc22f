//! The bootstraps recorded from a real server (see `testdata/README.md`), played again.
//!
//! Each case names the recorded reply to each of our requests, in order. Nonces and opaques are inputs, so what we
//! write in the SASL exchange must be the recorded bytes, and the recorded server's signature must verify.

mod player;
mod refusals;

use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use self::player::Play::{self, Other, Pushed, Same};
use self::player::{nonce_of, play};
use crate::ErrorKind;
use crate::session::{Attributes, Credentials, Mechanism, Secret, Settings};
use crate::wire::{Feature, Status};

fn settings(user: &str, password: &str, bucket: &str) -> Settings {
    Settings {
        credentials: Some(Credentials::new(user, Secret::new(password))),
        bucket: Some(bucket.to_string()),
        ..Settings::new("any")
    }
}

fn over_plain(user: &str, password: &str, bucket: &str) -> Settings {
    Settings { forced: Some(vec![Mechanism::Plain]), ..settings(user, password, bucket) }
}

const FULL: [Play; 7] = [
    Other("full/hello"),
    Same("full/get_error_map_v2"),
    Same("full/sasl_list_mechs"),
    Same("full/ok.scram_auth"),
    Same("full/ok.scram_step"),
    Same("full/select_bucket"),
    // That session agreed on compressed configs, which we do not ask for.
    Same("push/get_cluster_config"),
];

#[test]
fn full_over_scram_with_tracing() {
    for piece in [1, 7, 100_000] {
        let settings = settings("app", "app-secret", "default");
        let established = play(settings, &nonce_of("full/ok.scram_auth"), &FULL, piece);
        let established = established.expect("the recorded link came up");
        assert_eq!(established.mechanism, Some(Mechanism::ScramSha512));
        // Of the many granted, what this client asks for.
        let features: Vec<Feature> = established.features.iter().collect();
        assert_eq!(features, crate::session::WANTED_FEATURES);
        let map = established.error_map.expect("a map");
        assert_eq!((map.version(), map.revision(), map.len()), (2, 5, 80));
        let locked = map.lookup(Status::LOCKED).expect("an entry");
        assert_eq!(locked.name(), "LOCKED");
        let expected = [Attributes::ITEM_LOCKED, Attributes::ITEM_ONLY, Attributes::RETRY_NOW];
        assert_eq!(locked.attributes(), expected.into_iter().fold(Attributes::default(), Attributes::with));
        let config = established.config.expect("a config");
        assert!(config.starts_with(br#"{"rev":2,"revEpoch":1,"name":"default""#));
    }
}

#[test]
fn a_compressed_config_was_not_agreed_on() {
    let mut script = FULL;
    script[6] = Same("full/get_cluster_config");
    let settings = settings("app", "app-secret", "default");
    let failure = play(settings, &nonce_of("full/ok.scram_auth"), &script, 100).expect_err("a violation");
    assert_eq!((failure.step, failure.kind), ("GET_CLUSTER_CONFIG", ErrorKind::Protocol));
}

#[test]
fn links_over_plain_come_up() {
    let cases: [(&str, Settings, [Play; 6], usize, u16); 6] = [
        (
            "basic",
            over_plain("app", "app-secret", "default"),
            [
                Other("basic/hello"),
                Other("basic/get_error_map_v1"),
                Same("unauth/sasl_list_mechs"),
                Same("basic/sasl_plain"),
                Same("basic/select_bucket"),
                Same("basic/get_cluster_config"),
            ],
            3,
            1,
        ),
        (
            "noxerror, whose HELLO granted nothing",
            over_plain("app", "app-secret", "default"),
            [
                Other("unauth/hello_empty"),
                Other("basic/get_error_map_v1"),
                Same("unauth/sasl_list_mechs"),
                Same("noxerror/sasl_plain"),
                Same("basic/select_bucket"),
                Same("basic/get_cluster_config"),
            ],
            0,
            1,
        ),
        (
            "unauth, reader",
            over_plain("reader", "reader-secret", "default"),
            [
                Other("unauth/hello_reverse_order"),
                Other("unauth/get_error_map_v1"),
                Same("unauth/sasl_list_mechs"),
                Same("unauth/sasl_plain_ok"),
                Same("unauth/select_bucket_ok"),
                Same("basic/get_cluster_config"),
            ],
            2,
            1,
        ),
        (
            "push",
            over_plain("app", "app-secret", "default"),
            [
                Other("push/hello"),
                Same("full/get_error_map_v2"),
                Same("unauth/sasl_list_mechs"),
                Same("basic/sasl_plain"),
                Same("push/select_bucket"),
                Same("push/get_cluster_config"),
            ],
            3,
            2,
        ),
        (
            "push_brief, with pushes in between",
            over_plain("app", "app-secret", "default"),
            [
                Other("push_brief/hello"),
                Same("full/get_error_map_v2"),
                Same("unauth/sasl_list_mechs"),
                Pushed("push_brief/clustermap_change_notification_brief", "basic/sasl_plain"),
                Same("push_brief/select_bucket"),
                Pushed("push_brief/clustermap_change_notification_brief", "push_brief/get_cluster_config"),
            ],
            4,
            2,
        ),
        (
            "admin, a bucket with a config and no data",
            over_plain("Administrator", "password", "confonly"),
            [
                Other("admin/hello"),
                Same("full/get_error_map_v2"),
                Same("unauth/sasl_list_mechs"),
                Same("admin/sasl_plain"),
                Same("admin/select_config_only"),
                Same("admin/get_cluster_config_config_only"),
            ],
            3,
            2,
        ),
    ];
    for (about, settings, script, features, map_version) in cases {
        let established =
            play(settings, "", &script, 64).unwrap_or_else(|failure| panic!("{about}: {failure}"));
        assert_eq!(established.mechanism, Some(Mechanism::Plain), "{about}");
        assert_eq!(established.features.iter().count(), features, "{about}");
        assert_eq!(established.error_map.expect("a map").version(), map_version, "{about}");
        assert!(established.config.expect("a config").starts_with(br#"{"rev":2,"revEpoch":1,"#), "{about}");
    }
}
