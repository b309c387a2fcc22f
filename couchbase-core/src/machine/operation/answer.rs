//! What the success of an operation says.

use crate::wire::Packet;
use crate::{Cas, Encoded, Flags, Key, Reply};
use bytes::Bytes;

/// What a success carries beside its CAS.
#[derive(Clone, Copy)]
pub(in crate::machine) enum Carries {
    Nothing,
    /// A document, and its flags.
    Document,
    /// A counter's value.
    Number,
}

/// A reply that lacks its key.
pub(in crate::machine) struct Answer {
    cas: Cas,
    document: Encoded,
    number: Option<u64>,
}

impl Answer {
    /// What the packet of a success says; `None` if it is malformed. `value` is the packet's, already in the caller's
    /// hands.
    #[inline(always)]
    pub(in crate::machine) fn read(carries: Carries, packet: &Packet<'_>, value: Bytes) -> Option<Self> {
        let cas = Cas::from_u64(packet.cas());
        Some(match carries {
            Carries::Nothing => Self { cas, document: Encoded::default(), number: None },
            Carries::Document => {
                let flags = Flags::from_bits(u32::from_be_bytes(*packet.extras().first_chunk()?));
                Self { cas, document: Encoded::new(value, flags), number: None }
            }
            Carries::Number => {
                let number = u64::from_be_bytes(value[..].try_into().ok()?);
                Self { cas, document: Encoded::default(), number: Some(number) }
            }
        })
    }

    #[inline]
    pub(in crate::machine) fn into_reply(self, key: Key) -> Reply {
        Reply::new(key, self.cas, self.document, self.number)
    }
}
