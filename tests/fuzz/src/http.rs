//! What a view service answers: bytes at any cuts, over links that end or fall silent, to queries and to operations on
//! design documents.
//!
//! The client is whole and unchanged, on a runtime without sockets or clock; see [`world`](crate::world). The first byte of the input
//! chooses what is asked. The rest is answers, one a link, with a byte between them that no HTTP has; one that ends
//! with another such byte leaves its link open.

mod asking;

use crate::cuts::pieces;
use crate::world::{Answer, World};
use asking::ask;
use couchbase_core::http::{Exchange, Method, Request};

/// Between two answers.
const NEXT: u8 = 0x1e;
/// At the end of an answer whose link stays open.
const STAYS: u8 = 0x1f;

/// Gives `data` as answers, whole and in pieces.
pub fn http(data: &[u8]) {
    let Some((&choice, answers)) = data.split_first() else { return };
    let mut is_broken = false;
    for answer in answers.split(|&byte| byte == NEXT) {
        let whole = exchange(choice, [answer].into_iter());
        is_broken |= whole.end.starts_with("Protocol");
        whole.check_same(&exchange(choice, pieces(answer)), is_broken);
        if answer.len() <= 256 {
            whole.check_same(&exchange(choice, answer.chunks(1)), is_broken);
        }
    }

    let read = |is_cut| {
        let answers = answers.split(|&byte| byte == NEXT).map(|answer| match answer.split_last() {
            Some((&STAYS, said)) => Answer::new(said, is_cut, true),
            _ => Answer::new(answer, is_cut, false),
        });
        ask(choice, World::with_views(answers.collect()))
    };
    read(false).check_same(&read(true), is_broken);
}

/// What was received, in order, and how it ended.
#[derive(Debug, PartialEq)]
struct Outcome<T> {
    received: Vec<T>,
    end: String,
}

impl<T: std::fmt::Debug + PartialEq> Outcome<T> {
    /// However it was cut. But of a chunk that turns out to be broken some may have been handed out before, or nothing.
    fn check_same(&self, other: &Self, is_broken: bool) {
        if is_broken {
            let both = self.received.iter().zip(&other.received);
            both.for_each(|(one, other)| assert_eq!(one, other, "chunking matters"));
        } else {
            assert_eq!(self, other, "chunking matters");
        }
    }
}

/// One exchange, with the body as what was received.
fn exchange<'a>(choice: u8, pieces: impl Iterator<Item = &'a [u8]>) -> Outcome<u8> {
    let method = [Method::Get, Method::Put, Method::Post, Method::Delete][usize::from(choice & 3)];
    let mut exchange = Exchange::new(&Request::new(method, "10.0.0.1:8092", "/default")).expect("valid");
    let (mut body, mut received) = (Vec::new(), 0);
    let mut fault = None;
    for piece in pieces.filter(|piece| !piece.is_empty()) {
        let before = fault.is_some();
        fault = exchange.handle_input(piece, &mut body).err();
        assert!(fault.is_some() || !before, "a fault is final");
        received += piece.len();
        assert!(exchange.has_heard() && body.len() <= received, "more than was received");
    }
    let end = exchange.handle_end().err();
    assert!(end.is_none() || !exchange.is_complete());
    assert!(!exchange.can_keep_alive(), "the server has closed");
    let end = match fault.or(end) {
        Some(error) => {
            assert!(!error.to_string().is_empty());
            format!("{:?}", error.into_error().kind())
        }
        None => "whole".to_owned(),
    };
    let status = exchange.head().map(|head| head.status());
    Outcome { received: body, end: format!("{end} {status:?}") }
}
