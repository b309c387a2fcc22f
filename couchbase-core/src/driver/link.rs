//! One socket: what is read from it, and what is still to be written to it. No lock is held here.

use super::buffers::{Buffers, ReadBuffer};
use crate::machine::{LinkId, LinkLoss, Transmit};
use crate::rt::Socket;
use std::boxed::Box;
use std::format;
use std::io::{self, ErrorKind, IoSlice};
use std::task::{Context, Poll};

/// Parts of one write. A batch with more of them takes more writes.
const PARTS: usize = 64;
/// Writes of one link in a row, before others have their turn.
const WRITES: usize = 16;

pub(super) struct Link {
    pub(super) id: LinkId,
    socket: Box<dyn Socket>,
    /// While part of a frame is in it.
    input: Option<ReadBuffer>,
    /// What has been pulled from the machine and not been written yet.
    pub(super) output: Transmit,
    /// The machine has more, to be pulled when `output` has been written.
    pub(super) is_behind: bool,
}

/// How writing went.
pub(super) struct Wrote {
    pub(super) anything: bool,
    /// The socket takes no more at present, and wakes when it does.
    pub(super) is_blocked: bool,
}

/// Why reading stopped.
pub(super) enum Stop {
    /// There is nothing more at present.
    Blocked,
    /// The buffer is full.
    Full,
    Lost(LinkLoss),
}

impl Link {
    pub(super) fn new(id: LinkId, socket: Box<dyn Socket>) -> Self {
        Self { id, socket, input: None, output: Transmit::new(), is_behind: false }
    }

    /// Reads until there is nothing more or the buffer is full: the buffer, how many bytes were read, why it stopped.
    pub(super) fn read(&mut self, cx: &mut Context<'_>, buffers: &mut Buffers) -> (ReadBuffer, usize, Stop) {
        let mut buffer = self.input.take().unwrap_or_else(|| buffers.get());
        if buffer.is_used_up() {
            buffers.renew(&mut buffer);
        }
        let mut read = 0;
        let stop = loop {
            match self.socket.poll_read(cx, buffer.room()) {
                Poll::Pending => break Stop::Blocked,
                Poll::Ready(Ok(0)) => break Stop::Lost(LinkLoss::Eof),
                Poll::Ready(Ok(count)) => {
                    buffer.received(count);
                    read += count;
                }
                Poll::Ready(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) => break Stop::Lost(loss(&error)),
            }
            if buffer.is_used_up() {
                break Stop::Full;
            }
        };
        (buffer, read, stop)
    }

    /// Takes back a buffer when the machine has had what it wanted.
    pub(super) fn keep(&mut self, mut buffer: ReadBuffer, buffers: &mut Buffers) {
        if buffer.is_empty() {
            buffers.put(buffer);
        } else {
            buffers.shrink(&mut buffer);
            self.input = Some(buffer);
        }
    }

    /// Writes as much as the socket takes, in so many writes at most.
    pub(super) fn write(&mut self, cx: &mut Context<'_>) -> Result<Wrote, LinkLoss> {
        let mut wrote = Wrote { anything: false, is_blocked: false };
        for _ in 0..WRITES {
            if self.output.is_empty() {
                break;
            }
            match write_parts(&mut *self.socket, cx, &self.output) {
                Poll::Pending => {
                    wrote.is_blocked = true;
                    break;
                }
                Poll::Ready(Ok(0)) => return Err(LinkLoss::Failed("the socket takes no more bytes".into())),
                Poll::Ready(Ok(count)) => {
                    self.output.advance(count);
                    wrote.anything = true;
                }
                Poll::Ready(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) => return Err(loss(&error)),
            }
        }
        Ok(wrote)
    }
}

/// One write of as many parts as go into one: how many bytes were taken, no more than there were.
fn write_parts(socket: &mut dyn Socket, cx: &mut Context<'_>, batch: &Transmit) -> Poll<io::Result<usize>> {
    let mut chunks = batch.chunks();
    let first = chunks.next().unwrap_or_default();
    let Some(second) = chunks.next() else {
        // Most batches are of one part; laying out those of the others takes a while.
        return socket.poll_write(cx, &[IoSlice::new(first)]).map_ok(|count| count.min(first.len()));
    };
    let mut parts = [IoSlice::new(first); PARTS];
    let (mut used, mut len) = (1, first.len());
    for (part, chunk) in parts[1..].iter_mut().zip([second].into_iter().chain(chunks)) {
        *part = IoSlice::new(chunk);
        used += 1;
        len += chunk.len();
    }
    socket.poll_write(cx, &parts[..used]).map_ok(|count| count.min(len))
}

/// What the machine is told of a socket's error.
pub(super) fn loss(error: &io::Error) -> LinkLoss {
    match error.kind() {
        ErrorKind::ConnectionRefused => LinkLoss::Refused,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => LinkLoss::Reset,
        ErrorKind::UnexpectedEof => LinkLoss::Eof,
        _ => LinkLoss::Failed(format!("{error}")),
    }
}
