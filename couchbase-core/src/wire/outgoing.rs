//! A frame to be written.

use super::{Datatype, HEADER_LEN, Header, Magic, Opcode, Packet, Status};
use alloc::vec::Vec;

/// A frame to be written, in borrowed parts. All lengths are computed from the parts.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// `Request`, `Response`, `ServerRequest` or `ServerResponse`. With framing extras the `Alt` form is written.
    pub magic: Magic,
    /// What is asked, or answered.
    pub opcode: Opcode,
    /// What the value is.
    pub datatype: Datatype,
    /// The vbucket of a request, the status of a response.
    pub specific: u16,
    /// What correlates request and response.
    pub opaque: u32,
    /// The CAS, 0 for none.
    pub cas: u64,
    /// Framing extras, 255 bytes at most; see [`framing`](super::framing).
    pub framing: &'a [u8],
    /// Extras, 255 bytes at most.
    pub extras: &'a [u8],
    /// The key: 65,535 bytes at most, with framing extras 255.
    pub key: &'a [u8],
    /// The value.
    pub value: &'a [u8],
}

impl<'a> Outgoing<'a> {
    /// A request with nothing in it yet.
    pub const fn request(opcode: Opcode) -> Self {
        Self {
            magic: Magic::Request,
            opcode,
            datatype: Datatype::RAW,
            specific: 0,
            opaque: 0,
            cas: 0,
            framing: &[],
            extras: &[],
            key: &[],
            value: &[],
        }
    }

    /// A response with nothing in it yet.
    pub const fn response(opcode: Opcode, status: Status) -> Self {
        Self { magic: Magic::Response, specific: status.0, ..Self::request(opcode) }
    }

    /// The same frame as one that arrived.
    pub fn from_packet(packet: &Packet<'a>) -> Self {
        Self {
            magic: packet.magic(),
            opcode: packet.opcode(),
            datatype: packet.datatype(),
            specific: packet.header().specific,
            opaque: packet.opaque(),
            cas: packet.cas(),
            framing: packet.framing(),
            extras: packet.extras(),
            key: packet.key(),
            value: packet.value(),
        }
    }

    /// Appends the whole frame to `out`.
    ///
    /// # Panics
    /// If a part is longer than its field can say.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        out.reserve(HEADER_LEN + self.framing.len() + self.extras.len() + self.key.len() + self.value.len());
        self.write_head_to(out, self.value.len());
        out.extend_from_slice(self.value);
    }

    /// Appends all but the value, of which `value_len` bytes must follow: a large value need not be copied.
    ///
    /// # Panics
    /// If a part is longer than its field can say.
    #[inline(always)]
    pub fn write_head_to(&self, out: &mut Vec<u8>, value_len: usize) {
        let magic = match self.magic {
            Magic::Request if !self.framing.is_empty() => Magic::AltRequest,
            Magic::Response if !self.framing.is_empty() => Magic::AltResponse,
            magic => magic,
        };
        assert!(
            !magic.is_alt() || self.key.len() <= 255,
            "no room for the key's length beside framing extras"
        );
        let parts = self.framing.len() + self.extras.len() + self.key.len();
        let body = parts + value_len;
        let header = Header {
            magic,
            opcode: self.opcode,
            framing_len: self.framing.len().try_into().expect("255 bytes of framing extras at most"),
            key_len: self.key.len().try_into().expect("65,535 bytes of key at most"),
            extras_len: self.extras.len().try_into().expect("255 bytes of extras at most"),
            datatype: self.datatype,
            specific: self.specific,
            body_len: body.try_into().expect("a body below 4 GiB"),
            opaque: self.opaque,
            cas: self.cas,
        };
        out.reserve(HEADER_LEN + parts);
        out.extend_from_slice(&header.encode());
        // Most frames lack one or the other: an empty part is cheaper not copied.
        if !self.framing.is_empty() {
            out.extend_from_slice(self.framing);
        }
        if !self.extras.is_empty() {
            out.extend_from_slice(self.extras);
        }
        out.extend_from_slice(self.key);
    }
}
