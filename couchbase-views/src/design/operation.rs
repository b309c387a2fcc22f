//! Storing, reading and removing a design document: one HTTP call to any node that serves views.

use super::DesignDocument;
use crate::attempts::Purpose;
use crate::call::{Call, design_path};
use crate::home::Home;
use crate::transfer::Transfer;
use bytes::Bytes;
use couchbase_core::http::Method;
use couchbase_core::{Error, ErrorKind, Result};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// Design documents whose name starts like this are under development: the server may index a part of the data only.
const DEVELOPMENT: &str = "dev_";

/// Longest answer that is read, in bytes.
const MAX_ANSWER: usize = 20 * 1024 * 1024;

/// An operation on a design document, as a future. It acts on the development version, whose stored name starts with
/// `dev_`, unless told otherwise.
#[must_use = "operations do nothing until they are awaited"]
pub struct DesignOp<T> {
    home: Arc<dyn Home>,
    name: String,
    is_production: bool,
    action: Action,
    read: fn(&[u8]) -> Result<T>,
    transfer: Option<Transfer>,
    answer: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Action {
    Create(Result<Bytes>),
    Get,
    Delete,
    Ended,
}

impl<T> DesignOp<T> {
    fn new(home: Arc<dyn Home>, name: &str, action: Action, read: fn(&[u8]) -> Result<T>) -> Self {
        let name = name.to_owned();
        Self { home, name, is_production: false, action, read, transfer: None, answer: Vec::new() }
    }

    /// Acts on the document of exactly this name, without the prefix `dev_`.
    pub fn production(mut self) -> Self {
        self.is_production = true;
        self
    }

    fn call(&self) -> Result<Call> {
        // The name is checked before the prefix hides that it is empty; the bucket's name comes with the connection.
        design_path("", &self.name)?;
        let (method, body) = match &self.action {
            Action::Create(json) => (Method::Put, Some(json.clone()?)),
            Action::Get => (Method::Get, None),
            Action::Delete => (Method::Delete, None),
            Action::Ended => return Err(Error::new(ErrorKind::Closed, "the operation has ended before")),
        };
        Ok(Call { method, path: String::new(), body })
    }

    fn stored_name(&self) -> String {
        if self.is_production || self.name.starts_with(DEVELOPMENT) {
            self.name.clone()
        } else {
            format!("{DEVELOPMENT}{}", self.name)
        }
    }
}

impl DesignOp<()> {
    pub(crate) fn create(home: Arc<dyn Home>, name: &str, doc: &DesignDocument) -> Self {
        let json = serde_json::to_vec(doc).map(Bytes::from).map_err(Error::value_format);
        Self::new(home, name, Action::Create(json), |_| Ok(()))
    }

    pub(crate) fn delete(home: Arc<dyn Home>, name: &str) -> Self {
        Self::new(home, name, Action::Delete, |_| Ok(()))
    }
}

impl DesignOp<DesignDocument> {
    pub(crate) fn get(home: Arc<dyn Home>, name: &str) -> Self {
        Self::new(home, name, Action::Get, |json| {
            serde_json::from_slice(json).map_err(|error| {
                Error::new(ErrorKind::Protocol, format!("the answer is no design document: {error}"))
            })
        })
    }
}

impl<T> DesignOp<T> {
    fn poll_outcome(&mut self, cx: &mut Context<'_>) -> Poll<Result<T>> {
        let mut transfer = match self.transfer.take() {
            Some(transfer) => transfer,
            None => {
                let call = self.call()?;
                let name = self.stored_name();
                let build = move |bucket: &str| Ok(Call { path: design_path(bucket, &name)?, ..call });
                Transfer::new(self.home.clone(), Purpose::Design, None, build)?
            }
        };
        loop {
            let error = match transfer.poll_piece(cx) {
                Poll::Pending => {
                    let is_write = matches!(self.action, Action::Create(_) | Action::Delete);
                    if is_write && transfer.is_accepted() {
                        return Poll::Ready((self.read)(b""));
                    }
                    self.transfer = Some(transfer);
                    return Poll::Pending;
                }
                Poll::Ready(Some(Ok(piece))) if self.answer.len() + piece.len() <= MAX_ANSWER => {
                    self.answer.extend_from_slice(piece);
                    continue;
                }
                Poll::Ready(Some(Ok(_))) => {
                    Error::new(ErrorKind::TooBig, format!("the design document exceeds {MAX_ANSWER} bytes"))
                }
                Poll::Ready(None) => return Poll::Ready((self.read)(&self.answer)),
                Poll::Ready(Some(Err(error))) => error,
            };
            // A lost attempt may have removed it already.
            let is_gone = transfer.refused_with() == Some(404)
                && transfer.has_lost_an_attempt()
                && error.server_words().is_some_and(|words| words.contains("deleted"));
            return Poll::Ready(match self.action {
                Action::Delete if is_gone => (self.read)(b""),
                // What the server says besides is of no use to anybody.
                Action::Create(_) | Action::Delete if transfer.is_accepted() => (self.read)(b""),
                Action::Create(_) | Action::Delete => Err(error.ambiguous(transfer.has_lost_an_attempt())),
                Action::Get | Action::Ended => Err(error),
            });
        }
    }
}

impl<T> Future for DesignOp<T> {
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let operation = self.get_mut();
        let outcome = ready!(operation.poll_outcome(cx));
        operation.action = Action::Ended;
        Poll::Ready(outcome)
    }
}

impl<T> fmt::Debug for DesignOp<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DesignOp")
            .field("name", &self.stored_name())
            .field("action", &self.action)
            .finish_non_exhaustive()
    }
}
