//! Collections, as far as there are any: the default scope with its default collection.

use super::link::Link;
use super::reply::{Outcome, Refusal, Reply};
use super::request::Request;
use couchbase_core::wire::{Datatype, Opcode, Status};

const MANIFEST: &[u8] =
    br#"{"scopes":[{"collections":[{"name":"_default","uid":"0"}],"name":"_default","uid":"0"}],"uid":"0"}"#;

const DEFAULT: &str = "_default";

/// Takes the collection's id off a key. Only the default collection, one zero byte, is known.
pub(crate) fn strip_prefix(key: &[u8]) -> Result<&[u8], Refusal> {
    let Some(stop) = key.iter().take(5).position(|byte| byte & 0x80 == 0) else {
        return Err(Refusal::invalid("No stop-byte found"));
    };
    if key.len() < stop + 2 {
        return Err(Refusal::invalid("Key length must be >= 2"));
    }
    let id = key[..=stop].iter().rev().fold(0u64, |id, byte| id << 7 | u64::from(byte & 0x7f));
    match (id, stop) {
        (0, 0) => Ok(&key[1..]),
        // Numbers below 8 but 0 are no collections, and padded ones are no numbers.
        (1..8, _) => Err(Refusal::invalid("Key collection id invalid")),
        _ if key[stop] == 0 => Err(Refusal::invalid("Key collection id invalid")),
        _ => Err(unknown(Status::UNKNOWN_COLLECTION, "Unknown Collection")),
    }
}

fn unknown(status: Status, words: &str) -> Refusal {
    let body = format!(r#"{{"error":{{"context":"{words}"}},"manifest_uid":"0"}}"#);
    Refusal::from(status).with_body(body.into_bytes())
}

/// COLLECTIONS_GET_MANIFEST.
pub(crate) fn get_manifest(link: &mut Link, request: &Request<'_>) -> Outcome {
    link.answer(request, &Reply { datatype: Datatype::JSON, value: MANIFEST, ..Reply::default() })
}

/// COLLECTIONS_GET_ID and COLLECTIONS_GET_SCOPE_ID: the path is the value, or the key.
pub(crate) fn get_id(link: &mut Link, request: &Request<'_>) -> Outcome {
    let path = match (request.packet.key(), request.packet.value()) {
        ([], value) => value,
        (key, []) => key,
        _ => return Err(Refusal::invalid("Both key and value present")),
    };
    let path = std::str::from_utf8(path).map_err(|_| Refusal::from(Status::EINVAL))?;
    let named = |part: &str| part.is_empty() || part == DEFAULT;
    let (scope, collection) = match (request.opcode, path.split_once('.')) {
        (Opcode::COLLECTIONS_GET_SCOPE_ID, None) => (path, ""),
        (Opcode::COLLECTIONS_GET_SCOPE_ID, Some((scope, _))) => (scope, ""),
        (_, Some((scope, collection))) if !collection.contains('.') => (scope, collection),
        _ => return Err(Refusal::from(Status::EINVAL)),
    };
    if !named(scope) {
        return Err(unknown(Status::UNKNOWN_SCOPE, "Unknown Scope"));
    }
    if !named(collection) {
        return Err(unknown(Status::UNKNOWN_COLLECTION, "Unknown Collection"));
    }
    // The manifest's number (0) and the id (0).
    link.answer(request, &Reply { extras: &[0; 12], ..Reply::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_canonical_leb128() {
        assert_eq!(strip_prefix(b"\0k").unwrap(), b"k");
        for (key, status) in [
            (&b"\0"[..], Status::EINVAL),
            (b"\x80\x80\x80\x80\x80\x80", Status::EINVAL),
            (b"\x80\x00k", Status::EINVAL),
            (b"\x01k", Status::EINVAL),
            (b"\x08k", Status::UNKNOWN_COLLECTION),
            (b"\x8d\xe0\xfb\xd7\x0cfoo", Status::UNKNOWN_COLLECTION),
        ] {
            assert_eq!(strip_prefix(key).unwrap_err().status, status, "{key:x?}");
        }
    }
}
