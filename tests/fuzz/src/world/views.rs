//! A link to a view service, which says what it was told to say.

use super::{Open, World};
use crate::cuts::pieces;
use couchbase_core::rt::Socket;
use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

/// What a view service says to whoever connects next.
pub(crate) struct Answer {
    /// The last first.
    pieces: Vec<Vec<u8>>,
    /// The link stays open behind it.
    stays: bool,
}

impl Answer {
    pub(crate) fn new(said: &[u8], is_cut: bool, stays: bool) -> Self {
        let mut pieces = match is_cut {
            true => pieces(said).map(<[u8]>::to_vec).collect(),
            false => Vec::from_iter((!said.is_empty()).then(|| said.to_vec())),
        };
        pieces.reverse();
        Self { pieces, stays }
    }
}

pub(super) struct Views {
    answer: Answer,
    has_paused: bool,
    _open: Open,
}

impl Views {
    pub(super) fn new(world: &Arc<Mutex<World>>, answer: Answer) -> Self {
        Self { answer, has_paused: false, _open: Open::new(world) }
    }
}

impl Socket for Views {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        // Every other time there is nothing yet.
        self.has_paused = !self.has_paused;
        if self.has_paused {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        match self.answer.pieces.pop() {
            Some(mut piece) => {
                let rest = piece.split_off(buf.len().min(piece.len()));
                if !rest.is_empty() {
                    self.answer.pieces.push(rest);
                }
                buf[..piece.len()].copy_from_slice(&piece);
                Poll::Ready(Ok(piece.len()))
            }
            None if self.answer.stays => Poll::Pending,
            None => Poll::Ready(Ok(0)),
        }
    }

    fn poll_write(&mut self, _: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()))
    }
}
