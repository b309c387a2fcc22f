//! Delete.

use super::{Kind, as_everywhere, no_extras, read_cas};
use crate::wire::Opcode;

pub(in crate::machine) static DELETE: Kind = Kind {
    name: "delete",
    opcode: Opcode::DELETE,
    is_read: false,
    carries_document: false,
    can_be_quiet: true,
    extras: no_extras,
    read: read_cas,
    refusal: as_everywhere,
};
