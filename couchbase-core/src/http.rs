//! One HTTP/1.1 exchange, sans-IO: a request becomes bytes, received bytes become a status, headers and a body.
//!
//! It knows nothing of sockets, retries or what it is used for. The grammar is `ureq-proto`'s. What that leaves to its
//! caller is decided here: a body that ends before its announced end is an error, what comes before the body is
//! bounded, and no secret passes through the library (it logs what it writes). Nothing received can panic or make this
//! allocate more than what was handed in plus [`MAX_HEAD`].

mod authorization;
mod failure;
mod request;

pub use authorization::Authorization;
pub use failure::HttpError;
pub use request::{Method, Request};

use bytes::Bytes;
use std::{fmt, vec::Vec};
use ureq_proto::BodyMode;
use ureq_proto::client::{Call, RecvBodyResult, RecvResponseResult, state};

/// Largest status line with headers, and largest single line between the parts of a chunked body, in bytes.
pub const MAX_HEAD: usize = 64 * 1024;

/// Most interim responses (1xx) before the response itself. None is asked for.
pub const MAX_INTERIM: usize = 16;

/// What the server said before its body: status and headers.
#[derive(Clone, Debug)]
pub struct Head {
    status: u16,
    headers: ::http::HeaderMap,
}

impl Head {
    /// The status code, 200 to 999.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The first header of that name, if it is there and text. Names are compared without regard to case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A request on its way out and its response on its way in.
///
/// Sending and receiving are independent of each other: a server may answer before it has read everything.
///
/// ```
/// use couchbase_core::http::{Exchange, Method, Request};
///
/// let mut exchange = Exchange::new(&Request::new(Method::Get, "127.0.0.1:8092", "/default/_design/beer"))?;
/// let sent: usize = exchange.poll_transmit().map_or(0, |parts| parts.iter().map(|part| part.len()).sum());
/// exchange.handle_sent(sent);
///
/// let mut body = Vec::new();
/// exchange.handle_input(b"HTTP/1.1 404 Object Not Found\r\nContent-Length: 5\r\n\r\nsor", &mut body)?;
/// assert_eq!(exchange.head().map(|head| head.status()), Some(404));
/// exchange.handle_input(b"ry", &mut body)?;
/// assert!(exchange.is_complete() && exchange.can_keep_alive());
/// assert_eq!(body, b"sorry");
/// # Ok::<(), couchbase_core::http::HttpError>(())
/// ```
pub struct Exchange {
    prelude: Vec<u8>,
    content: Bytes,
    sent: usize,
    state: State,
    head: Option<Head>,
    /// Received, but not yet enough to act upon: part of the head, of a chunk's size or of a trailer.
    held: Vec<u8>,
    /// Interim responses so far.
    interim: usize,
    heard: bool,
    must_close: bool,
}

enum State {
    Head(Call<state::RecvResponse>),
    Body(Call<state::RecvBody>),
    Complete,
    Failed(HttpError),
}

impl Exchange {
    /// Prepares a request for sending.
    ///
    /// # Errors
    /// [`HttpError::Request`] if path or a header holds characters that must not be sent, or the path is longer than
    /// 65,534 bytes.
    pub fn new(request: &Request<'_>) -> Result<Self, HttpError> {
        let (call, prelude) = request.encode()?;
        Ok(Self {
            prelude,
            content: request.content(),
            sent: 0,
            state: State::Head(call),
            head: None,
            held: Vec::new(),
            interim: 0,
            heard: false,
            must_close: false,
        })
    }

    /// The bytes to write next, in two parts of which either may be empty; `None` once everything was sent.
    pub fn poll_transmit(&self) -> Option<[&[u8]; 2]> {
        let content_sent = self.sent.saturating_sub(self.prelude.len());
        let parts = [
            self.prelude.get(self.sent..).unwrap_or_default(),
            self.content.get(content_sent..).unwrap_or_default(),
        ];
        parts.iter().any(|part| !part.is_empty()).then_some(parts)
    }

    /// Tells that so many of the bytes of [`poll_transmit`](Self::poll_transmit) were written.
    pub fn handle_sent(&mut self, bytes: usize) {
        self.sent = self.sent.saturating_add(bytes).min(self.prelude.len() + self.content.len());
    }

    /// Takes received bytes, all of them, and appends what they hold of the response's body to `body`.
    ///
    /// # Errors
    /// The response is not HTTP or breaks its rules. The exchange stays failed; what was appended before stays.
    pub fn handle_input(&mut self, input: &[u8], body: &mut Vec<u8>) -> Result<(), HttpError> {
        if let State::Failed(error) = &self.state {
            return Err(error.clone());
        }
        self.heard |= !input.is_empty();
        let outcome = if self.held.is_empty() {
            self.advance(input, body)
        } else {
            let mut joined = std::mem::take(&mut self.held);
            joined.extend_from_slice(input);
            self.advance(&joined, body)
        };
        outcome.map_err(|error| self.fail(error))
    }

    /// Tells that the server has closed its side.
    ///
    /// # Errors
    /// [`HttpError::Closed`] if nothing at all was received, [`HttpError::Truncated`] if the response is incomplete.
    pub fn handle_end(&mut self) -> Result<(), HttpError> {
        self.must_close = true;
        let error = match &self.state {
            State::Complete => return Ok(()),
            State::Failed(error) => return Err(error.clone()),
            State::Body(call) if call.body_mode() == BodyMode::CloseDelimited => {
                self.state = State::Complete;
                return Ok(());
            }
            State::Head(_) if !self.heard => HttpError::Closed,
            State::Head(_) | State::Body(_) => HttpError::Truncated,
        };
        Err(self.fail(error))
    }

    /// Status and headers, once they have arrived.
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// Whether the whole response has arrived.
    pub fn is_complete(&self) -> bool {
        matches!(self.state, State::Complete)
    }

    /// Whether any byte of a response has arrived.
    pub fn has_heard(&self) -> bool {
        self.heard
    }

    /// Whether the link may carry another exchange: both sides are through and neither asked to close.
    pub fn can_keep_alive(&self) -> bool {
        self.is_complete() && !self.must_close && self.poll_transmit().is_none()
    }

    fn fail(&mut self, error: HttpError) -> HttpError {
        self.must_close = true;
        self.held = Vec::new();
        self.state = State::Failed(error.clone());
        error
    }

    fn advance(&mut self, data: &[u8], body: &mut Vec<u8>) -> Result<(), HttpError> {
        let mut written = body.len();
        // A decoded body is never longer than its encoding. Made once for all chunks, however many there are.
        body.resize(written + data.len(), 0);
        let outcome = self.advance_into(data, body, &mut written);
        body.truncate(written);
        outcome
    }

    /// Decodes into `body` from `written` on, which grows by what has come of it.
    fn advance_into(
        &mut self,
        mut data: &[u8],
        body: &mut [u8],
        written: &mut usize,
    ) -> Result<(), HttpError> {
        loop {
            let used = match &mut self.state {
                State::Head(_) => self.advance_head(data)?,
                State::Body(_) => self.advance_body(data, body, written)?,
                State::Complete | State::Failed(_) => {
                    // Bytes nobody asked for: the two sides disagree about where they are.
                    self.must_close |= !data.is_empty();
                    return Ok(());
                }
            };
            data = &data[used..];
            if used == 0 && !self.is_complete() {
                self.held.extend_from_slice(data);
                return if self.held.len() > MAX_HEAD { Err(HttpError::HeadTooLarge) } else { Ok(()) };
            }
        }
    }

    fn advance_head(&mut self, data: &[u8]) -> Result<usize, HttpError> {
        let State::Head(call) = &mut self.state else { return Ok(0) };
        let (used, response) = call.try_response(data, false)?;
        if used > MAX_HEAD {
            return Err(HttpError::HeadTooLarge);
        }
        let Some(response) = response else {
            // The bytes were an interim one (1xx), which is skipped; none were used if nothing is whole yet.
            self.interim += usize::from(used > 0);
            return if self.interim > MAX_INTERIM { Err(HttpError::TooManyInterim) } else { Ok(used) };
        };
        let (parts, ()) = response.into_parts();
        if parts.status.is_informational() {
            return Err(HttpError::malformed("the server switched protocols unasked"));
        }
        self.head = Some(Head { status: parts.status.as_u16(), headers: parts.headers });
        let State::Head(call) = std::mem::replace(&mut self.state, State::Complete) else { return Ok(used) };
        match call.proceed() {
            Some(RecvResponseResult::RecvBody(call)) => self.state = State::Body(call),
            Some(RecvResponseResult::Redirect(call)) => self.must_close |= call.must_close_connection(),
            Some(RecvResponseResult::Cleanup(call)) => self.must_close |= call.must_close_connection(),
            None => return Err(HttpError::malformed("the response has no end")),
        }
        Ok(used)
    }

    fn advance_body(
        &mut self,
        data: &[u8],
        body: &mut [u8],
        written: &mut usize,
    ) -> Result<usize, HttpError> {
        let State::Body(call) = &mut self.state else { return Ok(0) };
        // One chunk at a time, so that a broken chunk does not take whole ones before it with it.
        call.stop_on_chunk_boundary(true);
        let (used, count) = call.read(data, &mut body[*written..])?;
        *written += count;
        let is_ended = call.can_proceed() && call.body_mode() != BodyMode::CloseDelimited;
        if is_ended && let State::Body(call) = std::mem::replace(&mut self.state, State::Complete) {
            self.must_close |= match call.proceed() {
                Some(RecvBodyResult::Redirect(call)) => call.must_close_connection(),
                Some(RecvBodyResult::Cleanup(call)) => call.must_close_connection(),
                None => true,
            };
        }
        Ok(used)
    }
}

impl fmt::Debug for Exchange {
    /// Leaves out what is sent: it may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field(
                "unsent",
                &self.poll_transmit().map_or(0, |parts| parts.iter().map(|part| part.len()).sum()),
            )
            .field("head", &self.head)
            .field("is_complete", &self.is_complete())
            .finish_non_exhaustive()
    }
}
