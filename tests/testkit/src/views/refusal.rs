//! Why a request is refused, and the answer that says so.

use ::http::HeaderValue;
use ::http::header::{ALLOW, LOCATION, WWW_AUTHENTICATE};

use crate::http::{Response, error_response, json_response};

/// A refusal: HTTP status and the two members of its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: u16,
    error: &'static str,
    reason: String,
}

impl Refusal {
    pub(super) fn bad_request(reason: impl Into<String>) -> Self {
        Self { status: 400, error: "bad_request", reason: reason.into() }
    }

    pub(super) fn bad_json(error: &serde_json::Error) -> Self {
        Self::bad_request(format!("invalid UTF-8 JSON: {error}"))
    }

    pub(super) fn query_parse(reason: impl Into<String>) -> Self {
        Self { status: 400, error: "query_parse_error", reason: reason.into() }
    }

    pub(super) fn invalid_design(reason: impl Into<String>) -> Self {
        Self { status: 400, error: "invalid_design_document", reason: reason.into() }
    }

    pub(super) fn not_found(reason: impl Into<String>) -> Self {
        Self { status: 404, error: "not_found", reason: reason.into() }
    }

    pub(super) fn content_type() -> Self {
        let reason = "Content-Type must be application/json".to_owned();
        Self { status: 415, error: "bad_content_type", reason }
    }

    /// A failure of the user's code or of his values, found while answering.
    pub(super) fn failed(reason: impl Into<String>) -> Self {
        Self { status: 500, error: "error", reason: reason.into() }
    }

    pub(super) fn into_response(self) -> Response {
        error_response(self.status, self.error, &self.reason)
    }
}

pub(super) fn unauthorized() -> Response {
    let mut response = error_response(401, "unauthorized", "user and password are required and must match");
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"capi\""));
    response
}

pub(super) fn forbidden(bucket: &str, action: &str) -> Response {
    let permission = format!("cluster.bucket[{bucket}].views!{action}");
    let body = serde_json::json!({
        "message": "the user lacks the permissions named here",
        "permissions": [permission],
    });
    json_response(403, body.to_string())
}

/// The node has nothing to answer queries with; `location` is where another one may have.
pub(super) fn no_active_vbuckets(location: Option<&str>) -> Response {
    let reason = "Cannot execute view query since the node has no active vbuckets";
    let mut response = error_response(302, "no_active_vbuckets", reason);
    if let Some(location) = location.and_then(|location| HeaderValue::from_str(location).ok()) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

pub(super) fn method_not_allowed(allowed: &'static str) -> Response {
    let mut response = error_response(405, "method_not_allowed", &format!("only {allowed} are allowed here"));
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}
