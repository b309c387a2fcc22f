//! Set, add, replace: a whole document.

use super::{Carries, Extras, Kind, as_everywhere};
use crate::machine::Request;
use crate::machine::request::Body;
use crate::wire::Opcode;

const fn kind(name: &'static str, opcode: Opcode) -> Kind {
    Kind {
        name,
        opcode,
        is_read: false,
        carries_document: true,
        can_be_quiet: false,
        extras: flags_and_expiry,
        carries: Carries::Nothing,
        refusal: as_everywhere,
    }
}

pub(in crate::machine) static SET: Kind = kind("set", Opcode::SET);
pub(in crate::machine) static ADD: Kind = kind("add", Opcode::ADD);
pub(in crate::machine) static REPLACE: Kind = kind("replace", Opcode::REPLACE);

fn flags_and_expiry(request: &Request, extras: &mut Extras) {
    if let Body::Document { flags, .. } = &request.body {
        extras.push(flags.bits().to_be_bytes());
        extras.push_expiry(request.expiry);
    }
}
