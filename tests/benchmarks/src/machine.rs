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
    now: Instant,
}

impl Machine {
    /// A machine whose answers arrive together.
    ///
    /// # Panics
    /// If it does not connect.
    pub(crate) fn connect() -> Self {
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
            now,
        };
        while !machine.client.is_connected() {
            assert!(machine.exchange(), "the handshake has stopped");
        }
        while machine.client.poll_event().is_some() {}
        machine
    }

    /// Has everything answered that is to be written; false if there is nothing.
    fn exchange(&mut self) -> bool {
        if self.client.poll_dirty().is_none() || !self.client.poll_transmit(self.link, &mut self.transmit) {
            return false;
        }
        answer(&self.answers, &self.transmit, &mut self.replies);
        self.transmit.clear();
        let mut received = BytesMut::from(&self.replies[..]);
        self.client.handle_input(self.link, &mut received, self.now);
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
            self.exchange();
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
}

impl AnswersAlone {
    pub(crate) fn new() -> Self {
        Self { answers: Answers::new(PORT), requests: crate::frames::gets(IN_FLIGHT), replies: Vec::new() }
    }
}

impl Row for AnswersAlone {
    fn run(&mut self, operations: usize) -> usize {
        let mut answered = 0;
        while answered < operations {
            self.answers.answer(&self.requests, &mut self.replies).expect("these are requests");
            let received = BytesMut::from(&self.replies[..]);
            answered += std::hint::black_box(&received).len() / GET_REPLY_LEN;
            self.replies.clear();
        }
        answered
    }
}
