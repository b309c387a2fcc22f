//! Delete.

use super::{Carries, Kind, as_everywhere, no_extras};
use crate::wire::Opcode;

pub(in crate::machine) static DELETE: Kind = Kind {
    name: "delete",
    opcode: Opcode::DELETE,
    is_read: false,
    carries_document: false,
    can_be_quiet: true,
    extras: no_extras,
    carries: Carries::Nothing,
    refusal: as_everywhere,
};
