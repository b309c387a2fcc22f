//! Collections, as far as there are any: the default scope with its default collection.

use super::link::Link;
use super::reply::{Outcome, Refusal, Reply};
use super::request::Request;
use couchbase_core::wire::{Datatype, Opcode, Status};

const MANIFEST: &[u8] =
    br#"{"scopes":[{"collections":[{"name":"_default","uid":"0"}],"name":"_default","uid":"0"}],"uid":"0"}"#;

const DEFAULT: &str = "_default";

/// The longest key in a collection other than the default one, which keeps the 250 bytes of before.
const MAX_KEY: usize = 246;

/// Takes the collection's id off a key. Only the default collection, one zero byte, is known; how long a key is counts
/// before that.
pub(crate) fn strip_prefix(key: &[u8]) -> Result<&[u8], Refusal> {
    if key.len() < 2 {
        return Err(Refusal::invalid("Key length must be >= 2"));
    }
    let Some(stop) = key.iter().take(5).position(|byte| byte & 0x80 == 0) else {
        return Err(Refusal::invalid("No stop-byte found"));
    };
    if stop > 0 && key[stop] == 0 {
        return Err(Refusal::invalid("Key contains non-canonical leb128"));
    }
    let logical = &key[stop + 1..];
    if logical.is_empty() {
        return Err(Refusal::invalid("No logical key found"));
    }
    let id = key[..=stop].iter().rev().fold(0u64, |id, byte| id << 7 | u64::from(byte & 0x7f));
    match id {
        0 => Ok(logical),
        1..8 => Err(Refusal::invalid(format!("Invalid collection-id:{id}"))),
        _ if logical.len() > MAX_KEY => Err(Refusal::invalid(format!("Logical key exceeds {MAX_KEY}"))),
        _ => Err(unknown(Status::UNKNOWN_COLLECTION)),
    }
}

fn unknown(status: Status) -> Refusal {
    let body = r#"{"error":{"context":"Unknown scope or collection in operation"},"manifest_uid":"0"}"#;
    Refusal::from(status).with_body(body.into())
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
        return Err(unknown(Status::UNKNOWN_SCOPE));
    }
    if !named(collection) {
        return Err(unknown(Status::UNKNOWN_COLLECTION));
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
        let unknown = "Unknown scope or collection in operation";
        let long = |prefix: &[u8], length| [prefix, &[b'k'; 247][..length]].concat();
        for (key, status, words) in [
            (b"\0".to_vec(), Status::EINVAL, "Key length must be >= 2"),
            (b"\x08".to_vec(), Status::EINVAL, "Key length must be >= 2"),
            (b"\xb7\x01".to_vec(), Status::EINVAL, "No logical key found"),
            (b"\x80\x80\x80\x80\x80\x80".to_vec(), Status::EINVAL, "No stop-byte found"),
            (b"\x80\x00k".to_vec(), Status::EINVAL, "Key contains non-canonical leb128"),
            (b"\x88\x00k".to_vec(), Status::EINVAL, "Key contains non-canonical leb128"),
            (b"\x01coll4".to_vec(), Status::EINVAL, "Invalid collection-id:1"),
            (b"\x07coll4".to_vec(), Status::EINVAL, "Invalid collection-id:7"),
            (b"\x10x".to_vec(), Status::UNKNOWN_COLLECTION, unknown),
            (b"\x8d\xe0\xfb\xd7\x0cfoo".to_vec(), Status::UNKNOWN_COLLECTION, unknown),
            (long(b"\xb7\x01", 246), Status::UNKNOWN_COLLECTION, unknown),
            (long(b"\xb7\x01", 247), Status::EINVAL, "Logical key exceeds 246"),
        ] {
            let refusal = strip_prefix(&key).unwrap_err();
            assert_eq!(refusal.status, status, "{key:x?}");
            let body: serde_json::Value = serde_json::from_slice(&refusal.body()).unwrap();
            assert_eq!(body["error"]["context"], words, "{key:x?}");
        }
    }
}
