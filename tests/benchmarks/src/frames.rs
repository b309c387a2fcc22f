//! Requests that are encoded beforehand, for the rows without a client.

use crate::keys;
use couchbase_core::wire::{Opcode, Outgoing};

/// So many gets, one behind the other.
pub(crate) fn gets(count: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for (opaque, key) in keys().iter().cycle().take(count).enumerate() {
        Outgoing { opaque: opaque as u32, key: key.as_bytes(), ..Outgoing::request(Opcode::GET) }
            .write_to(&mut out);
    }
    out
}
