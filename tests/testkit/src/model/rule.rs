//! The rules that the frame of an operation must follow, as a table by opcode.

use couchbase_core::wire::Opcode;

/// The loud form of a quiet operation, and whether it was one.
pub(crate) fn loud(opcode: Opcode) -> (Opcode, bool) {
    let loud = match opcode {
        Opcode::GETQ => Opcode::GET,
        Opcode::GETKQ => Opcode::GETK,
        Opcode::SETQ => Opcode::SET,
        Opcode::ADDQ => Opcode::ADD,
        Opcode::REPLACEQ => Opcode::REPLACE,
        Opcode::DELETEQ => Opcode::DELETE,
        Opcode::INCREMENTQ => Opcode::INCREMENT,
        Opcode::DECREMENTQ => Opcode::DECREMENT,
        Opcode::QUITQ => Opcode::QUIT,
        Opcode::APPENDQ => Opcode::APPEND,
        Opcode::PREPENDQ => Opcode::PREPEND,
        Opcode::GATQ => Opcode::GAT,
        _ => return (opcode, false),
    };
    (loud, true)
}

/// What servers once did, and still know by name: operations on ranges, TAP, and a few of XDCR and of replication.
pub(crate) fn is_removed(opcode: Opcode) -> bool {
    matches!(opcode.0, 0x30..=0x3c | 0x40..=0x47 | 0x9e | 0x9f | 0xc1 | 0xc2)
}

/// Which extras there must be.
#[derive(Clone, Copy)]
pub(crate) enum Extras {
    None,
    Exactly(usize),
    /// None, or so many.
    MayBe(usize),
}

/// What the key must be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    None,
    /// A name or nothing: agent, mechanism, bucket, group.
    Name,
    Document,
}

/// When there must be a CAS.
#[derive(Clone, Copy)]
pub(crate) enum Cas {
    Never,
    May,
    Always,
}

/// The rules of one operation.
#[derive(Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) extras: Extras,
    pub(crate) key: Key,
    /// Whether there may be a value.
    pub(crate) value: bool,
    pub(crate) cas: Cas,
    /// Whether it may ask for durability.
    pub(crate) durable: bool,
    /// Whether it may ask to keep the expiry that there is.
    pub(crate) keeps_ttl: bool,
}

/// The rules of an operation that the cluster does.
pub(crate) fn rule(opcode: Opcode) -> Option<Rule> {
    use Extras::{Exactly, MayBe};
    let plain =
        |extras, key, value| Rule { extras, key, value, cas: Cas::Never, durable: false, keeps_ttl: false };
    let read = |extras| plain(extras, Key::Document, false);
    let write = |extras, value, cas, keeps_ttl| Rule {
        cas,
        durable: true,
        keeps_ttl,
        ..plain(extras, Key::Document, value)
    };
    Some(match opcode {
        Opcode::GET | Opcode::GETK => read(Extras::None),
        Opcode::SET | Opcode::REPLACE => write(Exactly(8), true, Cas::May, true),
        Opcode::ADD => write(Exactly(8), true, Cas::Never, false),
        Opcode::DELETE => write(Extras::None, false, Cas::May, false),
        Opcode::INCREMENT | Opcode::DECREMENT => write(Exactly(20), false, Cas::Never, true),
        Opcode::APPEND | Opcode::PREPEND => write(Extras::None, true, Cas::May, true),
        Opcode::TOUCH | Opcode::GAT => read(Exactly(4)),
        Opcode::GET_LOCKED => read(MayBe(4)),
        Opcode::UNLOCK_KEY => Rule { cas: Cas::Always, ..read(Extras::None) },
        Opcode::QUIT | Opcode::NOOP | Opcode::VERSION => plain(Extras::None, Key::None, false),
        Opcode::SASL_LIST_MECHS | Opcode::LIST_BUCKETS | Opcode::COLLECTIONS_GET_MANIFEST => {
            plain(Extras::None, Key::None, false)
        }
        Opcode::HELLO | Opcode::SASL_AUTH | Opcode::SASL_STEP | Opcode::STAT => {
            plain(Extras::None, Key::Name, true)
        }
        Opcode::SELECT_BUCKET => plain(Extras::None, Key::Name, false),
        Opcode::GET_ERROR_MAP => plain(Extras::None, Key::None, true),
        Opcode::GET_CLUSTER_CONFIG => plain(MayBe(16), Key::None, false),
        Opcode::COLLECTIONS_GET_ID | Opcode::COLLECTIONS_GET_SCOPE_ID => plain(Extras::None, Key::Name, true),
        _ => return None,
    })
}
