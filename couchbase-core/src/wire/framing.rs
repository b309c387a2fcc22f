//! Framing extras: a sequence of small numbered fields, each with an escape for large numbers and lengths.
//!
//! `id << 4 | length` in one byte; 15 in either half says that a byte follows which is added to it, the id's first.

use alloc::vec::Vec;
#[cfg(feature = "driver")]
use core::time::Duration;

/// Fields of requests.
pub mod request {
    /// All earlier requests of the connection end first (with unordered execution). No payload.
    pub const BARRIER: u16 = 0;
    /// The write must be this durable: a level, or a level and a timeout in milliseconds (u16).
    pub const DURABILITY: u16 = 1;
    /// A change stream's number.
    pub const DCP_STREAM_ID: u16 = 2;
    /// Act as this user.
    pub const IMPERSONATE: u16 = 4;
    /// Leave the document's expiry as it is. No payload.
    pub const PRESERVE_TTL: u16 = 5;
    /// A right that the impersonated user has beside its own.
    pub const IMPERSONATE_EXTRA_PRIVILEGE: u16 = 6;
}

/// Fields of responses.
pub mod response {
    /// How long the server took; see [`server_duration`](super::server_duration).
    pub const SERVER_DURATION: u16 = 0;
    /// Read units used.
    pub const READ_UNITS: u16 = 1;
    /// Write units used.
    pub const WRITE_UNITS: u16 = 2;
    /// How long the server made the request wait; encoded as the server's duration.
    pub const THROTTLE_DURATION: u16 = 3;
}

/// One field of the framing extras.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameInfo<'a> {
    /// Which field it is; 270 at most.
    pub id: u16,
    /// Its payload; 270 bytes at most, and 255 for all fields of a frame with their own bytes.
    pub payload: &'a [u8],
}

impl FrameInfo<'_> {
    /// Appends the field to framing extras.
    ///
    /// # Panics
    /// If id or length is above 270.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let (id, id_escape) = nibble(usize::from(self.id));
        let (len, len_escape) = nibble(self.payload.len());
        out.push(id << 4 | len);
        out.extend(id_escape);
        out.extend(len_escape);
        out.extend_from_slice(self.payload);
    }
}

fn nibble(number: usize) -> (u8, Option<u8>) {
    match u8::try_from(number) {
        Ok(small @ 0..15) => (small, None),
        _ => (15, Some(u8::try_from(number - 15).expect("270 is the largest id and the largest length"))),
    }
}

/// Reads framing extras field by field. Ends early, once, with an error if a field is cut off.
#[derive(Clone, Debug)]
pub struct FrameInfos<'a> {
    rest: &'a [u8],
}

/// A field that is longer than the framing extras.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CutOff;

impl core::fmt::Display for CutOff {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("a field longer than the framing extras that hold it")
    }
}

impl core::error::Error for CutOff {}

impl<'a> FrameInfos<'a> {
    /// Over the framing extras of one frame.
    pub const fn new(framing: &'a [u8]) -> Self {
        Self { rest: framing }
    }

    fn take(&mut self) -> Option<FrameInfo<'a>> {
        let head = self.byte()?;
        let id = self.escaped(head >> 4)?;
        let len = usize::from(self.escaped(head & 0x0f)?);
        let (payload, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(FrameInfo { id, payload })
    }

    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    fn escaped(&mut self, nibble: u8) -> Option<u16> {
        Some(if nibble == 15 { 15 + u16::from(self.byte()?) } else { u16::from(nibble) })
    }
}

impl<'a> Iterator for FrameInfos<'a> {
    type Item = Result<FrameInfo<'a>, CutOff>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        Some(self.take().ok_or_else(|| {
            self.rest = &[];
            CutOff
        }))
    }
}

/// The server's duration behind the two bytes that it sends: `encoded ^ 1.74 / 2` microseconds, 120 s at most.
#[cfg(feature = "driver")]
pub fn server_duration(encoded: u16) -> Duration {
    Duration::from_nanos((f64::from(encoded).powf(1.74) * 500.0) as u64)
}

/// The two bytes for a duration, rounded as a server does.
#[cfg(feature = "driver")]
pub fn encode_server_duration(took: Duration) -> u16 {
    // The cast saturates at 65,535: 120.125 s and all above.
    (took.as_secs_f64() * 2e6).powf(1.0 / 1.74).round() as u16
}
