//! The machine without a driver: submit, encode, decode, complete, in batches, against the same answers in memory.

use crate::responder::{Answers, GET_REPLY_LEN};
use crate::{IN_FLIGHT, Row, keys};
use bytes::BytesMut;
use couchbase_core::machine::{Client, Event, LinkId, Request, Transmit};
use couchbase_core::{Instant, Key};
use std::time::Duration;

const PORT: u16 = 11210;
const TIMEOUT: Duration = Duration::from_millis(2500);

/// A connected machine.
pub(crate) struct Machine {
    client: Client,
    link: LinkId,
    answers: Answers,
    keys: Vec<Key>,
    transmit: Transmit,
    replies: Vec<u8>,
    /// Answers that arrive together.
    together: usize,
    now: Instant,
}

impl Machine {
    /// A machine that gets `together` answers in one piece: of 128, values are copied out; of 4, they are slices.
    ///
    /// # Panics
    /// If it does not connect.
    pub(crate) fn connect(together: usize) -> Self {
        let now = Instant::ZERO;
        let config = format!("couchbase://127.0.0.1:{PORT}/default");
        let mut client = Client::new(config.as_str(), 7, now).expect("a configuration without faults");
        let Some(Event::Open { link, .. }) = client.poll_event() else { panic!("it wants no socket") };
        client.handle_connected(link, now);
        let mut machine = Self {
            client,
            link,
            answers: Answers::new(PORT),
            keys: keys(),
            transmit: Transmit::new(),
            replies: Vec::new(),
            together,
            now,
        };
        while !machine.client.is_connected() {
            assert!(machine.exchange(usize::MAX), "the handshake has stopped");
        }
        while machine.client.poll_event().is_some() {}
        machine
    }

    /// Has everything answered that is to be written, in pieces of `piece` bytes; false if there is nothing.
    fn exchange(&mut self, piece: usize) -> bool {
        if self.client.poll_dirty().is_none() || !self.client.poll_transmit(self.link, &mut self.transmit) {
            return false;
        }
        answer(&self.answers, &self.transmit, &mut self.replies);
        self.transmit.clear();
        for piece in self.replies.chunks(piece) {
            let mut received = BytesMut::from(piece);
            self.client.handle_input(self.link, &mut received, self.now);
        }
        self.replies.clear();
        true
    }
}

impl Row for Machine {
    fn run(&mut self, operations: usize) -> usize {
        let mut right = 0;
        for first in (0..operations).step_by(IN_FLIGHT) {
            self.now = self.now + Duration::from_micros(50);
            for n in first..operations.min(first + IN_FLIGHT) {
                let request = Request::get(&self.keys[n % self.keys.len()]);
                self.client.submit(request, TIMEOUT, self.now).expect("there is a place");
            }
            self.exchange(self.together * GET_REPLY_LEN);
            while let Some(event) = self.client.poll_event() {
                right += usize::from(matches!(event, Event::Finished { result: Ok(_), .. }));
            }
        }
        right
    }
}

fn answer(answers: &Answers, requests: &Transmit, replies: &mut Vec<u8>) {
    for chunk in requests.chunks() {
        answers.answer(chunk, replies).expect("the machine writes requests");
    }
}

/// What of that is the responder's: to be taken off.
pub(crate) struct AnswersAlone {
    answers: Answers,
    requests: Vec<u8>,
    replies: Vec<u8>,
    together: usize,
}

impl AnswersAlone {
    /// As with [`Machine::connect`].
    pub(crate) fn new(together: usize) -> Self {
        Self {
            answers: Answers::new(PORT),
            requests: crate::frames::gets(IN_FLIGHT),
            replies: Vec::new(),
            together,
        }
    }
}

impl Row for AnswersAlone {
    fn run(&mut self, operations: usize) -> usize {
        let mut answered = 0;
        while answered < operations {
            self.answers.answer(&self.requests, &mut self.replies).expect("these are requests");
            for piece in self.replies.chunks(self.together * GET_REPLY_LEN) {
                let received = BytesMut::from(piece);
                answered += std::hint::black_box(&received).len() / GET_REPLY_LEN;
            }
            self.replies.clear();
        }
        answered
    }
}
