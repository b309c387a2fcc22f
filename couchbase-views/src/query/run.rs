//! A query under way: the pieces of the answer through the row machine, to whoever takes rows.

use super::options::Options;
use super::request::view_query;
use crate::attempts::Purpose;
use crate::home::Home;
use crate::rows::{RowEvent, RowMachine, RowsError};
use crate::transfer::Transfer;
use crate::{Flow, Metadata, Rows};
use couchbase_core::{Error, ErrorKind, Result};
use std::sync::Arc;
use std::task::{Context, Poll};

pub(crate) struct Run {
    transfer: Transfer,
    machine: RowMachine,
}

impl Run {
    pub(crate) fn new(home: Arc<dyn Home>, design: String, view: String, options: Options) -> Result<Self> {
        // Mistakes come out now, connected or not: the bucket's name takes no part in them.
        view_query("", &design, &view, &options)?;
        let timeout = options.timeout;
        let build = move |bucket: &str| view_query(bucket, &design, &view, &options);
        Ok(Self { transfer: Transfer::new(home, Purpose::View, timeout, build)?, machine: RowMachine::new() })
    }

    /// What is known so far about the answer as a whole.
    pub(crate) fn metadata(&self) -> &Metadata {
        self.machine.metadata()
    }

    /// Gives rows to `take` as they arrive; ready when the query has ended, well or not.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        take: &mut dyn FnMut(Rows<'_>) -> Result<Flow>,
    ) -> Poll<Result<()>> {
        loop {
            let outcome = match self.transfer.poll_piece(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(piece))) => {
                    self.machine.handle_input(piece);
                    None
                }
                Poll::Ready(Some(Err(error))) => Some(Err(error)),
                Poll::Ready(None) => {
                    self.machine.handle_end();
                    Some(Ok(()))
                }
            };
            while let Some(event) = self.machine.poll_event() {
                match event {
                    RowEvent::Rows(rows) => match take(rows) {
                        Ok(Flow::More) => {}
                        Ok(Flow::Stop) => return Poll::Ready(Ok(())),
                        Err(error) => return Poll::Ready(Err(error)),
                    },
                    RowEvent::Done(meta) => {
                        return Poll::Ready(meta.failure().map_or(Ok(()), |words| {
                            Err(self.at_node(
                                Error::new(ErrorKind::ViewEngine, "the query failed")
                                    .with_server_words(words),
                            ))
                        }));
                    }
                    RowEvent::Failed(error) => return Poll::Ready(Err(self.unreadable(error))),
                }
            }
            if let Some(outcome) = outcome {
                return Poll::Ready(outcome);
            }
        }
    }

    fn unreadable(&self, error: RowsError) -> Error {
        let kind =
            if matches!(error, RowsError::TooLarge(_)) { ErrorKind::TooBig } else { ErrorKind::Protocol };
        self.at_node(Error::new(kind, error))
    }

    fn at_node(&self, error: Error) -> Error {
        match self.transfer.node() {
            Some(node) => error.with_node(node.clone()),
            None => error,
        }
    }
}
