//! The 32 bits that travel with a document and say what its bytes are.

use core::fmt;

/// Says how a document's bytes are to be read. The server stores it and never looks at it.
///
/// The top byte is the format all current clients agree on; the low bits repeat what the original client wrote. Both
/// are written, and both are read: a document without a format in its top byte is judged by its low three bits.
///
/// ```
/// use couchbase_core::{Encode, Encoded, Flags};
///
/// assert_eq!("text".encode()?.flags, Flags::JSON);
/// let own_format = Encoded::new("anything", Flags::from_bits(0x0600_0000));
/// assert_eq!(own_format.flags.bits(), 0x0600_0000);
/// # Ok::<(), couchbase_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Flags(u32);

/// What [`Flags`] say of a document's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Bytes,
    Text,
    /// Another client's private encoding, such as Python's pickle.
    Private,
    Unknown,
}

impl Flags {
    /// JSON: what `&T` of any `T: Serialize` is stored as.
    pub const JSON: Self = Self(0x0200_0000);
    /// Bytes as they are.
    pub const BYTES: Self = Self(0x0300_0002);
    /// UTF-8 text, without JSON's quotes.
    pub const TEXT: Self = Self(0x0400_0004);

    /// From the wire's number.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The wire's number.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The format: top byte first, the original client's low bits where it is empty, tested in its order.
    pub(crate) const fn format(self) -> Format {
        match self.0 >> 24 {
            0 if self.0 & 4 != 0 => Format::Text,
            0 if self.0 & 2 != 0 => Format::Bytes,
            0 if self.0 & 1 != 0 => Format::Private,
            0 | 2 => Format::Json,
            1 => Format::Private,
            3 => Format::Bytes,
            4 => Format::Text,
            _ => Format::Unknown,
        }
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flags({:#x})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_flags_win_and_legacy_bits_are_read_in_the_original_order() {
        for (bits, format) in [
            (0, Format::Json),
            (1, Format::Private),
            (2, Format::Bytes),
            (3, Format::Bytes),
            (4, Format::Text),
            (6, Format::Text),
            (0x0200_0000, Format::Json),
            (0x0200_0006, Format::Json),
            (0x0100_0001, Format::Private),
            (0x0300_0000, Format::Bytes),
            (0x0400_0000, Format::Text),
            (0x0600_0000, Format::Unknown),
            (0x2200_0000, Format::Unknown),
        ] {
            assert_eq!(Flags::from_bits(bits).format(), format, "{bits:#x}");
        }
    }
}
