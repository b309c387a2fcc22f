//! A link's handshake against a server that answers anything, in pieces of any size.
//!
//! The first byte of the input chooses the settings, the rest is what the server sends. With the lowest bit set the
//! replies get the opaques that are due, so that mutations reach the later steps.

use crate::cuts::pieces;
use couchbase_core::session::{Credentials, DerivedKeys, Handshake, Mechanism, Secret, Settings, Step};
use couchbase_core::wire::{Magic, peek};
use std::cell::RefCell;
use std::sync::Arc;

/// The nonce, user and password of the recorded exchange in the corpus: with others the server's proof would be wrong.
const NONCE: &str = "iJJ00Jkrg3q2tTKDOEQz+FwX";
const USER: &str = "app";
const PASSWORD: &str = "app-secret";
/// Close to the end, so that the numbers wrap.
const FIRST_OPAQUE: u32 = u32::MAX - 2;
const LIMIT: usize = 64 * 1024;
/// Parts of a packet's work that are waited for; see [`is_costly`] for what would take more.
const MOST_WORK: u32 = 8;

thread_local! {
    /// Kept between inputs: most of the time would go into deriving the same keys again.
    static KEYS: RefCell<DerivedKeys> = RefCell::default();
}

/// How a handshake went.
#[derive(Debug, PartialEq)]
struct Outcome {
    sent: Vec<u8>,
    end: String,
}

/// Plays `data` to a handshake, whole and in pieces.
pub fn session(data: &[u8]) {
    let Some((&choice, replies)) = data.split_first() else { return };
    let settings = Arc::new(settings(choice));
    let mut replies = replies.to_vec();
    if choice & 1 != 0 {
        number(&mut replies);
    }
    if is_costly(&replies) {
        return;
    }
    let whole = KEYS.with_borrow_mut(|keys| play(&settings, keys, [&replies[..]].into_iter()));
    let cut = KEYS.with_borrow_mut(|keys| play(&settings, keys, pieces(&replies)));
    assert_eq!(cut, whole, "chunking matters");
    requests(&whole.sent);
}

/// A server may ask for up to a million rounds of hashing, which would say nothing new here.
fn is_costly(replies: &[u8]) -> bool {
    let count = |at: usize| replies[at + 2..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    replies.windows(2).enumerate().any(|(at, pair)| pair == b"i=" && count(at) > 5)
}

fn settings(choice: u8) -> Settings {
    let forced = match choice >> 3 & 3 {
        0 => None,
        1 => Some(vec![Mechanism::Plain]),
        2 => Some(vec![Mechanism::ScramSha1, Mechanism::Plain]),
        _ => Some(vec![Mechanism::ScramSha256]),
    };
    let mut settings = Settings::new("fuzz");
    settings.credentials = (choice & 2 == 0).then(|| Credentials::new(USER, Secret::new(PASSWORD)));
    settings.bucket = (choice & 4 == 0).then(|| "default".to_owned());
    settings.forced = forced;
    settings
}

/// Gives the replies the opaques of the requests, in order.
fn number(replies: &mut [u8]) {
    let (mut at, mut opaque) = (0, FIRST_OPAQUE);
    while let Ok(Some(packet)) = peek(&replies[at..], LIMIT) {
        let (len, magic) = (packet.len(), packet.magic());
        if magic != Magic::ServerRequest {
            replies[at + 12..at + 16].copy_from_slice(&opaque.to_be_bytes());
            opaque = opaque.wrapping_add(1);
        }
        at += len;
    }
}

fn play<'a>(
    settings: &Arc<Settings>,
    keys: &mut DerivedKeys,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> Outcome {
    let mut sent = Vec::new();
    let mut handshake = Handshake::start_with(settings.clone(), NONCE.into(), 1, FIRST_OPAQUE, &mut sent);
    let mut buffer = Vec::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            let packet = match peek(&buffer, LIMIT) {
                Ok(Some(packet)) => packet,
                Ok(None) => break,
                Err(error) => return Outcome { sent, end: format!("{error}") },
            };
            let mut step = handshake.handle_packet(&packet, keys, &mut sent);
            for _ in 0..MOST_WORK {
                step = match step {
                    Step::Waiting(handshake) => handshake.advance(keys, &mut sent),
                    end => end,
                };
            }
            match step {
                Step::Waiting(next) => handshake = next,
                Step::Established(established) => {
                    let granted =
                        established.features.iter().all(|feature| settings.features.contains(&feature));
                    assert!(granted, "a feature is on that nobody asked for");
                    let is_right = established.mechanism.is_some() == settings.credentials.is_some();
                    assert!(is_right, "ready without a login, or with one that nobody asked for");
                    return Outcome { sent, end: format!("{established:?}") };
                }
                Step::Failed(failure) => {
                    let end = format!("{failure} {failure:?}");
                    // The server may echo it; nobody else may.
                    let is_echo = buffer.windows(PASSWORD.len()).any(|bytes| bytes == PASSWORD.as_bytes());
                    assert!(is_echo || !end.contains(PASSWORD), "{end}");
                    return Outcome { sent, end };
                }
                other => panic!("an outcome that this does not know: {other:?}"),
            }
            let len = packet.len();
            buffer.drain(..len);
        }
    }
    Outcome { sent, end: format!("waiting for {}", handshake.awaits()) }
}

/// What was sent is whole requests, numbered without a gap.
fn requests(sent: &[u8]) {
    assert!(sent.len() < 16 * 1024, "a handshake sends little");
    let (mut rest, mut opaque) = (sent, FIRST_OPAQUE);
    while !rest.is_empty() {
        let packet = peek(rest, LIMIT).expect("requests are frames").expect("requests are whole");
        assert_eq!((packet.magic(), packet.opaque()), (Magic::Request, opaque));
        opaque = opaque.wrapping_add(1);
        rest = &rest[packet.len()..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How the handshake ends that the input plays.
    fn end(input: &[u8]) -> String {
        let mut replies = input[1..].to_vec();
        number(&mut replies);
        let settings = Arc::new(settings(input[0]));
        play(&settings, &mut DerivedKeys::default(), [&replies[..]].into_iter()).end
    }

    /// Without inputs that reach the end, mutations would only exercise the beginning.
    #[test]
    fn the_corpus_reaches_every_end() {
        for ready in [
            &include_bytes!("../corpus/session/scram_sha512")[..],
            include_bytes!("../corpus/session/plain"),
            include_bytes!("../corpus/session/plain_with_pushes"),
            include_bytes!("../corpus/session/no_user"),
            include_bytes!("../corpus/session/no_bucket"),
            include_bytes!("../corpus/session/another_mechanism"),
            include_bytes!("../corpus/session/optional_steps_unknown"),
        ] {
            let end = end(ready);
            assert!(end.starts_with("Established"), "{end}");
        }
        for (input, words) in [
            (&include_bytes!("../corpus/session/scram_false_proof")[..], "SASL_STEP failed"),
            (include_bytes!("../corpus/session/scram_other_nonce"), "SASL_AUTH failed"),
            (include_bytes!("../corpus/session/wrong_password"), "SASL_AUTH failed"),
            (include_bytes!("../corpus/session/missing_bucket"), "SELECT_BUCKET failed"),
            (include_bytes!("../corpus/session/http"), "HTTP is spoken"),
        ] {
            let end = end(input);
            assert!(end.contains(words), "{end}");
        }
    }
}
