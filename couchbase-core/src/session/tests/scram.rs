//! SCRAM against published and independently computed vectors, and against servers that lie.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::session::credentials::{Credentials, Secret};
use crate::session::scram::{ClientFinal, ClientFirst, DerivedKeys, Hash, MAX_MESSAGE, ScramError};

const CLIENT_NONCE: &str = "0123456789abcdef";
const SERVER_FIRST: &str = "r=0123456789abcdeffedcba9876543210,s=AAECAwQFBgcICQoLDA0ODxAREhM=,i=4096";

/// User `alice,admin`, password `s3cret`: hash, client's proof, server's signature.
const VECTORS: [(Hash, &str, &str); 3] = [
    (Hash::Sha1, "Qt5bGUBowijlvXfnZlqBXxG63lY=", "PPtF9xOPZXwfK8kvBDGmNbCknso="),
    (
        Hash::Sha256,
        "sTEQ9ZlXIpjCsQ/Oyo7h+ajV+EZZO7Sn908Iw07Sp9w=",
        "NpA0a1/dCGZQgbBfrkKzlA2Ifv5a56myv8e7d1HIuDw=",
    ),
    (
        Hash::Sha512,
        "E0s58ZudoXBPMTOhcMHvG8DsU/tHwXfZTFCNorUuL62OCe5k8Q55ZteFiTMCXQ/RzSffGl3UUyjCQM83y29h1w==",
        "ONvDQ0/g9smuO7Oke0tezFQTG/VAEIppIilxDKzVJogHIDYSYWRllmqwHnsQvh1al7TmfVinIAaqe3iZzkJDww==",
    ),
];

fn alice() -> Credentials {
    Credentials::new("alice,admin", Secret::new("s3cret"))
}

fn first(hash: Hash) -> ClientFirst {
    ClientFirst::new(hash, alice().user(), CLIENT_NONCE.to_string())
}

/// The exchange from server-first to client-final.
fn answer(
    first: ClientFirst,
    server_first: impl AsRef<[u8]>,
    credentials: &Credentials,
    keys: &mut DerivedKeys,
) -> Result<(ClientFinal, String), ScramError> {
    let challenge = first.handle_server_first(server_first.as_ref())?;
    let found = keys.find(&challenge, credentials).unwrap_or_else(|| {
        let mut derivation = challenge.derivation(credentials);
        let salted = derivation.advance(u32::MAX).expect("these are all");
        keys.keep(&challenge, salted)
    });
    Ok(challenge.answer(found))
}

/// What becomes of a server-first.
fn answer_to(server_first: &[u8]) -> Result<String, ScramError> {
    let first = first(Hash::Sha256);
    answer(first, server_first, &alice(), &mut DerivedKeys::default()).map(|(_, client_final)| client_final)
}

/// What becomes of a server-final, after an exchange that went well so far.
fn verdict_on(hash: Hash, server_final: &[u8]) -> Result<(), ScramError> {
    let (last, _) = answer(first(hash), SERVER_FIRST, &alice(), &mut DerivedKeys::default())
        .expect("a good server-first");
    last.handle_server_final(server_final)
}

#[test]
fn the_vectors_of_all_three_hashes() {
    for (hash, proof, signature) in VECTORS {
        let first = first(hash);
        assert_eq!(first.message(), "n,,n=alice=2Cadmin,r=0123456789abcdef");
        let (last, client_final) =
            answer(first, SERVER_FIRST, &alice(), &mut DerivedKeys::default()).expect("a good server-first");
        assert_eq!(client_final, format!("c=biws,r=0123456789abcdeffedcba9876543210,p={proof}"), "{hash:?}");
        assert_eq!(last.handle_server_final(format!("v={signature}").as_bytes()), Ok(()), "{hash:?}");
    }
}

#[test]
fn the_examples_of_the_standards() {
    let user = Credentials::new("user", Secret::new("pencil"));
    let cases = [
        (
            // RFC 5802, section 5
            Hash::Sha1,
            "fyko+d2lbbFgONRv9qkxdawL",
            "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
            "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
            "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
        ),
        (
            // RFC 7677, section 3
            Hash::Sha256,
            "rOprNGfwEbeRWgbNEkqO",
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        ),
    ];
    for (hash, nonce, server_first, client_final, server_final) in cases {
        let first = ClientFirst::new(hash, user.user(), nonce.to_string());
        let (last, answered) =
            answer(first, server_first, &user, &mut DerivedKeys::default()).expect("a good server-first");
        assert_eq!(answered, client_final);
        assert_eq!(last.handle_server_final(server_final.as_bytes()), Ok(()));
    }
}

#[test]
fn a_name_is_escaped_and_nothing_else() {
    let first = ClientFirst::new(Hash::Sha1, "a=b,c d\u{e4}", "x".to_string());
    assert_eq!(first.message(), "n,,n=a=3Db=2Cc d\u{e4},r=x");
}

#[test]
fn a_bad_server_first_is_refused_by_name() {
    let cases: [(&str, ScramError); 22] = [
        ("", ScramError::Missing("nonce")),
        ("x", ScramError::Missing("nonce")),
        ("s=AAEC,r=0123456789abcdefX,i=4096", ScramError::Missing("nonce")),
        ("r=0123456789abcdefX", ScramError::Missing("salt")),
        ("r=0123456789abcdefX,i=4096", ScramError::Missing("salt")),
        ("r=0123456789abcdefX,s=AAEC", ScramError::Missing("iteration count")),
        ("r=0123456789abcdefX,s=AAEC,x=1", ScramError::Missing("iteration count")),
        ("m=ext,r=0123456789abcdefX,s=AAEC,i=4096", ScramError::UnknownExtension),
        ("e=other-error", ScramError::Refused("other-error".to_string())),
        // As long as ours, shorter, and another one altogether.
        ("r=0123456789abcdef,s=AAEC,i=4096", ScramError::Nonce),
        ("r=0123456789abcde,s=AAEC,i=4096", ScramError::Nonce),
        ("r=X123456789abcdefX,s=AAEC,i=4096", ScramError::Nonce),
        ("r=0123456789abcdefX,s=*,i=4096", ScramError::Base64("salt")),
        ("r=0123456789abcdefX,s=AAE,i=4096", ScramError::Base64("salt")),
        ("r=0123456789abcdefX,s=,i=4096", ScramError::NoSalt),
        ("r=0123456789abcdefX,s=AAEC,i=", ScramError::NotANumber),
        ("r=0123456789abcdefX,s=AAEC,i=+4096", ScramError::NotANumber),
        ("r=0123456789abcdefX,s=AAEC,i=-1", ScramError::NotANumber),
        ("r=0123456789abcdefX,s=AAEC,i=0", ScramError::TooFewIterations(0)),
        ("r=0123456789abcdefX,s=AAEC,i=3999", ScramError::TooFewIterations(3_999)),
        ("r=0123456789abcdefX,s=AAEC,i=1000001", ScramError::TooManyIterations(1_000_001)),
        ("r=0123456789abcdefX,s=AAEC,i=99999999999999999999999", ScramError::TooManyIterations(u64::MAX)),
    ];
    for (server_first, expected) in cases {
        assert_eq!(answer_to(server_first.as_bytes()), Err(expected.clone()), "{server_first}");
        assert!(!expected.to_string().is_empty());
    }
    assert_eq!(answer_to(b"r=0123456789abcdef\xff"), Err(ScramError::NotText));
    let endless = format!("r=0123456789abcdef{}", "x".repeat(MAX_MESSAGE));
    assert_eq!(answer_to(endless.as_bytes()), Err(ScramError::TooLong(endless.len())));
}

#[test]
fn extensions_behind_server_first_are_passed_over_but_signed() {
    let plain = answer_to(SERVER_FIRST.as_bytes()).expect("a good server-first");
    let extended = answer_to(format!("{SERVER_FIRST},x=1").as_bytes()).expect("an extension is no fault");
    assert_ne!(plain, extended, "the proof covers the whole message");
}

#[test]
fn only_the_right_signature_proves_the_server() {
    for (hash, _, signature) in VECTORS {
        assert_eq!(verdict_on(hash, format!("v={signature},x=1").as_bytes()), Ok(()));
        let mut wrong = signature.to_string();
        let swapped = if wrong.remove(0) == 'A' { 'B' } else { 'A' };
        wrong.insert(0, swapped);
        assert_eq!(verdict_on(hash, format!("v={wrong}").as_bytes()), Err(ScramError::NotProven));
        // A prefix of the right one, nothing, and that of another hash.
        for short in ["v=", "v=PPtF", "v=AAAAAAAAAAAAAAAAAAAAAAAAAAA="] {
            assert_eq!(verdict_on(hash, short.as_bytes()), Err(ScramError::NotProven), "{short}");
        }
    }
    assert_eq!(verdict_on(Hash::Sha1, b""), Err(ScramError::NotProven));
    assert_eq!(verdict_on(Hash::Sha1, b"v=***"), Err(ScramError::Base64("signature")));
    assert_eq!(
        verdict_on(Hash::Sha1, b"e=invalid-proof\n"),
        Err(ScramError::Refused("invalid-proof".to_string()))
    );
    assert_eq!(ScramError::NotProven.to_string(), "the server did not prove that it knows the password");
}

#[test]
fn keys_are_derived_once_for_a_credential_and_salt() {
    let mut keys = DerivedKeys::default();
    let mut answered = |user: &Credentials, hash, salt: &str| {
        let first = ClientFirst::new(hash, user.user(), CLIENT_NONCE.to_string());
        let server_first = format!("r={CLIENT_NONCE}X,s={salt},i=4096");
        let (_, answered) = answer(first, server_first, user, &mut keys).expect("good");
        (answered, keys.derivations())
    };
    let alice = alice();
    let (one, count) = answered(&alice, Hash::Sha256, "AAEC");
    assert_eq!(count, 1);
    assert_eq!(answered(&alice, Hash::Sha256, "AAEC"), (one.clone(), 1));
    assert_eq!(answered(&alice, Hash::Sha256, "AAED").1, 2, "another salt");
    assert_eq!(answered(&alice, Hash::Sha512, "AAEC").1, 3, "another hash");
    assert_eq!(answered(&alice, Hash::Sha256, "AAEC"), (one.clone(), 3), "the first is still there");
    let changed = Credentials::new("alice,admin", Secret::new("changed"));
    let (other, count) = answered(&changed, Hash::Sha256, "AAEC");
    assert_eq!(count, 4, "another password");
    assert_ne!(other, one);
    assert_eq!(answered(&alice, Hash::Sha256, "AAEC"), (one, 5), "nothing is kept of who owned it before");
}

#[test]
fn a_stream_of_salts_does_not_fill_the_memory() {
    let mut keys = DerivedKeys::default();
    let salts: Vec<String> = (10..40).map(|n| format!("AA{n}")).collect();
    for salt in &salts {
        let server_first = format!("r={CLIENT_NONCE}X,s={salt},i=4096");
        answer(first(Hash::Sha1), server_first, &alice(), &mut keys).expect("good");
    }
    assert_eq!(keys.derivations(), 30);
    assert_eq!(format!("{keys:?}"), "DerivedKeys { kept: 8, .. }");
}

#[test]
fn nothing_secret_is_printed() {
    let first = first(Hash::Sha256);
    let printed = format!("{:?} {first:?}", alice());
    assert!(!printed.contains("s3cret"), "{printed}");
    let challenge = first.handle_server_first(SERVER_FIRST.as_bytes()).expect("a good server-first");
    let derivation = challenge.derivation(&alice());
    assert_eq!(
        format!("{challenge:?} {derivation:?}"),
        "Challenge { hash: Sha256, .. } Derivation { left: 4095, .. }"
    );
    let first = ClientFirst::new(Hash::Sha256, alice().user(), CLIENT_NONCE.to_string());
    let (last, _) = answer(first, SERVER_FIRST, &alice(), &mut DerivedKeys::default()).expect("good");
    assert_eq!(format!("{last:?}"), "ClientFinal { hash: Sha256, .. }");
}
