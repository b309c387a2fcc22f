//! The server's side of one HTTP/1.1 link: bytes in, requests out; responses in, bytes out.
//!
//! One request is under way at a time; what a client pipelines behind it waits in the buffer, and that buffer is
//! bounded by [`Limits`]. What is no HTTP gets 400 and ends the link. The protocol itself is `ureq-proto`'s.

use ::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use ::http::{HeaderMap, Version};
use bytes::{Buf, Bytes, BytesMut};
use ureq_proto::server::{RecvRequestResult, Reply, state};

use super::write::{OpenBody, write_refusal, write_response};
use super::{Fault, Request, Response};

/// How much one request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of request line and headers together.
    pub head: usize,
    /// Bytes of body.
    pub body: usize,
}

impl Default for Limits {
    /// 64 KiB of head, 4 MiB of body.
    fn default() -> Self {
        Self { head: 64 * 1024, body: 4 * 1024 * 1024 }
    }
}

/// One accepted HTTP link.
///
/// ```
/// use couchbase_testkit::http::{Limits, ServerLink, json_response};
///
/// let mut link = ServerLink::new(Limits::default());
/// link.handle_received(b"GET /b/_design/d HTTP/1.1\r\nhost: h\r\n\r\n");
/// let request = link.poll_request().expect("the request is whole");
/// assert_eq!(request.uri().path(), "/b/_design/d");
///
/// link.respond(json_response(200, "{}"), None);
/// let sent = link.poll_transmit().expect("there is an answer to send");
/// assert!(sent.starts_with(b"HTTP/1.1 200 OK\r\n"));
/// assert!(!link.is_closed());
/// ```
pub struct ServerLink {
    limits: Limits,
    inbound: BytesMut,
    outbound: BytesMut,
    state: State,
}

enum State {
    /// The head of a request is awaited.
    Head(Reply<state::RecvRequest>),
    /// The head is here, the body is coming.
    Body { reader: Reader, head: Box<::http::Request<()>>, body: BytesMut },
    /// The request was handed out and awaits its answer.
    Asked { reply: Reply<state::ProvideResponse>, version: Version },
    /// The answer has begun and may go on for as long as the link lasts.
    Open(OpenBody),
    /// A fault keeps the link open and silent.
    Stalled,
    /// Nothing more is read; the socket is closed once everything is sent.
    Closing,
}

enum Reader {
    Coming(Reply<state::RecvBody>),
    Absent(Reply<state::ProvideResponse>),
}

/// Why a request was refused before anyone saw it.
struct Refusal {
    status: u16,
    error: &'static str,
    reason: String,
}

impl Refusal {
    fn bad_request(error: &ureq_proto::Error) -> Self {
        Self { status: 400, error: "bad_request", reason: error.to_string() }
    }

    fn too_large(what: &str, limit: usize) -> Self {
        Self { status: 413, error: "too_large", reason: format!("{what} is limited to {limit} bytes") }
    }
}

impl ServerLink {
    /// A link on which nothing was received yet.
    pub fn new(limits: Limits) -> Self {
        Self { limits, inbound: BytesMut::new(), outbound: BytesMut::new(), state: next_request() }
    }

    /// Bytes came from the client. On a link that is closing, stalled, or without end to its answer they are dropped.
    pub fn handle_received(&mut self, bytes: &[u8]) {
        if matches!(self.state, State::Closing | State::Stalled | State::Open(_)) {
            return;
        }
        let most = self.limits.head + self.limits.body;
        if self.inbound.len() + bytes.len() > most {
            self.refuse(&Refusal::too_large("what waits unread", most));
            return;
        }
        self.inbound.extend_from_slice(bytes);
    }

    /// Whether reading from the socket makes sense now: not while a request awaits its answer or the link ends.
    pub fn wants_input(&self) -> bool {
        matches!(self.state, State::Head(_) | State::Body { .. })
    }

    /// The next whole request, which must be answered by [`respond`](Self::respond).
    pub fn poll_request(&mut self) -> Option<Request> {
        match self.read_request() {
            Ok(request) => request,
            Err(refusal) => {
                self.refuse(&refusal);
                None
            }
        }
    }

    /// Answers the request that [`poll_request`](Self::poll_request) gave, with `fault` instead of or in the middle
    /// of the answer. Without a request under way it does nothing.
    pub fn respond(&mut self, response: Response, fault: Option<&Fault>) {
        let State::Asked { .. } = self.state else { return };
        let State::Asked { reply, version } = std::mem::replace(&mut self.state, State::Closing) else {
            return;
        };
        let response = fault.and_then(Fault::answer).unwrap_or(response);
        let (after, end) = match fault {
            Some(Fault::Close { after }) => (*after, Some(State::Closing)),
            Some(Fault::Stall { after }) => (*after, Some(State::Stalled)),
            Some(Fault::Answer { .. }) | None => (Some(usize::MAX), None),
        };
        let keep_alive = match after {
            // A response that HTTP cannot carry ends the link: the client sees no more than that.
            Some(most) => {
                write_response(reply, version, response, most, &mut self.outbound).unwrap_or_default()
            }
            None => false,
        };
        self.state = match end {
            Some(end) => end,
            None if keep_alive => next_request(),
            None => State::Closing,
        };
    }

    /// Begins to answer the request that [`poll_request`](Self::poll_request) gave, with a body that has no end: it
    /// comes piece by piece from [`push`](Self::push). What body `response` has is its first piece.
    pub fn respond_without_end(&mut self, response: Response) {
        let State::Asked { .. } = self.state else { return };
        let State::Asked { reply, .. } = std::mem::replace(&mut self.state, State::Closing) else { return };
        let (head, body) = response.into_parts();
        if let Ok(Some(open)) = OpenBody::begin(reply, head, &mut self.outbound) {
            self.state = State::Open(open);
        }
        for piece in body.pieces() {
            self.push(piece);
        }
    }

    /// Another piece of an answer without end. On any other link it does nothing.
    pub fn push(&mut self, piece: &[u8]) {
        let State::Open(body) = &mut self.state else { return };
        if body.write(piece, &mut self.outbound).is_err() {
            self.state = State::Closing;
        }
    }

    /// Bytes to send, all that there are now.
    pub fn poll_transmit(&mut self) -> Option<Bytes> {
        (!self.outbound.is_empty()).then(|| self.outbound.split().freeze())
    }

    /// Whether the socket is to be closed: the link has ended and all its bytes were taken by
    /// [`poll_transmit`](Self::poll_transmit).
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closing) && self.outbound.is_empty()
    }

    /// Whether a fault holds the link open without an answer.
    pub fn is_stalled(&self) -> bool {
        matches!(self.state, State::Stalled)
    }

    fn read_request(&mut self) -> Result<Option<Request>, Refusal> {
        if let State::Head(reply) = &mut self.state {
            // No more than the limit is looked at, so that it does not matter how much came at once.
            let seen = &self.inbound[..self.inbound.len().min(self.limits.head)];
            let (used, head) = match reply.try_request(seen) {
                Ok((used, Some(head))) => (used, head),
                Ok((_, None)) if self.inbound.len() > self.limits.head => {
                    return Err(Refusal::too_large("the head of a request", self.limits.head));
                }
                Ok((_, None)) => return Ok(None),
                Err(error) => return Err(Refusal::bad_request(&error)),
            };
            self.inbound.advance(used);
            self.begin_body(head)?;
        }
        let State::Body { reader, head: _, body } = &mut self.state else { return Ok(None) };
        if let Reader::Coming(reply) = reader {
            let ended = read_body(reply, &mut self.inbound, body, self.limits.body)?;
            if !ended {
                return Ok(None);
            }
        }
        let State::Body { reader, head, body } = std::mem::replace(&mut self.state, State::Closing) else {
            return Ok(None);
        };
        let reply = match reader {
            Reader::Coming(reply) => reply.proceed().map_err(|error| Refusal::bad_request(&error))?,
            Reader::Absent(reply) => reply,
        };
        self.state = State::Asked { reply, version: head.version() };
        Ok(Some(head.map(|()| body.freeze())))
    }

    /// From the head to the body, which may be absent.
    fn begin_body(&mut self, head: ::http::Request<()>) -> Result<(), Refusal> {
        let State::Head(reply) = std::mem::replace(&mut self.state, State::Closing) else { return Ok(()) };
        if announced_length(head.headers()).is_some_and(|length| length > self.limits.body as u64) {
            return Err(Refusal::too_large("the body of a request", self.limits.body));
        }
        let reader = match reply.proceed() {
            Some(RecvRequestResult::ProvideResponse(reply)) => Reader::Absent(reply),
            Some(RecvRequestResult::RecvBody(mut reply)) => {
                if !head.headers().contains_key(CONTENT_LENGTH)
                    && !head.headers().contains_key(TRANSFER_ENCODING)
                {
                    // Without either header there is no body; the reader would wait for chunks.
                    reply.read(b"0\r\n\r\n", &mut []).map_err(|error| Refusal::bad_request(&error))?;
                }
                Reader::Coming(reply)
            }
            Some(RecvRequestResult::Send100(reply)) => {
                let mut line = [0; 64];
                let (written, reply) =
                    reply.accept(&mut line).map_err(|error| Refusal::bad_request(&error))?;
                self.outbound.extend_from_slice(&line[..written]);
                Reader::Coming(reply)
            }
            None => return Ok(()),
        };
        self.state = State::Body { reader, head: Box::new(head), body: BytesMut::new() };
        Ok(())
    }

    fn refuse(&mut self, refusal: &Refusal) {
        self.inbound.clear();
        write_refusal(refusal.status, refusal.error, &refusal.reason, &mut self.outbound);
        self.state = State::Closing;
    }
}

fn next_request() -> State {
    Reply::new().map_or(State::Closing, State::Head)
}

fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

/// Moves what `inbound` has of the body; true once it is whole.
fn read_body(
    reply: &mut Reply<state::RecvBody>,
    inbound: &mut BytesMut,
    body: &mut BytesMut,
    limit: usize,
) -> Result<bool, Refusal> {
    let mut piece = [0; 4096];
    while !reply.is_ended() {
        let (used, read) = reply.read(inbound, &mut piece).map_err(|error| Refusal::bad_request(&error))?;
        inbound.advance(used);
        if body.len() + read > limit {
            return Err(Refusal::too_large("the body of a request", limit));
        }
        body.extend_from_slice(&piece[..read]);
        if used == 0 && read == 0 {
            break;
        }
    }
    Ok(reply.is_ended())
}

#[cfg(test)]
mod tests;
