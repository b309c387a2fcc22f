//! What stands in for the view engine when the crate is built without it.

use super::DocumentSource;
use crate::http::{Request, Response, error_response};

/// Answers every request with 501: this build has no view engine.
#[derive(Debug, Default)]
pub struct ViewService {
    _private: (),
}

impl ViewService {
    /// The service of a build without the feature `views`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that there are no views in this build.
    pub fn handle_request(&mut self, _source: &dyn DocumentSource, _request: &Request) -> Response {
        error_response(501, "not_implemented", "this cluster was built without the feature `views`")
    }

    /// Nothing: no list of design documents either.
    pub fn list_designs(&mut self, _bucket: &str, _uuid: String) -> Option<Response> {
        None
    }
}
