//! The wire format: any bytes at any chunking give the same frames or the same typed error.

use crate::cuts::pieces;
use couchbase_core::wire::{Outgoing, Packet, WireError, peek};

/// Small, so that mutated lengths exceed it often.
const LIMIT: usize = 16 * 1024;

/// Reads `data` as a stream of frames, whole and in pieces.
pub fn frame(data: &[u8]) {
    let mut lengths = Vec::new();
    let mut rest = data;
    let end = loop {
        match peek(rest, LIMIT) {
            Ok(Some(packet)) => {
                whole(&packet, rest);
                lengths.push(packet.len());
                rest = &rest[packet.len()..];
            }
            Ok(None) => break Ok(rest.len()),
            Err(error) => break Err(error),
        }
    };
    if let Err(error) = &end {
        assert!(!error.to_string().is_empty());
    }
    assert_eq!(in_pieces(data), (lengths, end), "chunking matters");
}

/// Lengths of the frames, and the end: bytes left over, or the error.
fn in_pieces(data: &[u8]) -> (Vec<usize>, Result<usize, WireError>) {
    let (mut buffer, mut lengths) = (Vec::new(), Vec::new());
    for piece in pieces(data) {
        buffer.extend_from_slice(piece);
        loop {
            match peek(&buffer, LIMIT) {
                Ok(Some(packet)) => {
                    let len = packet.len();
                    lengths.push(len);
                    buffer.drain(..len);
                }
                Ok(None) => break,
                Err(error) => return (lengths, Err(error)),
            }
        }
    }
    (lengths, Ok(buffer.len()))
}

/// The parts make up the frame, and written again they are the same bytes.
fn whole(packet: &Packet<'_>, buffer: &[u8]) {
    let bytes = &buffer[..packet.len()];
    assert!(packet.header().body_len as usize <= LIMIT);
    assert_eq!(&bytes[packet.value_range()], packet.value());
    let parts = [packet.framing(), packet.extras(), packet.key(), packet.value()].concat();
    assert_eq!(parts, bytes[bytes.len() - parts.len()..]);
    let mut again = Vec::new();
    Outgoing::from_packet(packet).write_to(&mut again);
    assert_eq!(again, bytes, "written again it differs");

    // Each field takes a byte or more, and an error ends them.
    let fields: Vec<_> = packet.frame_infos().collect();
    assert!(fields.len() <= packet.framing().len());
    assert!(fields.iter().rev().skip(1).all(Result::is_ok));
    if fields.iter().all(Result::is_ok) {
        let payload: usize = fields.iter().flatten().map(|field| 1 + field.payload.len()).sum();
        assert!(payload <= packet.framing().len());
    }
}
