//! HTTP of the embedded cluster: requests and responses as values, and the server's side of one link.
//!
//! Everything here is bytes in, bytes out: sockets and threads belong to the node's front, and what a request
//! means belongs to [`views`](crate::views).

mod credentials;
mod fault;
mod link;
mod write;

use ::http::HeaderValue;
use ::http::header::CONTENT_TYPE;
use bytes::Bytes;

pub(crate) use credentials::credentials;
pub use fault::Fault;
pub use link::{Limits, ServerLink};

/// A request whose body has arrived whole.
pub type Request = ::http::Request<Bytes>;

/// An answer, with its body as the pieces in which it is to be flushed.
pub type Response = ::http::Response<Body>;

/// The body of a [`Response`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Sent with its length in the head.
    Whole(Bytes),
    /// Sent with `Transfer-Encoding: chunked`, each piece flushed by itself. Empty pieces are skipped.
    Chunks(Vec<Bytes>),
}

impl Body {
    /// The pieces in their order; a whole body is one piece.
    pub fn pieces(&self) -> &[Bytes] {
        match self {
            Self::Whole(bytes) => std::slice::from_ref(bytes),
            Self::Chunks(pieces) => pieces,
        }
    }

    /// Length in bytes, without the framing of chunks.
    pub fn len(&self) -> usize {
        self.pieces().iter().map(Bytes::len).sum()
    }

    /// Whether there is not one byte of body.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All pieces joined.
    pub fn to_bytes(&self) -> Bytes {
        match self {
            Self::Whole(bytes) => bytes.clone(),
            Self::Chunks(pieces) => pieces.concat().into(),
        }
    }
}

/// An answer with one JSON text as its body. A status outside 200 to 999 becomes 500.
pub fn json_response(status: u16, text: impl Into<Bytes>) -> Response {
    let mut response = Response::new(Body::Whole(text.into()));
    *response.status_mut() = fault::final_status(status);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The answer in which every refusal comes: `{"error":…,"reason":…}`.
pub fn error_response(status: u16, error: &str, reason: &str) -> Response {
    json_response(status, serde_json::json!({ "error": error, "reason": reason }).to_string())
}
