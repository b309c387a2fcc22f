//! Responses as bytes: head, body whole or in chunks, cut short where a fault says so.

use ::http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use ::http::response::Parts;
use ::http::{HeaderValue, Version};
use bytes::{Bytes, BytesMut};
use ureq_proto::Error;
use ureq_proto::server::{RecvRequestResult, Reply, SendResponseResult, state};

use super::{Body, Response, error_response};

/// Room for one chunk with its framing; the writer splits pieces longer than 10 KiB.
const ROOM: usize = 16 * 1024;

/// Writes head and body, but at most `most` bytes of body. True: the link stays open for another request.
pub(super) fn write_response(
    reply: Reply<state::ProvideResponse>,
    version: Version,
    response: Response,
    most: usize,
    out: &mut BytesMut,
) -> Result<bool, Error> {
    let (mut head, body) = response.into_parts();
    // HTTP/1.0 knows no chunks.
    let body = if version == Version::HTTP_10 { Body::Whole(body.to_bytes()) } else { body };
    match &body {
        Body::Whole(bytes) => head.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len())),
        Body::Chunks(_) => head.headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked")),
    };

    let mut room = vec![0; ROOM];
    match write_head(reply, head, &mut room, out)? {
        SendResponseResult::Cleanup(reply) => Ok(!reply.must_close_connection()),
        SendResponseResult::SendBody(mut reply) => {
            if !write_body(&mut reply, body.pieces(), most, &mut room, out)? {
                return Ok(false);
            }
            Ok(!reply.proceed().must_close_connection())
        }
    }
}

fn write_head(
    reply: Reply<state::ProvideResponse>,
    head: Parts,
    room: &mut [u8],
    out: &mut BytesMut,
) -> Result<SendResponseResult, Error> {
    let start = out.len();
    let mut reply = reply.provide(::http::Response::from_parts(head, ()))?;
    while !reply.is_finished() {
        let written = reply.write(room)?;
        out.extend_from_slice(&room[..written]);
    }
    capitalize_names(&mut out[start..]);
    Ok(reply.proceed())
}

/// An answer in chunks, of which there may always be another one.
pub(super) struct OpenBody(Reply<state::SendBody>);

impl OpenBody {
    /// Writes the head.
    pub(super) fn begin(
        reply: Reply<state::ProvideResponse>,
        mut head: Parts,
        out: &mut BytesMut,
    ) -> Result<Option<Self>, Error> {
        head.headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        Ok(match write_head(reply, head, &mut vec![0; ROOM], out)? {
            SendResponseResult::SendBody(reply) => Some(Self(reply)),
            SendResponseResult::Cleanup(_) => None,
        })
    }

    /// Writes one piece, in as many chunks as it takes.
    pub(super) fn write(&mut self, mut piece: &[u8], out: &mut BytesMut) -> Result<(), Error> {
        let mut room = vec![0; ROOM];
        while !piece.is_empty() {
            let (used, written) = self.0.write(piece, &mut room)?;
            out.extend_from_slice(&room[..written]);
            piece = &piece[used..];
        }
        Ok(())
    }
}

/// Spells the names of headers as a real server does. HTTP does not care, but there are clients that do: one that looks
/// for `X-Couchbase-Meta` finds no `x-couchbase-meta`.
fn capitalize_names(head: &mut [u8]) {
    for line in head.split_mut(|byte| *byte == b'\n').skip(1) {
        let Some(end) = line.iter().position(|byte| *byte == b':') else { continue };
        for part in line[..end].split_mut(|byte| *byte == b'-') {
            let letters = if part == b"www" { part.len() } else { 1.min(part.len()) };
            part[..letters].make_ascii_uppercase();
        }
    }
}

/// False: the body was cut at `most` bytes.
fn write_body(
    reply: &mut Reply<state::SendBody>,
    pieces: &[Bytes],
    most: usize,
    room: &mut [u8],
    out: &mut BytesMut,
) -> Result<bool, Error> {
    let mut left = most;
    for piece in pieces {
        let mut rest = &piece[..piece.len().min(left)];
        let cut = rest.len() < piece.len();
        left -= rest.len();
        while !rest.is_empty() {
            let (used, written) = reply.write(rest, room)?;
            out.extend_from_slice(&room[..written]);
            rest = &rest[used..];
        }
        if cut {
            return Ok(false);
        }
    }
    let (_, written) = reply.write(&[], room)?;
    out.extend_from_slice(&room[..written]);
    Ok(true)
}

/// Answers what could not be read as a request, and announces the end of the link.
pub(super) fn write_refusal(status: u16, error: &str, reason: &str, out: &mut BytesMut) {
    let mut response = error_response(status, error, reason);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    // The writer answers requests only; there is none here that it could have read.
    let provided = Reply::new().and_then(|mut reply| {
        reply.try_request(b"GET / HTTP/1.1\r\n\r\n")?;
        match reply.proceed() {
            Some(RecvRequestResult::ProvideResponse(reply)) => {
                write_response(reply, Version::HTTP_11, response, usize::MAX, out)
            }
            _ => Ok(false),
        }
    });
    debug_assert!(provided.is_ok(), "a refusal is a plain response");
}
