//! One attempt at one node: look up, connect, one HTTP exchange. Polled by hand; it waits for nothing else.

use crate::attempts::Target;
use crate::call::Call;
use couchbase_core::http::{Authorization, Exchange, Request};
use couchbase_core::rt::{BoxFuture, Runtime, Socket, Timer};
use couchbase_core::{Error, ErrorKind, Result};
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// Longest wait for a socket to connect. A node that is gone without a word must not use up the whole timeout.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Read at once, in bytes.
const READ_SIZE: usize = 64 * 1024;

/// Reads in one poll of the task. A server that never pauses must keep neither the task from yielding nor the deadline
/// from being looked at.
const READS_A_POLL: usize = 16;

/// What an attempt has come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// The body has grown.
    Body,
    /// The answer is whole.
    End,
}

#[derive(Default)]
pub(super) struct Attempt {
    state: State,
    exchange: Option<Exchange>,
    /// Found together with the last of the body: reported after it.
    fault: Option<Error>,
    write_fault: Option<io::Error>,
    has_sent: bool,
    has_given: bool,
    /// Reads since this was pending last.
    reads: usize,
    buffer: Vec<u8>,
}

#[derive(Default)]
enum State {
    #[default]
    Idle,
    Resolving(BoxFuture<io::Result<Vec<SocketAddr>>>, Box<dyn Timer>),
    Connecting {
        socket: BoxFuture<io::Result<Box<dyn Socket>>>,
        others: std::vec::IntoIter<SocketAddr>,
        timer: Box<dyn Timer>,
    },
    Talking(Box<dyn Socket>),
    Failed(Error),
}

impl Attempt {
    pub(super) fn new(
        runtime: &dyn Runtime,
        target: &Target,
        call: &Call,
        authorization: Option<&Authorization>,
    ) -> Self {
        let node = target.node();
        // One call, one link: the server need not keep it open.
        let mut request = Request::new(call.method, node.as_str(), &call.path)
            .header("accept", "application/json")
            .header("connection", "close")
            .authorization(authorization);
        if let Some(body) = &call.body {
            request = request.body("application/json", body.clone());
        }
        match Exchange::new(&request) {
            Ok(exchange) => Self {
                state: State::Resolving(runtime.resolve(&target.host, target.port), connect_timer(runtime)),
                exchange: Some(exchange),
                ..Self::default()
            },
            Err(error) => Self { state: State::Failed(error.into_error()), ..Self::default() },
        }
    }

    /// The status, once it has arrived.
    pub(super) fn status(&self) -> Option<u16> {
        Some(self.exchange.as_ref()?.head()?.status())
    }

    /// Whether anything of a body was handed out.
    pub(super) fn has_given(&self) -> bool {
        self.has_given
    }

    /// Whether the server may have received anything.
    pub(super) fn has_sent(&self) -> bool {
        self.has_sent
    }

    /// Goes on until the body has grown or the answer is whole. Errors are final.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        runtime: &dyn Runtime,
        body: &mut Vec<u8>,
    ) -> Poll<Result<Progress>> {
        loop {
            match &mut self.state {
                State::Idle => {
                    return Poll::Ready(Err(Error::new(ErrorKind::Closed, "no attempt is under way")));
                }
                State::Failed(error) => return Poll::Ready(Err(error.clone())),
                State::Resolving(found, timer) => {
                    let found = match found.as_mut().poll(cx) {
                        Poll::Ready(found) => found,
                        Poll::Pending => {
                            ready!(timer.poll(cx));
                            Err(io::Error::new(io::ErrorKind::TimedOut, "the resolver does not answer"))
                        }
                    };
                    self.connect_first(found, runtime);
                }
                State::Connecting { socket, others, timer } => {
                    let outcome = match socket.as_mut().poll(cx) {
                        Poll::Ready(outcome) => outcome,
                        Poll::Pending => {
                            ready!(timer.poll(cx));
                            Err(io::Error::new(io::ErrorKind::TimedOut, "the node does not answer"))
                        }
                    };
                    match outcome {
                        Ok(socket) => self.state = State::Talking(socket),
                        Err(error) => match others.next() {
                            Some(addr) => {
                                *socket = runtime.connect(addr);
                                timer.reset(runtime.now() + CONNECT_TIMEOUT);
                            }
                            None => self.fail(network("cannot connect", error)),
                        },
                    }
                }
                State::Talking(_) => return self.poll_exchange(cx, body),
            }
        }
    }

    fn fail(&mut self, error: Error) {
        self.state = State::Failed(error);
    }

    fn connect_first(&mut self, found: io::Result<Vec<SocketAddr>>, runtime: &dyn Runtime) {
        let mut addrs = match found {
            Ok(addrs) => addrs.into_iter(),
            Err(error) => {
                let words = format!("the host cannot be looked up: {error}");
                return self.fail(Error::new(ErrorKind::UnknownHost, words));
            }
        };
        let Some(first) = addrs.next() else {
            return self.fail(Error::new(ErrorKind::UnknownHost, "the host has no address"));
        };
        let (socket, timer) = (runtime.connect(first), connect_timer(runtime));
        self.state = State::Connecting { socket, others: addrs, timer };
    }

    fn poll_exchange(&mut self, cx: &mut Context<'_>, body: &mut Vec<u8>) -> Poll<Result<Progress>> {
        if let Some(error) = self.fault.take() {
            self.fail(error.clone());
            return Poll::Ready(Err(error));
        }
        let before = body.len();
        let outcome = ready!(self.exchange_some(cx, body));
        if body.len() > before {
            // The body first, whatever came with its end.
            self.has_given = true;
            self.fault = outcome.err();
            return Poll::Ready(Ok(Progress::Body));
        }
        if let Err(error) = &outcome {
            self.fail(error.clone());
        }
        Poll::Ready(outcome.map(|()| Progress::End))
    }

    /// Until the body has grown, the answer is whole, or something broke.
    fn exchange_some(&mut self, cx: &mut Context<'_>, body: &mut Vec<u8>) -> Poll<Result<()>> {
        let (State::Talking(socket), Some(exchange)) = (&mut self.state, &mut self.exchange) else {
            return Poll::Ready(Err(Error::new(ErrorKind::Closed, "no attempt is under way")));
        };
        let before = body.len();
        self.buffer.resize(READ_SIZE, 0);
        while !exchange.is_complete() && body.len() == before {
            // A server may answer, and close, before it has read everything: what it says counts.
            while self.write_fault.is_none()
                && let Some(parts) = exchange.poll_transmit()
            {
                match socket.poll_write(cx, &parts.map(IoSlice::new)) {
                    Poll::Ready(Ok(0)) => self.write_fault = Some(io::ErrorKind::WriteZero.into()),
                    Poll::Ready(Ok(written)) => {
                        self.has_sent = true;
                        exchange.handle_sent(written);
                    }
                    Poll::Ready(Err(error)) => self.write_fault = Some(error),
                    Poll::Pending => break,
                }
            }
            if self.reads == READS_A_POLL {
                self.reads = 0;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let Poll::Ready(read) = socket.poll_read(cx, &mut self.buffer) else {
                self.reads = 0;
                return Poll::Pending;
            };
            self.reads += 1;
            let received = match read {
                Ok(0) => exchange.handle_end(),
                Ok(len) => exchange.handle_input(self.buffer.get(..len).unwrap_or_default(), body),
                Err(error) => {
                    let words = format!("the link broke: {error}; ask again");
                    return Poll::Ready(Err(Error::new(ErrorKind::Network, words)));
                }
            };
            if let Err(error) = received {
                let error = match self.write_fault.take() {
                    Some(fault) if !exchange.has_heard() => {
                        network("the request could not be written", fault)
                    }
                    _ => error.into_error(),
                };
                return Poll::Ready(Err(error));
            }
        }
        Poll::Ready(Ok(()))
    }
}

fn network(what: &str, error: io::Error) -> Error {
    Error::new(ErrorKind::Network, format!("{what}: {error}"))
}

fn connect_timer(runtime: &dyn Runtime) -> Box<dyn Timer> {
    let mut timer = runtime.timer();
    timer.reset(runtime.now() + CONNECT_TIMEOUT);
    timer
}
