//! A request, and its bytes. The body travels beside the head, uncopied.
//!
//! The authorization line is put in after the library has written the rest: the library logs what it writes.

use super::{Authorization, HttpError};
use bytes::Bytes;
use std::{string::ToString, vec, vec::Vec};
use ureq_proto::client::{Call, SendRequestResult, state};

/// The methods in use. `Put` and `Post` carry a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// Reads.
    Get,
    /// Stores.
    Put,
    /// Hands over a body.
    Post,
    /// Removes.
    Delete,
}

impl From<Method> for ::http::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Put => Self::PUT,
            Method::Post => Self::POST,
            Method::Delete => Self::DELETE,
        }
    }
}

/// What to ask a server for. `Debug` shows no credentials.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    method: Method,
    host: &'a str,
    path: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    authorization: Option<&'a Authorization>,
    body: Option<Bytes>,
}

impl<'a> Request<'a> {
    /// A request for `path` (with its query, percent-encoded, starting with `/`) to `host` (`name:port`).
    pub fn new(method: Method, host: &'a str, path: &'a str) -> Self {
        Self { method, host, path, headers: Vec::new(), authorization: None, body: None }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'a str, value: &'a str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Says who asks.
    #[must_use]
    pub fn authorization(mut self, authorization: Option<&'a Authorization>) -> Self {
        self.authorization = authorization;
        self
    }

    /// The body of a `Put` or `Post`, of the given content type.
    #[must_use]
    pub fn body(mut self, content_type: &'a str, body: Bytes) -> Self {
        self.headers.push(("content-type", content_type));
        self.body = Some(body);
        self
    }

    pub(super) fn content(&self) -> Bytes {
        self.body.clone().unwrap_or_default()
    }

    /// The state that awaits the response, and every byte before the body.
    pub(super) fn encode(&self) -> Result<(Call<state::RecvResponse>, Vec<u8>), HttpError> {
        let carries_body = matches!(self.method, Method::Put | Method::Post);
        if self.body.is_some() && !carries_body {
            return Err(HttpError::request("this method carries no body"));
        }
        if !self.path.starts_with('/') {
            return Err(HttpError::request("the path must start with a slash"));
        }
        let length = self.body.as_ref().map_or(0, Bytes::len);
        let mut builder =
            ::http::Request::builder().method(self.method).uri(self.path).header("host", self.host);
        for (name, value) in &self.headers {
            builder = builder.header(*name, *value);
        }
        if carries_body {
            builder = builder.header("content-length", length.to_string());
        }
        let request = builder.body(()).map_err(HttpError::request)?;

        let lines: usize = self.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        let mut head = vec![0; self.path.len() + self.host.len() + lines + 128];
        let mut call = Call::new(request).map_err(HttpError::request)?.proceed();
        let written = call.write(&mut head).map_err(HttpError::request)?;
        head.truncate(written);
        let call = match call.proceed().map_err(HttpError::request)? {
            Some(SendRequestResult::RecvResponse(call)) => call,
            Some(SendRequestResult::SendBody(mut call)) => {
                call.consume_direct_write(length).map_err(HttpError::request)?;
                call.proceed().ok_or_else(|| HttpError::request("its body is not of the announced length"))?
            }
            Some(SendRequestResult::Await100(_)) | None => {
                return Err(HttpError::request("its head is incomplete"));
            }
        };
        if let Some(authorization) = self.authorization {
            let before_blank_line = head.len().saturating_sub(2);
            head.truncate(before_blank_line);
            head.extend_from_slice(authorization.header_line().as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        Ok((call, head))
    }
}
