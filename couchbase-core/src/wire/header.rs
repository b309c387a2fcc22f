//! The 24 bytes that begin every frame.

use super::{Opcode, WireError};
use core::fmt;

/// The length of a header in bytes.
pub const HEADER_LEN: usize = 24;

/// The first byte of a frame: who begins, and whether framing extras follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Magic {
    /// Client to server.
    Request = 0x80,
    /// The server's answer.
    Response = 0x81,
    /// Client to server, with framing extras.
    AltRequest = 0x08,
    /// The server's answer, with framing extras.
    AltResponse = 0x18,
    /// A request that the server begins.
    ServerRequest = 0x82,
    /// The client's answer to one.
    ServerResponse = 0x83,
}

impl Magic {
    /// The magic of this byte, if it is one.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0x80 => Self::Request,
            0x81 => Self::Response,
            0x08 => Self::AltRequest,
            0x18 => Self::AltResponse,
            0x82 => Self::ServerRequest,
            0x83 => Self::ServerResponse,
            _ => return None,
        })
    }

    /// True if bytes 2 and 3 are the lengths of framing extras and key, a byte each.
    pub const fn is_alt(self) -> bool {
        matches!(self, Self::AltRequest | Self::AltResponse)
    }

    /// True if bytes 6 and 7 are a status; otherwise they are a vbucket.
    pub const fn has_status(self) -> bool {
        matches!(self, Self::Response | Self::AltResponse | Self::ServerResponse)
    }
}

/// What the server says of a value's bytes: a set of bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Datatype(pub u8);

impl Datatype {
    /// Nothing in particular.
    pub const RAW: Self = Self(0);
    /// The value is JSON.
    pub const JSON: Self = Self(1);
    /// The value is one raw snappy block.
    pub const SNAPPY: Self = Self(2);
    /// The value begins with extended attributes.
    pub const XATTR: Self = Self(4);

    /// True if all bits of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// True if the value is what it seems: neither compressed nor preceded by attributes.
    pub const fn is_plain(self) -> bool {
        self.0 & (Self::SNAPPY.0 | Self::XATTR.0) == 0
    }
}

impl fmt::Debug for Datatype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Datatype({:#04x})", self.0)
    }
}

/// The header of a frame, decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Who begins, and whether framing extras follow.
    pub magic: Magic,
    /// What is asked, or answered.
    pub opcode: Opcode,
    /// Bytes of framing extras; 0 unless the magic is an `Alt` one.
    pub framing_len: u8,
    /// Bytes of key; 255 at most under an `Alt` magic.
    pub key_len: u16,
    /// Bytes of extras.
    pub extras_len: u8,
    /// What the value is.
    pub datatype: Datatype,
    /// The vbucket of a request, the status of a response.
    pub specific: u16,
    /// Bytes of framing extras, extras, key and value together.
    pub body_len: u32,
    /// Returned by the server as it was sent.
    pub opaque: u32,
    /// The document's CAS, 0 for none.
    pub cas: u64,
}

impl Header {
    /// Decodes a header and checks that its parts fit into its body.
    ///
    /// # Errors
    /// [`WireError::BadMagic`] and [`WireError::BadLengths`].
    #[inline(always)]
    pub fn decode(bytes: &[u8; HEADER_LEN]) -> Result<Self, WireError> {
        let magic = Magic::from_byte(bytes[0]).ok_or(WireError::BadMagic(bytes[0]))?;
        let (framing_len, key_len) =
            if magic.is_alt() { (bytes[2], u16::from(bytes[3])) } else { (0, u16_at(bytes, 2)) };
        let header = Self {
            magic,
            opcode: Opcode(bytes[1]),
            framing_len,
            key_len,
            extras_len: bytes[4],
            datatype: Datatype(bytes[5]),
            specific: u16_at(bytes, 6),
            body_len: u32_at(bytes, 8),
            opaque: u32_at(bytes, 12),
            cas: u64::from(u32_at(bytes, 16)) << 32 | u64::from(u32_at(bytes, 20)),
        };
        if header.value_offset() > header.body_len as usize {
            return Err(WireError::BadLengths {
                opcode: header.opcode,
                parts: header.value_offset(),
                body: header.body_len,
            });
        }
        Ok(header)
    }

    /// The header's bytes. Under an `Alt` magic the key's length must fit into a byte.
    #[inline]
    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[0] = self.magic as u8;
        bytes[1] = self.opcode.0;
        bytes[2..4].copy_from_slice(&self.key_len.to_be_bytes());
        if self.magic.is_alt() {
            debug_assert!(self.key_len <= 255, "no room for the key's length");
            bytes[2] = self.framing_len;
        }
        bytes[4] = self.extras_len;
        bytes[5] = self.datatype.0;
        bytes[6..8].copy_from_slice(&self.specific.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.body_len.to_be_bytes());
        bytes[12..16].copy_from_slice(&self.opaque.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.cas.to_be_bytes());
        bytes
    }

    /// Where the value begins in the body.
    pub const fn value_offset(&self) -> usize {
        self.framing_len as usize + self.extras_len as usize + self.key_len as usize
    }
}

fn u16_at(bytes: &[u8; HEADER_LEN], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8; HEADER_LEN], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
