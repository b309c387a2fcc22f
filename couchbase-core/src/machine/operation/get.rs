//! Get, and get-and-touch: a document with its flags and CAS.

use super::{Carries, Extras, Kind, as_everywhere, no_extras};
use crate::machine::Request;
use crate::wire::Opcode;

pub(in crate::machine) static GET: Kind = Kind {
    name: "get",
    opcode: Opcode::GET,
    is_read: true,
    carries_document: false,
    can_be_quiet: true,
    extras: no_extras,
    carries: Carries::Document,
    refusal: as_everywhere,
};

/// A write: it changes the expiry.
pub(in crate::machine) static GET_AND_TOUCH: Kind = Kind {
    name: "get and touch",
    opcode: Opcode::GAT,
    is_read: false,
    carries_document: false,
    can_be_quiet: true,
    extras: expiry,
    carries: Carries::Document,
    refusal: as_everywhere,
};

fn expiry(request: &Request, extras: &mut Extras) {
    extras.push_expiry(request.expiry);
}
