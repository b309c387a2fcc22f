//! Counters: a decimal number in a document, changed by the server.

use super::{Answer, Extras, Kind, as_everywhere};
use crate::machine::Request;
use crate::machine::request::Body;
use crate::wire::{Opcode, Packet};
use crate::{Encoded, Expiry};
use bytes::Bytes;

/// An expiry that says: a missing counter is not to be created.
const NEVER_CREATE: u32 = u32::MAX;

const fn kind(name: &'static str, opcode: Opcode) -> Kind {
    Kind {
        name,
        opcode,
        is_read: false,
        carries_document: false,
        can_be_quiet: false,
        extras: amount_initial_and_expiry,
        read: read_number,
        refusal: as_everywhere,
    }
}

pub(in crate::machine) static INCREMENT: Kind = kind("incr", Opcode::INCREMENT);
pub(in crate::machine) static DECREMENT: Kind = kind("decr", Opcode::DECREMENT);

fn amount_initial_and_expiry(request: &Request, extras: &mut Extras) {
    if let Body::Counter { amount, initial } = request.body {
        extras.push(amount.to_be_bytes());
        extras.push(initial.unwrap_or_default().to_be_bytes());
        extras.push_expiry(if initial.is_some() { request.expiry } else { Expiry::from_wire(NEVER_CREATE) });
    }
}

fn read_number(packet: &Packet<'_>, value: Bytes) -> Option<Answer> {
    let number = u64::from_be_bytes(value[..].try_into().ok()?);
    Some(Answer { number: Some(number), ..Answer::new(packet, Encoded::default()) })
}
