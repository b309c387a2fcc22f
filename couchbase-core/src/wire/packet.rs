//! One whole frame, seen in the buffer where it arrived.

use super::{Datatype, HEADER_LEN, Header, Magic, Opcode, Status, framing};
use core::fmt;
use core::ops::Range;

/// Looks for a whole frame at the front of `buf`: `None` if more bytes are needed.
///
/// # Errors
/// [`WireError`], as soon as the header is there: so a body of more than `limit` bytes is refused before anything is
/// read or allocated for it.
#[inline]
pub fn peek(buf: &[u8], limit: usize) -> Result<Option<Packet<'_>>, WireError> {
    let Some((head, rest)) = buf.split_first_chunk::<HEADER_LEN>() else {
        // The first byte is enough to tell that this is another protocol.
        return match buf.first() {
            Some(&byte) if Magic::from_byte(byte).is_none() => Err(WireError::BadMagic(byte)),
            _ => Ok(None),
        };
    };
    let header = Header::decode(head)?;
    if header.body_len as usize > limit {
        return Err(WireError::TooLong { opcode: header.opcode, body: header.body_len, limit });
    }
    Ok(rest.get(..header.body_len as usize).map(|body| Packet { header, body }))
}

/// A view on one whole frame.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    header: Header,
    body: &'a [u8],
}

impl<'a> Packet<'a> {
    /// The packet of a header that has been decoded, and the body that belongs to it.
    pub(crate) fn from_parts(header: Header, body: &'a [u8]) -> Self {
        debug_assert_eq!(header.body_len as usize, body.len(), "the body is another one's");
        Self { header, body }
    }

    /// The decoded header.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Who begins, and whether framing extras follow.
    pub const fn magic(&self) -> Magic {
        self.header.magic
    }

    /// What is asked, or answered.
    pub const fn opcode(&self) -> Opcode {
        self.header.opcode
    }

    /// The status of a response. Of a request: its vbucket, misread.
    pub const fn status(&self) -> Status {
        Status(self.header.specific)
    }

    /// The vbucket of a request. Of a response: its status, misread.
    pub const fn vbucket(&self) -> u16 {
        self.header.specific
    }

    /// What correlates request and response.
    pub const fn opaque(&self) -> u32 {
        self.header.opaque
    }

    /// The CAS, 0 for none.
    pub const fn cas(&self) -> u64 {
        self.header.cas
    }

    /// What the value is.
    pub const fn datatype(&self) -> Datatype {
        self.header.datatype
    }

    /// The framing extras as they came; see [`framing`].
    pub fn framing(&self) -> &'a [u8] {
        &self.body[..self.header.framing_len as usize]
    }

    /// The framing extras, one by one.
    pub fn frame_infos(&self) -> framing::FrameInfos<'a> {
        framing::FrameInfos::new(self.framing())
    }

    /// The extras.
    pub fn extras(&self) -> &'a [u8] {
        let start = self.header.framing_len as usize;
        &self.body[start..start + self.header.extras_len as usize]
    }

    /// The key.
    pub fn key(&self) -> &'a [u8] {
        let end = self.header.value_offset();
        &self.body[end - self.header.key_len as usize..end]
    }

    /// The value.
    pub fn value(&self) -> &'a [u8] {
        &self.body[self.header.value_offset()..]
    }

    /// The value's place in the frame, counted from the frame's first byte.
    pub fn value_range(&self) -> Range<usize> {
        HEADER_LEN + self.header.value_offset()..self.len()
    }

    /// The length of the whole frame in bytes.
    #[allow(clippy::len_without_is_empty)] // A frame is never empty.
    pub const fn len(&self) -> usize {
        HEADER_LEN + self.body.len()
    }
}

impl fmt::Debug for Packet<'_> {
    // Without key and value: they may be large, or secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packet").field("header", &self.header).finish_non_exhaustive()
    }
}

/// Bytes that are no frame. The link they came from is of no use any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireError {
    /// The first byte begins no frame.
    BadMagic(u8),
    /// Framing extras, extras and key are longer than the whole body.
    BadLengths {
        /// The frame's opcode.
        opcode: Opcode,
        /// Bytes of framing extras, extras and key together.
        parts: usize,
        /// Bytes of the body.
        body: u32,
    },
    /// The announced body is longer than is accepted.
    TooLong {
        /// The frame's opcode.
        opcode: Opcode,
        /// Bytes of the body.
        body: u32,
        /// What would be accepted.
        limit: usize,
    },
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The `H` of `HTTP/1.1 400 Bad Request` is by far the commonest wrong first byte.
            Self::BadMagic(b'H') => f.write_str("bytes that begin with `H`: HTTP is spoken at this port"),
            Self::BadMagic(byte) => {
                write!(f, "bytes that begin with {byte:#04x}, as no frame of this protocol does")
            }
            Self::BadLengths { opcode, parts, body } => {
                write!(f, "a frame ({opcode}) whose parts ({parts} bytes) exceed its body ({body} bytes)")
            }
            Self::TooLong { opcode, body, limit } => {
                write!(f, "a frame ({opcode}) that announces {body} bytes; {limit} are accepted")
            }
        }
    }
}

impl core::error::Error for WireError {}
