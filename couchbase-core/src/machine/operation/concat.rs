//! Append and prepend: more bytes at either end of a document, whose flags and expiry stay.

use super::{Carries, Kind, no_extras};
use crate::ErrorKind;
use crate::wire::{Opcode, Status};

const fn kind(name: &'static str, opcode: Opcode) -> Kind {
    Kind {
        name,
        opcode,
        is_read: false,
        carries_document: false,
        can_be_quiet: false,
        extras: no_extras,
        carries: Carries::Nothing,
        refusal: missing_is_not_stored,
    }
}

pub(in crate::machine) static APPEND: Kind = kind("append", Opcode::APPEND);
pub(in crate::machine) static PREPEND: Kind = kind("prepend", Opcode::PREPEND);

/// Some servers say "not found" where the protocol says "not stored".
fn missing_is_not_stored(status: Status) -> Option<ErrorKind> {
    (status == Status::KEY_ENOENT).then_some(ErrorKind::NotStored)
}
