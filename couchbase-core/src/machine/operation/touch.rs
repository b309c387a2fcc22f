//! Touch: a new expiry, or none.

use super::{Carries, Extras, Kind, as_everywhere};
use crate::machine::Request;
use crate::wire::Opcode;

pub(in crate::machine) static TOUCH: Kind = Kind {
    name: "touch",
    opcode: Opcode::TOUCH,
    is_read: false,
    carries_document: false,
    can_be_quiet: true,
    extras: expiry,
    carries: Carries::Nothing,
    refusal: as_everywhere,
};

fn expiry(request: &Request, extras: &mut Extras) {
    extras.push_expiry(request.expiry);
}
