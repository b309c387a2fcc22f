//! One call to the view service, whatever it takes: waiting for the connection, attempts, pauses, the deadline; then
//! the answer's body, piece by piece.
//!
//! It runs on the task that polls it, and reads the socket only when it is polled: whoever does not ask for the next
//! piece holds the server back. Whoever asks for piece after piece is told to wait now and then, however fast they
//! come. Once a piece of a good answer was handed out there is no second attempt, and once the connection is being
//! closed there is no other.

mod attempt;

use crate::attempts::{Attempts, Purpose, Step};
use crate::call::Call;
use crate::home::{Errand, Home};
use attempt::{Attempt, Progress};
use couchbase_core::rt::{BoxFuture, Timer};
use couchbase_core::{Error, ErrorKind, Instant, Node, Result, Standing};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// Longest body of an answer without success that is read, in bytes. The server's explanations are short.
const MAX_REFUSAL: usize = 64 * 1024;
/// How long the words of a refusal are waited for.
const WORDS: Duration = Duration::from_secs(1);

pub(crate) struct Transfer {
    home: Arc<dyn Home>,
    purpose: Purpose,
    timeout: Duration,
    state: State,
    timer: Box<dyn Timer>,
    deadline: Instant,
    /// The piece that was handed out, or the body of a refusal so far.
    piece: Vec<u8>,
    node: Option<Node>,
    has_lost_an_attempt: bool,
    refused_with: Option<u16>,
    /// A node has answered that it did what it was asked.
    is_accepted: bool,
    /// Closing the connection waits for this. Dropped last: by then the socket is closed.
    errand: Box<dyn Errand>,
}

enum State {
    /// What is sent depends on the bucket's name, which is known with the connection.
    Waiting(BoxFuture<Result<()>>, Build),
    /// It is known which node to ask next.
    Chosen(Box<Asking>),
    Asking(Box<Asking>),
    Pausing(Box<Asking>),
    Ended,
}

impl State {
    /// Whether anything may follow from it. What a node is being asked is answered; nothing is asked after a close.
    fn may_go_on(&self, standing: Standing) -> bool {
        match standing {
            Standing::Open => true,
            Standing::Closing => match self {
                Self::Asking(asking) => asking.attempt.has_sent(),
                Self::Ended => true,
                Self::Waiting(..) | Self::Chosen(_) | Self::Pausing(_) => false,
            },
            Standing::Ended => matches!(self, Self::Ended),
        }
    }
}

type Build = Box<dyn FnOnce(&str) -> Result<Call> + Send>;

struct Asking {
    call: Call,
    attempts: Attempts,
    attempt: Attempt,
    /// The node has refused, and the rest of its words is not waited for long.
    is_hurried: bool,
}

impl Asking {
    /// Whether the node has answered, and that it will not.
    fn is_refused(&self) -> bool {
        self.attempt.status().is_some_and(|status| !is_success(status))
    }
}

impl Transfer {
    /// Nothing is sent before the first poll. The timeout starts with the connection. Fails once that is being closed.
    pub(crate) fn new(
        home: Arc<dyn Home>,
        purpose: Purpose,
        timeout: Option<Duration>,
        build: impl FnOnce(&str) -> Result<Call> + Send + 'static,
    ) -> Result<Self> {
        let timeout = timeout.unwrap_or_else(|| home.views_timeout());
        let timer = home.runtime().timer();
        let errand = home.begin(timeout)?;
        Ok(Self {
            purpose,
            timeout,
            state: State::Waiting(home.connected(), Box::new(build)),
            timer,
            deadline: Instant::ZERO,
            piece: Vec::new(),
            node: None,
            has_lost_an_attempt: false,
            refused_with: None,
            is_accepted: false,
            errand,
            home,
        })
    }

    /// The node that was asked last.
    pub(crate) fn node(&self) -> Option<&Node> {
        self.node.as_ref()
    }

    /// Whether an attempt ended without an answer that may have reached the server.
    pub(crate) fn has_lost_an_attempt(&self) -> bool {
        self.has_lost_an_attempt
    }

    /// Whether the head of an answer says that it was done, whatever became of the rest.
    pub(crate) fn is_accepted(&self) -> bool {
        self.is_accepted
    }

    /// The status of the last answer that was no success, if the transfer ended with one.
    pub(crate) fn refused_with(&self) -> Option<u16> {
        self.refused_with
    }

    /// The next piece of a good answer, never empty; `None` at its end. An error is final.
    pub(crate) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<&[u8]>>> {
        let outcome = ready!(self.poll(cx));
        if !matches!(outcome, Some(Ok(()))) {
            self.state = State::Ended;
        }
        Poll::Ready(outcome.map(|ok| ok.map(|()| &self.piece[..])))
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<()>>> {
        loop {
            let standing = self.errand.poll_standing(cx);
            match std::mem::replace(&mut self.state, State::Ended) {
                state if !state.may_go_on(standing) => {
                    if let State::Asking(asking) = &state {
                        self.lose(asking);
                    }
                    return Poll::Ready(Some(Err(self.closed())));
                }
                State::Waiting(mut connected, build) => {
                    let Poll::Ready(outcome) = connected.as_mut().poll(cx) else {
                        self.state = State::Waiting(connected, build);
                        return Poll::Pending;
                    };
                    match outcome.and_then(|()| self.start(build)) {
                        Ok(asking) => self.state = State::Chosen(asking),
                        Err(error) => return Poll::Ready(Some(Err(error))),
                    }
                }
                State::Chosen(asking) => self.ask(asking),
                State::Pausing(mut asking) => {
                    if self.timer.poll(cx).is_pending() {
                        self.state = State::Pausing(asking);
                        return Poll::Pending;
                    }
                    if self.is_late() {
                        return Poll::Ready(Some(Err(asking.attempts.timeout_error())));
                    }
                    let step = asking.attempts.handle_pause_over(self.home.view_nodes());
                    if let Err(error) = self.take_step(step, asking) {
                        return Poll::Ready(Some(Err(error)));
                    }
                }
                State::Asking(mut asking) => {
                    let is_refusal = asking.is_refused();
                    if is_refusal && !asking.is_hurried {
                        asking.is_hurried = true;
                        self.timer.reset((self.home.runtime().now() + WORDS).min(self.deadline));
                    }
                    if self.timer.poll(cx).is_ready() {
                        if is_refusal {
                            // The rest of its words is not waited for.
                            if let Some(outcome) = self.take_progress(Ok(Progress::End), asking) {
                                return Poll::Ready(outcome);
                            }
                            continue;
                        }
                        if self.is_late() {
                            self.lose(&asking);
                            return Poll::Ready(Some(Err(asking.attempts.timeout_error())));
                        }
                    }
                    if !is_refusal {
                        self.piece.clear();
                    }
                    let progress = asking.attempt.poll(cx, self.home.runtime(), &mut self.piece);
                    self.is_accepted |= asking.attempt.status().is_some_and(is_success);
                    let Poll::Ready(progress) = progress else {
                        let is_to_be_hurried = asking.is_refused() && !asking.is_hurried;
                        self.state = State::Asking(asking);
                        if is_to_be_hurried {
                            continue;
                        }
                        return Poll::Pending;
                    };
                    if let Some(outcome) = self.take_progress(progress, asking) {
                        return Poll::Ready(outcome);
                    }
                }
                State::Ended => return Poll::Ready(None),
            }
        }
    }

    fn start(&mut self, build: Build) -> Result<Box<Asking>> {
        let call = build(&self.home.bucket())?;
        let runtime = self.home.runtime();
        self.deadline = runtime.now() + self.timeout;
        let [a, b, c, d, e, f, g, h, ..] = runtime.seed();
        let lot = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
        let attempts = Attempts::new(self.purpose, self.home.view_nodes(), lot, self.timeout)?;
        Ok(Box::new(Asking { call, attempts, attempt: Attempt::default(), is_hurried: false }))
    }

    fn ask(&mut self, mut asking: Box<Asking>) {
        self.piece.clear();
        asking.is_hurried = false;
        self.timer.reset(self.deadline);
        self.node = Some(asking.attempts.target().node());
        asking.attempt = Attempt::new(
            self.home.runtime(),
            asking.attempts.target(),
            &asking.call,
            self.home.authorization().as_ref(),
        );
        self.state = State::Asking(asking);
    }

    /// `None`: go on.
    fn take_progress(
        &mut self,
        progress: Result<Progress>,
        mut asking: Box<Asking>,
    ) -> Option<Option<Result<()>>> {
        let now = self.home.runtime().now();
        let refusal = asking.attempt.status().filter(|&status| !is_success(status));
        let step = match (progress, refusal) {
            (Ok(Progress::Body), None) => {
                self.state = State::Asking(asking);
                return Some(Some(Ok(())));
            }
            (Ok(Progress::Body), Some(_)) if self.piece.len() < MAX_REFUSAL => {
                self.state = State::Asking(asking);
                return None;
            }
            (Ok(Progress::End), None) => return Some(None),
            // Cut off or too long, it is a refusal all the same: it got as far as its status.
            (_, Some(status)) => {
                self.refused_with = Some(status);
                asking.attempts.handle_answer(status, &self.piece, now)
            }
            (Err(error), None) if asking.attempt.has_given() => {
                return Some(Some(Err(error.with_node(asking.attempts.target().node()))));
            }
            (Err(error), None) => {
                self.lose(&asking);
                asking.attempts.handle_fault(error, now)
            }
        };
        self.take_step(step, asking).err().map(|error| Some(Err(error)))
    }

    fn take_step(&mut self, step: Step, mut asking: Box<Asking>) -> Result<()> {
        match step {
            Step::Ask => self.state = State::Chosen(asking),
            Step::Pause(until) => {
                // Frees the socket.
                asking.attempt = Attempt::default();
                self.timer.reset(until.min(self.deadline));
                self.state = State::Pausing(asking);
            }
            Step::Fail(error) => return Err(error),
        }
        self.refused_with = None;
        Ok(())
    }

    /// An attempt ends without an answer.
    fn lose(&mut self, asking: &Asking) {
        self.has_lost_an_attempt |= asking.attempt.has_sent();
    }

    fn closed(&self) -> Error {
        let error = Error::new(ErrorKind::Closed, "the connection was closed before there was an answer");
        match &self.node {
            Some(node) => error.with_node(node.clone()),
            None => error,
        }
    }

    fn is_late(&self) -> bool {
        self.home.runtime().now() >= self.deadline
    }
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}
