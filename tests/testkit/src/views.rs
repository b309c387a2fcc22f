//! Design documents and views of the embedded cluster: requests in, responses out; no sockets, no threads.
//!
//! Without the feature `views` the port still speaks HTTP and says in each answer why there are no views.

mod source;

use crate::http::{Request, Response, error_response};

pub use source::{Access, Document, DocumentSource};

/// The view engine of the whole cluster: design documents and indexes of all buckets.
///
/// One is shared by all nodes: whichever node is asked answers for the documents of all of them.
#[derive(Debug, Default)]
pub struct ViewService {}

impl ViewService {
    /// A service without any design document.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers one request. Never blocks on anything but the work itself, which is bounded.
    pub fn handle_request(&mut self, source: &dyn DocumentSource, request: &Request) -> Response {
        let _ = (source, request);
        error_response(501, "not_implemented", "this cluster was built without the feature `views`")
    }

    /// Forgets design documents and indexes of a bucket that was deleted.
    pub fn remove_bucket(&mut self, bucket: &str) {
        let _ = bucket;
    }
}
