//! Counters: a decimal number in a document, changed by the server.

use super::{Carries, Extras, Kind, as_everywhere};
use crate::Expiry;
use crate::machine::Request;
use crate::machine::request::Body;
use crate::wire::Opcode;

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
        carries: Carries::Number,
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
