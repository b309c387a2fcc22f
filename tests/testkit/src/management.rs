//! The management service, as far as clients need it to find the nodes of a bucket and its design documents.
//!
//! A config is the same here as over the data service: once, or as a stream in which each one that is new follows the
//! one before.

use ::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use ::http::{HeaderMap, HeaderValue, StatusCode};
use bytes::Bytes;
use percent_encoding::percent_decode_str;

use crate::http::{Body, Response, credentials, json_response};
use crate::views::{Access, DocumentSource};

/// What ends each document of a stream, in a chunk of its own.
pub(crate) const SEPARATOR: &[u8] = b"\n\n\n\n";

/// What may be asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    /// The config of a bucket; of the cluster, if none is named.
    Config { bucket: Option<String>, streaming: bool },
    /// The list of a bucket's design documents.
    Designs { bucket: String },
}

impl Resource {
    /// What a path names; `None` if that is not here.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("/pools/default/")?;
        let segments: Vec<&str> = rest.split('/').collect();
        let name = |part: &str| Some(percent_decode_str(part).decode_utf8().ok()?.into_owned());
        match *segments.as_slice() {
            ["nodeServices"] => Some(Self::Config { bucket: None, streaming: false }),
            ["nodeServicesStreaming"] => Some(Self::Config { bucket: None, streaming: true }),
            ["b", bucket] => Some(Self::Config { bucket: Some(name(bucket)?), streaming: false }),
            ["bs", bucket] => Some(Self::Config { bucket: Some(name(bucket)?), streaming: true }),
            ["buckets", bucket, "ddocs"] => Some(Self::Designs { bucket: name(bucket)? }),
            _ => None,
        }
    }

    fn bucket(&self) -> Option<&str> {
        match self {
            Self::Config { bucket, .. } => bucket.as_deref(),
            Self::Designs { bucket } => Some(bucket),
        }
    }

    /// The answer for whoever may not read this.
    pub(crate) fn refusal(&self, headers: &HeaderMap, source: &dyn DocumentSource) -> Option<Response> {
        let bucket = self.bucket();
        let access = credentials(headers).map_or(Access::Unauthorized, |(user, password)| {
            source.authenticate(&user, &password, bucket.unwrap_or_default())
        });
        match (access, bucket) {
            (Access::Unauthorized, _) => Some(unauthorized()),
            // Every user may see what the cluster is made of.
            (_, None) => None,
            (Access::Forbidden, Some(bucket)) => Some(self.forbidden(bucket)),
            (_, Some(bucket)) => source.bucket_uuid(bucket).is_none().then(not_found),
        }
    }

    fn forbidden(&self, bucket: &str) -> Response {
        let part = if matches!(self, Self::Designs { .. }) { "views" } else { "settings" };
        let body = serde_json::json!({
            "message": "the user lacks the permissions named here",
            "permissions": [format!("cluster.bucket[{bucket}].{part}!read")],
        });
        json_response(403, body.to_string())
    }
}

fn unauthorized() -> Response {
    let mut response = Response::new(Body::Whole(Bytes::new()));
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    let realm = HeaderValue::from_static("Basic realm=\"Couchbase Server Admin / REST\"");
    response.headers_mut().insert(WWW_AUTHENTICATE, realm);
    response
}

/// For what is not here: text, and not JSON; there are clients that compare it.
pub(crate) fn not_found() -> Response {
    let mut response = Response::new(Body::Whole(Bytes::from_static(b"Requested resource not found.\r\n")));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_found_by_their_paths() {
        let config = |bucket: Option<&str>, streaming| {
            Some(Resource::Config { bucket: bucket.map(ToOwned::to_owned), streaming })
        };
        for (path, resource) in [
            ("/pools/default/nodeServices", config(None, false)),
            ("/pools/default/nodeServicesStreaming", config(None, true)),
            ("/pools/default/b/a%2Fb", config(Some("a/b"), false)),
            ("/pools/default/bs/b", config(Some("b"), true)),
            ("/pools/default/buckets/b/ddocs", Some(Resource::Designs { bucket: "b".to_owned() })),
            ("/pools/default/buckets/b/ddocs/x", None),
            ("/pools/default/b/%ff", None),
            ("/pools/default/buckets/b", None),
            ("/pools/default", None),
            ("/pools", None),
            ("/b/_design/d", None),
        ] {
            assert_eq!(Resource::parse(path), resource, "{path}");
        }
    }
}
